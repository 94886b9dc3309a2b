"""Labels of mixed types, transformers of users, and maps that are told apart."""

import datetime
import threading
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import FunctionTransformer

from sklearn_kernelx import AnalyticIncrementalClassifier
from sklearn_kernelx.incremental._labels import refuse_unknown, unite

X, LABELS = load_iris(return_X_y=True)
ORDER = np.random.default_rng(0).permutation(150)
X, LABELS = X[ORDER], LABELS[ORDER]
FIRST, SECOND = slice(0, 75), slice(75, 150)


def classifier(**parameters):
    return AnalyticIncrementalClassifier(20, random_state=0, **parameters)


@pytest.mark.parametrize("types", [(np.int64, np.uint64), (np.uint64, np.int64)])
def test_large_integers_of_both_kinds_stay_apart(types):
    one, two = ((LABELS + 2**60).astype(dtype) for dtype in types)
    clf = classifier().partial_fit(X[FIRST], one[FIRST]).partial_fit(X[SECOND], two[SECOND])
    assert_array_equal(clf.classes_, np.arange(3) + 2**60)
    expected = classifier().fit(X, LABELS)
    assert clf.n_samples_seen_ == 150
    assert_allclose(clf.coef_, expected.coef_, rtol=1e-9, atol=1e-12)
    merged = (
        classifier()
        .fit(X[FIRST], one[FIRST])
        .merge(classifier().fit(X[SECOND], two[SECOND]))
    )
    assert_array_equal(merged.classes_, clf.classes_)


@pytest.mark.parametrize(
    "found",
    [
        LABELS + 2.0**60,
        np.where(LABELS == 0, 2**64 - 1, LABELS.astype(np.uint64)),
    ],
)
def test_labels_that_no_type_holds_are_refused(found):
    clf = classifier().partial_fit(X, np.where(LABELS == 0, -1, LABELS + 2**60))
    before = clf.coef_.copy()
    with pytest.raises(ValueError, match="in one type"):
        clf.partial_fit(X, found)
    assert_array_equal(clf.coef_, before)


@pytest.mark.parametrize("has_merged", [False, True])
def test_no_row_is_lost_where_labels_turn_unsigned(has_merged):
    clf = classifier().fit(X, LABELS + 2**60)
    unsigned = LABELS[FIRST].astype(np.uint64) + np.uint64(2**63)
    if has_merged:
        clf.merge(classifier().fit(X[FIRST], unsigned))
    else:
        clf.partial_fit(X[FIRST], unsigned)
    assert_array_equal(clf.class_count_, [50, 50, 50, *np.bincount(LABELS[FIRST])])
    expected = classifier().fit(
        np.vstack([X, X[FIRST]]), np.hstack([LABELS, 3 + LABELS[FIRST]])
    )
    assert_allclose(clf.coef_, expected.coef_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64])
def test_negative_labels_follow_unsigned_ones(dtype):
    clf = classifier().partial_fit(X, LABELS.astype(dtype))
    clf.partial_fit(X[FIRST], LABELS[FIRST] - 1)
    assert_array_equal(clf.classes_, [-1, 0, 1, 2])
    assert clf.n_samples_seen_ == 225


@pytest.mark.parametrize("n_others", [0, 100])
def test_unknown_labels_next_to_the_largest_signed_one(n_others):
    known = np.append(np.arange(n_others) * 2**56, 2**63 - 1)
    with pytest.raises(ValueError, match=f"labels {2**63} of y are not among"):
        refuse_unknown(known, np.array([2**63], np.uint64), "")


@pytest.mark.parametrize("largest", [np.int64(2**63 - 1), np.uint64(2**64 - 1)])
def test_integers_that_round_to_a_power_of_two_are_no_floats(largest):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="in one type"):
            unite(np.array([float(largest)]), np.array([largest]))


@pytest.mark.parametrize(
    "labels", [LABELS.astype("S1"), np.array([datetime.date(2026, 1, 1)] * 150, "M8[D]")]
)
def test_bytes_and_dates_are_no_labels(labels):
    with pytest.raises(ValueError, match="Unknown label type"):
        classifier().fit(X, labels)


@pytest.mark.parametrize("classes", [[], 3])
def test_what_is_wrong_with_classes(classes):
    with pytest.raises(ValueError, match="classes must be"):
        classifier().partial_fit(X, LABELS, classes=classes)


def test_one_class_at_a_time_is_forgotten():
    with pytest.raises(ValueError, match="not several"):
        classifier(class_weight="balanced").fit(X, LABELS).forget_class([0, 1])


def test_complex_class_weights():
    with pytest.raises(ValueError, match="class_weight"):
        classifier(class_weight={0: 1j}).fit(X, LABELS)


@pytest.mark.parametrize("make", [lambda X: X[:, 0], lambda X: X + 1j])
def test_transformers_that_make_no_features(make):
    with pytest.raises(ValueError, match="feature_map=FunctionTransformer makes"):
        classifier(feature_map=FunctionTransformer(make)).fit(X, LABELS)


def test_texts_are_merged():
    texts = np.array([f"word{label} and {label}" for label in LABELS])
    hashing = HashingVectorizer(n_features=16)
    one, two = (
        classifier(feature_map=hashing).fit(texts[rows], LABELS[rows])
        for rows in (FIRST, SECOND)
    )
    joint = classifier(feature_map=hashing).fit(texts, LABELS)
    assert_allclose(one.merge(two).coef_, joint.coef_, rtol=1e-9, atol=1e-12)


def test_transformers_that_cannot_be_compared():
    clf = classifier(feature_map=FunctionTransformer(lambda X: X**2)).fit(X, LABELS)
    other = classifier(feature_map=FunctionTransformer(lambda X: X**2)).fit(X, LABELS)
    with pytest.raises(ValueError, match="lambdas"):
        clf.merge(other)


class LockedScaler(TransformerMixin, BaseEstimator):
    """A transformer that cannot be pickled."""

    def __init__(self, scale=1):
        self.scale = scale

    def fit(self, X, y=None):
        self.lock_ = threading.Lock()
        return self

    def transform(self, X):
        return self.scale * X


@pytest.mark.parametrize("wrapped", [lambda scaler: scaler, FrozenEstimator])
def test_transformers_that_joblib_hashes_in_part(wrapped):
    clf, other = (
        classifier(feature_map=wrapped(LockedScaler(scale).fit(X))).fit(X, LABELS)
        for scale in (1, 2)
    )
    with pytest.raises(ValueError, match="pickled"):
        clf.merge(other)
    assert clf.n_samples_seen_ == 150


@pytest.mark.parametrize("parameters", [{"gamma": 1e-19}, {"gamma": 1e-25}])
def test_maps_of_small_numbers_are_told_apart(parameters):
    one = AnalyticIncrementalClassifier(20, random_state=0, **parameters).fit(X, LABELS)
    two = AnalyticIncrementalClassifier(20, random_state=1, **parameters).fit(X, LABELS)
    with pytest.raises(ValueError, match="another feature map"):
        one.merge(two)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_merged_with_itself(class_weight):
    clf = classifier(class_weight=class_weight).fit(X, LABELS)
    clf.merge(clf)
    twice = classifier(class_weight=class_weight)
    twice.fit(np.vstack([X, X]), np.hstack([LABELS, LABELS]))
    assert_allclose(clf.coef_, twice.coef_, rtol=1e-9, atol=1e-12)
