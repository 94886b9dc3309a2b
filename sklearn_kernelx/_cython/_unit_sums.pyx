"""Rows seen from the unit sphere: their norms and sums of their directions.

The inverse norm of a row is 0 where the row has no direction (a norm below the smallest
normal number) and NaN where the row is not finite. Sums run in eight lanes, so that
compilers vectorise them without leave to reorder.
"""

from libc.math cimport NAN, fabs, fma, frexp, isfinite, ldexp, sqrt
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


cdef inline float64_t add_centred_row(
    const floating *x, float64_t inverse, float64_t weight, const float64_t *pivot,
    float64_t *offset, intp_t n,
) noexcept nogil:
    """Add weight * (u - pivot) to offset, u = x * inverse; return |u - pivot|^2."""
    cdef float64_t lane[LANES]
    cdef float64_t difference
    cdef intp_t whole = n - n % LANES
    cdef intp_t k, j
    for j in range(LANES):
        lane[j] = 0
    for k from 0 <= k < whole by LANES:
        for j in range(LANES):
            difference = x[k + j] * inverse - pivot[k + j]
            lane[j] += difference * difference
            offset[k + j] += weight * difference
    for k in range(whole, n):
        difference = x[k] * inverse - pivot[k]
        lane[k - whole] += difference * difference
        offset[k] += weight * difference
    return sum_of_lanes(lane)


def centred_sums(
    const floating[:, ::1] X,
    const float64_t[::1] weights,
    const float64_t[::1] pivot,
    float64_t[::1] inverse_norms,
    float64_t[::1] offset,
    float64_t[::1] spread,
):
    """Add w (u - pivot) to `offset` and w |u - pivot|^2 to `spread`, u the unit rows.

    The inverse norms are written on the way, while a row is in cache.
    """
    cdef intp_t i
    with nogil:
        for i in range(X.shape[0]):
            inverse_norms[i] = inverse_norm(&X[i, 0], X.shape[1])
            if weights[i] > 0 and inverse_norms[i] > 0:
                spread[0] += weights[i] * add_centred_row(
                    &X[i, 0], inverse_norms[i], weights[i], &pivot[0], &offset[0],
                    X.shape[1],
                )


def csr_centred_sums(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const float64_t[::1] weights,
    const float64_t[::1] pivot,
    const index_t[::1] support,
    const float64_t[::1] inverse_norms,
    float64_t[::1] offset,
    float64_t[::1] spread,
):
    """As `centred_sums`, `support` the sorted places where `pivot` is not zero."""
    cdef intp_t i, place, other
    cdef index_t k
    cdef float64_t difference, total
    with nogil:
        for i in range(weights.shape[0]):
            if not (weights[i] > 0 and inverse_norms[i] > 0):
                continue
            total = 0
            place = indptr[i]
            other = 0
            while place < indptr[i + 1] or other < support.shape[0]:
                if other == support.shape[0] or (
                    place < indptr[i + 1] and indices[place] <= support[other]
                ):
                    k = indices[place]
                    difference = data[place] * inverse_norms[i] - pivot[k]
                    other += other < support.shape[0] and support[other] == k
                    place += 1
                else:
                    k = support[other]
                    difference = -pivot[k]
                    other += 1
                total += difference * difference
                offset[k] += weights[i] * difference
            spread[0] += weights[i] * total


def half_squares(
    const floating[:, ::1] X,
    const float64_t[::1] inverse_norms,
    const float64_t[::1] direction,
    float64_t[::1] out,
):
    """Write |u - direction|^2 / 2 = 1 - cosine, for zero rows 1."""
    cdef float64_t lane[LANES]
    cdef float64_t difference
    cdef intp_t n = X.shape[1]
    cdef intp_t whole = n - n % LANES
    cdef intp_t i, k, j
    with nogil:
        for i in range(X.shape[0]):
            out[i] = 1
            if inverse_norms[i] == 0:
                continue
            for j in range(LANES):
                lane[j] = 0
            for k from 0 <= k < whole by LANES:
                for j in range(LANES):
                    difference = X[i, k + j] * inverse_norms[i] - direction[k + j]
                    lane[j] += difference * difference
            for k in range(whole, n):
                difference = X[i, k] * inverse_norms[i] - direction[k]
                lane[k - whole] += difference * difference
            out[i] = sum_of_lanes(lane) / 2


cdef inline void add_square(
    float64_t value, float64_t sign, float64_t *high, float64_t *low
) noexcept nogil:
    """Add sign * value^2 to high + low without an error (Dekker 1971, Knuth 1969)."""
    cdef float64_t square = value * value
    cdef float64_t rest = fma(value, value, -square)
    cdef float64_t total = high[0] + sign * square
    cdef float64_t part = total - high[0]
    low[0] += (high[0] - (total - part)) + (sign * square - part) + sign * rest
    high[0] = total


def csr_half_squares(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const float64_t[::1] inverse_norms,
    const float64_t[::1] direction,
    float64_t[::1] out,
):
    """As `half_squares`.

    The squares of `direction` outside a row are all of them less those inside: in twice the
    precision, since near the mode of a concentrated law nearly nothing is left.
    """
    cdef float64_t all_high = 0, all_low = 0, high, low, difference, total
    cdef intp_t i, place
    with nogil:
        for i in range(direction.shape[0]):
            add_square(direction[i], 1, &all_high, &all_low)
        for i in range(out.shape[0]):
            out[i] = 1
            if inverse_norms[i] == 0:
                continue
            total = 0
            high = all_high
            low = all_low
            for place in range(indptr[i], indptr[i + 1]):
                difference = data[place] * inverse_norms[i] - direction[indices[place]]
                total += difference * difference
                add_square(direction[indices[place]], -1, &high, &low)
            out[i] = (total + max(high + low, 0.0)) / 2
