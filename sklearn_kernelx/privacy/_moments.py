"""Sums of squared Euclidean distances, from three moments.

With the centre c and the half diagonal r of a box, v = (x - c) / r has at most unit norm,
and for w = (y - c) / r

    sum_i |x_i - y|^2 = r^2 (sum_i |v_i|^2 - 2 w.sum_i v_i + n |w|^2).

The vector of a record is (v, b (|v|^2 - 1/2), g), of squared norm up to 1 + b^2 / 4 + g^2,
reached in the corners. The sum weighs what is released by r^2 (-2 w, 1 / b,
(1/2 + |w|^2) / g). For queries anywhere in the box |w|^2 has the mean 1/3, so that the
variance of a sum is in proportion to

    (1 + A + G) (4 / 3 + 1 / (4 A) + (5 / 6)^2 / G),    A = b^2 / 4, G = g^2,

and that of a mean has the residual (1/2 + 1/3 - 2/3)^2 in the place of (5 / 6)^2. By the
inequality of Cauchy and Schwarz A = sqrt(3) / 4 is best for both, and G = 5 sqrt(3) / 12
for sums, a fifth of it for means. G = 0.4 costs each of them 5 percent of deviation.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx.privacy._box import centre_and_half, checked_box, half_diagonal

Array = NDArray[np.float64]

_SQUARE_WEIGHT = 3**0.25
_COUNT_WEIGHT = math.sqrt(0.4)


class Moments:
    """Estimates sums of squared Euclidean distances to records in a box.

    Parameters
    ----------
    low, high : (n_features,) array-like
        Public bounds. Records outside count as the nearest point inside. They may be equal.

    count_weight : float, default=sqrt(0.4)
        What every record adds to the last entry; 0 if the number of records is public, and
        then there is no such entry.
    """

    is_nonnegative = False

    def __init__(
        self, low: ArrayLike, high: ArrayLike, count_weight: float = _COUNT_WEIGHT
    ) -> None:
        self.low, self.high = checked_box(low, high)
        self.count_weight = float(count_weight)
        self._centre, half = centre_and_half(self.low, self.high)
        self._radius = half_diagonal(self.low, self.high)
        self._scale = self._radius or 1.0
        self._limits = half / self._scale

    @property
    def n_entries(self) -> int:
        """Length of the released vector."""
        return len(self.low) + 1 + (self.count_weight > 0)

    def l1(self, bits: int) -> int:
        """Return the greatest l1 norm of the integers of a record, that of a corner."""
        return sum(self._lattice_limits(bits).tolist())

    def l2_squared(self, bits: int) -> int:
        """Return the greatest squared l2 norm of the integers, that of a corner."""
        return sum(e * e for e in self._lattice_limits(bits).tolist())

    def integer_sum(self, X: Array, bits: int, n_threads: int = 1) -> NDArray[np.int64]:
        """Add up the integers of records, each within the limit of its entry.

        The squared norm is that of the integers, so that it does not depend on the order
        in which floats are added.
        """
        limits = self._lattice_limits(bits)
        d = len(self.low)
        total = np.zeros(self.n_entries, np.int64)
        for block in row_blocks(len(X), 24 * d):
            v = np.clip(X[block], self.low, self.high)
            v -= self._centre
            v /= self._scale
            v *= 2.0**bits
            integers = np.rint(v, out=v).astype(np.int64)
            np.clip(integers, -limits[:d], limits[:d], out=integers)
            total[:d] += integers.sum(axis=0)
            squares = np.einsum("ij,ij->i", integers, integers) / 4.0**bits
            squares = np.rint((_SQUARE_WEIGHT * 2.0**bits) * (squares - 0.5))
            squares = np.clip(squares.astype(np.int64), -limits[d], limits[d])
            total[d] += squares.sum()
        total[d + 1 :] = len(X) * limits[d + 1 :]
        return total

    def prepared(
        self, release: Array, n_samples: float | None = None, noise_deviation: float = 0.0
    ) -> Array:
        """Return the sums of v and of its square, and the number of records."""
        d = len(self.low)
        n = self.count(release) if n_samples is None else n_samples
        return np.append(release[:d], [release[d] / _SQUARE_WEIGHT + n / 2, n])

    def count(self, release: Array) -> float:
        """Estimate the number of records."""
        return float(release[-1] / self.count_weight)

    @property
    def count_norm(self) -> float:
        """Factor from the deviation of the noise of an entry to that of `count`."""
        return 1 / self.count_weight

    def sums(self, Y: NDArray, prepared: Array, n_threads: int = 1) -> NDArray:
        """Estimate the sum over the records of every group for every row of `Y`."""
        first, second, n = prepared[:, :-2], prepared[:, -2], prepared[:, -1]
        answers = np.empty((len(Y), len(prepared)), Y.dtype)
        for block, w, squares in self._scaled(Y):
            sums = second - 2 * (w @ first.T) + np.outer(squares, n)
            answers[block] = sums * self._scale * self._scale
        return answers

    def mean_norms(self, Y: NDArray, means: NDArray, n_samples_known: bool) -> Array:
        """Return the factors for sums over counts, times the count, to first order."""
        norms = np.empty(np.shape(means))
        count_norm = 0.0 if n_samples_known else self.count_norm
        for block, _, squares in self._scaled(Y):
            fixed = np.sqrt(4 * squares + 1 / _SQUARE_WEIGHT**2)
            counted = 0.5 + squares[:, None] - means[block] / self._scale / self._scale
            norms[block] = np.hypot(fixed[:, None], count_norm * counted)
        return norms * self._scale * self._scale

    def _lattice_limits(self, bits: int) -> NDArray[np.int64]:
        limits = [*self._limits, _SQUARE_WEIGHT / 2]
        if self.count_weight > 0:
            limits.append(self.count_weight)
        return np.rint(np.array(limits) * 2.0**bits).astype(np.int64)

    def _scaled(self, Y: NDArray) -> Iterator[tuple[slice, Array, Array]]:
        """Blocks of queries about the centre in half diagonals, and their squared norms."""
        for block in row_blocks(len(Y), 16 * Y.shape[1]):
            w = (Y[block] - self._centre) / self._scale
            yield block, w, np.einsum("ij,ij->i", w, w)
