"""Sums of hat functions on a lattice, and functions that are cubic between nodes."""

from cython.parallel cimport prange
from libc.math cimport pow
from libc.stdint cimport int64_t

from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t


def add_hats(
    const float64_t[:, ::1] rows,
    const float64_t[::1] low,
    const float64_t[::1] high,
    const int64_t[::1] units,
    int64_t[:, :, ::1] sums,
    int num_threads,
):
    """Add each row's hats to the sums of one of the parts that rows are cut into.

    An entry moves to its interval, then shares the unit of its column between the nodes
    next to it; shares add up to the unit whatever was rounded.

    Parameters
    ----------
    rows : (n_rows, n_columns)
    low, high : (n_columns,)
    units : (n_columns,)
        At least 0 and below 2^52.
    sums : (n_parts, n_columns, n_nodes)
        Any number of parts gives the same total.
    num_threads : int
    """
    cdef intp_t n_rows = rows.shape[0]
    cdef intp_t n_parts = sums.shape[0]
    cdef intp_t part
    for part in prange(n_parts, nogil=True, schedule="static", num_threads=num_threads):
        add_part(
            rows,
            low,
            high,
            units,
            part * n_rows // n_parts,
            (part + 1) * n_rows // n_parts,
            sums[part],
        )


cdef void add_part(
    const float64_t[:, ::1] rows,
    const float64_t[::1] low,
    const float64_t[::1] high,
    const int64_t[::1] units,
    intp_t start,
    intp_t stop,
    int64_t[:, ::1] sums,
) noexcept nogil:
    cdef intp_t n_cells = sums.shape[1] - 1
    cdef intp_t i, k, cell
    cdef int64_t share
    cdef float64_t x, width, place
    cdef int64_t *node
    for i in range(start, stop):
        for k in range(rows.shape[1]):
            x = rows[i, k]
            x = x if x > low[k] else low[k]  # NaN too
            x = x if x < high[k] else high[k]
            width = high[k] - low[k]
            place = (x - low[k]) / width * n_cells if width > 0 else 0
            cell = <intp_t>place
            cell = cell if cell < n_cells else n_cells - 1
            share = <int64_t>((place - cell) * units[k] + 0.5)
            node = &sums[k, cell]
            node[0] += units[k] - share
            node[1] += share


cdef inline float64_t locate(
    float64_t y,
    float64_t low,
    float64_t high,
    intp_t n_outside,
    intp_t n_inside,
    intp_t *piece,
    float64_t *place,
) noexcept nogil:
    """Find the piece for y and the place in it; return the length values scale with.

    Pieces are those below the interval, in it and above it. Outside, places are
    width / (width + distance), so that a bounded table serves all of the line.
    """
    cdef float64_t width = high - low
    cdef float64_t span = width
    cdef intp_t n_pieces = n_inside
    cdef intp_t first = n_outside
    cdef float64_t u
    if y < low:
        span = width + (low - y)
        u = width / span
        first, n_pieces = 0, n_outside
    elif y > high:
        span = width + (y - high)
        u = width / span
        first, n_pieces = n_outside + n_inside, n_outside
    else:
        u = (y - low) / width if width > 0 else 0
    u = u * n_pieces
    piece[0] = <intp_t>u
    if piece[0] >= n_pieces:
        piece[0] = n_pieces - 1
    place[0] = u - piece[0]
    piece[0] += first
    return span


def evaluate(
    const floating[:, ::1] points,
    const float64_t[::1] low,
    const float64_t[::1] high,
    const float64_t[:, :, :, ::1] pieces,
    intp_t n_outside,
    float64_t power,
    floating[:, ::1] out,
    int num_threads,
):
    """Sum a function a column over the entries of each point, for each group of functions.

    Parameters
    ----------
    points : (n_points, n_columns)
        Finite.
    low, high : (n_columns,)
    pieces : (n_groups, n_columns, n_outside + n_inside + n_outside, 4)
        Coefficients of cubics, the constant last, in the place in a piece.
    n_outside : int
    power : float
        Of the length that values scale with.
    out : (n_points, n_groups)
    num_threads : int
    """
    cdef intp_t i, g
    for i in prange(
        points.shape[0], nogil=True, schedule="static", num_threads=num_threads
    ):
        for g in range(pieces.shape[0]):
            out[i, g] = <floating>value_at(
                &points[i, 0], low, high, pieces[g], n_outside, power
            )


cdef float64_t value_at(
    const floating *point,
    const float64_t[::1] low,
    const float64_t[::1] high,
    const float64_t[:, :, ::1] pieces,
    intp_t n_outside,
    float64_t power,
) noexcept nogil:
    cdef intp_t n_inside = pieces.shape[1] - 2 * n_outside
    cdef intp_t k, piece
    cdef float64_t place, span, value
    cdef float64_t total = 0
    cdef const float64_t *c
    for k in range(low.shape[0]):
        span = locate(point[k], low[k], high[k], n_outside, n_inside, &piece, &place)
        c = &pieces[k, piece, 0]
        value = ((c[0] * place + c[1]) * place + c[2]) * place + c[3]
        total += value * (span if power == 1 else pow(span, power))
    return total


def locate_all(
    const floating[:, ::1] points,
    const float64_t[::1] low,
    const float64_t[::1] high,
    intp_t n_outside,
    intp_t n_inside,
    intp_t[:, ::1] piece,
    float64_t[:, ::1] place,
    float64_t[:, ::1] span,
):
    """Write what `evaluate` looks up for every entry of the points."""
    cdef intp_t i, k
    with nogil:
        for i in range(points.shape[0]):
            for k in range(points.shape[1]):
                span[i, k] = locate(
                    points[i, k], low[k], high[k], n_outside, n_inside,
                    &piece[i, k], &place[i, k],
                )
