"""Directional statistics: data on the unit sphere."""

from sklearn_kernelx.directional._von_mises_fisher import VonMisesFisher

__all__ = ["VonMisesFisher"]
