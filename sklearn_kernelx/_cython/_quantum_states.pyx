"""State vectors, all real parts and then all imaginary parts: (n_states, 2, 2^n_qubits).

States are independent, so that results do not depend on the number of threads.
"""

from cython.parallel cimport prange, threadid

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating, intp_t


cdef inline intp_t count_qubits(intp_t n_amplitudes) noexcept nogil:
    cdef intp_t n_qubits = 0
    while n_amplitudes >> (n_qubits + 1):
        n_qubits += 1
    return n_qubits


def diagonal_states(
    const floating[:, ::1] cosines,
    const floating[:, ::1] sines,
    intp_t reps,
    floating[:, :, ::1] states,
    floating[:, :, ::1] work,
):
    """Write `reps` blocks of Hadamard gates and phases on |0>, a thread a slice of `work`.

    Angles come as phi_0, phi_1, phi_01, phi_2, phi_02, phi_12, ...
    """
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_qubits = count_qubits(states.shape[2])
    cdef intp_t i
    for i in prange(
        states.shape[0], nogil=True, schedule="static", num_threads=<int> work.shape[0]
    ):
        table.diagonal_state(n_qubits, reps, &cosines[i, 0], &sines[i, 0],
                             &states[i, 0, 0], &work[threadid(), 0, 0])


def hadamard_layer(floating[:, :, ::1] states, int num_threads):
    """Apply a Hadamard gate to each qubit."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_qubits = count_qubits(states.shape[2])
    cdef intp_t i
    for i in prange(
        states.shape[0], nogil=True, schedule="static", num_threads=num_threads
    ):
        table.hadamard_layer(n_qubits, &states[i, 0, 0])


def bloch_vectors(
    const floating[:, :, ::1] states, floating[:, ::1] out, int num_threads
):
    """Write the means of X of each qubit, then of Y, then of Z."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    cdef intp_t n_qubits = count_qubits(states.shape[2])
    cdef intp_t i
    for i in prange(
        states.shape[0], nogil=True, schedule="static", num_threads=num_threads
    ):
        table.bloch_vector(n_qubits, &states[i, 0, 0], &out[i, 0])
