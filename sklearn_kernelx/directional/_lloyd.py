"""Spherical k-means: Lloyd's iterations and steps on mini-batches."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.directional._assignment import assign, cosine_logits
from sklearn_kernelx.directional._expectation_maximization import (
    Statistics,
    expectation,
    row_lengths,
)
from sklearn_kernelx.directional._row_blocks import Map
from sklearn_kernelx.directional._seeding import directions_of
from sklearn_kernelx.directional._sphere import UnitRows


class Clusters(NamedTuple):
    """Clusters of directions.

    Attributes
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        Unit vectors.
    sums : ndarray of shape (n_clusters, n_features)
        Weighted sums of the rows that the centers come from.
    masses : ndarray of shape (n_clusters,)
        Sums of the weights of these.
    """

    centers: NDArray[np.float64]
    sums: NDArray[np.float64]
    masses: NDArray[np.float64]


class Partition(NamedTuple):
    """Clusters and how they split the rows.

    Attributes
    ----------
    clusters : Clusters
        The clusters.
    labels : ndarray of shape (n_samples,)
        Nearest centers.
    inertia : float
        Weighted sum of ``1 - cos`` between rows and nearest centers.
    n_iter : int
        Number of iterations.
    converged : bool
        Whether the last one changed nothing that matters.
    """

    clusters: Clusters
    labels: NDArray[np.int32]
    inertia: float
    n_iter: int = 0
    converged: bool = True

    def times(self, unit: float) -> "Partition":
        """Return the same of rows with weights times `unit`."""
        centers, sums, masses = self.clusters
        clusters = Clusters(centers, sums * unit, masses * unit)
        return self._replace(clusters=clusters, inertia=self.inertia * unit)


def lloyd(
    centers: NDArray[np.float64],
    rows: UnitRows,
    *,
    tol: float,
    max_iter: int,
    map_parts: Map,
    wants_stop: Callable[[NDArray[np.float64]], bool],
) -> Partition:
    """Alternate between nearest centers and directions of the clusters' sums.

    Parameters
    ----------
    centers : ndarray of shape (n_clusters, n_features)
        Where to begin.
    rows : UnitRows
        The data.
    tol : float
        A smaller sum of squared shifts of the centers ends the iterations.
    max_iter : int
        At most so many.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.
    wants_stop : callable
        Called with the centers after each iteration; True ends them.

    Returns
    -------
    partition : Partition
    """
    labels, converged, n_iter = None, False, 0
    while n_iter < max_iter and not converged:
        found = nearest_sums(centers, rows, map_parts)
        clusters = with_directions(without_empty(found, rows), centers)
        shift = np.sum((clusters.centers - centers) ** 2)
        converged = shift <= tol or np.array_equal(found.labels, labels)
        centers, labels = clusters.centers, found.labels
        n_iter += 1
        if wants_stop(centers):
            break
    return divide(clusters, rows, map_parts)._replace(n_iter=n_iter, converged=converged)


def mini_batch_step(clusters: Clusters, rows: UnitRows, map_parts: Map) -> Partition:
    """Add a batch of rows to the clusters nearest to them [1]_.

    Parameters
    ----------
    clusters : Clusters
        The clusters so far.
    rows : UnitRows
        The batch.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.

    Returns
    -------
    partition : Partition
        The new clusters, and how they split the batch.

    References
    ----------
    .. [1] Sculley, D., "Web-scale k-means clustering", WWW 2010: a step size of one over
       the number of rows seen, which here makes the center the direction of their sum.
    """
    found = nearest_sums(clusters.centers, rows, map_parts)
    added = found._replace(
        sums=clusters.sums + found.sums, masses=clusters.masses + found.masses
    )
    return divide(
        with_directions(without_empty(added, rows), clusters.centers), rows, map_parts
    )


def nearest_sums(
    centers: NDArray[np.float64], rows: UnitRows, map_parts: Map
) -> Statistics:
    """Give each row to the nearest center; the log-densities are the cosines with it."""
    logits = cosine_logits(centers, rows.X)
    return expectation(rows, logits, len(centers), em="hard", map_parts=map_parts)


def without_empty(found: Statistics, rows: UnitRows) -> Statistics:
    """Give each empty cluster one of the rows farthest from their centers."""
    empty = np.flatnonzero(found.masses == 0)
    if not len(empty):
        return found
    cosines = np.where(rows.weights > 0, found.log_densities, np.inf)
    farthest = np.argsort(cosines, kind="stable")[: len(empty)]
    weights = rows.weights[farthest]
    moved = directions_of(rows, farthest) * weights[:, np.newaxis]
    sums, masses = found.sums.copy(), found.masses.copy()
    np.subtract.at(sums, found.labels[farthest], moved)
    np.subtract.at(masses, found.labels[farthest], weights)
    sums[empty], masses[empty] = moved, weights
    return found._replace(sums=sums, masses=masses)


def with_directions(found: Statistics, previous: NDArray[np.float64]) -> Clusters:
    """Return the clusters of the sums; a sum of zero keeps the previous center."""
    lengths = row_lengths(found.sums)
    stays = (lengths == 0) | (found.masses == 0)
    centers = found.sums / np.where(stays, 1, lengths)[:, np.newaxis]
    centers[stays] = previous[stays]
    return Clusters(centers, found.sums, found.masses)


def divide(clusters: Clusters, rows: UnitRows, map_parts: Map) -> Partition:
    """Split rows among clusters."""
    labels, cosines = assign(rows, cosine_logits(clusters.centers, rows.X), map_parts)
    inertia = float(rows.weights @ np.maximum(1 - cosines, 0))
    return Partition(clusters, labels, inertia)


def mean_variance(rows: UnitRows, map_parts: Map) -> float:
    """Return the mean of the features' variances, of the rows on the sphere."""
    n_features = rows.X.shape[1]
    everything = nearest_sums(np.eye(1, n_features), rows, map_parts)
    mean = everything.sums[0] / everything.masses[0]
    return (1 - float(mean @ mean)) / n_features
