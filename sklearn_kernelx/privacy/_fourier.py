"""Sums of shift-invariant kernels from random Fourier features of unit norm."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx.privacy._sensitivity import lattice_l1_from_l2, lattice_l2_squared

Array = NDArray[np.float64]

_WEIGHT_BITS = 16


class FourierSummary:
    """Cosines and sines of all frequencies, whose inner products estimate a kernel.

    Parameters
    ----------
    frequencies : array-like of shape (n_frequencies, n_features)
        Public: `frequencies` of `_spectra`.
    count_weight : float, default=0.0
        Weight of the entry of a record that counts it, rounded to 16 bits; 0 has none.
    """

    def __init__(self, frequencies: ArrayLike, count_weight: float = 0.0) -> None:
        self.frequencies = np.asarray(frequencies, dtype=np.float64)
        self.count_weight = math.ceil(count_weight * 2**_WEIGHT_BITS) / 2**_WEIGHT_BITS
        self._turns = np.ascontiguousarray(self.frequencies.T / (2 * np.pi))
        self._n_features_out = 2 * len(self.frequencies)
        self._scale = len(self.frequencies) ** -0.5

    @property
    def n_entries(self):
        return self._n_features_out + (self.count_weight > 0)

    @property
    def count_norm(self):
        return 1 / self.count_weight

    def l1(self, bits):
        return lattice_l1_from_l2(1, self._n_features_out, bits) + self._unit(bits)

    def l2_squared(self, bits):
        return self._limit(bits) + self._unit(bits) ** 2

    def integer_sum(self, X, bits, n_threads=1):
        total = np.zeros(self.n_entries, np.int64)
        for block in row_blocks(len(X), 32 * self._n_features_out):
            q = np.rint(self._features(X[block]) * 2.0**bits).astype(np.int64)
            total[: self._n_features_out] += q.sum(axis=0)
        if self.count_weight:
            total[-1] = len(X) * self._unit(bits)
        return total

    def prepared(self, release, n_samples=None):
        return release

    def count(self, release):
        return float(release[-1]) / self.count_weight

    def sums(self, Y, prepared, n_threads=1):
        weights = prepared[..., : self._n_features_out].astype(Y.dtype)
        return self._features(Y) @ weights.T

    def sum_norms(self, Y, n_samples_known=False):
        return np.ones(len(Y))

    def mean_norms(self, Y, means, n_samples_known=False):
        return _mean_norms(1.0, means, 0.0 if n_samples_known else self.count_norm)

    def _unit(self, bits):
        return int(self.count_weight * 2**bits)

    def _limit(self, bits):
        return lattice_l2_squared(1, self._n_features_out, bits)

    def _features(self, X):
        turns = X @ self._turns.astype(X.dtype)
        turns -= np.rint(turns)
        turns[~np.isfinite(turns)] = 0
        turns *= 2 * np.pi
        return np.hstack([np.cos(turns), np.sin(turns)]) * X.dtype.type(self._scale)


def _mean_norms(norms, means, count_norm):
    return np.sqrt(norms**2 + (count_norm * np.asarray(means)) ** 2)
