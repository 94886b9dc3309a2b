"""Ad hoc data: labels against the observable, balance, the gap, bad arguments."""

import numpy as np
import pytest
from quantum_oracles import circuit_states, fidelities
from scipy.stats import ks_2samp, kstest
from sklearn.svm import SVC

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.quantum import ZZFeatureMap, make_ad_hoc
from sklearn_kernelx.quantum._ad_hoc import _collect, draw_subspace, expectations


def states_of(X, **parameters):
    feature_map = ZZFeatureMap(**parameters)
    return circuit_states(feature_map.circuit(X.shape[1]), feature_map.angles(X))


def observable_of(n_qubits, seed):
    """The matrix of the observable that make_ad_hoc draws first."""
    subspace = draw_subspace(n_qubits, generator(seed_from(seed)))
    return 2 * subspace @ subspace.conj().T - np.eye(2**n_qubits)


@pytest.mark.parametrize("n_qubits", [1, 2, 3, 5])
def test_the_observable_is_a_reflection_of_trace_zero(n_qubits):
    observable = observable_of(n_qubits, 0)
    identity = np.eye(2**n_qubits)
    np.testing.assert_allclose(observable, observable.conj().T, atol=1e-14)
    np.testing.assert_allclose(observable @ observable, identity, atol=1e-13)
    np.testing.assert_allclose(np.trace(observable), 0, atol=1e-13)
    rng = np.random.default_rng(0)
    states = rng.standard_normal((7, 2**n_qubits, 2)) @ [1, 1j]
    states /= np.linalg.norm(states, axis=1, keepdims=True)
    expected = [np.vdot(state, observable @ state).real for state in states]
    found = expectations(states, draw_subspace(n_qubits, generator(seed_from(0))))
    np.testing.assert_allclose(found, expected, atol=1e-13)


def test_the_subspace_is_uniform():
    # The squared length of the projection of a vector on a uniform plane of C^4 is
    # beta(2, 2). False alarms: 1 in 1000.
    def biased(n_qubits, rng):
        return np.linalg.qr(rng.random((4, 2)) + 1j * rng.random((4, 2)))[0]

    def p_value(draw):
        rng = np.random.default_rng(0)
        squares = [np.sum(np.abs(draw(2, rng)[0]) ** 2) for _ in range(2000)]
        return kstest(squares, "beta", args=(2, 2)).pvalue

    assert p_value(draw_subspace) > 1e-3
    assert p_value(biased) < 1e-3


@pytest.mark.parametrize(
    "n_qubits, parameters",
    [
        (1, {}),
        (2, {}),
        (3, {"reps": 1}),
        (3, {"entanglement": [(0, 2)], "reps": 3}),
        (4, {"entanglement": "circular"}),
        (5, {"entanglement": "linear"}),
    ],
)
def test_labels_are_those_of_the_observable(n_qubits, parameters):
    X, y = make_ad_hoc(61, n_qubits, gap=0.25, random_state=3, **parameters)
    assert X.shape == (61, n_qubits)
    assert X.dtype == np.float64
    assert np.all((X >= 0) & (X < 2 * np.pi))
    np.testing.assert_array_equal(np.bincount(y), [30, 31])
    states = states_of(X, **parameters)
    observable = observable_of(n_qubits, 3)
    values = np.einsum("ni,ij,nj->n", states.conj(), observable, states).real
    np.testing.assert_array_equal(y, values > 0)
    assert np.min(np.abs(values)) >= 0.25 - 1e-12
    # The gap is not larger than asked for.
    assert np.min(np.abs(values)) < 0.35


