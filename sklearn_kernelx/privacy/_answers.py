"""Answers to queries from released vectors: postprocessing, which costs no privacy."""

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.privacy._summary import Summary

_MIN_DEVIATIONS = 2


class Answers:
    """Sums and means for any row, from the releases of one or more groups of records.

    Parameters
    ----------
    summary : Summary
        What made the released vectors.
    releases : ndarray of shape (n_groups, n_entries)
        Noisy vectors, in units of 1.
    n_samples : int or None
        Number of records where that is public; None estimates it from the release.
    noise_deviation : float
        Standard deviation of the noise of an entry, in units of 1.
    """

    def __init__(
        self,
        summary: Summary,
        releases: NDArray[np.float64],
        n_samples: int | None,
        noise_deviation: float,
    ) -> None:
        self._summary = summary
        self._n_samples = n_samples
        self._noise_deviation = noise_deviation
        self._prepared = np.stack(
            [summary.prepared(r, n_samples, noise_deviation) for r in releases]
        )
        self.counts = np.array(
            [summary.count(r) if n_samples is None else n_samples for r in releases],
            dtype=np.float64,
        )
        deviation = self._count_deviation()
        # A count below its own noise says nothing: dividing by it would only amplify.
        self._divisors = np.maximum(self.counts, max(1.0, deviation))
        # Groups of which the mean is more than noise; the largest if there is none.
        self.is_known = self.counts >= _MIN_DEVIATIONS * deviation
        if not np.any(self.is_known):
            self.is_known = self.counts == np.max(self.counts)
        # What the noise makes of a mean that is 0.
        self.floors = noise_deviation / self._divisors

    def sums(self, Y: NDArray, n_threads: int) -> NDArray:
        """Estimate the sum over the records of each group, (n_queries, n_groups)."""
        return self._summary.sums(Y, self._prepared, n_threads)

    def means(self, Y: NDArray, n_threads: int) -> NDArray:
        """Divide the sums by the numbers of records, (n_queries, n_groups)."""
        return self.sums(Y, n_threads) / self._divisors.astype(Y.dtype)

    def mean_deviations(self, Y: NDArray, n_threads: int) -> NDArray[np.float64]:
        """Standard deviation that the noise gives to the means, (n_queries, n_groups).

        To first order in the noise, at the released means.
        """
        means = self.means(Y, n_threads).astype(np.float64)
        norms = self._summary.mean_norms(Y, means, self._n_samples is not None)
        return self._noise_deviation / self._divisors * norms

    def _count_deviation(self) -> float:
        if self._n_samples is not None:
            return 0.0
        return self._noise_deviation * self._summary.count_norm
