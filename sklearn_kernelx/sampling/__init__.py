"""Determinantal and volume sampling, optimal designs, least squares on few labels."""

from sklearn_kernelx.sampling._dpp_least_squares import DPPLeastSquares
from sklearn_kernelx.sampling._dpp_sampler import DPPSampler

__all__ = ["DPPLeastSquares", "DPPSampler"]
