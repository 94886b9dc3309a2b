"""Threads, the guard on BLAS, and row blocks."""

import os

import joblib
import numpy as np
import pytest
import sklearn
from threadpoolctl import threadpool_info

from sklearn_kernelx._parallel import effective_n_threads, row_blocks, single_threaded_blas


def test_n_jobs_follows_joblib():
    assert effective_n_threads(None) == 1
    assert effective_n_threads(3) == 3
    assert effective_n_threads(-1) == joblib.cpu_count()
    with joblib.parallel_config(backend="threading", n_jobs=2):
        assert effective_n_threads(None) == 2
    with pytest.raises(ValueError, match="n_jobs"):
        effective_n_threads(0)


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_guards_of_several_threads_may_overlap():
    before = blas_threads()
    first, second = single_threaded_blas(), single_threaded_blas()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert blas_threads() == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_begins_without_the_limit():
    before = blas_threads()
    with single_threaded_blas():
        child = os.fork()
        if child == 0:
            as_before = blas_threads() == before
            with single_threaded_blas():
                is_limited = blas_threads() == {1}
            os._exit(0 if as_before and is_limited else 1)
        assert os.waitpid(child, 0)[1] == 0


def test_blas_runs_on_one_thread_inside_the_guard_only():
    before = blas_threads()
    with single_threaded_blas():
        assert blas_threads() == {1}
    assert blas_threads() == before


@pytest.mark.parametrize("n_rows", [0, 1, 10, 1000])
@pytest.mark.parametrize("bytes_per_row", [0, 1, 2**17, 2**40])
def test_row_blocks_cover_all_rows_within_memory(n_rows, bytes_per_row):
    with sklearn.config_context(working_memory=1):
        blocks = list(row_blocks(n_rows, bytes_per_row))
    covered = np.concatenate([np.arange(n_rows)[b] for b in blocks] or [np.arange(0)])
    np.testing.assert_array_equal(covered, np.arange(n_rows))
    for block in blocks:
        rows = block.stop - block.start
        assert rows == 1 or rows * bytes_per_row <= 2**20
