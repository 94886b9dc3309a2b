"""The variational classifier: what it learns, and how it behaves as an estimator."""

import pickle
import signal
import threading
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_kernelx.quantum import (
    IQPFeatureMap,
    VariationalQuantumClassifier,
    ZZFeatureMap,
    make_ad_hoc,
)
from sklearn_kernelx.quantum._losses import Readout, misclassification

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])


def quick(**parameters):
    """A classifier of few iterations, converged or not."""
    return VariationalQuantumClassifier(
        **{"random_state": 0, "max_iter": 15, "n_layers": 2, **parameters}
    )


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def ad_hoc_accuracy(**parameters):
    """Mean over five data sets of 20 + 20 training rows and 50 + 50 others."""
    scores = []
    for seed in range(5):
        data, labels = make_ad_hoc(140, 2, gap=0.3, random_state=seed)
        split = train_test_split(
            data, labels, train_size=40, stratify=labels, random_state=seed
        )
        clf = VariationalQuantumClassifier(bandwidth=1.0, random_state=seed, **parameters)
        scores.append(clf.fit(split[0], split[2]).score(split[1], split[3]))
    return np.mean(scores)


@pytest.mark.parametrize("loss", ["cross_entropy", "misclassification"])
@pytest.mark.parametrize(
    "solver",
    [{}, {"solver": "spsa", "shots": 1024, "max_iter": 250}],
    ids=["lbfgs", "spsa"],
)
def test_ad_hoc_data_are_learned(loss, solver):
    """Measured: 0.995 and more for each of ten data sets."""
    assert ad_hoc_accuracy(loss=loss, **solver) >= 0.97


def test_ad_hoc_data_need_entangling_layers():
    """The mutant: rotations of single qubits only."""
    assert ad_hoc_accuracy(n_layers=0) < 0.9


def test_three_classes_of_real_data():
    """Measured: 0.95."""
    clf = make_pipeline(
        StandardScaler(), VariationalQuantumClassifier(n_layers=2, random_state=0)
    )
    assert cross_val_score(clf, *load_iris(return_X_y=True), cv=3).mean() > 0.9


@pytest.mark.parametrize("loss", ["cross_entropy", "misclassification"])
@pytest.mark.parametrize("labels", [Y, THREE], ids=["two classes", "three"])
def test_predictions_agree(labels, loss):
    clf = quick(loss=loss).fit(X, labels)
    scores, probabilities = clf.decision_function(X), clf.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    codes = np.argmax(probabilities, axis=1)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[codes])
    if len(clf.classes_) == 2:
        logs = np.log(probabilities)
        np.testing.assert_allclose(scores, logs[:, 1] - logs[:, 0], atol=1e-12)
        np.testing.assert_array_equal(codes, scores > 0)
    else:
        assert scores.shape == (60, 3)
        np.testing.assert_array_equal(codes, np.argmax(scores, axis=1))


def test_the_cost_is_the_log_loss_of_the_training_rows_with_the_penalty():
    clf = quick(alpha=0.5).fit(X, THREE)
    expected = log_loss(THREE, clf.predict_proba(X)) + 0.5 * clf.scale_**2 / (2 * len(X))
    assert clf.loss_curve_[-1] == pytest.approx(expected, rel=1e-10)
    assert clf.loss_curve_ == sorted(clf.loss_curve_, reverse=True)
    assert clf.n_iter_ == len(clf.loss_curve_) <= 15


def test_the_cost_of_misclassification_is_the_mean_of_the_loss():
    clf = quick(loss="misclassification", alpha=5.0).fit(X, THREE)
    probabilities = (clf.decision_function(X) - clf.bias_) / clf.scale_
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    readout = Readout(1.0, clf.bias_ / clf.scale_)
    expected = misclassification(probabilities, THREE, readout).total / len(X)
    assert clf.loss_curve_[-1] == pytest.approx(expected, rel=1e-8)


def test_probabilities_after_misclassification_beat_guessing():
    clf = quick(loss="misclassification", max_iter=60).fit(X, Y)
    assert log_loss(Y, clf.predict_proba(X)) < np.log(2)


def test_the_penalty_bounds_the_scale():
    weak, strong = (quick(alpha=a, max_iter=60).fit(X, Y).scale_ for a in (0, 10))
    assert 0 < abs(strong) < abs(weak)


def test_fitted_attributes():
    clf = quick().fit(X, THREE)
    assert clf.angles_.shape == (3, 2, 3)
    assert clf.bias_.shape == (3,)
    assert clf.feature_map_.get_params()["bandwidth"] == pytest.approx(0.2 / np.sqrt(3))
    assert clf.feature_map_.entanglement == "linear"


