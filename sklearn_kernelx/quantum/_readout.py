"""From outcomes of a measurement of all qubits to classes."""

import numpy as np
from numpy.typing import NDArray


def n_readout_qubits(n_classes: int) -> int:
    """Return how many qubits are needed for an outcome of each class, at least 1."""
    return max(1, (n_classes - 1).bit_length())


def outcome_classes(n_qubits: int, n_classes: int) -> NDArray[np.intp]:
    """Return the class of each outcome, by parities.

    Bit j of a number is the parity of the qubits j, j + b, j + 2b, ..., with b the bits
    that a class needs; the class is that number modulo the number of classes. Two classes
    are even and odd parity of all qubits.

    Parameters
    ----------
    n_qubits : int
        At least `n_readout_qubits` of the classes: then each class has an outcome, and
        none more than twice the outcomes of another.
    n_classes : int

    Returns
    -------
    classes : ndarray of shape (2**n_qubits,)
    """
    n_bits = n_readout_qubits(n_classes)
    outcomes = np.arange(2**n_qubits)
    numbers = np.zeros_like(outcomes)
    for qubit in range(n_qubits):
        numbers ^= (outcomes >> qubit & 1) << (qubit % n_bits)
    return numbers % n_classes
