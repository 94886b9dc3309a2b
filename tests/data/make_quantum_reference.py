"""Write quantum_reference.npz: kernels, and states of few qubits, of Qiskit and PennyLane.

Kernels of Qiskit's circuits are those of `FidelityStatevectorKernel`. Needs qiskit,
qiskit-machine-learning and pennylane; takes a minute.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]
sys.path.append(str(TESTS))
from quantum_peers import cases, peer_states, qiskit_circuit  # noqa: E402

N_ROWS, MAX_FEATURES, MAX_QUBITS_OF_STATES = 5, 10, 4


def peer_kernel(case, X, states):
    if case["peer"] == "pennylane":
        return np.abs(states.conj() @ states.T) ** 2
    from qiskit_machine_learning.kernels import FidelityStatevectorKernel

    X = X[:, : case["n_features"]] * case["parameters"].get("bandwidth", 1.0)
    return FidelityStatevectorKernel(feature_map=qiskit_circuit(case)).evaluate(X)


def main():
    X = np.random.default_rng(0).uniform(0, 2 * np.pi, (N_ROWS, MAX_FEATURES))
    all_cases = list(cases())
    states = [peer_states(case, X) for case in all_cases]
    kernels = [peer_kernel(c, X, s) for c, s in zip(all_cases, states, strict=True)]
    np.savez_compressed(
        TESTS / "data" / "quantum_reference.npz",
        X=X,
        cases=[json.dumps(case) for case in all_cases],
        kernels=kernels,
        versions=[f"{p} {version(p)}" for p in ("qiskit", "pennylane")],
        **{
            f"states_{i}": s
            for i, s in enumerate(states)
            if all_cases[i]["n_features"] <= MAX_QUBITS_OF_STATES
        },
    )


if __name__ == "__main__":
    main()
