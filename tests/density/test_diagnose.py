"""Diagnosis of queries: the definitions, honest intervals, and mutants that are not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import KERNELS, scaled_distances
from scipy.stats import norm

from sklearn_kernelx import CondensedRegimeWarning, KernelDensity, gaussian_regimes
from sklearn_kernelx.density._diagnosis import log_interval

RNG = np.random.default_rng(0)
pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn_kernelx.density.CondensedRegimeWarning"
)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("bandwidth", [1.9, [1.5, 2.5, 2.0]])
def test_definitions(kernel, weighted, bandwidth):
    X, queries = RNG.standard_normal((400, 3)), RNG.standard_normal((60, 3))
    w = RNG.uniform(0.2, 2, 400) if weighted else np.ones(400)
    kde = KernelDensity(kernel=kernel, bandwidth=bandwidth)
    kde.fit(X, sample_weight=w if weighted else None)
    found = kde.diagnose(queries)
    assert_allclose(found.log_density, kde.score_samples(queries), rtol=1e-9, atol=1e-9)
    r = scaled_distances(queries, X, bandwidth).astype(np.float64)
    kernels = {
        "gaussian": np.exp(-(r**2) / 2),
        "exponential": np.exp(-r),
        "tophat": 1.0 * (r < 1),
        "epanechnikov": np.maximum(0, 1 - r**2),
        "linear": np.maximum(0, 1 - r),
        "cosine": np.cos(np.pi / 2 * np.minimum(r, 1)),
    }
    terms = w * kernels[kernel]
    shares = terms / terms.sum(axis=1, keepdims=True)
    assert_allclose(found.participation_ratio, np.sum(shares**2, axis=1), rtol=1e-8)
    assert_allclose(found.n_effective * found.participation_ratio, 1)
    variance = np.sum(shares**2, axis=1) - np.sum(w**2) / np.sum(w) ** 2
    clt = found.regime == "clt"
    assert clt.any()
    assert_allclose(found.standard_error[clt], np.sqrt(variance[clt]), rtol=1e-6)
    assert np.isnan(found.standard_error[~clt]).all()
    compact = kernel not in ("gaussian", "exponential")
    assert np.isnan(found.tail_index).all() == compact


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
@pytest.mark.parametrize("weighted", [False, True])
def test_tail_index(kernel, weighted):
    X, queries = RNG.standard_normal((600, 4)), RNG.standard_normal((40, 4))
    w = RNG.uniform(0.2, 2, 600) if weighted else np.ones(600)
    kde = KernelDensity(kernel=kernel, bandwidth=0.2).fit(X, sample_weight=w)
    r = scaled_distances(queries, X, 0.2).astype(np.float64)
    log_terms = np.log(w) - (r**2 / 2 if kernel == "gaussian" else r)
    largest = -np.sort(-log_terms, axis=1)[:, :21]
    hill = 1 / (np.mean(largest[:, :20], axis=1) - largest[:, 20])
    assert_allclose(kde.diagnose(queries).tail_index, hill, rtol=1e-8)


def test_training_points_do_not_see_themselves():
    X = RNG.standard_normal((300, 10))
    found = KernelDensity(bandwidth=0.7).fit(X).diagnose(X[:40])
    for i in range(40):
        without = KernelDensity(bandwidth=0.7).fit(np.delete(X, i, axis=0))
        log_density = without.score_samples(X[i : i + 1])[0] + np.log(299 / 300)
        assert found.log_density[i] == pytest.approx(log_density, rel=1e-10)


def test_regimes_and_the_warning():
    X, queries = RNG.standard_normal((3000, 30)), RNG.standard_normal((200, 30))
    kde = KernelDensity(bandwidth="condensation").fit(X)
    with pytest.warns(CondensedRegimeWarning, match="a larger bandwidth"):
        narrow = kde.set_params(bandwidth=0.5 * kde.bandwidth_).fit(X).diagnose(queries)
    assert set(narrow.regime) == {"condensed"}
    assert np.isnan(narrow.log_density_interval).all()
    assert np.isnan(narrow.standard_error).all()
    middle = KernelDensity(bandwidth="clt").fit(X).diagnose(queries)
    heavy = middle.regime == "heavy_tailed"
    assert heavy.any()
    low, high = (middle.log_density_interval - middle.log_density[:, np.newaxis]).T
    assert np.all(high[heavy] >= -low[heavy])  # what has not been seen is above
    assert np.median(high[heavy] + low[heavy]) > 0.01


def test_wide_bandwidths_warn_of_nothing(recwarn):
    X = RNG.standard_normal((500, 3))
    found = KernelDensity(bandwidth=2.0).fit(X).diagnose(RNG.standard_normal((50, 3)))
    assert set(found.regime) == {"clt"}
    assert not [w for w in recwarn if issubclass(w.category, CondensedRegimeWarning)]
    low, high = found.log_density_interval.T
    assert_allclose(high - found.log_density, 1.959964 * found.standard_error, rtol=1e-5)
    assert_allclose(found.log_density - low, 1.959964 * found.standard_error, rtol=1e-5)


def coverage(interval, m, n_sets=250, n=3000, d=30):
    """Share of data sets whose interval holds the expected density at one point."""
    h = np.sqrt(m) * gaussian_regimes(n, np.ones(d)).h_G
    rng = np.random.default_rng(1)
    x = np.ones((1, d))  # of typical length
    true = d * norm.logpdf(1, scale=np.sqrt(1 + h * h))
    inside = 0
    for _ in range(n_sets):
        kde = KernelDensity(bandwidth=h).fit(rng.standard_normal((n, d)))
        low, high = interval(kde, x)
        inside += low < true < high
    return inside / n_sets


def ours(kde, x):
    found = kde.diagnose(x)
    if np.isnan(found.log_density_interval[0, 0]):
        return -np.inf, np.inf  # it says that there is none
    return found.log_density_interval[0]


def of_the_central_limit_theorem(kde, x):
    found = kde.diagnose(x)
    error = 1.96 * np.sqrt(found.participation_ratio[0] - 1 / kde._n_samples)
    return found.log_density[0] + np.array([-error, error])


@pytest.mark.parametrize("m", [1.2, 1.5, 2.5, 5.0])
def test_intervals_are_honest(m):
    """At least 91 of nominal 95 %: Hill's estimate of the index is noisy."""
    assert coverage(ours, m) > 0.91


