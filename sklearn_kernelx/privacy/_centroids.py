"""Squared Euclidean distances to the mean of the records.

With the centre c and the half diagonal r of a box, v = (x - c) / r has at most unit norm.
From the sum S of v over n records follows, for w = (y - c) / r, the squared distance to
their mean, r^2 |w - S / n|^2: that of a classifier of nearest centroids. It leaves out the
variance of the records, which the mean of squared distances has besides (`_moments`), and
which takes an entry with noise of its own.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._cython._lattice_sums import add_clipped
from sklearn_kernelx.privacy._box import centre_and_half, checked_box, half_diagonal
from sklearn_kernelx.privacy._counted import CountedFeatures

Array = NDArray[np.float64]

# NumPy passes over an entry some times.
_ENTRY_COST = 64


class Centroids(CountedFeatures):
    """Sums of records in a box, for distances to their mean.

    Parameters
    ----------
    low, high : array-like of shape (n_features,)
        Public bounds. Records outside count as the nearest point inside. They may be equal.
    count_weight : float
        Weight of the entry of a record that counts it; 0 for none.
    """

    def __init__(self, low: ArrayLike, high: ArrayLike, count_weight: float) -> None:
        self.low, self.high = checked_box(low, high)
        super().__init__(len(self.low), count_weight)
        self._centre, _ = centre_and_half(self.low, self.high)
        self._radius = half_diagonal(self.low, self.high) or 1.0

    def prepared(
        self, release: Array, n_samples: float | None = None, noise_deviation: float = 0.0
    ) -> Array:
        """Return the sum of v, its squared norm over n without what noise adds, and n."""
        total = release[: self.n_features_out]
        if n_samples is None:
            n_samples = max(self.count(release), noise_deviation * self.count_norm)
        n = max(1.0, n_samples)
        square = total @ total - len(total) * noise_deviation**2
        return np.append(total, [square / n, n])

    def sums(self, Y: NDArray, prepared: Array, n_threads: int = 1) -> NDArray:
        """Return n times the squared distance to the mean, for every row and group."""
        total, square, n = prepared[:, :-2], prepared[:, -2], prepared[:, -1]
        out = np.empty((len(Y), len(prepared)), Y.dtype)
        for block in self._blocks(len(Y)):
            w = self._scaled(Y[block])
            norms = np.einsum("ij,ij->i", w, w)[:, np.newaxis]
            sums = n * norms - 2 * (w @ total.T) + square
            out[block] = sums * self._radius * self._radius
        return out

    def mean_norms(
        self, Y: NDArray, means: NDArray, n_samples_known: bool = False
    ) -> Array:
        """Return a bound on the factors for squared distances, times the count.

        With m = S / n the slope of |w - m|^2 is -2 (w - m) / n in S and 2 (w - m).m / n in
        n, and |m| <= 1.
        """
        of_count = 0.0 if n_samples_known else self.count_norm
        distances = np.sqrt(np.maximum(means, 0)) * self._radius
        return 2 * distances * np.hypot(1.0, of_count)

    def _add(
        self, X: Array, bits: int, l2_squared: int, sums: Array, n_threads: int
    ) -> None:
        v = self._scaled(np.clip(X, self.low, self.high))
        add_clipped(np.ascontiguousarray(v), 2.0**bits, l2_squared, sums)

    def _scaled(self, X: NDArray) -> Array:
        return (X - self._centre) / self._radius

    def _cost(self, n_rows: int) -> int:
        return n_rows * self.n_features_out * _ENTRY_COST
