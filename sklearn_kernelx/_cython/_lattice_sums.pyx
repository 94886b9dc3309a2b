"""Sums of rows rounded to integers, each within a ball: src/lattice.h.

Threads have sums of their own, of integers, so that the whole is the same for any number of
them.
"""

from cython.parallel cimport prange
from libc.stdint cimport uint64_t

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t

MAX_ROWS = 2**20  # sums of so many integers are exact in float64


def add_clipped(
    const float64_t[:, ::1] features,
    float64_t scale,
    uint64_t l2_squared,
    float64_t[:, ::1] sums,
):
    """Add the integers nearest to scale * features, shrunk to a norm that is allowed.

    `sums` has a row for every thread, and l2_squared is below 2^63.
    """
    cdef int n_threads = <int> sums.shape[0]
    cdef intp_t n_rows = features.shape[0]
    cdef intp_t n_entries = features.shape[1]
    cdef intp_t thread, i
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        for i in range(thread * n_rows // n_threads, (thread + 1) * n_rows // n_threads):
            _loops.f64.add_clipped(
                n_entries, &features[i, 0], scale, l2_squared, &sums[thread, 0]
            )


def add_circles(
    const float64_t[:, ::1] X,
    const float64_t[:, ::1] turns,
    float64_t scale,
    uint64_t l2_squared,
    float64_t[:, :, ::1] tiles,
    float64_t[:, ::1] sums,
):
    """As `add_clipped`, for cosines and sines of 2 pi X @ turns.

    `tiles` has rows for every thread: those of angles, and two for the features of one.
    """
    cdef int n_threads = <int> sums.shape[0]
    cdef intp_t n_rows = X.shape[0]
    cdef intp_t n = turns.shape[1]
    cdef intp_t height = tiles.shape[1] - 2
    cdef intp_t thread, first, last, i, rows
    cdef float64_t *angles
    cdef float64_t *features
    for thread in prange(n_threads, nogil=True, schedule="static", num_threads=n_threads):
        angles = &tiles[thread, 0, 0]
        features = &tiles[thread, height, 0]
        first = thread * n_rows // n_threads
        last = (thread + 1) * n_rows // n_threads
        while first < last:
            rows = min(height, last - first)
            # Not BLAS, of which the bits for a record depend on where it stands.
            _loops.f64.row_products(
                rows, X.shape[1], &X[first, 0], n, &turns[0, 0], angles
            )
            for i in range(rows):
                _loops.f64.circle(n, angles + i * n, features, features + n)
                _loops.f64.add_clipped(2 * n, features, scale, l2_squared, &sums[thread, 0])
            first = first + rows
