"""Kernels of positive definite type whose value at 0 is 1."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Array = NDArray[np.float64]

# Metric, and the kernel as a function of the distance over the bandwidth.
KERNELS = {
    "gaussian": ("euclidean", lambda r: np.exp(-0.5 * r * r)),
    "laplacian": ("cityblock", lambda r: np.exp(-r)),
    "exponential_l2": ("euclidean", lambda r: np.exp(-r)),
    "cauchy": ("euclidean", lambda r: 1 / (1 + r * r)),
    "rational": ("euclidean", lambda r: 1 / (1 + r)),
    "rational_l1": ("cityblock", lambda r: 1 / (1 + r)),
}


def kernel_values(kernel: str, X: Array, Y: Array, bandwidth: float) -> Array:
    """Return the kernel between all rows of two arrays.

    Parameters
    ----------
    kernel : {"gaussian", "laplacian", "exponential_l2", "cauchy", "rational", \
            "rational_l1"}
        With d = x - y and h the bandwidth: exp(-abs(d)_2^2 / 2h^2), exp(-abs(d)_1 / h),
        exp(-abs(d)_2 / h), 1 / (1 + abs(d)_2^2 / h^2), 1 / (1 + abs(d)_2 / h) and
        1 / (1 + abs(d)_1 / h).
    X : ndarray of shape (n_samples, n_features)
        Rows.
    Y : ndarray of shape (n_others, n_features)
        Other rows.
    bandwidth : float
        Positive.

    Returns
    -------
    values : ndarray of shape (n_samples, n_others)
        Between 0 and 1; 0 where the distance is beyond the range of floats.
    """
    metric, profile = KERNELS[kernel]
    with np.errstate(over="ignore", under="ignore"):
        values = profile(cdist(X, Y, metric) / bandwidth)
    return values
