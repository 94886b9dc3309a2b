"""Rows seen from the unit sphere: their norms and sums of their directions.

The inverse norm of a row is 0 where the row has no direction (a norm below the smallest
normal number) and NaN where the row is not finite. Sums run in eight lanes, so that
compilers vectorise them without leave to reorder.
"""

from libc.math cimport NAN, fabs, frexp, isfinite, ldexp, sqrt
from libc.stdint cimport int32_t, int64_t

from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

ctypedef fused index_t:
    int32_t
    int64_t

cdef enum:
    LANES = 8

# Sums of squares between these have lost nothing to underflow or overflow.
cdef float64_t SMALLEST = 1e-280
cdef float64_t LARGEST = 1e300


cdef inline float64_t sum_of_lanes(const float64_t *lane) noexcept nogil:
    return (
        ((lane[0] + lane[1]) + (lane[2] + lane[3]))
        + ((lane[4] + lane[5]) + (lane[6] + lane[7]))
    )


cdef inline float64_t sum_of_squares(const floating *x, intp_t n) noexcept nogil:
    cdef float64_t lane[LANES]
    cdef float64_t value
    cdef intp_t whole = n - n % LANES
    cdef intp_t k, j
    for j in range(LANES):
        lane[j] = 0
    for k from 0 <= k < whole by LANES:
        for j in range(LANES):
            value = x[k + j]
            lane[j] += value * value
    for k in range(whole, n):
        value = x[k]
        lane[k - whole] += value * value
    return sum_of_lanes(lane)


cdef float64_t careful_inverse_norm(const floating *x, intp_t n) noexcept nogil:
    """The squares of `x` overflow, underflow or are not finite."""
    cdef float64_t largest = 0, total = 0, value, inverse
    cdef int exponent
    cdef intp_t k
    for k in range(n):
        value = fabs(<float64_t> x[k])
        if not isfinite(value):
            return NAN
        largest = max(largest, value)
    if largest == 0:
        return 0
    frexp(largest, &exponent)
    for k in range(n):
        value = ldexp(<float64_t> x[k], -exponent)
        total += value * value
    inverse = ldexp(1 / sqrt(total), -exponent)
    return inverse if isfinite(inverse) else 0


cdef inline float64_t inverse_norm(const floating *x, intp_t n) noexcept nogil:
    cdef float64_t total = sum_of_squares(x, n)
    if SMALLEST < total < LARGEST:
        return 1 / sqrt(total)
    return careful_inverse_norm(x, n)


def inverse_norms(const floating[:, ::1] X, float64_t[::1] out):
    """Write the inverse norms of the rows of `X`."""
    cdef intp_t i
    with nogil:
        for i in range(X.shape[0]):
            out[i] = inverse_norm(&X[i, 0], X.shape[1])


def csr_inverse_norms(
    const floating[::1] data, const index_t[::1] indptr, float64_t[::1] out
):
    """Write the inverse norms of the rows of a CSR array without duplicates."""
    cdef intp_t i
    with nogil:
        for i in range(out.shape[0]):
            # No address of an element: `data` may be empty.
            out[i] = 0
            if indptr[i] < indptr[i + 1]:
                out[i] = inverse_norm(&data[indptr[i]], indptr[i + 1] - indptr[i])
