"""Symmetric matrices as packed panels of their lower triangle, and Cholesky factors.

Panel p holds rows PANEL p to PANEL (p + 1), from column 0 to the last column of its
diagonal block, C-ordered; the panels follow each other. That is n (n + PANEL) / 2 numbers,
and every step is a call of BLAS on whole blocks. What lies above the diagonal means
nothing. Each entry is computed by one thread in an order that does not depend on their
number: callers pin BLAS to one thread.
"""

from cython.parallel cimport parallel, prange
from libc.stdlib cimport free, malloc
from scipy.linalg cimport cython_lapack

from sklearn_kernelx._cython._blas cimport gemm, syrk, trsm_right
from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t

cdef enum:
    PANEL_ = 256
    REFLECTORS = 32

PANEL = PANEL_


cdef inline intp_t n_panels(intp_t n) noexcept nogil:
    return (n + PANEL_ - 1) // PANEL_


cdef inline intp_t begin(intp_t p) noexcept nogil:
    """The first row of a panel, also the first column of its diagonal block."""
    return p * PANEL_


cdef inline intp_t end(intp_t p, intp_t n) noexcept nogil:
    """The row after a panel's last, also its row stride."""
    return min((p + 1) * PANEL_, n)


cdef inline intp_t offset(intp_t p) noexcept nogil:
    return PANEL_ * PANEL_ * (p * (p + 1) // 2)


def add_gram(
    const float64_t[:, ::1] rows,
    float64_t sign,
    float64_t[::1] matrix,
    int num_threads,
):
    """Add sign * rows.T @ rows to the matrix."""
    cdef intp_t n = rows.shape[1]
    cdef intp_t i
    cdef intp_t count = n_panels(n)
    for i in prange(
        count, nogil=True, schedule="dynamic", chunksize=1, num_threads=num_threads
    ):
        add_gram_panel(rows, sign, &matrix[0], count - 1 - i)


cdef void add_gram_panel(
    const float64_t[:, ::1] rows, float64_t sign, float64_t *matrix, intp_t p
) noexcept nogil:
    cdef intp_t n = rows.shape[1]
    cdef intp_t first = begin(p)
    cdef intp_t last = end(p, n)
    cdef float64_t *panel = matrix + offset(p)
    if first > 0:
        gemm(c"T", c"N", last - first, first, rows.shape[0], sign, &rows[0, first], n,
             &rows[0, 0], n, 1.0, panel, last)
    syrk(c"T", last - first, rows.shape[0], sign, &rows[0, first], n, 1.0,
         panel + first, last)


def factor_panel(float64_t[::1] matrix, intp_t n, intp_t q, int num_threads):
    """Turn column q of blocks into that of the Cholesky factor, those before it done.

    Returns
    -------
    info : int
        0, or the place (from 1) in the block of a pivot that is not positive.
    """
    cdef intp_t first = begin(q)
    cdef intp_t last = end(q, n)
    cdef intp_t p
    cdef float64_t *panel = &matrix[0] + offset(q)
    cdef char uplo = c"U"
    cdef int size = <int> (last - first)
    cdef int stride = <int> last
    cdef int info = 0
    with nogil:
        if first > 0:
            syrk(c"N", size, first, -1.0, panel, stride, 1.0, panel + first, stride)
        cython_lapack.dpotrf(&uplo, &size, panel + first, &stride, &info)
        if info == 0:
            for p in prange(
                q + 1, n_panels(n), schedule="dynamic", chunksize=1,
                num_threads=num_threads,
            ):
                factor_block(&matrix[0], n, p, q)
    return info


cdef void factor_block(float64_t *matrix, intp_t n, intp_t p, intp_t q) noexcept nogil:
    cdef intp_t first = begin(q)
    cdef intp_t last = end(q, n)
    cdef int height = <int> (end(p, n) - begin(p))
    cdef float64_t *panel = matrix + offset(p)
    cdef float64_t *above = matrix + offset(q)
    if first > 0:
        gemm(c"N", c"T", height, last - first, first, -1.0, panel, end(p, n), above, last,
             1.0, panel + first, end(p, n))
    trsm_right(c"T", height, last - first, 1.0, above + first, last, panel + first,
               end(p, n))


def solve_in_place(const float64_t[::1] factor, float64_t[:, ::1] rows):
    """Overwrite rows B with X, where X L L' = B."""
    cdef intp_t n = rows.shape[1]
    cdef int m = <int> rows.shape[0]
    cdef intp_t p, i, first, last
    cdef const float64_t *panel
    cdef float64_t *b = &rows[0, 0]
    with nogil:
        for p in range(n_panels(n)):
            first, last, panel = begin(p), end(p, n), &factor[0] + offset(p)
            if first > 0:
                gemm(c"N", c"T", m, last - first, first, -1.0, b, n, panel, last, 1.0,
                     b + first, n)
            trsm_right(c"T", m, last - first, 1.0, panel + first, last, b + first, n)
        for i in range(n_panels(n)):
            p = n_panels(n) - 1 - i
            first, last, panel = begin(p), end(p, n), &factor[0] + offset(p)
            trsm_right(c"N", m, last - first, 1.0, panel + first, last, b + first, n)
            if first > 0:
                gemm(c"N", c"N", m, first, last - first, -1.0, b + first, n, panel, last,
                     1.0, b, n)


def update_panel(
    float64_t[::1] factor, float64_t[:, ::1] columns, intp_t p, int num_threads
):
    """Take rows into panel p of a Cholesky factor, and what is left to the later ones.

    L L' becomes L L' + V' V by Householder reflections, for rows V given as `columns`,
    V' of shape (n, m), overwritten. Diagonal entries of L may change their sign.
    """
    cdef intp_t n = columns.shape[0]
    cdef int m = <int> columns.shape[1]
    cdef intp_t first = begin(p)
    cdef int size = <int> (end(p, n) - first)
    cdef int stride = <int> end(p, n)
    cdef int block = min(REFLECTORS, size)
    cdef int zero = 0
    cdef int info
    cdef intp_t q
    cdef float64_t *triangles = NULL
    cdef float64_t *work = NULL
    triangles = <float64_t *> malloc(2 * REFLECTORS * PANEL_ * sizeof(float64_t))
    if triangles == NULL:
        raise MemoryError()
    with nogil:
        cython_lapack.dtpqrt(
            &m, &size, &zero, &block, &factor[0] + offset(p) + first, &stride,
            &columns[first, 0], &m, triangles, &block, triangles + REFLECTORS * PANEL_,
            &info,
        )
        with parallel(num_threads=num_threads):
            work = <float64_t *> malloc(REFLECTORS * PANEL_ * sizeof(float64_t))
            for q in prange(p + 1, n_panels(n), schedule="dynamic", chunksize=1):
                reflect(&factor[0], columns, p, q, triangles, work)
            free(work)
    free(triangles)


cdef void reflect(
    float64_t *factor, float64_t[:, ::1] columns, intp_t p, intp_t q,
    float64_t *triangles, float64_t *work,
) noexcept nogil:
    cdef intp_t n = columns.shape[0]
    cdef int m = <int> columns.shape[1]
    cdef int n_reflectors = <int> (end(p, n) - begin(p))
    cdef int size = <int> (end(q, n) - begin(q))
    cdef int stride = <int> end(q, n)
    cdef int block = min(REFLECTORS, n_reflectors)
    cdef int zero = 0
    cdef int info
    cdef char left = c"L"
    cdef char transpose = c"T"
    cython_lapack.dtpmqrt(
        &left, &transpose, &m, &size, &n_reflectors, &zero, &block,
        &columns[begin(p), 0], &m, triangles, &block, factor + offset(q) + begin(p),
        &stride, &columns[begin(q), 0], &m, work, &info,
    )


def unpack(const float64_t[::1] matrix, float64_t[:, ::1] square):
    """Write the whole symmetric matrix."""
    cdef intp_t n = square.shape[0]
    cdef intp_t p, i, j
    cdef const float64_t *row
    with nogil:
        for p in range(n_panels(n)):
            for i in range(begin(p), end(p, n)):
                row = &matrix[0] + offset(p) + (i - begin(p)) * end(p, n)
                for j in range(i + 1):
                    square[i, j] = row[j]
                    square[j, i] = row[j]
