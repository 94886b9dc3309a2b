"""Row-major BLAS on C-ordered blocks, over the routines that SciPy carries.

SciPy's integers are 32-bit: every dimension of a block must stay below 2**31. BLAS knows
columns, so each wrapper hands it the transposed problem. ``op`` is c"N" (as stored) or
c"T" (transposed); leading dimensions count elements of a stored row.
"""

from scipy.linalg cimport cython_blas

from sklearn_kernelx._cython._typedefs cimport float64_t, floating


cdef inline char other(char op) noexcept nogil:
    return c"T" if op == c"N" else c"N"


cdef inline void gemm(
    char op_a, char op_b, int m, int n, int k, floating alpha,
    const floating *a, int lda, const floating *b, int ldb,
    floating beta, floating *c, int ldc,
) noexcept nogil:
    """C <- alpha op(A) op(B) + beta C, with C of shape (m, n)."""
    if floating is float64_t:
        cython_blas.dgemm(&op_b, &op_a, &n, &m, &k, &alpha, <double *> b, &ldb,
                          <double *> a, &lda, &beta, c, &ldc)
    else:
        cython_blas.sgemm(&op_b, &op_a, &n, &m, &k, &alpha, <float *> b, &ldb,
                          <float *> a, &lda, &beta, c, &ldc)


cdef inline void row_times(
    int n, int k, const floating *a, const floating *b, int ldb, floating *c
) noexcept nogil:
    """c <- a B for a row a and B of shape (k, n): for one row gemm is many times slower."""
    cdef char op = c"N"
    cdef int step = 1
    cdef floating one = 1, zero = 0
    if floating is float64_t:
        cython_blas.dgemv(&op, &n, &k, &one, <double *> b, &ldb, <double *> a, &step,
                          &zero, c, &step)
    else:
        cython_blas.sgemv(&op, &n, &k, &one, <float *> b, &ldb, <float *> a, &step,
                          &zero, c, &step)


cdef inline void syrk(
    char op, int n, int k, floating alpha, const floating *a, int lda,
    floating beta, floating *c, int ldc,
) noexcept nogil:
    """Lower triangle of C <- alpha op(A) op(A)' + beta C, with C of shape (n, n)."""
    cdef char uplo = c"U"
    cdef char trans = other(op)
    if floating is float64_t:
        cython_blas.dsyrk(&uplo, &trans, &n, &k, &alpha, <double *> a, &lda,
                          &beta, c, &ldc)
    else:
        cython_blas.ssyrk(&uplo, &trans, &n, &k, &alpha, <float *> a, &lda,
                          &beta, c, &ldc)


cdef inline void trsm_right(
    char op, int m, int n, floating alpha, const floating *l, int ldl,
    floating *b, int ldb,
) noexcept nogil:
    """Solve X op(L) = alpha B for lower triangular L (n, n); X overwrites B (m, n)."""
    cdef char side = c"L"
    cdef char uplo = c"U"
    cdef char diag = c"N"
    if floating is float64_t:
        cython_blas.dtrsm(&side, &uplo, &op, &diag, &n, &m, &alpha, <double *> l, &ldl,
                          b, &ldb)
    else:
        cython_blas.strsm(&side, &uplo, &op, &diag, &n, &m, &alpha, <float *> l, &ldl,
                          b, &ldb)
