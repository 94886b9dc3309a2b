"""The mixture against its defining sums, and the promises of its documentation."""

import tracemalloc
import warnings

import mpmath as mp
import numpy as np
import pytest
import sphere_oracles as oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import logsumexp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import adjusted_rand_score

from sklearn_kernelx import SphericalKMeans, VonMisesFisher, VonMisesFisherMixture
from sklearn_kernelx._compat import _SilentContext
from sklearn_kernelx.directional._sampling import sample_von_mises_fisher

MAKE = {"dense": np.asarray, "csr": sparse.csr_array}
TYPES = [
    {"concentration_type": "full"},
    {"concentration_type": "tied"},
    {"concentration_type": "fixed", "concentration": 7.0},
]
EM = ["soft", "hard", "stochastic"]


def units(X):
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def drawn(n_features=10, kappa=50.0, sizes=(60, 90, 150), seed=0):
    """Rows of any length from separate laws, and which they come from."""
    rng = np.random.RandomState(seed)
    centers = units(rng.standard_normal((len(sizes), n_features)))
    kappas = np.broadcast_to(kappa, len(sizes))
    laws = zip(centers, kappas, sizes, strict=True)
    X = np.concatenate([sample_von_mises_fisher(*law, rng) for law in laws])
    X *= rng.lognormal(size=(len(X), 1))
    return X, np.repeat(np.arange(len(sizes)), sizes)


