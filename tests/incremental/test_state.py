"""What becomes of the state: merged, taken out, stored, and kept where a call fails."""

import pickle
import signal
import tracemalloc
import warnings
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from ridge_oracles import indicators, joint_ridge, random_splits, relative_error
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_approximation import RBFSampler
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_kernelx import AnalyticIncrementalClassifier, AnalyticIncrementalRegressor
from sklearn_kernelx.incremental import _base

settings.register_profile("state", max_examples=30, deadline=None, derandomize=True)
settings.load_profile("state")
DIGITS, DIGIT_LABELS = load_digits(return_X_y=True)
DIGITS = DIGITS / 16
RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 4)) + 1
LABELS = np.array(["a", "b", "c", "d"])[RNG.integers(0, 4, 120)]
WEIGHTS = RNG.uniform(0.1, 3, 120)
KINDS = ["classes", "weighted classes", "balanced classes", "targets"]


def estimator(kind, **parameters):
    parameters = {"n_components": 30, "random_state": 0} | parameters
    if kind == "targets":
        return AnalyticIncrementalRegressor(**parameters)
    weight = {
        "classes": None,
        "weighted classes": {"b": 2.0, 3: 0.5},
        "balanced classes": "balanced",
    }[kind]
    return AnalyticIncrementalClassifier(class_weight=weight, **parameters)


def targets(kind, labels=LABELS):
    if kind == "targets":
        return indicators(labels) @ np.array([[1.0, 2], [3, 5], [0, 1], [4, 4]]) + X[:, :2]
    return labels


def assert_same(one, other, tolerance=1e-9):
    assert relative_error(one.coef_, other.coef_) < tolerance
    scale = np.abs(other.intercept_).max() + 1e-300
    assert_allclose(one.intercept_, other.intercept_, rtol=0, atol=tolerance * scale)
    assert one.n_samples_seen_ == other.n_samples_seen_
    if hasattr(one, "classes_"):
        assert_array_equal(one.classes_, other.classes_)
        assert_allclose(one.class_count_, other.class_count_, rtol=1e-10)


def snapshot(fitted):
    """Bits of all that determines what follows."""
    return pickle.dumps(fitted.__getstate__())


# merge, forget


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_merge_equals_fit(kind, fit_intercept):
    y = targets(kind)
    est = estimator(kind, fit_intercept=fit_intercept)
    parts = np.split(np.argsort(LABELS), [25, 70])
    fits = [clone(est).fit(X[p], y[p], sample_weight=WEIGHTS[p]) for p in parts]
    fits[0].predict(X)
    others = [snapshot(fit) for fit in fits[1:]]
    merged = fits[0].merge(fits[1]).merge(fits[2])
    assert merged is fits[0]
    assert [snapshot(fit) for fit in fits[1:]] == others
    joint = clone(est).fit(X, y, sample_weight=WEIGHTS)
    assert_same(merged, joint)
    # The merged one goes on by itself.
    merged.partial_fit(X[:7], y[:7])
    assert [snapshot(fit) for fit in fits[1:]] == others


@pytest.mark.parametrize("dtype, bound", [(np.float64, 1e-9), (np.float32, 1e-3)])
@pytest.mark.parametrize("alpha", [1, 0.1, 1e-3])
def test_merge_and_forget_round_trips(dtype, bound, alpha):
    clf = AnalyticIncrementalClassifier(200, alpha=alpha, random_state=0)
    features = clone(clf).fit(DIGITS, DIGIT_LABELS)._features.transform(DIGITS)
    coef, _ = joint_ridge(features[:900], indicators(DIGIT_LABELS[:900]), alpha)
    data = DIGITS.astype(dtype)
    parts = np.array_split(np.random.default_rng(0).permutation(900), 10)
    merged = clone(clf).fit(data[parts[0]], DIGIT_LABELS[parts[0]])
    for part in parts[1:]:
        merged.merge(clone(clf).fit(data[part], DIGIT_LABELS[part]))
    assert relative_error(merged.coef_, coef) < bound
    for rows in np.array_split(np.arange(900, 1797), 30):
        merged.partial_fit(data[rows], DIGIT_LABELS[rows])
    for rows in np.array_split(np.arange(900, 1797), 7):
        merged.forget(data[rows], DIGIT_LABELS[rows])
    assert merged.n_samples_seen_ == 900
    assert relative_error(merged.coef_, coef) < bound


