"""Rules for the bandwidth against brute force, and on unseen rows of real data."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import log_density
from scipy.optimize import brentq, minimize_scalar
from sklearn.base import clone
from sklearn.datasets import load_digits, load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity as TreeKernelDensity
from test_hostile_input import ACCEPTED

from sklearn_kernelx import KernelDensity, fft_density, gaussian_regimes
from sklearn_kernelx.density import _bandwidth
from sklearn_kernelx.density._isj import improved_sheather_jones
from sklearn_kernelx.density._leave_one_out import leave_one_out, maximise_likelihood
from sklearn_kernelx.density._neighbourhoods import training_set

RNG = np.random.default_rng(0)
# Cases of hostile input that a rule may refuse.
MAY_HAVE_NO_BANDWIDTH = {
    "one row",
    "one column",
    "all equal",
    "constant column",
    "duplicates",
    "fewer rows than columns",
    "booleans",
}
OURS = ["normal_reference", "kl", "clt", "condensation"]


def chosen(rule, X, weights=None, **parameters):
    kde = KernelDensity(bandwidth=rule, **parameters)
    return kde.fit(X, sample_weight=weights).bandwidth_


def others_log_density(X, h, weights=None):
    """Leave-one-out log-density of each row, equal rows left out: all pairs."""
    r2 = np.sum((X[:, np.newaxis] - X) ** 2, axis=2)
    with np.errstate(divide="ignore"):
        log_w = np.zeros(len(X)) if weights is None else np.log(weights)
        exponents = np.where(r2 > 0, log_w - r2 / (2 * h * h), -np.inf)
    highest = np.max(exponents, axis=1, keepdims=True)
    log_sum = np.log(np.sum(np.exp(exponents - highest), axis=1)) + highest[:, 0]
    return log_sum - X.shape[1] * np.log(h)


def best_likelihood(X, weights=None, around=1.0):
    def loss(u):
        return -np.average(others_log_density(X, np.exp(u), weights), weights=weights)

    bounds = np.log(around) + np.array([-1, 1])
    return np.exp(minimize_scalar(loss, bounds=bounds, options={"xatol": 1e-7}).x)


@pytest.mark.parametrize("d", [1, 2, 5, 30])
@pytest.mark.parametrize("weighted", [False, True])
def test_kl_maximises_the_leave_one_out_likelihood(d, weighted):
    """190 rows: all of them are queries."""
    X = RNG.standard_normal((190, d)) * RNG.uniform(0.5, 2, d)
    weights = RNG.uniform(0.1, 2, len(X)) if weighted else None
    found = chosen("kl", X, weights)
    assert found == pytest.approx(best_likelihood(X, weights, found), rel=5e-4)


@pytest.mark.parametrize("d", [1, 3, 10, 30])
def test_kl_where_not_all_neighbours_are_kept(d, monkeypatch):
    """From 513 rows on: sums run over all where points beyond 96 matter by 0.5 %."""
    monkeypatch.setattr(_bandwidth, "N_FIRST_ROWS", 600)
    X = np.random.default_rng(3).standard_normal((600, d))
    found = chosen("kl", X)
    assert found == pytest.approx(best_likelihood(X, around=found), rel=0.01)


def test_kl_of_a_subset_is_near_that_of_all_rows(monkeypatch):
    X = np.random.default_rng(1).standard_normal((3000, 8))
    some = chosen("kl", X)
    monkeypatch.setattr(_bandwidth, "N_FIRST_ROWS", len(X))
    every = chosen("kl", X)
    assert some != every
    assert some == pytest.approx(every, rel=3 * _bandwidth.STANDARD_ERROR)


def test_the_order_of_the_rows_hardly_matters():
    """Sorted, and in blocks of very different scale."""
    rng = np.random.default_rng(4)
    for X in (
        np.sort(rng.standard_normal((4000, 2)), axis=0),
        np.concatenate(
            [1e-3 * rng.standard_normal((500, 3)), rng.standard_normal((3500, 3))]
        ),
    ):
        found = [chosen("kl", X), chosen("kl", X[::-1]), chosen("kl", rng.permutation(X))]
        assert np.ptp(np.log(found)) < 0.4


@pytest.mark.parametrize("weighted", [False, True])
def test_standard_error_of_a_subset_is_what_is_seen(weighted):
    """Over 40 subsets: a false alarm in 1e4 (chi-squared with 39 degrees of freedom)."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((3000, 6))
    weights = np.exp(1.5 * rng.standard_normal(3000)) if weighted else None
    training = training_set(X, kernel="gaussian", sample_weight=weights)
    log_h, errors = [], []
    for _ in range(40):
        hoods = leave_one_out(training, rng.permutation(3000)[:200])
        maximum = maximise_likelihood(hoods)
        log_h.append(np.log(maximum.bandwidth))
        errors.append(maximum.log_standard_error(hoods))
    assert 0.6 < np.std(log_h) / np.median(errors) < 1.5


