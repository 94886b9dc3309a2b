"""Exact means where data is public: what private answers should be near."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx.privacy._kernels import KERNELS, kernel_values

Array = NDArray[np.float64]

_METRICS = {"l1": "cityblock", "l2": "euclidean", "sqeuclidean": "sqeuclidean"}


def exact_means(X: Array, Y: Array, kernel: str, bandwidth: float, p: float) -> Array:
    """Return the mean kernel or distance between each row of `Y` and all rows of `X`."""
    blocks = row_blocks(len(Y), 24 * len(X))
    means = [_values(X, Y[block], kernel, bandwidth, p).mean(axis=1) for block in blocks]
    return np.concatenate(means)


def _values(X: Array, Y: Array, kernel: str, bandwidth: float, p: float) -> Array:
    if kernel in KERNELS:
        return kernel_values(kernel, Y, X, bandwidth)
    if kernel == "lp":
        # The sum of powers without its root, for p below 1 as well.
        return sum(abs(np.subtract.outer(Y[:, k], X[:, k])) ** p for k in range(X.shape[1]))
    return cdist(Y, X, _METRICS[kernel])
