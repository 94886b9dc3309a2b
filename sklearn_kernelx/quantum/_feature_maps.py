"""Feature maps: how the features of a row become angles of a quantum circuit."""

from collections.abc import Mapping, Sequence
from inspect import isclass, signature
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.quantum._entanglement import Entanglement
from sklearn_kernelx.quantum._feature_map import (
    DataMap,
    FeatureMap,
    Gates,
    StateFunction,
    product,
)

__all__ = [
    "FeatureMap",
    "IQPFeatureMap",
    "PauliFeatureMap",
    "ZFeatureMap",
    "ZZFeatureMap",
    "make_feature_map",
]


class _HavlicekPhases(FeatureMap):
    def _phases(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        return columns[..., 0] if columns.shape[2] == 1 else product(np.pi - columns)


class ZZFeatureMap(_HavlicekPhases):
    """The feature map of Havlicek et al. [1]_, Qiskit's `zz_feature_map`.

    Each of `reps` blocks is a Hadamard gate on each qubit, then
    ``exp(-i (sum_k phi_k Z_k + sum_jk phi_jk Z_j Z_k))`` with the phases ``phi_k = x_k``
    and ``phi_jk = (pi - x_j) (pi - x_k)``.

    Read more in the :ref:`User Guide <quantum>`.

    Parameters
    ----------
    [reps]

    [entanglement]

    [bandwidth]

    [data_map]

    See Also
    --------
    ZFeatureMap : The same without pairs.
    PauliFeatureMap : Rotations about any Pauli strings.

    Notes
    -----
    [no fit]

    States are those of Qiskit up to a global phase, and the complex conjugates of those in
    [1]_, which has a plus sign in the exponent. Kernels are equal.

    References
    ----------
    .. [1] Havlicek, V. et al. (2019). Supervised learning with quantum-enhanced feature
       spaces. Nature 567, 209-212. arXiv:1804.11326.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import ZZFeatureMap
    >>> X = np.random.default_rng(0).uniform(0, 2 * np.pi, (5, 3))
    >>> ZZFeatureMap(reps=1, entanglement="linear").circuit(3).qubits
    ((0,), (1,), (2,), (0, 1), (1, 2))
    """

    paulis = ("Z", "ZZ")

    def __init__(
        self,
        reps: int = 2,
        entanglement: Entanglement = "full",
        bandwidth: float = 1.0,
        data_map: DataMap | None = None,
    ) -> None:
        self.reps = reps
        self.entanglement = entanglement
        self.bandwidth = bandwidth
        self.data_map = data_map


class ZFeatureMap(_HavlicekPhases):
    """Rotations of single qubits, Qiskit's `z_feature_map`.

    Each of `reps` blocks is a Hadamard gate on each qubit, then ``exp(-i sum_k x_k Z_k)``.

    Read more in the :ref:`User Guide <quantum>`.

    Parameters
    ----------
    [reps]

    [bandwidth]

    [data_map]

    See Also
    --------
    ZZFeatureMap : With rotations about pairs of qubits.

    Notes
    -----
    [no fit]

    The states are products of those of single qubits, and so are their kernels:
    ``prod_k cos(x_k - z_k)^2`` for `reps` 1.

    Examples
    --------
    >>> from sklearn_kernelx.quantum import ZFeatureMap
    >>> ZFeatureMap().circuit(3).paulis
    ('Z', 'Z', 'Z')
    """

    paulis = ("Z",)

    def __init__(
        self, reps: int = 2, bandwidth: float = 1.0, data_map: DataMap | None = None
    ) -> None:
        self.reps = reps
        self.bandwidth = bandwidth
        self.data_map = data_map


class IQPFeatureMap(FeatureMap):
    """Phases by products of features, PennyLane's `IQPEmbedding`.

    Each of `reps` blocks is a Hadamard gate on each qubit, then
    ``exp(-i/2 (sum_k x_k Z_k + sum_jk x_j x_k Z_j Z_k))``.

    Read more in the :ref:`User Guide <quantum>`.

    Parameters
    ----------
    reps : int, default=1
        Number of equal blocks, at least 1.

    [entanglement]

    [bandwidth]

    See Also
    --------
    ZZFeatureMap : Other phases.

    Notes
    -----
    [no fit]

    PennyLane counts the first qubit as the highest bit of a state's index, we as the
    lowest. Kernels are equal.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import IQPFeatureMap
    >>> IQPFeatureMap().angles(np.array([[1.0, 3.0]]))
    array([[0.5, 1.5, 1.5]])
    """

    paulis = ("Z", "ZZ")

    def __init__(
        self, reps: int = 1, entanglement: Entanglement = "full", bandwidth: float = 1.0
    ) -> None:
        self.reps = reps
        self.entanglement = entanglement
        self.bandwidth = bandwidth

    def _phases(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        return product(columns) / 2


class PauliFeatureMap(_HavlicekPhases):
    """Rotations about Pauli strings, Qiskit's `pauli_feature_map`.

    Each of `reps` blocks is a Hadamard gate on each qubit, then ``exp(-i phi_S P_S)`` for
    each string P of `paulis` and each group S of as many qubits, with the phases
    ``phi_S = x_k`` on one qubit and ``prod_{k in S} (pi - x_k)`` on several.

    Read more in the :ref:`User Guide <quantum>`.

    Parameters
    ----------
    paulis : sequence of str, default=("Z", "ZZ")
        Strings of the letters X, Y and Z, at most as long as there are features. Those of
        one letter stand on each qubit.

    [reps]

    entanglement : {"full", "linear", "circular", "none"} or list of tuples, default="full"
        Groups of qubits for strings of several letters: all, successive qubits, these and
        those that close the circle, none, or those given. A given group is for strings of
        as many letters, so that pairs and triples can be in one list.

    [bandwidth]

    [data_map]

    See Also
    --------
    ZZFeatureMap : The strings Z and ZZ.

    Notes
    -----
    [no fit]

    Strings need not commute, so their order matters. It is Qiskit's: string by string, and
    within one the groups in lexicographic order, for "circular" first those that close the
    circle. Letters are read from the right: on the qubits (0, 1), "XY" has Y on qubit 0.
    The angles are those of Qiskit with ``alpha=2``, its default.

    Examples
    --------
    >>> from sklearn_kernelx.quantum import PauliFeatureMap
    >>> circuit = PauliFeatureMap(["X", "YZ"], entanglement="circular").circuit(3)
    >>> list(zip(circuit.paulis, circuit.qubits))[3:]
    [('ZY', (2, 0)), ('ZY', (0, 1)), ('ZY', (1, 2))]
    """

    def __init__(
        self,
        paulis: Sequence[str] = ("Z", "ZZ"),
        reps: int = 2,
        entanglement: Entanglement = "full",
        bandwidth: float = 1.0,
        data_map: DataMap | None = None,
    ) -> None:
        self.paulis = paulis
        self.reps = reps
        self.entanglement = entanglement
        self.bandwidth = bandwidth
        self.data_map = data_map

    def _gates(self, n_features: int) -> list[Gates]:
        self._check_paulis(n_features)
        gates = super()._gates(n_features)
        if not any(g.groups for g in gates):
            raise ValueError(
                f"entanglement={self.entanglement!r} leaves no gate for paulis="
                f"{self.paulis!r}: add strings of one letter, or entangle qubits"
            )
        return gates

    def _check_paulis(self, n_features: int) -> None:
        is_list = not isinstance(self.paulis, str) and hasattr(self.paulis, "__len__")
        if not is_list or len(self.paulis) == 0:
            raise ValueError(
                "paulis must be a list of at least one string, such as ['Z', 'ZZ']; got "
                f"{self.paulis!r}"
            )
        for pauli in self.paulis:
            if not isinstance(pauli, str) or not pauli or set(pauli) - set("XYZ"):
                raise ValueError(
                    f"paulis must be strings of the letters X, Y and Z; got {pauli!r}"
                )
            if len(pauli) > n_features:
                raise ValueError(
                    f"paulis has {pauli!r}, which is longer than there are features, "
                    f"{n_features}: leave it out, or add features"
                )


_NAMED: dict[str, type[FeatureMap]] = {
    "zz": ZZFeatureMap,
    "z": ZFeatureMap,
    "pauli": PauliFeatureMap,
    "iqp": IQPFeatureMap,
}
FEATURE_MAPS = tuple(_NAMED)
# A feature near 0 moves its own phase by 1 and, with linear entanglement, two phases
# (pi - x_j) (pi - x_k) by pi: sqrt(1 + 2 pi^2) = 4.6 in all.
_STEEPNESS = {"zz": 5, "pauli": 5}


def defaults_for(feature_map: Any, n_features: int) -> dict[str, Any]:
    """Return parameters of a map given by name that suit any number of features.

    Squared distances of standardised rows grow with the number of features, which the
    bandwidth makes up for.
    """
    steepness = _STEEPNESS.get(feature_map, 1) if isinstance(feature_map, str) else 1
    bandwidth = float(1 / (steepness * np.sqrt(n_features)))
    defaults = {"reps": 2, "entanglement": "linear", "bandwidth": bandwidth}
    # A single feature makes no pairs.
    return defaults if n_features > 1 else {**defaults, "paulis": ("Z",)}


def make_feature_map(
    feature_map: str | FeatureMap | StateFunction,
    *,
    reps: int | None = None,
    entanglement: Entanglement | None = None,
    bandwidth: float | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> FeatureMap | StateFunction:
    """Return the feature map of a name, or the one given.

    Parameters
    ----------
    feature_map : {"zz", "z", "pauli", "iqp"}, FeatureMap or callable
    reps, entanglement, bandwidth : default=None
        Parameters of a named map; None takes that of `defaults`.
    defaults : mapping, default=None
        Parameters of a named map; those it does not have are left out, and what is missing
        is the default of its class.

    Returns
    -------
    feature_map : FeatureMap or callable
        The one given itself, no clone.

    Raises
    ------
    ValueError
        If there is no such map, if a map is given with further parameters, or if a named
        map does not have a parameter.
    """
    given = {"reps": reps, "entanglement": entanglement, "bandwidth": bandwidth}
    given = {name: value for name, value in given.items() if value is not None}
    is_function = callable(feature_map) and not isclass(feature_map)
    if isinstance(feature_map, FeatureMap) or is_function:
        for name in given:
            raise ValueError(
                f"{name} is for named feature maps: leave it at None, and set that of the "
                f"given one instead (feature_map__{name} if it is an object)"
            )
        return feature_map
    if not isinstance(feature_map, str) or feature_map not in _NAMED:
        raise ValueError(
            f"feature_map must be one of {FEATURE_MAPS}, an instance of a feature map, or "
            f"a function that returns state vectors; got {feature_map!r}"
        )
    cls = _NAMED[feature_map]
    known = signature(cls).parameters
    for name in given:
        if name not in known:
            raise ValueError(
                f"feature_map={feature_map!r} has no {name}: leave {name} at None, or "
                "choose another feature map"
            )
    chosen = {k: v for k, v in (defaults or {}).items() if k in known}
    return cls(**{**chosen, **given})