@pytest.mark.parametrize("scale", [5e-324, 1e306])
def test_scale_of_the_weights_does_not_matter(scale):
    X, weights = RNG.standard_normal((150, 3)), RNG.integers(1, 4, 150)
    for rule in ("kl", "condensation"):
        assert chosen(rule, X, scale * weights) == chosen(rule, X, weights)


@pytest.mark.parametrize("n", [2, 3])
def test_fewer_than_four_rows_have_no_condensation(n):
    with pytest.raises(ValueError, match="at least 4 distinct rows"):
        chosen("clt", RNG.standard_normal((n, 2)))


def test_kl_looks_at_more_rows_where_they_differ_more(monkeypatch):
    seen = []
    spy = _bandwidth.leave_one_out

    def spied(training, rows):
        seen.append(len(rows))
        return spy(training, rows)

    monkeypatch.setattr(_bandwidth, "leave_one_out", spied)
    chosen("kl", RNG.standard_normal((3000, 30)))
    assert seen == [200]
    chosen("kl", RNG.standard_t(1.5, (3000, 30)))
    assert seen[1] == 200 and seen[2] > 400


@pytest.mark.parametrize("share", [0.1, 1.0])
def test_duplicates_do_not_send_kl_to_zero(share):
    X = RNG.standard_normal((90, 3))
    doubled = np.concatenate([X, X[: int(share * len(X))]])
    with pytest.warns(UserWarning, match=r"of the rows looked at have duplicates"):
        found = chosen("kl", doubled)
    assert found == pytest.approx(best_likelihood(doubled, around=found), rel=5e-4)
    assert found > 0.5 * chosen("kl", X)


def test_integers():
    X = RNG.poisson(3, (1000, 4))
    with pytest.warns(UserWarning, match="integer-valued"):
        assert chosen("kl", X) > 0.2


def test_weights_are_repetitions():
    X = RNG.standard_normal((120, 4))
    counts = RNG.integers(0, 3, len(X))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        repeated = chosen("kl", np.repeat(X, counts, axis=0))
    assert chosen("kl", X, counts) == pytest.approx(repeated, rel=5e-4)


def mean_participation(X, h):
    r2 = np.sum((X[:, np.newaxis] - X) ** 2, axis=2)
    np.fill_diagonal(r2, np.inf)
    shares = np.exp(-(r2 - r2.min(axis=1, keepdims=True)) / (2 * h * h))
    shares /= shares.sum(axis=1, keepdims=True)
    return np.mean(np.sum(shares**2, axis=1))


def test_condensation_and_clt_follow_the_half_rule():
    X = RNG.standard_normal((300, 15))
    half = brentq(lambda h: mean_participation(X, h) - 0.5, 0.05, 5)
    assert chosen("condensation", X) == pytest.approx(np.sqrt(2) * half, rel=1e-3)
    assert chosen("clt", X) == pytest.approx(2 * half, rel=1e-3)


@pytest.mark.parametrize("kernel", ["tophat", "linear"])
def test_condensation_of_compact_kernels_is_about_the_nearest_neighbour(kernel):
    X = RNG.standard_normal((400, 10))
    r2 = np.sum((X[:, np.newaxis] - X) ** 2, axis=2)
    np.fill_diagonal(r2, np.inf)
    nearest = np.median(np.sqrt(r2.min(axis=1)))
    found = chosen("condensation", X, kernel=kernel)
    assert found == chosen("clt", X, kernel=kernel)
    assert nearest < found < 1.3 * nearest


def test_normal_reference():
    X = RNG.standard_normal((500, 3)) * [1e-8, 1, 1e8] + 1
    expected = np.std(X, axis=0, ddof=1) * 500 ** (-1 / 7)
    assert_allclose(chosen("normal_reference", X), expected, rtol=1e-9)
    assert_allclose(chosen("normal_reference", X, np.full(500, 7.0)), expected, rtol=1e-9)
    doubled = chosen("normal_reference", X, 1.0 * (np.arange(500) < 250))
    assert_allclose(doubled, chosen("normal_reference", X[:250]), rtol=1e-9)


