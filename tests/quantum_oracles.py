"""Quantum states gate by gate, each gate a 2 x 2 matrix on one axis."""

import numpy as np

PAULIS = {
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.array([[1, 0], [0, -1]]),
}
HADAMARD = np.array([[1, 1], [1, -1]]) / np.sqrt(2)


def on_qubit(gate, states, qubit):
    """A 2 x 2 matrix on one qubit, bit `qubit` of the index, of states (n, 2^q)."""
    n_qubits = states.shape[1].bit_length() - 1
    axis = n_qubits - qubit  # after that of the rows, the highest bit comes first
    tensor = states.reshape(len(states), *[2] * n_qubits)
    return np.moveaxis(np.tensordot(gate, tensor, (1, axis)), 0, axis).reshape(states.shape)


def on_string(letters, qubits, states):
    """A Pauli string on states."""
    for letter, qubit in zip(letters, qubits, strict=True):
        states = on_qubit(PAULIS[letter], states, qubit)
    return states


def rotated(letters, qubits, angles, states):
    """``exp(-i angle P)`` on states, with an angle for each."""
    cosines, sines = np.cos(angles)[:, np.newaxis], np.sin(angles)[:, np.newaxis]
    return cosines * states - 1j * sines * on_string(letters, qubits, states)


def circuit_states(circuit, angles):
    """The states (n, 2^q) that a circuit makes of angles (n, n_gates)."""
    states = np.zeros((len(angles), 2**circuit.n_qubits), dtype=complex)
    states[:, 0] = 1
    for _ in range(circuit.reps):
        for qubit in range(circuit.n_qubits):
            states = on_qubit(HADAMARD, states, qubit)
        gates = zip(circuit.paulis, circuit.qubits, angles.T, strict=True)
        for letters, qubits, column in gates:
            states = rotated(letters, qubits, column, states)
    return states


def fidelities(states, others):
    """Squared overlaps of all pairs."""
    return np.abs(states.conj() @ others.T) ** 2


def bloch_vectors(states):
    """Expectations (n, 3q): X of all qubits, then Y, then Z."""
    n_qubits = states.shape[1].bit_length() - 1
    columns = [
        np.sum(states.conj() * on_qubit(PAULIS[letter], states, qubit), axis=1).real
        for letter in "XYZ"
        for qubit in range(n_qubits)
    ]
    return np.column_stack(columns)


def largest_difference(states, others):
    """Of entries, after the global phase of each state is turned to that of the other."""
    overlaps = np.sum(states.conj() * others, axis=1, keepdims=True)
    return np.max(np.abs(states * (overlaps / np.abs(overlaps)) - others))
