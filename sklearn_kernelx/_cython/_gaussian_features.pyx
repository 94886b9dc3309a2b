"""Features exp(-gamma |row - center|^2), tiles of them in parallel."""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

cdef enum:
    TILE_COLUMNS = 528  # whole panels of either type


def gaussian_features(
    const floating[:, ::1] rows,
    const floating[:, ::1] centers,
    float64_t gamma,
    floating[:, ::1] out,
    int num_threads,
):
    """Write exp(-gamma |row - center|^2) to `out`; centers stand in columns."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_rows = rows.shape[0]
    cdef intp_t n_columns = centers.shape[1]
    cdef intp_t n_across = (n_columns + TILE_COLUMNS - 1) // TILE_COLUMNS
    cdef intp_t n_down = (n_rows + _loops.QUERY_BLOCK - 1) // _loops.QUERY_BLOCK
    cdef intp_t tile, i, j
    cdef int failed = 0
    for tile in prange(
        n_down * n_across, nogil=True, schedule="dynamic", num_threads=num_threads
    ):
        i = tile // n_across * _loops.QUERY_BLOCK
        j = tile % n_across * TILE_COLUMNS
        failed += table.gaussian_features(
            gamma, rows.shape[1], min(<intp_t> _loops.QUERY_BLOCK, n_rows - i), &rows[i, 0],
            min(<intp_t> TILE_COLUMNS, n_columns - j), &centers[0, j], n_columns,
            &out[i, j], n_columns,
        )
    if failed:
        raise MemoryError
