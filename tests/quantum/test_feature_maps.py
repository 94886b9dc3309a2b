"""Feature maps: their formulas, circuits, parameters and bad arguments."""

import pickle
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quantum_oracles import (
    HADAMARD,
    PAULIS,
    bloch_vectors,
    circuit_states,
    fidelities,
    largest_difference,
)
from scipy.linalg import expm
from sklearn.base import BaseEstimator, clone

from sklearn_kernelx.quantum import (
    IQPFeatureMap,
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
)
from sklearn_kernelx.quantum._feature_maps import make_feature_map

MAPS = [
    ZZFeatureMap(),
    ZZFeatureMap(reps=3, entanglement="circular"),
    ZFeatureMap(reps=1),
    IQPFeatureMap(reps=2, entanglement="linear"),
    PauliFeatureMap(["X", "YZ", "XYZ"]),
]
X = np.random.default_rng(0).uniform(0, 2 * np.pi, (6, 4))


def names(value):
    return repr(value).replace("\n", "")


def havlicek(columns):
    if columns.shape[1] == 1:
        return columns[:, 0]
    return np.prod(np.pi - columns, axis=1)


def dense(letters, qubits, n_qubits):
    """The matrix of a Pauli string: Kronecker factors from the highest bit down."""
    factors = [np.eye(2)] * n_qubits
    for letter, qubit in zip(letters, qubits, strict=True):
        factors[n_qubits - 1 - qubit] = PAULIS[letter]
    matrix = np.eye(1)
    for factor in factors:
        matrix = np.kron(matrix, factor)
    return matrix


def paper_states(rows, pairs, reps):
    """Equations of the paper, conjugated: U = exp(i sum phi_S Z_S), U H U H |0>."""
    n_qubits = rows.shape[1]
    z = [np.diag(dense("Z", (k,), n_qubits)) for k in range(n_qubits)]
    hadamards = np.eye(1)
    for _ in range(n_qubits):
        hadamards = np.kron(hadamards, HADAMARD)
    found = []
    for x in rows:
        exponent = sum(x[k] * z[k] for k in range(n_qubits))
        exponent = exponent + sum(
            (np.pi - x[j]) * (np.pi - x[k]) * z[j] * z[k] for j, k in pairs
        )
        state = np.eye(2**n_qubits)[0]
        for _ in range(reps):
            state = np.exp(1j * exponent) * (hadamards @ state)
        found.append(state.conj())
    return np.array(found)


def test_the_oracle_against_dense_exponentials():
    feature_map = PauliFeatureMap(["Y", "XZ", "XYZ"], reps=2, entanglement="circular")
    circuit, angles = feature_map.circuit(4), feature_map.angles(X)
    hadamards = np.eye(1)
    for _ in range(4):
        hadamards = np.kron(hadamards, HADAMARD)
    state = np.eye(16, dtype=complex)[0]
    for _ in range(2):
        state = hadamards @ state
        gates = zip(circuit.paulis, circuit.qubits, angles[1], strict=True)
        for letters, qubits, angle in gates:
            state = expm(-1j * angle * dense(letters, qubits, 4)) @ state
    np.testing.assert_allclose(circuit_states(circuit, angles)[1], state, atol=1e-13)
    expected = [
        np.vdot(state, dense(p, (k,), 4) @ state).real for p in "XYZ" for k in range(4)
    ]
    np.testing.assert_allclose(bloch_vectors(state[np.newaxis])[0], expected, atol=1e-13)


@pytest.mark.parametrize("reps", [1, 2, 3])
@pytest.mark.parametrize(
    "entanglement, pairs",
    [
        ("full", list(combinations(range(4), 2))),
        ("linear", [(0, 1), (1, 2), (2, 3)]),
        ("circular", [(0, 1), (1, 2), (2, 3), (0, 3)]),
        ("none", []),
        ([(3, 1), [0, 2]], [(1, 3), (0, 2)]),
        (np.array([[3, 1], [0, 2]]), [(1, 3), (0, 2)]),
        ([], []),
    ],
)
def test_states_of_the_paper(reps, entanglement, pairs):
    feature_map = ZZFeatureMap(reps=reps, entanglement=entanglement)
    expected = paper_states(X, pairs, reps)
    states = circuit_states(feature_map.circuit(4), feature_map.angles(X))
    assert largest_difference(states, expected) < 1e-13
    assert largest_difference(feature_map.statevectors(X), expected) < 1e-13


