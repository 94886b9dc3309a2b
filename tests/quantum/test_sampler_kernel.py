"""Kernels measured by samplers: one that counts jobs, and those of Qiskit and Aer."""

import pickle
import subprocess
import sys
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError
from functools import partial
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from scipy.stats import binom
from sklearn.base import clone
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from sklearn_kernelx import QuantumKernelSVC, ZZFeatureMap, fidelity_kernel
from sklearn_kernelx.quantum import qiskit as adapter
from sklearn_kernelx.quantum.qiskit import SamplerKernel, circuit_states

RNG = np.random.default_rng(0)
X = RNG.uniform(0, np.pi, (5, 2))
Y = RNG.uniform(0, np.pi, (3, 2))
# A right kernel is refused once in a million runs with other seeds.
FALSE_ALARM = 1e-6


def test_qiskit_is_not_imported():
    code = "import sys, sklearn_kernelx.quantum.qiskit; print('qiskit' in sys.modules)"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("make", [lambda: SamplerKernel(None, None), circuit_states])
def test_without_qiskit(monkeypatch, make):
    monkeypatch.setitem(sys.modules, "qiskit", None)
    with pytest.raises(ImportError, match=r"pip install sklearn-kernelx\[qiskit\]"):
        make() if make is not circuit_states else make(None)


@pytest.fixture
def qiskit():
    return pytest.importorskip("qiskit")


@pytest.fixture
def rotations(qiskit):
    """RX on each of two qubits: K(x, z) is the product of cos((x_k - z_k) / 2)^2."""
    circuit = qiskit.QuantumCircuit(2)
    x = qiskit.circuit.ParameterVector("x", 2)
    circuit.rx(x[0], 0)
    circuit.rx(x[1], 1)
    return circuit


def product_kernel(X, Y):
    return np.prod(np.cos((X[:, np.newaxis] - Y) / 2) ** 2, axis=2)


class CountingSampler:
    """Returns the rounded fractions of `rotations`, and stops working after some jobs."""

    def __init__(self, n_jobs=np.inf, extra_shots=0):
        self.n_jobs, self.extra_shots = n_jobs, extra_shots
        self.circuits, self.values = [], []

    def run(self, pubs, *, shots):
        ((circuit, values),) = pubs
        if len(self.circuits) == self.n_jobs:
            raise ConnectionError("the machine is down")
        self.circuits.append(circuit)
        self.values.append(values)
        shots += self.extra_shots
        fractions = np.diag(product_kernel(values[:, :2], values[:, 2:]))
        outcomes = np.arange(shots) >= np.round(shots * fractions)[:, np.newaxis]
        bits = SimpleNamespace(array=outcomes[..., np.newaxis].astype(np.uint8))
        result = [SimpleNamespace(data=SimpleNamespace(meas=bits))]
        return SimpleNamespace(result=lambda: result)

    @property
    def n_pairs(self):
        return [len(values) for values in self.values]


def rounded(X, Y, shots):
    return np.round(shots * product_kernel(X, Y)) / shots


def test_all_pairs_at_once(rotations):
    sampler = CountingSampler()
    kernel = SamplerKernel(rotations, sampler, shots=100)
    np.testing.assert_array_equal(kernel(X, Y), rounded(X, Y, 100))
    np.testing.assert_array_equal(kernel(X), rounded(X, X, 100))
    assert sampler.n_pairs == [15, 10]
    assert {values.shape[1] for values in sampler.values} == {4}


def test_equal_rows_and_pairs_are_not_measured_again(rotations):
    sampler = CountingSampler()
    kernel = SamplerKernel(rotations, sampler, shots=100)
    rows, others = X[[0, 1, 0, 2]], X[[1, 0, 3, 3]]
    np.testing.assert_array_equal(kernel(rows, others), rounded(rows, others, 100))
    kernel(X, X.copy())
    kernel(X[[0, 0]])
    assert sampler.n_pairs == [6, 10]


def test_chunks(rotations):
    sampler = CountingSampler()
    kernel = SamplerKernel(rotations, sampler, shots=50, chunk_size=4)
    np.testing.assert_array_equal(kernel(X), rounded(X, X, 50))
    assert sampler.n_pairs == [4, 4, 2]


