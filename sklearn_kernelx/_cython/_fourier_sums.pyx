"""Sums over frequencies of weighted cosines and sines: src/circle.h.

Blocks of queries in parallel, tiles of frequencies one after the other. BLAS is to run on
one thread.
"""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._blas cimport gemm
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

cdef enum:
    ROWS = 128
    COLUMNS = 256  # with the rows 256 KiB, which a second-level cache holds

TILE = (3 * ROWS, COLUMNS)


def fourier_sums(
    const floating[:, ::1] Y,
    const floating[:, ::1] turns,
    const floating[:, ::1] weights,
    floating[:, :, ::1] tiles,
    floating[:, ::1] out,
):
    """Write the sums for every query and every row of `weights`.

    Weights are those of all cosines, then those of all sines. There are as many tiles of
    shape `TILE` as threads.
    """
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef int n_threads = <int> tiles.shape[0]
    cdef intp_t n_queries = Y.shape[0]
    cdef intp_t thread, first, last
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        first = thread * n_queries // n_threads
        last = (thread + 1) * n_queries // n_threads
        while first < last:
            block_sums(
                table, &Y[first, 0], min(<intp_t> ROWS, last - first), Y.shape[1],
                turns, weights, &tiles[thread, 0, 0], &out[first, 0],
            )
            first = first + ROWS


cdef void block_sums(
    const _loops.loops *table,
    const floating *Y,
    intp_t n_rows,
    intp_t n_features,
    const floating[:, ::1] turns,
    const floating[:, ::1] weights,
    floating *angles,
    floating *out,
) noexcept nogil:
    cdef intp_t n = turns.shape[1]
    cdef intp_t n_groups = weights.shape[0]
    cdef floating *cosines = angles + ROWS * COLUMNS
    cdef floating *sines = cosines + ROWS * COLUMNS
    cdef float64_t sums[ROWS]
    cdef intp_t i, j, tile, width
    for i in range(n_rows):
        sums[i] = 0
    for tile in range((n + COLUMNS - 1) // COLUMNS):
        j = tile * COLUMNS
        width = min(<intp_t> COLUMNS, n - j)
        gemm(
            c"N", c"N", <int> n_rows, <int> width, <int> n_features, 1, Y,
            <int> n_features, &turns[0, j], <int> n, 0, angles, COLUMNS,
        )
        if n_groups == 1:
            table.circle_sums(
                n_rows, width, angles, COLUMNS, &weights[0, j], &weights[0, n + j], sums
            )
            continue
        for i in range(n_rows):
            table.circle(
                width, angles + i * COLUMNS, cosines + i * COLUMNS, sines + i * COLUMNS
            )
        gemm(
            c"N", c"T", <int> n_rows, <int> n_groups, <int> width, 1, cosines, COLUMNS,
            &weights[0, j], <int> (2 * n), j > 0, out, <int> n_groups,
        )
        gemm(
            c"N", c"T", <int> n_rows, <int> n_groups, <int> width, 1, sines, COLUMNS,
            &weights[0, n + j], <int> (2 * n), 1, out, <int> n_groups,
        )
    if n_groups == 1:
        for i in range(n_rows):
            out[i] = <floating> sums[i]
