"""|<a|b>|^2 of states (n, 2, N), all real parts first: tiles of real matrix products.

Three products instead of four: with P = Ar Br', Q = Ai Bi', R = (Ar + Ai)(Br - Bi)', the
overlaps are P + Q + i (P - Q - R); on the diagonal P and Q are symmetric, and the imaginary
part is R - R' for R = Ar Ai'. The complex matrix is never stored. Tiles are the same
for any number of threads. BLAS is to run on one thread.
"""

from cython.parallel cimport prange, threadid

from sklearn_kernelx._cython._blas cimport gemm, syrk
from sklearn_kernelx._cython._typedefs cimport floating, intp_t

cdef enum:
    TILE_ = 128
    DEPTH = 256  # amplitudes whose sums are kept at a time
    MIRROR = 8

TILE = TILE_
WORKSPACE = 3 * TILE_ * TILE_ + 2 * TILE_ * DEPTH


def squared_overlaps(
    const floating[:, :, ::1] a,
    const floating[:, :, ::1] b,
    floating[:, ::1] out,
    intp_t first_row,
    intp_t first_column,
    bint symmetric,
    floating[:, ::1] work,
):
    """Write a block of the kernel matrix, a thread a row of `work`.

    Where the matrix is symmetric, rows must not come before columns: tiles above the
    diagonal are left out, and the others written at their mirrored place, too.
    """
    cdef intp_t n_across = (b.shape[0] + TILE_ - 1) // TILE_
    cdef intp_t n_down = (a.shape[0] + TILE_ - 1) // TILE_
    cdef intp_t tile, i, j
    for tile in prange(
        n_down * n_across, nogil=True, schedule="dynamic",
        num_threads=<int> work.shape[0],
    ):
        i = tile // n_across * TILE_
        j = tile % n_across * TILE_
        if not symmetric or first_row + i >= first_column + j:
            write_tile(a[i:i + TILE_], b[j:j + TILE_], out, first_row + i,
                       first_column + j, symmetric, &work[threadid(), 0])


cdef void write_tile(
    const floating[:, :, ::1] a, const floating[:, :, ::1] b, floating[:, ::1] out,
    intp_t row, intp_t column, bint symmetric, floating *work,
) noexcept nogil:
    cdef intp_t height = a.shape[0]
    cdef intp_t width = b.shape[0]
    cdef intp_t i
    cdef floating *p = work
    cdef floating *q = p + TILE_ * TILE_
    cdef floating *r = q + TILE_ * TILE_
    if symmetric and row == column:
        multiply_with_itself(a, p, q, r)
        square_lower(height, p, q, r, &out[row, row], out.shape[1])
        return
    multiply(a, b, p, q, r, r + TILE_ * TILE_)
    square(height * width, p, q, r)
    for i in range(height):
        copy(width, p + i * width, &out[row + i, column])
    if symmetric:
        mirror(height, width, p, &out[column, row], out.shape[1])


cdef void multiply(
    const floating[:, :, ::1] a, const floating[:, :, ::1] b,
    floating *p, floating *q, floating *r, floating *work,
) noexcept nogil:
    """p <- Ar Br', q <- Ai Bi', r <- (Ar + Ai)(Br - Bi)'."""
    cdef int height = <int> a.shape[0]
    cdef int width = <int> b.shape[0]
    cdef int n = <int> a.shape[2]
    cdef int first = 0
    cdef int depth
    cdef floating *sums = work
    cdef floating *differences = sums + TILE_ * DEPTH
    gemm(c"N", c"T", height, width, n, 1, &a[0, 0, 0], 2 * n, &b[0, 0, 0], 2 * n, 0, p,
         width)
    gemm(c"N", c"T", height, width, n, 1, &a[0, 1, 0], 2 * n, &b[0, 1, 0], 2 * n, 0, q,
         width)
    while first < n:
        depth = min(<int> DEPTH, n - first)
        combine(a, first, depth, 1, sums)
        combine(b, first, depth, -1, differences)
        gemm(c"N", c"T", height, width, depth, 1, sums, depth, differences, depth,
             <floating> (first > 0), r, width)
        first += depth


cdef void multiply_with_itself(
    const floating[:, :, ::1] a, floating *p, floating *q, floating *r
) noexcept nogil:
    """Lower triangles of p <- Ar Ar' and q <- Ai Ai'; r <- Ar Ai'."""
    cdef int height = <int> a.shape[0]
    cdef int n = <int> a.shape[2]
    syrk(c"N", height, n, 1, &a[0, 0, 0], 2 * n, 0, p, height)
    syrk(c"N", height, n, 1, &a[0, 1, 0], 2 * n, 0, q, height)
    gemm(c"N", c"T", height, height, n, 1, &a[0, 0, 0], 2 * n, &a[0, 1, 0], 2 * n, 0, r,
         height)


cdef void combine(
    const floating[:, :, ::1] states, int first, int depth, floating sign, floating *out
) noexcept nogil:
    cdef intp_t i, s
    cdef const floating *re
    cdef const floating *im
    for i in range(states.shape[0]):
        re = &states[i, 0, first]
        im = &states[i, 1, first]
        for s in range(depth):
            out[i * depth + s] = re[s] + sign * im[s]


cdef void square(intp_t size, floating *p, floating *q, floating *r) noexcept nogil:
    """p <- |overlap|^2."""
    cdef intp_t s
    for s in range(size):
        p[s] = squared(p[s] + q[s], p[s] - q[s] - r[s])


cdef void square_lower(
    intp_t size, const floating *p, const floating *q, const floating *r,
    floating *out, intp_t stride,
) noexcept nogil:
    cdef intp_t i, j
    cdef floating value
    for i in range(size):
        for j in range(i + 1):
            value = squared(p[i * size + j] + q[i * size + j],
                            r[i * size + j] - r[j * size + i])
            out[i * stride + j] = value
            out[j * stride + i] = value


cdef inline floating squared(floating re, floating im) noexcept nogil:
    """Cauchy and Schwarz: more than 1 is rounding."""
    cdef floating value = re * re + im * im
    return value if value < 1 else 1


cdef inline void copy(intp_t n, const floating *source, floating *target) noexcept nogil:
    cdef intp_t j
    for j in range(n):
        target[j] = source[j]


cdef void mirror(
    intp_t height, intp_t width, const floating *tile, floating *out, intp_t stride
) noexcept nogil:
    """Write the transposed tile, few columns at a time: whole cache lines on both sides."""
    cdef intp_t first = 0
    cdef intp_t i, j
    while first < height:
        for j in range(width):
            for i in range(first, min(first + <intp_t> MIRROR, height)):
                out[j * stride + i] = tile[i * width + j]
        first += MIRROR