def test_transpiled_once(rotations, qiskit):
    class Counting(qiskit.transpiler.PassManager):
        n_runs = 0

        def run(self, *args, **kwargs):
            self.n_runs += 1
            return super().run(*args, **kwargs)

    sampler, pass_manager = CountingSampler(), Counting()
    kernel = SamplerKernel(rotations, sampler, chunk_size=3, pass_manager=pass_manager)
    assert pass_manager.n_runs == 1
    kernel(X)
    kernel(X, Y)
    assert pass_manager.n_runs == 1
    assert len({id(circuit) for circuit in sampler.circuits}) == 1
    assert len(sampler.circuits) == 4 + 5


def test_fractions_are_of_the_shots_returned(rotations):
    kernel = SamplerKernel(rotations, CountingSampler(extra_shots=28), shots=100)
    np.testing.assert_array_equal(kernel(X), rounded(X, X, 128))


def test_single_rows(rotations):
    kernel = SamplerKernel(rotations, CountingSampler(), shots=100)
    assert kernel(X[0], Y[0]) == rounded(X, Y, 100)[0, 0]
    assert isinstance(kernel(X[0], Y[0]), float)
    by_pairs = pairwise_kernels(X, Y, metric=kernel)
    np.testing.assert_array_equal(by_pairs, rounded(X, Y, 100))


def test_an_interrupted_job_goes_on(rotations, tmp_path):
    failing = CountingSampler(n_jobs=2)
    arguments = {"shots": 100, "chunk_size": 3, "cache_dir": tmp_path}
    with pytest.raises(ConnectionError):
        SamplerKernel(rotations, failing, **arguments)(X)
    sampler = CountingSampler()
    kernel = SamplerKernel(rotations.copy(), sampler, **arguments)
    np.testing.assert_array_equal(kernel(X), rounded(X, X, 100))
    assert sampler.n_pairs == [3, 1]
    measured = {row.tobytes() for row in np.concatenate(failing.values + sampler.values)}
    assert len(measured) == 10
    kernel(X[::-1])
    kernel(X[3:], X[:3])
    kernel(np.vstack([X, Y[:1]]))
    assert sampler.n_pairs == [3, 1, 3, 2]


def test_nothing_is_kept_without_a_folder(rotations):
    sampler = CountingSampler()
    kernel = SamplerKernel(rotations, sampler)
    kernel(X)
    kernel(X)
    assert sampler.n_pairs == [10, 10]


def _other_angle(circuit, qiskit):
    circuit.rx(1e-9, 0)


def _other_qubit(circuit, qiskit):
    circuit.x(1)


def _wrapped(circuit, qiskit):
    gate = circuit.to_gate()  # under a name with a running number
    circuit.clear()
    circuit.append(gate, [0, 1])


def _renamed(circuit, qiskit):
    names = qiskit.circuit.ParameterVector("other", 2)
    circuit.assign_parameters(list(names), inplace=True)


@pytest.mark.parametrize(
    ("change", "n_jobs"),
    [(_other_angle, 2), (_other_qubit, 2), (_wrapped, 1), (_renamed, 1)],
)
def test_circuits_are_told_apart_by_their_gates(
    rotations, qiskit, tmp_path, change, n_jobs
):
    sampler, changed = CountingSampler(), rotations.copy()
    change(changed, qiskit)
    SamplerKernel(rotations, sampler, cache_dir=tmp_path)(X)
    SamplerKernel(changed, sampler, cache_dir=tmp_path)(X)
    assert len(sampler.n_pairs) == n_jobs


def test_circuits_are_told_apart_by_their_wiring(qiskit, tmp_path):
    """The same gates with the same parameters in the same order, on other qubits."""

    def n_jobs(control, target):
        circuit, x = qiskit.QuantumCircuit(3), qiskit.circuit.ParameterVector("x", 2)
        circuit.rx(x[0], 0)
        circuit.rx(x[1], 1)
        circuit.cx(control, target)
        circuit.rx(x[0], 2)
        sampler = CountingSampler()
        SamplerKernel(circuit, sampler, cache_dir=tmp_path)(X)
        return len(sampler.n_pairs)

    wirings = [(0, 1), (1, 0), (0, 2), (1, 2)]
    assert [n_jobs(*wiring) for wiring in wirings] == [1, 1, 1, 1]
    assert [n_jobs(*wiring) for wiring in wirings] == [0, 0, 0, 0]


