"""G-ACIL is what it says: the published recursion, in exact arithmetic.

With features X of a batch, one-hot targets Y, and R the inverse of ``sum X'X + alpha I``:

    K = (I + X R X')^-1,   R <- R - R X' K X R,   W <- W + R X' (Y - X W).

Classes that appear get columns of zeros in W before. Columns of classes in the batch are
"exposed", the others not.
"""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx import AnalyticIncrementalClassifier

ALPHA = Fraction(1, 8)
N_FEATURES = 4
# Old and new classes mixed, one that stays away for a while, one row alone.
BATCHES = ["bbdb", "d", "dba", "eeab", "cbcde", "aa"]


def exact(array):
    return np.array(
        [[Fraction(float(value)) for value in row] for row in array], dtype=object
    )


def identity(n):
    return exact(np.eye(n))


def inverse(matrix):
    """Gauss-Jordan elimination of a positive definite matrix of fractions."""
    n = len(matrix)
    work = np.hstack([matrix, identity(n)])
    for k in range(n):
        work[k] = work[k] / work[k, k]
        for i in range(n):
            if i != k:
                work[i] = work[i] - work[i, k] * work[k]
    return work[:, n:]


def stream():
    rng = np.random.default_rng(0)
    for labels in BATCHES:
        X = rng.integers(-8, 9, (len(labels), N_FEATURES)) / 4
        yield X, np.array(list(labels))


class Published:
    """The recursion, with columns of W in the order in which classes appeared."""

    def __init__(self):
        self.R = identity(N_FEATURES) / ALPHA
        self.W = exact(np.empty((N_FEATURES, 0)))
        self.classes = []

    def partial_fit(self, X, labels):
        new = sorted(set(labels) - set(self.classes))
        self.classes += new
        self.W = np.hstack([self.W, exact(np.zeros((N_FEATURES, len(new))))])
        X = exact(X)
        Y = exact(labels[:, np.newaxis] == np.array(self.classes))
        K = inverse(identity(len(X)) + X @ self.R @ X.T)
        self.R = self.R - self.R @ X.T @ K @ X @ self.R
        self.W = self.W + self.R @ X.T @ (Y - X @ self.W)

    def coef(self):
        return self.W.T[np.argsort(self.classes)]


def classifier():
    return AnalyticIncrementalClassifier(
        activation="identity", alpha=float(ALPHA), fit_intercept=False
    )


def test_the_recursion_is_the_joint_fit():
    published = Published()
    for X, labels in stream():
        published.partial_fit(X, labels)
    X = exact(np.vstack([X for X, _ in stream()]))
    labels = np.concatenate([labels for _, labels in stream()])
    Y = exact(labels[:, np.newaxis] == np.unique(labels))
    joint = inverse(X.T @ X + ALPHA * identity(N_FEATURES)) @ X.T @ Y
    assert np.all(published.coef() == joint.T)


@pytest.mark.parametrize("predict_between", [False, True])
def test_coefficients_equal_the_recursion(predict_between):
    ours, published = classifier(), Published()
    for X, labels in stream():
        published.partial_fit(X, labels)
        ours.partial_fit(X, labels)
        assert_array_equal(ours.classes_, sorted(published.classes))
        assert_array_equal(ours.classes_seen_in_batch_, np.unique(labels))
        if predict_between:
            assert_allclose(ours.coef_, published.coef().astype(float), 1e-12, 1e-14)
    assert_allclose(ours.coef_, published.coef().astype(float), 1e-12, 1e-14)
    assert_array_equal(ours.intercept_, np.zeros(5))


def test_unexposed_classes_change_through_the_gram_matrix_only():
    """Their cross-covariance stays: W = R Q with the old Q and the new R, exactly."""
    ours, published = classifier(), Published()
    for X, labels in stream():
        known = list(published.classes)
        cross_before = {label: cross_of(ours, label) for label in known}
        R_before, W_before = published.R, published.W
        published.partial_fit(X, labels)
        ours.partial_fit(X, labels)
        exposed = set(ours.classes_seen_in_batch_)
        assert exposed == set(labels)
        for k, label in enumerate(known):
            Q = inverse(R_before) @ W_before[:, k]
            through_gram = published.R @ Q
            if label in exposed:
                assert not np.array_equal(cross_of(ours, label), cross_before[label])
                assert np.any(published.W[:, k] != through_gram)
            else:
                assert_array_equal(cross_of(ours, label), cross_before[label])
                assert np.all(published.W[:, k] == through_gram)


def cross_of(fitted, label):
    k = np.searchsorted(fitted.classes_, label)
    return fitted._sums.moments.cross[k].copy()


def test_another_penalty_is_told_apart():
    """The mutant: R starts from the reciprocal penalty."""
    published = Published()
    published.R = identity(N_FEATURES) * ALPHA
    ours = classifier()
    for X, labels in stream():
        published.partial_fit(X, labels)
        ours.partial_fit(X, labels)
    assert np.abs(ours.coef_ - published.coef().astype(float)).max() > 1e-3