@pytest.mark.parametrize("m", [1.2, 1.5])
def test_those_of_the_central_limit_theorem_are_not(m):
    assert coverage(of_the_central_limit_theorem, m) < 0.91


@pytest.mark.parametrize("alpha", [1.1, 1.3, 1.6, 1.9])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_constant_of_the_self_normalised_law(alpha, level):
    """LePage's series of the limit of (sum - mean) / sqrt(sum of squares): its lower
    quantile is at most 9 % nearer than z / (alpha - 1), and no farther."""
    rng = np.random.default_rng(2)
    arrivals = np.cumsum(rng.exponential(size=(20000, 2000)), axis=1)
    terms = arrivals ** (-1 / alpha)
    last = arrivals[:, -1]
    centre = alpha / (alpha - 1) * last ** (1 - 1 / alpha)
    # What the series leaves out is many small terms: normal, of this variance.
    variance = alpha / (2 - alpha) * last ** (1 - 2 / alpha)
    rest = rng.standard_normal(len(last)) * np.sqrt(variance)
    squares = np.sum(terms**2, axis=1) + variance
    ratio = (np.sum(terms, axis=1) - centre + rest) / np.sqrt(squares)
    lower = np.quantile(ratio, (1 - level) / 2) * (alpha - 1)
    z = norm.ppf((1 + level) / 2)
    assert -1.02 * z < lower < -0.89 * z


def test_limits_of_the_interval():
    error = np.array([0.1, 0.1, 0.1, 0.1])
    low, high = log_interval(error, np.array([0.5, 1.5, 2.0, 7.0]), 0.95).T
    assert_allclose(low, -0.1959964, rtol=1e-6)
    assert high[0] == np.inf and high[1] == pytest.approx(np.log1p(0.3919928))
    assert_allclose(high[2:], 0.1959964, rtol=1e-6)
    nested = [log_interval(error, np.full(4, 1.5), c)[0] for c in (0.5, 0.9, 0.99)]
    assert np.all(np.diff(nested, axis=0) * [-1, 1] > 0)


def test_blocks_and_threads_make_no_difference():
    import sklearn

    X, queries = RNG.standard_normal((600, 5)), RNG.standard_normal((300, 5))
    kde = KernelDensity(bandwidth=0.5).fit(X)
    whole = kde.diagnose(queries)
    with sklearn.config_context(working_memory=1):
        blocks = kde.set_params(n_jobs=3).diagnose(queries)
    for key in whole:
        assert_array_equal(whole[key], blocks[key])


def test_degenerate_models():
    one = KernelDensity().fit(np.ones((1, 2)))
    found = one.diagnose(np.zeros((3, 2)))
    assert set(found.regime) == {"condensed"} and np.isfinite(found.log_density).all()
    at_itself = one.diagnose(np.ones((1, 2)))
    assert at_itself.log_density[0] == -np.inf
    far = KernelDensity(kernel="tophat").fit(np.ones((5, 2))).diagnose([[9.0, 9.0]])
    assert far.log_density[0] == -np.inf and far.regime[0] == "condensed"


@pytest.mark.parametrize("level", [0, 1, -1, np.nan])
def test_bad_arguments(level):
    kde = KernelDensity().fit(RNG.standard_normal((30, 2)))
    with pytest.raises(ValueError, match="confidence_level"):
        kde.diagnose(np.zeros((1, 2)), confidence_level=level)
    with pytest.raises(ValueError, match="features"):
        kde.diagnose(np.zeros((1, 3)))
    with pytest.raises(AttributeError, match="Euclidean"):
        KernelDensity(metric="chebyshev").fit(np.zeros((2, 2))).diagnose(np.zeros((1, 2)))