def test_circuits_are_told_apart_by_the_order_of_parameters(rotations, qiskit, tmp_path):
    swapped, x = qiskit.QuantumCircuit(2), qiskit.circuit.ParameterVector("x", 2)
    swapped.rx(x[1], 0)
    swapped.rx(x[0], 1)
    sampler = CountingSampler()
    SamplerKernel(rotations, sampler, cache_dir=tmp_path)(X)
    SamplerKernel(swapped, sampler, cache_dir=tmp_path)(X)
    assert len(sampler.n_pairs) == 2


def test_shots_samplers_and_backends_are_told_apart(rotations, qiskit, tmp_path):
    class Other(CountingSampler):
        pass

    class OnBackend(CountingSampler):
        def __init__(self, name):
            super().__init__()
            self.backend = SimpleNamespace(name=name)

    def n_jobs(sampler, shots):
        SamplerKernel(
            rotations,
            sampler,
            shots=shots,
            cache_dir=tmp_path,
            pass_manager=qiskit.transpiler.PassManager(),
        )(X)
        return len(sampler.n_pairs)

    assert n_jobs(CountingSampler(), 10) == 1
    assert n_jobs(CountingSampler(), 20) == 1
    assert n_jobs(Other(), 10) == 1
    assert n_jobs(OnBackend("a"), 10) == 1
    assert n_jobs(OnBackend("b"), 10) == 1
    assert n_jobs(CountingSampler(), 10) == n_jobs(OnBackend("a"), 10) == 0


@pytest.mark.parametrize("edit_attribute", [False, True])
def test_later_edits_do_not_reach_the_cache(rotations, tmp_path, edit_attribute):
    sampler, as_it_was = CountingSampler(), rotations.copy()
    kernel = SamplerKernel(rotations, sampler, cache_dir=tmp_path)
    edited = kernel.circuit if edit_attribute else rotations
    edited.ry(0.5, 0)
    kernel(X)
    SamplerKernel(as_it_was, sampler, cache_dir=tmp_path)(X)
    assert len(sampler.n_pairs) == 1
    SamplerKernel(edited, sampler, cache_dir=tmp_path)(X)
    assert len(sampler.n_pairs) == 2


@pytest.mark.parametrize("edit_attribute", [False, True])
def test_later_parameters_are_not_asked_for(rotations, qiskit, edit_attribute):
    kernel = SamplerKernel(rotations, CountingSampler(), shots=100)
    edited = kernel.circuit if edit_attribute else rotations
    edited.rx(qiskit.circuit.Parameter("a"), 0)
    np.testing.assert_array_equal(kernel(X), rounded(X, X, 100))


def test_later_edits_do_not_reach_the_pickle(rotations):
    kernel = SamplerKernel(rotations, statevector_sampler())
    as_it_was, pickled = rotations.copy(), pickle.dumps(kernel)
    rotations.ry(0.5, 0)
    assert kernel.circuit == as_it_was
    assert pickle.dumps(kernel) == pickled


def test_later_edits_do_not_reach_the_states(rotations):
    states = circuit_states(rotations)
    before = states(X)
    rotations.ry(0.5, 0)
    np.testing.assert_array_equal(states(X), before)


def test_calls_do_not_change_the_kernel(rotations, tmp_path):
    """Its hash and pickle are what caches of others know it by."""
    from qiskit.primitives import StatevectorSampler

    sampler = StatevectorSampler(seed=0)  # a generator would change
    kernel = SamplerKernel(rotations, sampler, shots=10, cache_dir=tmp_path)
    state, pickled, hashed = dict(vars(kernel)), pickle.dumps(kernel), joblib.hash(kernel)
    kernel(X)
    assert vars(kernel) == state
    assert pickle.dumps(kernel) == pickled
    assert joblib.hash(kernel) == hashed


DIGEST = """
import numpy as np
from qiskit.circuit.library import zz_feature_map
from qiskit.primitives import StatevectorSampler
from sklearn_kernelx.quantum.qiskit import SamplerKernel
kernel = SamplerKernel(zz_feature_map(3), StatevectorSampler())
print(kernel._job_digest.hex())
"""


