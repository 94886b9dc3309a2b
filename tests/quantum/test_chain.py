"""The transfer-matrix kernel against state vectors, and beyond them."""

import numpy as np
import pytest
from quantum_oracles import circuit_states, fidelities

from sklearn_kernelx import ZFeatureMap, ZZFeatureMap, fidelity_kernel
from sklearn_kernelx.quantum._chain import chain_kernel, is_chain
from sklearn_kernelx.quantum._circuit import Circuit

RNG = np.random.default_rng(0)


def transfer(X, Y=None, **parameters):
    return fidelity_kernel(X, Y, feature_map=ZZFeatureMap(**parameters), method="transfer")


@pytest.mark.parametrize("entanglement", ["linear", "circular", "none"])
@pytest.mark.parametrize("reps", [1, 2, 3])
@pytest.mark.parametrize("n_qubits", [1, 2, 3, 4, 7, 12])
def test_equals_state_vectors(n_qubits, reps, entanglement):
    X = RNG.uniform(0, 2 * np.pi, (21, n_qubits))
    Y = RNG.uniform(0, 2 * np.pi, (6, n_qubits))
    feature_map = ZZFeatureMap(reps=reps, entanglement=entanglement)
    for others in (None, Y):
        by_states = fidelity_kernel(
            X, others, feature_map=feature_map, method="statevector"
        )
        by_transfer = fidelity_kernel(X, others, feature_map=feature_map, method="transfer")
        np.testing.assert_allclose(by_transfer, by_states, rtol=0, atol=1e-12)


@pytest.mark.parametrize("reps", [4, 5])
def test_many_blocks(reps):
    X = RNG.uniform(0, 2 * np.pi, (5, 3))
    feature_map = ZZFeatureMap(reps=reps, entanglement="circular")
    states = circuit_states(feature_map.circuit(3), feature_map.angles(X))
    kernel = fidelity_kernel(X, feature_map=feature_map, method="transfer")
    np.testing.assert_allclose(kernel, fidelities(states, states), rtol=0, atol=1e-12)


def test_any_order_of_terms_and_terms_twice():
    qubits = ((1, 0), (2,), (0,), (2,), (3, 0), (2, 3), (0, 1))
    circuit = Circuit(4, 2, tuple("Z" * len(q) for q in qubits), qubits)
    assert is_chain(circuit)
    angles = RNG.uniform(-3, 3, (4, len(qubits)))
    kernel = chain_kernel(circuit, angles, None, np.float64, 1)
    states = circuit_states(circuit, angles)
    np.testing.assert_allclose(kernel, fidelities(states, states), rtol=0, atol=1e-13)


def test_float32():
    X = RNG.uniform(0, 2 * np.pi, (40, 10))
    feature_map = ZZFeatureMap(entanglement="linear")
    kernel = fidelity_kernel(X, feature_map=feature_map, method="transfer", dtype="f4")
    assert kernel.dtype == np.float32
    np.testing.assert_allclose(
        kernel, transfer(X, entanglement="linear"), rtol=0, atol=5e-6
    )


@pytest.mark.parametrize("reps", [1, 2, 3])
def test_hundred_qubits_without_couplings_are_a_product(reps):
    X = RNG.uniform(0, 0.4, (20, 100))
    expected = np.ones((20, 20))
    for column in X.T:
        expected *= fidelity_kernel(
            column[:, np.newaxis], feature_map=ZFeatureMap(reps=reps), method="statevector"
        )
    kernel = fidelity_kernel(X, feature_map=ZFeatureMap(reps=reps))
    np.testing.assert_allclose(kernel, expected, rtol=1e-12)
    assert np.median(kernel) > 1e-30  # not vacuous


@pytest.mark.parametrize("reps", [1, 2])
def test_a_chain_that_is_cut_is_a_product(reps):
    pairs = [(k, k + 1) for k in range(23) if k != 11]
    X, Y = RNG.uniform(0, 2 * np.pi, (2, 10, 24))
    X[5:] += 0.05 * Y[5:] - 0.05 * X[5:]
    halves = [transfer(X[:, p], reps=reps, entanglement="linear") for p in HALVES]
    whole = transfer(X, reps=reps, entanglement=pairs)
    np.testing.assert_allclose(whole, halves[0] * halves[1], rtol=1e-10, atol=1e-18)


HALVES = (slice(0, 12), slice(12, 24))


def test_symmetric_and_one_on_the_diagonal_at_many_qubits():
    X = RNG.uniform(0, 2 * np.pi, (50, 100))
    kernel = transfer(X, entanglement="linear")
    np.testing.assert_array_equal(np.diag(kernel), 1)
    np.testing.assert_array_equal(kernel, kernel.T)
    against_itself = transfer(X, X.copy(), entanglement="linear")
    np.testing.assert_allclose(np.diag(against_itself), 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(against_itself, kernel, rtol=0, atol=1e-12)


def test_same_bits_for_any_number_of_threads():
    X = RNG.uniform(0, 1, (200, 30))
    feature_map = ZZFeatureMap(entanglement="linear", bandwidth=0.2)
    kernels = [fidelity_kernel(X, feature_map=feature_map, n_jobs=n) for n in (1, 2, 3)]
    np.testing.assert_array_equal(kernels[1], kernels[0])
    np.testing.assert_array_equal(kernels[2], kernels[0])


@pytest.mark.parametrize(
    "feature_map",
    [
        ZZFeatureMap(),
        ZZFeatureMap(entanglement="linear", reps=6),
        ZZFeatureMap(entanglement=[(0, 2)]),
    ],
    ids=["full", "six blocks", "a longer range"],
)
def test_maps_that_transfer_does_not_fit(feature_map):
    X = RNG.uniform(0, 1, (3, 4))
    with pytest.raises(ValueError, match=r'"transfer" needs .*entanglement="linear"'):
        fidelity_kernel(X, feature_map=feature_map, method="transfer")
    assert fidelity_kernel(X, feature_map=feature_map).shape == (3, 3)