def test_more_classes_than_outcomes_take_more_qubits():
    clf = quick(max_iter=50).fit(X[:, :1], np.digitize(X[:, 0], [-1, -0.3, 0.3, 1]))
    assert clf.angles_.shape == (3, 2, 3)
    assert len(set(clf.predict(X[:, :1]))) >= 3


def test_one_class_is_refused():
    clf = quick().fit(X, THREE)
    before = vars(clf).copy()
    with pytest.raises(ValueError, match=r"^y has 1 class: give rows of at least two"):
        clf.fit(X[:, :2], np.full(60, "a"))
    assert vars(clf).keys() == before.keys()
    assert all(value is before[name] for name, value in vars(clf).items())


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"])[Y],
        np.array(["no", "yes"], dtype=object)[Y],
        Y.astype(bool),
        Y.astype(float),
        10 * Y - 3,
    ],
    ids=["str", "object", "bool", "float", "int"],
)
def test_labels_of_any_type(labels):
    clf = quick().fit(X, labels)
    found = clf.predict(X)
    assert found.dtype == labels.dtype
    np.testing.assert_array_equal(found == clf.classes_[1], quick().fit(X, Y).predict(X))


def test_a_feature_map_of_its_own():
    feature_map = IQPFeatureMap(reps=1, bandwidth=0.2)
    clf = quick(feature_map=feature_map).fit(X, Y)
    assert clf.feature_map_ is not feature_map
    expected = clf.decision_function(X)
    feature_map.set_params(bandwidth=2.0)
    clf.set_params(n_layers=7, loss="misclassification")
    np.testing.assert_array_equal(clf.decision_function(X), expected)
    for name, value in {"bandwidth": 1.0, "reps": 2, "entanglement": "full"}.items():
        with pytest.raises(ValueError, match=f"{name} is for named feature maps"):
            quick(feature_map=feature_map, **{name: value}).fit(X, Y)


def test_a_function_that_returns_states():
    feature_map = ZZFeatureMap(bandwidth=0.1, entanglement="linear")
    expected = quick(feature_map=feature_map).fit(X, THREE)
    clf = quick(feature_map=feature_map.statevectors).fit(X, THREE)
    np.testing.assert_allclose(
        clf.decision_function(X), expected.decision_function(X), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("dtypes", [("float64", np.float32), (np.float32, "float64")])
@pytest.mark.parametrize("as_function", [False, True])
def test_predictions_do_not_depend_on_parameters_set_later(as_function, dtypes):
    feature_map = ZZFeatureMap(bandwidth=0.1)
    if as_function:
        feature_map = feature_map.statevectors
    clf = quick(feature_map=feature_map, dtype=dtypes[0]).fit(X, THREE)
    expected = clf.decision_function(X)
    clf.set_params(dtype=dtypes[1], max_qubits=1, n_jobs=2)
    np.testing.assert_array_equal(clf.decision_function(X), expected)


def test_all_named_maps_take_one_feature():
    for name in ("zz", "z", "pauli", "iqp"):
        quick(feature_map=name, max_iter=2).fit(X[:, :1], Y)


def test_states_that_are_not_of_qubits_are_widened():
    def three_amplitudes(rows):
        states = np.exp(1j * rows[:, :3])
        return states / np.sqrt(3)

    assert quick(feature_map=three_amplitudes).fit(X, Y).angles_.shape[2] == 2


def test_a_function_that_changes_the_number_of_amplitudes_is_refused():
    sizes = iter([2, 16])

    def changing(rows):
        size = next(sizes)
        return np.full((len(rows), size), size**-0.5, dtype=complex)

    clf = quick(feature_map=changing).fit(X, Y)
    with pytest.raises(ValueError, match=r"feature_map must return as many amplitudes"):
        clf.predict(X)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"shots": 100}, 'shots are for solver="spsa"'),
        ({"max_qubits": 2}, "max_qubits=2 .*PCA"),
        ({"max_qubits": 1}, "3 classes need 2 qubits .*raise max_qubits"),
        ({"feature_map": ZZFeatureMap(reps=0)}, "reps"),
        ({"bandwidth": -1.0}, "bandwidth"),
        ({"n_layers": -1}, "n_layers"),
        ({"dtype": np.float16}, "dtype"),
        ({"feature_map": "none"}, "feature_map"),
        ({"feature_map": "z", "entanglement": "full"}, "has no entanglement"),
        ({"n_jobs": 0}, "n_jobs"),
    ],
)
def test_refused(parameters, message):
    clf = quick().fit(X[:, :2], Y)
    before = clf.decision_function(X[:, :2])
    state = {k: v for k, v in vars(clf).items() if k.endswith("_")}
    clf.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        clf.fit(X, THREE)
    assert {k: v for k, v in vars(clf).items() if k.endswith("_")} == state
    clf.set_params(**{name: quick().get_params()[name] for name in parameters})
    np.testing.assert_array_equal(clf.decision_function(X[:, :2]), before)