def quiet(estimator, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(*args, **kwargs)


def log_joint(X, weights, directions, kappas):
    """Log of weight times density, components in columns, by mpmath."""
    p = X.shape[1]
    log_constants = [float(oracle.log_normalizer(p, kappa)) for kappa in kappas]
    return np.log(weights) + log_constants + units(X) @ (directions * kappas[:, None]).T


def solve_kappa(p, length):
    start = length * (p - length**2) / (1 - length**2)
    return float(mp.findroot(lambda kappa: oracle.mean_length(p, kappa) - length, start))


def em_step(X, sample_weight, weights, directions, kappas, kind, em):
    joint = log_joint(X, weights, directions, kappas)
    shares = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    if em == "hard":
        shares = np.eye(len(weights))[np.argmax(joint, axis=1)]
    shares = sample_weight[:, np.newaxis] * shares
    masses, sums = shares.sum(axis=0), shares.T @ units(X)
    lengths = np.linalg.norm(sums, axis=1)
    if kind == "full":
        kappas = [solve_kappa(X.shape[1], r) for r in lengths / masses]
    elif kind == "tied":
        kappas = [solve_kappa(X.shape[1], lengths.sum() / masses.sum())] * len(masses)
    return masses / masses.sum(), sums / lengths[:, np.newaxis], np.array(kappas)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("kind", ["full", "tied", "fixed"])
@pytest.mark.parametrize("em", ["soft", "hard"])
def test_an_iteration_is_that_of_the_definition(make, kind, em):
    X, _ = drawn(kappa=5.0)
    sample_weight = np.random.default_rng(0).random(300)
    parameters = {"concentration_type": kind, "em": em, "concentration": 7.0}
    parameters["concentration_prior"] = 0
    start = VonMisesFisherMixture(3, max_iter=2, random_state=0, **parameters)
    quiet(start, X, sample_weight=sample_weight)
    before = start.weights_, start.mean_directions_, start.concentrations_
    expected = em_step(X, sample_weight, *before, kind, em)
    start.set_params(warm_start=True, max_iter=1)
    quiet(start, make(X), sample_weight=sample_weight)
    np.testing.assert_allclose(start.weights_, expected[0], rtol=1e-9)
    np.testing.assert_allclose(start.mean_directions_, expected[1], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(start.concentrations_, expected[2], rtol=1e-8)


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("n_features", [2, 3, 40])
def test_densities_and_responsibilities(make, n_features):
    X, _ = drawn(n_features)
    mixture = quiet(VonMisesFisherMixture(3, random_state=0), X)
    joint = log_joint(
        X, mixture.weights_, mixture.mean_directions_, mixture.concentrations_
    )
    log_density = logsumexp(joint, axis=1)
    shares = np.exp(joint - log_density[:, np.newaxis])
    np.testing.assert_allclose(mixture.score_samples(make(X)), log_density, rtol=1e-10)
    np.testing.assert_allclose(
        mixture.predict_proba(make(X)), shares, rtol=1e-8, atol=1e-12
    )
    np.testing.assert_array_equal(mixture.predict(make(X)), np.argmax(joint, axis=1))
    assert mixture.score(X) == pytest.approx(np.mean(log_density))


def test_one_component_is_the_law_itself():
    X, _ = drawn(sizes=(200,))
    law = VonMisesFisher(bias_correction=False).fit(X)
    mixture = VonMisesFisherMixture().fit(X)
    np.testing.assert_allclose(mixture.mean_directions_[0], law.mean_direction_, rtol=1e-9)
    assert mixture.concentrations_[0] == pytest.approx(law.concentration_, rel=1e-9)
    np.testing.assert_allclose(mixture.score_samples(X), law.score_samples(X), rtol=1e-9)


@pytest.mark.parametrize("parameters", TYPES, ids=lambda p: p["concentration_type"])
@pytest.mark.parametrize("em", ["soft", "hard"])
@given(seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_the_likelihood_never_falls(parameters, em, seed):
    X, _ = drawn(n_features=5, kappa=4.0, sizes=(40, 40), seed=seed)
    mixture = VonMisesFisherMixture(3, em=em, tol=0, max_iter=30, random_state=seed)
    quiet(mixture.set_params(**parameters), X)
    bounds = np.array(mixture.lower_bounds_)
    assert np.all(np.diff(bounds) >= -1e-9)
    assert mixture.lower_bound_ == bounds[-1]
    assert mixture.n_iter_ == len(bounds)
    if em == "soft" and parameters["concentration_type"] != "full":
        assert mixture.lower_bound_ == pytest.approx(mixture.score(X))


@pytest.mark.parametrize("parameters", TYPES, ids=lambda p: p["concentration_type"])
@pytest.mark.parametrize("em", EM)
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_finds_separate_components(parameters, em, make):
    X, labels = drawn()
    mixture = VonMisesFisherMixture(3, em=em, random_state=0, **parameters)
    found = mixture.fit_predict(make(X))
    assert adjusted_rand_score(labels, found) == 1
    assert mixture.converged_
    np.testing.assert_array_equal(found, mixture.predict(X))
    np.testing.assert_allclose(np.sort(mixture.weights_), [0.2, 0.3, 0.5], atol=0.02)
    np.testing.assert_allclose(np.linalg.norm(mixture.mean_directions_, axis=1), 1)


def test_parameters_within_their_standard_errors():
    # Each kappa has standard error kappa sqrt(2 / (n (p - 1))) and a relative bias below
    # p / n; each of three estimates is within 4 standard errors, false-alarm rate 2e-4.
    # The mutant, the concentration of all rows taken together, must fail.
    sizes, kappas, p = (4000, 6000, 10000), np.array([40.0, 80, 160]), 10
    X, labels = drawn(p, kappas, sizes, seed=3)
    full = {"concentration_type": "full", "random_state": 0}
    mixture = VonMisesFisherMixture(3, **full).fit(X)
    order = [np.bincount(mixture.predict(X[labels == h])).argmax() for h in range(3)]
    errors = kappas * np.sqrt(2 / (np.array(sizes) * (p - 1)))
    deviations = np.abs(mixture.concentrations_[order] - kappas) / errors
    assert np.all(deviations < 4)
    tied = VonMisesFisherMixture(3, concentration_type="tied", random_state=0).fit(X)
    assert np.any(np.abs(tied.concentrations_[order] - kappas) / errors > 4)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_order_and_repetition_of_rows_do_not_matter(seed):
    X, _ = drawn(n_features=4, kappa=5.0, sizes=(20, 30), seed=seed)
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 4, size=50)
    repeated = rng.permutation(np.repeat(np.arange(50), weights))
    mixture = VonMisesFisherMixture(
        2, concentration_type="tied", max_iter=10, random_state=seed
    )
    by_weight = quiet(clone(mixture), X, sample_weight=weights)
    by_copies = quiet(clone(mixture), X[repeated])
    scaled = quiet(clone(mixture), 1e150 * X, sample_weight=1e-200 * weights)
    for other in (by_copies, scaled):
        np.testing.assert_allclose(other.lower_bounds_, by_weight.lower_bounds_, rtol=1e-6)
        np.testing.assert_allclose(other.weights_, by_weight.weights_, rtol=1e-6)
        np.testing.assert_allclose(
            other.mean_directions_, by_weight.mean_directions_, rtol=1e-6, atol=1e-8
        )


@pytest.mark.parametrize("em", EM)
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_the_same_bits_for_any_number_of_threads(em, make):
    X = make(np.random.default_rng(0).standard_normal((9000, 6)))
    mixture = VonMisesFisherMixture(10, em=em, max_iter=3, random_state=0)
    expected = quiet(clone(mixture), X)
    for n_jobs in (2, 3):
        found = quiet(clone(mixture).set_params(n_jobs=n_jobs), X)
        for name in ("weights_", "mean_directions_", "concentrations_"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("em", ["soft", "hard"])
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_float32(em, make):
    X = drawn(kappa=20.0)[0].astype(np.float32)
    mixture = VonMisesFisherMixture(3, em=em, random_state=0)
    single = clone(mixture).fit(make(X))
    double = clone(mixture).fit(make(X.astype(np.float64)))
    assert single.score_samples(X).dtype == single.predict_proba(X).dtype == np.float32
    np.testing.assert_allclose(single.concentrations_, double.concentrations_, rtol=1e-3)
    np.testing.assert_allclose(
        single.score_samples(X), double.score_samples(X), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("kind", ["full", "tied"])
@pytest.mark.parametrize("n_features", [1, 2, 10, 64, 2048, 32768])
def test_finite_in_any_dimension(n_features, kind):
    X, labels = drawn(n_features, kappa=2.0 * n_features + 5, sizes=(30, 50))
    mixture = VonMisesFisherMixture(2, concentration_type=kind, random_state=0)
    found = quiet(mixture, X).predict(X)
    assert np.all(np.isfinite(mixture.score_samples(X)))
    if n_features > 10:
        assert adjusted_rand_score(labels, found) == 1


@pytest.mark.parametrize("em", EM)
def test_equal_rows_reach_the_largest_concentration(em):
    X = np.repeat(np.eye(2, 3), 5, axis=0)
    mixture = VonMisesFisherMixture(2, em=em, max_concentration=1e6, random_state=0).fit(X)
    np.testing.assert_array_equal(mixture.concentrations_, 1e6)
    np.testing.assert_array_equal(np.abs(mixture.mean_directions_).max(axis=1), 1)
    assert np.all(np.isfinite(mixture.score_samples(-X)))


@pytest.mark.parametrize("em", EM)
def test_a_component_without_rows_is_moved(em):
    X, labels = drawn()
    near = X[labels > 0]
    # All three in the same place: two of them get no row of the first partition.
    init = np.repeat(X[:1], 3, axis=0)
    mixture = VonMisesFisherMixture(3, em=em, init=init, random_state=0).fit(near)
    assert np.all(mixture.weights_ > 1e-3)
    assert adjusted_rand_score(labels[labels > 0], mixture.predict(near)) > 0.5


def test_components_that_stay_without_rows_are_reported():
    X = np.ones((10, 3))
    mixture = VonMisesFisherMixture(2, em="hard", random_state=0, max_iter=5)
    with pytest.warns(
        ConvergenceWarning, match="1 of 2 components have weights below min_weight"
    ):
        mixture.fit(X)
    assert np.all(np.isfinite(mixture.score_samples(X)))


def test_opposite_rows():
    X = np.array([[1.0, 0], [-1, 0]])
    mixture = VonMisesFisherMixture(init=[[0, 1]]).fit(X)
    np.testing.assert_array_equal(mixture.mean_directions_, [[0, 1]])
    assert mixture.concentrations_[0] == 0
    np.testing.assert_allclose(mixture.score_samples(X), -np.log(2 * np.pi))


def test_best_of_several_starts():
    X, _ = drawn(kappa=3.0, sizes=(50,) * 6)
    ten = VonMisesFisherMixture(6, n_init=10, random_state=0)
    one = VonMisesFisherMixture(6, random_state=0)
    assert quiet(ten, X).lower_bound_ >= quiet(one, X).lower_bound_
    again = quiet(clone(ten), X)
    np.testing.assert_array_equal(again.mean_directions_, ten.mean_directions_)


def test_stochastic_returns_its_best_iteration():
    X, _ = drawn(kappa=3.0)
    mixture = VonMisesFisherMixture(4, em="stochastic", tol=0, max_iter=20, random_state=0)
    mixture.set_params(concentration_type="tied")
    quiet(mixture, X)
    assert np.min(np.diff(mixture.lower_bounds_)) < 0
    assert mixture.lower_bound_ == np.max(mixture.lower_bounds_)
    assert mixture.lower_bound_ == pytest.approx(mixture.score(X))


def test_hard_with_tied_concentration_is_spherical_k_means_but_for_the_weights():
    X, _ = drawn(kappa=30.0, sizes=(100, 100, 100))
    init = X[[0, 100, 200]]
    mixture = VonMisesFisherMixture(3, em="hard", concentration_type="tied", init=init)
    kmeans = SphericalKMeans(3, init=init, tol=0)
    assert adjusted_rand_score(mixture.fit(X).predict(X), kmeans.fit(X).labels_) == 1


def test_warm_start():
    X, _ = drawn(kappa=5.0)
    whole = VonMisesFisherMixture(
        3, concentration_prior=0, max_iter=8, tol=0, random_state=0
    )
    parts = clone(whole).set_params(max_iter=4, warm_start=True)
    quiet(whole, X)
    quiet(quiet(parts, X), X)
    np.testing.assert_allclose(parts.mean_directions_, whole.mean_directions_, rtol=1e-12)
    np.testing.assert_allclose(parts.lower_bounds_, whole.lower_bounds_[4:], rtol=1e-12)
    with pytest.raises(ValueError, match="Set warm_start=False"):
        parts.set_params(n_components=2).fit(X)


@pytest.mark.parametrize("case", [(0, 3 * 9 + 3 + 2), (1, 3 * 9 + 1 + 2), (2, 3 * 9 + 2)])
def test_information_criteria(case):
    parameters, n_parameters = TYPES[case[0]], case[1]
    X, _ = drawn()
    mixture = quiet(VonMisesFisherMixture(3, random_state=0, **parameters), X)
    deviance = -2 * np.sum(mixture.score_samples(X))
    assert mixture.aic(X) == pytest.approx(deviance + 2 * n_parameters)
    assert mixture.bic(X) == pytest.approx(deviance + n_parameters * np.log(300))


def best_by_bic(seed, kappa=2048.0, **parameters):
    X, _ = drawn(2048, kappa=kappa, sizes=(200,) * 5, seed=seed)
    bic = {}
    for n_components in range(3, 8):
        mixture = VonMisesFisherMixture(n_components, n_init=10, random_state=seed)
        bic[n_components] = quiet(mixture.set_params(**parameters), X).bic(X)
    return min(bic, key=bic.get)


@pytest.mark.parametrize("kind", ["full", "tied"])
def test_bic_finds_the_number_of_components(kind):
    found = [best_by_bic(seed, concentration_type=kind) for seed in range(2)]
    assert found == [5, 5]


def test_without_prior_bic_is_misled_by_components_of_single_rows():
    """What the prior is for: the test above can fail."""
    parameters = {"concentration_type": "full", "concentration_prior": 0}
    assert max(best_by_bic(seed, **parameters) for seed in range(3)) > 5


def test_the_estimate_under_the_prior():
    X, labels = drawn(sizes=(5, 20))
    mixture = VonMisesFisherMixture(2, concentration_prior=3, max_iter=1, tol=1e9)
    mixture.set_params(concentration_type="full", em="hard")
    mixture.set_params(init=[X[labels == h].mean(axis=0) for h in (0, 1)]).fit(X)
    lengths = np.array([np.linalg.norm(units(X)[labels == h].sum(axis=0)) for h in (0, 1)])
    pooled = lengths.sum() / 25
    shrunken = (lengths + 3 * pooled) / (np.array([5, 20]) + 3)
    expected = [solve_kappa(10, r) for r in shrunken]
    np.testing.assert_allclose(mixture.concentrations_, expected, rtol=1e-9)


def test_sample():
    X, _ = drawn()
    mixture = VonMisesFisherMixture(3, random_state=0).fit(X)
    Z, labels = mixture.sample(2000)
    np.testing.assert_allclose(np.linalg.norm(Z, axis=1), 1)
    assert np.mean(mixture.predict(Z) == labels) > 0.99
    # Within 5 standard deviations of a binomial, false-alarm rate 2e-6.
    counts = np.bincount(labels, minlength=3)
    spread = np.sqrt(2000 * mixture.weights_ * (1 - mixture.weights_))
    assert np.all(np.abs(counts - 2000 * mixture.weights_) < 5 * spread)
    np.testing.assert_array_equal(mixture.sample(5)[0], mixture.sample(5)[0])
    assert np.any(mixture.sample(5, random_state=1)[0] != mixture.sample(5)[0])
    assert mixture.sample(0)[0].shape == (0, 10)


def test_zero_rows():
    X = np.vstack([drawn()[0], np.zeros((2, 10))])
    with pytest.warns(UserWarning, match="rows 300, 301 are left out"):
        mixture = VonMisesFisherMixture(3, random_state=0).fit(X)
    without = VonMisesFisherMixture(3, random_state=0).fit(X[:300])
    np.testing.assert_allclose(mixture.weights_, without.weights_)
    constants = [oracle.log_normalizer(10, kappa) for kappa in mixture.concentrations_]
    expected = logsumexp(np.array(constants, dtype=float), b=mixture.weights_)
    np.testing.assert_allclose(mixture.score_samples(X[300:]), expected)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"concentration_type": "fixed"}, "needs concentration"),
        ({"n_components": 301}, "n_samples=300 must be at least n_components=301"),
        ({"init": np.eye(3)}, "init must have the shape"),
        ({"normalize": False}, "Set normalize=True"),
        ({"em": "firm"}, "'em' parameter"),
        ({"concentration": -1.0}, "'concentration' parameter"),
    ],
)
def test_bad_parameters(parameters, message):
    mixture = VonMisesFisherMixture(3).fit(drawn()[0])
    with pytest.raises(ValueError, match=message):
        mixture.set_params(**parameters).fit(drawn()[0])
    if "em" not in parameters and "concentration" not in parameters:
        with pytest.raises(NotFittedError):
            mixture.predict(drawn()[0])


