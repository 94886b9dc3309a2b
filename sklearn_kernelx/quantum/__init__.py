"""Quantum kernels, and classifiers on them."""

__all__: list[str] = []
