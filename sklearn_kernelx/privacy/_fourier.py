"""Sums of shift-invariant kernels from random Fourier features of unit norm.

With frequencies w_j whose cosines have the kernel as their mean, a record has the features
cos(w_j.x) / sqrt(F) and sin(w_j.x) / sqrt(F), j = 1 .. F. Their squares add up to 1 for any
x, and the inner product of those of x and y is the mean of cos(w_j.(x - y)).
"""

from contextlib import nullcontext

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._cython._fourier_sums import TILE, fourier_sums
from sklearn_kernelx._cython._lattice_sums import add_circles
from sklearn_kernelx._parallel import single_threaded_blas, worthwhile_threads
from sklearn_kernelx.privacy._counted import CountedFeatures

Array = NDArray[np.float64]

# Cython takes longer to find the dtype than the sums of one query take.
_FOURIER_SUMS = {
    np.dtype(np.float64): fourier_sums["float64_t"],
    np.dtype(np.float32): fourier_sums["float32_t"],
}
# Angles that a thread has at hand: 256 KiB.
_TILE_SIZE = 2**15
_COSINE_COST = 16


class FourierSummary(CountedFeatures):
    """Cosines and sines for all frequencies.

    Parameters
    ----------
    frequencies : array-like of shape (n_frequencies, n_features)
        Public: `frequencies` of `_spectra`.
    count_weight : float, default=0.0
        Weight of the entry of a record that counts it; 0 for none.
    """

    def __init__(self, frequencies: ArrayLike, count_weight: float = 0.0) -> None:
        self.frequencies = np.asarray(frequencies, dtype=np.float64)
        n_frequencies, self._n_features = self.frequencies.shape
        super().__init__(2 * n_frequencies, count_weight)
        # In turns, and not in radians, the reduction to one turn is exact.
        turns = np.ascontiguousarray(self.frequencies.T / (2 * np.pi))
        self._turns = {np.dtype(t): turns.astype(t) for t in (np.float64, np.float32)}
        self._scale = n_frequencies**-0.5

    def prepared(
        self, release: Array, n_samples: float | None = None, noise_deviation: float = 0.0
    ) -> Array:
        """Return the weights of cosines and sines."""
        return release[: self.n_features_out] * self._scale

    def sums(self, Y: NDArray, prepared: Array, n_threads: int = 1) -> NDArray:
        """Estimate the sum over records for every row of `Y` and every group."""
        weights = prepared.astype(Y.dtype, copy=False)
        out = np.empty((len(Y), len(weights)), Y.dtype)
        n_threads = min(max(1, len(Y)), worthwhile_threads(n_threads, self._cost(len(Y))))
        height = min(TILE[0], -(-len(Y) // n_threads)) * (1 if len(weights) == 1 else 3)
        tiles = np.empty((n_threads, height, TILE[1]), Y.dtype)
        # For one row BLAS is right to use the threads it has, and they are not ours.
        with nullcontext() if len(Y) == 1 else single_threaded_blas():
            for block in self._blocks(len(Y)):
                _FOURIER_SUMS[Y.dtype](
                    Y[block], self._turns[Y.dtype], weights, tiles, out[block]
                )
        return out

    def mean_norms(
        self, Y: NDArray, means: NDArray, n_samples_known: bool = False
    ) -> Array:
        """Return the factors for sums over counts, times the count, to first order."""
        return self._with_count(np.ones(len(Y)), means, n_samples_known)

    def _add(
        self, X: Array, bits: int, l2_squared: int, sums: Array, n_threads: int
    ) -> None:
        n = self.n_features_out // 2
        height = min(max(8, _TILE_SIZE // n), max(1, len(X)))
        tiles = np.empty((n_threads, height + 2, n))
        turns = self._turns[X.dtype]
        add_circles(X, turns, self._scale * 2.0**bits, l2_squared, tiles, sums)

    def _cost(self, n_rows: int) -> int:
        return n_rows * self.n_features_out * (self._n_features + _COSINE_COST)
