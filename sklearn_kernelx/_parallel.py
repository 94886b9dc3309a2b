"""Number of threads, the guard on BLAS threads, and row blocks within working memory."""

import functools
from collections.abc import Iterator
from contextlib import AbstractContextManager

import joblib
from sklearn import get_config
from threadpoolctl import ThreadpoolController

from sklearn_kernelx._cython import _openmp


def effective_n_threads(n_jobs: int | None) -> int:
    """Return the number of OpenMP threads that `n_jobs` stands for.

    None is 1 unless a :func:`joblib.parallel_config` context says otherwise, -1 all
    processors this process may use (container limits counted in), -2 all but one.
    """
    return int(joblib.effective_n_jobs(n_jobs)) if _openmp.ENABLED else 1


def single_threaded_blas() -> AbstractContextManager:
    """Return the context in which a `prange` body may call BLAS.

    Without it every OpenMP thread would wake a BLAS pool of its own.
    """
    return _thread_pools().limit(limits=1, user_api="blas")


@functools.cache
def _thread_pools() -> ThreadpoolController:
    """Look through the loaded libraries once: that takes milliseconds."""
    return ThreadpoolController()


def row_blocks(n_rows: int, bytes_per_row: int) -> Iterator[slice]:
    """Cut `n_rows` rows into blocks that fit scikit-learn's ``working_memory``.

    Parameters
    ----------
    n_rows : int
        Number of rows, at least 0.
    bytes_per_row : int
        Memory that the work on one row takes.

    Yields
    ------
    block : slice
        At least one row each.
    """
    budget = get_config()["working_memory"] * 2**20
    rows = max(1, int(budget // max(1, bytes_per_row)))
    return (slice(i, min(i + rows, n_rows)) for i in range(0, n_rows, rows))
