"""Which pairs of rows a kernel has to be measured for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class DistinctPairs(NamedTuple):
    """Pairs of different rows, each once and in one order, and where they belong."""

    rows: NDArray[np.float64]
    pairs: NDArray[np.intp]
    # Of each entry of the kernel, its place in `pairs`, or one past the end: equal rows.
    places: NDArray[np.intp]

    def kernel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the kernel with these values of `pairs`, and 1 for equal rows."""
        return np.append(values, 1.0)[self.places]


def distinct_pairs(X: NDArray[np.float64], Y: NDArray[np.float64] | None) -> DistinctPairs:
    """Return the pairs of rows of X and Y that differ; None for Y means X."""
    both = X if Y is None else np.concatenate([X, Y])
    # Zeros of either sign are the same angle, but not the same bytes.
    rows, numbers = np.unique(both + 0.0, axis=0, return_inverse=True)
    left = numbers.ravel()[: len(X)]
    right = left if Y is None else numbers.ravel()[len(X) :]
    lower, upper = np.minimum.outer(left, right), np.maximum.outer(left, right)
    differ = lower != upper
    codes, places_of_different = np.unique(
        (lower * len(rows) + upper)[differ], return_inverse=True
    )
    places = np.full(differ.shape, len(codes))
    places[differ] = places_of_different
    return DistinctPairs(rows, np.column_stack(np.divmod(codes, len(rows))), places)