@pytest.mark.parametrize("kind", KINDS)
def test_forget(kind):
    y = targets(kind)
    fitted = estimator(kind).fit(X, y, sample_weight=WEIGHTS)
    fitted.predict(X)
    gone, kept = np.arange(40), np.arange(40, 120)
    assert fitted.forget(X[gone], y[gone], sample_weight=WEIGHTS[gone]) is fitted
    assert_same(fitted, estimator(kind).fit(X[kept], y[kept], sample_weight=WEIGHTS[kept]))


@pytest.mark.parametrize("kind", KINDS)
def test_forget_everything(kind):
    y = targets(kind)
    fitted = estimator(kind)
    for rows in np.array_split(np.arange(120), 11):
        fitted.partial_fit(X[rows], y[rows], sample_weight=WEIGHTS[rows])
    fitted.forget(X, y, sample_weight=WEIGHTS)
    assert fitted.n_samples_seen_ == 0
    assert not fitted.coef_.any() and not np.any(fitted.intercept_)
    fitted.partial_fit(X, y)
    assert_same(fitted, estimator(kind).fit(X, y))
    empty = estimator(kind).fit(X, y).forget(X, y)
    assert_same(empty.merge(fitted), fitted)
    before = snapshot(fitted)
    empty.partial_fit(X[:5], y[:5])
    assert snapshot(fitted) == before
    assert_same(
        fitted.merge(estimator(kind).fit(X, y).forget(X, y)), estimator(kind).fit(X, y)
    )


@pytest.mark.parametrize("kind", ["classes", "weighted classes", "balanced classes"])
def test_forget_all_rows_of_a_class(kind):
    gone = LABELS == "b"
    fitted = estimator(kind).fit(X, LABELS).forget(X[gone], LABELS[gone])
    assert_array_equal(fitted.classes_, ["a", "b", "c", "d"])
    assert not fitted.coef_[1].any() and fitted.intercept_[1] == 0
    fitted.forget_class("b")
    assert_same(fitted, estimator(kind).fit(X[~gone], LABELS[~gone]))


def test_forget_class():
    fitted = estimator("balanced classes").fit(X, LABELS)
    fitted.predict(X)
    kept = LABELS != "c"
    assert_same(
        fitted.forget_class("c"), estimator("balanced classes").fit(X[kept], LABELS[kept])
    )
    assert_array_equal(fitted.classes_seen_in_batch_, ["a", "b", "d"])
    with pytest.raises(ValueError, match="'c' is not among classes_"):
        fitted.forget_class("c")
    fitted.partial_fit(X[~kept], LABELS[~kept])
    assert_same(fitted, estimator("balanced classes").fit(X, LABELS))
    fitted.forget_class("a").forget_class("b").forget_class("c")
    with pytest.raises(ValueError, match="'d' is the only class"):
        fitted.forget_class("d")


@pytest.mark.parametrize("kind", ["classes", "weighted classes"])
def test_forget_class_without_its_gram_matrix(kind):
    fitted = estimator(kind).fit(X, LABELS)
    before = snapshot(fitted)
    with pytest.raises(ValueError, match=r"forget\(X, y\).*'balanced'"):
        fitted.forget_class("c")
    assert snapshot(fitted) == before