def test_normal_reference_refuses_constant_features():
    X = RNG.standard_normal((30, 4))
    X[:, [1, 3]] = 0.1
    with pytest.raises(ValueError, match=r"\[1, 3\].*VarianceThreshold"):
        chosen("normal_reference", X)


def test_isj_is_the_function():
    X = RNG.standard_normal((300, 1))
    weights = RNG.uniform(0, 1, 300)
    assert chosen("isj", X) == improved_sheather_jones(X[:, 0])
    assert chosen("isj", X, weights) == improved_sheather_jones(X[:, 0], weights)
    grid = np.linspace(-2, 2, 5)
    by_number = fft_density(X, grid, bandwidth=chosen("isj", X))
    assert_array_equal(fft_density(X, grid, bandwidth="isj"), by_number)


@pytest.mark.parametrize("rule", OURS)
@pytest.mark.parametrize("factor", [2.0**-300, 2.0**300])
def test_rules_follow_the_unit_of_the_data(rule, factor):
    X = RNG.standard_normal((600, 6))
    assert_allclose(chosen(rule, X * factor), chosen(rule, X) * factor, rtol=1e-12)


@pytest.mark.parametrize("rule", OURS)
def test_float32_and_threads(rule):
    X = RNG.standard_normal((800, 12)).astype(np.float32)
    double = chosen(rule, X.astype(np.float64))
    assert_allclose(chosen(rule, X), double, rtol=1e-3)
    assert_array_equal(chosen(rule, X, n_jobs=3), chosen(rule, X))


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"bandwidth": "kl", "kernel": "tophat"}, "'kl' needs kernel='gaussian'"),
        ({"bandwidth": "isj", "kernel": "linear"}, "'isj' needs kernel='gaussian'"),
        ({"bandwidth": "isj"}, "'isj' needs 1 feature; X has 4"),
        ({"bandwidth": "kl", "metric": "manhattan"}, "'kl' needs metric='euclidean'"),
        ({"bandwidth": "clt", "metric": "canberra"}, "'clt' needs metric='euclidean'"),
        ({"bandwidth": "botev"}, "bandwidth"),
    ],
)
def test_rules_that_do_not_apply(parameters, message):
    with pytest.raises(ValueError, match=message):
        KernelDensity(**parameters).fit(RNG.standard_normal((30, 4)))


@pytest.mark.parametrize("rule", [*OURS, "scott", "silverman"])
@pytest.mark.parametrize("case", ACCEPTED)
def test_hostile_data(rule, case):
    """A usable bandwidth, or an error that names bandwidth and leaves nothing behind."""
    data = ACCEPTED[case]
    kde = KernelDensity(bandwidth=rule)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            scores = kde.fit(data).score_samples(data)
        except ValueError as error:
            assert "bandwidth" in str(error)
            assert case in MAY_HAVE_NO_BANDWIDTH
            assert not hasattr(kde, "bandwidth_")
        else:
            assert np.all(kde.bandwidth_ > 0) and not np.any(np.isnan(scores))


def test_lattices_have_no_condensation():
    lattice = np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)
    with pytest.raises(ValueError, match=r"no condensation bandwidth.*integer-valued"):
        chosen("condensation", lattice)
    kde = KernelDensity().fit(lattice)
    assert not hasattr(kde, "regime_")


def test_regime_attributes_follow_the_bandwidth_and_cost_a_fit_nothing():
    X = RNG.standard_normal((400, 20))
    kde = KernelDensity(bandwidth=0.5).fit(X)
    assert kde._regimes == {}
    assert kde.bandwidth_condensation_ == pytest.approx(chosen("condensation", X), rel=1e-9)
    assert kde.bandwidth_clt_ == pytest.approx(chosen("clt", X), rel=1e-9)
    assert kde.tail_index_ == pytest.approx((0.5 / kde.bandwidth_condensation_) ** 2)
    assert kde.regime_ == "condensed"
    for factor, regime in ((1.2, "heavy_tailed"), (1.5, "clt")):
        wider = clone(kde).set_params(bandwidth=factor * kde.bandwidth_condensation_).fit(X)
        assert wider.regime_ == regime
    again = pickle.loads(pickle.dumps(kde))
    assert again._regimes == kde._regimes and again.regime_ == kde.regime_
    kde.fit(2 * X)
    assert kde.bandwidth_clt_ == pytest.approx(2 * chosen("clt", X), rel=1e-9)


