"""Diagnostics of kernels against brute force and closed forms; the warning."""

import warnings

import numpy as np
import pytest

from sklearn_kernelx import (
    KernelDiagnostics,
    ZZFeatureMap,
    fidelity_kernel,
    kernel_diagnostics,
)
from sklearn_kernelx.quantum._diagnostics import warn_of_concentration

RNG = np.random.default_rng(0)


def by_brute_force(kernel):
    n = len(kernel)
    others = [kernel[i, j] for i in range(n) for j in range(n) if i != j]
    mean = sum(others) / len(others)
    variance = sum((entry - mean) ** 2 for entry in others) / len(others)
    trace = sum(kernel[i, i] for i in range(n))
    rank = trace**2 / sum(entry**2 for row in kernel for entry in row)
    return KernelDiagnostics(mean, variance, rank, mean * (1 - mean) / variance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_against_brute_force(dtype, layout):
    X = RNG.uniform(0, 2 * np.pi, (15, 3))
    for kernel in (fidelity_kernel(X), RNG.uniform(0, 1, (6, 6))):
        kernel = np.asarray(kernel, dtype=dtype, order=layout)
        expected = by_brute_force(kernel.astype(np.float64))
        np.testing.assert_allclose(kernel_diagnostics(kernel), expected, rtol=1e-12)


def test_closed_forms():
    n, m = 12, 5
    assert kernel_diagnostics(np.eye(n)) == (0, 0, n, np.inf)
    assert kernel_diagnostics(np.ones((n, n))) == (1, 0, 1, np.inf)
    blocks = np.zeros((n, n))
    blocks[:m, :m] = blocks[m:, m:] = 1
    mean = (m * (m - 1) + (n - m) * (n - m - 1)) / (n * (n - 1))
    # Entries are 0 or 1: as noisy as an estimate from a single shot.
    expected = (mean, mean * (1 - mean), n**2 / (m**2 + (n - m) ** 2), 1)
    np.testing.assert_allclose(kernel_diagnostics(blocks), expected, rtol=1e-14)


@pytest.mark.parametrize("value", [0.1, 0.3, 0.7, 1 / 3])
@pytest.mark.parametrize("n", [2, 7, 30, 101])
def test_equal_entries_have_no_variance_by_rounding(value, n):
    kernel = np.full((n, n), value)
    np.fill_diagonal(kernel, 1)
    found = kernel_diagnostics(kernel)
    assert found[:2] == (value, 0)
    assert found.shots == np.inf


def test_shots_make_noise_as_large_as_the_differences():
    """Variance of estimates of equal entries, within 4 sigma: false-alarm rate 6e-5."""
    kernel = fidelity_kernel(RNG.uniform(0, 2 * np.pi, (40, 2)))
    found = kernel_diagnostics(kernel)
    shots = round(found.shots)
    drawn = RNG.binomial(shots, found.mean, 10**5) / shots
    # The relative deviation of a variance is sqrt((kurtosis - 1) / n).
    p = found.mean
    kurtosis = 3 + (1 / (p * (1 - p)) - 6) / shots
    tolerance = 4 * np.sqrt((kurtosis - 1) / 10**5) + 0.5 / shots
    assert abs(np.var(drawn) / found.variance - 1) < tolerance
    # The mutant, without the factor 1 - mean, must fail.
    assert tolerance < found.mean


def test_entries_of_tiny_kernels_keep_their_digits():
    kernel = 1e-200 * RNG.uniform(0, 1, (8, 8))
    np.fill_diagonal(kernel, 1)
    found = kernel_diagnostics(kernel)
    off = ~np.eye(8, dtype=bool)
    assert found.mean == pytest.approx(kernel[off].mean(), rel=1e-14)
    scaled = kernel_diagnostics(np.where(off, kernel * 1e190, 1))
    assert found.shots == pytest.approx(scaled.shots * 1e190, rel=1e-8)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_effective_rank_does_not_depend_on_scale(scale):
    kernel = fidelity_kernel(RNG.uniform(0, 2 * np.pi, (9, 2)))
    found = kernel_diagnostics(kernel * scale)
    expected = kernel_diagnostics(kernel)
    assert found.effective_rank == pytest.approx(expected.effective_rank, rel=1e-13)
    assert found.mean / scale == pytest.approx(expected.mean, rel=1e-13)


def test_no_shots_for_what_is_no_probability():
    assert np.isnan(kernel_diagnostics(np.full((3, 3), 2.0)).shots)
    assert kernel_diagnostics(np.zeros((3, 3))).effective_rank == 0


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (np.ones((3, 2)), "kernel must be square"),
        (np.ones((1, 1)), "kernel has no off-diagonal.*two rows"),
        (np.full((2, 2), np.inf), "kernel contains infinity"),
    ],
)
def test_what_is_no_kernel(kernel, message):
    with pytest.raises(ValueError, match=message):
        kernel_diagnostics(kernel)


def with_typical_entry(value, dtype=np.float64):
    kernel = np.full((5, 5), value, dtype)
    np.fill_diagonal(kernel, 1)
    return kernel


@pytest.mark.parametrize(
    ("shots", "limit"), [(None, 0.002), (100, 0.01), (10**6, 1e-6)], ids=str
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_warning(shots, limit, dtype):
    with pytest.warns(UserWarning, match="concentrated") as caught:
        warn_of_concentration(with_typical_entry(0.99 * limit, dtype), shots)
    message = str(caught[0].message)
    for remedy in ('bandwidth="alignment"', 'kernel="projected"', "fewer features"):
        assert remedy in message
    assert ("shots" in message) == (shots is not None)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_concentration(with_typical_entry(1.01 * limit, dtype), shots)


def test_single_rows_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_concentration(np.ones((1, 1)), None)


def test_the_warning_comes_with_qubits_and_goes_with_bandwidth():
    X = RNG.uniform(0, 2 * np.pi, (50, 12))
    with pytest.warns(UserWarning, match="concentrated"):
        warn_of_concentration(fidelity_kernel(X), None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kernel = fidelity_kernel(X, feature_map=ZZFeatureMap(bandwidth=0.02))
        warn_of_concentration(kernel, None)
