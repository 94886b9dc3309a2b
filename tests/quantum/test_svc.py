"""QuantumKernelSVC against libsvm on the same kernel, and what it computes and keeps."""

import pickle
import signal
import threading
from functools import partial

import numpy as np
import pytest
from joblib import Memory
from scipy import sparse, stats
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_kernelx import (
    IQPFeatureMap,
    QuantumKernelSVC,
    ZZFeatureMap,
    align_bandwidth,
    fidelity_kernel,
    make_ad_hoc,
    projected_kernel,
    psd_projection,
)
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.quantum import _fidelity, _projected, _row_kernel, _svc
from sklearn_kernelx.quantum._one_vs_one import pair_winners
from sklearn_kernelx.quantum._shots import sample_kernel

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
X_NEW = RNG.standard_normal((40, 3))
# Labels that the rows say little about, for votes that tie.
LABELS = {
    2: np.where(X[:, 0] + RNG.standard_normal(60) > 0, "yes", "no"),
    4: RNG.integers(4, size=60),
}
BANDWIDTH = 0.4
STATES_ASKED_FOR = []


def zz_states(rows):
    """A function that returns states, as a user would write it, and notes its calls."""
    STATES_ASKED_FOR.append(len(rows))
    feature_map = ZZFeatureMap(entanglement="linear", bandwidth=BANDWIDTH)
    return feature_map.statevectors(rows)


@pytest.fixture
def states_asked_for():
    STATES_ASKED_FOR.clear()
    return STATES_ASKED_FOR


class KernelOfRecord:
    """A kernel as a user would hand it over, and the shapes it was asked for."""

    def __init__(self, compute):
        self.compute = compute
        self.shapes = []

    def __call__(self, rows, others):
        self.shapes.append((len(rows), len(others)))
        return self.compute(rows, others)


def kernels_of(clf, rows):
    """The kernel of the training rows, and of others with them."""
    compute = partial(fidelity_kernel, feature_map=clf.feature_map_)
    return compute(X), compute(rows, X)


def snapshot(fitted):
    return pickle.dumps(vars(fitted))


# The same as libsvm.


