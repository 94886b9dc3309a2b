"""Quantum kernels, and classifiers on them."""

from sklearn_kernelx.quantum._ad_hoc import make_ad_hoc
from sklearn_kernelx.quantum._feature_maps import (
    IQPFeatureMap,
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
)
from sklearn_kernelx.quantum._fidelity import fidelity_kernel
from sklearn_kernelx.quantum._projected import bloch_vectors, projected_kernel
from sklearn_kernelx.quantum._variational import VariationalQuantumClassifier

__all__ = [
    "IQPFeatureMap",
    "PauliFeatureMap",
    "VariationalQuantumClassifier",
    "ZFeatureMap",
    "ZZFeatureMap",
    "bloch_vectors",
    "fidelity_kernel",
    "make_ad_hoc",
    "projected_kernel",
]
