"""Leave-one-out moments of kernel sums, blocks of queries in parallel."""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t


def tilted_sums(
    const floating[:, :, ::1] points,
    const floating[::1] terms,
    const floating[::1] center,
    const floating[::1] inverse_bandwidth,
    int kernel,
    float64_t sharpness,
    const floating[:, ::1] queries,
    float64_t[:, ::1] moments,
    int num_threads,
):
    """Write the three moments of src/tilted_sums.h, a row for each query."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef _loops.point_set points_ = _loops.describe(
        points, terms, center, inverse_bandwidth
    )
    cdef intp_t n_queries = queries.shape[0]
    cdef intp_t block = _loops.queries_per_block(n_queries, num_threads)
    cdef intp_t n_blocks = (n_queries + block - 1) // block
    cdef intp_t i, first
    cdef int failed = 0
    for i in prange(n_blocks, nogil=True, schedule="dynamic", num_threads=num_threads):
        first = i * block
        failed += table.tilted_sums(
            &points_, kernel, sharpness, &queries[first, 0],
            min(block, n_queries - first), &moments[first, 0],
        )
    if failed:
        raise MemoryError
