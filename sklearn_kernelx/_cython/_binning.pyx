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
    const float64_t *per_unit, supports *s,
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
            n, x + k, d, origin[k], per_unit[k], s.first[axis], s.weight[axis]
        )


def scatter(
    const float64_t[:, ::1] points,
    const float64_t[::1] weights,
    const float64_t[::1] origin,
    const float64_t[::1] per_unit,
    float64_t[:, :, ::1] grid,
):
    """Add the points, each spread over the nodes around it, to `grid`.

    `weights` may be None; `per_unit` counts nodes per unit of each coordinate.
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
            find_supports(&points[begin, 0], size, d, &origin[0], &per_unit[0], &s)
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


def gather(
    const float64_t[:, :, ::1] grid,
    const float64_t[:, ::1] points,
    const float64_t[::1] origin,
    const float64_t[::1] per_unit,
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
            find_supports(&points[begin, 0], size, d, &origin[0], &per_unit[0], &s)
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
