"""Rows about their weighted mean, each times a factor, in float64 (src/centred_rows.h)."""

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t


def add_weighted_rows(
    const floating[:, ::1] rows, const float64_t[::1] weights, float64_t[::1] sums
):
    """Add each row times its weight to the sums."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t i
    with nogil:
        for i in range(rows.shape[0]):
            table.add_weighted(rows.shape[1], &rows[i, 0], weights[i], &sums[0])


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
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t i
    cdef float64_t size
    cdef float64_t largest = 0
    with nogil:
        for i in range(rows.shape[0]):
            size = table.centre(
                rows.shape[1], &rows[i, 0], &centre[0], factors[i], &out[i, 0]
            )
            if largest == largest and not size <= largest:  # NaN stays
                largest = size
    return largest
