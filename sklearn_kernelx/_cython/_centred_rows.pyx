"""Rows about their weighted mean, each times the root of its weight, in float64."""

from libc.math cimport fabs

from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t


def add_weighted_rows(
    const floating[:, ::1] rows, const float64_t[::1] weights, float64_t[::1] sums
):
    """Add each row times its weight to the sums."""
    cdef intp_t i, j
    cdef float64_t weight
    with nogil:
        for i in range(rows.shape[0]):
            weight = weights[i]
            for j in range(rows.shape[1]):
                sums[j] += weight * rows[i, j]


def centre_rows(
    const floating[:, ::1] rows,
    const float64_t[::1] centre,
    const float64_t[::1] factors,
    float64_t[:, ::1] out,
):
    """Write factors[i] * (rows[i] - centre) to out[i].

    Returns
    -------
    largest : float
        The largest size of an entry written; NaN if one is NaN.
    """
    cdef intp_t i, j
    cdef float64_t factor, entry
    cdef float64_t largest = 0
    cdef float64_t row_sum = 0
    with nogil:
        for i in range(rows.shape[0]):
            factor = factors[i]
            for j in range(rows.shape[1]):
                entry = factor * (rows[i, j] - centre[j])
                out[i, j] = entry
                entry = fabs(entry)
                largest = entry if entry > largest else largest
                row_sum += 0 * entry
    return largest + row_sum
