"""Determinantal point processes of a positive semidefinite kernel: L-ensembles.

The law P(S) = det(L[S]) / det(I + L), or of k points P(S) = det(L[S]) / e_k, is a mixture
of projection processes: eigenvectors of L are chosen first, in proportion to the product
of the eigenvalues, then one sample of the process of their span is drawn (Hough,
Krishnapur, Peres and Virag 2006; k points: Kulesza and Taskar 2011). e_k is the elementary
symmetric polynomial of the eigenvalues.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython._elementary_symmetric import (
    choose_by_product,
    polynomial_ratios,
    shares_by_product,
)
from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.sampling._partial_cholesky import check_symmetric
from sklearn_kernelx.sampling._projection_dpp import projection_dpp
from sklearn_kernelx.sampling._rows import OrthonormalRows

EPS = np.finfo(np.float64).eps
# Eigenvectors from B'B are orthonormal up to EPS times the condition of B'B.
ONE_PASS_CONDITION = 1e4
# Above it, they are independent at least.
DUAL_ROUNDING = 4


class LEnsemble(NamedTuple):
    """L = Q diag(eigenvalues) Q', without the null space.

    Attributes
    ----------
    eigenvalues : ndarray of shape (rank,)
        Positive.
    eigenvectors : ndarray of shape (n_points, rank)
        Q, with orthonormal columns.
    """

    eigenvalues: NDArray[np.float64]
    eigenvectors: NDArray[np.float64]

    @property
    def rank(self) -> int:
        """Return the numerical rank of L: no sample is larger."""
        return len(self.eigenvalues)


def l_ensemble_from_kernel(kernel: NDArray) -> LEnsemble:
    """Return the ensemble of a kernel matrix.

    Parameters
    ----------
    kernel : ndarray of shape (n_points, n_points)
        L, finite floats. Those of float32 are taken for rounded to it.

    Returns
    -------
    ensemble : LEnsemble

    Raises
    ------
    ValueError
        If the matrix is not symmetric, or has a negative eigenvalue.
    """
    check_symmetric(kernel)
    precision = float(np.finfo(kernel.dtype).eps)
    with single_threaded_blas():
        eigenvalues, eigenvectors = np.linalg.eigh(kernel.astype(np.float64, copy=False))
    lowest, highest = eigenvalues[[0, -1]]
    if lowest < -np.sqrt(precision) * highest:
        raise ValueError(
            "the kernel matrix is not positive semidefinite: its smallest eigenvalue is "
            f"{lowest:.2g}, its largest {highest:.2g}. Choose a kernel that is, such as "
            "'rbf'"
        )
    kept = eigenvalues > len(kernel) * precision * highest
    return LEnsemble(eigenvalues[kept], np.ascontiguousarray(eigenvectors[:, kept]))


def l_ensemble_from_factor(factor: NDArray[np.float64]) -> LEnsemble:
    """Return the ensemble of ``L = factor @ factor.T``, without that matrix.

    Parameters
    ----------
    factor : ndarray of shape (n_points, n_columns)
        B, finite; best with few columns.

    Returns
    -------
    ensemble : LEnsemble
    """
    scale = np.max(np.abs(factor), initial=0.0)
    if scale == 0:
        return LEnsemble(np.empty(0), np.empty((len(factor), 0)))
    with single_threaded_blas():
        eigenvalues, Q = _dual_eigenvectors(factor / scale)
        if eigenvalues[-1] > ONE_PASS_CONDITION * eigenvalues[0]:
            eigenvalues, Q = _corrected(eigenvalues, Q)
    return LEnsemble(eigenvalues * scale**2, Q)


def inclusion_probabilities(
    ensemble: LEnsemble, n_points: int | None = None
) -> NDArray[np.float64]:
    """Return the probability of each point to be in a sample.

    Parameters
    ----------
    ensemble : LEnsemble
        Of n points.
    n_points : int, default=None
        Size of a sample, at most the rank; None for a random size.

    Returns
    -------
    probabilities : ndarray of shape (n,)
        They sum to `n_points`, or to the mean size.

    Raises
    ------
    ValueError
        If `n_points` is above the rank.
    """
    shares = eigenvector_probabilities(ensemble.eigenvalues, n_points)
    return np.square(ensemble.eigenvectors) @ shares


def draw_l_ensemble(
    ensemble: LEnsemble, n_points: int | None, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return one sample.

    Parameters
    ----------
    ensemble : LEnsemble
        Of n points.
    n_points : int or None
        Size of the sample, at most the rank; None for a random size.
    rng : Generator
        Where the draws come from.

    Returns
    -------
    indices : ndarray of shape (n_points,)
        All different, in exchangeable order.

    Raises
    ------
    ValueError
        If `n_points` is above the rank.
    """
    chosen = draw_eigenvectors(ensemble.eigenvalues, n_points, rng)
    if len(chosen) == 0:
        return np.empty(0, dtype=np.intp)
    return projection_dpp(OrthonormalRows(ensemble.eigenvectors[:, chosen]), rng)


