"""Orthonormal functions that span given features, over blocks of rows.

With A the features of all rows, below them sqrt(alpha) I under a ridge penalty, A = Q R
comes from the Cholesky factor of A'A, which squares the condition number: a second pass
over Q leaves EPS times it (CholeskyQR2, Yamamoto et al. 2015). Where the Gram matrix is
too ill-conditioned for that, R comes from Householder QR of one block after the other, and
pivoting tells which features depend on the others.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack, qr

Blocks = Callable[[], Iterable[NDArray]]

# Q'Q = I up to EPS cond^2 after one pass: a second one above the first bound, Householder
# QR above the second, beyond which the Cholesky factor itself may be lost.
EPS = np.finfo(np.float64).eps
ONE_PASS_CONDITION = 1e3
GRAM_CONDITION = 1e7
# Below it, squares of features may have lost digits.
SMALLEST_SQUARE = np.finfo(np.float64).tiny / EPS
# Features below it are taken for zero: their coefficients might overflow.
SMALLEST_LENGTH = 1e-300
WHITENED_ROWS = 1024


class Basis(NamedTuple):
    """Q = A R^-1 on the features kept, with orthonormal columns.

    Attributes
    ----------
    columns : ndarray of shape (rank,)
        The features kept.
    transform : ndarray of shape (rank, rank)
        R^-1, upper triangular, F-ordered: products with it are faster than solving with R.
    """

    columns: NDArray[np.intp]
    transform: NDArray[np.float64]

    @property
    def rank(self) -> int:
        """Return the number m of functions."""
        return len(self.columns)


def orthonormal_basis(blocks: Blocks, alpha: float = 0.0) -> Basis:
    """Return the basis of the features that `blocks` yields, each time it is called.

    Parameters
    ----------
    blocks : callable
        Returns an iterator over arrays of shape (n_rows, n_features), finite.
    alpha : float, default=0
        Ridge penalty.

    Returns
    -------
    basis : Basis
        Of rank 0 if all features are zero.
    """
    gram, tolerance = _gram(blocks, alpha)
    factor = _equilibrated_cholesky(gram)
    condition = np.inf if factor is None else _condition(factor[0])
    if condition <= ONE_PASS_CONDITION:
        return Basis(np.arange(len(gram)), _inverse(*factor))
    if condition <= min(GRAM_CONDITION, 1 / tolerance):
        basis = Basis(np.arange(len(gram)), _inverse(*factor))
    else:
        basis = _pivoted_basis(blocks, alpha, tolerance)
    return _corrected(blocks, basis, alpha) if basis.rank else basis


def leverage_scores(blocks: Blocks, basis: Basis) -> NDArray[np.float64]:
    """Return the squared length of each row of Q, without the rows of a penalty."""
    return np.concatenate(
        [np.einsum("ij,ij->i", rows, rows) for rows in _whitened_blocks(blocks, basis)]
    )


def whitened(features: NDArray, basis: Basis) -> NDArray[np.float64]:
    """Return the rows of Q that belong to rows of features, C-ordered."""
    whole = np.array_equal(basis.columns, np.arange(features.shape[1]))
    kept = features if whole else features[:, basis.columns]
    rows = np.array(kept, dtype=np.float64, order="C")
    if rows.size:
        blas.dtrmm(1.0, basis.transform, rows.T, trans_a=True, overwrite_b=True)
    return rows


def penalty_rows(basis: Basis, alpha: float) -> NDArray[np.float64]:
    """Return the rows of Q that belong to the penalty, one for each feature kept."""
    kept = Basis(np.arange(basis.rank), basis.transform)
    return whitened(np.sqrt(alpha) * np.eye(basis.rank), kept)


def _gram(blocks: Blocks, alpha: float) -> tuple[NDArray, float]:
    """Return the upper triangle of A'A, and what of its roots is rounding in A."""
    gram, precision = None, EPS
    for block in blocks():
        if gram is None:
            gram = np.zeros((block.shape[1], block.shape[1]), order="F")
            np.fill_diagonal(gram, alpha)
        if block.dtype == np.float32:
            precision = np.finfo(np.float32).eps
        rows = np.ascontiguousarray(block, dtype=np.float64)
        with np.errstate(over="ignore"):
            gram = blas.dsyrk(1.0, rows.T, beta=1.0, c=gram, overwrite_c=True)
    return gram, float(10 * len(gram) * precision)


