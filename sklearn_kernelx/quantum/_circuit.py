"""What a feature map does to a row, as data: layers of gates and their Pauli strings."""

from typing import NamedTuple


class Circuit(NamedTuple):
    """Blocks of a Hadamard gate on each qubit, then exp(-i angle P) for Pauli strings P.

    Attributes
    ----------
    n_qubits : int
    reps : int
        Number of equal blocks, at least 1.
    paulis : tuple of str
        Letters "X", "Y", "Z" of each string, in the order of their gates.
    qubits : tuple of tuple of int
        The qubits that the letters stand on. Qubit k is bit k of a basis state's index.
    """

    n_qubits: int
    reps: int
    paulis: tuple[str, ...]
    qubits: tuple[tuple[int, ...], ...]

    @property
    def is_diagonal(self) -> bool:
        """Whether the strings have only Z on at most two qubits."""
        return all(pauli in ("Z", "ZZ") for pauli in self.paulis)
