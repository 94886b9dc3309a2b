"""Public bounds: a box that records are moved into."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Box = tuple[Array, Array]


def box_of(bounds: Any, n_features: int) -> Box | None:
    """Return both ends of the box that public bounds of all features make, or None."""
    if bounds is None:
        return None
    try:
        low, high = bounds
        ends = (np.broadcast_to(np.asarray(b, np.float64), n_features) for b in (low, high))
        return checked_box(*ends)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "bounds must be a pair (low, high) of numbers or of arrays of shape "
            f"({n_features},), not a pair for each feature; finite and with low <= high. "
            f"{error}"
        ) from None


def checked_box(low: ArrayLike, high: ArrayLike) -> Box:
    """Return both ends of a box as float64 vectors, or say what is wrong with them."""
    low, high = (np.array(a, np.float64, ndmin=1) for a in (low, high))
    if low.ndim != 1 or low.shape != high.shape or low.size == 0:
        raise ValueError(
            "low and high must be vectors of one length, an entry a feature; got the "
            f"shapes {low.shape} and {high.shape}."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        diagonal = _norm(high / 2 - low / 2)
    if not (np.all(low <= high) and 4 * diagonal < np.finfo(np.float64).max):
        raise ValueError(
            "low must be at most high, and the diagonal of the box between them finite."
        )
    return low, high


def centre_and_half(low: Array, high: Array) -> tuple[Array, Array]:
    """Return the centre of a box and half its widths; neither overflows."""
    return low / 2 + high / 2, high / 2 - low / 2


def half_diagonal(low: Array, high: Array) -> float:
    """Return the distance from the centre of a box to its corners."""
    return _norm(centre_and_half(low, high)[1])


def _norm(vector: Array) -> float:
    """The l2 norm, where squares may over- or underflow."""
    largest = float(np.max(np.abs(vector)))
    if not 0 < largest < np.inf:
        return largest
    return largest * float(np.linalg.norm(vector / largest))
