"""Exact sums of kernels for metrics that have no compiled loop of their own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import BallTree, KDTree

from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx.density._kernels import LOG_KERNELS


def log_distance_sums(
    Y: NDArray,
    queries: NDArray,
    *,
    kernel: str,
    metric: str,
    metric_params: dict[str, Any] | None,
    bandwidth: float,
    log_share: NDArray | None,
) -> NDArray[np.float64]:
    """Return log sum_i w_i K(dist(x, y_i) / h) for each query x, from all distances.

    They come in blocks of queries within scikit-learn's ``working_memory``.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_features)
        Training points.
    queries : ndarray of shape (n_queries, n_features)
        Of the dtype of `Y`.
    kernel : {"gaussian", "exponential"}
        A kernel without an edge.
    metric, metric_params : str, dict or None
        For :class:`sklearn.metrics.DistanceMetric`.
    bandwidth : float
        Positive.
    log_share : ndarray of shape (n_samples,) or None
        Logarithms of the weights w, at most 0; None when all are one.

    Returns
    -------
    log_sums : ndarray of shape (n_queries,), float64
    """
    # In float32, functions of the user's are handed the wrong numbers.
    dtype = np.float64 if metric == "pyfunc" else Y.dtype
    distance = DistanceMetric.get_metric(metric, dtype=dtype, **(metric_params or {}))
    Y, queries = Y.astype(dtype, copy=False), queries.astype(dtype, copy=False)
    log_sums = np.empty(len(queries))
    for block in row_blocks(len(queries), bytes_per_row=3 * 8 * len(Y)):
        r = distance.pairwise(queries[block], Y).astype(np.float64, copy=False)
        exponents = LOG_KERNELS[kernel](r / bandwidth)
        if log_share is not None:
            exponents += log_share
        highest = np.max(exponents, axis=1)
        exponents -= highest[:, np.newaxis]
        np.exp(exponents, out=exponents)
        log_sums[block] = highest + np.log(np.sum(exponents, axis=1))
    return log_sums


def log_neighbour_sums(
    tree: KDTree | BallTree,
    queries: NDArray,
    *,
    kernel: str,
    bandwidth: float,
    log_share: NDArray | None,
) -> NDArray[np.float64]:
    """Return log sum_i w_i K(dist(x, y_i) / h) of a compact kernel, from the neighbours.

    Parameters
    ----------
    tree : KDTree or BallTree
        Of the training points.
    queries : ndarray of shape (n_queries, n_features)
        Finite.
    kernel : {"tophat", "epanechnikov", "linear", "cosine"}
        A compact kernel.
    bandwidth : float
        Positive.
    log_share : ndarray of shape (n_samples,) or None
        Logarithms of the weights w, at most 0; None when all are one.

    Returns
    -------
    log_sums : ndarray of shape (n_queries,), float64
        -inf where nobody is near.
    """
    log_sums = np.empty(len(queries))
    n_samples = tree.get_arrays()[0].shape[0]
    for block in row_blocks(len(queries), bytes_per_row=4 * 8 * n_samples):
        indices, distances = tree.query_radius(
            queries[block], r=bandwidth, return_distance=True
        )
        query = np.repeat(np.arange(len(indices)), [len(i) for i in indices])
        with np.errstate(divide="ignore"):
            value = np.exp(LOG_KERNELS[kernel](np.concatenate(distances) / bandwidth))
            if log_share is not None:
                value *= np.exp(log_share[np.concatenate(indices)])
            log_sums[block] = np.log(np.bincount(query, value, minlength=len(indices)))
    return log_sums
