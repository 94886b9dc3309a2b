"""Summaries by features of unit norm, with an entry that counts records."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython._lattice_sums import MAX_ROWS
from sklearn_kernelx._parallel import worthwhile_threads
from sklearn_kernelx.privacy._sensitivity import lattice_l1_from_l2, lattice_l2_squared

Array = NDArray[np.float64]

_WEIGHT_BITS = 16
# Multiplications after which Ctrl-C is noticed: some tenths of a second.
_BLOCK_COST = 2**28


class CountedFeatures(ABC):
    """What summaries by features have in common.

    Parameters
    ----------
    n_features_out : int
        Number of features of a record, whose squares add up to 1 at most.
    count_weight : float
        Weight of the entry of a record that counts it, rounded to 16 bits; 0 for none.
    """

    is_nonnegative = False

    def __init__(self, n_features_out: int, count_weight: float) -> None:
        self.n_features_out = n_features_out
        units = round(count_weight * 2**_WEIGHT_BITS)
        if units == 0 < count_weight:
            raise ValueError(
                f"count_weight={count_weight} is less than 2**-{_WEIGHT_BITS}."
            )
        self.count_weight = units / 2**_WEIGHT_BITS

    @property
    def n_entries(self) -> int:
        """Length of the released vector: features, then the count if there is one."""
        return self.n_features_out + (self.count_weight > 0)

    @property
    def count_norm(self) -> float:
        """Factor from the deviation of the noise of an entry to that of `count`."""
        return 1 / self.count_weight

    def l1(self, bits: int) -> int:
        """Return a bound on the l1 norm of the integers of a record."""
        of_features = lattice_l1_from_l2(1, self.n_features_out, bits)
        return of_features + self._count_unit(bits)

    def l2_squared(self, bits: int) -> int:
        """Return a bound on the squared l2 norm of the integers of a record."""
        of_features = lattice_l2_squared(1, self.n_features_out, bits)
        return of_features + self._count_unit(bits) ** 2

    def integer_sum(self, X: Array, bits: int, n_threads: int = 1) -> NDArray[np.int64]:
        """Add up the integers of records, whatever number of threads there is."""
        limit = lattice_l2_squared(1, self.n_features_out, bits)
        total = np.zeros(self.n_entries, np.int64)
        for block in self._blocks(len(X)):
            rows = X[block]
            n = min(len(rows), worthwhile_threads(n_threads, self._cost(len(rows))))
            sums = np.zeros((n, self.n_features_out))
            self._add(rows, bits, limit, sums, n)
            total[: self.n_features_out] += sums.sum(axis=0).astype(np.int64)
        if self.count_weight > 0:
            total[-1] = len(X) * self._count_unit(bits)
        return total

    def count(self, release: Array) -> float:
        """Estimate the number of records from a release in units of 1."""
        return float(release[-1]) / self.count_weight

    def _with_count(self, norms: Array, means: NDArray, n_samples_known: bool) -> Array:
        """Add to the norms for sums what a noisy count adds to those for means.

        The sum and the count are in entries of their own.
        """
        count_norm = 0.0 if n_samples_known else self.count_norm
        return np.hypot(norms[:, np.newaxis], count_norm * means)

    @abstractmethod
    def _add(
        self, X: Array, bits: int, l2_squared: int, sums: Array, n_threads: int
    ) -> None:
        """Add integers of rows to `sums` of threads: `_cython._lattice_sums`."""

    def _blocks(self, n_rows: int) -> Iterator[slice]:
        """Cut rows into blocks of some tenths of a second, of which sums are exact."""
        size = max(1, min(MAX_ROWS, _BLOCK_COST // self._cost(1)))
        return (slice(i, i + size) for i in range(0, n_rows, size))

    @abstractmethod
    def _cost(self, n_rows: int) -> int:
        """Number of multiplications, and of what takes as long."""

    def _count_unit(self, bits: int) -> int:
        return int(self.count_weight * 2**bits)
