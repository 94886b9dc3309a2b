"""Clustered points of private kernel sums, and what is right for them."""

from functools import cached_property

import numpy as np
from cases._privacy_baselines import ExactGaussian, l1_sums
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

N_QUERIES = 100
N_CLUSTERS = 10
LATENT = 8
CLUSTER_WIDTH = 0.35


class Problem:
    """Records and queries in [0, 1]^d around ten centres of eight dimensions.

    The kernel is exp(-|x - y|^2 / s^2) with s^2 the median of squared distances, a quarter
    of it for d = 2: `bandwidth` is s / sqrt(2). It counts as public.
    """

    def __init__(self, n_features: int, n_samples: int, seed: int) -> None:
        rng = np.random.default_rng([n_features, n_samples, seed])
        n_latent = min(LATENT, n_features)
        centres = rng.standard_normal((N_CLUSTERS, n_latent))
        n_points = n_samples + N_QUERIES
        points = centres[rng.integers(N_CLUSTERS, size=n_points)]
        points = points + CLUSTER_WIDTH * rng.standard_normal(points.shape)
        if n_features > n_latent:
            points = points @ rng.standard_normal((n_latent, n_features))
            points += 0.1 * points.std() * rng.standard_normal(points.shape)
        low, high = points.min(axis=0), points.max(axis=0)
        points = (points - low) / (high - low)
        self.X: NDArray[np.float64] = np.ascontiguousarray(points[:n_samples])
        self.Y: NDArray[np.float64] = np.ascontiguousarray(points[n_samples:])
        square = np.median(pdist(points[:1000], "sqeuclidean"))
        self.bandwidth = float(np.sqrt(square * (0.25 if n_features == 2 else 1) / 2))

    @cached_property
    def density(self) -> NDArray[np.float64]:
        """Mean value of the kernel at the queries."""
        return ExactGaussian(self.X, self.bandwidth)(self.Y) / len(self.X)

    @cached_property
    def distances(self) -> NDArray[np.float64]:
        """Sum of l1 distances at the queries."""
        return l1_sums(self.X, self.Y)