def test_unfinished_iterations_warn():
    with pytest.warns(ConvergenceWarning, match="Increase max_iter"):
        VonMisesFisherMixture(3, max_iter=1, random_state=0).fit(drawn(kappa=3.0)[0])


class Listener(list):
    """Stops after three iterations."""

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, fitted_estimator):
        if context.task_name != "iteration":
            return False
        self.append(fitted_estimator.score(X))
        return len(self) == 3


def test_callbacks_are_told():
    pytest.importorskip("sklearn.callback")
    X, _ = drawn(kappa=3.0)
    listener = Listener()
    mixture = VonMisesFisherMixture(3, concentration_type="tied", tol=0, random_state=0)
    quiet(mixture.set_callbacks(listener), X)
    np.testing.assert_allclose(listener, mixture.lower_bounds_, rtol=1e-12)
    assert mixture.n_iter_ == 3


def test_without_callbacks(monkeypatch):
    """As with a scikit-learn that has none."""
    X, _ = drawn()
    expected = VonMisesFisherMixture(3, random_state=0).fit(X)
    monkeypatch.setattr(
        VonMisesFisherMixture,
        "_init_callback_context",
        lambda self, **_: _SilentContext(),
    )
    found = VonMisesFisherMixture(3, random_state=0).fit(X)
    np.testing.assert_array_equal(found.mean_directions_, expected.mean_directions_)


@pytest.mark.parametrize("em", EM)
def test_sparse_rows_are_never_made_dense(em):
    X = sparse.random_array((20000, 2000), density=0.01, format="csr", rng=0)
    size = X.data.nbytes + X.indices.nbytes + X.indptr.nbytes
    mixture = VonMisesFisherMixture(8, em=em, max_iter=2, random_state=0)
    tracemalloc.start()
    quiet(mixture, X).predict_proba(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Beyond the data themselves; as a dense array they would take 67 times their size.
    assert peak < 2 * size
