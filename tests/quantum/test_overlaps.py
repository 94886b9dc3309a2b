"""Squared overlaps of given states: tiles, blocks, memory."""

import tracemalloc

import numpy as np
import pytest
from quantum_oracles import fidelities
from sklearn import config_context
from sklearn_kernelx._cython._squared_overlaps import TILE, WORKSPACE

from sklearn_kernelx.quantum._overlaps import cross_overlaps, symmetric_overlaps

RNG = np.random.default_rng(0)
TOLERANCE = {np.float64: 1e-14, np.float32: 2e-6}


def random_states(n_states, n_amplitudes):
    """Unit vectors near each other, so that overlaps are not all tiny."""
    center = RNG.standard_normal((2, n_amplitudes))
    states = center + RNG.standard_normal((n_states, 2, n_amplitudes))
    return states / np.linalg.norm(states, axis=(1, 2), keepdims=True)


def as_complex(states):
    return states[:, 0] + 1j * states[:, 1]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("n_amplitudes", [1, 2, 16, 300, 1024])
@pytest.mark.parametrize("n_states", [1, 3, TILE - 1, TILE, TILE + 1, 2 * TILE + 50])
def test_matrices(n_states, n_amplitudes, dtype):
    states = random_states(n_states, n_amplitudes)
    others = random_states(TILE + 9, n_amplitudes)
    typed, typed_others = states.astype(dtype), others.astype(dtype)
    kernel = symmetric_overlaps(typed.__getitem__, n_states, n_amplitudes, dtype, 1)
    expected = fidelities(as_complex(states), as_complex(states))
    assert kernel.dtype == dtype
    np.testing.assert_allclose(kernel, expected, rtol=0, atol=TOLERANCE[dtype])
    np.testing.assert_array_equal(np.diag(kernel), 1)
    np.testing.assert_array_equal(kernel, kernel.T)
    assert kernel.max() <= 1
    cross = cross_overlaps(
        typed.__getitem__,
        n_states,
        typed_others.__getitem__,
        len(others),
        n_amplitudes,
        dtype,
        1,
    )
    expected = fidelities(as_complex(states), as_complex(others))
    np.testing.assert_allclose(cross, expected, rtol=0, atol=TOLERANCE[dtype])


def test_same_bits_for_any_number_of_threads():
    states = random_states(3 * TILE + 5, 64)

    def kernel(n_threads):
        return symmetric_overlaps(
            states.__getitem__, len(states), 64, np.float64, n_threads
        )

    np.testing.assert_array_equal(kernel(3), kernel(1))


@pytest.mark.parametrize("n_states", [10, 300, 700])
def test_blocks_within_working_memory(n_states):
    n_amplitudes = 512
    states = random_states(n_states, n_amplitudes)
    asked = []

    def prepare(rows):
        asked.append(len(states[rows]))
        return states[rows]

    with config_context(working_memory=2):  # 256 states of 8 KiB
        kernel = symmetric_overlaps(prepare, n_states, n_amplitudes, np.float64, 1)
        cross = cross_overlaps(
            prepare, n_states, prepare, n_states, n_amplitudes, np.float64, 1
        )
    expected = fidelities(as_complex(states), as_complex(states))
    np.testing.assert_allclose(kernel, expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(cross, expected, rtol=0, atol=1e-14)
    assert max(asked) <= 192
    assert (len(asked) > 3) == (n_states > 192)


def test_memory_is_that_of_the_blocks_and_the_result():
    n_states, n_amplitudes = 1500, 2048  # 46 MiB of states
    center = random_states(1, n_amplitudes)

    def prepare(rows):
        return np.repeat(center, rows.stop - rows.start, axis=0)

    tracemalloc.start()
    with config_context(working_memory=8):
        kernel = symmetric_overlaps(prepare, n_states, n_amplitudes, np.float64, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_allclose(kernel, 1, rtol=0, atol=1e-13)
    assert peak < kernel.nbytes + 8 * WORKSPACE + 8 * 2**20 + 2**20
