"""Quantum kernels, and classifiers on them."""

from sklearn_kernelx.quantum._feature_maps import (
    IQPFeatureMap,
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
)

__all__ = [
    "IQPFeatureMap",
    "PauliFeatureMap",
    "ZFeatureMap",
    "ZZFeatureMap",
]