@pytest.mark.parametrize("n_samples", [2, 3, 10, 2001])
def test_balance(n_samples):
    _, y = make_ad_hoc(n_samples, random_state=0)
    np.testing.assert_array_equal(np.bincount(y), [n_samples // 2, (n_samples + 1) // 2])


def test_points_are_uniform_where_they_are_not_rejected():
    # Features of class 1 against those of uniform points beyond the gap. False alarms:
    # 1 in 1000.
    observable = observable_of(3, 0)

    def beyond_the_gap(X):
        states = states_of(X)
        values = np.einsum("ni,ij,nj->n", states.conj(), observable, states).real
        return X[values >= 0.3]

    def p_values(X):
        others = beyond_the_gap(X)
        return [ks_2samp(found[:, k], others[:, k]).pvalue for k in range(3)]

    X, y = make_ad_hoc(2000, 3, random_state=0)
    found = X[y == 1]
    uniform = np.random.default_rng(1).uniform(0, 2 * np.pi, (20_000, 3))
    mutant = 2 * np.pi * np.random.default_rng(1).beta(3, 3, (20_000, 3))
    assert min(p_values(uniform)) > 1e-3 / 3
    assert min(p_values(mutant)) < 1e-3 / 3


def test_random_state():
    X, y = make_ad_hoc(30, 3, random_state=5)
    again, labels = make_ad_hoc(30, 3, random_state=5)
    np.testing.assert_array_equal(X, again)
    np.testing.assert_array_equal(y, labels)
    other, _ = make_ad_hoc(30, 3, random_state=6)
    assert not np.any(X == other)
    state = np.random.RandomState(5)
    X, _ = make_ad_hoc(30, 3, random_state=state)
    np.testing.assert_array_equal(X, again)
    assert not np.any(make_ad_hoc(30, 3, random_state=state)[0] == X)
    assert not np.any(make_ad_hoc(30, 3)[0] == make_ad_hoc(30, 3)[0])


def test_the_order_tells_nothing():
    # The classes of the first and the last half; false alarms: below 1 in 1000.
    _, y = make_ad_hoc(1000, random_state=0)
    assert abs(np.sum(y[:500]) - 250) < 3.3 * np.sqrt(1000 / 16)
    assert np.any(np.diff(y[-20:]))


def separated(n_qubits, seed, kernel):
    X, y = make_ad_hoc(140, n_qubits, random_state=seed)
    train = np.concatenate([np.flatnonzero(y == label)[:20] for label in (0, 1)])
    test = np.setdiff1d(np.arange(140), train)
    model = SVC(C=10, kernel="precomputed").fit(kernel(X[train], X[train]), y[train])
    return model.score(kernel(X[test], X[train]), y[test])


@pytest.mark.parametrize("n_qubits, least", [(2, 0.99), (3, 0.95), (4, 0.87)])
def test_the_quantum_kernel_separates(n_qubits, least):
    def quantum(X, Y):
        return fidelities(states_of(X), states_of(Y))

    def another(X, Y):
        return fidelities(states_of(X, reps=1), states_of(Y, reps=1))

    assert np.mean([separated(n_qubits, seed, quantum) for seed in range(10)]) >= least
    assert np.mean([separated(n_qubits, seed, another) for seed in range(10)]) < least - 0.1


def test_ten_qubits():
    X, y = make_ad_hoc(10, 10, gap=0.03, random_state=0)
    assert X.shape == (10, 10)
    np.testing.assert_array_equal(np.bincount(y), [5, 5])


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (
            {"gap": 0.3, "n_qubits": 8},
            ValueError,
            "gap=0.3 rejects .*Lower gap, well below",
        ),
        ({"gap": 1.0}, ValueError, "gap must be at least 0 and below 1; got 1"),
        ({"gap": -0.1}, ValueError, "gap must be at least 0 and below 1; got -0.1"),
        ({"gap": np.nan}, ValueError, "gap must be at least 0 and below 1; got nan"),
        ({"gap": "0"}, TypeError, "gap must be"),
        ({"n_samples": 1}, ValueError, "n_samples == 1"),
        ({"n_samples": 2.0}, TypeError, "n_samples must be"),
        ({"n_qubits": 0}, ValueError, "n_qubits == 0"),
        ({"n_qubits": 13}, ValueError, "n_qubits == 13"),
        ({"reps": 0}, ValueError, "'reps'"),
        ({"entanglement": "all"}, ValueError, "'entanglement'"),
        ({"entanglement": [(0, 2)]}, ValueError, "from 0 to 1"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        make_ad_hoc(**{"n_samples": 20, "random_state": 0, **arguments})


def test_points_in_vain_are_counted_in_a_row():
    """A class that comes now and then is no reason to give up."""
    values = iter([-1.0, *[0.0, 0.0, 0.5] * 8])

    def draw():
        return np.zeros((3000, 1)), np.append(np.zeros(2999), next(values))

    zeros, ones = _collect(draw, 0.3, (1, 8))
    assert (len(zeros), len(ones)) == (1, 8)
    values = iter([-1.0, *[0.0] * 4])
    with pytest.raises(ValueError, match="10000 in a row"):
        _collect(draw, 0.3, (1, 8))
