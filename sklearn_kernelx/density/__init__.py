"""Density estimation."""

from sklearn_kernelx.density._kde import KernelDensity

__all__ = ["KernelDensity"]
