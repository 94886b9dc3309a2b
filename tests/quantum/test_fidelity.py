"""The fidelity kernel as a function: input, routes, use within scikit-learn."""

import signal
import threading
import time
from functools import partial

import numpy as np
import pytest
from quantum_oracles import circuit_states, fidelities
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import pairwise_kernels
from sklearn.svm import SVC

from sklearn_kernelx import (
    IQPFeatureMap,
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
    fidelity_kernel,
)

RNG = np.random.default_rng(0)
X = RNG.uniform(0, 2 * np.pi, (12, 4))
Y = RNG.uniform(0, 2 * np.pi, (7, 4))


def exact(feature_map, rows, others):
    circuit = feature_map.circuit(rows.shape[1])
    states = [circuit_states(circuit, feature_map.angles(part)) for part in (rows, others)]
    return fidelities(*states)


@pytest.mark.parametrize(
    "feature_map",
    [
        ZZFeatureMap(),
        ZZFeatureMap(entanglement="circular", reps=3, bandwidth=0.3),
        ZFeatureMap(),
        IQPFeatureMap(),
        PauliFeatureMap(("Z", "YY", "X")),
    ],
    ids=str,
)
def test_feature_maps(feature_map):
    kernel = fidelity_kernel(X, Y, feature_map=feature_map)
    np.testing.assert_allclose(kernel, exact(feature_map, X, Y), rtol=0, atol=1e-13)
    kernel = fidelity_kernel(X, feature_map=feature_map)
    np.testing.assert_allclose(kernel, exact(feature_map, X, X), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "feature_map"),
    [
        ("zz", ZZFeatureMap()),
        ("z", ZFeatureMap()),
        ("iqp", IQPFeatureMap()),
        ("pauli", PauliFeatureMap()),
    ],
)
def test_names(name, feature_map):
    np.testing.assert_array_equal(
        fidelity_kernel(X, feature_map=name), fidelity_kernel(X, feature_map=feature_map)
    )


def test_rows_given_twice_are_the_symmetric_kernel():
    np.testing.assert_array_equal(fidelity_kernel(X, X), fidelity_kernel(X))


def test_state_functions():
    feature_map = ZZFeatureMap(reps=1)
    given = fidelity_kernel(X, Y, feature_map=feature_map.statevectors)
    expected = fidelity_kernel(X, Y, feature_map=feature_map)
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-14)
    symmetric = fidelity_kernel(X, feature_map=feature_map.statevectors)
    np.testing.assert_array_equal(np.diag(symmetric), 1)
    real = fidelity_kernel(X, Y, feature_map=lambda rows: np.eye(20)[: len(rows)])
    np.testing.assert_allclose(real, np.eye(20)[:12, :7], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda rows: rows, "unit vectors.*divide"),
        (lambda rows: np.ones(len(rows)), "shape"),
        (lambda rows: np.ones((3, 4)), "12 rows"),
        (lambda rows: np.full((len(rows), 4), np.nan), "unit vectors"),
        (lambda rows: np.full((len(rows), 4), "a"), "complex numbers"),
        (lambda rows: np.eye(20, 30 - len(rows))[: len(rows)], "18 for X and 23 for Y"),
    ],
)
def test_state_functions_that_return_something_else(function, message):
    with pytest.raises(ValueError, match=f"feature_map must return .*{message}"):
        fidelity_kernel(X, Y, feature_map=function)


def test_single_rows_are_a_number():
    value = fidelity_kernel(X[0], X[1])
    assert isinstance(value, float)
    assert value == pytest.approx(fidelity_kernel(X)[0, 1], abs=1e-14)
    by_pairs = pairwise_kernels(X, Y, metric=fidelity_kernel)
    np.testing.assert_allclose(by_pairs, fidelity_kernel(X, Y), rtol=0, atol=1e-14)


