"""Density estimation."""

from sklearn_kernelx.density._display import RegimeDisplay
from sklearn_kernelx.density._fft import fft_density
from sklearn_kernelx.density._kde import KernelDensity
from sklearn_kernelx.density._regime_estimates import kernel_density_regimes
from sklearn_kernelx.density._regimes import CondensedRegimeWarning, gaussian_regimes

__all__ = [
    "CondensedRegimeWarning",
    "KernelDensity",
    "RegimeDisplay",
    "fft_density",
    "gaussian_regimes",
    "kernel_density_regimes",
]
