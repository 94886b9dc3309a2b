"""The row-major BLAS wrappers against NumPy, on rectangles that tell rows from columns."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_kernelx._cython import _blas

RNG = np.random.default_rng(0)


def random(shape, dtype):
    return RNG.standard_normal(shape).astype(dtype)


def close(actual, expected):
    tolerance = 1e-5 if actual.dtype == np.float32 else 1e-13
    assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gemm(dtype):
    a, b = random((5, 7), dtype), random((7, 3), dtype)
    out = np.full((5, 3), np.nan, dtype=dtype)
    _blas.matmul(a, b, out)
    close(out, a @ b)
    a_t, b_t = np.ascontiguousarray(a.T), np.ascontiguousarray(b.T)
    out[:] = np.nan
    _blas.matmul_transposed(a_t, b_t, out)
    close(out, a @ b)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_gram(dtype):
    a = random((5, 3), dtype)
    rows, columns = np.zeros((5, 5), dtype), np.zeros((3, 3), dtype)
    _blas.gram(a, rows, columns)
    close(rows, np.tril(a @ a.T))
    close(columns, np.tril(a.T @ a))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_trsm(dtype):
    lower = np.tril(random((4, 4), dtype)) + 4 * np.eye(4, dtype=dtype)
    b = random((6, 4), dtype)
    x, x_t = b.copy(), b.copy()
    _blas.solve_right(lower, x, x_t)
    close(x @ lower, b)
    close(x_t @ lower.T, b)
