"""Squared overlaps of states with neighbour couplings, see src/chain_overlaps.h."""

from cython.parallel cimport prange

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

CHAIN_PANEL = _loops.CHAIN_PANEL
MAX_CHAIN_REPS = _loops.MAX_CHAIN_REPS


def chain_overlaps(
    const floating[:, :, ::1] x,
    const floating[:, :, :, ::1] z,
    int reps,
    bint closed,
    floating[:, ::1] out,
    intp_t first_row,
    bint symmetric,
    int num_threads,
):
    """Write the rows of x (n_rows, n_qubits + 1, 4) against all panels z (n_panels,
    n_qubits + 1, 4, CHAIN_PANEL), the first one as row `first_row` of `out`.

    Where the matrix is symmetric, panels up to the diagonal are computed and also written
    at their mirrored place.
    """
    cdef intp_t n_panels = z.shape[0]
    cdef intp_t i
    for i in prange(x.shape[0], nogil=True, schedule="dynamic", num_threads=num_threads):
        if symmetric:
            n_panels = (first_row + i) // _loops.CHAIN_PANEL + 1
        write_row(x[i], z[:n_panels], reps, closed, out, first_row + i, symmetric)


cdef void write_row(
    const floating[:, ::1] x, const floating[:, :, :, ::1] z, int reps, bint closed,
    floating[:, ::1] out, intp_t row, bint symmetric,
) noexcept nogil:
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef floating values[_loops.CHAIN_PANEL]
    cdef intp_t last = row + 1 if symmetric else out.shape[1]
    cdef intp_t p, j, first
    for p in range(z.shape[0]):
        table.chain_overlaps(x.shape[0] - 1, reps, closed, &x[0, 0], &z[p, 0, 0, 0],
                             values)
        first = p * _loops.CHAIN_PANEL
        for j in range(first, min(first + _loops.CHAIN_PANEL, last)):
            out[row, j] = values[j - first]
            if symmetric:
                out[j, row] = values[j - first]