def test_the_next_process_finds_it(qiskit):
    outputs = [
        subprocess.run(
            [sys.executable, "-c", DIGEST], capture_output=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert outputs[0] == outputs[1]
    assert len(outputs[0]) == 33


def test_a_spoilt_cache_is_named(rotations, tmp_path):
    (tmp_path / "sampler_kernel.sqlite3").write_text("spoilt" * 1000)
    sampler = CountingSampler()
    with pytest.raises(ValueError, match=r"cache_dir=.*delete the file"):
        SamplerKernel(rotations, sampler, cache_dir=tmp_path)(X)
    assert sampler.n_pairs == []


def test_copies_are_the_object(rotations):
    kernel = SamplerKernel(rotations, CountingSampler())
    assert clone(kernel) is kernel
    assert copy(kernel) is kernel
    assert deepcopy(kernel) is kernel
    with pytest.raises(FrozenInstanceError):
        kernel.shots = 3
    support = clone(SVC(kernel=kernel, C=3.0))
    assert support.kernel is kernel


def test_pickles(rotations):
    kernel = SamplerKernel(rotations, CountingSampler(), shots=100)
    again = pickle.loads(pickle.dumps(kernel))
    np.testing.assert_array_equal(again(X), kernel(X))
    kernel = SamplerKernel(rotations, statevector_sampler(), shots=10)
    again = pickle.loads(pickle.dumps(kernel))
    np.testing.assert_array_equal(again(X), kernel(X))


def test_svc(rotations):
    y = np.array([0, 1, 0, 1, 1])
    kernel = SamplerKernel(rotations, CountingSampler(), shots=1000)
    classifier = SVC(kernel=kernel).fit(X, y)
    precomputed = SVC(kernel="precomputed").fit(rounded(X, X, 1000), y)
    np.testing.assert_allclose(
        classifier.decision_function(Y),
        precomputed.decision_function(rounded(Y, X, 1000)),
        rtol=0,
        atol=1e-10,
    )


@pytest.mark.parametrize("make", [SVC, QuantumKernelSVC])
def test_estimators_that_hand_over_all_rows(rotations, make):
    sampler = CountingSampler()
    classifier = make(kernel=SamplerKernel(rotations, sampler)).fit(X, [0, 1, 0, 1, 1])
    classifier.predict(Y)
    assert sampler.n_pairs == [10, 15]


@pytest.mark.parametrize(
    "make", [KernelRidge, KernelPCA, partial(Nystroem, n_components=5)]
)
def test_estimators_that_call_it_for_each_pair(rotations, make):
    sampler, y = CountingSampler(), np.arange(5.0)
    make(kernel=SamplerKernel(rotations, sampler)).fit(X, y)
    assert set(sampler.n_pairs) == {1}
    assert len(sampler.n_pairs) >= 10


@pytest.mark.parametrize("make", [KernelRidge, KernelPCA])
def test_what_they_are_given_instead(rotations, make):
    kernel, y = SamplerKernel(rotations, CountingSampler(), shots=1000), np.arange(5.0)
    by_pairs = make(kernel=kernel).fit(X, y)
    given = make(kernel="precomputed").fit(kernel(X), y)
    name = "predict" if make is KernelRidge else "transform"
    np.testing.assert_allclose(
        getattr(given, name)(kernel(Y, X)), getattr(by_pairs, name)(Y), atol=1e-10
    )


@pytest.mark.parametrize("make", [SVC, QuantumKernelSVC])
def test_grid_searches_measure_entries_once(rotations, tmp_path, make):
    sampler, y = CountingSampler(), np.array([0, 1, 0, 1, 0, 1, 0, 1])
    kernel = SamplerKernel(rotations, sampler, cache_dir=tmp_path)
    search = GridSearchCV(make(kernel=kernel), {"C": [0.1, 1.0, 10.0]}, cv=2)
    search.fit(np.vstack([X, Y]), y)
    assert sum(sampler.n_pairs) == 8 * 7 / 2


def _measured(circuit):
    circuit.measure_all()


def _reset(circuit):
    circuit.reset(0)


def _bound(circuit):
    circuit.assign_parameters([0.0, 0.0], inplace=True)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_measured, "circuit has measurements.*remove_final_measurements"),
        (_reset, "circuit has no inverse.*leave out resets"),
        (_bound, "circuit has no parameters.*put a"),
    ],
)
def test_bad_circuits(rotations, spoil, message):
    spoil(rotations)
    with pytest.raises(ValueError, match=message):
        SamplerKernel(rotations, CountingSampler())
    with pytest.raises(ValueError, match=message):
        circuit_states(rotations)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"circuit": "zz"}, TypeError, "circuit must be a qiskit.QuantumCircuit"),
        ({"sampler": CountingSampler}, TypeError, "sampler must be an object like"),
        ({"sampler": None}, TypeError, "sampler must be an object like"),
        ({"pass_manager": 3}, TypeError, "pass_manager must be an object like"),
        ({"shots": 0}, ValueError, "shots == 0, must be >= 1"),
        ({"shots": 1.5}, TypeError, "shots must be an instance of int"),
        ({"chunk_size": 0}, ValueError, "chunk_size == 0, must be >= 1"),
        ({"cache_dir": 3}, TypeError, "cache_dir must be an instance of"),
    ],
)
def test_bad_arguments(rotations, arguments, error, message):
    with pytest.raises(error, match=message):
        SamplerKernel(**{"circuit": rotations, "sampler": CountingSampler(), **arguments})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((np.zeros((2, 3)),), "X has 3 features and circuit has 2 parameters: give"),
        ((X, np.zeros((2, 3))), "X has 2 features and Y has 3"),
        ((np.full((2, 2), np.nan),), "X contains NaN"),
        ((X, np.full((2, 2), np.inf)), "Y contains infinity"),
        ((X[0],), "Expected 2D array"),
    ],
)
def test_bad_rows(rotations, rows, message):
    sampler = CountingSampler()
    with pytest.raises(ValueError, match=message):
        SamplerKernel(rotations, sampler)(*rows)
    assert sampler.n_pairs == []


