"""Leaving out far panels changes nothing, and with a tolerance no more than it allows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import KERNELS, assert_log_density, log_density

from sklearn_kernelx import KernelDensity
from sklearn_kernelx.density import _points
from sklearn_kernelx.density._kernel_sums import log_kernel_sums

RNG = np.random.default_rng(0)


def clusters(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)) * 0.1 + rng.integers(-4, 5, (n, d))


def points_of(kde):
    return _points.Points(*kde._points)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_exact_while_leaving_out(kernel, metric, dtype):
    Y, X = clusters(4000, 2).astype(dtype), clusters(60, 2, seed=1).astype(dtype)
    X[-5:] *= 100  # nothing near: the far points are all there is
    w = RNG.uniform(0, 3, len(Y)) * (RNG.uniform(size=len(Y)) < 0.8)
    for h in (0.01, 0.03):
        kde = KernelDensity(bandwidth=h, kernel=kernel, metric=metric).fit(Y, None, w)
        assert points_of(kde).boxes is not None  # this test is about pruning
        expected = log_density(X, Y, bandwidth=h, kernel=kernel, metric=metric, weights=w)
        tolerance = 1e-11 if dtype == np.float64 else 1e-3
        assert_log_density(kde.score_samples(X), expected, tolerance)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "epanechnikov"])
def test_boxes_in_the_wrong_place_would_be_noticed(kernel):
    Y, X = clusters(4000, 2), clusters(3000, 2, seed=1)
    expected = KernelDensity(bandwidth=0.02, kernel=kernel, algorithm="brute").fit(Y)
    expected = expected.score_samples(X)
    kde = KernelDensity(bandwidth=0.02, kernel=kernel).fit(Y)
    assert_log_density(kde.score_samples(X), expected, 1e-13)
    points_of(kde).boxes[:, :4] += 100
    with pytest.raises(AssertionError):
        assert_log_density(kde.score_samples(X), expected, 1e-11)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
@pytest.mark.parametrize("rtol", [1e-8, 1e-4, 1e-1])
def test_rtol(kernel, rtol):
    Y, X = clusters(4000, 2), clusters(200, 2, seed=1)
    exact = KernelDensity(bandwidth=0.1, kernel=kernel).fit(Y).score_samples(X)
    kde = KernelDensity(bandwidth=0.1, kernel=kernel, rtol=rtol).fit(Y)
    ratio = np.exp(kde.score_samples(X) - exact)
    assert np.all(ratio <= 1 + 1e-12)
    assert np.all(ratio >= 1 - rtol)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
@pytest.mark.parametrize("atol", [1e-8, 1e-4, 1e-2])
def test_atol(kernel, atol):
    Y, X = clusters(4000, 2), clusters(200, 2, seed=1)
    exact = KernelDensity(bandwidth=0.1, kernel=kernel).fit(Y).score_samples(X)
    kde = KernelDensity(bandwidth=0.1, kernel=kernel, atol=atol).fit(Y)
    scores = kde.score_samples(X)
    assert np.all(np.isfinite(scores))
    assert np.max(np.abs(np.exp(scores) - np.exp(exact))) <= atol


def test_same_bits_for_any_number_of_threads():
    Y, X = clusters(5000, 3), clusters(700, 3, seed=1)
    scores = [
        KernelDensity(bandwidth=0.2, n_jobs=n).fit(Y).score_samples(X) for n in (1, 2, 3)
    ]
    assert_array_equal(scores[1], scores[0])
    assert_array_equal(scores[2], scores[0])


def test_packing_is_a_permutation():
    Y = clusters(1001, 3)
    kde = KernelDensity(bandwidth=0.1).fit(Y)
    points = points_of(kde)
    assert_array_equal(np.sort(points.order), np.arange(1001))
    rows = np.arange(1001)
    assert_array_equal(_points.unpack_rows(points, rows), Y)
    assert_array_equal(np.asarray(kde.tree_.data), Y)


def test_scaled_queries_that_overflow():
    Y = clusters(2000, 2)
    X = np.array([[1e300, -1e300], [0.0, 0.0]])
    for kernel in KERNELS:
        kde = KernelDensity(bandwidth=1e-10, kernel=kernel).fit(Y)
        expected = log_density(X, Y, bandwidth=1e-10, kernel=kernel)
        expected[0] = kde.score_samples(X)[0]  # beyond float64: -inf or its lowest numbers
        assert expected[0] < -1e300
        assert_log_density(kde.score_samples(X), expected, 1e-11)


def test_rungs_are_needed(monkeypatch):
    """The mutant that trusts every first sum is wrong far from the centre."""
    Y = np.array([[0.0], [2000.0], [2000.0 + 1e-5]])
    X = Y + 3e-6
    expected = log_density(X, Y, bandwidth=1e-5)
    kde = KernelDensity(bandwidth=1e-5).fit(Y)
    assert_log_density(kde.score_samples(X), expected, 1e-11)
    first = points_of(kde)
    z = (Y - first.center) * first.inverse_bandwidth
    terms = first.log_terms()
    terms[: len(Y)] -= z[:, 0] ** 2 / 2
    only_expanded = first._replace(expanded_terms=terms)
    monkeypatch.setattr(
        "sklearn_kernelx.density._kernel_sums.TOLERANCE", {"float64": np.inf}
    )
    sums = log_kernel_sums(
        only_expanded, X, kernel="gaussian", metric="euclidean", bandwidth=1e-5,
        log_normalizer=0.0,
    )  # fmt: skip
    with pytest.raises(AssertionError):
        assert_log_density(sums, log_density(X, Y, bandwidth=1e-5), 1e-6)
