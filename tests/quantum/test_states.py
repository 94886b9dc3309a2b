"""State vectors and Bloch vectors against circuits gate by gate."""

import numpy as np
import pytest
import quantum_oracles as oracles

from sklearn_kernelx._cython import _quantum_states
from sklearn_kernelx.quantum._circuit import Circuit
from sklearn_kernelx.quantum._states import add_columns, check_n_qubits, prepare_states

RNG = np.random.default_rng(0)
TOLERANCE = {np.float64: 2e-14, np.float32: 3e-6}


def random_circuit(n_qubits, reps, n_pairs):
    """Phases of all qubits in any order, and of pairs, some of them twice."""
    singles = [(int(k),) for k in RNG.permutation(n_qubits)]
    pairs = [tuple(map(int, RNG.permutation(n_qubits)[:2])) for _ in range(n_pairs)]
    qubits = tuple(singles + pairs if n_qubits > 1 else singles)
    return Circuit(n_qubits, reps, tuple("Z" * len(q) for q in qubits), qubits)


def random_angles(circuit, n_states):
    return RNG.uniform(-30, 30, (n_states, len(circuit.qubits)))


def as_complex(states):
    return states[:, 0] + 1j * states[:, 1]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("reps", [1, 2, 3])
@pytest.mark.parametrize("n_qubits", [1, 2, 3, 4, 5, 7, 10])
def test_diagonal_circuits(n_qubits, reps, dtype):
    circuit = random_circuit(n_qubits, reps, 2 * n_qubits)
    angles = random_angles(circuit, 5)
    states = prepare_states(circuit, angles, dtype, 1)
    assert states.dtype == dtype
    expected = oracles.circuit_states(circuit, angles)
    np.testing.assert_allclose(as_complex(states), expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("n_qubits", [12, 13, 14])
def test_transforms_longer_than_a_cache(n_qubits, dtype):
    circuit = random_circuit(n_qubits, 2, 3)
    angles = random_angles(circuit, 1)
    states = prepare_states(circuit, angles, dtype, 1)
    expected = oracles.circuit_states(circuit, angles)
    np.testing.assert_allclose(as_complex(states), expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("n_qubits", range(1, 16))
def test_two_hadamard_layers_undo_each_other(n_qubits, dtype):
    states = RNG.standard_normal((2, 2, 2**n_qubits)).astype(dtype)
    twice = states.copy()
    _quantum_states.hadamard_layer(twice, 1)
    assert np.max(np.abs(twice - states)) > 0.1
    _quantum_states.hadamard_layer(twice, 1)
    np.testing.assert_allclose(twice, states, rtol=0, atol=4 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("n_qubits", [1, 2, 3, 4, 5, 8])
def test_bloch_vectors(n_qubits, dtype):
    states = RNG.standard_normal((4, 2, 2**n_qubits))
    states /= np.linalg.norm(states, axis=(1, 2), keepdims=True)
    vectors = np.empty((4, 3 * n_qubits), dtype)
    _quantum_states.bloch_vectors(states.astype(dtype), vectors, 1)
    expected = oracles.bloch_vectors(as_complex(states))
    np.testing.assert_allclose(vectors, expected, rtol=0, atol=TOLERANCE[dtype])


def test_same_bits_for_any_number_of_threads():
    circuit = random_circuit(9, 2, 9)
    angles = random_angles(circuit, 2000)
    one = prepare_states(circuit, angles, np.float64, 1)
    np.testing.assert_array_equal(prepare_states(circuit, angles, np.float64, 3), one)


def test_columns_that_share_a_place_are_summed():
    columns = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    sums = add_columns(columns, np.array([2, 0, 2]), 4)
    np.testing.assert_array_equal(sums, [[2, 0, 5, 0], [16, 0, 40, 0]])


def test_too_many_qubits():
    check_n_qubits(20, 20)
    with pytest.raises(ValueError, match=r'max_qubits=20 .*"linear".*"projected"'):
        check_n_qubits(21, 20)