def test_regime_attributes_of_an_array_and_of_other_kernels():
    X = RNG.standard_normal((400, 5)) * [1, 2, 3, 4, 5]
    array = KernelDensity(bandwidth=[0.1, 0.2, 0.3, 0.4, 0.5]).fit(X)
    white = KernelDensity(bandwidth=0.1).fit(X / [1, 2, 3, 4, 5])
    assert array.tail_index_ == pytest.approx(white.tail_index_, rel=1e-6)
    expected = white.bandwidth_clt_ * np.arange(1, 6)
    assert_allclose(array.bandwidth_clt_, expected, rtol=1e-6)
    compact = KernelDensity(kernel="linear", bandwidth=1.0).fit(X)
    assert np.isnan(compact.tail_index_) and compact.regime_ == "condensed"
    assert clone(compact).set_params(bandwidth=9.0).fit(X).regime_ == "clt"


def test_no_regimes_where_they_are_not_known():
    X = RNG.standard_normal((30, 4))
    other = KernelDensity(metric="manhattan").fit(X)
    with pytest.raises(AttributeError, match="Euclidean"):
        _ = other.regime_
    with pytest.raises(AttributeError, match="2 distinct rows"):
        _ = KernelDensity().fit(np.ones((5, 2))).tail_index_
    with pytest.raises(AttributeError, match="not fitted"):
        _ = KernelDensity().regime_


def test_theory_of_many_features():
    X = np.random.default_rng(2).standard_normal((20000, 60))
    theory = gaussian_regimes(20000, np.ones(60))
    assert chosen("condensation", X) == pytest.approx(theory.h_G, rel=0.1)
    assert chosen("clt", X) == pytest.approx(theory.h_CLT, rel=0.1)
    assert chosen("kl", X) == pytest.approx(theory.h_KL, rel=0.05)


def digits():
    X = load_digits().data
    return X[:, np.std(X[:1300], axis=0) > 0]


def patches():
    images = load_sample_images().images
    options = {"patch_size": (4, 4), "max_patches": 1200, "random_state": 0}
    return np.concatenate(
        [extract_patches_2d(image, **options).reshape(1200, -1) for image in images]
    ).astype(np.float64)


@pytest.mark.parametrize("load", [digits, patches])
def test_unseen_rows_of_real_data(load):
    """At least as likely as with the best of 30 bandwidths, less 0.5 % of their spread: a
    grid is coarse, and its folds are smaller than the whole."""
    X = np.random.default_rng(0).permutation(load())
    known, unseen = X[500:], X[:500]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a few duplicate patches
        kde = KernelDensity(bandwidth="kl").fit(known)
    grid = {"bandwidth": np.geomspace(kde.bandwidth_ / 10, 10 * kde.bandwidth_, 30)}
    search = GridSearchCV(KernelDensity(), grid, cv=5).fit(known)
    scores = search.cv_results_["mean_test_score"] / (len(known) / 5)
    ours = np.mean(kde.score_samples(unseen))
    theirs = np.mean(search.best_estimator_.score_samples(unseen))
    assert ours >= theirs - 0.005 * np.ptp(scores)
    for rule in ("scott", "silverman"):
        other = KernelDensity(bandwidth=rule).fit(known).score_samples(unseen)
        assert ours > np.mean(other) + 1
    # The exact sum, where scikit-learn's is off by tens of nats.
    exact = log_density(unseen[:50], known, bandwidth=kde.bandwidth_).astype(np.float64)
    assert_allclose(kde.score_samples(unseen[:50]), exact, rtol=1e-11)
    tree = TreeKernelDensity(bandwidth=kde.bandwidth_).fit(known)
    assert np.max(np.abs(tree.score_samples(unseen[:50]) - exact)) > 1


@pytest.mark.parametrize("load", [digits, patches])
def test_kl_against_the_normal_reference_with_the_same_scales(load):
    """Medians: a pixel that is hardly ever set makes a few digits decide the mean."""
    X = np.random.default_rng(0).permutation(load())
    scale = np.std(X[500:], axis=0)
    known, unseen = X[500:] / scale, X[:500] / scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        ours = KernelDensity(bandwidth="kl").fit(known).score_samples(unseen)
    reference = KernelDensity(bandwidth="normal_reference").fit(known)
    assert np.median(ours) > np.median(reference.score_samples(unseen)) + 1
