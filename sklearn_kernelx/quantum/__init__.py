"""Quantum kernels, and classifiers on them."""

from sklearn_kernelx.quantum._ad_hoc import make_ad_hoc
from sklearn_kernelx.quantum._alignment import align_bandwidth, kernel_target_alignment
from sklearn_kernelx.quantum._diagnostics import KernelDiagnostics, kernel_diagnostics
from sklearn_kernelx.quantum._feature_maps import (
    FeatureMap,
    IQPFeatureMap,
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
)
from sklearn_kernelx.quantum._fidelity import fidelity_kernel
from sklearn_kernelx.quantum._projected import bloch_vectors, projected_kernel
from sklearn_kernelx.quantum._shots import psd_projection
from sklearn_kernelx.quantum._svc import QuantumKernelSVC
from sklearn_kernelx.quantum._transformer import QuantumKernelTransformer
from sklearn_kernelx.quantum._variational import VariationalQuantumClassifier

__all__ = [
    "FeatureMap",
    "IQPFeatureMap",
    "KernelDiagnostics",
    "PauliFeatureMap",
    "QuantumKernelSVC",
    "QuantumKernelTransformer",
    "VariationalQuantumClassifier",
    "ZFeatureMap",
    "ZZFeatureMap",
    "align_bandwidth",
    "bloch_vectors",
    "fidelity_kernel",
    "kernel_diagnostics",
    "kernel_target_alignment",
    "make_ad_hoc",
    "projected_kernel",
    "psd_projection",
]
