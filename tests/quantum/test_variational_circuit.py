"""The trained circuit against matrices gate by gate; gradients against differences and the
parameter-shift rule; shots against the binomial law."""

from itertools import pairwise

import numpy as np
import pytest
import sklearn
from quantum_oracles import rotated

from sklearn_kernelx.quantum import ZZFeatureMap, _variational_cost
from sklearn_kernelx.quantum._ansatz import make_ansatz
from sklearn_kernelx.quantum._losses import cross_entropy, misclassification
from sklearn_kernelx.quantum._readout import n_readout_qubits, outcome_classes
from sklearn_kernelx.quantum._variational_cost import (
    Cost,
    VariationalCircuit,
    sample_shares,
    states_of_rows,
)


def pairs_of(n_qubits):
    closing = {(0, n_qubits - 1)} if n_qubits > 2 else set()
    return set(pairwise(range(n_qubits))) | closing


def oracle(states, angles):
    """Probabilities of outcomes, with CZ gates one by one."""
    n_layers, _, n_qubits = angles.shape
    outcomes = np.arange(2**n_qubits)
    for layer in range(n_layers):
        if layer > 0:
            for j, k in pairs_of(n_qubits):
                states = states * np.where(outcomes >> j & outcomes >> k & 1, -1, 1)
        for letter, row in zip("ZY", angles[layer], strict=True):
            for k, angle in enumerate(row):
                states = rotated(letter, [k], np.full(len(states), angle), states)
    return np.abs(states) ** 2


def random_states(rng, n_samples, n_qubits):
    states = rng.standard_normal((n_samples, 2, 2**n_qubits))
    states /= np.linalg.norm(states, axis=(1, 2), keepdims=True)
    return states, states[:, 0] + 1j * states[:, 1]


def outcome_circuit(n_qubits, n_layers, ansatz=None):
    """A circuit with a class for each outcome."""
    n = 2**n_qubits
    return VariationalCircuit(
        ansatz or make_ansatz(n_qubits, n_layers), np.arange(n), n, n_threads=1
    )