def test_samplers_that_return_something_else(rotations):
    class Short(CountingSampler):
        def run(self, pubs, *, shots):
            ((circuit, values),) = pubs
            return super().run([(circuit, values[1:])], shots=shots)

    with pytest.raises(
        ValueError, match="sampler must return outcomes for each of 10 rows"
    ):
        SamplerKernel(rotations, Short())(X)
    with pytest.raises(ValueError, match="sampler must return"):
        SamplerKernel(rotations, CountingSampler(extra_shots=-100), shots=100)(X)


# The rest is measured.


def statevector_sampler(seed=0):
    from qiskit.primitives import StatevectorSampler

    return StatevectorSampler(seed=np.random.default_rng(seed))


def aer_sampler(seed=0):
    return pytest.importorskip("qiskit_aer.primitives").SamplerV2(seed=seed)


def backend_sampler(seed=0):
    """Five qubits in a line, and the gates of hardware, without noise."""
    pytest.importorskip("qiskit_aer")
    from qiskit.primitives import BackendSamplerV2
    from qiskit.providers.fake_provider import GenericBackendV2
    from qiskit.transpiler import CouplingMap

    line = CouplingMap.from_line(5)
    backend = GenericBackendV2(5, coupling_map=line, noise_info=False, seed=0)
    return BackendSamplerV2(backend=backend, options={"seed_simulator": seed})


def zz_circuit(n_qubits):
    from qiskit.circuit.library import zz_feature_map

    return zz_feature_map(n_qubits, reps=2, entanglement="full")


def zz_rows(n_qubits):
    return np.random.default_rng(1).uniform(0, 2, (4, n_qubits))


def is_within_binomial_error(measured, exact, shots):
    """Whether no entry is off so far, at a false alarm rate of FALSE_ALARM in all."""
    counts, n_entries = np.round(measured * shots), measured.size
    assert np.allclose(counts, measured * shots, rtol=0, atol=1e-9)
    tail = np.minimum(binom.cdf(counts, shots, exact), binom.sf(counts - 1, shots, exact))
    return 2 * n_entries * tail.min() > FALSE_ALARM


def measured_pairs(circuit, sampler, rows, shots):
    kernel = SamplerKernel(circuit, sampler, shots=shots)(rows)
    np.testing.assert_array_equal(kernel, kernel.T)
    np.testing.assert_array_equal(np.diag(kernel), 1)
    return kernel[np.triu_indices(len(rows), 1)]