def test_as_kernel_of_estimators():
    y = np.arange(12) % 2
    kernel = partial(fidelity_kernel, feature_map=ZZFeatureMap(entanglement="linear"))
    by_callable = SVC(kernel=kernel).fit(X, y)
    precomputed = SVC(kernel="precomputed").fit(kernel(X), y)
    np.testing.assert_allclose(
        by_callable.decision_function(Y),
        precomputed.decision_function(kernel(Y, X)),
        rtol=0,
        atol=1e-10,
    )
    ridge = KernelRidge(kernel=kernel).fit(X, y)
    np.testing.assert_allclose(
        ridge.predict(Y),
        KernelRidge(kernel="precomputed").fit(kernel(X), y).predict(kernel(Y, X)),
        rtol=0,
        atol=1e-10,
    )


def test_float32():
    kernel = fidelity_kernel(X, Y, dtype=np.float32)
    assert kernel.dtype == np.float32
    np.testing.assert_allclose(kernel, fidelity_kernel(X, Y), rtol=0, atol=5e-6)


def test_shots():
    kernel = fidelity_kernel(X, shots=10, random_state=0)
    np.testing.assert_array_equal(kernel, kernel.T)
    np.testing.assert_array_equal(np.diag(kernel), 1)
    np.testing.assert_allclose(10 * kernel, np.round(10 * kernel), atol=1e-12)
    again = fidelity_kernel(X, shots=10, random_state=0)
    np.testing.assert_array_equal(again, kernel)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "fast"}, 'method must be "auto", "statevector" or "transfer"'),
        ({"dtype": int}, "dtype must be float64 or float32"),
        ({"dtype": "foo"}, "dtype must be float64 or float32"),
        ({"max_qubits": 0}, "max_qubits == 0, must be >= 1"),
        ({"feature_map": "xx"}, "feature_map must be one of"),
        ({"feature_map": 3}, "feature_map must be one of"),
        ({"feature_map": lambda rows: rows, "method": "transfer"}, "is a function"),
        ({"Y": X[:, :3]}, "X has 4 features and Y has 3"),
        ({"max_qubits": 3}, 'max_qubits=3 .*entanglement="linear".*kernel="projected"'),
        ({"shots": 0}, "shots"),
        ({"Y": np.full((2, 4), np.nan)}, "Y contains NaN"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        fidelity_kernel(X, **arguments)


def test_max_qubits_is_a_number():
    with pytest.raises(TypeError, match="max_qubits must be an instance of"):
        fidelity_kernel(X, max_qubits="a")


@pytest.mark.parametrize(("length", "is_accepted"), [(1 + 5e-5, True), (1 + 5e-4, False)])
def test_states_are_unit_vectors(length, is_accepted):
    def states(rows):
        return length * np.eye(len(rows))

    if is_accepted:
        np.testing.assert_allclose(fidelity_kernel(X, feature_map=states), np.eye(12))
    else:
        with pytest.raises(ValueError, match=r"unit vectors; the norms go from 1\.0005"):
            fidelity_kernel(X, feature_map=states)


def test_no_state_is_built_of_too_many_qubits():
    """A state of 40 qubits would take 16 TiB."""
    with pytest.raises(ValueError, match="max_qubits=20"):
        fidelity_kernel(np.zeros((2, 40)))
    assert fidelity_kernel(np.zeros((2, 40)), feature_map="z").shape == (2, 2)


@pytest.mark.usefixtures("heard_interrupts")
@pytest.mark.parametrize(
    "feature_map",
    [
        ZZFeatureMap(),
        PauliFeatureMap(("X", "YY")),
        ZZFeatureMap(entanglement="circular", reps=4),
    ],
    ids=["product", "states", "transfer"],
)
def test_ctrl_c_is_heard(feature_map):
    """Each of these would take half a minute or more."""
    rows = RNG.uniform(0, 1, (4000, 14))
    method = "statevector" if feature_map.entanglement == "full" else "transfer"
    sent = []

    def send():
        sent.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    timer = threading.Timer(1, send)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        fidelity_kernel(rows, feature_map=feature_map, method=method)
    assert time.perf_counter() - sent[0] < 10
