"""Ridge regression from moments, against the normal equations of all rows."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_kernelx.incremental._moments import add_rows, empty_moments, merge_moments
from sklearn_kernelx.incremental._ridge import (
    factorise,
    gcv_scores,
    solve,
    solve_by_spectrum,
    spectrum,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 10)) @ np.diag(np.logspace(0, -2, 10)) + 2
Y = X @ RNG.standard_normal((10, 3)) + RNG.standard_normal((80, 3)) + 1
ALPHAS = np.array([1e-3, 0.1, 10.0])


def moments_of(X, Y, weights=None, centred=True):
    moments = empty_moments(X.shape[1], Y.shape[1], centred)
    return add_rows(moments, X, Y, weights)[0]


def hat_matrix(X, alpha, weights, centred):
    """Of the rows times the roots of their weights, intercept included."""
    roots = np.sqrt(weights)[:, np.newaxis]
    design = np.hstack([X, np.ones((len(X), 1))]) if centred else X
    penalty = np.full(design.shape[1], alpha)
    if centred:
        penalty[-1] = 0
    design = roots * design
    return design @ np.linalg.solve(design.T @ design + np.diag(penalty), design.T)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_normal_equations(centred, alpha):
    moments = moments_of(X, Y, centred=centred)
    hat = hat_matrix(X, alpha, np.ones(80), centred)
    for solution in (
        solve(moments, alpha, factorise(moments, alpha)),
        solve_by_spectrum(spectrum(moments), moments, alpha),
    ):
        assert solution.coef.shape == (3, 10)
        fitted = X @ solution.coef.T + solution.intercept
        assert_allclose(fitted, hat @ Y, rtol=1e-9, atol=1e-11)
        assert solution.residual == pytest.approx(np.sum((Y - fitted) ** 2), rel=1e-9)
        assert solution.weight == 80
        assert_allclose(solution.mean_squares, np.mean(Y**2, axis=0), rtol=1e-12)
        if not centred:
            assert not solution.intercept.any()


@pytest.mark.parametrize("centred", [True, False])
def test_generalised_cross_validation(centred):
    weights = RNG.integers(0, 4, 80).astype(float)
    scores = gcv_scores(
        spectrum(moments_of(X, Y, weights, centred)),
        moments_of(X, Y, weights, centred),
        ALPHAS,
    )
    repeated = np.repeat(X, weights.astype(int), axis=0)
    targets = np.repeat(Y, weights.astype(int), axis=0)
    for alpha, score in zip(ALPHAS, scores, strict=True):
        hat = hat_matrix(repeated, alpha, np.ones(len(repeated)), centred)
        residuals = targets - hat @ targets
        free = len(repeated) - np.trace(hat)
        expected = len(repeated) * np.sum(residuals**2) / free**2
        assert score == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("centred", [True, False])
def test_gcv_of_more_features_than_rows(centred):
    """By the eigenvalues of X X', so that no difference of large numbers is taken."""
    wide = RNG.standard_normal((12, 40))
    targets = RNG.standard_normal((12, 3))
    alphas = np.array([1e-12, 1e-8, 1e-4, 1.0])
    moments = moments_of(wide, targets, centred=centred)
    scores = gcv_scores(spectrum(moments), moments, alphas)
    if centred:
        wide = wide - wide.mean(axis=0)
    # Centred rows have no share in the constant direction, which comes first.
    values, vectors = (a[..., int(centred) :] for a in np.linalg.eigh(wide @ wide.T))
    for alpha, score in zip(alphas, scores, strict=True):
        withheld = alpha / (values + alpha)
        residual = np.sum((withheld * (targets.T @ vectors)) ** 2)
        assert score == pytest.approx(12 * residual / withheld.sum() ** 2, rel=1e-8)


def test_sums_of_no_rows():
    seen = np.outer(RNG.standard_normal(80), [1, 1]) + 0.1 * RNG.standard_normal((80, 2))
    never = np.outer(RNG.standard_normal(40), [0.5, -0.5])
    targets = Y.mean(axis=0) + 0.1 * RNG.standard_normal((40, 3))
    moments = merge_moments(moments_of(seen, Y), moments_of(never, targets), -1)
    with pytest.raises(ValueError, match="forgotten"):
        spectrum(moments)


@pytest.mark.parametrize("constant", [1.0, 1e8, 1e12])
@pytest.mark.parametrize("alpha", [0.0, 1e-8, 0.1])
def test_constant_features_have_no_coefficient(constant, alpha):
    """Their scatter is rounding, of which a small penalty would make huge numbers."""
    wide = np.hstack([X, np.full((80, 1), constant)])
    moments = empty_moments(11, 3)
    for rows in np.array_split(np.arange(80), 9):
        moments, _ = add_rows(moments, wide[rows], Y[rows])
    expected = solve_by_spectrum(spectrum(moments_of(X, Y)), moments_of(X, Y), alpha)
    solutions = [solve_by_spectrum(spectrum(moments), moments, alpha)]
    if alpha == 0:
        with pytest.raises(np.linalg.LinAlgError):
            factorise(moments, alpha)
    else:
        solutions.append(solve(moments, alpha, factorise(moments, alpha)))
    for solution in solutions:
        assert not solution.coef[:, 10].any()
        assert_allclose(solution.coef[:, :10], expected.coef, rtol=1e-7)
        assert_allclose(solution.intercept, expected.intercept, rtol=1e-7)


def test_what_large_rows_leave_behind_is_rounding():
    """An outlier of 1e10 costs the digits of what stays: no coefficients are made of it."""
    moments = moments_of(np.vstack([X, np.full((1, 10), 1e10)]), np.vstack([Y, Y[:1]]))
    moments = merge_moments(moments, moments_of(np.full((1, 10), 1e10), Y[:1]), -1)
    assert np.abs(solve_by_spectrum(spectrum(moments), moments, 0.1).coef).max() < 1


def test_gcv_of_huge_weights():
    moments = moments_of(X, Y, np.full(80, 1e200))
    scores = gcv_scores(spectrum(moments), moments, 1e200 * ALPHAS)
    assert np.all(np.isfinite(scores)) and np.all(scores > 0)


def test_gcv_without_degrees_of_freedom():
    moments = moments_of(X[:5], Y[:5])
    scores = gcv_scores(spectrum(moments), moments, np.array([0.0, 1.0]))
    assert scores[0] == np.inf
    assert np.isfinite(scores[1])


def test_least_norm_without_penalty():
    singular = np.hstack([X, X[:, :3]])
    moments = moments_of(singular, Y)
    with pytest.raises(np.linalg.LinAlgError):
        factorise(moments, 0.0)
    coef = solve_by_spectrum(spectrum(moments), moments, 0.0).coef
    expected, *_ = np.linalg.lstsq(singular - singular.mean(axis=0), Y - Y.mean(axis=0))
    assert_allclose(coef, expected.T, rtol=1e-6, atol=1e-8)


def test_rounding_in_the_scatter_is_not_amplified():
    """Eigenvalues that are rounding are taken for zero, also below a tiny alpha."""
    singular = np.hstack([X, X])
    moments = moments_of(singular, Y)
    coef = solve_by_spectrum(spectrum(moments), moments, 1e-15).coef
    least_norm = solve_by_spectrum(spectrum(moments), moments, 0.0).coef
    assert_allclose(coef, least_norm, rtol=1e-6, atol=1e-8)
