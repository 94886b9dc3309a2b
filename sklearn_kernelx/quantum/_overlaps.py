"""Matrices of squared overlaps |<a|b>|^2 of states that are prepared block by block."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn import get_config

from sklearn_kernelx._cython._squared_overlaps import TILE, WORKSPACE, squared_overlaps
from sklearn_kernelx._parallel import single_threaded_blas, worthwhile_threads

# Multiplications between two chances for Ctrl-C: less than a second.
LONG_WORK = 2**34

# The states of some rows, real parts first.
Prepare = Callable[[slice], NDArray]


def symmetric_overlaps(
    prepare: Prepare, n: int, n_amplitudes: int, dtype: DTypeLike, n_threads: int
) -> NDArray:
    """Return the (n, n) matrix of squared overlaps of n states, its diagonal exactly 1.

    States beyond scikit-learn's ``working_memory`` are prepared again for each block of
    rows, which costs little beside the products.
    """
    out = np.empty((n, n), dtype)
    tall, wide = _block_heights(n_amplitudes, out.itemsize)
    write = _writer(out, n_amplitudes, n_threads, symmetric=True)

    def write_rows(rows: slice) -> None:
        states = prepare(rows)
        for columns in _cut(0, rows.start, wide):
            write(states, prepare(columns), rows.start, columns.start)
        write(states, states, rows.start, rows.start)

    with single_threaded_blas():
        for rows in _cut(0, n, tall):
            write_rows(rows)
    np.fill_diagonal(out, 1)
    return out


def cross_overlaps(
    prepare: Prepare,
    n: int,
    prepare_others: Prepare,
    n_others: int,
    n_amplitudes: int,
    dtype: DTypeLike,
    n_threads: int,
) -> NDArray:
    """Return the (n, n_others) matrix of squared overlaps of states with others."""
    out = np.empty((n, n_others), dtype)
    tall, wide = _block_heights(n_amplitudes, out.itemsize)
    write = _writer(out, n_amplitudes, n_threads, symmetric=False)

    def write_rows(rows: slice) -> None:
        states = prepare(rows)
        for columns in _cut(0, n_others, wide):
            write(states, prepare_others(columns), rows.start, columns.start)

    with single_threaded_blas():
        for rows in _cut(0, n, tall):
            write_rows(rows)
    return out


def _writer(
    out: NDArray, n_amplitudes: int, n_threads: int, symmetric: bool
) -> Callable[[NDArray, NDArray, int, int], None]:
    """Return a function that writes the block of two sets of states at its place."""
    n_threads = worthwhile_threads(n_threads, 3 * out.size * n_amplitudes)
    work = np.empty((n_threads, WORKSPACE), out.dtype)

    def write(states: NDArray, others: NDArray, row: int, column: int) -> None:
        height = LONG_WORK * n_threads // (3 * len(others) * n_amplitudes)
        for strip in _cut(0, len(states), max(TILE, height // TILE * TILE)):
            block = states[strip]
            squared_overlaps(block, others, out, row + strip.start, column, symmetric, work)

    return write


def _block_heights(n_amplitudes: int, itemsize: int) -> tuple[int, int]:
    """Return how many states stay while blocks of how many others pass by."""
    budget = get_config()["working_memory"] * 2**20
    n_states = int(budget // (2 * n_amplitudes * itemsize))
    wide = max(1, n_states // 4)
    return max(1, n_states - wide), wide


def _cut(start: int, stop: int, height: int) -> Iterator[slice]:
    return (slice(i, min(i + height, stop)) for i in range(start, stop, height))
