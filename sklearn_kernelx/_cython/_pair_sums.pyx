"""Kernel sums of queries over all training points, blocks of queries in parallel."""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t


def pair_sums(
    const floating[:, :, ::1] points,
    const floating[::1] terms,
    const floating[::1] center,
    const floating[::1] inverse_bandwidth,
    const floating[:, ::1] boxes,
    tuple margins,
    int form,
    int kernel,
    const floating[:, ::1] queries,
    float64_t[::1] result,
    float64_t[::1] count,
    int num_threads,
):
    """Write log sum w K (or sum w K, compact kernels) and the counts of src/pair_sums.h.

    `boxes` may be None; `margins` are the edge, slack and absolute floor of src/prune.h.
    The sums do not depend on the number of threads.
    """
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef _loops.point_set points_ = _loops.describe(
        points, terms, center, inverse_bandwidth
    )
    cdef intp_t n_queries = queries.shape[0]
    cdef intp_t block = _loops.queries_per_block(n_queries, num_threads)
    cdef intp_t n_blocks = (n_queries + block - 1) // block
    cdef intp_t i, first
    cdef int failed = 0
    if boxes is not None:
        points_.boxes = &boxes[0, 0]
    points_.edge, points_.slack, points_.absolute_floor = margins
    for i in prange(n_blocks, nogil=True, schedule="dynamic", num_threads=num_threads):
        first = i * block
        failed += table.pair_sums(
            &points_, form, kernel, &queries[first, 0],
            min(block, n_queries - first), &result[first], &count[first],
        )
    if failed:
        raise MemoryError


def careful_sums(
    const floating[:, :, ::1] points,
    const floating[::1] log_weight,
    const floating[::1] center,
    const floating[::1] inverse_bandwidth,
    const floating[:, ::1] boxes,
    tuple margins,
    int form,
    int kernel,
    const float64_t[::1] bandwidth,
    const floating[:, ::1] queries,
    float64_t[::1] log_sums,
    int num_threads,
):
    """Write log sum w K by the slow sums of src/careful_sums.h, for every kernel."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef _loops.point_set points_ = _loops.describe(
        points, log_weight, center, inverse_bandwidth
    )
    cdef intp_t i
    cdef int failed = 0
    if boxes is not None:
        points_.boxes = &boxes[0, 0]
    points_.edge, points_.slack, points_.absolute_floor = margins
    for i in prange(
        queries.shape[0], nogil=True, schedule="dynamic", num_threads=num_threads
    ):
        failed += table.careful_sums(
            &points_, form, kernel, &bandwidth[0], &queries[i, 0], &log_sums[i]
        )
    if failed:
        raise MemoryError
