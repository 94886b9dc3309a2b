"""How far the log-densities of given queries can be trusted, regime by regime."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from sklearn_kernelx._kernel_volumes import log_normalizer
from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx.density._kernels import COMPACT_KERNELS
from sklearn_kernelx.density._neighbourhoods import (
    FEW,
    LocalSums,
    TrainingSet,
    all_sums,
    find_neighbourhoods,
    training_set,
)
from sklearn_kernelx.density._points import log_shares
from sklearn_kernelx.density._regime_estimates import tail_indices
from sklearn_kernelx.density._regimes import name_regimes


class Diagnosis(NamedTuple):
    """What :meth:`KernelDensity.diagnose` returns, one entry a query."""

    log_density: NDArray[np.float64]
    tail_index: NDArray[np.float64]
    participation_ratio: NDArray[np.float64]
    n_effective: NDArray[np.float64]
    regime: NDArray[np.str_]
    standard_error: NDArray[np.float64]
    log_density_interval: NDArray[np.float64]


def diagnose_queries(
    X: NDArray,
    queries: NDArray,
    *,
    bandwidth: float | NDArray,
    kernel: str,
    sample_weight: NDArray | None,
    confidence_level: float,
    n_threads: int,
) -> Diagnosis:
    """Diagnose the density at each query from the training points not equal to it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), dtype float64 or float32
        Training points.
    queries : ndarray of shape (n_queries, n_features), C-ordered, of the dtype of `X`
        Finite.
    bandwidth : float or ndarray of shape (n_features,)
        Positive.
    kernel : str
        One of the six names.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative, not all zero.
    confidence_level : float
        Of the intervals, between 0 and 1.
    n_threads : int
        At least 1; the result does not depend on it.

    Returns
    -------
    diagnosis : Diagnosis
    """
    log_norm = log_normalizer(kernel, bandwidth, X.shape[1])
    X, queries, bandwidth = without_units(X, queries, bandwidth)
    training = training_set(
        X, kernel=kernel, sample_weight=sample_weight, n_threads=n_threads
    )
    tail_index, sums = _look_around(training, queries, bandwidth / training.unit)
    share = _shares(training)
    log_density = sums.log_sum - np.log(np.sum(share)) - log_norm
    # The variance of a mean: of a sum of squares less the square of a sum.
    variance = sums.participation - np.sum(share**2) / np.sum(share) ** 2
    error = np.sqrt(np.maximum(variance, 0))
    regime = _regimes(kernel, tail_index, sums.participation)
    # The terms of a compact kernel are bounded.
    index = np.where(kernel in COMPACT_KERNELS, 2, tail_index)
    interval = log_interval(error, index, confidence_level)
    interval[regime == "condensed"] = np.nan
    return Diagnosis(
        log_density,
        tail_index,
        sums.participation,
        1 / sums.participation,
        regime,
        np.where(regime == "clt", error, np.nan),
        log_density[:, np.newaxis] + interval,
    )


def bandwidth_profile(
    X: NDArray,
    queries: NDArray,
    bandwidths: NDArray[np.float64],
    *,
    kernel: str,
    sample_weight: NDArray | None,
    n_threads: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means over queries at each of some bandwidths.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), dtype float64 or float32
        Training points; those equal to a query are left out.
    queries : ndarray of shape (n_queries, n_features), C-ordered, of the dtype of `X`
        Finite.
    bandwidths : ndarray of shape (n_bandwidths,)
        Positive.
    kernel : str
        One of the six names.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative, not all zero.
    n_threads : int
        At least 1; the result does not depend on it.

    Returns
    -------
    log_likelihood, participation_ratio : ndarray of shape (n_bandwidths,)
        The first is -inf where a compact kernel misses a query.
    """
    training = training_set(
        X, kernel=kernel, sample_weight=sample_weight, n_threads=n_threads
    )
    log_total = np.log(np.sum(_shares(training)))
    log_likelihood, participation = np.empty((2, len(bandwidths)))
    for i, bandwidth in enumerate(bandwidths):
        sums = all_sums(training, queries, bandwidth / training.unit)
        log_norm = log_normalizer(kernel, bandwidth, X.shape[1])
        log_likelihood[i] = np.mean(sums.log_sum) - log_total - log_norm
        participation[i] = np.mean(sums.participation)
    return log_likelihood, participation


def without_units(
    X: NDArray, queries: NDArray, bandwidth: float | NDArray
) -> tuple[NDArray, NDArray, float]:
    """Divide by the bandwidth if it is an array, so that one number is left.

    Parameters
    ----------
    X, queries : ndarray of shape (n_rows, n_features)
        Points.
    bandwidth : float or ndarray of shape (n_features,)
        Positive.

    Returns
    -------
    X, queries : ndarray of shape (n_rows, n_features)
        In bandwidths, if it is an array.
    bandwidth : float
        1, if it is an array.
    """
    if np.ndim(bandwidth) == 0:
        return X, queries, bandwidth
    scale = bandwidth.astype(X.dtype)
    return X / scale, queries / scale, 1.0


def _shares(training: TrainingSet) -> NDArray[np.float64]:
    """Return w / max(w)."""
    if training.sample_weight is None:
        return np.ones(len(training.X))
    return np.exp(log_shares(training.sample_weight))


def log_interval(
    error: NDArray, tail_index: NDArray, confidence_level: float
) -> NDArray[np.float64]:
    """Return limits of log(mean) - log(sum / n) for sums of heavy-tailed terms.

    The sum less its mean, over the root of the sum of the squared terms, has a limit law
    that depends on nothing but the tail index (Logan, Mallows, Rice and Shepp 1973): the
    normal one from 2 on. Below 2 the terms not yet seen may be large, which moves the upper
    limit only. With z the normal quantile, its lower quantile is -z / (m - 1) to within
    9 %, on the safe side, by simulation of the LePage series at levels 90 to 99 %.

    Parameters
    ----------
    error : ndarray of shape (n_queries,)
        The standard error relative to the sum if the central limit theorem holds.
    tail_index : ndarray of shape (n_queries,)
        Index m of the terms.
    confidence_level : float
        Between 0 and 1.

    Returns
    -------
    interval : ndarray of shape (n_queries, 2)
        The upper limit is infinite where m is not above 1.
    """
    reach = ndtri((1 + confidence_level) / 2) * error
    beyond_one = np.clip(tail_index, 1, 2) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        above = np.where(beyond_one > 0, np.log1p(reach / beyond_one), np.inf)
    return np.column_stack([-reach, np.maximum(reach, above)])


def _look_around(
    training: TrainingSet, queries: NDArray, bandwidth: float
) -> tuple[NDArray[np.float64], LocalSums]:
    tail_index, moments = np.empty(len(queries)), np.empty((3, len(queries)))
    for block in row_blocks(len(queries), bytes_per_row=16 * 8 * FEW):
        hoods = find_neighbourhoods(training, queries[block])
        tail_index[block] = tail_indices(hoods, bandwidth)
        moments[:, block] = all_sums(training, queries[block], bandwidth)
    return tail_index, LocalSums(*moments)


def _regimes(kernel: str, tail_index: NDArray, participation: NDArray) -> NDArray[np.str_]:
    if kernel in COMPACT_KERNELS:
        return np.where(participation > 0.5, "condensed", "clt")
    return np.where(np.isnan(tail_index), "condensed", name_regimes(tail_index))