@pytest.mark.parametrize("weight", [None, "rows", "classes", "balanced", "both"])
@pytest.mark.parametrize("shape", ["ovr", "ovo"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_equals_svc_on_the_same_kernel(n_classes, shape, weight):
    y = LABELS[n_classes]
    sample_weight = RNG.uniform(0.5, 3, 60) if weight in ("rows", "both") else None
    first = np.unique(y)[0]
    class_weight = {"classes": {first: 3.0}, "both": {first: 3.0}, "balanced": "balanced"}
    parameters = {
        "C": 2.0,
        "decision_function_shape": shape,
        "class_weight": class_weight.get(weight),
    }
    clf = QuantumKernelSVC(bandwidth=BANDWIDTH, **parameters)
    clf.fit(X, y, sample_weight=sample_weight)
    kernel, new_kernel = kernels_of(clf, X_NEW)
    svc = SVC(kernel="precomputed", **parameters).fit(kernel, y, sample_weight)
    wanted = svc.decision_function(new_kernel)
    np.testing.assert_allclose(clf.decision_function(X_NEW), wanted, atol=1e-10)
    np.testing.assert_array_equal(clf.predict(X_NEW), svc.predict(new_kernel))
    np.testing.assert_array_equal(clf.predict(X), svc.predict(kernel))
    same = "support_ n_support_ dual_coef_ intercept_ classes_ class_weight_ fit_status_"
    for name in same.split():
        np.testing.assert_array_equal(getattr(clf, name), getattr(svc, name))
    np.testing.assert_array_equal(clf.n_iter_, svc.n_iter_)
    np.testing.assert_array_equal(clf.support_vectors_, X[svc.support_])
    assert clf.shape_fit_ == X.shape


def test_ties():
    y = LABELS[4]
    clf = QuantumKernelSVC(bandwidth=BANDWIDTH, break_ties=True).fit(X, y)
    kernel, new_kernel = kernels_of(clf, X_NEW)
    svc = SVC(kernel="precomputed", break_ties=True).fit(kernel, y)
    np.testing.assert_array_equal(clf.predict(X_NEW), svc.predict(new_kernel))
    first = clf.set_params(break_ties=False).predict(X_NEW)
    svc.set_params(break_ties=False)
    np.testing.assert_array_equal(first, svc.predict(new_kernel))
    assert np.any(first != clf.set_params(break_ties=True).predict(X_NEW))
    with pytest.raises(ValueError, match=r'break_ties .* decision_function_shape="ovr"'):
        clf.set_params(decision_function_shape="ovo").predict(X_NEW)


def test_parameters_of_libsvm(monkeypatch):
    given = {
        "C": 0.3,
        "shrinking": False,
        "tol": 0.1,
        "cache_size": 50,
        "class_weight": "balanced",
        "max_iter": 5,
    }
    seen = []

    def noted(**parameters):
        seen.append(parameters)
        return SVC(**parameters)

    monkeypatch.setattr(_svc, "SVC", noted)
    with pytest.warns(ConvergenceWarning):
        clf = QuantumKernelSVC(**given).fit(X, LABELS[2])
    assert seen == [{"kernel": "precomputed", **given}]
    assert clf.fit_status_ == 1
    assert clf.n_iter_ == [5]


def test_a_decision_of_zero_goes_where_libsvm_puts_it():
    """To the second class of a pair: libsvm votes for the first if it is above zero."""
    assert pair_winners(np.zeros((1, 1)), 2) == 1
    assert pair_winners(np.zeros((1, 3)), 3) == 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_kernels_and_dtypes(kernel, dtype, monkeypatch):
    compute = {"fidelity": fidelity_kernel, "projected": projected_kernel}[kernel]
    options = {"gamma": 0.7} if kernel == "projected" else {}
    clf = QuantumKernelSVC(bandwidth=BANDWIDTH, kernel=kernel, dtype=dtype, gamma=0.7)
    seen = []
    fit_libsvm = QuantumKernelSVC._fit_libsvm

    def noted(self, matrix, *arguments):
        seen.append(matrix)
        return fit_libsvm(self, matrix, *arguments)

    monkeypatch.setattr(QuantumKernelSVC, "_fit_libsvm", noted)
    clf.fit(X, LABELS[4])
    compute = partial(compute, feature_map=clf.feature_map_, dtype=dtype, **options)
    np.testing.assert_array_equal(seen[0], compute(X))
    assert seen[0].dtype == dtype
    svc = SVC(kernel="precomputed").fit(seen[0], LABELS[4])
    wanted = svc.decision_function(compute(X_NEW, X))
    tolerance = 1e-10 if dtype == "float64" else 1e-5
    np.testing.assert_allclose(clf.decision_function(X_NEW), wanted, atol=tolerance)


# What the defaults are.


def test_named_maps_by_default():
    clf = QuantumKernelSVC().fit(X, LABELS[2])
    wanted = {"reps": 2, "entanglement": "linear", "bandwidth": 1 / (5 * np.sqrt(3))}
    found = clf.feature_map_.get_params()
    assert {name: found[name] for name in wanted} == wanted
    assert clf.bandwidth_ == wanted["bandwidth"]
    for name, steepness in {"pauli": 5, "z": 1, "iqp": 1}.items():
        clf = QuantumKernelSVC(name).fit(X, LABELS[2])
        assert clf.bandwidth_ == 1 / (steepness * np.sqrt(3))
    assert QuantumKernelSVC("pauli").fit(X, LABELS[2]).feature_map_.paulis == ("Z", "ZZ")
    clf = QuantumKernelSVC("iqp", reps=1, entanglement="full", bandwidth=0.3)
    clf.fit(X, LABELS[2])
    assert clf.feature_map_.get_params() == IQPFeatureMap(bandwidth=0.3).get_params()


def test_all_named_maps_take_one_feature():
    rows, new_rows = X[:, :1], X_NEW[:, :1]
    decisions = {
        name: QuantumKernelSVC(name).fit(rows, LABELS[2]).decision_function(new_rows)
        for name in ("zz", "z", "pauli", "iqp")
    }
    # Without pairs, and of the same bandwidth.
    np.testing.assert_allclose(decisions["pauli"], decisions["zz"], atol=1e-10)
    assert np.max(np.abs(decisions["pauli"] - decisions["z"])) > 1e-3


def test_given_maps_are_cloned_and_functions_kept(states_asked_for):
    feature_map = ZZFeatureMap(entanglement="linear", bandwidth=BANDWIDTH)
    clf = QuantumKernelSVC(feature_map).fit(X, LABELS[2])
    wanted = clf.decision_function(X_NEW)
    assert clf.feature_map_ is not feature_map
    feature_map.bandwidth = 2.0
    np.testing.assert_array_equal(clf.decision_function(X_NEW), wanted)
    by_function = QuantumKernelSVC(zz_states).fit(X, LABELS[2])
    assert by_function.feature_map_ is zz_states
    assert by_function.bandwidth_ is None
    np.testing.assert_allclose(by_function.decision_function(X_NEW), wanted, atol=1e-10)


@pytest.mark.parametrize(
    "data, lowest",
    [
        (make_moons(200, noise=0.2, random_state=0), 0.7),
        (load_breast_cancer(return_X_y=True), 0.96),
        (load_digits(return_X_y=True), 0.93),
    ],
    ids=["2 features", "30 features", "64 features"],
)
def test_defaults_classify(data, lowest):
    model = make_pipeline(StandardScaler(), QuantumKernelSVC())
    assert cross_val_score(model, *data, cv=3).mean() > lowest


def test_ad_hoc_data():
    """What the map was made for. RBF kernels find two thirds of it."""
    scores, others = [], []
    clf = QuantumKernelSVC(entanglement="full", bandwidth=1.0, C=10)
    for seed in range(10):
        rows, y = make_ad_hoc(140, random_state=seed)
        train, test = slice(40), slice(40, None)
        scores.append(clf.fit(rows[train], y[train]).score(rows[test], y[test]))
        others.append(SVC(C=10).fit(rows[train], y[train]).score(rows[test], y[test]))
    assert np.mean(scores) > 0.98
    assert np.mean(others) < 0.85


# What is computed and kept.


def test_predictions_touch_support_vectors_only():
    kernel = KernelOfRecord(partial(fidelity_kernel, feature_map=ZZFeatureMap()))
    clf = QuantumKernelSVC(kernel=kernel, psd=None).fit(X, LABELS[2])
    clf.predict(X_NEW)
    n_support = clf.n_support_.sum()
    assert n_support < 60
    assert kernel.shapes == [(60, 60), (40, n_support)]
    kept = [v for v in vars(clf).values() if isinstance(v, np.ndarray) and v.ndim == 2]
    assert all(v.shape != X.shape for v in kept)
    assert clf._kept is clf.support_vectors_
    again = pickle.loads(pickle.dumps(QuantumKernelSVC().fit(X, LABELS[2])))
    assert again._kept is again.support_vectors_


def test_states_are_prepared_once_a_fit(states_asked_for):
    clf = QuantumKernelSVC(zz_states).fit(X, LABELS[4])
    assert states_asked_for == [60]
    clf.predict(X_NEW)
    assert states_asked_for == [60, 40, clf.n_support_.sum()]


@pytest.mark.parametrize("as_path", [True, False])
def test_memory_computes_each_kernel_once_over_a_grid(as_path, tmp_path, monkeypatch):
    memory = str(tmp_path) if as_path else Memory(tmp_path, verbose=0)
    calls = []

    def counted(*arguments, **options):
        if arguments[2] is None:
            calls.append(arguments)
        return fidelity_matrix(*arguments, **options)

    fidelity_matrix = _row_kernel.fidelity_matrix
    monkeypatch.setattr(_row_kernel, "fidelity_matrix", counted)
    grid = {"C": [0.1, 1.0, 10.0, 100.0]}
    searches = [
        GridSearchCV(QuantumKernelSVC(memory=m), grid, cv=3).fit(X, LABELS[4])
        for m in (None, memory)
    ]
    # A fit for each C and fold, and the last one of all rows.
    assert len(calls) == (4 * 3 + 1) + (3 + 1)
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    # Another bandwidth is another kernel.
    QuantumKernelSVC(memory=memory, bandwidth=0.01).fit(X, LABELS[4])
    QuantumKernelSVC(memory=memory, bandwidth=0.01, n_jobs=2).fit(X, LABELS[2])
    assert len(calls) == 18
    for reps in (1, 2, 2):
        QuantumKernelSVC(ZZFeatureMap(reps), memory=memory).fit(X, LABELS[2])
    assert len(calls) == 20


def product_of_deviations(columns):
    """A data map of a user's."""
    return np.prod(1 - columns, axis=1)


@pytest.mark.parametrize(
    "parameters, name",
    [
        ({"kernel": fidelity_kernel}, "kernel"),
        ({"feature_map": zz_states}, "feature_map"),
        (
            {"feature_map": ZZFeatureMap(data_map=product_of_deviations)},
            "the data_map of feature_map",
        ),
    ],
    ids=["kernel", "feature map", "data map"],
)
def test_memory_refuses_functions_of_users(parameters, name, tmp_path):
    """They are hashed by name: one that has changed would find the kernel of another."""
    clf = QuantumKernelSVC(**parameters).fit(X, LABELS[2])
    before = snapshot(clf)
    clf.set_params(memory=str(tmp_path))
    with pytest.raises(ValueError, match=f"^memory .* and {name} is .*memory at None"):
        clf.fit(X[:20], LABELS[4][:20])
    assert snapshot(clf.set_params(memory=None)) == before
    assert not list(tmp_path.iterdir())


def test_grid_search_in_a_pipeline():
    model = make_pipeline(StandardScaler(), QuantumKernelSVC())
    grid = {
        "quantumkernelsvc__bandwidth": [0.05, 0.3, "alignment"],
        "quantumkernelsvc__reps": [1, 2],
        "quantumkernelsvc__C": [0.1, 10.0],
        "quantumkernelsvc__feature_map": ["zz", "z"],
    }
    alone, together = (
        GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, error_score="raise")
        for n_jobs in (None, 2)
    )
    alone.fit(X, LABELS[2])
    together.fit(X, LABELS[2])
    scores = [s.cv_results_["mean_test_score"] for s in (alone, together)]
    np.testing.assert_array_equal(*scores)
    assert len(np.unique(scores)) > 1
    of_object = {"feature_map__bandwidth": [0.1, 0.5], "feature_map__reps": [1, 3]}
    search = GridSearchCV(QuantumKernelSVC(ZZFeatureMap()), of_object, cv=2)
    assert search.fit(X, LABELS[2]).best_estimator_.feature_map_.reps in (1, 3)


def test_sample_weight_is_validated_before_any_kernel():
    kernel = KernelOfRecord(fidelity_kernel)
    clf = QuantumKernelSVC(kernel=kernel)
    bad = np.ones(60)
    for weights, message in (
        (np.ones(59), "sample_weight"),
        (np.r_[np.nan, np.ones(59)], "sample_weight|NaN"),
        (np.r_[-1, np.ones(59)], "[Nn]egative"),
        (np.zeros(60), "non-zero|y has 0 class"),
        (np.where(LABELS[2] == "yes", bad, 0), "y has 1 class in rows of positive"),
    ):
        with pytest.raises(ValueError, match=message):
            clf.fit(X, LABELS[2], sample_weight=weights)
    assert kernel.shapes == []


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_rows_of_weight_zero_are_no_rows(class_weight):
    y, weights = LABELS[4], RNG.uniform(0, 2, 60)
    weights[(y == 1) | (np.arange(60) % 5 == 0)] = 0
    kept = weights > 0
    clf = QuantumKernelSVC(class_weight=class_weight).fit(X, y, sample_weight=weights)
    other = clone(clf).fit(X[kept], y[kept], sample_weight=weights[kept])
    np.testing.assert_array_equal(clf.classes_, [0, 2, 3])
    np.testing.assert_array_equal(
        clf.decision_function(X_NEW), other.decision_function(X_NEW)
    )
    np.testing.assert_array_equal(clf.support_, np.flatnonzero(kept)[other.support_])
    np.testing.assert_array_equal(clf.support_vectors_, X[clf.support_])
    assert clf.shape_fit_ == X.shape


@pytest.mark.parametrize("shots", [None, 100])
@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_independent_of_threads_and_working_memory(kernel, shots):
    shots = shots if kernel == "fidelity" else None
    clf = QuantumKernelSVC(kernel=kernel, shots=shots, random_state=0, n_jobs=1)
    wanted = clf.fit(X, LABELS[4]).decision_function(X_NEW)
    for n_jobs in (2, 3):
        other = clone(clf).set_params(n_jobs=n_jobs).fit(X, LABELS[4])
        np.testing.assert_array_equal(other.decision_function(X_NEW), wanted)
    with config_context(working_memory=0.003):
        found = clf.decision_function(X_NEW)
    np.testing.assert_allclose(found, wanted, atol=1e-12)


# Shots and kernels of users.


@pytest.mark.parametrize("psd", ["clip", None])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_shots_step_by_step(n_classes, psd):
    y, shots = LABELS[n_classes], 50
    clf = QuantumKernelSVC(bandwidth=BANDWIDTH, shots=shots, psd=psd, random_state=3)
    clf.fit(X, y)
    kernel, new_kernel = kernels_of(clf, X_NEW)
    rngs = [generator(seed_from(3), stream) for stream in (0, 1)]
    kernel = sample_kernel(kernel, shots, rngs[0], symmetric=True)
    assert np.linalg.eigvalsh(kernel)[0] < -0.1
    support = SVC(kernel="precomputed").fit(kernel, y).support_
    if psd is None:
        # Draws for support vectors only.
        new_kernel[:, support] = sample_kernel(
            new_kernel[:, support], shots, rngs[1], symmetric=False
        )
        assert len(clf._kept) == len(support)
    else:
        kernel, row_map = psd_projection(kernel)
        new_kernel = sample_kernel(new_kernel, shots, rngs[1], symmetric=False) @ row_map
        assert len(clf._kept) == 60
    svc = SVC(kernel="precomputed").fit(kernel, y)
    wanted = svc.decision_function(new_kernel)
    np.testing.assert_allclose(clf.decision_function(X_NEW), wanted, atol=1e-10)
    np.testing.assert_array_equal(clf.predict(X_NEW), svc.predict(new_kernel))


def test_random_state_decides_whether_predictions_repeat():
    clf = QuantumKernelSVC(bandwidth=BANDWIDTH, shots=100).fit(X, LABELS[2])
    assert np.any(clf.decision_function(X_NEW) != clf.decision_function(X_NEW))
    for fixed in (5, np.random.RandomState(5)):
        clf.set_params(random_state=fixed).fit(X, LABELS[2])
        first, second = clf.decision_function(X_NEW), clf.decision_function(X_NEW)
        assert np.array_equal(first, second) == isinstance(fixed, int)


def chances_of_noise(clf, n_calls):
    """Upper tails of the mean and of the variance of decisions over calls, from the law.

    Given the fit, a decision is a sum of independent binomials, coefficients times K.
    """
    decisions = np.array([clf.decision_function(X_NEW) for _ in range(n_calls)])
    exact = fidelity_kernel(X_NEW, clf._kept, feature_map=clf.feature_map_)
    mean = (exact @ clf._coefficients + clf.intercept_)[:, 0]
    variance = (exact * (1 - exact)) @ clf._coefficients[:, 0] ** 2 / clf.shots
    of_mean = np.sum((decisions.mean(axis=0) - mean) ** 2 / variance) * n_calls
    of_variance = np.sum(np.var(decisions, axis=0) / variance) * n_calls
    n = len(X_NEW)
    return stats.chi2.sf(of_mean, n), stats.chi2.sf(of_variance, n * (n_calls - 1))


# How predictions could be measured, and whether that is right.
MEASUREMENTS = {
    "right": (sample_kernel, True),
    "mutant: exact": (lambda kernel, *_, **__: kernel, False),
    "mutant: half the shots": (
        lambda kernel, shots, rng, symmetric: sample_kernel(
            kernel, shots // 2, rng, symmetric=symmetric
        ),
        False,
    ),
    "mutant: biased": (
        lambda kernel, shots, rng, symmetric: sample_kernel(
            0.98 * kernel, shots, rng, symmetric=symmetric
        ),
        False,
    ),
}


@pytest.mark.parametrize("case", MEASUREMENTS)
@pytest.mark.parametrize("psd", ["clip", None])
def test_noise_of_predictions(psd, case, monkeypatch):
    """Two-sided at 1e-6 each: a right one fails with a chance below 4e-6."""
    measure, is_right = MEASUREMENTS[case]
    clf = QuantumKernelSVC(bandwidth=BANDWIDTH, shots=400, psd=psd)
    clf.set_params(random_state=np.random.RandomState(0)).fit(X, LABELS[2])
    monkeypatch.setattr(_svc, "sample_kernel", measure)
    chances = chances_of_noise(clf, 200)
    assert all(1e-6 < chance < 1 - 1e-6 for chance in chances) == is_right


def test_more_shots_come_nearer():
    exact = QuantumKernelSVC(bandwidth=BANDWIDTH).fit(X, LABELS[2])
    errors = []
    for shots in (100, 10_000, 1_000_000):
        clf = QuantumKernelSVC(bandwidth=BANDWIDTH, shots=shots, random_state=0)
        noisy = clf.fit(X, LABELS[2]).decision_function(X_NEW)
        errors.append(np.abs(noisy - exact.decision_function(X_NEW)).mean())
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_indefinite_kernels_of_users_are_projected():
    def sigmoid(rows, others):
        return np.tanh(rows @ others.T - 1)

    clf = QuantumKernelSVC(kernel=sigmoid).fit(X, LABELS[2])
    kernel = sigmoid(X, X)
    assert np.linalg.eigvalsh(kernel)[0] < -1
    projected, row_map = psd_projection(kernel)
    svc = SVC(kernel="precomputed").fit(projected, LABELS[2])
    wanted = svc.decision_function(sigmoid(X_NEW, X) @ row_map)
    np.testing.assert_allclose(clf.decision_function(X_NEW), wanted, atol=1e-10)
    raw = QuantumKernelSVC(kernel=sigmoid, psd=None).fit(X, LABELS[2])
    assert np.max(np.abs(raw.decision_function(X_NEW) - wanted)) > 1e-3
    assert clf.feature_map_ is None and clf.bandwidth_ is None


@pytest.mark.parametrize(
    "values, message",
    [
        (lambda rows, others: rows, r"shape \(n_samples_X, n_samples_Y\), here \(60, 60\)"),
        (lambda rows, others: np.full((60, 60), np.nan), "NaN"),
        (lambda rows, others: np.full((60, 60), 1j), "complex128"),
    ],
)
def test_bad_kernels_of_users(values, message):
    with pytest.raises(ValueError, match=f"^kernel .*{message}"):
        QuantumKernelSVC(kernel=values).fit(X, LABELS[2])


# Alignment and concentration.


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_alignment(kernel):
    clf = QuantumKernelSVC(bandwidth="alignment", kernel=kernel, gamma=0.5, random_state=0)
    clf.fit(X, LABELS[2])
    wanted = align_bandwidth(
        X,
        LABELS[2],
        feature_map=ZZFeatureMap(entanglement="linear"),
        kernel=kernel,
        gamma=0.5,
        random_state=0,
    )
    assert clf.bandwidth_ == clf.feature_map_.bandwidth == wanted
    fixed = clone(clf).set_params(bandwidth=wanted).fit(X, LABELS[2])
    np.testing.assert_array_equal(
        clf.decision_function(X_NEW), fixed.decision_function(X_NEW)
    )


def test_random_state_chooses_the_rows_that_are_aligned():
    rows = np.random.default_rng(0).standard_normal((600, 2))
    y = np.linalg.norm(rows, axis=1) > 1.2
    found = [
        QuantumKernelSVC(bandwidth="alignment", random_state=seed).fit(rows, y).bandwidth_
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1] != found[2]


def test_alignment_takes_no_notice_of_weights_but_zero():
    weights = np.r_[np.zeros(20), RNG.uniform(0.1, 10, 40)]
    clf = QuantumKernelSVC(bandwidth="alignment", random_state=0)
    weighted = clone(clf).fit(X, LABELS[2], sample_weight=weights)
    assert weighted.bandwidth_ == clf.fit(X[20:], LABELS[2][20:]).bandwidth_
    assert weighted.bandwidth_ != clf.fit(X, LABELS[2]).bandwidth_


def test_concentration_warns():
    rows = RNG.standard_normal((50, 20))
    y = np.arange(50) % 2
    with pytest.warns(UserWarning, match="concentrated"):
        QuantumKernelSVC(bandwidth=2.0).fit(rows, y)
    with pytest.warns(UserWarning, match="1 / shots"):
        QuantumKernelSVC(bandwidth=2.0, shots=100, random_state=0).fit(rows, y)


def test_concentration_of_a_callable_kernel_does_not_warn(recwarn):
    QuantumKernelSVC(kernel=lambda rows, _: np.eye(len(rows))).fit(X, LABELS[2])
    assert not recwarn


# Errors, and what is left after them.

REFUSED = {
    "map with flat values": ({"feature_map": ZZFeatureMap(), "reps": 2}, "^reps"),
    "map with alignment": (
        {"feature_map": ZZFeatureMap(), "bandwidth": "alignment"},
        '^bandwidth="alignment" .* feature_map by name, or call align_bandwidth',
    ),
    "function with alignment": (
        {"feature_map": zz_states, "bandwidth": "alignment"},
        '^bandwidth="alignment" .* feature_map by name, or call align_bandwidth',
    ),
    "function with flat values": (
        {"feature_map": zz_states, "entanglement": "full"},
        "^entanglement",
    ),
    "no such parameter": ({"feature_map": "z", "entanglement": "full"}, "no entanglement"),
    "kernel with reps": (
        {"kernel": fidelity_kernel, "reps": 1},
        "^reps .* leave it at None",
    ),
    "kernel with map": (
        {"kernel": fidelity_kernel, "feature_map": ZZFeatureMap()},
        "^feature_map .* leave it at 'zz'",
    ),
    "shots of the projected kernel": (
        {"kernel": "projected", "shots": 10},
        "^shots .* leave shots at None",
    ),
    "shots of a callable": ({"kernel": fidelity_kernel, "shots": 10}, "^shots"),
    "dtype": ({"dtype": np.dtype(int)}, "^dtype must be float64 or float32"),
    "transfer": ({"method": "transfer", "entanglement": "full"}, "^method"),
    "C": ({"C": 0}, "'C'"),
    "n_jobs": ({"n_jobs": 0}, "^n_jobs"),
    "bandwidth": ({"bandwidth": -1.0}, "'bandwidth'"),
    "psd": ({"psd": "shift"}, "'psd'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_and_nothing_lost(case):
    parameters, message = REFUSED[case]
    clf = QuantumKernelSVC().fit(X, LABELS[2])
    wanted = clf.decision_function(X_NEW)
    rows = RNG.standard_normal((20, 5))
    with pytest.raises(ValueError, match=message):
        clf.set_params(**parameters).fit(rows, np.arange(20) % 3)
    clf.set_params(**{name: getattr(QuantumKernelSVC(), name) for name in parameters})
    np.testing.assert_array_equal(clf.decision_function(X_NEW), wanted)
    np.testing.assert_array_equal(clf.classes_, ["no", "yes"])


@pytest.mark.parametrize(
    "rows, y",
    [
        (X[:, :2] * np.nan, LABELS[2]),
        (sparse.csr_array(X[:, :2]), LABELS[2]),
        (X[:, :2], np.ones(60)),
        (X[:, :2], X[:, 0]),
        (X[:, :2], LABELS[2][:50]),
        (X[:, :2], None),
    ],
    ids=["nan", "sparse", "one class", "continuous", "short", "no labels"],
)
def test_failed_refit_leaves_all_as_it_was(rows, y):
    clf = QuantumKernelSVC().fit(X, LABELS[2])
    before = snapshot(clf)
    with pytest.raises((ValueError, TypeError)):
        clf.fit(rows, y)
    assert snapshot(clf) == before


def test_one_class_without_weights_is_told_without_them():
    with pytest.raises(ValueError, match=r"^y has 1 class: give rows of at least two"):
        QuantumKernelSVC().fit(X, np.ones(60))


def test_many_qubits_are_refused_before_any_state(monkeypatch):
    def no_states(*_):
        raise AssertionError

    rows = RNG.standard_normal((20, 40))
    for module in (_fidelity, _projected):
        monkeypatch.setattr(module, "prepare_states", no_states)
    for kernel in ("fidelity", "projected"):
        clf = QuantumKernelSVC(entanglement="full", kernel=kernel)
        with pytest.raises(ValueError) as error:
            clf.fit(rows, np.arange(20) % 2)
        for part in ('entanglement="linear"', 'kernel="projected"', "max_qubits=20"):
            assert part in str(error.value)
    QuantumKernelSVC().fit(rows, np.arange(20) % 2)


@pytest.mark.usefixtures("heard_interrupts")
def test_ctrl_c_stops_a_fit_and_nothing_is_lost():
    """The kernel alone would take half a minute or more."""
    rows, y = RNG.standard_normal((4000, 14)), np.arange(4000) % 2
    clf = QuantumKernelSVC(entanglement="full").fit(X, LABELS[2])
    before = snapshot(clf)
    timer = threading.Timer(1, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        clf.set_params(method="statevector").fit(rows, y)
    assert snapshot(clf.set_params(method="auto")) == before


# scikit-learn's habits.


@pytest.mark.parametrize(
    "labels",
    [["b", "a"], [True, False], [2, 1], [1.0, -1.0], np.array(["b", "a"], object)],
    ids=["str", "bool", "int", "float", "object"],
)
def test_labels_of_any_type(labels):
    y = np.asarray(labels)[(X[:, 0] > 0).astype(int)]
    clf = QuantumKernelSVC().fit(X, y)
    assert clf.classes_.dtype == y.dtype
    assert clf.score(X, y) > 0.8
    assert clf.fit(X, y.tolist()).score(X, y) > 0.8


def test_frames_and_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    clf = QuantumKernelSVC().fit(frame, LABELS[2])
    assert list(clf.feature_names_in_) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(frame[["b", "a", "c"]])
    clf.fit(X, LABELS[2])
    assert not hasattr(clf, "feature_names_in_")


def test_parameters_set_after_a_fit_wait_for_the_next():
    clf = QuantumKernelSVC(kernel="projected", shots=None).fit(X, LABELS[2])
    wanted = clf.decision_function(X_NEW)
    changes = {"kernel": "fidelity", "gamma": 9.0, "dtype": np.float32, "bandwidth": 2.0}
    clf.set_params(**changes, shots=10, psd=None, feature_map="z")
    np.testing.assert_array_equal(clf.decision_function(X_NEW), wanted)


def test_rows_are_copied():
    rows = X.copy()
    clf = QuantumKernelSVC(shots=100, random_state=0).fit(rows, LABELS[2])
    wanted = clf.decision_function(X_NEW)
    rows[:] = 0
    np.testing.assert_array_equal(clf.decision_function(X_NEW), wanted)
