"""Rotations about Pauli strings against dense matrices, slopes against differences."""

from functools import reduce
from itertools import product

import numpy as np
import pytest
from scipy.linalg import expm

from sklearn_kernelx.quantum._pauli_circuit import rotate, slopes_of_angles

MATRICES = {
    "I": np.eye(2),
    "X": np.array([[0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]),
}
TOLERANCE = {np.float64: 1e-14, np.float32: 5e-6}


def dense(letters):
    """The matrix of a string whose letter k stands on qubit k, bit k of an index."""
    return reduce(np.kron, [MATRICES[letter] for letter in reversed(letters)])


def masks(strings):
    bits = [
        [sum(1 << k for k, letter in enumerate(s) if letter in wanted) for s in strings]
        for wanted in ("XY", "YZ")
    ]
    return [np.array(b, dtype=np.int64) for b in bits]


def random_parts(rng, n_samples, n_qubits, dtype=np.float64):
    parts = rng.standard_normal((n_samples, 2, 2**n_qubits))
    return (parts / np.linalg.norm(parts, axis=(1, 2), keepdims=True)).astype(dtype)


def joined(parts):
    return parts[:, 0].astype(float) + 1j * parts[:, 1]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_qubits", [1, 2, 3, 4, 5])
def test_each_string_is_the_exponential_of_its_matrix(n_qubits, dtype):
    rng = np.random.default_rng(n_qubits)
    for letters in product("IXYZ", repeat=n_qubits):
        parts = random_parts(rng, 2, n_qubits, dtype)
        angle = rng.uniform(-4, 4)
        # P squared is 1: expm itself takes most of a minute for all strings.
        matrix = np.cos(angle) * np.eye(2**n_qubits) - 1j * np.sin(angle) * dense(letters)
        if n_qubits < 3:
            np.testing.assert_allclose(
                matrix, expm(-1j * angle * dense(letters)), atol=1e-13
            )
        expected = joined(parts) @ matrix.T
        rotate(parts, *masks([letters]), np.array([[angle]]), 1)
        np.testing.assert_allclose(
            joined(parts), expected, atol=TOLERANCE[dtype], err_msg=str(letters)
        )


def test_a_wrong_sign_of_y_is_seen():
    """The mutant: Y with the sign of its transpose."""
    parts = random_parts(np.random.default_rng(0), 1, 1)
    expected = joined(parts) @ expm(-0.3j * MATRICES["Y"].T).T
    rotate(parts, *masks(["Y"]), np.array([[0.3]]), 1)
    assert np.max(np.abs(joined(parts) - expected)) > 0.1


def random_strings(rng, n_strings, n_qubits):
    return ["".join(rng.choice(list("IXYZ"), n_qubits)) for _ in range(n_strings)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("n_qubits, n_samples", [(1, 3), (3, 50), (7, 20)])
def test_many_strings_in_their_order(n_qubits, n_samples, is_shared, dtype):
    rng = np.random.default_rng(n_samples)
    strings = random_strings(rng, 70, n_qubits)
    angles = rng.uniform(-3, 3, (1 if is_shared else n_samples, len(strings)))
    parts = random_parts(rng, n_samples, n_qubits, dtype)
    expected = joined(parts)
    for j, letters in enumerate(strings):
        c, s = np.cos(angles[:, j, None]), np.sin(angles[:, j, None])
        expected = c * expected - 1j * s * (expected @ dense(letters).T)
    several = [parts.copy() for _ in range(3)]
    for n_threads, result in enumerate(several, start=1):
        rotate(result, *masks(strings), angles, n_threads)
        np.testing.assert_allclose(joined(result), expected, atol=10 * TOLERANCE[dtype])
        np.testing.assert_array_equal(result, several[0])


def test_nothing_to_do():
    parts = random_parts(np.random.default_rng(0), 2, 1)
    before = parts.copy()
    none = np.empty(0, dtype=np.int64)
    rotate(parts, none, none, np.empty((1, 0)), 1)
    np.testing.assert_array_equal(parts, before)
    assert slopes_of_angles(parts, parts.copy(), none, none, np.empty((1, 0)), 1).size == 0
    rotate(parts[:0], *masks(["X"]), np.ones((1, 1)), 1)


def circuit_of(n_qubits, n_samples, dtype=np.float64, n_strings=70):
    """Random states, strings, angles, and the outcomes' values of a random cost."""
    rng = np.random.default_rng(n_qubits)
    strings = masks(random_strings(rng, n_strings, n_qubits))
    angles = rng.uniform(-3, 3, (1, n_strings))
    values = rng.standard_normal((n_samples, 1, 2**n_qubits))
    return random_parts(rng, n_samples, n_qubits, dtype), strings, angles, values


def cost_of(parts, strings, angles, values):
    parts = parts.copy()
    rotate(parts, *strings, angles, 1)
    return np.sum(values * parts**2)


def slopes_of(parts, strings, angles, values, n_threads=1):
    parts = parts.copy()
    rotate(parts, *strings, angles, n_threads)
    costates = (values * parts).astype(parts.dtype)
    return slopes_of_angles(parts, costates, *strings, angles, n_threads), parts


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_qubits, n_samples", [(1, 3), (2, 40), (3, 17), (6, 16)])
def test_slopes_follow_the_parameter_shift_rule(n_qubits, n_samples, dtype):
    parts, strings, angles, values = circuit_of(n_qubits, n_samples, dtype)
    slopes, undone = slopes_of(parts, strings, angles, values)
    shifts = np.pi / 4 * np.eye(angles.size)
    exact = parts.astype(np.float64)
    expected = [
        cost_of(exact, strings, angles + s, values)
        - cost_of(exact, strings, angles - s, values)
        for s in shifts
    ]
    scale = np.sqrt(n_samples)
    np.testing.assert_allclose(slopes, expected, atol=50 * scale * TOLERANCE[dtype])
    np.testing.assert_allclose(undone, parts, atol=10 * TOLERANCE[dtype])


def test_slopes_are_those_of_finite_differences():
    parts, strings, angles, values = circuit_of(3, 10, n_strings=12)
    slopes, _ = slopes_of(parts, strings, angles, values)
    step = 1e-5
    expected = [
        (
            cost_of(parts, strings, angles + s, values)
            - cost_of(parts, strings, angles - s, values)
        )
        / (2 * step)
        for s in step * np.eye(angles.size)
    ]
    np.testing.assert_allclose(slopes, expected, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_slopes_have_the_same_bits_for_any_number_of_threads(dtype):
    given = circuit_of(3, 100, dtype)
    results = [slopes_of(*given, n_threads=n)[0] for n in (1, 2, 3)]
    np.testing.assert_array_equal(results[1], results[0])
    np.testing.assert_array_equal(results[2], results[0])
