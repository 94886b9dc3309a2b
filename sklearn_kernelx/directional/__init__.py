"""Directional statistics: data on the unit sphere."""

from sklearn_kernelx.directional._mixture import VonMisesFisherMixture
from sklearn_kernelx.directional._spherical_kmeans import SphericalKMeans
from sklearn_kernelx.directional._von_mises_fisher import VonMisesFisher

__all__ = ["SphericalKMeans", "VonMisesFisher", "VonMisesFisherMixture"]
