"""The trained part of a variational classifier, as a list of Pauli strings."""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.quantum._entanglement import entangled_groups


class Ansatz(NamedTuple):
    """Rotations exp(-i angle P) about Pauli strings, as in `_pauli_circuit`.

    Attributes
    ----------
    shape : tuple of int
        That of the angles: (n_layers + 1, 2, n_qubits), of Z and then of Y.
    x_masks, z_masks : ndarray of shape (n_angles,)
        The strings, in the order of their gates.
    """

    shape: tuple[int, int, int]
    x_masks: NDArray[np.int64]
    z_masks: NDArray[np.int64]


def make_ansatz(n_qubits: int, n_layers: int) -> Ansatz:
    """Return the rotations of a circuit that is measured at its end.

    The circuit rotates each qubit about Z, then Y. Each layer is a CZ gate on each pair of
    neighbours, and on the last and the first qubit, followed by such rotations.

    The CZ gates of a layer are one diagonal matrix D with D^2 = 1. Moved behind all
    rotations, it takes the Y of a qubit to Y Z...Z with a Z on each of its neighbours, and
    leaves Z alone. Twice moved, they are as before; so are outcomes of measurements, which
    a diagonal matrix at the end does not change. What remains are rotations only, those of
    Y with the Z of neighbours wherever an odd number of layers comes before.
    """
    neighbours = np.zeros(n_qubits, np.int64)
    for j, k in entangled_groups("circular", n_qubits, [2])[2]:
        neighbours[j] |= 1 << k
        neighbours[k] |= 1 << j
    x_masks, z_masks = [], []
    for layer, letter, k in product(range(n_layers + 1), "ZY", range(n_qubits)):
        is_y = letter == "Y"
        x_masks.append(is_y << k)
        z_masks.append(1 << k | (neighbours[k] if is_y and layer % 2 else 0))
    return Ansatz(
        (n_layers + 1, 2, n_qubits),
        np.array(x_masks, np.int64),
        np.array(z_masks, np.int64),
    )