@pytest.mark.parametrize("n_layers", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("n_qubits", [1, 2, 3, 4, 5])
def test_outcomes_are_those_of_cz_gates_and_rotations(n_qubits, n_layers):
    rng = np.random.default_rng(n_qubits)
    circuit = outcome_circuit(n_qubits, n_layers)
    angles = rng.uniform(0, np.pi, circuit.ansatz.shape)
    parts, states = random_states(rng, 6, n_qubits)
    expected = oracle(states, angles)
    np.testing.assert_allclose(circuit.rotate(parts, angles), expected, atol=1e-13)


@pytest.mark.parametrize("n_qubits", [2, 3])
def test_a_circuit_without_cz_gates_is_seen(n_qubits):
    """The mutant."""
    rng = np.random.default_rng(0)
    ansatz = make_ansatz(n_qubits, 2)
    own = np.tile(1 << np.arange(n_qubits), 6)
    circuit = outcome_circuit(n_qubits, 2, ansatz._replace(z_masks=own))
    angles = rng.uniform(0, np.pi, ansatz.shape)
    parts, states = random_states(rng, 6, n_qubits)
    assert np.max(np.abs(circuit.rotate(parts, angles) - oracle(states, angles))) > 0.05


def test_outcomes_are_those_of_qiskit():
    qiskit = pytest.importorskip("qiskit")
    info = pytest.importorskip("qiskit.quantum_info")
    rng = np.random.default_rng(0)
    circuit = outcome_circuit(4, 3)
    angles = rng.uniform(0, np.pi, circuit.ansatz.shape)
    parts, states = random_states(rng, 1, 4)
    theirs = qiskit.QuantumCircuit(4)
    for layer, (about_z, about_y) in enumerate(angles):
        if layer > 0:
            for j, k in pairs_of(4):
                theirs.cz(j, k)
        for k in range(4):
            theirs.rz(2 * about_z[k], k)
            theirs.ry(2 * about_y[k], k)
    expected = info.Statevector(states[0]).evolve(theirs).probabilities()
    np.testing.assert_allclose(circuit.rotate(parts, angles)[0], expected, atol=1e-13)


@pytest.mark.parametrize("n_classes", range(1, 18))
def test_each_class_has_outcomes_and_none_many_more_than_others(n_classes):
    fewest = n_readout_qubits(n_classes)
    for n_qubits in range(fewest, fewest + 4):
        counts = np.bincount(outcome_classes(n_qubits, n_classes), minlength=n_classes)
        assert counts.sum() == 2**n_qubits
        assert counts.min() > 0
        assert counts.max() <= 2 * counts.min()


def test_two_classes_are_parities():
    parities = [outcome.bit_count() % 2 for outcome in range(32)]
    np.testing.assert_array_equal(outcome_classes(5, 2), parities)


LOSSES = {"cross entropy": cross_entropy, "misclassification": misclassification}


def cost_of(loss, n_classes=3, n_qubits=3, n_samples=40, dtype=np.float64, n_threads=1):
    """A cost with random data, and parameters at which it is not at its minimum."""
    rng = np.random.default_rng(n_classes)
    X = rng.standard_normal((n_samples, n_qubits))
    n_all = max(n_qubits, n_readout_qubits(n_classes))
    ansatz = make_ansatz(n_all, 2)
    cost = Cost(
        VariationalCircuit(ansatz, outcome_classes(n_all, n_classes), n_classes, n_threads),
        states_of_rows(ZZFeatureMap(bandwidth=0.3), X, n_all, dtype, n_threads, keep=True),
        rng.integers(n_classes, size=n_samples),
        loss,
        trains_scale=loss is cross_entropy,
        alpha=0.7,
    )
    scale = [3.0] if cost.trains_scale else []
    angles = rng.uniform(0, np.pi, len(ansatz.x_masks))
    return cost, np.concatenate([angles, 0.2 * rng.standard_normal(n_classes), scale])


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("n_classes, n_qubits", [(2, 1), (2, 4), (3, 3), (5, 2)])
def test_gradient_is_that_of_central_differences(loss, n_classes, n_qubits):
    cost, parameters = cost_of(loss, n_classes, n_qubits)
    value, gradient = cost.value_and_gradient(parameters)
    assert value == pytest.approx(cost.sampled(parameters, None, None), rel=1e-13)
    step = 1e-5
    expected = [
        (
            cost.sampled(parameters + shift, None, None)
            - cost.sampled(parameters - shift, None, None)
        )
        / (2 * step)
        for shift in step * np.eye(len(parameters))
    ]
    scale = np.max(np.abs(expected))
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8 * scale + 1e-12)


def test_slopes_by_angles_follow_the_parameter_shift_rule():
    cost, parameters = cost_of(cross_entropy)
    _, gradient = cost.value_and_gradient(parameters)
    angles, readout = cost.split(parameters)
    probabilities = cost.circuit.probabilities(cost.states, angles)
    slopes = cross_entropy(probabilities, cost.codes, readout).by_probabilities
    expected = [
        np.sum(
            slopes
            * (
                cost.circuit.probabilities(cost.states, angles + shift)
                - cost.circuit.probabilities(cost.states, angles - shift)
            )
        )
        for shift in np.pi / 4 * np.eye(len(angles))
    ]
    n_samples = len(cost.codes)
    np.testing.assert_allclose(
        gradient[: len(angles)], np.divide(expected, n_samples), 1e-10
    )


