"""Nearest neighbours and leave-one-out sums against all pairs in extended precision."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import KERNELS, scaled_distances

from sklearn_kernelx.density._kernels import LOG_KERNELS
from sklearn_kernelx.density._neighbourhoods import (
    all_sums,
    find_neighbourhoods,
    near_sums,
    training_set,
)

RNG = np.random.default_rng(0)


def distances_to_others(queries, X):
    r = scaled_distances(queries, X, 1.0)
    return np.where(r > 0, r, np.inf)


def nearest(queries, X, k, **options):
    training = training_set(X, kernel="gaussian", **options)
    hoods = find_neighbourhoods(training, queries, n_neighbours=k)
    return hoods.distances * training.unit, hoods


def check_nearest(queries, X, k, rtol):
    found, _ = nearest(queries, X, k)
    expected = np.sort(distances_to_others(queries, X), axis=1)[:, :k]
    assert_allclose(found, expected.astype(np.float64), rtol=rtol)


@pytest.mark.parametrize("dtype, rtol", [(np.float64, 1e-8), (np.float32, 1e-3)])
@pytest.mark.parametrize("n, d", [(5, 1), (40, 3), (700, 2), (1500, 40)])
@pytest.mark.parametrize("k", [1, 7, 128])
def test_nearest(n, d, k, dtype, rtol):
    X = RNG.standard_normal((n, d)).astype(dtype)
    queries = np.concatenate([X[:20], RNG.standard_normal((9, d)).astype(dtype)])
    check_nearest(queries, X, min(k, n), rtol)


@pytest.mark.parametrize("copies", [2, 9, 30])
def test_duplicates_are_passed_over(copies):
    """9 and 30 are more than the fast pass has room for."""
    X = np.repeat(RNG.integers(0, 5, (60, 3)).astype(float), copies, axis=0)
    check_nearest(X[::7].copy(), X, 20, 1e-12)
    _, hoods = nearest(np.concatenate([X[:1], X[:1] + 0.25]), X, 20)
    assert_array_equal(hoods.has_equal, [True, False])


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_units(scale):
    X = RNG.standard_normal((300, 4))
    check_nearest(X[:10] * scale, X * scale, 12, 1e-9)


@pytest.mark.parametrize("outlier", [1e4, 1e8, 1e12])
def test_an_outlier_takes_no_digits(outlier):
    """It moves the centre, so that the expanded square cancels for all others."""
    X = np.concatenate([RNG.standard_normal((500, 5)), np.full((1, 5), outlier)])
    check_nearest(X[:20], X, 16, 1e-3 if outlier == 1e12 else 1e-6)


def test_threads_make_no_difference():
    X = RNG.standard_normal((900, 6))
    one, _ = nearest(X, X, 50, n_threads=1)
    three, _ = nearest(X, X, 50, n_threads=3)
    assert_array_equal(one, three)


def expected_sums(queries, X, h, kernel, weights):
    """Long double, straight from the definitions."""
    r = distances_to_others(queries, X) / np.longdouble(h)
    w = np.ones(len(X)) if weights is None else weights / np.max(weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        energy = -LOG_KERNELS[kernel](r)
        exponents = np.log(w) - energy
        highest = np.max(exponents, axis=1, keepdims=True)
        terms = np.exp(exponents - highest)
        total = np.sum(terms, axis=1)
        share = terms / total[:, np.newaxis]
        mean = np.sum(np.where(share > 0, share * energy, 0), axis=1)
        return np.log(total) + highest[:, 0], mean, np.sum(share**2, axis=1)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype, rtol", [(np.float64, 1e-10), (np.float32, 2e-3)])
def test_sums(kernel, weighted, dtype, rtol):
    X = np.round(RNG.standard_normal((400, 5)), 1).astype(dtype)
    X[:50] = X[50:100]
    weights = RNG.uniform(0.1, 3, len(X)) if weighted else None
    queries = np.concatenate([X[:30], (X[:10] + 0.03).astype(dtype)])
    # Not a multiple of the rounding: no pair lies on the edge of the support.
    h = 2.7183 if kernel in ("gaussian", "exponential") else 3.1417
    expected = expected_sums(queries, X, h, kernel, weights)
    training = training_set(X, kernel=kernel, sample_weight=weights)
    full = all_sums(training, queries, h / training.unit)
    near = near_sums(
        find_neighbourhoods(training, queries, n_neighbours=len(X)), h / training.unit
    )
    for sums in (full, near):
        assert_allclose(sums.log_sum, expected[0].astype(float), rtol=rtol, atol=rtol)
        assert_allclose(sums.participation, expected[2].astype(float), rtol=rtol)
        if kernel in ("gaussian", "exponential"):
            assert_allclose(sums.mean_energy, expected[1].astype(float), rtol=rtol)


@pytest.mark.parametrize("kernel", KERNELS)
def test_nobody_in_reach(kernel):
    X = np.ones((30, 2))
    training = training_set(X, kernel=kernel)
    sums = all_sums(training, X[:3], 1.0)
    assert_array_equal(sums.log_sum, -np.inf)
    assert_array_equal(sums.participation, 1)


@pytest.mark.parametrize("h", [1e-3, 1e-2, 10.0, 1e4])
def test_terms_of_any_size(h):
    """Shares of points hundreds of bandwidths away, which underflow one by one."""
    X = RNG.standard_normal((300, 8))
    expected = expected_sums(X[:20], X, h, "gaussian", None)
    training = training_set(X, kernel="gaussian")
    sums = all_sums(training, X[:20], h / training.unit)
    assert_allclose(sums.log_sum, expected[0].astype(float), rtol=1e-11)
    assert_allclose(sums.mean_energy, expected[1].astype(float), rtol=1e-9)
    assert_allclose(sums.participation, expected[2].astype(float), rtol=1e-6)


def test_weight_zero_is_absence():
    X, weights = RNG.standard_normal((200, 3)), RNG.integers(0, 3, 200).astype(float)
    some = weights > 0
    whole = training_set(X, kernel="gaussian", sample_weight=weights)
    part = training_set(X[some], kernel="gaussian", sample_weight=weights[some])
    for a, b in zip(all_sums(whole, X[:9], 0.5), all_sums(part, X[:9], 0.5), strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("dtype, gap", [(np.float64, 1e12), (np.float32, 1e6)])
def test_clusters_far_apart(dtype, gap):
    """Any common centre would take the digits of one of them."""
    near, far = 0.01 * RNG.standard_normal((2, 100, 3))
    X = np.concatenate([near, gap * (1 + far)]).astype(dtype)
    check_nearest(X[:30], X, 50, 1e-5)
    expected = expected_sums(X[:30], X, 0.01, "gaussian", None)
    training = training_set(X, kernel="gaussian")
    sums = all_sums(training, X[:30], 0.01 / training.unit)
    assert_allclose(sums.log_sum, expected[0].astype(float), rtol=1e-5, atol=1e-5)
    assert_allclose(sums.participation, expected[2].astype(float), rtol=1e-4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("largest", [True, False])
def test_ends_of_the_number_range(dtype, largest):
    limits = np.finfo(dtype)
    X = RNG.uniform(-1, 1, (100, 2)).astype(dtype)
    X *= limits.max if largest else limits.tiny / 8
    found, hoods = nearest(X[:10], X, 5)
    assert np.all(np.isfinite(found)) and not hoods.has_equal.any()
    wide = all_sums(hoods.training, X[:10], 1e30)
    assert_allclose(wide.log_sum, np.log(99), rtol=1e-5)
    assert_allclose(wide.participation, 1 / 99, rtol=1e-5)
