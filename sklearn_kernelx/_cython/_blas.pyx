"""The wrappers of _blas.pxd on whole arrays: for tests, and for the benchmarks, which
measure the processor's matrix rate with them. Arrays are C-ordered; results overwrite."""


def matmul(const floating[:, ::1] a, const floating[:, ::1] b, floating[:, ::1] out):
    """Write A @ B to `out`."""
    gemm(c"N", c"N", a.shape[0], b.shape[1], a.shape[1], 1, &a[0, 0], a.shape[1],
         &b[0, 0], b.shape[1], 0, &out[0, 0], out.shape[1])


def matmul_transposed(
    const floating[:, ::1] a, const floating[:, ::1] b, floating[:, ::1] out
):
    """Write A.T @ B.T to `out`."""
    gemm(c"T", c"T", a.shape[1], b.shape[0], a.shape[0], 1, &a[0, 0], a.shape[1],
         &b[0, 0], b.shape[1], 0, &out[0, 0], out.shape[1])


def gram(const floating[:, ::1] a, floating[:, ::1] rows, floating[:, ::1] columns):
    """Write the lower triangles of A @ A.T to `rows` and of A.T @ A to `columns`."""
    syrk(c"N", a.shape[0], a.shape[1], 1, &a[0, 0], a.shape[1], 0, &rows[0, 0],
         rows.shape[1])
    syrk(c"T", a.shape[1], a.shape[0], 1, &a[0, 0], a.shape[1], 0, &columns[0, 0],
         columns.shape[1])


def solve_right(const floating[:, ::1] l, floating[:, ::1] b, floating[:, ::1] b_t):
    """Overwrite `b` with b L^-1 and `b_t` with b_t L^-T."""
    trsm_right(c"N", b.shape[0], b.shape[1], 1, &l[0, 0], l.shape[1], &b[0, 0],
               b.shape[1])
    trsm_right(c"T", b_t.shape[0], b_t.shape[1], 1, &l[0, 0], l.shape[1], &b_t[0, 0],
               b_t.shape[1])
