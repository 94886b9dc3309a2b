"""KernelDensity equals the sum in extended precision, whatever d, h, kernel and metric."""

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import KERNELS, assert_log_density, kernel_volume, log_density
from sklearn.neighbors import KernelDensity as ScikitLearnKernelDensity

from sklearn_kernelx import KernelDensity
from sklearn_kernelx._kernel_volumes import log_kernel_volume

TOLERANCE = {np.float64: 1e-11, np.float32: 1e-3}
METRICS = ["euclidean", "manhattan", "chebyshev"]
COMPACT = ["tophat", "epanechnikov", "linear", "cosine"]


def make_data(d, n=130, m=24, dtype=np.float64, seed=0):
    """Points with an offset and unequal scales; queries far, near, and on the points."""
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.5, 2, d)
    Y = (rng.standard_normal((n, d)) * scale + 3).astype(dtype)
    X = (rng.standard_normal((m, d)) * scale + 3).astype(dtype)
    X[: m // 4] = Y[: m // 4]
    X[m // 4 : m // 2] = Y[m // 4 : m // 2] * dtype(1 + 1e-6)
    X[-1] *= 50
    return X, Y, rng.uniform(0.1, 5, n)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("d", [1, 2, 8, 64, 512])
def test_equals_extended_precision(d, kernel, weighted, dtype):
    X, Y, w = make_data(d, dtype=dtype)
    w = w if weighted else None
    for h in (1e-3, 0.03, 0.3, 1.0, 3.0, 30.0, 1e3):
        h *= np.sqrt(d)
        kde = KernelDensity(bandwidth=h, kernel=kernel).fit(Y, sample_weight=w)
        actual = kde.score_samples(X)
        assert actual.dtype == dtype
        expected = log_density(X, Y, bandwidth=h, kernel=kernel, weights=w)
        assert_log_density(actual, expected, TOLERANCE[dtype])


@pytest.mark.parametrize("d", [1, 2, 64])
@pytest.mark.parametrize("h", [1e-3, 0.1])
def test_bandwidth_far_below_the_scale_of_the_data(d, h):
    X, Y, w = make_data(d)
    for kernel in KERNELS:
        kde = KernelDensity(bandwidth=h, kernel=kernel).fit(Y, sample_weight=w)
        expected = log_density(X, Y, bandwidth=h, kernel=kernel, weights=w)
        assert_log_density(kde.score_samples(X), expected, 1e-11)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("d", [1, 3, 20])
def test_metrics(d, metric, kernel):
    X, Y, w = make_data(d)
    for h in (0.05, 1.0, 40.0):
        kde = KernelDensity(bandwidth=h, kernel=kernel, metric=metric).fit(Y, None, w)
        expected = log_density(X, Y, bandwidth=h, kernel=kernel, metric=metric, weights=w)
        assert_log_density(kde.score_samples(X), expected, 1e-11)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("metric", METRICS)
def test_bandwidth_of_each_feature(kernel, metric):
    X, Y, w = make_data(5)
    h = np.array([0.5, 3.0, 1.0, 10.0, 2.0])
    kde = KernelDensity(bandwidth=h, kernel=kernel, metric=metric).fit(Y, None, w)
    expected = log_density(X, Y, bandwidth=h, kernel=kernel, metric=metric, weights=w)
    assert_log_density(kde.score_samples(X), expected, 1e-11)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kernel", COMPACT)
@pytest.mark.parametrize("metric", METRICS)
def test_pairs_on_the_edge_of_the_support(metric, kernel, dtype):
    # Lattice points: many distances equal h exactly, and 1/h is not representable.
    rng = np.random.default_rng(0)
    Y = rng.integers(-30, 30, (60, 2)).astype(dtype)
    X = rng.integers(-60, 60, (60, 2)).astype(dtype)
    # 13 = |(5, 12)|; all others are met by the other two metrics.
    for h in (49.0, 13.0, 25.0):
        kde = KernelDensity(bandwidth=h, kernel=kernel, metric=metric).fit(Y)
        expected = log_density(X, Y, bandwidth=h, kernel=kernel, metric=metric)
        assert_log_density(
            kde.score_samples(X), expected, 1e-11 if dtype == np.float64 else 1e-6
        )


@pytest.mark.parametrize("kernel", COMPACT)
@pytest.mark.parametrize("side", [-1, 1])
def test_one_ulp_from_the_edge(kernel, side):
    # The only pair is one ulp inside or outside: a log-density, or -inf, nothing between.
    h = 0.1
    x = np.nextafter(h, side * np.inf)
    actual = KernelDensity(bandwidth=h, kernel=kernel).fit([[0.0]]).score_samples([[x]])
    expected = log_density(np.array([[x]]), np.zeros((1, 1)), bandwidth=h, kernel=kernel)
    assert np.isfinite(expected[0]) == (side < 0)
    assert_log_density(actual, expected, 1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_normalizing_constant(kernel):
    for d in [1, 2, 3, 5, 10, 20, 64, 100, 512, 2000]:
        expected = float(mp.log(kernel_volume(kernel, d)))
        assert log_kernel_volume(kernel, d) == pytest.approx(expected, rel=1e-13, abs=1e-13)


def test_where_scikit_learn_is_wrong():
    X = np.random.default_rng(0).standard_normal((2000, 64))
    queries = np.random.default_rng(1).standard_normal((20, 64))
    expected = log_density(queries, X, bandwidth=0.6)
    ours = KernelDensity(bandwidth=0.6).fit(X).score_samples(queries)
    theirs = ScikitLearnKernelDensity(bandwidth=0.6).fit(X).score_samples(queries)
    assert_log_density(ours, expected, 1e-13)
    assert np.max(np.abs(theirs - expected)) > 1  # and so this test can fail


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e150, 1e300])
@pytest.mark.parametrize("kernel", KERNELS)
def test_huge_and_tiny_scales(scale, kernel):
    X, Y, _ = make_data(3)
    kde = KernelDensity(bandwidth=0.7, kernel=kernel).fit(Y)
    scaled = KernelDensity(bandwidth=0.7 * scale, kernel=kernel).fit(Y * scale)
    expected = kde.score_samples(X) - 3 * np.log(scale)
    assert_log_density(scaled.score_samples(X * scale), expected, 1e-11)


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
def test_squares_that_overflow_still_have_neighbours(kernel):
    # |x|^2 overflows in units of the bandwidth, |x - y|^2 does not.
    Y = np.array([[1e200], [1e200 * (1 + 4e-16)]])
    h = 1e184
    actual = KernelDensity(bandwidth=h, kernel=kernel).fit(Y).score_samples(Y)
    expected = log_density(Y, Y, bandwidth=h, kernel=kernel)
    assert_log_density(actual, expected, 1e-11)


@pytest.mark.parametrize("kernel", KERNELS)
def test_same_bits_for_any_number_of_threads_and_any_batch(kernel):
    X, Y, w = make_data(7, n=500, m=300)
    fit = {n: KernelDensity(kernel=kernel, n_jobs=n).fit(Y, None, w) for n in (1, 2, 3)}
    expected = fit[1].score_samples(X)
    assert_array_equal(fit[2].score_samples(X), expected)
    assert_array_equal(fit[3].score_samples(X), expected)
    one_by_one = [fit[2].score_samples(x[np.newaxis])[0] for x in X[:50]]
    assert_allclose(one_by_one, expected[:50], rtol=1e-14)


def test_exponents_that_rise_late():
    # The nearest point comes last, 1000 nats above all that came before.
    Y = np.concatenate([np.full((500, 1), 45.0), [[0.0]]])
    actual = KernelDensity(bandwidth=1.0).fit(Y).score_samples([[0.0], [45.0]])
    expected = log_density(np.array([[0.0], [45.0]]), Y, bandwidth=1.0)
    assert_log_density(actual, expected, 1e-14)
