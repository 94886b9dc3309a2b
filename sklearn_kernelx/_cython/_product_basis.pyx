"""Products of orthonormal functions of one variable each, at the rows of X.

Polynomials come by their recurrence p[k+1] = slopes[k] x p[k] - lags[k] p[k-1] from
p[0] = 1, with as many coefficients as values (the last ones are not used). A row's values of one variable stand in a table, n_values for each feature, and
entries of that table are what products are made of.
"""

from libc.math cimport fabs, sqrt

from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

cdef enum:
    STEP = 512  # log2 of the factor that keeps values within range

cdef float64_t TOO_LARGE = 2.0 ** STEP
cdef float64_t SHRINK = 2.0 ** -STEP


cdef inline void fill_table(
    float64_t x,
    const float64_t *slopes,
    const float64_t *lags,
    intp_t n_values,
    float64_t *values,
) noexcept nogil:
    cdef float64_t before = 0, now = 1, after
    cdef intp_t k
    for k in range(n_values - 1):
        values[k] = now
        after = slopes[k] * x * now - lags[k] * before
        before, now = now, after
    values[n_values - 1] = now


cdef inline void fill_products(
    const float64_t *table,
    const intp_t *parents,
    const intp_t *entries,
    intp_t n_products,
    floating *products,
) noexcept nogil:
    cdef intp_t j
    products[0] = 1
    for j in range(1, n_products):
        products[j] = <floating>(products[parents[j]] * table[entries[j]])


def polynomial_products(
    const floating[:, ::1] X,
    const float64_t[::1] slopes,
    const float64_t[::1] lags,
    const intp_t[::1] parents,
    const intp_t[::1] entries,
    float64_t[::1] table,
    floating[:, ::1] out,
):
    """Set out[i, j] to out[i, parents[j]] * table[entries[j]], and out[i, 0] to 1.

    A parent stands before its children. `table` is working space of n_features * n_values.
    """
    cdef intp_t n_values = slopes.shape[0]
    cdef intp_t i, k
    with nogil:
        for i in range(X.shape[0]):
            for k in range(X.shape[1]):
                fill_table(
                    X[i, k], &slopes[0], &lags[0], n_values, &table[k * n_values]
                )
            fill_products(
                &table[0], &parents[0], &entries[0], out.shape[1], &out[i, 0]
            )


def table_products(
    const float64_t[:, ::1] tables,
    const intp_t[::1] parents,
    const intp_t[::1] entries,
    floating[:, ::1] out,
):
    """Do as polynomial_products, with a given table for each row."""
    cdef intp_t i
    with nogil:
        for i in range(tables.shape[0]):
            fill_products(
                &tables[i, 0], &parents[0], &entries[0], out.shape[1], &out[i, 0]
            )


cdef inline float64_t largest_magnitude(
    const float64_t *values, intp_t n_values
) noexcept nogil:
    cdef float64_t largest = 0
    cdef intp_t k
    for k in range(n_values):
        largest = max(largest, fabs(values[k]))
    return largest


cdef inline void scale(
    float64_t *values, intp_t n_values, float64_t factor
) noexcept nogil:
    cdef intp_t k
    for k in range(n_values):
        values[k] *= factor


cdef inline void fill_scaled_table(
    float64_t x,
    const float64_t *slopes,
    const float64_t *lags,
    intp_t n_values,
    float64_t *values,
) noexcept nogil:
    """The values over the largest of them; those too small for a double become 0."""
    cdef intp_t k
    values[0] = 1
    for k in range(n_values - 1):
        values[k + 1] = slopes[k] * x * values[k]
        if k > 0:
            values[k + 1] -= lags[k] * values[k - 1]
        if fabs(values[k + 1]) > TOO_LARGE:
            scale(values, k + 2, SHRINK)
    scale(values, n_values, 1 / largest_magnitude(values, n_values))


cdef inline void normalize(float64_t *values, intp_t n_values) noexcept nogil:
    cdef float64_t square = 0
    cdef intp_t k
    scale(values, n_values, 1 / largest_magnitude(values, n_values))
    for k in range(n_values):
        square += values[k] * values[k]
    scale(values, n_values, 1 / sqrt(square))


def polynomial_directions(
    const float64_t[:, ::1] X,
    const float64_t[::1] slopes,
    const float64_t[::1] lags,
    const intp_t[:, ::1] degrees,
    float64_t[::1] table,
    float64_t[:, ::1] out,
):
    """Set out[i] to the products of degrees[j] at X[i], over their norm.

    Neither over- nor underflows where the products do. `table` is working space of
    n_features * n_values.
    """
    cdef intp_t n_values = slopes.shape[0]
    cdef intp_t i, j, k
    cdef float64_t product
    with nogil:
        for i in range(X.shape[0]):
            for k in range(X.shape[1]):
                fill_scaled_table(
                    X[i, k], &slopes[0], &lags[0], n_values, &table[k * n_values]
                )
            for j in range(degrees.shape[0]):
                product = 1
                for k in range(X.shape[1]):
                    product *= table[k * n_values + degrees[j, k]]
                out[i, j] = product
            normalize(&out[i, 0], out.shape[1])


def polynomial_values(
    const float64_t[::1] x,
    const intp_t[::1] degrees,
    const float64_t[::1] slopes,
    const float64_t[::1] lags,
    float64_t[::1] values,
    float64_t[::1] exponents,
):
    """Set values[i] * 2^exponents[i] to the polynomial of degrees[i] at x[i]."""
    cdef intp_t i, k
    cdef float64_t before, now, after
    with nogil:
        for i in range(x.shape[0]):
            before, now = 0, 1
            exponents[i] = 0
            for k in range(degrees[i]):
                after = slopes[k] * x[i] * now - lags[k] * before
                before, now = now, after
                if fabs(now) > TOO_LARGE:
                    before *= SHRINK
                    now *= SHRINK
                    exponents[i] += STEP
            values[i] = now
