"""Kernels of the ZZ feature map as Qiskit, Aer and PennyLane compute them."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Kernel = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def statevector_kernel(n_qubits: int) -> Kernel:
    """Return qiskit-machine-learning's kernel by state vectors."""
    from qiskit.circuit.library import zz_feature_map
    from qiskit_machine_learning.kernels import FidelityStatevectorKernel

    circuit = zz_feature_map(n_qubits, reps=2, entanglement="full")
    return FidelityStatevectorKernel(feature_map=circuit).evaluate


def sampler_kernel(n_qubits: int) -> Kernel:
    """Return qiskit-machine-learning's kernel by one circuit a pair, without noise."""
    from qiskit.circuit.library import zz_feature_map
    from qiskit_machine_learning.kernels import FidelityQuantumKernel

    circuit = zz_feature_map(n_qubits, reps=2, entanglement="full")
    return FidelityQuantumKernel(feature_map=circuit).evaluate


def broadcast_kernel(n_qubits: int) -> Kernel:
    """Return PennyLane's states of all rows at once, then a product of matrices."""
    import pennylane as qml

    wires = list(range(n_qubits))

    @qml.qnode(qml.device("default.qubit", wires=n_qubits))
    def states_of(X: NDArray[np.float64]) -> Any:
        for _ in range(2):
            for k in wires:
                qml.Hadamard(k)
                qml.RZ(2 * X[:, k], k)
            for j, k in combinations(wires, 2):
                qml.MultiRZ(2 * (np.pi - X[:, j]) * (np.pi - X[:, k]), [j, k])
        return qml.state()

    def kernel(X: NDArray[np.float64]) -> NDArray[np.float64]:
        states = np.asarray(states_of(X))
        return np.abs(states @ states.conj().T) ** 2

    return kernel


def matrix_product_overlaps(n_qubits: int, reps: int, bandwidth: float) -> Kernel:
    """Return a function from rows to the overlaps of the first with the others, by Aer.

    Its matrix product states run the compute-uncompute circuit of neighbours.
    """
    from qiskit import transpile
    from qiskit.circuit.library import zz_feature_map
    from qiskit_aer import AerSimulator

    circuit = zz_feature_map(n_qubits, reps=reps, entanglement="linear")
    backend = AerSimulator(method="matrix_product_state", max_parallel_threads=1)

    def overlaps(X: NDArray[np.float64]) -> NDArray[np.float64]:
        first, *others = (circuit.assign_parameters(x) for x in bandwidth * X)
        pairs = transpile(
            [first.compose(other.inverse()) for other in others],
            basis_gates=["h", "p", "cx"],
            optimization_level=0,
        )
        for pair in pairs:
            pair.save_amplitudes_squared([0])
        result = backend.run(pairs).result()
        found = [result.data(i)["amplitudes_squared"][0] for i in range(len(pairs))]
        return np.array(found)

    return overlaps


def parity_gradient(
    states: NDArray[np.complex128], n_layers: int
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return PennyLane's gradient of the mean parity of rows by angles of layers.

    The circuit is that of VariationalQuantumClassifier, by backpropagation through all
    rows at once.
    """
    import pennylane as qml
    from pennylane import numpy as with_gradients

    n_qubits = states.shape[1].bit_length() - 1
    # Its first wire is the highest bit.
    wires = list(range(n_qubits))[::-1]
    ring = [(k, (k + 1) % n_qubits) for k in range(n_qubits if n_qubits > 2 else 1)]

    @qml.qnode(qml.device("default.qubit", wires=n_qubits), diff_method="backprop")
    def parities(angles: NDArray[np.float64]) -> Any:
        qml.StatePrep(states, wires[::-1])
        for layer in range(n_layers + 1):
            if layer:
                for j, k in ring:
                    qml.CZ([wires[j], wires[k]])
            for k, wire in enumerate(wires):
                qml.RZ(2 * angles[layer, 0, k], wire)
            for k, wire in enumerate(wires):
                qml.RY(2 * angles[layer, 1, k], wire)
        return qml.expval(qml.prod(*(qml.PauliZ(wire) for wire in wires)))

    gradient = qml.grad(lambda angles: with_gradients.mean(parities(angles)))
    return lambda angles: gradient(with_gradients.array(angles, requires_grad=True))
