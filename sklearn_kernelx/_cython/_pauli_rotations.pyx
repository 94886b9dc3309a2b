"""Rotations of states about Pauli strings, blocks of samples in parallel.

States have the shape (n_samples, 2, n_amplitudes): real, then imaginary parts of amplitudes
whose number is a power of 2. Cosines and sines of the angles have the shape (n_samples,
n_strings), or (1, n_strings) for all samples. Formulas: src/pauli_rotations.h.
"""

from cython.parallel cimport prange
from libc.stdint cimport int64_t

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t

cdef enum:
    BLOCK = 16  # samples; the same for any number of threads

SAMPLES_PER_BLOCK = BLOCK


cdef inline _loops.rotation_angles angles_from(
    const float64_t[:, ::1] cosines, const float64_t[:, ::1] sines, intp_t sample
) noexcept nogil:
    cdef _loops.rotation_angles angles
    angles.stride = cosines.shape[1] if cosines.shape[0] > 1 else 0
    angles.cosines = &cosines[0, 0] + sample * angles.stride
    angles.sines = &sines[0, 0] + sample * angles.stride
    return angles


cdef inline _loops.pauli_strings strings_of(
    const int64_t[::1] x_masks, const int64_t[::1] z_masks
) noexcept nogil:
    cdef _loops.pauli_strings strings
    strings.n_strings = x_masks.shape[0]
    strings.x_masks = &x_masks[0]
    strings.z_masks = &z_masks[0]
    return strings


def rotate(
    floating[:, :, ::1] states,
    const int64_t[::1] x_masks,
    const int64_t[::1] z_masks,
    const float64_t[:, ::1] cosines,
    const float64_t[:, ::1] sines,
    int num_threads,
):
    """Apply exp(-i angle P) for each of at least one string, in their order, in place."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef _loops.pauli_strings strings = strings_of(x_masks, z_masks)
    cdef intp_t n_samples = states.shape[0]
    cdef intp_t block, first
    for block in prange(
        (n_samples + BLOCK - 1) // BLOCK,
        nogil=True, schedule="static", num_threads=num_threads,
    ):
        first = BLOCK * block
        table.rotate_states(
            &strings, angles_from(cosines, sines, first),
            min(<intp_t> BLOCK, n_samples - first), states.shape[2], &states[first, 0, 0],
        )


def walk_back(
    floating[:, :, ::1] states,
    floating[:, :, ::1] costates,
    const int64_t[::1] x_masks,
    const int64_t[::1] z_masks,
    const float64_t[:, ::1] cosines,
    const float64_t[:, ::1] sines,
    float64_t[:, ::1] slopes,
    int num_threads,
):
    """Undo the rotations of `states` and of `costates`, in place, with slopes on the way.

    Add to slopes[block] the sums of 2 Re <costate| -i P |state> over a block of samples,
    for each string, state and costate being those right after its rotation.
    """
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef _loops.pauli_strings strings = strings_of(x_masks, z_masks)
    cdef intp_t n_samples = states.shape[0]
    cdef intp_t block, first
    for block in prange(
        slopes.shape[0], nogil=True, schedule="static", num_threads=num_threads
    ):
        first = BLOCK * block
        table.walk_back(
            &strings, angles_from(cosines, sines, first),
            min(<intp_t> BLOCK, n_samples - first), states.shape[2], &states[first, 0, 0],
            &costates[first, 0, 0], &slopes[block, 0],
        )
