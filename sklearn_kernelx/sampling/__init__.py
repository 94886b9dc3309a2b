"""Determinantal and volume sampling, optimal designs, least squares on few labels."""

__all__: list[str] = []
