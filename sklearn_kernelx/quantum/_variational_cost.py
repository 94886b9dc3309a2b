"""The cost of a variational classifier, its gradient, and what shots make of it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn import get_config

from sklearn_kernelx._parallel import row_blocks, worthwhile_threads
from sklearn_kernelx.quantum._ansatz import Ansatz
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._losses import Loss, LossFunction, Readout
from sklearn_kernelx.quantum._pauli_circuit import rotate, slopes_of_angles
from sklearn_kernelx.quantum._rows import real_parts_first
from sklearn_kernelx.quantum._states import prepare_states

# Rows that are worked on together fit into a cache, unless they are fewer than these.
_CACHE = 2**21
_LEAST_ROWS = 128
# Numbers that are rotated between two chances for Ctrl-C.
_LONG_WORK = 2**28


class States(NamedTuple):
    """States of rows, kept or prepared again whenever they are asked for.

    Attributes
    ----------
    of : callable
        Returns those of a slice of rows, an array of their own.
    n_rows : int
    n_qubits : int
    itemsize : int
        Bytes of a number.
    """

    of: Callable[[slice], NDArray]
    n_rows: int
    n_qubits: int
    itemsize: int

    @property
    def bytes_per_row(self) -> int:
        """Memory of a state."""
        return 2 * self.itemsize * 2**self.n_qubits

    def blocks(self) -> Iterator[tuple[slice, NDArray]]:
        """Yield slices of rows and their states."""
        # A copy, squares of it and the slopes by it.
        needed = 3 * self.bytes_per_row
        height = max(_LEAST_ROWS, _CACHE // needed)
        for outer in row_blocks(self.n_rows, needed):
            for first in range(outer.start, outer.stop, height):
                block = slice(first, min(first + height, outer.stop))
                yield block, self.of(block)


def states_of_rows(
    feature_map: FeatureMap | StateFunction,
    X: NDArray[np.float64],
    n_qubits: int,
    dtype: DTypeLike,
    n_threads: int,
    *,
    keep: bool,
) -> States:
    """Return the states of rows, with further qubits in state 0 up to `n_qubits`.

    With `keep` they are prepared at once if they fit into scikit-learn's
    ``working_memory``. A function that returns states is called once with all rows.
    """
    dtype = np.dtype(dtype)
    if isinstance(feature_map, FeatureMap):
        circuit, angles = feature_map.circuit(X.shape[1]), feature_map.angles(X)

        def prepare(block: slice) -> NDArray:
            states = prepare_states(circuit, angles[block], dtype, n_threads)
            return _widened(states, n_qubits)

        shape = len(X), n_qubits, dtype.itemsize
        states = States(prepare, *shape)
        if not keep or not _fits(len(X) * states.bytes_per_row):
            return states
        kept = prepare(slice(None))
    else:
        kept = real_parts_first(feature_map(X), len(X), dtype)
        shape = len(X), max(n_qubits, (kept.shape[2] - 1).bit_length()), dtype.itemsize
        kept = _widened(kept, shape[1])
    return States(lambda block: kept[block].copy(), *shape)


def _fits(n_bytes: int) -> bool:
    return n_bytes <= get_config()["working_memory"] * 2**20


def _widened(states: NDArray, n_qubits: int) -> NDArray:
    """Return states of more qubits, those that are new in state 0."""
    n_amplitudes = states.shape[2]
    if n_amplitudes == 2**n_qubits:
        return states
    wide = np.zeros((len(states), 2, 2**n_qubits), states.dtype)
    wide[:, :, :n_amplitudes] = states
    return wide


class VariationalCircuit(NamedTuple):
    """A circuit to be trained, and the class of each outcome.

    Attributes
    ----------
    ansatz : Ansatz
    classes : ndarray of shape (2**n_qubits,)
    n_classes : int
    n_threads : int
    """

    ansatz: Ansatz
    classes: NDArray[np.intp]
    n_classes: int
    n_threads: int

    def rotate(self, states: NDArray, angles: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rotate states in place, and return their probabilities of classes."""
        for gates in self._gate_slices(states):
            rotate(states, *self._strings(gates, angles), self._threads_for(states))
        indicators = np.eye(self.n_classes, dtype=states.dtype)[self.classes]
        squares = np.square(states[:, 0])
        squares += np.square(states[:, 1])
        return (squares @ indicators).astype(np.float64)

    def probabilities(
        self, states: States, angles: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the probabilities of classes, of shape (n_rows, n_classes)."""
        out = np.empty((states.n_rows, self.n_classes))
        for block, some in states.blocks():
            out[block] = self.rotate(some, angles)
        return out

    def slopes(
        self,
        rotated: NDArray,
        angles: NDArray[np.float64],
        by_probabilities: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return slopes by the angles of a cost of probabilities; rotates states back."""
        by_outcomes = by_probabilities.astype(rotated.dtype)[:, np.newaxis, self.classes]
        costates = by_outcomes * rotated
        slopes = np.empty(angles.size)
        for gates in reversed(self._gate_slices(rotated)):
            strings = self._strings(gates, angles)
            n_threads = self._threads_for(rotated)
            slopes[gates] = slopes_of_angles(rotated, costates, *strings, n_threads)
        return slopes

    def _gate_slices(self, states: NDArray) -> list[slice]:
        n_gates = len(self.ansatz.x_masks)
        n_together = max(1, _LONG_WORK // max(1, states.size))
        return [slice(k, k + n_together) for k in range(0, n_gates, n_together)]

    def _strings(
        self, gates: slice, angles: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        x_masks, z_masks = self.ansatz.x_masks[gates], self.ansatz.z_masks[gates]
        return x_masks, z_masks, angles.reshape(1, -1)[:, gates]

    def _threads_for(self, states: NDArray) -> int:
        return worthwhile_threads(self.n_threads, states.size * len(self.ansatz.x_masks))


class Cost(NamedTuple):
    """The mean loss of rows as a function of all trained parameters.

    Parameters are the angles, the bias of each class and, if it is trained, the scale of
    the readout, on whose square there is a penalty.

    Attributes
    ----------
    circuit : VariationalCircuit
    states : States
    codes : ndarray of shape (n_rows,)
    loss : callable
    trains_scale : bool
    alpha : float
        Of the penalty alpha scale^2 / (2 n_rows).
    """

    circuit: VariationalCircuit
    states: States
    codes: NDArray[np.intp]
    loss: LossFunction
    trains_scale: bool
    alpha: float

    def split(self, parameters: NDArray[np.float64]) -> tuple[NDArray, Readout]:
        """Return the angles and the readout; the scale is 1 if it is not trained."""
        n_angles, n_classes = len(self.circuit.ansatz.x_masks), self.circuit.n_classes
        angles, bias, scale = np.split(parameters, [n_angles, n_angles + n_classes])
        return angles, Readout(float(scale[0]) if self.trains_scale else 1.0, bias)

    def value_and_gradient(
        self, parameters: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the cost and its gradient, by adjoint differentiation."""
        angles, readout = self.split(parameters)
        total, gradient = 0.0, np.zeros_like(parameters)
        for block, states in self.states.blocks():
            probabilities = self.circuit.rotate(states, angles)
            loss = self.loss(probabilities, self.codes[block], readout)
            slopes = self.circuit.slopes(states, angles, loss.by_probabilities)
            total += loss.total
            gradient += self._joined(slopes, loss)
        if self.trains_scale:
            total += self.alpha * readout.scale**2 / 2
            gradient[-1] += self.alpha * readout.scale
        return total / self.states.n_rows, gradient / self.states.n_rows

    def sampled(
        self, parameters: NDArray[np.float64], shots: int | None, rng: np.random.Generator
    ) -> float:
        """Return the cost of probabilities that are shares of so many shots.

        None means the probabilities themselves.
        """
        angles, readout = self.split(parameters)
        probabilities = self.circuit.probabilities(self.states, angles)
        if shots is not None:
            probabilities = sample_shares(probabilities, shots, rng)
        total = self.loss(probabilities, self.codes, readout).total
        if self.trains_scale:
            total += self.alpha * readout.scale**2 / 2
        return total / self.states.n_rows

    def _joined(self, slopes: NDArray[np.float64], loss: Loss) -> NDArray[np.float64]:
        scale = [loss.by_scale] if self.trains_scale else []
        return np.concatenate([slopes, loss.by_bias, scale])


def sample_shares(
    probabilities: NDArray[np.float64], shots: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the shares of classes among so many outcomes for each row."""
    # Rounding may leave sums a little above 1, which is refused.
    sums = probabilities.sum(axis=1, keepdims=True)
    return rng.multinomial(shots, probabilities / sums) / shots
