"""Fidelity kernels of neighbour couplings at any number of qubits, without states."""

import numpy as np
from numpy.typing import DTypeLike, NDArray

from sklearn_kernelx._cython._chain_overlaps import (
    CHAIN_PANEL,
    MAX_CHAIN_REPS,
    chain_overlaps,
)
from sklearn_kernelx._parallel import worthwhile_threads
from sklearn_kernelx.quantum._circuit import Circuit
from sklearn_kernelx.quantum._states import add_columns

# Multiplications between two chances for Ctrl-C.
LONG_WORK = 2**33


def is_chain(circuit: Circuit) -> bool:
    """Whether qubits are coupled to the next one only, the last perhaps to the first."""
    return (
        circuit.is_diagonal
        and circuit.reps <= MAX_CHAIN_REPS
        and all(
            max(qubits) - min(qubits) <= 1 or _closes(qubits, circuit.n_qubits)
            for qubits in circuit.qubits
        )
    )


def multiplications_per_pair(circuit: Circuit) -> int:
    """Return the cost of one entry of the kernel matrix."""
    n_replicas = 2 * circuit.reps - 1
    starts = 2**n_replicas if _is_closed(circuit) else 1
    return starts * circuit.n_qubits * 2**n_replicas * (4 * n_replicas + 2)


def chain_kernel(
    circuit: Circuit,
    angles: NDArray[np.float64],
    other_angles: NDArray[np.float64] | None,
    dtype: DTypeLike,
    n_threads: int,
) -> NDArray:
    """Return squared overlaps of states given by angles; None means of each other.

    The transfer matrix of the chain acts on 2^(2 reps - 1) numbers, so that a pair takes
    O(n_qubits reps 4^reps) operations.
    """
    symmetric = other_angles is None
    steps = _steps(circuit, angles).astype(dtype)
    panels = _panels(steps if symmetric else _steps(circuit, other_angles).astype(dtype))
    n, n_others = len(angles), len(angles if symmetric else other_angles)
    out = np.empty((n, n_others), dtype)
    cost = multiplications_per_pair(circuit)
    n_threads = worthwhile_threads(n_threads, out.size * cost)
    height = max(1, LONG_WORK * n_threads // (n_others * cost))
    closed = _is_closed(circuit)
    for row in range(0, n, height):
        block = steps[row : row + height]
        chain_overlaps(block, panels, circuit.reps, closed, out, row, symmetric, n_threads)
    if symmetric:
        np.fill_diagonal(out, 1)
    return out


def _closes(qubits: tuple[int, ...], n_qubits: int) -> bool:
    return n_qubits > 2 and sorted(qubits) == [0, n_qubits - 1]


def _is_closed(circuit: Circuit) -> bool:
    return any(_closes(qubits, circuit.n_qubits) for qubits in circuit.qubits)


def _steps(circuit: Circuit, angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp(-i(s + p)) and exp(-i(s - p)), shape (n, n_qubits + 1, 4).

    Step k has the angle s of qubit k and p of its pair with the one before; the last one
    goes back to qubit 0.
    """
    n_qubits = circuit.n_qubits
    single = np.array([len(qubits) == 1 for qubits in circuit.qubits])
    to = np.array(
        [
            n_qubits if len(q) == 2 and _closes(q, n_qubits) else max(q)
            for q in circuit.qubits
        ]
    )
    s = add_columns(angles[:, single], to[single], n_qubits + 1)
    p = add_columns(angles[:, ~single], to[~single], n_qubits + 1)
    a, b = s + p, s - p
    return np.stack([np.cos(a), -np.sin(a), np.cos(b), -np.sin(b)], axis=-1)


def _panels(steps: NDArray) -> NDArray:
    """Return steps of CHAIN_PANEL rows side by side, the last panel filled with zeros."""
    n, *shape = steps.shape
    padded = np.zeros((-(-n // CHAIN_PANEL) * CHAIN_PANEL, *shape), steps.dtype)
    padded[:n] = steps
    panels = padded.reshape(-1, CHAIN_PANEL, *shape)
    return np.ascontiguousarray(np.moveaxis(panels, 1, -1))
