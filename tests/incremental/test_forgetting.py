"""Rows taken out: what rounding leaves, what is refused, and classes without rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx import AnalyticIncrementalClassifier, AnalyticIncrementalRegressor

RNG = np.random.default_rng(0)
X = RNG.standard_normal((300, 6))
LABELS = np.arange(300) % 3


def regressor(**parameters):
    return AnalyticIncrementalRegressor(activation="identity", **parameters)


def classifier(**parameters):
    return AnalyticIncrementalClassifier(activation="identity", **parameters)


def test_light_rows_are_forgotten_after_heavy_ones():
    reg = regressor().fit(X[:2], [1.0, 2.0], sample_weight=[1000, 0.0011])
    reg.forget(X[:1], [1.0], sample_weight=[1000])
    assert_allclose(reg.intercept_ + X[1] @ reg.coef_, 2)
    reg.forget(X[1:2], [2.0], sample_weight=[0.0011])
    assert reg.predict(X[:1]) == 0


@pytest.mark.parametrize("spread", [1, 6])
def test_nothing_is_left_when_all_rows_are_forgotten(spread):
    weights = 10.0 ** -RNG.uniform(0, spread, 300)
    reg = regressor().fit(X, X[:, 0] + 5, sample_weight=weights)
    clf = classifier().fit(X, LABELS, sample_weight=weights)
    for row in range(300):
        one = slice(row, row + 1)
        reg.forget(X[one], X[one, 0] + 5, sample_weight=weights[one])
        clf.forget(X[one], LABELS[one], sample_weight=weights[one])
    assert reg.intercept_ == 0 and not reg.coef_.any()
    assert not clf.class_count_.any() and not clf.coef_.any()
    reg.partial_fit(X, X[:, 0])
    assert_allclose(reg.coef_, regressor().fit(X, X[:, 0]).coef_, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_rows_that_spread_more_than_all_seen_are_refused(class_weight):
    clf = classifier(class_weight=class_weight).fit(X, LABELS)
    before = clf.coef_.copy()
    with pytest.raises(ValueError, match="spread more"):
        clf.forget(20 * X[:30], LABELS[:30])
    assert_array_equal(clf.coef_, before)
    clf.forget(X[:30], LABELS[:30])
    rest = classifier(class_weight=class_weight).fit(X[30:], LABELS[30:])
    assert_allclose(clf.coef_, rest.coef_, rtol=1e-9, atol=1e-12)


def test_targets_that_spread_more_than_all_seen_are_refused():
    reg = regressor().fit(X[:40], X[:40, 0])
    before = reg.coef_.copy()
    with pytest.raises(ValueError, match="spread more"):
        reg.forget(X[:5], 50 * X[:5, 0])
    assert_array_equal(reg.coef_, before)


@pytest.mark.parametrize("forgotten", [True, False])
def test_classes_without_rows_are_not_predicted(forgotten):
    rows = np.abs(X[:50, :1]) + 0.5
    clf = classifier(fit_intercept=False)
    clf.partial_fit(rows, np.zeros(50, int), classes=[0, 1])
    if forgotten:
        clf.partial_fit(rows[:3], np.ones(3, int)).forget(rows[:3], np.ones(3, int))
    assert clf.decision_function(-rows)[0] > 0  # what ridge regression says of zeros
    assert_array_equal(clf.predict(-rows), 0)
    assert_array_equal(clf.predict_proba(-rows), [[1, 0]] * 50)


def test_batches_of_weightless_classes_change_nothing():
    clf = classifier(class_weight={1: 0.0}).fit(X, LABELS)
    before = clf.coef_.copy()
    clf.partial_fit(X[LABELS == 1], LABELS[LABELS == 1])
    assert_array_equal(clf.coef_, before)


def test_many_small_batches_between_predictions():
    """Together they are too many rows for an update of the factor."""
    clf = AnalyticIncrementalClassifier(64, random_state=0).fit(X[:100], LABELS[:100])
    clf.predict(X[:1])
    for row in range(100, 300):
        clf.partial_fit(X[row : row + 1], LABELS[row : row + 1])
    assert sum(map(len, clf._lazy_solution._pending)) <= 64 / 8
    joint = AnalyticIncrementalClassifier(64, random_state=0).fit(X, LABELS)
    assert_allclose(clf.coef_, joint.coef_, rtol=1e-8, atol=1e-11)


def test_coefficients_that_overflow_in_float32():
    reg = regressor().fit(X.astype(np.float32), 1e50 * X[:, 0])
    with pytest.raises(ValueError, match="dtype='float64'"):
        reg.predict(X.astype(np.float32))