def exact_pairs(rows):
    kernel = fidelity_kernel(rows, feature_map=ZZFeatureMap(reps=2))
    return np.clip(kernel, 0, 1)[np.triu_indices(len(rows), 1)]


each_sampler = pytest.mark.parametrize(
    "make_sampler", [statevector_sampler, aer_sampler, backend_sampler]
)


@each_sampler
@pytest.mark.parametrize("n_qubits", [2, 3])
@pytest.mark.filterwarnings("ignore:.*no QubitProperties:UserWarning")
def test_zz_kernel(qiskit, make_sampler, n_qubits):
    rows = zz_rows(n_qubits)
    measured = measured_pairs(zz_circuit(n_qubits), make_sampler(), rows, 4000)
    assert is_within_binomial_error(measured, exact_pairs(rows), 4000)


def _no_uncompute(circuit):
    from qiskit.circuit import ParameterVector

    x, z = (ParameterVector(name, circuit.num_parameters) for name in "xz")
    both = circuit.assign_parameters(list(x))
    both.measure_all()
    return both, [*x, *z]


def _compute_twice(circuit):
    return _both(circuit, lambda second: second)


def _reversed_qubits(circuit):
    return _both(circuit, lambda second: second.inverse().reverse_bits())


def _reversed_parameters(circuit):
    both, parameters = _both(circuit, lambda second: second.inverse())
    half = len(parameters) // 2
    return both, parameters[:half] + parameters[half:][::-1]


def _one_qubit_measured(circuit):
    from qiskit import ClassicalRegister

    both, parameters = _both(circuit, lambda second: second.inverse())
    both.remove_final_measurements()
    both.add_register(ClassicalRegister(1, "meas"))
    both.measure(0, 0)
    return both, parameters


def _both(circuit, change):
    from qiskit.circuit import ParameterVector

    x, z = (ParameterVector(name, circuit.num_parameters) for name in "xz")
    both = circuit.assign_parameters(list(x))
    both.compose(change(circuit.assign_parameters(list(z))), inplace=True)
    both.measure_all()
    return both, [*x, *z]


@pytest.mark.parametrize(
    "mutant",
    [
        _no_uncompute,
        _compute_twice,
        _reversed_qubits,
        _reversed_parameters,
        _one_qubit_measured,
    ],
)
def test_the_comparison_can_fail(qiskit, monkeypatch, mutant):
    monkeypatch.setattr(adapter, "_compute_uncompute", mutant)
    rows = zz_rows(3)
    measured = measured_pairs(zz_circuit(3), statevector_sampler(), rows, 4000)
    assert not is_within_binomial_error(measured, exact_pairs(rows), 4000)


class SamplerOfTheRuntime:
    """IBM's has a method for what is an attribute in Qiskit."""

    def __init__(self):
        self._sampler = backend_sampler()
        self.run = self._sampler.run

    def backend(self):
        return self._sampler.backend


@pytest.mark.parametrize("make_sampler", [backend_sampler, SamplerOfTheRuntime])
def test_gates_are_those_of_the_backend(qiskit, make_sampler):
    kernel = SamplerKernel(zz_circuit(3), make_sampler())
    transpiled, _ = kernel._program
    assert transpiled.num_qubits == 5
    for instruction in transpiled.data:
        places = [transpiled.find_bit(qubit).index for qubit in instruction.qubits]
        is_gate = instruction.operation.name in (
            "cx",
            "rz",
            "sx",
            "x",
            "measure",
            "barrier",
        )
        assert is_gate, instruction.operation.name
        assert len(places) != 2 or abs(places[0] - places[1]) == 1


@each_sampler
@pytest.mark.filterwarnings("ignore:.*no QubitProperties:UserWarning")
def test_circuits_within_circuits(qiskit, make_sampler):
    circuit = qiskit.QuantumCircuit(2)
    circuit.append(zz_circuit(2).to_gate(), [0, 1])
    rows = zz_rows(2)
    measured = measured_pairs(circuit, make_sampler(), rows, 1000)
    assert is_within_binomial_error(measured, exact_pairs(rows), 1000)


