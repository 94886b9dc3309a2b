"""Ridge regression from moments: by a Cholesky factor, or for many penalties at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.incremental import _packed
from sklearn_kernelx.incremental._moments import Moments

# Below this part of the sum of squares, what features do not explain is rounding.
_UNEXPLAINED = 1e-10
# Of the largest eigenvalue: what is more negative is no rounding after rows were taken out.
_INDEFINITE = 1e-6


class Solution(NamedTuple):
    """A linear model of each target, and how it fits.

    Attributes
    ----------
    coef : ndarray of shape (n_targets, n_features)
        Coefficients.
    intercept : ndarray of shape (n_targets,)
        Zeros if the moments are not centred.
    residual : float
        Weighted sum of squared residuals over rows and targets.
    weight : float
        Sum of weights.
    mean_squares : ndarray of shape (n_targets,)
        Weighted mean of the square of each target: the share of a class.
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    residual: float
    weight: float
    mean_squares: NDArray[np.float64]


def factorise(moments: Moments, alpha: float, n_threads: int = 1) -> NDArray[np.float64]:
    """Return the packed Cholesky factor of the scatter plus alpha I.

    Raises
    ------
    numpy.linalg.LinAlgError
        If that matrix is singular to rounding.
    """
    matrix, noise = _varying_scatter(moments)
    matrix[_packed.diagonal_places(moments.n_features)] += alpha
    return _packed.cholesky(matrix, noise, n_threads)


def solve(moments: Moments, alpha: float, factor: NDArray) -> Solution:
    """Return the solution, given the factor of the scatter plus alpha I."""
    return _solution(moments, alpha, _packed.solve(factor, _varying_cross(moments)))


class Spectrum(NamedTuple):
    """The scatter's eigenvalues and eigenvectors, and the targets in their coordinates.

    Attributes
    ----------
    values : ndarray of shape (n_features,)
        Ascending; zero where they are rounding.
    vectors : ndarray of shape (n_features, n_features)
        One a column.
    cross : ndarray of shape (n_targets, n_features)
        Zero where the values are.
    """

    values: NDArray[np.float64]
    vectors: NDArray[np.float64]
    cross: NDArray[np.float64]


def spectrum(moments: Moments) -> Spectrum:
    """Return the eigenvalues and eigenvectors of the scatter."""
    matrix, noise = _varying_scatter(moments)
    square = _packed.to_square(matrix, moments.n_features)
    with single_threaded_blas():
        values, vectors = eigh(square.T, overwrite_a=True, check_finite=False, driver="evd")
    cross = _varying_cross(moments) @ vectors
    rounding = max(moments.n_features * _packed.EPS * values[-1], noise.max())
    if values[0] < -_INDEFINITE * values[-1] - rounding:
        raise ValueError(
            "the sums are those of no rows: some were forgotten that had not been seen, or "
            "with other weights. Fit anew"
        )
    is_rounding = values <= rounding
    values[is_rounding] = 0
    cross[:, is_rounding] = 0
    return Spectrum(values, vectors, cross)


def _constants(moments: Moments) -> NDArray[np.bool_]:
    """Return which features do not vary but by rounding: their coefficients are zero."""
    return moments.diagonal <= moments.noise


def _varying_scatter(moments: Moments) -> tuple[NDArray, NDArray]:
    """Return a copy of the scatter and its noise, both zero for constant features."""
    constants = _constants(moments)
    matrix = moments.scatter.copy()
    _packed.clear_rows(matrix, moments.n_features, np.flatnonzero(constants))
    return matrix, np.where(constants, 0, moments.noise)


def _varying_cross(moments: Moments) -> NDArray[np.float64]:
    return np.where(_constants(moments), 0, moments.cross)


def solve_by_spectrum(spectrum: Spectrum, moments: Moments, alpha: float) -> Solution:
    """Return the solution, of least norm where alpha is zero."""
    shrunk = spectrum.cross * _inverse(spectrum.values + alpha)
    return _solution(moments, alpha, shrunk @ spectrum.vectors.T)


def gcv_scores(
    spectrum: Spectrum, moments: Moments, alphas: NDArray
) -> NDArray[np.float64]:
    """Return W RSS / (W - df)^2 for each alpha (Golub, Heath and Wahba 1979).

    W is the sum of weights, RSS the sum over all targets and df the degrees of freedom,
    with the intercept: inf where they leave none.
    """
    shown = spectrum.values > 0
    values = spectrum.values[shown]
    explained = np.square(spectrum.cross[:, shown] / np.sqrt(values)).sum(axis=0)
    total = np.sum(moments.target_scatter)
    unexplained = total - np.sum(explained)
    # Where features fit all targets, what the difference leaves is rounding.
    if unexplained <= _UNEXPLAINED * total:
        unexplained = 0.0
    free = moments.weight - moments.centred - len(values)
    scores = np.full(len(alphas), np.inf)
    for i, alpha in enumerate(alphas):
        withheld = alpha * _inverse(values + alpha)
        residual = unexplained + np.sum(explained * withheld**2)
        remaining = free + np.sum(withheld)
        if remaining > 0:
            scores[i] = (moments.weight / remaining) * (residual / remaining)
    return scores


def in_type(solution: Solution, dtype: str) -> tuple[NDArray, NDArray]:
    """Return coefficients, transposed, and intercepts in a type, if it can hold them."""
    with np.errstate(over="ignore"):
        model = solution.coef.T.astype(dtype), solution.intercept.astype(dtype)
    if not all(np.all(np.isfinite(part)) for part in model):
        raise ValueError(
            f"coefficients overflow in {dtype}: scale y, or fit with dtype='float64'"
        )
    return model


def _inverse(values: NDArray) -> NDArray[np.float64]:
    """Return the reciprocal, zero for zero."""
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)


def _solution(moments: Moments, alpha: float, coef: NDArray) -> Solution:
    explained = np.sum(coef * moments.cross) + alpha * np.sum(np.square(coef))
    squares = moments.target_squares
    return Solution(
        coef=coef,
        intercept=moments.target_mean - coef @ moments.mean,
        residual=max(0.0, float(np.sum(moments.target_scatter) - explained)),
        weight=moments.weight,
        mean_squares=squares / moments.weight if moments.weight > 0 else squares,
    )
