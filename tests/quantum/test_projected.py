"""Bloch vectors of whole circuits and of light cones, and the kernel on them."""

import tracemalloc

import numpy as np
import pytest
import quantum_oracles as oracles
from sklearn import config_context

from sklearn_kernelx import (
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
    bloch_vectors,
    fidelity_kernel,
    projected_kernel,
)

RNG = np.random.default_rng(0)
ENTANGLEMENTS = ["full", "linear", "circular", "none", [(0, 4), (1, 2), (2, 4)]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("entanglement", ENTANGLEMENTS, ids=str)
@pytest.mark.parametrize("reps", [1, 2, 3])
@pytest.mark.parametrize("n_qubits", [5, 9])
def test_bloch_vectors(n_qubits, reps, entanglement, dtype):
    X = RNG.uniform(0, 2 * np.pi, (6, n_qubits))
    feature_map = ZZFeatureMap(reps=reps, entanglement=entanglement)
    circuit = feature_map.circuit(n_qubits)
    expected = oracles.bloch_vectors(oracles.circuit_states(circuit, feature_map.angles(X)))
    vectors = bloch_vectors(X, feature_map=feature_map, dtype=dtype)
    assert vectors.dtype == dtype
    tolerance = 1e-13 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(vectors, expected, rtol=0, atol=tolerance)


def test_pauli_maps_and_state_functions():
    X = RNG.uniform(0, 2 * np.pi, (6, 4))
    feature_map = PauliFeatureMap(("Z", "XX"), entanglement="linear")
    states = oracles.circuit_states(feature_map.circuit(4), feature_map.angles(X))
    expected = oracles.bloch_vectors(states)
    for given in (feature_map, lambda rows: states):
        vectors = bloch_vectors(X, feature_map=given)
        np.testing.assert_allclose(vectors, expected, rtol=0, atol=1e-13)


def density_matrices(states, qubit):
    """One-qubit reduced density matrices by the partial trace."""
    n_qubits = states.shape[1].bit_length() - 1
    tensor = states.reshape(len(states), *[2] * n_qubits)
    rows = np.moveaxis(tensor, n_qubits - qubit, 1).reshape(len(states), 2, -1)
    return rows @ rows.conj().swapaxes(1, 2)


def test_kernel_from_density_matrices():
    X, Y = RNG.uniform(0, 2 * np.pi, (2, 6, 3))
    feature_map = ZZFeatureMap()
    states, others = feature_map.statevectors(X), feature_map.statevectors(Y)
    squares = np.zeros((6, 6))
    for qubit in range(3):
        rho, sigma = density_matrices(states, qubit), density_matrices(others, qubit)
        squares += np.sum(np.abs(rho[:, None] - sigma[None]) ** 2, axis=(2, 3))
    kernel = projected_kernel(X, Y, feature_map=feature_map, gamma=0.7)
    np.testing.assert_allclose(kernel, np.exp(-0.7 * squares), rtol=0, atol=1e-13)
    assert projected_kernel(X[0], Y[0], gamma=0.7) == pytest.approx(kernel[0, 0])
    np.testing.assert_array_equal(np.diag(projected_kernel(X)), 1)


def test_light_cones_reach_beyond_state_vectors():
    """Qubits far from the middle change nothing there: those of a short chain are right."""
    X = RNG.uniform(0, 2 * np.pi, (5, 60))
    feature_map = ZZFeatureMap(entanglement="linear")
    vectors = bloch_vectors(X, feature_map=feature_map).reshape(5, 3, 60)
    part = bloch_vectors(X[:, 20:33], feature_map=feature_map).reshape(5, 3, 13)
    np.testing.assert_allclose(vectors[:, :, 22:31], part[:, :, 2:11], rtol=0, atol=1e-14)
    assert np.abs(vectors[:, :, 20] - part[:, :, 0]).max() > 1e-3


def test_does_not_fade_with_the_number_of_qubits():
    X = RNG.uniform(0, 2 * np.pi, (30, 60))
    feature_map = ZZFeatureMap(entanglement="linear")
    off_diagonal = ~np.eye(30, dtype=bool)
    fidelity = fidelity_kernel(X, feature_map=feature_map)[off_diagonal]
    projected = projected_kernel(X, feature_map=feature_map, gamma=1 / 60)[off_diagonal]
    assert fidelity.max() < 1e-9
    assert 0.1 < projected.min() < projected.max() < 1


@pytest.mark.parametrize("gamma", [0, -1, np.inf, np.nan, "a", None, np.ones(3)])
def test_bad_gamma(gamma):
    with pytest.raises(ValueError, match="gamma must be positive and finite"):
        projected_kernel(np.zeros((2, 2)), gamma=gamma)


def test_memory_is_that_of_a_block_of_states():
    X = RNG.uniform(0, 1, (2000, 12))  # 125 MiB of states
    with config_context(working_memory=16):
        tracemalloc.start()
        bloch_vectors(X)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 19 * 2**20


def test_too_many_qubits():
    with pytest.raises(ValueError, match="max_qubits=20"):
        bloch_vectors(np.zeros((2, 40)))
    with pytest.raises(ValueError, match="max_qubits=4"):
        bloch_vectors(
            np.zeros((2, 40)), feature_map=ZZFeatureMap(entanglement="linear"), max_qubits=4
        )
    assert bloch_vectors(np.zeros((2, 40)), feature_map=ZFeatureMap()).shape == (2, 120)
    with pytest.raises(ValueError, match=r"2 \*\* n_qubits amplitudes"):
        bloch_vectors(np.zeros((2, 3)), feature_map=lambda rows: np.eye(2, 3))
