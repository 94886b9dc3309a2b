"""Determinantal and volume sampling, optimal designs, least squares on few labels."""

from sklearn_kernelx.sampling._bases import (
    ChebyshevBasis,
    FourierBasis,
    HermiteBasis,
    LegendreBasis,
)
from sklearn_kernelx.sampling._christoffel import christoffel_design
from sklearn_kernelx.sampling._dpp_least_squares import DPPLeastSquares
from sklearn_kernelx.sampling._dpp_sampler import DPPSampler
from sklearn_kernelx.sampling._landmarks import dpp_landmarks
from sklearn_kernelx.sampling._rows import sample_projection_dpp

__all__ = [
    "ChebyshevBasis",
    "DPPLeastSquares",
    "DPPSampler",
    "FourierBasis",
    "HermiteBasis",
    "LegendreBasis",
    "christoffel_design",
    "dpp_landmarks",
    "sample_projection_dpp",
]
