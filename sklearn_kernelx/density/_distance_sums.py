"""Exact sums of kernels for metrics that have no compiled loop of their own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.metrics import DistanceMetric

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
    sample_weight: NDArray | None,
) -> NDArray[np.float64]:
    """Return log sum_i (w_i / max(w)) K(dist(x, y_i) / h) for each query x.

    Distances come in blocks of queries within scikit-learn's ``working_memory``.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_features)
        Training points.
    queries : ndarray of shape (n_queries, n_features)
        Of the dtype of `Y`.
    kernel : str
        One of the six names.
    metric, metric_params : str, dict or None
        For :class:`sklearn.metrics.DistanceMetric`.
    bandwidth : float
        Positive.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative, not all zero.

    Returns
    -------
    log_sums : ndarray of shape (n_queries,), float64
    """
    distance = DistanceMetric.get_metric(metric, dtype=Y.dtype, **(metric_params or {}))
    share = None if sample_weight is None else sample_weight / np.max(sample_weight)
    log_sums = np.empty(len(queries))
    for block in row_blocks(len(queries), bytes_per_row=4 * 8 * len(Y)):
        r = distance.pairwise(queries[block], Y).astype(np.float64, copy=False) / bandwidth
        with np.errstate(divide="ignore"):
            exponents = LOG_KERNELS[kernel](r)
            log_sums[block] = logsumexp(exponents, axis=1, b=share)
    return log_sums
