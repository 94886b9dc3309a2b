"""What all feature maps have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import reduce
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_scalar

from sklearn_kernelx._compat import Interval, StrOptions
from sklearn_kernelx._documentation import fill_marks
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx.quantum._circuit import Circuit
from sklearn_kernelx.quantum._entanglement import (
    ENTANGLEMENTS,
    Entanglement,
    Group,
    entangled_groups,
)
from sklearn_kernelx.quantum._states import prepare_states

DataMap = Callable[[NDArray[np.float64]], NDArray[np.float64]]
# Unit vectors, complex, one a row.
StateFunction = Callable[[NDArray[np.float64]], NDArray]

MAX_QUBITS_OF_STATES = 30

_OVERFLOW = "the {} overflow in float64: scale X to order 1, or lower bandwidth"

_SHARED = {
    "[reps]": """\
    reps : int, default=2
        Number of equal blocks, at least 1.""",
    "[entanglement]": """\
    entanglement : {"full", "linear", "circular", "none"} or list of pairs, default="full"
        Pairs of qubits with a gate: all, neighbours, neighbours and the last with the
        first, none, or those given, such as ``[(0, 1), (1, 3)]``.""",
    "[bandwidth]": """\
    bandwidth : float, default=1.0
        Factor c of the features, above 0: the map sees c x. Kernels of many qubits need a
        small one, or nearly all rows are orthogonal.""",
    "[data_map]": """\
    data_map : callable, default=None
        Other phases: a function from the columns of c x on the qubits of a gate, an array
        of shape (n_samples, n_qubits_of_gate), to phases of shape (n_samples,). It is
        called for each gate. None takes the phases above.""",
    "[no fit]": """\
    There is nothing to fit: a map takes as many qubits as there are features.""",
}


class Gates(NamedTuple):
    """Gates of one Pauli string, on several groups of qubits."""

    letters: str
    groups: list[Group]


class FeatureMap(BaseEstimator, ABC):
    """Blocks of Hadamard gates, then rotations about Pauli strings by phases of a row.

    What all feature maps are instances of; it cannot be made itself.

    Examples
    --------
    >>> from sklearn_kernelx.quantum import FeatureMap, ZZFeatureMap
    >>> isinstance(ZZFeatureMap(), FeatureMap)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "paulis": ["array-like"],
        "reps": [Interval(Integral, 1, None, closed="left")],
        "entanglement": [StrOptions(set(ENTANGLEMENTS)), "array-like"],
        "bandwidth": [Interval(Real, 0, None, closed="neither")],
        "data_map": [callable, None],
    }

    # Those that a map has no parameter for.
    entanglement: Entanglement = "none"
    data_map: DataMap | None = None

    paulis: Sequence[str]
    reps: int
    bandwidth: float

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fill_marks(cls, _SHARED)

    @abstractmethod
    def _phases(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the phases of gates from columns of shape (n, n_gates, qubits of each)."""

    def circuit(self, n_features: int) -> Circuit:
        """Return the circuit for rows of so many features.

        Parameters
        ----------
        n_features : int
            Number of features, which is that of qubits.

        Returns
        -------
        circuit : Circuit
            A tuple of `n_qubits`, `reps`, the Pauli strings `paulis` of one block in the
            order of their gates, and the `qubits` that their letters stand on.

        Raises
        ------
        ValueError
            If a parameter is not as described, or not for so many features.
        """
        check_scalar(n_features, "n_features", Integral, min_val=1)
        gates = self._gates(n_features)
        return Circuit(
            int(n_features),
            int(self.reps),
            tuple(g.letters for g in gates for _ in g.groups),
            tuple(group for g in gates for group in g.groups),
        )

    def angles(self, X: NDArray) -> NDArray[np.float64]:
        """Compute the phases of each row, angles of gates ``exp(-i angle P)``.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Finite numbers.

        Returns
        -------
        angles : ndarray of shape (n_samples, n_gates)
            In float64, whatever the dtype of `X`, in the order of :meth:`circuit`.

        Raises
        ------
        ValueError
            If a parameter is not as described, or a phase is not finite.
        """
        gates = self._gates(X.shape[1])
        X = self._scaled(X)
        if self.data_map is not None:
            groups = [group for g in gates for group in g.groups]
            return np.column_stack([self._mapped(X[:, group]) for group in groups])
        with np.errstate(over="ignore", invalid="ignore"):
            phases = [self._phases(X[:, np.array(g.groups)]) for g in gates if g.groups]
        angles = np.ascontiguousarray(np.concatenate(phases, axis=1))
        if not np.all(np.isfinite(angles)):
            raise ValueError(_OVERFLOW.format("phases of X"))
        return angles

    def statevectors(
        self, X: ArrayLike, *, dtype: DTypeLike = np.complex128, n_jobs: int | None = None
    ) -> NDArray:
        """Compute the state of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data, used as angles: scale it to order 1.

        dtype : {numpy.complex128, numpy.complex64}, default=numpy.complex128
            Type of the states and of the arithmetic on them.

        n_jobs : int, default=None
            Number of threads: None is 1, -1 all.

        Returns
        -------
        states : ndarray of shape (n_samples, 2 ** n_features)
            Unit vectors, with qubit k in bit k of the index. They are Qiskit's up to a
            global phase.

        Raises
        ------
        ValueError
            If `X` has NaN, infinity or more than 30 features, if a parameter is not as
            described, or if a phase is not finite.
        """
        complex_dtype = np.dtype(dtype)
        if complex_dtype not in (np.complex128, np.complex64):
            raise ValueError(f"dtype must be complex128 or complex64; got {dtype!r}")
        X = check_array(X, dtype=[np.float64, np.float32])
        if X.shape[1] > MAX_QUBITS_OF_STATES:
            raise ValueError(
                f"X has {X.shape[1]} features, and a state of more than "
                f"{MAX_QUBITS_OF_STATES} qubits does not fit into memory: take fewer "
                "features, or a kernel of entanglement='linear', which needs no states"
            )
        parts = prepare_states(
            self.circuit(X.shape[1]),
            self.angles(X),
            np.float32 if complex_dtype == np.complex64 else np.float64,
            effective_n_threads(n_jobs),
        )
        states = np.empty((len(X), parts.shape[2]), dtype=complex_dtype)
        states.real, states.imag = parts[:, 0], parts[:, 1]
        return states

    def _scaled(self, X: NDArray) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):
            X = X.astype(np.float64) * float(self.bandwidth)
        if not np.all(np.isfinite(X)):
            raise ValueError(_OVERFLOW.format("features of X times bandwidth"))
        return X

    def _mapped(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the phases that `data_map` makes."""
        phases = np.asarray(self.data_map(columns))
        if phases.dtype.kind not in "fiub":
            raise ValueError(
                f"data_map must return real numbers; it has returned {phases.dtype}"
            )
        phases = phases.astype(np.float64)
        if phases.shape != (len(columns),):
            raise ValueError(
                "data_map must return one phase for each row of its argument, an array of "
                f"shape ({len(columns)},); it has returned one of shape {phases.shape}"
            )
        if not np.all(np.isfinite(phases)):
            raise ValueError(
                "data_map has returned NaN or infinity: it must return finite phases; "
                "scale X or lower bandwidth if they overflow"
            )
        return phases

    def _gates(self, n_features: int) -> list[Gates]:
        """Validate the parameters, and return the gates of a block."""
        self._validate_params()
        sizes = [len(pauli) for pauli in self.paulis if len(pauli) > 1]
        groups = {
            1: [(k,) for k in range(n_features)],
            **entangled_groups(self.entanglement, n_features, sizes),
        }
        # Qiskit reads strings from the right.
        return [Gates(pauli[::-1], groups[len(pauli)]) for pauli in self.paulis]


def product(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the product over the last, short axis."""
    return reduce(np.multiply, np.moveaxis(columns, -1, 0))