def test_labels_that_are_none_are_refused():
    with pytest.raises(ValueError, match="Unknown label type"):
        quick().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="Unknown label type"):
        quick().fit(X, np.array([1, "a"] * 30, dtype=object))


def test_too_few_iterations_are_told():
    with pytest.warns(ConvergenceWarning, match="max_iter=1 .*Increase max_iter"):
        quick(max_iter=1).fit(X, Y)


def test_spsa_takes_all_iterations_without_a_warning(recwarn):
    clf = quick(solver="spsa", shots=10).fit(X, Y)
    assert clf.n_iter_ == 15
    assert not recwarn


def test_shots_are_used():
    costs = [quick(solver="spsa", shots=s).fit(X, Y).loss_curve_ for s in (None, 5, 10**8)]
    assert costs[1] != costs[0]
    np.testing.assert_allclose(costs[2][0], costs[0][0], atol=1e-3)


def test_random_state_decides():
    for options in ({}, {"solver": "spsa", "shots": 10}):
        first, second = (quick(**options).fit(X, Y) for _ in range(2))
        np.testing.assert_array_equal(first.angles_, second.angles_)
        other = quick(**options).set_params(random_state=1).fit(X, Y)
        assert np.any(first.angles_ != other.angles_)


def test_the_same_bits_for_any_number_of_threads():
    rows = np.hstack([X, X, X])
    first, *others = (quick(n_jobs=n, max_iter=3).fit(rows, Y) for n in (1, 2, 3))
    for clf in others:
        np.testing.assert_array_equal(clf.angles_, first.angles_)
        np.testing.assert_array_equal(
            clf.decision_function(rows), first.decision_function(rows)
        )


def test_single_precision_is_close():
    double, single = (quick(dtype=d, max_iter=3).fit(X, Y) for d in ("float64", np.float32))
    np.testing.assert_allclose(
        single.decision_function(X), double.decision_function(X), atol=1e-3
    )


def test_predictions_do_not_depend_on_other_rows_or_on_working_memory():
    rows = np.random.default_rng(0).standard_normal((600, 8))
    clf = quick(max_iter=2).fit(rows, rows[:, 0] > 0)
    expected = clf.decision_function(rows)
    np.testing.assert_allclose(clf.decision_function(rows[300:303]), expected[300:303])
    with sklearn.config_context(working_memory=1):
        np.testing.assert_allclose(clf.decision_function(rows), expected)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rows_in_another_order_and_labels_renamed_give_the_same_fit(n_classes):
    """Up to rounding, which few iterations do not enlarge much."""
    labels = np.digitize(X[:, 0], [0, 0.6]) % n_classes
    expected = quick(max_iter=5).fit(X, labels)
    order = np.random.default_rng(0).permutation(len(X))
    found = quick(max_iter=5).fit(X[order], np.array(["a", "b", "c"])[labels[order]])
    np.testing.assert_allclose(found.angles_, expected.angles_, atol=1e-6)


def test_clone_and_pickle():
    clf = quick(feature_map=ZZFeatureMap(reps=1)).fit(X, Y)
    again = pickle.loads(pickle.dumps(clf))
    np.testing.assert_array_equal(again.predict_proba(X), clf.predict_proba(X))
    assert not hasattr(clone(clf), "angles_")


def test_callbacks_are_told():
    callback = pytest.importorskip("sklearn.callback")

    class Count(list):
        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "iteration":
                self.append(fitted_estimator.predict_proba(X[:2]))
                return len(self) == 4
            return False

    count = Count()
    assert isinstance(count, callback.FitCallback)
    for solver in ("lbfgs", "spsa"):
        count.clear()
        clf = quick(solver=solver).set_callbacks(count).fit(X, Y)
        assert clf.n_iter_ == len(count) == 4


@pytest.mark.usefixtures("heard_interrupts")
@pytest.mark.parametrize("solver", ["lbfgs", "spsa"])
def test_interrupts_leave_the_classifier_as_it_was(solver):
    clf = quick().fit(X, Y)
    before = clf.angles_
    clf.set_params(max_iter=10**6, solver=solver, tol=0.0, n_layers=3)
    rows = np.random.default_rng(0).standard_normal((2000, 8))
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        clf.fit(rows, rows[:, 0] > 0)
    timer.join()
    assert clf.angles_ is before
    assert clf.n_features_in_ == 3
