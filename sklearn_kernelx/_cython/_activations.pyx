"""Random features activation(rows @ directions + offset), tiles of them in parallel.

Tiles are the same for any number of threads, and so is the result. BLAS is to run on one
thread. Activations: src/activations.h.
"""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._blas cimport gemm
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

ACTIVATIONS = {
    "relu": _loops.RELU,
    "tanh": _loops.TANH,
    "cos_of_turns": _loops.COS_OF_TURNS,
}

cdef enum:
    TILE_ROWS = 256
    TILE_COLUMNS = 512  # with the rows 1 MiB, which a second-level cache holds


cdef inline intp_t n_tiles(intp_t n, intp_t width) noexcept nogil:
    return (n + width - 1) // width


def random_features(
    const floating[:, ::1] rows,
    const floating[:, ::1] directions,
    const floating[::1] offset,
    int activation,
    floating[:, ::1] out,
    int num_threads,
):
    """Write activation(rows @ directions + offset) to `out`."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_rows = rows.shape[0]
    cdef intp_t n_features = rows.shape[1]
    cdef intp_t n_columns = directions.shape[1]
    cdef intp_t n_across = n_tiles(n_columns, TILE_COLUMNS)
    cdef intp_t tile, i, j, height, width
    for tile in prange(
        n_tiles(n_rows, TILE_ROWS) * n_across,
        nogil=True, schedule="dynamic", num_threads=num_threads,
    ):
        i = tile // n_across * TILE_ROWS
        j = tile % n_across * TILE_COLUMNS
        height = min(TILE_ROWS, n_rows - i)
        width = min(TILE_COLUMNS, n_columns - j)
        gemm(
            c"N", c"N", <int> height, <int> width, <int> n_features, 1,
            &rows[i, 0], <int> n_features, &directions[0, j], <int> n_columns,
            0, &out[i, j], <int> n_columns,
        )
        table.activate(activation, height, width, &offset[j], &out[i, j], n_columns)


def activate(
    floating[:, ::1] z, const floating[::1] offset, int activation, int num_threads
):
    """Overwrite `z` with activation(z + offset)."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_columns = z.shape[1]
    cdef intp_t i
    for i in prange(z.shape[0], nogil=True, schedule="static", num_threads=num_threads):
        table.activate(activation, 1, n_columns, &offset[0], &z[i, 0], n_columns)
