"""stub"""

import math

import numpy as np

from sklearn_kernelx.privacy._fourier import _mean_norms
from sklearn_kernelx.privacy._kernels import kernel_values
from sklearn_kernelx.privacy._sensitivity import lattice_l1_from_l2, lattice_l2_squared


def grid(low, high, bandwidth, kernel, max_points):
    sizes = [int(math.ceil((h - l) / (0.7 * bandwidth))) + 6 for l, h in zip(low, high)]
    if math.prod(sizes) > max_points:
        return None
    axes = [
        np.linspace(l - bandwidth * 2, h + 2 * bandwidth, s)
        for l, h, s in zip(low, high, sizes)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(low))


class LandmarkSummary:
    def __init__(self, landmarks, kernel, bandwidth, count_weight=0.0):
        self.landmarks = landmarks
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.count_weight = math.ceil(count_weight * 2**16) / 2**16
        K = kernel_values(kernel, landmarks, landmarks, bandwidth)
        w, V = np.linalg.eigh(K)
        keep = w > 1e-11 * w[-1]
        self._map = V[:, keep] / np.sqrt(w[keep])
        self._n_features_out = int(keep.sum())

    n_entries = property(lambda s: s._n_features_out + (s.count_weight > 0))
    count_norm = property(lambda s: 1 / s.count_weight)

    def l1(self, bits):
        return lattice_l1_from_l2(1, self._n_features_out, bits) + self._unit(bits)

    def l2_squared(self, bits):
        return lattice_l2_squared(1, self._n_features_out, bits) + self._unit(bits) ** 2

    def integer_sum(self, X, bits, n_threads=1):
        t = np.zeros(self.n_entries, np.int64)
        t[: self._n_features_out] = (
            np.rint(self._features(X) * 2.0**bits).astype(np.int64).sum(0)
        )
        if self.count_weight:
            t[-1] = len(X) * self._unit(bits)
        return t

    def prepared(self, r, n_samples=None):
        return r

    def count(self, r):
        return float(r[-1]) / self.count_weight

    def sums(self, Y, prepared, n_threads=1):
        return (self._features(Y) @ prepared[..., : self._n_features_out].T).astype(Y.dtype)

    def mean_norms(self, Y, means, n_samples_known=False):
        return _mean_norms(
            np.linalg.norm(self._features(Y), axis=1)[:, None],
            means,
            0 if n_samples_known else self.count_norm,
        )

    def _unit(self, bits):
        return int(self.count_weight * 2**bits)

    def _features(self, X):
        return kernel_values(self.kernel, X, self.landmarks, self.bandwidth) @ self._map