@pytest.mark.parametrize("feature_map", MAPS, ids=names)
def test_statevectors(feature_map):
    expected = circuit_states(feature_map.circuit(4), feature_map.angles(X))
    for data in (X, X.tolist(), np.asfortranarray(X), X[:, ::-1][:, ::-1]):
        states = feature_map.statevectors(data, n_jobs=2)
        assert states.dtype == np.complex128
        assert largest_difference(states, expected) < 1e-13
    single = feature_map.statevectors(X, dtype=np.complex64)
    assert single.dtype == np.complex64
    assert largest_difference(single, expected) < 5e-6
    np.testing.assert_allclose(np.linalg.norm(single, axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("feature_map", MAPS, ids=names)
def test_angles_are_in_float64_and_belong_to_the_circuit(feature_map):
    angles = feature_map.angles(X)
    assert angles.dtype == np.float64
    assert angles.flags.c_contiguous
    circuit = feature_map.circuit(4)
    assert angles.shape == (6, len(circuit.paulis))
    assert [len(p) for p in circuit.paulis] == [len(q) for q in circuit.qubits]
    single = X.astype(np.float32)
    np.testing.assert_array_equal(
        feature_map.angles(single), feature_map.angles(single.astype(np.float64))
    )


def test_product_states_have_a_known_kernel():
    states = ZFeatureMap(reps=1).statevectors(X)
    differences = X[:, np.newaxis] - X
    expected = np.prod(np.cos(differences) ** 2, axis=2)
    np.testing.assert_allclose(fidelities(states, states), expected, atol=1e-14)


@pytest.mark.parametrize(
    "one, other",
    [
        (ZZFeatureMap(entanglement="none"), ZFeatureMap()),
        (ZZFeatureMap(entanglement=[]), ZFeatureMap()),
        (PauliFeatureMap(), ZZFeatureMap()),
        (PauliFeatureMap(["Z"], reps=3), ZFeatureMap(reps=3)),
        (PauliFeatureMap(["Z", "ZZZ"], entanglement="none"), ZFeatureMap()),
        (IQPFeatureMap(entanglement="none"), ZFeatureMap(reps=1, bandwidth=0.5)),
        (PauliFeatureMap(np.array(["Z", "ZZ"])), ZZFeatureMap()),
    ],
    ids=names,
)
def test_equal_maps(one, other):
    assert one.circuit(4) == other.circuit(4)
    np.testing.assert_array_equal(one.angles(X), other.angles(X))


def test_one_feature_has_no_pairs():
    for feature_map in (ZZFeatureMap(entanglement="circular"), IQPFeatureMap()):
        assert feature_map.circuit(1).qubits == ((0,),)
        assert feature_map.angles(X[:, :1]).shape == (6, 1)


@pytest.mark.parametrize("n_features", [2, 3])
def test_a_short_circle_is_closed_once(n_features):
    circular = ZZFeatureMap(entanglement="circular").circuit(n_features)
    full = ZZFeatureMap().circuit(n_features)
    assert {frozenset(q) for q in circular.qubits} == {frozenset(q) for q in full.qubits}
    assert len(circular.qubits) == len(full.qubits)


@settings(max_examples=50, deadline=None)
@given(
    number=st.integers(0, len(MAPS) - 1),
    bandwidth=st.floats(1e-3, 10),
    seed=st.integers(0, 2**32 - 1),
)
def test_bandwidth_scales_the_features(number, bandwidth, seed):
    feature_map = clone(MAPS[number])
    rows = np.random.default_rng(seed).uniform(-10, 10, (3, 4))
    expected = feature_map.angles(bandwidth * rows)
    found = feature_map.set_params(bandwidth=bandwidth).angles(rows)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("feature_map", MAPS, ids=names)
def test_data_map_against_the_built_in_one(feature_map):
    if "data_map" not in feature_map.get_params():
        return
    custom = clone(feature_map).set_params(data_map=havlicek, bandwidth=0.7)
    expected = clone(feature_map).set_params(bandwidth=0.7).angles(X)
    np.testing.assert_allclose(custom.angles(X), expected, rtol=1e-15)
    assert custom.angles(X).flags.c_contiguous


def test_data_map_gets_the_columns_in_the_order_of_the_qubits():
    seen = []

    def data_map(columns):
        seen.append(columns)
        return columns[:, 0]

    feature_map = ZZFeatureMap(entanglement=[(3, 1)], data_map=data_map, bandwidth=2)
    np.testing.assert_array_equal(feature_map.angles(X), 2 * X[:, [0, 1, 2, 3, 3]])
    np.testing.assert_array_equal(seen[-1], 2 * X[:, [3, 1]])


def test_order_matters_where_strings_do_not_commute():
    """What the comparison with Qiskit would not see if it did not."""
    one = PauliFeatureMap(["X", "ZY"], reps=1)
    for other in (
        PauliFeatureMap(["ZY", "X"], reps=1),
        PauliFeatureMap(["X", "YZ"], reps=1),
        PauliFeatureMap(
            ["X", "ZY"], reps=1, entanglement=list(combinations(range(4), 2))[::-1]
        ),
    ):
        assert largest_difference(one.statevectors(X), other.statevectors(X)) > 0.1


@pytest.mark.parametrize("feature_map", MAPS, ids=names)
def test_parameters(feature_map):
    copies = [clone(feature_map), pickle.loads(pickle.dumps(feature_map))]
    for copy in copies:
        assert copy.get_params() == feature_map.get_params()
        assert copy.circuit(4) == feature_map.circuit(4)
    assert type(feature_map).__name__ in repr(feature_map)
    assert feature_map._repr_html_()
    changed = clone(feature_map).set_params(reps=5)
    assert changed.circuit(4).reps == 5
    with pytest.raises(ValueError, match="Invalid parameter 'width'"):
        changed.set_params(width=2)
    default = type(feature_map)()
    assert set(vars(default)) == set(default.get_params())


def test_parameters_within_another_estimator():
    class Kernel(BaseEstimator):
        def __init__(self, feature_map=None):
            self.feature_map = feature_map

    kernel = Kernel(ZZFeatureMap()).set_params(feature_map__reps=4)
    assert kernel.feature_map.reps == 4
    assert clone(kernel).get_params()["feature_map__reps"] == 4


def bad(maps, remedy, **parameters):
    for cls in maps:
        shown = f"{cls.__name__} {parameters}"
        yield pytest.param(cls(**parameters), remedy, id=shown)


ALL = (ZZFeatureMap, ZFeatureMap, IQPFeatureMap, PauliFeatureMap)
ENTANGLED = (ZZFeatureMap, IQPFeatureMap, PauliFeatureMap)
BAD = [
    *bad(ALL, r"'reps' .* range \[1, inf\)", reps=0),
    *bad(ALL, r"'reps' .* must be an int", reps=1.5),
    *bad(ALL, r"'bandwidth' .* range \(0.0, inf\)", bandwidth=0),
    *bad(ALL, r"'bandwidth' .* range \(0.0, inf\)", bandwidth=-1.0),
    *bad(ALL, r"'bandwidth' .* range \(0.0, inf\)", bandwidth=np.nan),
    *bad(ALL, r"'bandwidth' .* range \(0.0, inf\)", bandwidth=np.inf),
    *bad(ALL, r"'bandwidth' .* range \(0.0, inf\)", bandwidth="1"),
    *bad(ENTANGLED, "'entanglement' .* among .*'linear'", entanglement="sca"),
    *bad(ENTANGLED, "'entanglement' .* among .*'linear'", entanglement=None),
    *bad(ENTANGLED, "numbered from 0 to 3: name only these", entanglement=[(0, 4)]),
    *bad(ENTANGLED, "numbered from 0 to 3: name only these", entanglement=[(0, -1)]),
    *bad(ENTANGLED, "a qubit twice: name different", entanglement=[(0, 1), (2, 2)]),
    *bad(ENTANGLED, "2 times: leave all but one", entanglement=[(0, 1), (0, 1)]),
    *bad(ENTANGLED, "2 times: leave all but one", entanglement=[(0, 1), (1, 0)]),
    *bad(ENTANGLED, "a list of tuples of 2 qubits", entanglement=[(0, 1, 2)]),
    *bad(ENTANGLED, "a list of tuples of 2 qubits", entanglement=[0, 1]),
    *bad(ENTANGLED, "a list of tuples of 2 qubits", entanglement=["01"]),
    *bad(ENTANGLED, "a list of tuples of 2 qubits", entanglement=np.array([0, 1])),
    *bad(ENTANGLED, "entanglement must number qubits by int", entanglement=[(0.0, 1)]),
    *bad(ENTANGLED, "entanglement must number qubits by int", entanglement=[(0, True)]),
    *bad((ZZFeatureMap, ZFeatureMap), "'data_map' .* callable or None", data_map="zz"),
    *bad([PauliFeatureMap], "paulis must be a list of at least one", paulis=[]),
    *bad([PauliFeatureMap], "paulis must be a list of at least one", paulis="ZZ"),
    *bad([PauliFeatureMap], "paulis must be a list of at least one", paulis=None),
    *bad([PauliFeatureMap], "of the letters X, Y and Z; got 'ZI'", paulis=["Z", "ZI"]),
    *bad([PauliFeatureMap], "of the letters X, Y and Z; got 'z'", paulis=["z"]),
    *bad([PauliFeatureMap], "of the letters X, Y and Z; got ''", paulis=["Z", ""]),
    *bad([PauliFeatureMap], "of the letters X, Y and Z; got 1", paulis=[1]),
    *bad([PauliFeatureMap], "'ZZZZZ'.* longer .*: leave it out", paulis=["ZZZZZ"]),
    *bad([PauliFeatureMap], "leaves no gate", paulis=["ZZ"], entanglement="none"),
    *bad([PauliFeatureMap], "leaves no gate", paulis=["ZZ"], entanglement=[]),
]


@pytest.mark.parametrize("feature_map, message", BAD)
def test_bad_parameters(feature_map, message):
    for use in (lambda: feature_map.circuit(4), lambda: feature_map.angles(X)):
        with pytest.raises(ValueError, match=message):
            use()


@pytest.mark.parametrize(
    "data_map, message",
    [
        (
            lambda columns: columns,
            r"of shape \(6,\); it has returned one of shape \(6, 1\)",
        ),
        (lambda columns: 1.0, r"of shape \(6,\)"),
        (lambda columns: np.full(6, 1j), "real numbers; it has returned complex128"),
        (lambda columns: np.full(6, np.nan), "finite phases; scale X or lower bandwidth"),
        (lambda columns: np.full(6, np.inf), "finite phases; scale X or lower bandwidth"),
    ],
)
def test_bad_data_maps(data_map, message):
    with pytest.raises(ValueError, match="data_map .*" + message):
        ZZFeatureMap(data_map=data_map).angles(X)


@pytest.mark.parametrize(
    "feature_map",
    [*MAPS, ZZFeatureMap(data_map=havlicek)],
    ids=[*map(names, MAPS), "data_map"],
)
def test_huge_features(feature_map):
    """Phases are finite, or an error says what to do."""
    largest = np.array([[1e150, -1e150, 3e150, 1e150]])
    if any(len(p) == 3 for p in feature_map.circuit(4).paulis):
        with pytest.raises(
            ValueError, match=r"X overflow .* scale X .* or lower bandwidth"
        ):
            feature_map.angles(largest)
    else:
        assert np.all(np.isfinite(feature_map.angles(largest)))
        np.testing.assert_allclose(
            np.linalg.norm(feature_map.statevectors(largest), axis=1), 1
        )


def test_overflow():
    huge = np.array([[1e200, 1e200]])
    for feature_map in (ZZFeatureMap(), IQPFeatureMap(), ZFeatureMap(bandwidth=1e200)):
        with pytest.raises(ValueError, match=r"X .*overflow .* or lower bandwidth"):
            feature_map.angles(huge)
    assert np.all(np.isfinite(ZFeatureMap().statevectors(1.7e8 * huge)))


def test_bad_data():
    feature_map = ZZFeatureMap()
    for value, message in ((np.nan, "NaN"), (np.inf, "infinity")):
        with pytest.raises(ValueError, match=message):
            feature_map.statevectors([[0.0, value]])
    with pytest.raises(ValueError, match="2D array"):
        feature_map.statevectors([0.0, 1.0])
    with pytest.raises(ValueError, match=r"X has 31 features.*take fewer"):
        feature_map.statevectors(np.zeros((1, 31)))
    for dtype in (np.float64, "int32", np.longdouble):
        with pytest.raises(ValueError, match="dtype must be complex128 or complex64"):
            feature_map.statevectors(X, dtype=dtype)
    with pytest.raises(ValueError, match="n_features == 0"):
        feature_map.circuit(0)


@pytest.mark.parametrize(
    "name, cls",
    [
        ("zz", ZZFeatureMap),
        ("z", ZFeatureMap),
        ("pauli", PauliFeatureMap),
        ("iqp", IQPFeatureMap),
    ],
)
def test_names(name, cls):
    found = make_feature_map(name)
    assert type(found) is cls
    assert found.get_params() == cls().get_params()
    found = make_feature_map(
        name, reps=3, defaults={"reps": 2, "bandwidth": 0.1, "entanglement": "linear"}
    )
    assert (found.reps, found.bandwidth) == (3, 0.1)
    assert found.entanglement == ("none" if name == "z" else "linear")


def test_names_and_objects():
    given = ZZFeatureMap(reps=3)
    assert make_feature_map(given, defaults={"reps": 2}) is given
    for parameters in ({"reps": 2}, {"entanglement": "full"}, {"bandwidth": 1.0}):
        (name,) = parameters
        with pytest.raises(ValueError, match=f"{name} .*at None.*feature_map__{name}"):
            make_feature_map(given, **parameters)
    with pytest.raises(ValueError, match="has no entanglement: leave entanglement at None"):
        make_feature_map("z", entanglement="linear")
    for value in ("rbf", None, ZZFeatureMap, 1, ["zz"]):
        with pytest.raises(ValueError, match=r"feature_map must be one of .*'zz'"):
            make_feature_map(value)
