"""Density estimation."""

from sklearn_kernelx.density._fft import fft_density
from sklearn_kernelx.density._kde import KernelDensity

__all__ = ["KernelDensity", "fft_density"]