def test_merge_with_itself_doubles_the_weights():
    fitted = estimator("classes").fit(X, LABELS)
    doubled = estimator("classes").fit(np.vstack([X, X]), np.append(LABELS, LABELS))
    assert_same(fitted.merge(fitted), doubled)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"random_state": 1}, "random_state"),
        ({"random_state": None}, "random_state"),
        ({"activation": "cos"}, "feature map"),
        ({"n_components": 31}, "feature map"),
        ({"gamma": 3.0}, "feature map"),
        ({"projection": "gaussian"}, "feature map"),
        ({"feature_map": RBFSampler(n_components=30, random_state=0)}, "feature map"),
        ({"fit_intercept": False}, "fit_intercept"),
        ({"dtype": np.float32}, "dtype"),
        ({"class_weight": "balanced"}, "class_weight"),
        ({"class_weight": {"a": 2.0}}, "class_weight"),
    ],
)
def test_what_cannot_be_merged(changed, message):
    one = estimator("classes").fit(X, LABELS)
    other = clone(one).set_params(**changed).fit(X, LABELS)
    states = snapshot(one), snapshot(other)
    for a, b in ((one, other), (other, one)):
        with pytest.raises(ValueError, match=message):
            a.merge(b)
    assert (snapshot(one), snapshot(other)) == states


def test_merge_without_a_seed():
    fits = [estimator("classes", random_state=None).fit(X, LABELS) for _ in range(2)]
    with pytest.raises(ValueError, match="same int"):
        fits[0].merge(fits[1])
    # Without anything random there is nothing to seed.
    fits = [
        estimator("classes", random_state=None, activation="identity").fit(X, LABELS)
        for _ in range(2)
    ]
    assert fits[0].merge(fits[1]).n_samples_seen_ == 240


def test_merge_of_other_things():
    pandas = pytest.importorskip("pandas")
    one = estimator("classes").fit(X, LABELS)
    with pytest.raises(TypeError, match="AnalyticIncrementalClassifier"):
        one.merge(estimator("targets").fit(X, targets("targets")))
    with pytest.raises(ValueError, match="3 features"):
        one.merge(estimator("classes").fit(X[:, :3], LABELS))
    named, renamed = (
        estimator("classes").fit(pandas.DataFrame(X, columns=list(names)), LABELS)
        for names in ("abcd", "abdc")
    )
    with pytest.raises(ValueError, match="other names"):
        named.merge(renamed)
    assert one.merge(named).n_samples_seen_ == 240
    strict = estimator("classes", new_classes="error").fit(X, LABELS)
    with pytest.raises(ValueError, match=r"'e'.*new_classes"):
        strict.merge(estimator("classes").fit(X, np.where(LABELS == "a", "e", LABELS)))


def test_merge_with_feature_maps():
    frozen = FrozenEstimator(StandardScaler().fit(X))
    for feature_map in (frozen, RBFSampler(random_state=0)):
        est = estimator("classes", feature_map=feature_map)
        parts = [clone(est).fit(X[p], LABELS[p]) for p in (slice(50), slice(50, None))]
        assert_same(parts[0].merge(parts[1]), clone(est).fit(X, LABELS), 1e-8)
    est = estimator("classes", feature_map=StandardScaler())
    parts = [clone(est).fit(X[p], LABELS[p]) for p in (slice(50), slice(50, None))]
    with pytest.raises(ValueError, match="FrozenEstimator"):
        parts[0].merge(parts[1])


def test_balanced_merge_respects_max_memory():
    parameters = {"n_components": 300, "max_memory": 2}
    one, other = (
        estimator("balanced classes", **parameters).fit(X[:10], labels)
        for labels in (["a", "b"] * 5, ["c", "d"] * 5)
    )
    before = snapshot(one)
    with pytest.raises(ValueError, match="max_memory"):
        one.merge(other)
    assert snapshot(one) == before


# storage


@pytest.mark.parametrize("kind", KINDS)
def test_pickles(kind):
    y = targets(kind)
    small = estimator(kind).fit(X, y)
    size = len(pickle.dumps(small))
    small.predict(X)
    for _ in range(3):
        small.partial_fit(X[:2], y[:2]).predict(X)
    assert abs(len(pickle.dumps(small)) - size) < 300
    large = estimator(kind).fit(np.tile(X, (50, 1)), np.concatenate([y] * 50))
    assert abs(len(pickle.dumps(large)) - size) < 300
    again = pickle.loads(pickle.dumps(small))
    assert_same(again, small, 1e-10)
    for est in (again, small):
        est.partial_fit(X[5:9], y[5:9])
    assert_same(again, small, 1e-12)


