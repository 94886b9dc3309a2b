"""B-spline binning of points onto a regular grid, and interpolation from it.

Grids have three axes; those that the points lack have length 1 and come first. Every point
must lie at least three nodes from the ends of the others. Sums go in the order of the
points.
"""

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._loops cimport SPLINE_BLOCK, SPLINE_ORDER
from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t

ORDER = SPLINE_ORDER


cdef struct supports:
    # Of a block of points on each axis: first node, weights, and how many nodes.
    int first[3][SPLINE_BLOCK]
    double weight[3][SPLINE_ORDER][SPLINE_BLOCK]
    int length[3]


cdef void find_supports(
    const float64_t *x, intp_t n, intp_t d, const float64_t *origin,
    const float64_t *per_unit, float64_t margin, supports *s,
) noexcept nogil:
    cdef intp_t axis, i, k
    for axis in range(3 - d):
        s.length[axis] = 1
        for i in range(n):
            s.first[axis][i] = 0
            s.weight[axis][0][i] = 1
    for k in range(d):
        axis = 3 - d + k
        s.length[axis] = SPLINE_ORDER
        _loops.f64.spline_block(
            n, x + k, d, origin[k], per_unit[k], margin, s.first[axis],
            s.weight[axis],
        )


def scatter(
    const float64_t[:, ::1] points,
    const float64_t[::1] weights,
    const float64_t[::1] origin,
    const float64_t[::1] per_unit,
    float64_t margin,
    float64_t[:, :, ::1] grid,
):
    """Add the points, each spread over the nodes around it, to `grid`.

    `weights` may be None; node (x - origin) * per_unit + margin is that of x.
    """
    cdef intp_t d = points.shape[1], n = points.shape[0]
    cdef intp_t block, begin, size, i, a, b, c
    cdef float64_t outer, inner
    cdef float64_t added[SPLINE_ORDER]
    cdef float64_t *row
    cdef supports s
    with nogil:
        for block in range((n + SPLINE_BLOCK - 1) // SPLINE_BLOCK):
            begin = block * SPLINE_BLOCK
            size = min(<intp_t> SPLINE_BLOCK, n - begin)
            find_supports(&points[begin, 0], size, d, &origin[0], &per_unit[0], margin, &s)
            for i in range(size):
                for a in range(s.length[0]):
                    outer = s.weight[0][a][i]
                    if weights is not None:
                        outer = outer * weights[begin + i]
                    for b in range(s.length[1]):
                        inner = outer * s.weight[1][b][i]
                        row = &grid[s.first[0][i] + a, s.first[1][i] + b, s.first[2][i]]
                        for c in range(SPLINE_ORDER):
                            added[c] = inner * s.weight[2][c][i]
                        for c in range(SPLINE_ORDER):
                            row[c] += added[c]


def moments(
    const float64_t[:, ::1] points,
    const float64_t[::1] weights,
    float64_t origin,
    float64_t per_unit,
    float64_t margin,
    float64_t[:, ::1] result,
):
    """Add sum w t^k, k = 0..5, of the points (n, 1) behind each node to its row of result.

    t is the distance to the node. In one dimension this is faster than `scatter`, and as
    good: the weights of the splines are polynomials of t.
    """
    cdef intp_t i, k, node
    cdef float64_t position, t, power
    cdef float64_t *row
    with nogil:
        for i in range(points.shape[0]):
            position = (points[i, 0] - origin) * per_unit + margin
            node = <intp_t> position
            t = position - node
            row = &result[node, 0]
            power = 1.0 if weights is None else weights[i]
            for k in range(SPLINE_ORDER):
                row[k] += power
                power = power * t


def gather(
    const float64_t[:, :, ::1] grid,
    const float64_t[:, ::1] points,
    const float64_t[::1] origin,
    const float64_t[::1] per_unit,
    float64_t margin,
    float64_t[::1] result,
):
    """Write the spline with the coefficients `grid` at the points to `result`."""
    cdef intp_t d = points.shape[1], n = points.shape[0]
    cdef intp_t block, begin, size, i, a, b, c
    cdef float64_t inner, total
    cdef const float64_t *row
    cdef supports s
    with nogil:
        for block in range((n + SPLINE_BLOCK - 1) // SPLINE_BLOCK):
            begin = block * SPLINE_BLOCK
            size = min(<intp_t> SPLINE_BLOCK, n - begin)
            find_supports(&points[begin, 0], size, d, &origin[0], &per_unit[0], margin, &s)
            for i in range(size):
                total = 0
                for a in range(s.length[0]):
                    for b in range(s.length[1]):
                        row = &grid[s.first[0][i] + a, s.first[1][i] + b, s.first[2][i]]
                        inner = 0
                        for c in range(SPLINE_ORDER):
                            inner = inner + row[c] * s.weight[2][c][i]
                        total = total + inner * s.weight[0][a][i] * s.weight[1][b][i]
                result[begin + i] = total
