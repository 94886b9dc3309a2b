"""Rows seen from the unit sphere: their norms and sums of their directions.

The inverse norm of a row is 0 where the row has no direction (a norm below the smallest
normal number) and NaN where the row is not finite.
"""

from libc.math cimport NAN, fabs, fma, frexp, isfinite, ldexp, sqrt
from libc.stdint cimport int32_t, int64_t

from sklearn_kernelx._cython._typedefs cimport (
    float32_t,
    float64_t,
    floating,
    intp_t,
)

ctypedef fused index_t:
    int32_t
    int64_t

cdef extern from "unit_rows.h" nogil:
    float64_t sum_of_squares_f64(const float64_t *x, intp_t n)
    float64_t sum_of_squares_f32(const float32_t *x, intp_t n)
    float64_t add_centred_f64(
        const float64_t *x, float64_t inverse, float64_t weight,
        const float64_t *center, float64_t *sums, intp_t n,
    )
    float64_t add_centred_f32(
        const float32_t *x, float64_t inverse, float64_t weight,
        const float64_t *center, float64_t *sums, intp_t n,
    )
    float64_t squared_distance_f64(
        const float64_t *x, float64_t inverse, const float64_t *center, intp_t n
    )
    float64_t squared_distance_f32(
        const float32_t *x, float64_t inverse, const float64_t *center, intp_t n
    )

# Sums of squares between these have lost nothing to underflow or overflow.
cdef float64_t SMALLEST = 1e-280
cdef float64_t LARGEST = 1e300


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
    cdef float64_t total
    if floating is float64_t:
        total = sum_of_squares_f64(x, n)
    else:
        total = sum_of_squares_f32(x, n)
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


cdef inline float64_t add_centred(
    const floating *x, float64_t inverse, float64_t weight, const float64_t *center,
    float64_t *sums, intp_t n,
) noexcept nogil:
    if floating is float64_t:
        return add_centred_f64(x, inverse, weight, center, sums, n)
    else:
        return add_centred_f32(x, inverse, weight, center, sums, n)


cdef inline float64_t squared_distance(
    const floating *x, float64_t inverse, const float64_t *center, intp_t n
) noexcept nogil:
    if floating is float64_t:
        return squared_distance_f64(x, inverse, center, n)
    else:
        return squared_distance_f32(x, inverse, center, n)


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
                spread[0] += weights[i] * add_centred(
                    &X[i, 0], inverse_norms[i], weights[i], &pivot[0], &offset[0],
                    X.shape[1],
                )


cdef inline void add_square(
    float64_t value, float64_t sign, float64_t *high, float64_t *low
) noexcept nogil:
    """Add sign * value^2 to high + low without an error (Dekker 1971, Knuth 1969).

    The squares of a direction outside of a sparse row are all of them less those inside: in
    twice the precision, since nearly nothing is left where row and direction agree.
    """
    cdef float64_t square = value * value
    cdef float64_t rest = fma(value, value, -square)
    cdef float64_t total = high[0] + sign * square
    cdef float64_t part = total - high[0]
    low[0] += (high[0] - (total - part)) + (sign * square - part) + sign * rest
    high[0] = total


def csr_centred_sums(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const float64_t[::1] weights,
    const float64_t[::1] pivot,
    const float64_t[::1] inverse_norms,
    float64_t[::1] offset,
    float64_t[::1] present,
    float64_t[::1] totals,
):
    """As `centred_sums`, where rows have an entry.

    `present` adds up the weights of the rows with an entry, for each feature: elsewhere u
    is 0. `totals` adds up w |u - pivot|^2 over all features, and w.
    """
    cdef float64_t all_high = 0, all_low = 0, high, low, difference, total
    cdef intp_t i, place
    cdef index_t k
    with nogil:
        for i in range(pivot.shape[0]):
            add_square(pivot[i], 1, &all_high, &all_low)
        for i in range(weights.shape[0]):
            if not (weights[i] > 0 and inverse_norms[i] > 0):
                continue
            total = 0
            high = all_high
            low = all_low
            for place in range(indptr[i], indptr[i + 1]):
                k = indices[place]
                difference = data[place] * inverse_norms[i] - pivot[k]
                total += difference * difference
                offset[k] += weights[i] * difference
                present[k] += weights[i]
                if pivot[k] != 0:
                    add_square(pivot[k], -1, &high, &low)
            totals[0] += weights[i] * (total + max(high + low, 0.0))
            totals[1] += weights[i]


def half_squares(
    const floating[:, ::1] X,
    const float64_t[::1] direction,
    float64_t[::1] inverse_norms,
    float64_t[::1] out,
):
    """Write |u - direction|^2 / 2 = 1 - cosine, for zero rows 1, and the inverse norms."""
    cdef intp_t i
    with nogil:
        for i in range(X.shape[0]):
            inverse_norms[i] = inverse_norm(&X[i, 0], X.shape[1])
            out[i] = 1
            if inverse_norms[i] != 0:
                out[i] = 0.5 * squared_distance(
                    &X[i, 0], inverse_norms[i], &direction[0], X.shape[1]
                )


def csr_half_squares(
    const floating[::1] data,
    const index_t[::1] indices,
    const index_t[::1] indptr,
    const float64_t[::1] direction,
    const float64_t[::1] inverse_norms,
    float64_t[::1] out,
):
    """As `half_squares`, but the inverse norms are given."""
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
