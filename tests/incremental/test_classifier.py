"""The classifier against ridge regressions of all rows at once."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from ridge_oracles import (
    indicators,
    joint_ridge,
    precise_ridge,
    random_splits,
    relative_error,
)
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from sklearn_kernelx import AnalyticIncrementalClassifier

DIGITS, DIGIT_LABELS = load_digits(return_X_y=True)
DIGITS = DIGITS / 16
RNG = np.random.default_rng(0)
X = RNG.standard_normal((90, 4)) + 1
Y = np.array(["cat", "dog", "eel"])[np.argmax(X[:, :3] + RNG.random((90, 3)), axis=1)]
WEIGHTS = RNG.uniform(0.1, 3, 90)


def classifier(**parameters):
    return AnalyticIncrementalClassifier(
        **({"n_components": 20, "random_state": 0} | parameters)
    )


def identity(**parameters):
    return classifier(activation="identity", **parameters)


def features_of(fitted, X):
    return fitted._features.transform(X).astype(np.float64)


def errors_of_stream(n_components, dtype, n_batches, alphas):
    """Relative errors after a stream of digits, for each penalty."""
    data = DIGITS.astype(dtype)
    clf = classifier(n_components=n_components)
    for rows in random_splits(len(data), n_batches, np.random.default_rng(1)):
        clf.partial_fit(data[rows], DIGIT_LABELS[rows])
    exact = features_of(
        classifier(n_components=n_components).fit(DIGITS, DIGIT_LABELS), DIGITS
    )
    for alpha in alphas:
        clf.set_params(alpha=alpha)
        coef, intercept = joint_ridge(exact, indicators(DIGIT_LABELS), alpha)
        yield max(
            relative_error(clf.coef_, coef), relative_error(clf.intercept_, intercept)
        )


@pytest.mark.parametrize("dtype, bound", [(np.float64, 1e-9), (np.float32, 1e-3)])
@pytest.mark.parametrize("n_components", [150, 1000])
def test_batches_of_any_size_in_any_order_give_the_joint_fit(n_components, dtype, bound):
    n_batches = 1000 if n_components == 1000 else 300
    errors = list(errors_of_stream(n_components, dtype, n_batches, [1, 0.1, 1e-3]))
    assert max(errors) < bound


def test_a_sum_in_float32_would_not_pass():
    """The mutant: the Gram matrix of a joint fit, rounded to float32."""
    fitted = classifier(n_components=150).fit(DIGITS, DIGIT_LABELS)
    features = features_of(fitted, DIGITS)
    exact, _ = joint_ridge(features, indicators(DIGIT_LABELS), 0.1, fit_intercept=False)
    gram = (features.T @ features).astype(np.float32).astype(np.float64)
    cross = features.T @ indicators(DIGIT_LABELS)
    coef = np.linalg.solve(gram + 0.1 * np.eye(150), cross).T
    assert relative_error(coef, exact) > 1e-9


def test_sorted_classes_give_the_joint_fit():
    clf = classifier(n_components=100)
    for digits in np.arange(10).reshape(5, 2)[::-1]:
        rows = np.flatnonzero(np.isin(DIGIT_LABELS, digits))
        for batch in np.array_split(rows, 12):
            clf.partial_fit(DIGITS[batch], DIGIT_LABELS[batch])
        assert set(digits) <= set(clf.predict(DIGITS[rows]))
    assert_array_equal(clf.classes_, np.arange(10))
    coef, _ = joint_ridge(features_of(clf, DIGITS), indicators(DIGIT_LABELS), clf.alpha)
    assert relative_error(clf.coef_, coef) < 1e-9


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_extended_precision(fit_intercept, weights):
    clf = identity(fit_intercept=fit_intercept, alpha=0.5)
    for rows in np.array_split(np.arange(90), 7):
        part = None if weights is None else weights[rows]
        clf.partial_fit(X[rows], Y[rows], sample_weight=part)
    coef, intercept = precise_ridge(X, indicators(Y), 0.5, weights, fit_intercept)
    assert_allclose(clf.coef_, coef.astype(float), rtol=1e-12, atol=1e-14)
    assert_allclose(clf.intercept_, intercept.astype(float), rtol=1e-12, atol=1e-14)
    assert fit_intercept or not clf.intercept_.any()


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_equals_ridge_classifier(fit_intercept):
    ours = identity(alpha=2.0, fit_intercept=fit_intercept).fit(X, Y)
    theirs = RidgeClassifier(alpha=2.0, fit_intercept=fit_intercept).fit(X, Y)
    assert_array_equal(ours.predict(X), theirs.predict(X))
    if fit_intercept:
        # Their targets are -1 and 1.
        assert_allclose(2 * ours.coef_, theirs.coef_, rtol=1e-10, atol=1e-13)
        assert_allclose(2 * ours.intercept_ - 1, theirs.intercept_, rtol=1e-10)


def test_two_classes():
    labels = Y == "cat"
    ours = identity().fit(X, labels)
    theirs = RidgeClassifier(alpha=0.1).fit(X, labels)
    assert ours.coef_.shape == (2, 4) and ours.intercept_.shape == (2,)
    assert ours.decision_function(X).shape == (90,)
    assert_allclose(ours.decision_function(X), theirs.decision_function(X), atol=1e-12)
    assert_array_equal(ours.decision_function(X) > 0, ours.predict(X))
    assert ours.predict_proba(X).shape == (90, 2)


def test_one_class():
    clf = classifier().partial_fit(X, ["only"] * 90)
    assert_array_equal(clf.predict(X), ["only"] * 90)
    assert_allclose(clf.predict_proba(X), np.ones((90, 1)))
    assert clf.decision_function(X).shape == (90, 1)
    clf.partial_fit(X, Y)
    assert_array_equal(clf.classes_, ["cat", "dog", "eel", "only"])


def test_new_classes_are_inserted_in_order():
    clf = classifier().partial_fit(X[:1], ["m"]).partial_fit(X[1:3], ["z", "a"])
    assert_array_equal(clf.classes_, ["a", "m", "z"])
    assert_array_equal(clf.classes_seen_in_batch_, ["a", "z"])
    assert_array_equal(clf.class_count_, [1, 1, 1])
    assert clf.coef_.shape == (3, 20)


@pytest.mark.parametrize("class_weight", [None, "balanced", {"dog": 3.0}])
def test_extending_classes_equals_declaring_them(class_weight):
    grown, declared = (classifier(class_weight=class_weight) for _ in range(2))
    for label in ("dog", "eel", "cat"):
        rows = np.flatnonzero(Y == label)
        grown.partial_fit(X[rows], Y[rows])
        declared.partial_fit(X[rows], Y[rows], classes=["eel", "dog", "cat"])
    assert relative_error(grown.coef_, declared.coef_) < 1e-12
    assert relative_error(grown.intercept_, declared.intercept_) < 1e-12
    assert_array_equal(grown.classes_, declared.classes_)


def test_classes_that_are_declared_but_not_seen():
    clf = classifier().partial_fit(X, Y, classes=["ant", "cat", "dog", "eel"])
    assert not clf.coef_[0].any() and clf.intercept_[0] == 0
    assert_array_equal(clf.class_count_[0], 0)
    plain = classifier().fit(X, Y)
    assert_allclose(clf.coef_[1:], plain.coef_, rtol=1e-10, atol=1e-12)


def test_new_classes_error():
    clf = classifier(new_classes="error").partial_fit(X, Y)
    with pytest.raises(ValueError, match=r"'fox'.*new_classes='extend'"):
        clf.partial_fit(X[:1], ["fox"])
    with pytest.raises(ValueError, match=r"classes differ.*new_classes='extend'"):
        clf.partial_fit(X, Y, classes=["cat", "dog", "eel", "fox"])
    clf.partial_fit(X, Y, classes=["eel", "dog", "cat"])
    with pytest.raises(ValueError, match="'eel'"):
        classifier(new_classes="error").partial_fit(X, Y, classes=["cat", "dog"])


def test_labels_of_other_kinds():
    clf = classifier().partial_fit(X, np.arange(90) % 2)
    with pytest.raises(ValueError, match=r"labels are strings .*'cat'.* numbers"):
        clf.partial_fit(X, Y)
    clf.partial_fit(X, np.arange(90) % 3 + 0.0)
    assert_array_equal(clf.classes_, [0, 1, 2])
    texts = classifier().partial_fit(X, Y.astype(object))
    texts.partial_fit(X, np.full(90, "a longer label"))
    assert_array_equal(texts.classes_, ["a longer label", "cat", "dog", "eel"])


@pytest.mark.parametrize(
    "labels, message",
    [
        (X[:, 0], "continuous"),
        (np.array([1, "a"] * 45, dtype=object), "objects"),
        (np.arange(90) + 1j, "[Cc]omplex"),
        (np.where(Y == "cat", np.nan, 1.0), "NaN"),
        (np.column_stack([Y, Y]), "1d array"),
    ],
)
def test_what_are_no_labels(labels, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(X, labels)


def test_many_classes_in_a_batch_cause_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf = classifier().partial_fit(X, np.arange(90)).partial_fit(X, np.arange(90) % 80)
    assert len(clf.classes_) == 90


def test_a_weight_of_zero_is_no_row():
    weights = (Y != "eel") * 1.0
    some = classifier().fit(X, Y, sample_weight=weights)
    kept = classifier().fit(X[weights > 0], Y[weights > 0])
    assert_array_equal(some.classes_, kept.classes_)
    assert_allclose(some.coef_, kept.coef_, rtol=1e-12)
    with pytest.raises(ValueError, match=r"[Ss]ample.weight"):
        classifier().fit(X, Y, sample_weight=np.zeros(90))


def test_class_weight_of_a_dict():
    clf = identity(class_weight={"dog": 3.0, "unseen": 5.0})
    for rows in np.array_split(np.arange(90), 4):
        clf.partial_fit(X[rows], Y[rows], sample_weight=WEIGHTS[rows])
    weights = np.where(Y == "dog", 3.0, 1.0) * WEIGHTS
    coef, intercept = precise_ridge(X, indicators(Y), 0.1, weights)
    assert_allclose(clf.coef_, coef.astype(float), rtol=1e-11)
    assert_allclose(clf.intercept_, intercept.astype(float), rtol=1e-11)
    assert_allclose(clf.class_count_, WEIGHTS @ indicators(Y))
    nothing = classifier(class_weight=dict.fromkeys(["cat", "dog", "eel"], 0.0)).fit(X, Y)
    assert not nothing.coef_.any()
    with pytest.raises(ValueError, match=r"class_weight of label 'dog'.*-1"):
        classifier(class_weight={"dog": -1}).fit(X, Y)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_balanced_equals_the_joint_fit_with_final_weights(fit_intercept, seed):
    rows = np.flatnonzero((Y != "dog") | (np.arange(90) % 3 == 0))
    clf = identity(class_weight="balanced", fit_intercept=fit_intercept)
    rng = np.random.default_rng(seed)
    for batch in random_splits(len(rows), 9, rng):
        clf.partial_fit(X[rows[batch]], Y[rows[batch]])
        assert clf.predict(X).shape == (90,)
    weights = compute_sample_weight("balanced", Y[rows])
    coef, intercept = precise_ridge(
        X[rows], indicators(Y[rows]), 0.1, weights, fit_intercept
    )
    assert_allclose(clf.coef_, coef.astype(float), rtol=1e-10, atol=1e-12)
    assert_allclose(clf.intercept_, intercept.astype(float), rtol=1e-10, atol=1e-12)
    # The mutant: weights of the counts that were seen when a row came.
    unweighted, _ = precise_ridge(X[rows], indicators(Y[rows]), 0.1, None, fit_intercept)
    assert relative_error(unweighted.astype(float), clf.coef_) > 1e-3


def test_balanced_with_sample_weights():
    clf = identity(class_weight="balanced").fit(X, Y, sample_weight=WEIGHTS)
    totals = WEIGHTS @ indicators(Y)
    factors = (WEIGHTS.sum() / (3 * totals))[np.argmax(indicators(Y), axis=1)]
    coef, _ = precise_ridge(X, indicators(Y), 0.1, WEIGHTS * factors)
    assert_allclose(clf.coef_, coef.astype(float), rtol=1e-10)


def test_max_memory():
    clf = classifier(n_components=512, class_weight="balanced", max_memory=3.5)
    clf.partial_fit(X, np.arange(90) % 2)
    with pytest.raises(
        ValueError, match=r"3 classes and 512 features .* MiB.*max_memory=3\.5"
    ):
        clf.partial_fit(X, np.arange(90) % 3)
    assert_array_equal(clf.classes_, [0, 1])
    assert (
        clf.set_params(max_memory=5).partial_fit(X, np.arange(90) % 3).n_samples_seen_
        == 180
    )
    with pytest.raises(ValueError, match="n_components"):
        clone(clf).set_params(max_memory=0.1).fit(X, Y)


def test_alpha_counts_from_the_next_prediction():
    clf = classifier().fit(X, Y)
    first = clf.coef_
    assert clf.coef_ is first
    clf.set_params(alpha=10.0)
    assert_array_equal(clf.coef_, classifier(alpha=10.0).fit(X, Y).coef_)
    with pytest.raises(ValueError, match="'alpha' parameter"):
        clf.set_params(alpha=-1.0).predict(X)


@pytest.mark.parametrize("alpha", [0, 1e-14])
def test_singular_equations_have_the_solution_of_least_norm(alpha):
    doubled = np.hstack([X, X])
    clf = identity(alpha=alpha).fit(doubled, Y)
    coef, _ = joint_ridge(X, indicators(Y), 0)
    assert_allclose(clf.coef_, np.hstack([coef, coef]) / 2, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alpha", [1.0, 1e-3])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_updated_factors_give_the_joint_fit(alpha, fit_intercept):
    """Predictions after each of many tiny batches: each is an update of the factor."""
    clf = classifier(n_components=150, alpha=alpha, fit_intercept=fit_intercept)
    clf.partial_fit(DIGITS[:500], DIGIT_LABELS[:500])
    clf.predict(DIGITS[:1])
    factor = clf._solutions._factor
    for first in range(500, 1100, 3):
        batch = slice(first, first + 3)
        clf.partial_fit(DIGITS[batch], DIGIT_LABELS[batch])
        clf.predict(DIGITS[:1])
        assert clf._solutions._factor is factor
    coef, _ = joint_ridge(
        features_of(clf, DIGITS[:1100]),
        indicators(DIGIT_LABELS[:1100]),
        alpha,
        fit_intercept=fit_intercept,
    )
    assert relative_error(clf.coef_, coef) < 1e-9


def test_many_rows_at_once_drop_the_factor():
    clf = classifier(n_components=150).fit(DIGITS[:500], DIGIT_LABELS[:500])
    clf.predict(DIGITS[:1])
    clf.partial_fit(DIGITS[500:], DIGIT_LABELS[500:])
    assert clf._solutions._factor is None
    assert (
        relative_error(
            clf.coef_, classifier(n_components=150).fit(DIGITS, DIGIT_LABELS).coef_
        )
        < 1e-10
    )


def test_alpha_path_equals_separate_fits():
    clf = classifier(n_components=50)
    train, test, y_train, y_test = train_test_split(DIGITS, DIGIT_LABELS, random_state=0)
    alphas = [1e-3, 1.0, 1e3, 1e5]
    search = clf.fit(train, y_train).alpha_path(alphas, test, y_test)
    separate = [
        clone(clf).set_params(alpha=alpha).fit(train, y_train).score(test, y_test)
        for alpha in alphas
    ]
    assert_allclose(search.scores, separate, atol=1 / len(test) + 1e-12)
    assert search.alpha == alphas[np.argmax(search.scores)]
    assert clf.alpha == 0.1
    weights = np.arange(len(test)) % 2
    weighted = clf.alpha_path(alphas, test, y_test, sample_weight=weights)
    assert_allclose(
        weighted.scores, clf.alpha_path(alphas, test[1::2], y_test[1::2]).scores
    )


@pytest.mark.parametrize("alphas", [[], [[1.0]], [0.0], [-1.0], [np.nan], "x"])
def test_alphas_are_checked(alphas):
    clf = classifier().fit(X, Y)
    with pytest.raises(ValueError):
        clf.alpha_path(alphas, X, Y)
    with pytest.raises(ValueError):
        clf.gcv_alpha(alphas)


DATA_SETS = {
    "digits": (DIGITS, DIGIT_LABELS),
    "wine": load_wine(return_X_y=True),
    "breast cancer": load_breast_cancer(return_X_y=True),
}


def brier(probabilities, labels, classes):
    return np.mean(np.sum((probabilities - indicators(labels, classes)) ** 2, axis=1))


@pytest.mark.parametrize("name", DATA_SETS)
def test_brier_score_of_probabilities(name):
    data, labels = DATA_SETS[name]
    train, test, y_train, y_test = train_test_split(data, labels, random_state=0)
    scaler = StandardScaler().fit(train)
    train, test = scaler.transform(train), scaler.transform(test)
    clf = classifier(n_components=200).fit(train, y_train)
    probabilities = clf.predict_proba(test)
    assert_allclose(probabilities.sum(axis=1), 1)
    assert probabilities.min() >= 0
    assert_array_equal(clf.classes_[np.argmax(probabilities, axis=1)], clf.predict(test))
    scores = features_of(clf, test) @ clf.coef_.T + clf.intercept_
    softmax = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    ours = brier(probabilities, y_test, clf.classes_)
    assert ours < brier(softmax, y_test, clf.classes_)
    assert ours <= brier(scores, y_test, clf.classes_)


@pytest.mark.parametrize("activation", ["relu", "tanh", "cos", "gaussian", "identity"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_and_sparse_rows(activation, dtype):
    data = np.where(X > 0.5, X, 0).astype(dtype)
    dense = classifier(activation=activation).fit(data, Y)
    rows = classifier(activation=activation).fit(sparse.csr_array(data), Y)
    assert dense.decision_function(data).dtype == dtype
    assert dense.predict_proba(data).dtype == dtype
    tolerance = 1e-9 if dtype == np.float64 else 1e-2
    found = rows.decision_function(sparse.csr_matrix(data))
    assert_allclose(found, dense.decision_function(data), rtol=0, atol=tolerance)


def test_dtype_is_that_of_the_first_batch_unless_set():
    single = X.astype(np.float32)
    mixed = classifier().partial_fit(single, Y).partial_fit(X, Y)
    assert mixed.decision_function(X).dtype == np.float32
    with pytest.raises(ValueError, match="dtype must be"):
        classifier(dtype=np.dtype("int32")).fit(X, Y)
    for dtype in (np.float32, "float64", np.dtype("float32")):
        clf = classifier(dtype=dtype).partial_fit(single, Y)
        assert clf.decision_function(X).dtype == np.dtype(dtype)


@pytest.mark.parametrize("n_jobs", [2, 3, -1])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_bits_do_not_depend_on_threads(n_jobs, class_weight):
    def fit(n_jobs):
        clf = classifier(n_components=300, class_weight=class_weight, n_jobs=n_jobs)
        for rows in np.array_split(np.arange(600), 5):
            clf.partial_fit(DIGITS[rows], DIGIT_LABELS[rows]).predict(DIGITS[:1])
        return clf

    one, several = fit(1), fit(n_jobs)
    assert_array_equal(one.coef_, several.coef_)
    assert_array_equal(one.decision_function(DIGITS), several.decision_function(DIGITS))


def test_centers():
    centers = DIGITS[:30]
    clf = classifier(activation="gaussian", centers=centers, gamma=0.5)
    clf.fit(DIGITS, DIGIT_LABELS)
    squares = ((DIGITS[:, np.newaxis] - centers) ** 2).sum(axis=2)
    coef, _ = joint_ridge(np.exp(-0.5 * squares), indicators(DIGIT_LABELS), 0.1)
    assert relative_error(clf.coef_, coef) < 1e-9
    with pytest.raises(ValueError, match="centers"):
        classifier(centers=centers).fit(DIGITS, DIGIT_LABELS)


def test_a_feature_map_that_is_not_fitted_is_cloned():
    sampler = RBFSampler(n_components=30, random_state=0)
    clf = classifier(feature_map=sampler)
    for rows in np.array_split(np.arange(90), 5):
        clf.partial_fit(X[rows], Y[rows])
    assert not hasattr(sampler, "random_weights_")
    coef, _ = joint_ridge(sampler.fit_transform(X), indicators(Y), 0.1)
    assert_allclose(clf.coef_, coef, rtol=1e-9)
    assert clf.coef_.shape == (3, 30)


def test_a_fitted_feature_map_is_used_as_it_is():
    scaler = StandardScaler().fit(X)
    for feature_map in (scaler, FrozenEstimator(scaler)):
        clf = classifier(feature_map=feature_map)
        clf.partial_fit(X[:10], Y[:10]).partial_fit(X[10:], Y[10:])
        coef, _ = joint_ridge(scaler.transform(X), indicators(Y), 0.1)
        assert_allclose(clf.coef_, coef, rtol=1e-9)
    assert_allclose(clone(clf).fit(X[:10], Y[:10]).feature_map_.mean_, scaler.mean_)


def test_feature_maps_of_other_input():
    from sklearn.feature_extraction.text import HashingVectorizer

    texts = ["one cat", "a dog", "two cats", "dogs bark"] * 5
    labels = np.array(["cat", "dog"] * 10)
    clf = classifier(feature_map=HashingVectorizer(n_features=64))
    clf.partial_fit(texts[:8], labels[:8]).partial_fit(
        texts[8:], labels[8:], sample_weight=np.arange(12)
    )
    assert clf.score(texts, labels) == 1
    single = classifier(feature_map=PolynomialFeatures(2)).fit(X.astype(np.float32), Y)
    assert single.decision_function(X).dtype == np.float32


def test_a_feature_map_that_loses_rows():
    class Dropping(StandardScaler):
        def transform(self, X):
            return X[1:] if len(X) > 1 else X

    with pytest.raises(ValueError, match="feature_map=Dropping"):
        classifier(feature_map=Dropping()).fit(X, Y)


def test_composition():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    clf = classifier().partial_fit(frame, pandas.Series(Y))
    assert_array_equal(clf.feature_names_in_, list("abcd"))
    with pytest.raises(ValueError, match="feature names"):
        clf.partial_fit(frame[list("dcba")], Y)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), classifier()),
        {"analyticincrementalclassifier__alpha": [0.1, 100.0]},
        cv=3,
    ).fit(frame, Y)
    assert search.best_score_ > 0.5
    assert clone(clf).get_params() == clf.get_params()


def test_not_fitted():
    clf = classifier()
    for name in ("coef_", "intercept_"):
        assert not hasattr(clf, name)
        with pytest.raises(NotFittedError):
            getattr(clf, name)
    for call in (
        lambda: clf.predict(X),
        lambda: clf.forget(X, Y),
        lambda: clf.forget_class("cat"),
        lambda: clf.gcv_alpha([1.0]),
        lambda: clf.alpha_path([1.0], X, Y),
        lambda: clf.merge(classifier().fit(X, Y)),
        lambda: classifier().fit(X, Y).merge(clf),
    ):
        with pytest.raises(NotFittedError):
            call()


def test_digits_class_by_class():
    """The accuracy that random features of this size reach with all rows at once."""
    train, test, y_train, y_test = train_test_split(DIGITS, DIGIT_LABELS, random_state=0)
    clf = classifier(n_components=1000)
    for first in range(0, 10, 2):
        rows = np.flatnonzero(np.isin(y_train, [first, first + 1]))
        for batch in np.array_split(rows, max(1, len(rows) // 32)):
            clf.partial_fit(train[batch], y_train[batch])
    joint = classifier(n_components=1000).fit(train, y_train)
    assert_array_equal(clf.predict(test), joint.predict(test))
    assert clf.score(test, y_test) > 0.98
