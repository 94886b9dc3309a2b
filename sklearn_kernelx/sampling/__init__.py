"""Determinantal and volume sampling, optimal designs, least squares on few labels."""

from sklearn_kernelx.sampling._bases import (
    ChebyshevBasis,
    FourierBasis,
    HermiteBasis,
    LegendreBasis,
)
from sklearn_kernelx.sampling._christoffel import christoffel_design
from sklearn_kernelx.sampling._rows import sample_projection_dpp

__all__ = [
    "ChebyshevBasis",
    "FourierBasis",
    "HermiteBasis",
    "LegendreBasis",
    "christoffel_design",
    "sample_projection_dpp",
]