@pytest.mark.parametrize("make_copy", [copy, deepcopy])
def test_a_copy_is_independent(make_copy):
    fitted = estimator("classes").fit(X, LABELS)
    before = snapshot(fitted)
    make_copy(fitted).partial_fit(X, LABELS)
    assert snapshot(fitted) == before


def test_solutions_cannot_be_written_to():
    fitted = estimator("classes").fit(X, LABELS)
    for values in (fitted.coef_, fitted.intercept_):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0


def peak_memory(call):
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory():
    """Two packed triangles, the sums and the factor, and not n rows of features."""
    D = 1500
    data = np.random.default_rng(0).standard_normal((6000, 10))
    labels = np.arange(6000) % 8
    clf = AnalyticIncrementalClassifier(D, random_state=0)
    whole = 8 * D * D
    block = 8 * D * 2 * (_base.blocks_of(data, D).__next__().stop + 100)
    bound = 1.1 * whole + 3 * block + 20 * 8 * D * 8
    assert bound < 8 * 6000 * D

    def stream():
        for rows in np.array_split(np.arange(6000), 60):
            clf.partial_fit(data[rows], labels[rows])
        clf.predict(data)

    clf.partial_fit(data[:10], labels[:10])
    assert peak_memory(stream) < bound
    assert peak_memory(lambda: clf.fit(data, labels)) < 1.1 * whole + bound
    assert len(pickle.dumps(clf)) < 0.6 * whole + 20 * 8 * D * 8


def test_predictions_in_threads():
    clf = AnalyticIncrementalClassifier(200, random_state=0)
    clf.fit(DIGITS[:900], DIGIT_LABELS[:900]).predict(DIGITS[:1])
    clf.partial_fit(DIGITS[900:910], DIGIT_LABELS[900:910])
    expected = deepcopy(clf).decision_function(DIGITS)
    with ThreadPoolExecutor(8) as pool:
        for scores in pool.map(clf.decision_function, [DIGITS] * 8):
            assert_allclose(scores, expected, atol=1e-9)


# failures