def test_single_precision_is_close():
    cost, parameters = cost_of(cross_entropy)
    single, _ = cost_of(cross_entropy, dtype=np.float32)
    for ours, theirs in zip(
        single.value_and_gradient(parameters),
        cost.value_and_gradient(parameters),
        strict=True,
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_the_same_bits_for_any_number_of_threads():
    results = []
    for n_threads in (1, 2, 3):
        cost, parameters = cost_of(
            cross_entropy, n_qubits=9, n_samples=300, n_threads=n_threads
        )
        results.append(cost.value_and_gradient(parameters))
    for value, gradient in results[1:]:
        assert value == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


def test_gates_in_several_calls_give_the_same_bits(monkeypatch):
    """So that Ctrl-C is heard between them."""
    cost, parameters = cost_of(cross_entropy)
    expected = cost.value_and_gradient(parameters)
    for long_work in (1, 40 * 16 * 5):
        monkeypatch.setattr(_variational_cost, "_LONG_WORK", long_work)
        value, gradient = cost.value_and_gradient(parameters)
        assert value == expected[0]
        np.testing.assert_array_equal(gradient, expected[1])


@pytest.fixture
def preparations(monkeypatch):
    """How many states each call has prepared."""
    sizes = []
    prepare = _variational_cost.prepare_states

    def counted(*arguments):
        states = prepare(*arguments)
        sizes.append(len(states))
        return states

    monkeypatch.setattr(_variational_cost, "prepare_states", counted)
    return sizes


def test_kept_states_are_prepared_once(preparations):
    cost, parameters = cost_of(cross_entropy)
    first = cost.value_and_gradient(parameters)
    second = cost.value_and_gradient(parameters)
    assert preparations == [40]
    np.testing.assert_array_equal(first[1], second[1])


def test_states_that_do_not_fit_are_prepared_again(preparations):
    cost, parameters = cost_of(cross_entropy, n_qubits=8, n_samples=300)
    expected = cost.value_and_gradient(parameters)
    preparations.clear()
    with sklearn.config_context(working_memory=1):
        cost, _ = cost_of(cross_entropy, n_qubits=8, n_samples=300)
        result = cost.value_and_gradient(parameters)
        assert sum(preparations) == 300
        assert 3 * max(preparations) * cost.states.bytes_per_row <= 2**20
        cost.value_and_gradient(parameters)
        assert sum(preparations) == 600
    assert result[0] == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(result[1], expected[1], atol=1e-13)


def excess_of(sampler, shots=50, n_draws=2000):
    """Standard normal scores of the mean shares, and mean squares over their variances."""
    rng = np.random.default_rng(0)
    p = np.random.default_rng(1).dirichlet([5.0, 6.0, 7.0], size=30)
    shares = np.array([sampler(p, shots, rng) for _ in range(n_draws)])
    variances = p * (1 - p) / shots
    scores = (shares.mean(axis=0) - p) / np.sqrt(variances / n_draws)
    return scores, np.mean((shares - p) ** 2 / variances)


def test_shares_of_shots_have_the_mean_and_the_variance_of_the_binomial_law():
    """90 scores beyond 5 have a false-alarm rate of 90 * 6e-7 < 1e-4. The mean square is
    over 60000 draws of standard deviation below 2: 0.1 is more than 12 deviations."""
    scores, variance = excess_of(sample_shares)
    assert np.max(np.abs(scores)) < 5
    assert abs(variance - 1) < 0.1


@pytest.mark.parametrize(
    "mutant",
    [
        lambda p, shots, rng: sample_shares(p, shots - 1, rng) * (shots - 1) / shots,
        lambda p, shots, rng: np.round(p * shots) / shots,
        lambda p, shots, rng: sample_shares(p, 2 * shots, rng),
    ],
    ids=["one shot lost", "rounded", "twice the shots"],
)
def test_other_shares_are_seen(mutant):
    """The mutants, in mean or in variance."""
    scores, variance = excess_of(mutant)
    assert np.max(np.abs(scores)) > 5 or abs(variance - 1) > 0.1


def test_rounding_of_probabilities_does_not_stop_shots():
    p = np.array([[0.5 + 1e-7, 0.5 + 1e-7], [1 + 1e-6, 0.0]])
    shares = sample_shares(p, 10, np.random.default_rng(0))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
