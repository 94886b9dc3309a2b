"""Sums of kernels from the kernel's values at public landmarks.

With the kernel matrix K of the landmarks and k(x) the kernel between them and x, a record
has the features L^-1 k(x) for K + r I = L L'. The inner product of two records' features is
the kernel of their projections on the landmarks [1]_, but for the ridge r = 1e-10. The
squared norm is below k(x)' K^-1 k(x) <= k(x, x) = 1.

The features are a function of K that rounding errors hardly move, unlike eigenvectors of
nearly equal eigenvalues: a released vector is of use also on another machine.

References
----------
.. [1] C. Williams and M. Seeger, "Using the Nystroem method to speed up kernel machines",
   NeurIPS 2000.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cholesky, solve_triangular

from sklearn_kernelx._cython._lattice_sums import add_clipped
from sklearn_kernelx._cython._row_products import multiply_rows
from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.privacy._counted import CountedFeatures
from sklearn_kernelx.privacy._kernels import kernel_values

Array = NDArray[np.float64]

_RIDGE = 1e-10
_KERNEL_COST = 32
# Spacing of a grid in bandwidths: values are then right to about 1e-5.
_SPACINGS = {"gaussian": 0.5, "cauchy": 0.2}


class LandmarkSummary(CountedFeatures):
    """Kernels with all landmarks, whitened.

    Parameters
    ----------
    landmarks : array-like of shape (n_landmarks, n_features)
        Public. Any rows, also equal ones.
    kernel : str
        One of `KERNELS` of `_kernels`.
    bandwidth : float
        Positive.
    count_weight : float, default=0.0
        Weight of the entry of a record that counts it; 0 for none.
    """

    def __init__(
        self,
        landmarks: ArrayLike,
        kernel: str,
        bandwidth: float,
        count_weight: float = 0.0,
    ) -> None:
        self.landmarks = np.asarray(landmarks, dtype=np.float64)
        self.kernel, self.bandwidth = kernel, float(bandwidth)
        super().__init__(len(self.landmarks), count_weight)
        matrix = self._values(self.landmarks)
        matrix[np.diag_indices_from(matrix)] += _RIDGE
        with single_threaded_blas():
            factor = cholesky(matrix, lower=True)
            inverse = solve_triangular(factor, np.eye(len(factor)), lower=True)
        self._whitening = np.ascontiguousarray(inverse.T)

    def prepared(
        self, release: Array, n_samples: float | None = None, noise_deviation: float = 0.0
    ) -> Array:
        """Return the weights of the landmarks."""
        return self._whitening @ release[: self.n_features_out]

    def sums(self, Y: NDArray, prepared: Array, n_threads: int = 1) -> NDArray:
        """Estimate the sum over records for every row of `Y` and every group.

        In float64 also for float32 queries: weights are large, of either sign.
        """
        out = np.empty((len(Y), len(prepared)), Y.dtype)
        with single_threaded_blas():
            for block in self._blocks(len(Y)):
                out[block] = self._values(Y[block]) @ prepared.T
        return out

    def mean_norms(
        self, Y: NDArray, means: NDArray, n_samples_known: bool = False
    ) -> Array:
        """Return the factors for sums over counts, times the count, to first order."""
        norms = np.empty(len(Y))
        for block in self._blocks(len(Y)):
            norms[block] = np.linalg.norm(self._values(Y[block]) @ self._whitening, axis=1)
        return self._with_count(norms, means, n_samples_known)

    def _add(
        self, X: Array, bits: int, l2_squared: int, sums: Array, n_threads: int
    ) -> None:
        values = self._values(X)
        features = np.empty((len(X), self.n_features_out))
        multiply_rows(values, self._whitening, features, n_threads)
        add_clipped(features, 2.0**bits, l2_squared, sums)

    def _values(self, X: NDArray) -> Array:
        return kernel_values(self.kernel, X, self.landmarks, self.bandwidth)

    def _cost(self, n_rows: int) -> int:
        return n_rows * self.n_features_out * (self.n_features_out + _KERNEL_COST)


def grid(
    low: Array, high: Array, bandwidth: float, kernel: str, max_points: int
) -> Array | None:
    """Return landmarks on a grid that give a smooth kernel to about 1e-5 within bounds.

    Parameters
    ----------
    low, high : ndarray of shape (n_features,)
        Bounds, which may be equal.
    bandwidth : float
        Positive.
    kernel : str
        Name of the kernel.
    max_points : int
        Greatest number of landmarks.

    Returns
    -------
    landmarks : ndarray of shape (n_landmarks, n_features) or None
        None if it takes more points, or if the kernel is not smooth at 0.
    """
    if kernel not in _SPACINGS:
        return None
    with np.errstate(over="ignore", divide="ignore"):
        cells = (np.asarray(high) - low) / (_SPACINGS[kernel] * bandwidth)
    if not np.all(cells < max_points):
        return None
    counts = [math.ceil(c) + 1 for c in cells]
    if math.prod(counts) > max_points:
        return None
    ends = zip(low, high, counts, strict=True)
    axes = np.meshgrid(*(np.linspace(*end) for end in ends), indexing="ij")
    return np.stack([axis.ravel() for axis in axes], axis=1)