BAD_BATCHES = {
    "NaN": lambda y: (np.where(X > 2, np.nan, X), y, {}),
    "features": lambda y: (X[:, :3], y, {}),
    "overflow": lambda y: (X * np.append(np.ones(119), 1e170)[:, np.newaxis], y, {}),
    "infinite features": lambda y: (X / np.abs(X).max() * 1.7e308, y, {}),
    "length": lambda y: (X, y[:-1], {}),
    "no targets": lambda y: (X, None, {}),
    "weights": lambda y: (X, y, {"sample_weight": -WEIGHTS}),
    "zero weights": lambda y: (X, y, {"sample_weight": 0 * WEIGHTS}),
    "huge weights": lambda y: (X, y, {"sample_weight": np.full(120, 1e308)}),
    "NaN targets": lambda y: (X, np.where(np.arange(120) == 7, np.nan, 1.0), {}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", BAD_BATCHES)
@pytest.mark.parametrize("block_rows", [None, 13])
def test_partial_fit_that_fails_changes_nothing(kind, case, block_rows, monkeypatch):
    if block_rows is not None:
        monkeypatch.setattr(
            _base, "blocks_of", lambda X, _: (slice(i, i + 20) for i in range(0, 120, 20))
        )
    y = targets(kind)
    bad_X, bad_y, parameters = BAD_BATCHES[case](y)
    unfitted = estimator(kind)
    before = snapshot(unfitted)
    fitted = estimator(kind, activation="relu").fit(X, y)
    coef = fitted.coef_
    known = snapshot(fitted)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for est in (unfitted, fitted):
            if case == "features" and est is unfitted:
                continue
            with pytest.raises((ValueError, TypeError)):
                est.partial_fit(bad_X, bad_y, **parameters)
    assert snapshot(fitted) == known
    assert fitted.coef_ is coef
    assert snapshot(unfitted) == before
    with pytest.raises(NotFittedError):
        unfitted.predict(X)
    unfitted.partial_fit(X, y)
    assert_same(unfitted, fitted)


def failing_at(limit):
    """A transformer that fails from some call on."""
    calls = []

    def transform(X):
        calls.append(len(X))
        if len(calls) > limit:
            raise RuntimeError("no more features")
        return X

    return FunctionTransformer(transform)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", [0, 1])
def test_a_feature_map_that_fails_in_a_later_block(kind, first, monkeypatch):
    monkeypatch.setattr(
        _base, "blocks_of", lambda X, _: (slice(i, i + 30) for i in range(0, len(X), 30))
    )
    y = targets(kind)
    # One call finds the number of features, each block takes one.
    est = estimator(kind, feature_map=failing_at(1 + first + 2))
    if first:
        est.partial_fit(X[:30], y[:30])
        coef = est.coef_
    before = snapshot_without_map(est)
    with pytest.raises(RuntimeError, match="no more features"):
        est.partial_fit(X, y)
    assert snapshot_without_map(est) == before
    if first:
        assert est.coef_ is coef
    else:
        with pytest.raises(NotFittedError):
            est.predict(X)


def snapshot_without_map(est):
    state = est.__getstate__()
    return pickle.dumps({k: v for k, v in state.items() if not k.startswith("feature_map")})


@pytest.mark.parametrize("kind", KINDS)
def test_fit_that_fails_leaves_the_estimator_unfitted(kind):
    fitted = estimator(kind).fit(X, targets(kind))
    with pytest.raises(ValueError):
        fitted.fit(np.full_like(X, np.nan), targets(kind))
    with pytest.raises(NotFittedError):
        fitted.predict(X)
    assert_same(fitted.fit(X, targets(kind)), estimator(kind).fit(X, targets(kind)))


def test_forget_that_fails_changes_nothing():
    fitted = estimator("classes").fit(X, LABELS)
    coef = fitted.coef_
    before = snapshot(fitted)
    for X_gone, y_gone, weights, message in (
        (X, np.where(LABELS == "a", "z", LABELS), None, "'z'"),
        (X, LABELS, np.full(120, 1.01), "weigh"),
        (X, np.full(120, "a"), None, "label 'a' weigh 120"),
        (X * np.nan, LABELS, None, "NaN"),
        (X[:, :2], LABELS, None, "features"),
        (X, np.arange(120), None, "numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            fitted.forget(X_gone, y_gone, sample_weight=weights)
        assert snapshot(fitted) == before
        assert fitted.coef_ is coef
    regressor = estimator("targets").fit(X, targets("targets"))
    with pytest.raises(ValueError, match="weigh"):
        regressor.forget(X, targets("targets"), sample_weight=np.full(120, 1.01))


@pytest.mark.usefixtures("heard_interrupts")
@pytest.mark.parametrize("kind", KINDS)
def test_interrupts_come_before_or_after_a_change(kind, monkeypatch):
    """Ctrl-C during the addition itself waits, one while features are made undoes all."""
    y = targets(kind)
    fitted, reference = (estimator(kind).fit(X, y) for _ in range(2))
    before = snapshot(fitted)
    make_features = _base.block_features

    def interrupted(*arguments):
        signal.raise_signal(signal.SIGINT)
        return make_features(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(_base, "block_features", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fitted.partial_fit(X, y)
    assert snapshot(fitted) == before
    add = type(fitted._sums).add

    def interrupted_add(*arguments):
        signal.raise_signal(signal.SIGINT)
        return add(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(type(fitted._sums), "add", interrupted_add)
        with pytest.raises(KeyboardInterrupt):
            fitted.partial_fit(X, y)
    assert snapshot(fitted) == snapshot(reference.partial_fit(X, y))


# what must hold for any data


@st.composite
def problems(draw):
    n = draw(st.integers(2, 40))
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((n, 3)) * draw(st.sampled_from([1, 1e-2, 30]))
    data += draw(st.sampled_from([0, 1, 100]))
    labels = rng.integers(0, draw(st.integers(1, 5)), n)
    weights = rng.integers(1, 4, n).astype(float)
    n_batches = draw(st.integers(1, n))
    batches = random_splits(n, n_batches, rng) if n_batches > 1 else [rng.permutation(n)]
    return data, labels, weights, batches


def property_estimator(draw_from, **parameters):
    parameters = {"n_components": 12, "random_state": 0, "alpha": 0.5} | parameters
    return AnalyticIncrementalClassifier(
        activation=draw_from["activation"],
        fit_intercept=draw_from["intercept"],
        class_weight=draw_from["class_weight"],
        **parameters,
    )


CHOICES = st.fixed_dictionaries(
    {
        "activation": st.sampled_from(["relu", "tanh", "cos", "gaussian", "identity"]),
        "intercept": st.booleans(),
        "class_weight": st.sampled_from([None, "balanced"]),
    }
)


def assert_scores_equal(one, other, data, tolerance=1e-7):
    scores = [clf.decision_function(data) for clf in (one, other)]
    assert_array_equal(one.classes_, other.classes_)
    assert_allclose(*scores, rtol=0, atol=tolerance * (1 + np.abs(scores[1]).max()))


@given(problems(), CHOICES)
def test_any_batches(problem, choices):
    data, labels, weights, batches = problem
    clf = property_estimator(choices)
    joint = clone(clf).fit(data, labels, sample_weight=weights)
    for rows in batches:
        clf.partial_fit(data[rows], labels[rows], sample_weight=weights[rows])
        clf.predict(data[:1])
    assert_scores_equal(clf, joint, data)


@given(problems(), CHOICES)
def test_weights_are_repetitions(problem, choices):
    data, labels, weights, _ = problem
    weighted = property_estimator(choices).fit(data, labels, sample_weight=weights)
    rows = np.repeat(np.arange(len(data)), weights.astype(int))
    assert_scores_equal(
        weighted, property_estimator(choices).fit(data[rows], labels[rows]), data
    )


@given(problems(), CHOICES, st.sampled_from([1e-3, 0.5, 1e3]))
def test_scale_of_weights_and_penalty(problem, choices, factor):
    data, labels, weights, _ = problem
    one = property_estimator(choices).fit(data, labels, sample_weight=weights)
    scaled = property_estimator(choices, alpha=0.5 * factor)
    scaled.fit(data, labels, sample_weight=factor * weights)
    assert_scores_equal(scaled, one, data)


@given(problems(), CHOICES)
def test_any_merge(problem, choices):
    data, labels, weights, batches = problem
    merged = None
    for rows in batches:
        part = property_estimator(choices)
        part.fit(data[rows], labels[rows], sample_weight=weights[rows])
        merged = part if merged is None else merged.merge(part)
    joint = property_estimator(choices).fit(data, labels, sample_weight=weights)
    assert_scores_equal(merged, joint, data)


@given(problems(), CHOICES)
def test_any_rows_forgotten(problem, choices):
    data, labels, weights, batches = problem
    kept = np.sort(batches[0])
    clf = property_estimator(choices).fit(data, labels, sample_weight=weights)
    for rows in batches[1:]:
        clf.forget(data[rows], labels[rows], sample_weight=weights[rows])
    # A class that has lost all rows stays.
    joint = property_estimator(choices).partial_fit(
        data[kept], labels[kept], classes=np.unique(labels), sample_weight=weights[kept]
    )
    assert_scores_equal(clf, joint, data, 1e-6)


@given(problems(), CHOICES)
def test_single_precision(problem, choices):
    data, labels, weights, _ = problem
    data = data - data.mean(axis=0)
    single, double = (
        property_estimator(choices, alpha=1.0).fit(array, labels, sample_weight=weights)
        for array in (data.astype(np.float32), data)
    )
    scores = [clf.decision_function(data) for clf in (single, double)]
    assert scores[0].dtype == np.float32
    assert_allclose(*scores, rtol=0, atol=1e-2)


@settings(max_examples=8)
@given(problems(), CHOICES, st.integers(2, 3))
def test_threads(problem, choices, n_jobs):
    data, labels, weights, batches = problem
    one, several = (property_estimator(choices, n_jobs=n) for n in (1, n_jobs))
    for rows in batches:
        for clf in (one, several):
            clf.partial_fit(data[rows], labels[rows], sample_weight=weights[rows])
            clf.predict(data[:1])
    assert_array_equal(one.decision_function(data), several.decision_function(data))
