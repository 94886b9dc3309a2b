"""Symmetric positive definite matrices in packed panels: sums, factors, solutions.

The layout is that of `sklearn_kernelx._cython._packed_triangle`. Results have the same bits
for any number of threads. The loops over panels stand here so that Ctrl-C is heard between
them.
"""

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython._packed_triangle import (
    PANEL,
    add_gram,
    factor_panel,
    solve_in_place,
    unpack,
    update_panel,
)
from sklearn_kernelx._parallel import single_threaded_blas, worthwhile_threads

EPS = np.finfo(np.float64).eps


def packed_size(n: int) -> int:
    """Return how many numbers a matrix of n rows takes: little more than n (n + 1) / 2."""
    n_full, rest = divmod(n, PANEL)
    return PANEL * PANEL * n_full * (n_full + 1) // 2 + rest * n


def diagonal_places(n: int) -> NDArray[np.intp]:
    """Return where the diagonal stands."""
    rows = np.arange(n)
    first = rows // PANEL * PANEL
    stride = np.minimum(first + PANEL, n)
    panel_begins = first * (first + PANEL) // 2
    return panel_begins + (rows - first) * stride + rows


def add_squares(
    matrix: NDArray, rows: NDArray, sign: float = 1.0, n_threads: int = 1
) -> None:
    """Add ``sign * rows.T @ rows`` to a packed matrix, in place."""
    n_threads = worthwhile_threads(n_threads, len(rows) * rows.shape[1] ** 2 // 2)
    with single_threaded_blas():
        add_gram(rows, sign, matrix, n_threads)


def to_square(matrix: NDArray, n: int) -> NDArray[np.float64]:
    """Return the whole symmetric matrix."""
    square = np.empty((n, n))
    unpack(matrix, square)
    return square


def clear_rows(matrix: NDArray, n: int, rows: NDArray[np.intp]) -> None:
    """Make rows and columns zero, in place."""
    begins = diagonal_places(n) - np.arange(n)
    for row in rows:
        matrix[begins[row] : begins[row] + row + 1] = 0
        matrix[begins[row + 1 :] + row] = 0


def cholesky(matrix: NDArray, noise: NDArray, n_threads: int = 1) -> NDArray[np.float64]:
    """Return the packed Cholesky factor of a packed matrix, which it overwrites.

    Parameters
    ----------
    matrix : ndarray
        Packed.
    noise : ndarray of shape (n,)
        What of the diagonal may be rounding.
    n_threads : int, default=1
        Number of threads.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is not positive definite to rounding: a pivot, which is what a row
        adds to those before it, is not above the noise.
    """
    n = len(noise)
    places = diagonal_places(n)
    n_threads = worthwhile_threads(n_threads, PANEL * n**2 // 2)
    with single_threaded_blas():
        for panel in range(-(-n // PANEL)):
            if factor_panel(matrix, n, panel, n_threads):
                raise np.linalg.LinAlgError("the matrix is not positive definite")
    pivots = np.square(matrix[places])
    if not np.all(pivots > noise):
        raise np.linalg.LinAlgError("the matrix is singular to rounding")
    return matrix


def cheaper_to_update(n_rows: int, n: int) -> bool:
    """Return whether `update_cholesky` takes less time than a new factorisation.

    It takes 2 n_rows n^2 operations at a lower rate, a factorisation n^3 / 3: the bound
    leaves a margin.
    """
    return 8 * n_rows <= n


def update_cholesky(factor: NDArray, rows: NDArray, n_threads: int = 1) -> None:
    """Turn the factor of A into one of ``A + rows.T @ rows``, in place.

    Diagonal entries may change their sign.
    """
    columns = np.array(rows.T, order="C")
    n_threads = worthwhile_threads(n_threads, 2 * PANEL * rows.size)
    with single_threaded_blas():
        for panel in range(-(-rows.shape[1] // PANEL)):
            update_panel(factor, columns, panel, n_threads)


def solve(factor: NDArray, targets: NDArray) -> NDArray[np.float64]:
    """Return X of shape (n_targets, n) with ``X @ A == targets``, given the factor of A."""
    solution = np.array(targets, order="C")
    with single_threaded_blas():
        solve_in_place(factor, solution)
    return solution
