"""Determinantal and volume sampling, optimal designs, least squares on few labels."""

from sklearn_kernelx.sampling._rows import sample_projection_dpp

__all__ = ["sample_projection_dpp"]
