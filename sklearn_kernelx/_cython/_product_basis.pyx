"""Products of orthonormal functions of one variable each, at the rows of X.

Polynomials come by their recurrence p[k+1] = slopes[k] x p[k] - lags[k] p[k-1] from
p[0] = 1, with as many coefficients as values (the last ones are not used). A row's values
of one variable stand in a table, n_values for each feature, and entries of that table are
what products are made of.
"""

from libc.math cimport fabs, sqrt

from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

cdef enum:
    LANES = 8  # rows worked on at once
    TILE = 64  # products written at once
    STEP = 512  # log2 of the factor that keeps values within range

cdef float64_t TOO_LARGE = 2.0 ** STEP
cdef float64_t SHRINK = 2.0 ** -STEP

N_LANES = LANES


cdef inline void fill_lanes(
    const float64_t *x,
    const float64_t *slopes,
    const float64_t *lags,
    intp_t n_values,
    float64_t *values,
) noexcept nogil:
    """Set values[LANES * k + lane] to the polynomial k at x[lane]."""
    cdef float64_t[LANES] after
    cdef intp_t k, lane
    for lane in range(LANES):
        values[lane] = 1
    if n_values == 1:
        return
    for lane in range(LANES):
        values[LANES + lane] = slopes[0] * x[lane]
    for k in range(1, n_values - 1):
        for lane in range(LANES):  # all loads before the stores, for vector instructions
            after[lane] = (
                slopes[k] * x[lane] * values[LANES + lane] - lags[k] * values[lane]
            )
        values += LANES
        for lane in range(LANES):
            values[LANES + lane] = after[lane]


cdef inline void fill_products(
    const float64_t *tables,
    const intp_t *parents,
    const intp_t *entries,
    intp_t n_products,
    float64_t *products,
) noexcept nogil:
    cdef const float64_t *parent
    cdef const float64_t *factor
    cdef float64_t[LANES] product
    cdef intp_t j, lane
    for lane in range(LANES):
        products[lane] = 1
    for j in range(1, n_products):
        parent = products + LANES * parents[j]
        factor = tables + LANES * entries[j]
        for lane in range(LANES):
            product[lane] = parent[lane] * factor[lane]
        for lane in range(LANES):
            products[LANES * j + lane] = product[lane]


cdef inline void copy_lanes(
    const float64_t *products, intp_t first_row, floating[:, ::1] out
) noexcept nogil:
    cdef intp_t n_lanes = min(LANES, out.shape[0] - first_row)
    cdef intp_t n_products = out.shape[1]
    cdef intp_t tile, j, lane
    cdef floating *row
    for tile in range((n_products + TILE - 1) // TILE):
        for lane in range(n_lanes):
            row = &out[first_row + lane, 0]
            for j in range(TILE * tile, min(TILE * (tile + 1), n_products)):
                row[j] = <floating>products[LANES * j + lane]


def polynomial_products(
    const floating[:, ::1] X,
    const float64_t[::1] slopes,
    const float64_t[::1] lags,
    const intp_t[::1] parents,
    const intp_t[::1] entries,
    float64_t[:, ::1] tables,
    float64_t[:, ::1] products,
    floating[:, ::1] out,
):
    """Set out[:, j] to out[:, parents[j]] times entries[j] of the tables, out[:, 0] to 1.

    A parent stands before its children. Working space: tables of shape
    (n_features * n_values, LANES) and products of shape (n_products, LANES).
    """
    cdef intp_t n_values = slopes.shape[0]
    cdef float64_t[LANES] x
    cdef intp_t group, k, lane
    with nogil:
        for group in range((X.shape[0] + LANES - 1) // LANES):
            for k in range(X.shape[1]):
                for lane in range(LANES):
                    x[lane] = X[min(LANES * group + lane, X.shape[0] - 1), k]
                fill_lanes(x, &slopes[0], &lags[0], n_values, &tables[k * n_values, 0])
            fill_products(
                &tables[0, 0], &parents[0], &entries[0], out.shape[1], &products[0, 0]
            )
            copy_lanes(&products[0, 0], LANES * group, out)


def table_products(
    const float64_t[:, ::1] given,
    const intp_t[::1] parents,
    const intp_t[::1] entries,
    float64_t[:, ::1] tables,
    float64_t[:, ::1] products,
    floating[:, ::1] out,
):
    """Do as polynomial_products, with the given table for each row."""
    cdef intp_t group, j, lane, row
    with nogil:
        for group in range((given.shape[0] + LANES - 1) // LANES):
            for lane in range(LANES):
                row = min(LANES * group + lane, given.shape[0] - 1)
                for j in range(given.shape[1]):
                    tables[j, lane] = given[row, j]
            fill_products(
                &tables[0, 0], &parents[0], &entries[0], out.shape[1], &products[0, 0]
            )
            copy_lanes(&products[0, 0], LANES * group, out)


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
