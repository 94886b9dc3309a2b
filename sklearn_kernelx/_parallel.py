"""Number of threads, the guard on BLAS threads, and row blocks within working memory."""

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import joblib
from sklearn import get_config
from threadpoolctl import LibController, ThreadpoolController

from sklearn_kernelx._cython import _openmp

_WORTH_A_THREAD = 2**22


def effective_n_threads(n_jobs: int | None) -> int:
    """Return the number of OpenMP threads that `n_jobs` stands for.

    None is 1 unless a :func:`joblib.parallel_config` context says otherwise, -1 all
    processors this process may use (container limits counted in), -2 all but one.
    """
    if n_jobs == 0:
        raise ValueError(
            "n_jobs must not be 0: use 1 for one thread, -1 for all processors"
        )
    return int(joblib.effective_n_jobs(n_jobs)) if _openmp.ENABLED else 1


def worthwhile_threads(n_threads: int, n_multiplications: int) -> int:
    """Return the number of threads, fewer where they would mostly wait for each other.

    Parameters
    ----------
    n_threads : int
        At most so many, at least 1.
    n_multiplications : int
        Between two waits of threads for each other.
    """
    return min(n_threads, 1 + n_multiplications // _WORTH_A_THREAD)


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Pin BLAS to one thread in the whole process, for work in parallel that calls it.

    Without it each of our threads would wake a BLAS pool of its own. The limit is lifted
    when the last of those who asked for it, from whatever thread, is done.
    """
    _blas_limit.acquire()
    try:
        yield
    finally:
        _blas_limit.release()


class _BlasLimit:
    """Counts its users: overlapping limits would restore each other's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_users = 0

    def acquire(self) -> None:
        with self._lock:
            if self._n_users == 0:
                self._limited = [(p, p.get_num_threads()) for p in _blas_pools()]
                self._set(lambda n_threads: 1)
            self._n_users += 1

    def release(self) -> None:
        with self._lock:
            self._n_users -= 1
            if self._n_users == 0:
                self._set(lambda n_threads: n_threads)

    def _set(self, wanted: Callable[[int], int]) -> None:
        for pool, n_threads in self._limited:
            if n_threads > 1:
                pool.set_num_threads(wanted(n_threads))

    def forget(self) -> None:
        """Begin anew in a forked process, where no other thread goes on."""
        if self._n_users > 0:
            self._set(lambda n_threads: n_threads)
        self.__init__()


_blas_limit = _BlasLimit()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_blas_limit.forget)


@functools.cache
def _blas_pools() -> list[LibController]:
    """Look through the loaded libraries once: that takes milliseconds."""
    pools = ThreadpoolController().select(user_api="blas").lib_controllers
    return [p for p in pools if p.get_num_threads() is not None]


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
