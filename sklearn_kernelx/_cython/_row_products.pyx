"""Products of rows with a matrix where the bits for a row depend on that row alone.

Those of a BLAS product depend on where in its block a row stands, so that a record more or
less could change what is rounded for the others.
"""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t


def multiply_rows(
    const float64_t[:, ::1] rows,
    const float64_t[:, ::1] matrix,
    float64_t[:, ::1] out,
    int num_threads,
):
    """Write rows times matrix; terms are added in the order of the columns of `rows`."""
    cdef const _loops.loops *table = _loops.f64
    cdef intp_t n_out = matrix.shape[1]
    cdef intp_t i, k
    for i in prange(rows.shape[0], nogil=True, schedule="static", num_threads=num_threads):
        for k in range(n_out):
            out[i, k] = 0
        for k in range(rows.shape[1]):
            table.add_weighted(n_out, &matrix[k, 0], rows[i, k], &out[i, 0])
