"""The regressor against ridge regressions of all rows at once."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from ridge_oracles import joint_ridge, precise_ridge, random_splits, relative_error
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_kernelx import AnalyticIncrementalRegressor

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 5)) + 2
Y = X @ RNG.standard_normal((5, 3)) + RNG.standard_normal((80, 3)) + 5
WEIGHTS = RNG.uniform(0.1, 3, 80)
ALPHAS = np.array([1e-2, 1.0, 30.0, 1e3])


def regressor(**parameters):
    return AnalyticIncrementalRegressor(
        **({"n_components": 20, "random_state": 0} | parameters)
    )


def identity(**parameters):
    return regressor(activation="identity", **parameters)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_extended_precision(fit_intercept, weights):
    reg = identity(alpha=0.5, fit_intercept=fit_intercept)
    for rows in random_splits(80, 9, np.random.default_rng(0)):
        part = None if weights is None else weights[rows]
        reg.partial_fit(X[rows], Y[rows], sample_weight=part)
    coef, intercept = precise_ridge(X, Y, 0.5, weights, fit_intercept)
    assert_allclose(reg.coef_, coef.astype(float), rtol=1e-11)
    assert_allclose(reg.intercept_, intercept.astype(float), rtol=1e-11)
    assert reg.n_samples_seen_ == 80


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("targets", [Y, Y[:, 0], Y[:, :1]])
def test_equals_ridge(fit_intercept, targets):
    parameters = {"alpha": 3.0, "fit_intercept": fit_intercept}
    ours, theirs = identity(**parameters), Ridge(**parameters, solver="cholesky")
    for reg in (ours, theirs):
        reg.fit(X, targets, sample_weight=WEIGHTS)
    assert_allclose(ours.coef_.ravel(), theirs.coef_.ravel(), rtol=1e-10)
    assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-10)
    # For targets of shape (n, 1) newer versions of Ridge predict an array (n,).
    predicted = theirs.predict(X).reshape(targets.shape)
    assert_allclose(ours.predict(X), predicted, rtol=1e-10)
    assert ours.predict(X).shape == targets.shape
    assert np.shape(ours.intercept_) == targets.shape[1:]
    assert ours.score(X, targets) == pytest.approx(theirs.score(X, targets))


def test_far_from_the_origin():
    """Sums about zero would keep no digit: the mutant."""
    far = X + 1e7
    reg = identity(alpha=1e-3)
    for rows in random_splits(80, 9, np.random.default_rng(0)):
        reg.partial_fit(far[rows], Y[rows])
    coef, _ = precise_ridge(far - 1e7, Y, 1e-3)
    assert relative_error(reg.coef_, coef.astype(float)) < 1e-7
    gram, cross = far.T @ far, far.T @ Y
    mean, target_mean = far.mean(axis=0), Y.mean(axis=0)
    gram -= 80 * np.outer(mean, mean)
    cross -= 80 * np.outer(mean, target_mean)
    lost = np.linalg.solve(gram + 1e-3 * np.eye(5), cross).T
    assert relative_error(lost, coef.astype(float)) > 1e-3


@pytest.mark.parametrize("dtype, bound", [(np.float64, 1e-9), (np.float32, 1e-3)])
@pytest.mark.parametrize("activation", ["relu", "tanh", "cos", "gaussian"])
def test_stream_equals_joint_fit(activation, dtype, bound):
    data, y = load_diabetes(return_X_y=True)
    data = 20 * data
    parameters = {"activation": activation, "n_components": 60}
    exact = regressor(**parameters).fit(data, y)._features.transform(data)
    reg = regressor(**parameters)
    for rows in random_splits(len(data), 100, np.random.default_rng(0)):
        reg.partial_fit(data[rows].astype(dtype), y[rows])
    for alpha in (1, 0.1, 1e-3):
        coef, _ = joint_ridge(exact, y[:, np.newaxis], alpha)
        assert relative_error(reg.set_params(alpha=alpha).coef_, coef[0]) < bound


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_gcv_equals_that_of_the_hat_matrix(fit_intercept):
    counts = RNG.integers(0, 4, 80)
    reg = identity(fit_intercept=fit_intercept).fit(X, Y, sample_weight=counts)
    search = reg.gcv_alpha(ALPHAS)
    rows, targets = np.repeat(X, counts, axis=0), np.repeat(Y, counts, axis=0)
    for alpha, score in zip(ALPHAS, search.scores, strict=True):
        ridge = Ridge(alpha=alpha, fit_intercept=fit_intercept, solver="cholesky")
        hat = ridge.fit(rows, np.eye(len(rows))).predict(rows)
        residuals = targets - hat @ targets
        expected = len(rows) * np.sum(residuals**2) / (len(rows) - np.trace(hat)) ** 2
        assert score == pytest.approx(expected, rel=1e-9)
    assert search.alpha == ALPHAS[np.argmin(search.scores)]
    assert_array_equal(search.alphas, ALPHAS)


def test_gcv_chooses_as_ridge_cv_does():
    data, y = load_diabetes(return_X_y=True)
    alphas = np.logspace(-4, 2, 13)
    ours = identity().fit(data, y).gcv_alpha(alphas)
    # Theirs is leave-one-out, of which ours is the rotation-invariant form.
    theirs = RidgeCV(alphas).fit(data, y)
    assert abs(np.log10(ours.alpha / theirs.alpha_)) < 1


def test_alpha_path_equals_separate_fits():
    data, y = load_diabetes(return_X_y=True)
    train, test, y_train, y_test = train_test_split(20 * data, y, random_state=0)
    reg = regressor().fit(train, y_train)
    weights = np.arange(len(test)) % 3
    search = reg.alpha_path(ALPHAS, test, y_test, sample_weight=weights)
    for alpha, score in zip(ALPHAS, search.scores, strict=True):
        separate = clone(reg).set_params(alpha=alpha).fit(train, y_train)
        expected = r2_score(y_test, separate.predict(test), sample_weight=weights)
        assert score == pytest.approx(expected, abs=1e-9)
    assert search.alpha == ALPHAS[np.argmax(search.scores)]
    assert reg.alpha == 0.1


def test_several_targets_are_as_many_regressions():
    reg = regressor().fit(X, Y)
    for k in range(3):
        alone = regressor().fit(X, Y[:, k])
        assert_allclose(alone.coef_, reg.coef_[k], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("targets", [Y[:, :2], Y[:, 0], Y[:, :1]])
def test_other_targets_are_refused(targets):
    reg = regressor().fit(X, Y)
    before = reg.coef_
    with pytest.raises(ValueError, match="shape"):
        reg.partial_fit(X, targets)
    with pytest.raises(ValueError, match="shape"):
        reg.forget(X, targets)
    with pytest.raises(ValueError, match="number of targets"):
        reg.merge(regressor().fit(X, targets))
    assert reg.coef_ is before


def test_targets_that_overflow_are_refused():
    with pytest.raises(ValueError, match="squares of y overflow"):
        regressor().fit(X, 1e200 * Y)
    with pytest.raises(ValueError, match="y"):
        regressor().fit(X, np.where(Y > 5, np.nan, Y))


def test_composition():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcde"))
    search = GridSearchCV(
        make_pipeline(StandardScaler(), regressor()),
        {"analyticincrementalregressor__alpha": [0.1, 10.0]},
        cv=3,
    ).fit(frame, Y)
    assert search.best_score_ > 0.5
    reg = regressor().fit(frame, pandas.DataFrame(Y))
    assert_allclose(reg.predict(frame), regressor().fit(X, Y).predict(X), rtol=1e-10)


def test_sparse_rows():
    rows = sparse.csr_array(np.where(X > 2, X, 0))
    found = identity().fit(rows, Y).coef_
    assert_allclose(found, identity().fit(rows.toarray(), Y).coef_, rtol=1e-10)