def _equilibrated_cholesky(gram: NDArray) -> tuple[NDArray, NDArray] | None:
    """Return the factor of the Gram matrix of unit columns, and the lengths of columns."""
    squares = np.diag(gram)
    if not (np.all(squares > SMALLEST_SQUARE) and np.all(np.isfinite(gram))):
        return None
    lengths = np.sqrt(squares)
    factor, info = lapack.dpotrf(gram / lengths / lengths[:, np.newaxis], clean=True)
    return None if info else (factor, lengths)


def _condition(factor: NDArray) -> float:
    """Return an estimate, in the 1-norm, from below."""
    reciprocal, _ = lapack.dtrcon(factor)
    return np.inf if reciprocal == 0 else 1 / reciprocal


def _inverse(factor: NDArray, lengths: NDArray) -> NDArray:
    """Return the inverse of R, given the R of unit columns and the lengths of columns."""
    inverse, _ = lapack.dtrtri(factor)
    return inverse / lengths[:, np.newaxis]


def _pivoted_basis(blocks: Blocks, alpha: float, tolerance: float) -> Basis:
    """Return the basis of a largest well-conditioned set of features."""
    triangle = _householder_triangle(blocks, alpha)
    lengths = np.abs(triangle).max(axis=0)
    triangle[:, lengths < SMALLEST_LENGTH] = 0
    lengths[lengths < SMALLEST_LENGTH] = 1
    lengths *= np.linalg.norm(triangle / lengths, axis=0)
    lengths[lengths == 0] = 1
    pivoted, columns = qr(triangle / lengths, mode="r", pivoting=True, check_finite=False)
    diagonal = np.abs(np.diag(pivoted))
    rank = int(np.sum(diagonal > tolerance))
    columns = columns[:rank]
    if rank == 0:
        return Basis(columns, np.empty((0, 0), order="F"))
    return Basis(columns, _inverse(pivoted[:rank, :rank], lengths[columns]))


def _householder_triangle(blocks: Blocks, alpha: float) -> NDArray:
    triangle: NDArray | None = None
    for block in blocks():
        n_features = block.shape[1]
        if triangle is None:
            triangle = np.sqrt(alpha) * np.eye(n_features)
        n_rows = max(WHITENED_ROWS, 2 * n_features)
        for start in range(0, len(block), n_rows):
            stacked = np.vstack([triangle, block[start : start + n_rows]])
            (triangle,) = qr(stacked, mode="r", overwrite_a=True, check_finite=False)
            triangle = triangle[:n_features]
    return triangle


def _corrected(blocks: Blocks, basis: Basis, alpha: float) -> Basis:
    """Return the basis after one more pass, over a Q that is nearly orthonormal."""
    gram = np.zeros((basis.rank, basis.rank), order="F")
    for rows in [*_whitened_blocks(blocks, basis), penalty_rows(basis, alpha)]:
        gram = blas.dsyrk(1.0, rows.T, beta=1.0, c=gram, overwrite_c=True)
    factor, _ = lapack.dpotrf(gram, clean=True)
    inverse, _ = lapack.dtrtri(factor)
    return basis._replace(transform=blas.dtrmm(1.0, basis.transform, inverse))


def _whitened_blocks(blocks: Blocks, basis: Basis) -> Iterator[NDArray]:
    for block in blocks():
        for start in range(0, len(block), WHITENED_ROWS):
            yield whitened(block[start : start + WHITENED_ROWS], basis)
