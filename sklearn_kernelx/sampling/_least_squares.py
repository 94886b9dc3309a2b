"""Weighted least squares in orthonormal coordinates."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, qr, solve_triangular

from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.sampling._feature_map import check_rank
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._orthonormal import (
    Basis,
    orthonormal_basis,
    penalty_rows,
    whitened,
)


class Solution(NamedTuple):
    """Of a least-squares problem.

    Attributes
    ----------
    coordinates : ndarray of shape (m, n_targets)
        Of least norm if not unique.
    gram_condition : float
        Condition number of the Gram matrix of the rows, infinite if it is singular.
    rank : int
        Number of coordinates that the rows determine.
    """

    coordinates: NDArray[np.float64]
    gram_condition: float
    rank: int


def solve_rows(
    rows: NDArray[np.float64], targets: NDArray[np.float64] | None = None
) -> Solution:
    """Solve a least-squares problem by Householder QR.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, m)
        One equation each.
    targets : ndarray of shape (n_rows, n_targets), default=None
        Right-hand sides; None has none.
    """
    n_rows, m = rows.shape
    if targets is None:
        targets = np.empty((n_rows, 0))
    with single_threaded_blas():
        (triangle,) = qr(np.hstack([rows, targets]), mode="r", overwrite_a=True)
        # Below stands what of the targets lies outside the span of the rows.
        triangle, moments = triangle[:m, :m], triangle[:m, m:]
        singular = np.linalg.svd(triangle, compute_uv=False)
        largest = np.max(singular, initial=0.0)
        rank = int(np.sum(singular > max(n_rows, m) * np.finfo(float).eps * largest))
        if rank < m:
            return Solution(_of_least_norm(triangle, moments, rank), np.inf, rank)
        coordinates = solve_triangular(triangle, moments)
    return Solution(coordinates, float((singular[0] / singular[-1]) ** 2), rank)


def _of_least_norm(matrix: NDArray, sides: NDArray, rank: int) -> NDArray[np.float64]:
    left, singular, right = np.linalg.svd(matrix)
    shares = left[:, :rank].T @ sides / singular[:rank, np.newaxis]
    return right[:rank].T @ shares


def solve_weighted(
    features: Features,
    weights: NDArray[np.float64],
    targets: NDArray[np.float64],
    alpha: float,
) -> tuple[Basis, NDArray[np.float64]]:
    """Return the solution on all rows, over blocks.

    Parameters
    ----------
    features : Features
        A.
    weights : ndarray of shape (n_rows,)
        Positive.
    targets : ndarray of shape (n_rows, n_targets)
        Right-hand sides.
    alpha : float
        Ridge penalty.

    Returns
    -------
    basis : Basis
        Of the rows times the roots of their weights.
    coordinates : ndarray of shape (m, n_targets)
        In this basis.
    """
    scale = np.max(weights)  # out of the way of float32
    roots = np.sqrt(weights / scale)[:, np.newaxis]
    alpha = alpha / scale

    def parts() -> Iterator[tuple[NDArray, NDArray]]:
        start = 0
        for block in features.blocks():
            part = slice(start, start + len(block))
            yield block * roots[part].astype(block.dtype), targets[part] * roots[part]
            start = part.stop

    basis = orthonormal_basis(lambda: (block for block, _ in parts()), alpha)
    check_rank(features, basis.rank)
    penalty = penalty_rows(basis, alpha)
    # Nearly the identity: the basis is orthonormal up to what its condition leaves.
    gram = penalty.T @ penalty
    moments = np.zeros((basis.rank, targets.shape[1]))
    for block, block_targets in parts():
        rows = whitened(block, basis)
        gram += rows.T @ rows
        moments += rows.T @ block_targets
    return basis, cho_solve(cho_factor(gram), moments)


def coefficients(
    basis: Basis, coordinates: NDArray[np.float64], n_features: int
) -> NDArray[np.float64]:
    """Return the solution in terms of the features, (n_targets, n_features).

    Features that the basis leaves out get the coefficient 0.
    """
    coef = np.zeros((coordinates.shape[1], n_features))
    coef[:, basis.columns] = (basis.transform @ coordinates).T
    return coef


def predict_blocks(features: Features, coef: NDArray[np.float64]) -> NDArray:
    """Return ``features @ coef.T``, in the type of the features."""
    return np.concatenate([(b @ coef.T).astype(b.dtype) for b in features.blocks()])