def test_entries_do_not_share_their_noise(qiskit):
    """A generator as seed, as the docstring says; a number draws one noise for all."""
    from qiskit.primitives import StatevectorSampler

    angles = np.random.default_rng(0).uniform(0, np.pi, 6)
    circuit = qiskit.QuantumCircuit(1)
    circuit.ry(qiskit.circuit.Parameter("x"), 0)
    rows, others = angles[:, np.newaxis], angles[:, np.newaxis] + np.pi / 2

    def n_values(sampler):
        kernel = SamplerKernel(circuit, sampler, shots=4000)(rows, others)
        return len(np.unique(np.diag(kernel)))  # all are estimates of 1/2

    assert n_values(statevector_sampler()) > 1
    assert n_values(aer_sampler()) > 1  # within a job
    assert n_values(StatevectorSampler(seed=0)) == 1


@each_sampler
@pytest.mark.filterwarnings("ignore:.*no QubitProperties:UserWarning")
def test_circuits_whose_parameters_do_not_matter(qiskit, make_sampler):
    circuit = qiskit.QuantumCircuit(1)
    circuit.rz(qiskit.circuit.Parameter("x"), 0)
    kernel = SamplerKernel(circuit, make_sampler())
    np.testing.assert_array_equal(kernel([[0.0], [1.0]]), np.ones((2, 2)))


@pytest.mark.parametrize("make_sampler", [statevector_sampler, aer_sampler])
def test_overflow_in_gates(qiskit, make_sampler):
    rows = np.array([[1e308, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match=r"X overflows.*scale X"):
        SamplerKernel(zz_circuit(2), make_sampler())(rows)
    with pytest.raises(ValueError, match=r"X overflows.*scale X"):
        circuit_states(zz_circuit(2))(rows)


def test_more_than_eight_qubits(qiskit):
    """Outcomes of more than one byte."""
    circuit = qiskit.QuantumCircuit(10)
    circuit.rx(qiskit.circuit.Parameter("x"), 9)
    kernel = SamplerKernel(circuit, aer_sampler(), shots=1000)([[0.0], [1.0]])
    exact = np.array([np.cos(0.5) ** 2])
    assert is_within_binomial_error(kernel[0, 1:], exact, 1000)


def test_states_are_ours(qiskit):
    rows = np.random.default_rng(2).uniform(-3, 3, (6, 4))
    feature_map = ZZFeatureMap(entanglement="circular")
    from qiskit.circuit.library import zz_feature_map

    states = circuit_states(zz_feature_map(4, reps=2, entanglement="circular"))
    overlaps = np.sum(states(rows).conj() * feature_map.statevectors(rows), axis=1)
    np.testing.assert_allclose(np.abs(overlaps), 1, rtol=0, atol=1e-13)
    by_qiskit = fidelity_kernel(rows[:4], rows[4:], feature_map=states)
    ours = fidelity_kernel(rows[:4], rows[4:], feature_map=feature_map)
    np.testing.assert_allclose(by_qiskit, ours, rtol=0, atol=1e-13)


def test_states_of_any_circuit(rotations):
    states = pickle.loads(pickle.dumps(circuit_states(rotations)))
    assert states(X).dtype == complex
    kernel = fidelity_kernel(X, Y, feature_map=clone(states, safe=False))
    np.testing.assert_allclose(kernel, product_kernel(X, Y), rtol=0, atol=1e-13)
    with pytest.raises(ValueError, match="X has 3 features and circuit has 2 parameters"):
        fidelity_kernel(np.zeros((2, 3)), feature_map=states)


def test_columns_are_in_the_order_of_the_circuit(qiskit):
    """Eleven parameters, used backwards: x[10] is no neighbour of x[1]."""
    x = qiskit.circuit.ParameterVector("x", 11)
    circuit = qiskit.QuantumCircuit(1)
    for parameter in reversed(x):
        circuit.rx((parameter.index + 1) * parameter, 0)
    rows = np.random.default_rng(3).uniform(0, 0.1, (4, 11))
    angles = rows @ np.arange(1, 12)
    expected = np.cos(np.subtract.outer(angles, angles) / 2) ** 2
    exact = fidelity_kernel(rows, feature_map=circuit_states(circuit))
    np.testing.assert_allclose(exact, expected, rtol=0, atol=1e-13)
    upper = np.triu_indices(4, 1)
    measured = measured_pairs(circuit, aer_sampler(), rows, 4000)
    assert is_within_binomial_error(measured, expected[upper], 4000)
