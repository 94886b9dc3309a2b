"""States and kernels against those of Qiskit and PennyLane, stored and live."""

import json
from pathlib import Path

import numpy as np
import pytest
from quantum_oracles import circuit_states, fidelities, largest_difference
from quantum_peers import cases

from sklearn_kernelx import quantum

REFERENCE = np.load(Path(__file__).parents[1] / "data" / "quantum_reference.npz")
X = REFERENCE["X"]
CASES = [json.loads(case) for case in REFERENCE["cases"]]
TOLERANCES = [(np.complex128, 1e-12), (np.complex64, 5e-6)]


def name_of(case):
    parameters = ", ".join(f"{k}={v}" for k, v in case["parameters"].items())
    return f"{case['peer']} {case['name']} {case['n_features']} {parameters}"


def feature_map_of(case):
    return getattr(quantum, case["name"])(**case["parameters"])


def rows_of(case):
    return X[:, : case["n_features"]]


def oracle_states(case):
    feature_map = feature_map_of(case)
    return circuit_states(
        feature_map.circuit(case["n_features"]), feature_map.angles(rows_of(case))
    )


def test_stored_are_the_cases_of_today():
    assert CASES == json.loads(json.dumps(list(cases())))


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda i: name_of(CASES[i]))
def test_circuits(number):
    """The gates, without the compiled core."""
    states = oracle_states(CASES[number])
    kernel = fidelities(states, states)
    assert np.max(np.abs(kernel - REFERENCE["kernels"][number])) <= 1e-12
    if f"states_{number}" in REFERENCE:
        stored = REFERENCE[f"states_{number}"]
        assert largest_difference(states, stored) <= 1e-12
