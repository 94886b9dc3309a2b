"""The vectorised exponential: 1 ulp over the whole line, in every instruction set."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_kernelx._cython import _loops, _vexp

TABLE = np.load(Path(__file__).parents[1] / "data" / "exp.npz")
DTYPES = ["float64", "float32"]


def exp(x):
    out = np.empty_like(x)
    _vexp.exp(x, out)
    return out


def errors_in_ulp(values, dtype):
    high, rest = TABLE[f"{dtype}_high"], TABLE[f"{dtype}_rest"]
    difference = values.astype(np.longdouble) - high.astype(np.longdouble)
    return np.abs(difference / np.spacing(high).astype(np.longdouble) - rest)


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_ulp_over_the_whole_line(dtype):
    errors = errors_in_ulp(exp(TABLE[f"{dtype}_x"]), dtype)
    assert np.max(errors) <= 1
    assert np.max(errors) > 0.4  # the table does resolve fractions of an ulp
    assert (
        np.sum(TABLE[f"{dtype}_high"] < np.finfo(dtype).tiny) > 100
    )  # subnormals are there


@pytest.mark.parametrize("dtype", DTYPES)
def test_flushing_subnormals_would_be_noticed(dtype):
    values = exp(TABLE[f"{dtype}_x"])
    values[np.abs(values) < np.finfo(dtype).tiny] = 0
    assert np.max(errors_in_ulp(values, dtype)) > 1


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype):
    big, huge = (800, 1e300) if dtype == "float64" else (110, 1e30)
    x = np.array([np.inf, big, huge, np.nan, -np.inf, -big, -huge, 0.0, -0.0], dtype=dtype)
    expected = np.array([np.inf, np.inf, np.inf, np.nan, 0, 0, 0, 1, 1], dtype=dtype)
    assert_array_equal(exp(x), expected)
    # Each lane alone among ordinary neighbours, and the negative NaN.
    for value, wanted in zip(x, expected, strict=True):
        for position in range(20):
            row = np.full(20, 1, dtype=dtype)
            row[position] = value
            assert_array_equal(exp(row)[position], wanted)
    assert np.isnan(exp(np.array([-np.nan], dtype=dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100])
def test_every_length(dtype, n):
    x = np.linspace(-3, 3, n, dtype=dtype)
    padded = np.full(n + 5, -1, dtype=dtype)
    _vexp.exp(x, padded[:n])
    np.testing.assert_allclose(padded[:n], np.exp(x), rtol=4 * np.finfo(dtype).eps)
    assert_array_equal(padded[n:], -1)


def can_run(instruction_set):
    code = "from sklearn_kernelx._cython import _loops; print(_loops.INSTRUCTION_SET)"
    environment = os.environ | {"SKLEARN_KERNELX_SIMD": instruction_set}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_unknown_instruction_set_is_refused():
    run = can_run("avx1024")
    assert run.returncode != 0
    assert "SKLEARN_KERNELX_SIMD='avx1024'" in run.stderr


@pytest.mark.parametrize("instruction_set", ["base", "avx2", "avx512"])
def test_other_instruction_sets(instruction_set):
    """This file and the exactness tests again, as on a lesser processor."""
    if instruction_set == _loops.INSTRUCTION_SET or "SKLEARN_KERNELX_SIMD" in os.environ:
        return  # this very process
    if can_run(instruction_set).returncode != 0:
        pytest.skip(f"this processor has no {instruction_set}")
    root = Path(__file__).parents[1]
    exactness = [
        "density/test_kde_exact.py",
        "density/test_neighbourhoods.py",
        "special",
        "cython/test_normals.py",
    ]
    loops = ["cython/test_csr_products.py", "cython/test_responsibilities.py"]
    loops += ["cython/test_activations.py"]
    names = exactness + loops
    files = [str(Path(__file__)), *(str(root / name) for name in names)]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    command += ["-m", "not slow", *files]
    environment = os.environ | {"SKLEARN_KERNELX_SIMD": instruction_set}
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, cwd=root.parent
    )
    assert run.returncode == 0, run.stdout[-3000:]
