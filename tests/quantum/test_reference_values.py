"""States and kernels against those of Qiskit and PennyLane, stored and live."""

import json
from pathlib import Path

import numpy as np
import pytest
from quantum_oracles import circuit_states, fidelities, largest_difference
from quantum_peers import cases, peer_states

from sklearn_kernelx import quantum

REFERENCE = np.load(Path(__file__).parents[1] / "data" / "quantum_reference.npz")
X = REFERENCE["X"]
CASES = [json.loads(case) for case in REFERENCE["cases"]]
KERNEL_TOLERANCES = [(np.float64, 1e-12), (np.float32, 5e-6)]
STATE_TOLERANCES = [(np.complex128, 1e-12), (np.complex64, 5e-6)]


def name_of(case):
    parameters = ", ".join(f"{k}={v}" for k, v in case["parameters"].items())
    return f"{case['peer']} {case['name']} {case['n_features']} {parameters}"


each_case = pytest.mark.parametrize(
    "number", range(len(CASES)), ids=[name_of(case) for case in CASES]
)


def feature_map_of(case):
    return getattr(quantum, case["name"])(**case["parameters"])


def rows_of(case, X=X):
    return X[:, : case["n_features"]]


def error_of_kernel(feature_map, X, expected, **arguments):
    kernel = quantum.fidelity_kernel(X, feature_map=feature_map, **arguments)
    return np.max(np.abs(kernel - expected))


def test_stored_are_the_cases_of_today():
    assert CASES == json.loads(json.dumps(list(cases())))


@each_case
def test_circuits(number):
    """The gates, without the compiled core."""
    case = CASES[number]
    feature_map, rows = feature_map_of(case), rows_of(case)
    states = circuit_states(
        feature_map.circuit(case["n_features"]), feature_map.angles(rows)
    )
    kernel = fidelities(states, states)
    assert np.max(np.abs(kernel - REFERENCE["kernels"][number])) <= 1e-12
    if f"states_{number}" in REFERENCE:
        assert largest_difference(states, REFERENCE[f"states_{number}"]) <= 1e-12


@each_case
@pytest.mark.parametrize("dtype, tolerance", KERNEL_TOLERANCES)
def test_kernels(number, dtype, tolerance):
    case, expected = CASES[number], REFERENCE["kernels"][number]
    feature_map, rows = feature_map_of(case), rows_of(case)
    methods = ["auto", "statevector"]
    if case["parameters"].get("entanglement") in ("linear", "circular"):
        methods += ["transfer"] * feature_map.circuit(case["n_features"]).is_diagonal
    for method in methods:
        error = error_of_kernel(feature_map, rows, expected, dtype=dtype, method=method)
        assert error <= tolerance, method


@each_case
@pytest.mark.parametrize("dtype, tolerance", STATE_TOLERANCES)
def test_states(number, dtype, tolerance):
    case = CASES[number]
    if f"states_{number}" in REFERENCE:
        states = feature_map_of(case).statevectors(rows_of(case), dtype=dtype)
        assert largest_difference(states, REFERENCE[f"states_{number}"]) <= tolerance


@pytest.mark.parametrize(
    "mutant",
    [
        {"bandwidth": 1 + 1e-9},
        {"reps": 3},
        {"entanglement": "circular"},
        {"entanglement": [(0, 1), (1, 3), (2, 3)]},
        {"data_map": lambda columns: np.prod(np.pi - columns, axis=1)},
    ],
    ids=lambda mutant: next(iter(mutant)),
)
def test_the_comparison_can_fail(mutant):
    parameters = {"reps": 2, "entanglement": "linear", "bandwidth": 1.0}
    (number,) = (
        number
        for number, case in enumerate(CASES)
        if case["peer"] == "qiskit" and case["n_features"] == 5
        if case["name"] == "ZZFeatureMap" and case["parameters"] == parameters
    )
    expected = REFERENCE["kernels"][number]
    feature_map = quantum.ZZFeatureMap(**{**parameters, **mutant})
    assert error_of_kernel(feature_map, X[:, :5], expected) > 1e-11


@each_case
def test_live(number):
    """Other rows than the stored ones, in the version installed."""
    case = CASES[number]
    pytest.importorskip(case["peer"])
    rows = np.random.default_rng(number).uniform(-np.pi, np.pi, (3, case["n_features"]))
    expected = peer_states(case, rows)
    feature_map = feature_map_of(case)
    kernel = fidelities(expected, expected)
    for dtype, tolerance in KERNEL_TOLERANCES:
        assert error_of_kernel(feature_map, rows, kernel, dtype=dtype) <= tolerance
    for dtype, tolerance in STATE_TOLERANCES:
        states = feature_map.statevectors(rows, dtype=dtype)
        assert largest_difference(states, expected) <= tolerance
