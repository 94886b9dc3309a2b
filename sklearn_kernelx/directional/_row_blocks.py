"""Passes over blocks of rows: what a block is multiplied with finds it in the cache."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_kernelx._cython import _csr_products, _labelled_sums
from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.directional._sphere import UnitRows

_BYTES_PER_BLOCK = 2**20
# Each block adds to the sums, which wants enough rows to be worth it.
_ROWS_PER_BLOCK = 256, 1024
# Sparse blocks are large, as threads meet at the end of each.
_ROWS_PER_SPARSE_BLOCK = 2048
# Fewer multiplications than these are done before a second thread has woken.
_WORTH_A_THREAD = 2**20
# Parts have sums of their own: few of them, so that these stay small beside the data.
_MAX_PARTS = 16
_ROWS_PER_PART = 2048
# Scales of float32 rows beyond these could leave the range of float32.
_FLOAT32_RANGE = 1e15

Work = Callable[[slice, int], Any]
Map = Callable[[Work], list[Any]]


@contextmanager
def parts_of(rows: UnitRows, n_threads: int) -> Iterator[Map]:
    """Give a function that maps work over parts of the rows, results in their order.

    The parts of dense rows run in parallel, with one thread of BLAS each. Sparse rows are
    one part, in which the loops themselves are parallel. Neither depends on `n_threads`,
    so that results do not either.

    Parameters
    ----------
    rows : UnitRows
        The data.
    n_threads : int
        How many threads to use.

    Yields
    ------
    map_parts : callable
        Calls ``work(part, n_threads)`` for each part, a slice of the rows.
    """
    n_rows = rows.X.shape[0]
    if sparse.issparse(rows.X):
        yield lambda work: [work(slice(0, n_rows), n_threads)]
        return
    n_parts = min(_MAX_PARTS, max(1, n_rows // _ROWS_PER_PART))
    edges = np.linspace(0, n_rows, n_parts + 1).astype(int)
    parts = [slice(first, last) for first, last in pairwise(edges)]
    with single_threaded_blas():
        if min(n_threads, n_parts) == 1:
            yield lambda work: [work(part, 1) for part in parts]
            return
        with ThreadPoolExecutor(n_threads) as pool:
            yield lambda work: list(pool.map(lambda part: work(part, 1), parts))


def blocks_of(X: Any, part: slice) -> Iterator[slice]:
    """Cut a part of the rows of `X` into blocks."""
    size = _ROWS_PER_SPARSE_BLOCK
    if not sparse.issparse(X):
        bytes_per_row = X.itemsize * X.shape[1]
        size = int(np.clip(_BYTES_PER_BLOCK // bytes_per_row, *_ROWS_PER_BLOCK))
    for first in range(part.start, part.stop, size):
        yield slice(first, min(first + size, part.stop))


def within_float32(rows: UnitRows) -> UnitRows:
    """Return the rows in float64 where products of float32 could over- or underflow."""
    scales = rows.inverse_norms[rows.inverse_norms > 0]
    if rows.X.dtype == np.float64 or not len(scales):
        return rows
    if scales.max() < _FLOAT32_RANGE and scales.min() > 1 / _FLOAT32_RANGE:
        return rows
    return rows._replace(X=rows.X.astype(np.float64))


def padded_columns(directions: NDArray[np.float64], X: Any) -> NDArray:
    """Return directions as columns, zeros added, in the dtype for products with `X`."""
    dtype = np.float64 if sparse.issparse(X) else X.dtype
    n_directions, n_features = directions.shape
    columns = np.zeros((n_features, padded_size(n_directions)), dtype=dtype)
    columns[:, :n_directions] = directions.T
    return columns


def padded_size(n_components: int) -> int:
    """Return how many columns the compiled loops want for `n_components`."""
    unit = _csr_products.COLUMNS
    return -(-n_components // unit) * unit


def products(X: Any, block: slice, columns: NDArray, n_threads: int) -> NDArray[np.float64]:
    """Return ``X[block] @ columns`` in float64.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        The data.
    block : slice
        Rows of it.
    columns : ndarray of shape (n_features, n_columns)
        Made by `padded_columns`.
    n_threads : int
        Threads for sparse data.

    Returns
    -------
    products : ndarray of shape (n_rows, n_columns)
    """
    if not sparse.issparse(X):
        return (X[block] @ columns).astype(np.float64, copy=False)
    out = np.empty((block.stop - block.start, columns.shape[1]))
    n_threads = _worth_while(n_threads, X, block, columns.shape[1])
    _csr_products.csr_times(*_csr_arrays(X), block.start, columns, out, n_threads)
    return out


def add_transposed_products(
    X: Any, block: slice, factors: NDArray[np.float64], sums: NDArray, n_threads: int
) -> None:
    """Add ``X[block].T @ factors`` to `sums`, an array of shape (n_features, n_columns)."""
    if sparse.issparse(X):
        n_threads = _worth_while(n_threads, X, block, factors.shape[1])
        _csr_products.add_csr_transposed_times(
            *_csr_arrays(X), block.start, factors, sums, n_threads
        )
    else:
        sums += X[block].T @ factors.astype(X.dtype, copy=False)


def add_labelled_rows(
    X: Any,
    block: slice,
    factors: NDArray[np.float64],
    labels: NDArray[np.int32],
    sums: NDArray[np.float64],
) -> None:
    """Add each row of a block times its factor to the row of `sums` its label names."""
    if sparse.issparse(X):
        _labelled_sums.add_csr_rows(*_csr_arrays(X), block.start, factors, labels, sums)
    else:
        _labelled_sums.add_dense_rows(X[block], factors, labels, sums)


def _csr_arrays(X: Any) -> tuple[NDArray, NDArray, NDArray]:
    indptr = X.indptr.astype(X.indices.dtype, copy=False)
    return X.data, X.indices, indptr


def _worth_while(n_threads: int, X: Any, block: slice, n_columns: int) -> int:
    n_values = int(X.indptr[block.stop]) - int(X.indptr[block.start])
    return min(n_threads, 1 + n_values * n_columns // _WORTH_A_THREAD)
