"""Sums over the training points around queries, those equal to a query left out.

With the kernel written as K(r / h) = exp(-E), the other points have shares
p = w K / sum w K of a query's sum. What they say of it, near points decide: the nearest are
kept in memory and serve every bandwidth tried. Where more of them matter, the sums run over
all points.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython._loops import KERNELS
from sklearn_kernelx._cython._tilted_sums import tilted_sums
from sklearn_kernelx.density._kernels import COMPACT_KERNELS, LOG_KERNELS
from sklearn_kernelx.density._neighbours import nearest_neighbours
from sklearn_kernelx.density._points import (
    Points,
    interruptible_blocks,
    log_shares,
    pack_rows,
)

# How many nearest points to keep in memory: all of a few, the nearest of many.
N_NEIGHBOURS, FEW = 96, 512


class TrainingSet(NamedTuple):
    """Training points of positive weight, and a unit of length near their spread.

    Attributes
    ----------
    kernel : str
        One of the six names.
    X : ndarray of shape (n_samples, n_features)
        The points.
    points : Points
        The same, packed with bandwidth `unit` and without weights.
    sample_weight : ndarray of shape (n_samples,) or None
        At most 1; None when all are equal.
    unit : float
        Of lengths, a power of two, so that nothing over- or underflows.
    n_threads : int
        Of the compiled loops.
    """

    kernel: str
    X: NDArray
    points: Points
    sample_weight: NDArray[np.float64] | None
    unit: float
    n_threads: int


class Neighbourhoods(NamedTuple):
    """Queries and the training points nearest to them.

    Attributes
    ----------
    training : TrainingSet
        All the points.
    queries : ndarray of shape (n_queries, n_features)
        As given.
    weight : ndarray of shape (n_queries,) or None
        Weights of the queries; None when all are equal.
    distances : ndarray of shape (n_queries, n_neighbours), float64
        In the training set's unit, ascending and positive; infinity where there are not as
        many points.
    log_share : ndarray of shape (n_queries, n_neighbours) or None
        log(w / max(w)) of these points; None when all weights are equal.
    has_equal : ndarray of shape (n_queries,), dtype bool
        Whether more than one training point equals the query.
    """

    training: TrainingSet
    queries: NDArray
    weight: NDArray[np.float64] | None
    distances: NDArray[np.float64]
    log_share: NDArray[np.float64] | None
    has_equal: NDArray[np.bool_]

    def mean(self, values: NDArray) -> float:
        """Return the weighted mean of one value a query."""
        return float(np.average(values, weights=self.weight))


class LocalSums(NamedTuple):
    """What the other points say of each query, at one bandwidth.

    Attributes
    ----------
    log_sum : ndarray of shape (n_queries,)
        log sum (w / max(w)) K; -inf where a compact kernel reaches nobody.
    mean_energy : ndarray of shape (n_queries,)
        sum p E.
    participation : ndarray of shape (n_queries,)
        sum p^2, by convention 1 where nobody is in reach.
    """

    log_sum: NDArray[np.float64]
    mean_energy: NDArray[np.float64]
    participation: NDArray[np.float64]


def training_set(
    X: NDArray, *, kernel: str, sample_weight: NDArray | None = None, n_threads: int = 1
) -> TrainingSet:
    """Pack training points for queries at any bandwidth.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), dtype float64 or float32
        Finite.
    kernel : str
        One of the six names.
    sample_weight : ndarray of shape (n_samples,), default=None
        Non-negative, not all zero; points of weight zero are left out.
    n_threads : int, default=1
        Of the compiled loops; no result depends on it.

    Returns
    -------
    training : TrainingSet
    """
    if sample_weight is not None:
        X, sample_weight = X[sample_weight > 0], sample_weight[sample_weight > 0]
        sample_weight = sample_weight / np.max(sample_weight)
    unit = _unit_of_length(X)
    points = pack_rows(X, bandwidth=unit)
    return TrainingSet(kernel, X, points, sample_weight, unit, n_threads)


def _unit_of_length(X: NDArray) -> float:
    """Return the power of two next to the extent of the rows: scaling by it is exact."""
    extent = float(np.max(X.max(axis=0) / 2 - X.min(axis=0) / 2))
    lowest = np.finfo(X.dtype).minexp + 2  # the reciprocal is a normal number, too
    return 2.0 ** np.clip(np.round(np.log2(extent)), lowest, -lowest) if extent else 1.0


def find_neighbourhoods(
    training: TrainingSet,
    queries: NDArray,
    *,
    weight: NDArray | None = None,
    n_neighbours: int | None = None,
) -> Neighbourhoods:
    """Find the training points nearest to each query, among those not equal to it.

    Parameters
    ----------
    training : TrainingSet
        All the points.
    queries : ndarray of shape (n_queries, n_features), C-ordered, of the points' dtype
        Finite.
    weight : ndarray of shape (n_queries,), default=None
        Weights of the queries in means over them.
    n_neighbours : int, default=None
        How many to keep; None for all of up to 512 points, or else 96.

    Returns
    -------
    neighbourhoods : Neighbourhoods
    """
    n_points = len(training.X)
    if n_neighbours is None:
        n_neighbours = n_points if n_points <= FEW else N_NEIGHBOURS
    near = nearest_neighbours(
        training.X,
        training.points,
        queries,
        n_neighbours=n_neighbours,
        n_threads=training.n_threads,
    )
    weights, log_share = training.sample_weight, None
    if weights is not None:
        log_share = log_shares(weights)[near.rows]
    return Neighbourhoods(
        training, queries, weight, near.distances, log_share, near.has_equal
    )


def near_sums(hoods: Neighbourhoods, bandwidth: float) -> LocalSums:
    """Return the sums over the nearest points alone.

    Parameters
    ----------
    hoods : Neighbourhoods
        Queries.
    bandwidth : float
        In the unit of length.

    Returns
    -------
    sums : LocalSums
    """
    energy = energies(hoods, bandwidth)
    exponent = -energy if hoods.log_share is None else hoods.log_share - energy
    highest = np.max(exponent, axis=1)
    reached = np.isfinite(highest)
    exponent -= np.where(reached, highest, 0)[:, np.newaxis]
    share = np.exp(exponent)
    total = np.sum(share, axis=1)
    share /= np.where(reached, total, 1)[:, np.newaxis]
    energy[share == 0] = 0
    with np.errstate(divide="ignore"):
        log_sum = highest + np.log(total)
    participation = np.einsum("qk,qk->q", share, share)
    participation[~reached] = 1
    return LocalSums(log_sum, np.einsum("qk,qk->q", share, energy), participation)


def energies(hoods: Neighbourhoods, bandwidth: float) -> NDArray[np.float64]:
    """Return E = -log K(r / h) of the nearest points.

    Parameters
    ----------
    hoods : Neighbourhoods
        Queries.
    bandwidth : float
        In the unit of length.

    Returns
    -------
    energy : ndarray of shape (n_queries, n_neighbours)
        Infinity outside the support of a compact kernel.
    """
    with np.errstate(divide="ignore", over="ignore"):
        return -LOG_KERNELS[hoods.training.kernel](hoods.distances / bandwidth)


def all_sums(training: TrainingSet, queries: NDArray, bandwidth: float) -> LocalSums:
    """Return the sums over all points not equal to the query, by the compiled loops.

    Parameters
    ----------
    training : TrainingSet
        All the points.
    queries : ndarray of shape (n_queries, n_features), C-ordered, of the points' dtype
        Finite.
    bandwidth : float
        In the unit of length.

    Returns
    -------
    sums : LocalSums
        Without mean energies if the kernel is compact.
    """
    points, n_queries = training.points, len(queries)
    origin = np.zeros_like(points.center)
    with np.errstate(over="ignore", divide="ignore"):
        sharpness = np.float64(bandwidth) ** -2
    terms = points.log_terms()
    if training.sample_weight is not None:
        terms[: points.n_points] = log_shares(training.sample_weight)
    if training.kernel in COMPACT_KERNELS:
        terms = np.exp(terms)
    moments = np.empty((n_queries, 3))
    for block in interruptible_blocks(points, n_queries):
        tilted_sums(
            points.panels,
            terms,
            origin,
            points.inverse_bandwidth,
            KERNELS[training.kernel],
            sharpness,
            queries[block],
            moments[block],
            training.n_threads,
        )
    log_sum, mean_energy, participation = moments.T
    nobody = np.isneginf(log_sum)
    return LocalSums(
        log_sum, np.where(nobody, 0, mean_energy), np.where(nobody, 1, participation)
    )


def sums_around(hoods: Neighbourhoods, bandwidth: float) -> LocalSums:
    """Return the sums over all points, for queries whose neighbours are known.

    Parameters
    ----------
    hoods : Neighbourhoods
        Queries.
    bandwidth : float
        In the unit of length.

    Returns
    -------
    sums : LocalSums
    """
    return all_sums(hoods.training, hoods.queries, bandwidth)
