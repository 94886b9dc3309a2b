"""Products of CSR rows with dense matrices (src/csr_products.h).

The dense matrices have a multiple of CSR_COLUMNS columns, one for each component.
"""

from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

ctypedef fused index_t:
    int32_t
    int64_t

COLUMNS = _loops.CSR_COLUMNS


cdef inline _loops.csr_row describe(
    const floating[::1] values,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    intp_t row,
) noexcept nogil:
    cdef _loops.csr_row described
    described.n_values = indptr[row + 1] - indptr[row]
    # An empty row may lie behind the last value.
    described.values = &values[indptr[row]] if described.n_values else NULL
    described.indices = &indices[indptr[row]] if described.n_values else NULL
    described.is_int64 = index_t is int64_t
    return described


def csr_times(
    const floating[::1] values,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    intp_t first_row,
    const float64_t[:, ::1] dense,
    float64_t[:, ::1] out,
    int num_threads,
):
    """Write the product of as many rows as `out` has, from `first_row` on, and `dense`."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_columns = dense.shape[1]
    cdef intp_t i
    for i in prange(out.shape[0], nogil=True, schedule="static", num_threads=num_threads):
        table.csr_times(
            describe(values, indices, indptr, first_row + i),
            &dense[0, 0], n_columns, n_columns, &out[i, 0],
        )


def add_csr_transposed_times(
    const floating[::1] values,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    intp_t first_row,
    const float64_t[:, ::1] factors,
    float64_t[:, ::1] sums,
    int num_threads,
):
    """Add rows.T @ factors to `sums`, rows as many as `factors` has, from `first_row` on.

    Threads share the columns, so that every sum has the order of the rows.
    """
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_columns = factors.shape[1]
    cdef intp_t width = columns_per_tile(n_columns, num_threads)
    cdef intp_t n_tiles = (n_columns + width - 1) // width
    cdef intp_t tile, i, first
    for tile in prange(n_tiles, nogil=True, schedule="static", num_threads=num_threads):
        first = tile * width
        for i in range(factors.shape[0]):
            table.csr_outer(
                describe(values, indices, indptr, first_row + i),
                &factors[i, first], n_columns, min(width, n_columns - first),
                &sums[0, first],
            )


cdef inline intp_t columns_per_tile(intp_t n_columns, int num_threads) noexcept nogil:
    cdef intp_t unit = _loops.CSR_COLUMNS
    cdef intp_t n_units = n_columns // unit
    return max(unit, (n_units + num_threads - 1) // num_threads * unit)