def draw_eigenvectors(
    eigenvalues: NDArray[np.float64], n_points: int | None, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return the places of the eigenvectors that span one sample."""
    uniforms = rng.random(len(eigenvalues))
    if n_points is None:
        return np.flatnonzero(uniforms < _bernoulli_probabilities(eigenvalues))
    chosen = np.empty(n_points, dtype=np.intp)
    numbers, ratios = _ratios(eigenvalues, n_points)
    choose_by_product(numbers, ratios, uniforms, chosen)
    return chosen


def eigenvector_probabilities(
    eigenvalues: NDArray[np.float64], n_points: int | None = None
) -> NDArray[np.float64]:
    """Return the probability of each eigenvector to be chosen."""
    if n_points is None:
        return _bernoulli_probabilities(eigenvalues)
    shares = np.empty(len(eigenvalues))
    numbers, ratios = _ratios(eigenvalues, n_points)
    shares_by_product(numbers, ratios, np.empty(n_points + 1), shares)
    return shares


def _bernoulli_probabilities(eigenvalues: NDArray) -> NDArray[np.float64]:
    return 1 / (1 + 1 / eigenvalues)


def _ratios(eigenvalues: NDArray, n_points: int) -> tuple[NDArray, NDArray]:
    """Return the eigenvalues about 1, and the table of ratios of their polynomials."""
    rank = len(eigenvalues)
    if n_points > rank:
        raise ValueError(
            f"n_samples={n_points} is above the numerical rank {rank} of the kernel "
            f"matrix: give at most {rank}, or a kernel that tells more rows apart"
        )
    ratios = np.empty((rank, n_points))
    if n_points == 0:
        return eigenvalues, ratios
    middle = np.sqrt(np.min(eigenvalues)) * np.sqrt(np.max(eigenvalues))
    numbers = eigenvalues / middle
    polynomial_ratios(numbers, ratios)
    return numbers, ratios


def _dual_eigenvectors(factor: NDArray) -> tuple[NDArray, NDArray]:
    """Return the positive eigenvalues of factor' factor, and the eigenvectors of the L."""
    eigenvalues, vectors = np.linalg.eigh(factor.T @ factor)
    kept = eigenvalues > DUAL_ROUNDING * max(factor.shape) * EPS * eigenvalues[-1]
    eigenvalues, vectors = eigenvalues[kept], vectors[:, kept]
    return eigenvalues, factor @ (vectors / np.sqrt(eigenvalues))


def _corrected(eigenvalues: NDArray, Q: NDArray) -> tuple[NDArray, NDArray]:
    """Mend a Q that is only nearly orthonormal, of the same Q diag(eigenvalues) Q'."""
    triangle = np.linalg.cholesky(Q.T @ Q).T
    left, roots, _ = np.linalg.svd(triangle * np.sqrt(eigenvalues))
    # Q triangle^-1 is orthonormal, and triangle diag(roots of eigenvalues) = left roots V'.
    ascending = np.s_[::-1]
    turn = np.linalg.solve(triangle, left[:, ascending])
    return np.square(roots[ascending]), Q @ turn
