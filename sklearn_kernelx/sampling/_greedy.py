"""Deterministic designs: greedy selection of rows by determinants."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

from sklearn_kernelx.sampling._partial_cholesky import (
    ImplicitKernel,
    PartialCholesky,
    greedy_pivots,
    kernel_of_features,
    random_pivots,
)

# Fresh scores after so many rows, against drift.
FEWEST_ROWS_AT_ONCE = 64
SWAPS_AT_ONCE = 64
# Rows are exchanged while that multiplies their volume by more than this.
WORTHWHILE = 1.05


def pivoted_cholesky(
    kernel: ImplicitKernel, n_columns: int, *, n_threads: int = 1
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Select points one after the other, each time that of the largest determinant.

    Parameters
    ----------
    kernel : ImplicitKernel
        K, of n points.
    n_columns : int
        How many points to select.
    n_threads : int, default=1
        Number of threads.

    Returns
    -------
    indices : ndarray of shape (n_columns,)
        In their order. The first of several equally good points is taken; fewer points if
        `K` has a lower numerical rank.
    factor : ndarray of shape (n, n_columns)
        F, with K near F F'.

    Raises
    ------
    ValueError
        If `K` is found not to be positive semidefinite.
    """
    cholesky = PartialCholesky(kernel, n_columns, n_threads=n_threads)
    greedy_pivots(cholesky)
    return cholesky.pivots, cholesky.factor


def randomly_pivoted_cholesky(
    kernel: ImplicitKernel, n_columns: int, rng: np.random.Generator, *, n_threads: int = 1
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return a near-optimal factor of a low rank.

    Parameters
    ----------
    kernel : ImplicitKernel
        K, of n points.
    n_columns : int
        Its rank.
    rng : Generator
        Where the draws come from.
    n_threads : int, default=1
        Number of threads.

    Returns
    -------
    indices : ndarray of shape (n_columns,)
        The pivots, in their order; fewer if the factor is exact up to rounding.
    factor : ndarray of shape (n, n_columns)
        F, with K near F F'.

    Raises
    ------
    ValueError
        If `K` is found not to be positive semidefinite.
    """
    cholesky = PartialCholesky(kernel, n_columns, n_threads=n_threads)
    random_pivots(cholesky, rng)
    return cholesky.pivots, cholesky.factor


def d_optimal_selection(
    Q: NDArray[np.float64],
    n_points: int,
    *,
    max_swaps: int = 0,
) -> NDArray[np.intp]:
    """Select rows of nearly the largest determinant of their information matrix Q_S' Q_S.

    The first m rows are those of greedy maximal volume, as in a QR factorisation of Q' with
    column pivoting, improved by exchanges [1]_. Each further one has the largest leverage
    in the information matrix of those before it, which multiplies the determinant the most
    [2]_.

    Parameters
    ----------
    Q : ndarray of shape (n, m)
        Orthonormal columns, up to a common factor.
    n_points : int
        How many rows, at least m.
    max_swaps : int, default=0
        How often at most one of the first m rows is exchanged for a better one.

    Returns
    -------
    indices : ndarray of shape (n_points,)
        No row again before all are selected.

    Raises
    ------
    ValueError
        If there are fewer rows than columns, or the columns are dependent.

    References
    ----------
    .. [1] Goreinov, S. A. et al. (2010). How to find a good submatrix. Matrix Methods:
       Theory, Algorithms and Applications, 247-256.
    .. [2] Fedorov, V. V. (1972). Theory of Optimal Experiments. Academic Press.
    """
    m = Q.shape[1]
    if n_points < m:
        raise ValueError(
            f"n_samples={n_points} is too few for {m} independent features: give at "
            f"least {m}"
        )
    first = PartialCholesky(kernel_of_features(Q), m)
    greedy_pivots(first)
    if first.n_wanted > 0:
        raise ValueError(
            f"only {len(first.pivots)} of the {m} columns of Q are independent"
        )
    indices = first.pivots
    del first
    if max_swaps > 0:
        indices = exchange_rows(Q, indices, max_swaps)
    while len(indices) < n_points:
        more = _next_rows(Q, indices, n_points - len(indices))
        indices = np.concatenate([indices, more])
    return indices


def exchange_rows(
    Q: NDArray[np.float64], indices: NDArray[np.intp], max_swaps: int
) -> NDArray[np.intp]:
    """Return m rows of a larger volume |det Q_S|, by single exchanges (maxvol).

    Parameters
    ----------
    Q : ndarray of shape (n, m)
        The rows to choose from.
    indices : ndarray of shape (m,)
        Independent rows to begin with.
    max_swaps : int
        Number of exchanges at most.

    Returns
    -------
    indices : ndarray of shape (m,)
        Fewer than `max_swaps` exchanges were made only if none is left to be made.
    """
    indices = indices.copy()
    for start in range(0, max_swaps, SWAPS_AT_ONCE):
        # Entry (i, j): the factor of the volume when row i comes in for the j-th of S.
        gains = np.ascontiguousarray(np.linalg.solve(Q[indices].T, Q.T).T)
        for _ in range(start, min(start + SWAPS_AT_ONCE, max_swaps)):
            row, place = _largest_entry(gains)
            if abs(gains[row, place]) <= WORTHWHILE:
                return indices
            indices[place] = row
            _exchange(gains, row, place)
    return indices


def _largest_entry(array: NDArray) -> tuple[int, int]:
    ends = [np.argmax(array), np.argmin(array)]
    return np.unravel_index(max(ends, key=lambda i: abs(array.flat[i])), array.shape)


def _exchange(gains: NDArray, row: int, place: int) -> None:
    change = gains[row].copy()
    change[place] -= 1
    column = gains[:, place].copy()
    blas.dger(-1 / column[row], change, column, a=gains.T, overwrite_a=True)


def _next_rows(Q: NDArray, indices: NDArray[np.intp], n_rows: int) -> NDArray[np.intp]:
    """Return some of the rows that follow, each of the largest leverage.

    With M = Q_S' Q_S = R'R, the leverage of all rows given those of S and some more is the
    residual of the kernel Q M^-1 Q' given noisy observations at the latter.
    """
    counts = np.bincount(indices, minlength=len(Q))
    is_free = counts == np.min(counts)
    triangle = np.linalg.cholesky(Q[indices].T @ Q[indices])
    whitened = np.array(Q, order="C")
    blas.dtrsm(1.0, triangle.T, whitened.T, trans_a=True, overwrite_b=True)
    n_rows = min(n_rows, max(Q.shape[1], FEWEST_ROWS_AT_ONCE), np.count_nonzero(is_free))
    cholesky = PartialCholesky(
        kernel_of_features(whitened),
        n_rows,
        noise=1.0,
        excluded=np.flatnonzero(~is_free),
    )
    greedy_pivots(cholesky)
    if len(cholesky.pivots) == 0:
        return np.flatnonzero(is_free)[:n_rows]
    return cholesky.pivots
