"""Private kernel sums as published, and exact and plain sums of NumPy."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

# A block of the kernel matrix that stays in the cache.
_ROWS, _QUERIES = 2048, 32
_CHUNK = 4096
DEPTH = 10


class ExactGaussian:
    """Sums of exp(-|x - y|^2 / 2h^2) over all x, a product of BLAS a block.

    The exponent is a scalar product, ``[x, -|x|^2 / 2h^2] @ [y / h^2, 1]``, but for a term
    of y alone, so that a block takes the product, ``exp`` in place and a sum.
    """

    def __init__(self, X: Floats, bandwidth: float) -> None:
        self.bandwidth = bandwidth
        norms = np.einsum("ij,ij->i", X, X) / (2 * bandwidth**2)
        self.records = np.column_stack([X, -norms]).astype(X.dtype)

    def __call__(self, Y: Floats) -> Floats:
        h2 = self.bandwidth**2
        offsets = np.einsum("ij,ij->i", Y, Y) / (2 * h2)
        points = np.column_stack([Y / h2, np.ones(len(Y))]).astype(Y.dtype)
        sums = np.zeros(len(Y), Y.dtype)
        for start in range(0, len(Y), _QUERIES):
            stop = start + _QUERIES
            for first in range(0, len(self.records), _ROWS):
                block = points[start:stop] @ self.records[first : first + _ROWS].T
                block -= offsets[start:stop, np.newaxis]
                np.exp(block, out=block)
                sums[start:stop] += block.sum(axis=1)
        return sums


def l1_sums(X: Floats, Y: Floats) -> Floats:
    """Sums of |x - y|_1 over all x, coordinates by sorting."""
    sums = np.zeros(len(Y))
    for values, points in zip(X.T, Y.T, strict=True):
        ordered = np.sort(values)
        below = np.concatenate([[0.0], np.cumsum(ordered)])
        k = np.searchsorted(ordered, points)
        sums += points * (2 * k - len(X)) - 2 * below[k] + below[-1]
    return sums


class PlainFourier:
    """Random Fourier features of the Gaussian kernel, cosines and sines by NumPy."""

    def __init__(self, frequencies: Floats, release: Floats) -> None:
        self.frequencies = frequencies
        self.cosines, self.sines = release.reshape(2, -1) / math.sqrt(len(frequencies))

    def __call__(self, Y: Floats) -> Floats:
        phases = Y @ self.frequencies.T
        return np.cos(phases) @ self.cosines + np.sin(phases) @ self.sines


class LSQFourier:
    """LSQ with random Fourier features, as Wagner, Naamad and Mishra (2023) publish it.

    A feature is one cosine with a random phase, sqrt(2) cos(w.x + b); what is released is
    the mean of features over n records, n being public, with Laplace noise of scale
    sqrt(2) m / (epsilon n) an entry. That is epsilon-private for one record added or
    removed. The first m of the features serve for any smaller m.
    """

    def __init__(
        self, X: Floats, bandwidth: float, n_components: int, rng: np.random.Generator
    ) -> None:
        self.n_samples = len(X)
        self.frequencies = rng.standard_normal((n_components, X.shape[1])) / bandwidth
        self.phases = rng.uniform(0, 2 * np.pi, n_components)
        sums = np.zeros(n_components)
        for start in range(0, len(X), _CHUNK):
            sums += self.features(X[start : start + _CHUNK]).sum(axis=0)
        self.means = sums / len(X)

    def features(self, X: Floats) -> Floats:
        return math.sqrt(2) * np.cos(X @ self.frequencies.T + self.phases)

    def estimates(
        self,
        features: Floats,
        epsilon: float,
        n_components: int,
        n_draws: int,
        rng: np.random.Generator,
    ) -> Floats:
        """Return means of the kernel at the queries of `features`, a row a draw."""
        m = n_components
        scale = math.sqrt(2) * m / (epsilon * self.n_samples)
        released = self.means[:m] + scale * rng.laplace(size=(n_draws, m))
        return released @ features[:, :m].T / m


class BinaryTree:
    """Private sums of l1 distances in [0, 1]^d from a binary tree a coordinate.

    A node holds the number and the sum of the values in its dyadic interval, `DEPTH`
    levels below the root, with epsilon / d a coordinate and Laplace noise. A record changes
    a number by 1 and a sum by at most 1 at every level, so that scales of
    2 d DEPTH / epsilon share the budget evenly.

    If `centred`, sums are of deviations from the middle of the interval, at most 2^-l / 2
    at level l. That is not published, but costs nothing: sums need less noise, and numbers
    count by the distance of the interval only. Shares of 0.7 and 0.3 of the budget
    minimise the variance of a query.

    A query sums over the at most DEPTH nodes that make up everything below it, and above;
    the records in its own leaf are taken to be at no distance.
    """

    def __init__(self, X: Floats, centred: bool) -> None:
        self.n_features = X.shape[1]
        self.centred = centred
        # Numbers and sums, from the level below the root to the leaves.
        self.levels = [self._level(X, level) for level in range(1, DEPTH + 1)]

    def _level(self, X: Floats, level: int) -> Floats:
        n_nodes = 2**level
        nodes = np.clip((X * n_nodes).astype(int), 0, n_nodes - 1)
        values = X - self.origins(nodes, level)
        nodes += n_nodes * np.arange(self.n_features)
        size = self.n_features * n_nodes
        numbers = np.bincount(nodes.ravel(), minlength=size)
        sums = np.bincount(nodes.ravel(), weights=values.ravel(), minlength=size)
        return np.stack([numbers, sums]).reshape(2, self.n_features, n_nodes)

    def origins(self, nodes: NDArray[np.intp], level: int) -> Floats:
        """Return what values in nodes are counted from."""
        return (nodes + 0.5) / 2**level if self.centred else np.zeros(nodes.shape)

    def scales(self, epsilon: float) -> Floats:
        """Return the scales of the noise of numbers and of sums."""
        changes, shares = (
            ((DEPTH, 0.5), (0.7, 0.3)) if self.centred else ((DEPTH, DEPTH), (0.5, 0.5))
        )
        return self.n_features / epsilon * np.divide(changes, shares)

    def released(self, epsilon: float, rng: np.random.Generator) -> list[Floats]:
        """Return the levels with noise; none if epsilon is infinite."""
        scales = self.scales(epsilon)[:, np.newaxis, np.newaxis]
        return [level + scales * rng.laplace(size=level.shape) for level in self.levels]

    def sums(self, levels: Sequence[Floats], Y: Floats) -> Floats:
        """Return the estimates of sums at the rows of Y."""
        leaves = np.clip((Y * 2**DEPTH).astype(int), 0, 2**DEPTH - 1)
        k = np.arange(Y.shape[1])
        totals = np.zeros(Y.shape)
        for level, nodes in enumerate(levels, start=1):
            # The sibling of a node on the path lies all on one side of the query.
            node = (leaves >> (DEPTH - level)) ^ 1
            number, sum_ = nodes[:, k, node]
            below = np.where(node & 1, -1, 1)
            totals += below * ((Y - self.origins(node, level)) * number - sum_)
        return totals.sum(axis=1)
