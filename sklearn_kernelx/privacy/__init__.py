"""Differentially private similarities, densities and classifiers."""

__all__: list[str] = []
