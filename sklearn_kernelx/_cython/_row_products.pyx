"""Products of rows with a matrix where the bits for a row depend on that row alone.

So a record more or less changes nothing of what is rounded for others: src/row_products.h.
"""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t

cdef enum:
    BLOCK = 64  # rows for which a panel of the matrix stays in the cache


def multiply_rows(
    const float64_t[:, ::1] rows,
    const float64_t[:, ::1] matrix,
    float64_t[:, ::1] out,
    int num_threads,
):
    """Write rows times matrix; terms are added in the order of the columns of `rows`."""
    cdef intp_t n_rows = rows.shape[0]
    cdef intp_t n_blocks = (n_rows + BLOCK - 1) // BLOCK
    cdef intp_t block, i
    if matrix.shape[1] == 0:
        return
    for block in prange(n_blocks, nogil=True, schedule="static", num_threads=num_threads):
        i = block * BLOCK
        _loops.f64.row_products(
            min(<intp_t> BLOCK, n_rows - i), rows.shape[1], &rows[i, 0],
            matrix.shape[1], &matrix[0, 0], &out[i, 0],
        )
