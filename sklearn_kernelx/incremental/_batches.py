"""Rows that come or go together."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._compat import check_sample_weight, safe_indexing


class Batch(NamedTuple):
    """Rows of positive weight; no weights stand for ones."""

    X: Any
    y: NDArray
    weights: NDArray[np.float64] | None

    @property
    def n_rows(self) -> int:
        """Return the number of rows."""
        return len(self.y)

    @property
    def row_weights(self) -> NDArray[np.float64]:
        """Return the weights of the rows."""
        return np.ones(self.n_rows) if self.weights is None else self.weights

    def class_by_class(self) -> "Batch":
        """Return the rows in the order of their labels."""
        order = np.argsort(self.y, kind="stable")
        weights = None if self.weights is None else self.weights[order]
        return Batch(safe_indexing(self.X, order), self.y[order], weights)


def weighted_batch(
    X: Any, y: NDArray, sample_weight: ArrayLike | None, weight_before: float
) -> Batch:
    """Return the rows that have a weight, or say what is wrong with the weights.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features)
        Validated rows.
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)
        Their targets.
    sample_weight : array-like of shape (n_rows,) or None
        Their weights.
    weight_before : float
        Weight of all rows seen before.
    """
    if sample_weight is None:
        return Batch(X, y, None)
    weights = check_sample_weight(sample_weight, X, dtype=np.float64)
    kept = np.flatnonzero(weights)
    if len(kept) == 0:
        raise ValueError("sample_weight is zero for all rows: give a positive weight")
    with np.errstate(over="ignore"):
        is_finite = np.isfinite(weight_before + weights.sum())
    if not is_finite:
        raise ValueError("the sum of sample_weight overflows: scale sample_weight")
    if len(kept) == len(weights):
        return Batch(X, y, weights)
    return Batch(safe_indexing(X, kept), y[kept], weights[kept])
