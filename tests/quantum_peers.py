"""What Qiskit and PennyLane make of feature maps, and the cases to compare.

A case has the name of our class, its parameters and a number of features. Nothing of ours
is imported here, and the peers only where they are asked for.
"""

from itertools import combinations

import numpy as np

REPS = (1, 2, 3)
ENTANGLEMENTS = ("full", "linear", "circular")
PAULIS = (
    ["Z", "XX"],
    ["Z", "Y", "ZZ"],
    ["X", "YZ"],
    ["YX", "Z"],
    ["X", "Y"],
    ["Y", "XYZ"],
    ["ZZZ", "Z", "XZ"],
    ["Z", "X", "Z"],
)
GIVEN = [(0, 2), (2, 1), (3, 0, 1), (1, 2, 3)]


def _case(peer, name, n_features, **parameters):
    return {
        "peer": peer,
        "name": name,
        "n_features": n_features,
        "parameters": parameters,
    }


def _zz_cases(peer, sizes, bandwidths):
    for n_features in sizes:
        for reps in REPS:
            for entanglement in ENTANGLEMENTS:
                for bandwidth in bandwidths:
                    yield _case(
                        peer,
                        "ZZFeatureMap",
                        n_features,
                        reps=reps,
                        entanglement=entanglement,
                        bandwidth=bandwidth,
                    )


def _pauli_cases():
    for paulis in PAULIS:
        for n_features in (3, 4):
            for entanglement in ENTANGLEMENTS:
                yield _case(
                    "qiskit",
                    "PauliFeatureMap",
                    n_features,
                    paulis=paulis,
                    entanglement=entanglement,
                )
    yield _case(
        "qiskit",
        "PauliFeatureMap",
        4,
        paulis=["X", "YZ", "XYZ"],
        entanglement=GIVEN,
        reps=1,
        bandwidth=0.5,
    )
    yield _case("qiskit", "PauliFeatureMap", 2, paulis=["Y", "ZX"], entanglement="circular")
    yield _case("qiskit", "ZZFeatureMap", 4, entanglement=GIVEN[:2])


def cases():
    """All of them, one after the other."""
    yield from _zz_cases("qiskit", (2, 3, 5, 10), (1.0, 0.2))
    yield from (
        _case("qiskit", "ZFeatureMap", n, reps=reps) for n in (1, 2, 3, 5) for reps in REPS
    )
    yield from _pauli_cases()
    yield from _zz_cases("pennylane", (2, 3), (1.0,))
    for n_features in (2, 3, 5):
        for reps in REPS:
            yield _case("pennylane", "IQPFeatureMap", n_features, reps=reps)
    yield _case("pennylane", "IQPFeatureMap", 4, reps=2, entanglement=GIVEN[:2])


def peer_states(case, X):
    """The peer's states (n, 2^q), qubit k in bit k of the index."""
    X = X[:, : case["n_features"]] * case["parameters"].get("bandwidth", 1.0)
    if case["peer"] == "qiskit":
        return _qiskit_states(qiskit_circuit(case), X)
    return _pennylane_states(case, X)


def qiskit_circuit(case):
    """A circuit with the features as parameters, in their order."""
    from qiskit.circuit.library import pauli_feature_map, z_feature_map, zz_feature_map

    parameters = {k: v for k, v in case["parameters"].items() if k != "bandwidth"}
    make = {
        "ZFeatureMap": z_feature_map,
        "ZZFeatureMap": zz_feature_map,
        "PauliFeatureMap": pauli_feature_map,
    }[case["name"]]
    groups = parameters.get("entanglement")
    if isinstance(groups, list):
        by_size = {1: [(k,) for k in range(case["n_features"])]}
        for group in groups:
            by_size.setdefault(len(group), []).append(group)
        parameters["entanglement"] = by_size
    return make(case["n_features"], **parameters)


def _qiskit_states(circuit, X):
    from qiskit.quantum_info import Statevector

    return np.array([Statevector(circuit.assign_parameters(x)).data for x in X])


def _pennylane_states(case, X):
    import pennylane as qml

    n_features, parameters = case["n_features"], case["parameters"]
    # Its first wire is the highest bit.
    wires = list(range(n_features))[::-1]
    pairs = _pairs(parameters.get("entanglement", "full"), n_features)
    reps = parameters.get("reps", 2)

    def zz_circuit(x):
        for _ in range(reps):
            for wire, angle in zip(wires, x, strict=True):
                qml.Hadamard(wire)
                qml.RZ(2 * angle, wire)
            for j, k in pairs:
                angle = 2 * (np.pi - x[j]) * (np.pi - x[k])
                qml.MultiRZ(angle, [wires[j], wires[k]])
        return qml.state()

    def iqp_circuit(x):
        pattern = [[wires[j], wires[k]] for j, k in pairs]
        qml.IQPEmbedding(x, wires, n_repeats=reps, pattern=pattern)
        return qml.state()

    circuit = zz_circuit if case["name"] == "ZZFeatureMap" else iqp_circuit
    node = qml.QNode(circuit, qml.device("default.qubit", wires=n_features))
    return np.array([node(x) for x in X])


def _pairs(entanglement, n_qubits):
    if not isinstance(entanglement, str):
        return entanglement
    if entanglement == "full":
        return list(combinations(range(n_qubits), 2))
    neighbours = [(k, k + 1) for k in range(n_qubits - 1)]
    closes = entanglement == "circular" and n_qubits > 2
    return neighbours + ([(n_qubits - 1, 0)] if closes else [])
