"""What is released of records, and how queries are answered from it.

A summary maps a record x to integers q(x) in units of 2^-bits. What is released is the sum
of q(x) over records, with integer noise; each answer is linear in it. A summary is made
from public parameters alone, and bounds the norms of q(x) whatever x is.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Summary(Protocol):
    """Sums of integers over records, and linear answers from them."""

    is_nonnegative: bool
    """Whether no entry of the integers of any record is negative."""

    @property
    def n_entries(self) -> int:
        """Length of the released vector."""

    def l1(self, bits: int) -> int:
        """Return a bound on the l1 norm of the integers of a record."""

    def l2_squared(self, bits: int) -> int:
        """Return a bound on the squared l2 norm of the integers of a record."""

    def integer_sum(self, X: Array, bits: int, n_threads: int = 1) -> NDArray[np.int64]:
        """Add up the integers of records.

        Parameters
        ----------
        X : C-contiguous ndarray of shape (n_samples, n_features)
            Records: finite; of any number, also of none.
        bits : int
            Integers are in units of 2^-bits.
        n_threads : int, default=1
            How many threads to use. The result does not depend on it.

        Returns
        -------
        total : ndarray of shape (n_entries,)
        """

    def prepared(
        self, release: Array, n_samples: float | None = None, noise_deviation: float = 0.0
    ) -> Array:
        """Return what `sums` wants of a release in units of 1.

        `n_samples` is the number of records where that is public, and `noise_deviation`
        that of an entry of the release.
        """

    def count(self, release: Array) -> float:
        """Estimate the number of records from a release in units of 1."""

    @property
    def count_norm(self) -> float:
        """Factor from the deviation of the noise of an entry to that of `count`."""

    def sums(self, Y: NDArray, prepared: Array, n_threads: int = 1) -> NDArray:
        """Estimate the sum over records for every row of `Y`.

        Parameters
        ----------
        Y : C-contiguous ndarray of shape (n_queries, n_features)
            Queries, in float64 or float32.
        prepared : ndarray of shape (n_groups, ...)
            What `prepared` returned for the records of every group.
        n_threads : int, default=1
            How many threads to use.

        Returns
        -------
        sums : ndarray of shape (n_queries, n_groups)
            Of the dtype of `Y`.
        """

    def mean_norms(self, Y: NDArray, means: NDArray, n_samples_known: bool) -> Array:
        """Return the factors for sums over counts, times the count, to first order.

        `means` are those of every group, (n_queries, n_groups), as is the result.
        """
