"""State vectors of circuits: real arrays (n, 2, 2^n_qubits), all real parts first."""

from numbers import Integral

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.utils import check_scalar

from sklearn_kernelx._cython import _quantum_states
from sklearn_kernelx._parallel import worthwhile_threads
from sklearn_kernelx.quantum._circuit import Circuit
from sklearn_kernelx.quantum._pauli_circuit import rotate

WITHOUT_STATES = (
    'use entanglement="linear", whose fidelity kernel needs no state vectors, or '
    'kernel="projected" with it; or reduce X, for instance by '
    "sklearn.decomposition.PCA; or raise max_qubits"
)
WITH_FEWER_FEATURES = (
    "reduce X, for instance by sklearn.decomposition.PCA; or raise max_qubits"
)

# Multiplications between two chances for Ctrl-C: less than a second, or a single state.
LONG_WORK = 2**30


def check_max_qubits(max_qubits: int) -> None:
    """Refuse what is no positive integer."""
    check_scalar(max_qubits, "max_qubits", Integral, min_val=1)


def check_n_qubits(n_qubits: int, max_qubits: int, remedy: str = WITHOUT_STATES) -> None:
    """Refuse state vectors of more than `max_qubits` before any is built."""
    check_max_qubits(max_qubits)
    if n_qubits > max_qubits:
        raise ValueError(
            f"X has {n_qubits} features, a qubit each, and state vectors of more than "
            f"max_qubits={max_qubits} are not built (one takes 16 * 2^{n_qubits} bytes): "
            f"{remedy}"
        )


def prepare_states(
    circuit: Circuit, angles: NDArray[np.float64], dtype: DTypeLike, n_threads: int
) -> NDArray:
    """Return the states U(angles) |0>, one a row of angles.

    Parameters
    ----------
    circuit : Circuit
    angles : ndarray of shape (n_states, n_terms)
    dtype : {np.float64, np.float32}
        Cosines and sines are computed in float64 whatever it is.
    n_threads : int

    Returns
    -------
    states : ndarray of shape (n_states, 2, 2**n_qubits) and of the dtype
    """
    states = np.empty((len(angles), 2, 2**circuit.n_qubits), dtype)
    write = _write_diagonal if circuit.is_diagonal else _write_rotated
    height = max(1, LONG_WORK // _multiplications_per_state(circuit))
    for first in range(0, len(angles), height):
        block = slice(first, first + height)
        write(circuit, angles[block], states[block], n_threads)
    return states


def _write_diagonal(
    circuit: Circuit, angles: NDArray[np.float64], out: NDArray, n_threads: int
) -> None:
    n_threads = worthwhile_threads(n_threads, out.size * (circuit.n_qubits + 4))
    phases = add_columns(angles, _places(circuit), _n_phases(circuit.n_qubits))
    cosines, sines = np.cos(phases).astype(out.dtype), np.sin(phases).astype(out.dtype)
    work = np.empty((n_threads, *out.shape[1:]), out.dtype)
    _quantum_states.diagonal_states(cosines, sines, circuit.reps, out, work)


def _write_rotated(
    circuit: Circuit, angles: NDArray[np.float64], out: NDArray, n_threads: int
) -> None:
    n_threads = worthwhile_threads(n_threads, out.size * (circuit.n_qubits + 4))
    masks = pauli_masks(circuit)
    out[:] = 0
    out[:, 0, 0] = 1
    for _ in range(circuit.reps):
        _quantum_states.hadamard_layer(out, n_threads)
        rotate(out, *masks, angles, n_threads)


def _multiplications_per_state(circuit: Circuit) -> int:
    gates = 4 if circuit.is_diagonal else 2 * len(circuit.paulis)
    return circuit.reps * 2 * 2**circuit.n_qubits * (circuit.n_qubits + gates)


def add_columns(columns: NDArray, places: NDArray[np.intp], n_places: int) -> NDArray:
    """Return columns summed at their places, zeros where there is none."""
    sums = np.zeros((len(columns), n_places))
    if len(set(places.tolist())) == len(places):
        sums[:, places] = columns
    else:
        np.add.at(sums, (slice(None), places), columns)
    return sums


def pauli_masks(circuit: Circuit) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return bits of the qubits where each string has X or Y, and where Z or Y."""
    terms = list(zip(circuit.paulis, circuit.qubits, strict=True))

    def masks(letters: str) -> NDArray[np.int64]:
        bits = [
            sum(1 << k for letter, k in zip(*term, strict=True) if letter in letters)
            for term in terms
        ]
        return np.array(bits, np.int64)

    return masks("XY"), masks("ZY")


def _n_phases(n_qubits: int) -> int:
    return n_qubits * (n_qubits + 1) // 2


def _places(circuit: Circuit) -> NDArray[np.intp]:
    """Return columns of phi_0, phi_1, phi_01, phi_2, phi_02, phi_12, ... by term."""
    places = [
        _n_phases(max(qubits)) + (1 + min(qubits) if len(qubits) == 2 else 0)
        for qubits in circuit.qubits
    ]
    return np.array(places, np.intp)
