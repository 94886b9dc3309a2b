"""Which groups of qubits a feature map entangles."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from numbers import Integral
from typing import Any

Group = tuple[int, ...]
Entanglement = str | Sequence[Sequence[int]]


def _none(n_qubits: int, size: int) -> Iterable[Group]:
    return []


def _full(n_qubits: int, size: int) -> Iterable[Group]:
    return combinations(range(n_qubits), size)


def _linear(n_qubits: int, size: int) -> Iterable[Group]:
    return (tuple(range(k, k + size)) for k in range(n_qubits - size + 1))


def _circular(n_qubits: int, size: int) -> Iterable[Group]:
    # Those that close the circle come first in Qiskit, which matters for XY.
    if n_qubits > size:
        for first in range(n_qubits - size + 1, n_qubits):
            yield tuple((first + i) % n_qubits for i in range(size))
    yield from _linear(n_qubits, size)


_NAMED = {"full": _full, "linear": _linear, "circular": _circular, "none": _none}
ENTANGLEMENTS = tuple(_NAMED)


def entangled_groups(
    entanglement: Entanglement, n_qubits: int, sizes: Sequence[int]
) -> dict[int, list[Group]]:
    """Return the groups of each size, in the order of their gates.

    Parameters
    ----------
    entanglement : {"full", "linear", "circular", "none"} or sequence of groups
        Groups are sequences of different qubits. Given groups go by their size.
    n_qubits : int
    sizes : sequence of int
        Sizes of groups that there are gates for, above 1.

    Returns
    -------
    groups : dict of int to list of tuple of int
        For each of `sizes`; an empty list for groups larger than `n_qubits`.

    Raises
    ------
    ValueError
        If given groups are no such sequences, have a size that there is no gate for, or
        name a qubit that does not exist, one qubit twice or the same qubits as another.
    """
    if isinstance(entanglement, str):
        return {size: list(_NAMED[entanglement](n_qubits, size)) for size in sizes}
    groups = [_validated(group, n_qubits, sizes) for group in entanglement]
    for qubits, count in Counter(frozenset(group) for group in groups).items():
        if count > 1:
            raise ValueError(
                f"entanglement has the qubits {tuple(sorted(qubits))} {count} times: leave "
                "all but one out, the order of qubits does not matter"
            )
    return {size: [g for g in groups if len(g) == size] for size in sizes}


def _validated(group: Any, n_qubits: int, sizes: Sequence[int]) -> Group:
    is_sequence = hasattr(group, "__len__") and not isinstance(group, str)
    if not is_sequence or len(group) not in sizes:
        wanted = " or ".join(str(size) for size in sorted(set(sizes))) or "no"
        raise ValueError(
            f"entanglement must be one of {ENTANGLEMENTS} or a list of tuples of {wanted} "
            f"qubits, such as [(0, 1), (1, 2)] for pairs; it has {group!r}"
        )
    if not all(isinstance(k, Integral) and not isinstance(k, bool) for k in group):
        raise ValueError(f"entanglement must number qubits by integers; it has {group!r}")
    qubits = tuple(int(k) for k in group)
    if min(qubits) < 0 or max(qubits) >= n_qubits:
        raise ValueError(
            f"entanglement has {qubits}, but there is one qubit for each feature, numbered "
            f"from 0 to {n_qubits - 1}: name only these"
        )
    if len(set(qubits)) < len(qubits):
        raise ValueError(
            f"entanglement has {qubits}, which names a qubit twice: name different qubits"
        )
    return qubits
