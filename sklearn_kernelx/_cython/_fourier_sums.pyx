"""Sums over frequencies of weighted cosines and sines: src/circle.h.

Blocks of queries in parallel, tiles of frequencies one after the other. BLAS is to run on
one thread.
"""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._blas cimport gemm, row_times
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

cdef enum:
    TILE_ROWS = 128
    TILE_COLUMNS = 256  # with the rows 256 KiB, which a second-level cache holds

TILE = (TILE_ROWS, TILE_COLUMNS)


def fourier_sums(
    const floating[:, ::1] Y,
    const floating[:, ::1] turns,
    const floating[:, ::1] weights,
    floating[:, :, ::1] tiles,
    floating[:, ::1] out,
):
    """Write the sums for every query and every row of `weights`.

    Weights are those of all cosines, then those of all sines. `tiles` has one for every
    thread, of shape `TILE` or of fewer rows, and three if there are several groups.
    """
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef int n_threads = <int> tiles.shape[0]
    cdef intp_t n_queries = Y.shape[0]
    cdef intp_t height = tiles.shape[1] if weights.shape[0] == 1 else tiles.shape[1] // 3
    cdef intp_t thread, first, last
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        first = thread * n_queries // n_threads
        last = (thread + 1) * n_queries // n_threads
        while first < last:
            block_sums(
                table, &Y[first, 0], min(height, last - first), Y.shape[1],
                turns, weights, &tiles[thread, 0, 0], height, &out[first, 0],
            )
            first = first + height


cdef void block_sums(
    const _loops.loops *table,
    const floating *Y,
    intp_t n_rows,
    intp_t n_features,
    const floating[:, ::1] turns,
    const floating[:, ::1] weights,
    floating *angles,
    intp_t height,
    floating *out,
) noexcept nogil:
    cdef intp_t n = turns.shape[1]
    cdef intp_t n_groups = weights.shape[0]
    cdef floating *cosines = angles + height * TILE_COLUMNS
    cdef floating *sines = cosines + height * TILE_COLUMNS
    cdef float64_t sums[TILE_ROWS]
    cdef intp_t i, j, tile, width
    for i in range(n_rows):
        sums[i] = 0
    for tile in range((n + TILE_COLUMNS - 1) // TILE_COLUMNS):
        j = tile * TILE_COLUMNS
        width = min(<intp_t> TILE_COLUMNS, n - j)
        if n_rows == 1:
            row_times(<int> width, <int> n_features, Y, &turns[0, j], <int> n, angles)
        else:
            gemm(
                c"N", c"N", <int> n_rows, <int> width, <int> n_features, 1, Y,
                <int> n_features, &turns[0, j], <int> n, 0, angles, TILE_COLUMNS,
            )
        if n_groups == 1:
            table.circle_sums(
                n_rows, width, angles, TILE_COLUMNS, &weights[0, j], &weights[0, n + j],
                sums,
            )
            continue
        for i in range(n_rows):
            table.circle(
                width, angles + i * TILE_COLUMNS, cosines + i * TILE_COLUMNS,
                sines + i * TILE_COLUMNS,
            )
        gemm(
            c"N", c"T", <int> n_rows, <int> n_groups, <int> width, 1, cosines, TILE_COLUMNS,
            &weights[0, j], <int> (2 * n), j > 0, out, <int> n_groups,
        )
        gemm(
            c"N", c"T", <int> n_rows, <int> n_groups, <int> width, 1, sines, TILE_COLUMNS,
            &weights[0, n + j], <int> (2 * n), 1, out, <int> n_groups,
        )
    if n_groups == 1:
        for i in range(n_rows):
            out[i] = <floating> sums[i]
