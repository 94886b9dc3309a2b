"""Sums of the rows that share a label, each row times a factor of its own."""

from libc.stdint cimport int32_t, int64_t

from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

ctypedef fused index_t:
    int32_t
    int64_t


def add_dense_rows(
    const floating[:, ::1] rows,
    const float64_t[::1] factors,
    const int32_t[::1] labels,
    float64_t[:, ::1] sums,
):
    """Add factors[i] * rows[i] to sums[labels[i]]."""
    cdef intp_t n_features = rows.shape[1]
    cdef intp_t i, j
    cdef float64_t factor
    cdef const floating *row
    cdef float64_t *target
    with nogil:
        for i in range(rows.shape[0]):
            factor = factors[i]
            if factor == 0:
                continue
            row = &rows[i, 0]
            target = &sums[labels[i], 0]
            for j in range(n_features):
                target[j] += factor * row[j]


def add_csr_rows(
    const floating[::1] values,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    intp_t first_row,
    const float64_t[::1] factors,
    const int32_t[::1] labels,
    float64_t[:, ::1] sums,
):
    """Add factors[i] times row `first_row` + i to sums[labels[i]]."""
    cdef intp_t i, j
    cdef float64_t factor
    cdef float64_t *target
    with nogil:
        for i in range(factors.shape[0]):
            factor = factors[i]
            if factor == 0:
                continue
            target = &sums[labels[i], 0]
            for j in range(indptr[first_row + i], indptr[first_row + i + 1]):
                target[indices[j]] += factor * values[j]
