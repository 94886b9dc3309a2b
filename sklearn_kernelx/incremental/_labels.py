"""Labels of classes, sorted, to which new ones come."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, column_or_1d


def read_labels(y: ArrayLike, name: str = "y") -> NDArray:
    """Return labels as an array of one dimension, or say what is wrong with them.

    scikit-learn's own check warns of batches in which most labels differ: no cause for
    concern in a stream.
    """
    labels = np.asarray(y)
    if labels.ndim == 0 or len(labels) == 0:
        raise ValueError(f"{name} must be a list of at least one label; got {y!r}")
    labels = check_array(
        column_or_1d(labels, warn=True), dtype=None, ensure_2d=False, input_name=name
    )
    if labels.dtype.kind not in "biufOUT":
        raise ValueError(
            f"Unknown label type: {labels.dtype}. Give {name} as numbers or strings"
        )
    if labels.dtype.kind == "f" and np.any(labels != np.rint(labels)):
        raise ValueError(
            f"Unknown label type: continuous. Give {name} as labels of classes, not as "
            "numbers with fractions, or choose a regressor"
        )
    if labels.dtype.kind == "O" and not all(isinstance(label, str) for label in labels):
        raise ValueError(
            f"Unknown label type: objects. Give {name} as numbers or strings of one type"
        )
    return labels


def unite(known: NDArray | None, found: NDArray) -> NDArray:
    """Return the sorted union of known and found classes.

    Parameters
    ----------
    known : ndarray of shape (n_known,) or None
        Sorted; None stands for none at all.
    found : ndarray of shape (n_found,)
        Labels, in any order.

    Returns
    -------
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        If numbers meet strings, or numbers that no common type holds exactly.
    """
    if known is None:
        return np.unique(found)
    kinds = [_kind(labels) for labels in (known, found)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"labels are {kinds[1]} ({listed(found)}), those known so far are {kinds[0]} "
            f"({listed(known)}): give y and classes in one type"
        )
    if known.dtype.kind in "iu" and found.dtype.kind in "iu":
        return _united_integers(known, found)
    classes = np.union1d(known, found)
    if classes.dtype.kind == "f":
        _refuse_inexact(known, classes.dtype)
        _refuse_inexact(found, classes.dtype)
    return classes


def _united_integers(known: NDArray, found: NDArray) -> NDArray:
    """Return the union in the type of the known if it holds all, else in a wider one."""
    lowest = min(int(known.min()), int(found.min()))
    highest = max(int(known.max()), int(found.max()))
    for dtype in (known.dtype, np.dtype(np.int64), np.dtype(np.uint64)):
        if np.iinfo(dtype).min <= lowest and highest <= np.iinfo(dtype).max:
            return np.union1d(known.astype(dtype), found.astype(dtype))
    raise ValueError(
        f"no type of integers holds both the labels {listed(found)} and {listed(known)}: "
        "give y and classes in one type"
    )


def _refuse_inexact(labels: NDArray, dtype: np.dtype) -> None:
    """Raise if there are integers among which floats of a type have gaps."""
    if labels.dtype.kind not in "iu":
        return
    largest = 2 ** (np.finfo(dtype).nmant + 1)
    if int(labels.min()) < -largest or int(labels.max()) > largest:
        raise ValueError(
            f"labels {listed(labels)} are not exact in {dtype}, the common type of all "
            "labels: give y and classes in one type"
        )


def refuse_unknown(known: NDArray, found: NDArray, remedy: str) -> None:
    """Raise if there are labels that are not known."""
    united = unite(known, found)
    unknown = np.setdiff1d(united, known.astype(united.dtype))
    if len(unknown):
        raise ValueError(
            f"labels {listed(unknown)} of y are not among the classes {listed(known)}: "
            f"{remedy}"
        )


def refuse_excess(classes: NDArray, weights: NDArray, seen: NDArray) -> None:
    """Raise if rows to be forgotten weigh more than those seen of their class."""
    excess = np.flatnonzero(weights > seen)
    if len(excess):
        k = excess[0]
        raise ValueError(
            f"rows of label {listed(classes[[k]])} weigh {weights[k]:g}, those seen only "
            f"{seen[k]:g}: forget rows once, with the weights they had"
        )


def admitted(
    known: NDArray | None, declared: NDArray | None, found: NDArray, *, is_strict: bool
) -> NDArray:
    """Return all classes once a batch has come.

    Parameters
    ----------
    known : ndarray of shape (n_known,) or None
        Classes before, sorted; None for the first batch.
    declared : ndarray of shape (n_declared,) or None
        Classes given with the batch.
    found : ndarray of shape (n_rows,)
        Labels of the batch.
    is_strict : bool
        Whether the first batch fixes the classes.

    Returns
    -------
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        If there are classes that must not be there.
    """
    allowed = known if declared is None else unite(known, declared)
    if is_strict and known is not None and len(allowed) > len(known):
        raise ValueError(
            "classes differ from those of the first call to partial_fit: leave them out, "
            "or set new_classes='extend'"
        )
    if is_strict and allowed is not None:
        refuse_unknown(allowed, found, "set new_classes='extend' to add them")
    return unite(allowed, found)


def inserted(values: NDArray, places: NDArray[np.intp], n: int) -> NDArray:
    """Return `n` numbers, `values` at `places` and zeros elsewhere."""
    result = np.zeros(n, dtype=values.dtype)
    result[places] = values
    return result


def one_hot(codes: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return indicators of the classes that are exposed, and which these are.

    Parameters
    ----------
    codes : ndarray of shape (n_rows,)
        Number of the class of each row.

    Returns
    -------
    indicators : ndarray of shape (n_rows, n_exposed)
    exposed : ndarray of shape (n_exposed,)
        In ascending order.
    """
    exposed, places = np.unique(codes, return_inverse=True)
    return np.eye(len(exposed))[places], exposed


def _kind(labels: NDArray) -> str:
    return "numbers" if labels.dtype.kind in "biuf" else "strings"


def listed(labels: NDArray, n_shown: int = 10) -> str:
    """Return the first labels as a text, for messages."""
    shown = ", ".join(repr(label) for label in labels[:n_shown].tolist())
    return f"{shown}, ..." if len(labels) > n_shown else shown


def check_class_weight(class_weight: Any) -> None:
    """Raise if a dict of class weights has one that is negative or not finite."""
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or not 0 <= weight < np.inf:
            raise ValueError(
                f"class_weight of label {label!r} must be a finite number of at least 0; "
                f"got {weight!r}"
            )


def class_factors(class_weight: dict, classes: NDArray) -> NDArray[np.float64]:
    """Return the weights of classes, 1 for those without."""
    return np.array([class_weight.get(label, 1) for label in classes.tolist()], dtype=float)
