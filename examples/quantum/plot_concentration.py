"""
Why does a quantum kernel stop working at ten qubits?
=====================================================

*Six qubits work, ten do not, and nothing else was changed. What has become of the kernel,
and what brings it back?*

States of many qubits have so much room that any two of them are nearly orthogonal. The
kernel is then the identity: each row is similar to itself and to nothing else. It takes a
small bandwidth to keep rows in sight of each other, or a kernel that looks at one qubit at
a time.
"""

# %%
# Entries of the kernel
# ---------------------
# Breast tumours, standardised and rotated to as many principal components as there are
# qubits. For each number of qubits and each bandwidth: the mean similarity of two tumours.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_kernelx.quantum import (
    QuantumKernelSVC,
    ZZFeatureMap,
    align_bandwidth,
    fidelity_kernel,
    kernel_diagnostics,
)

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
n_qubits = np.arange(2, 13)
bandwidths = np.geomspace(0.01, 1, 13)


def components(q):
    return PCA(q).fit_transform(X)


def mean_similarity(q, bandwidth):
    kernel = fidelity_kernel(
        components(q), feature_map=ZZFeatureMap(bandwidth=bandwidth), dtype=np.float32
    )
    return kernel_diagnostics(kernel).mean


shown = {bandwidth: None for bandwidth in (1.0, 0.3, 0.1, 0.03)}
for bandwidth in shown:
    shown[bandwidth] = [mean_similarity(q, bandwidth) for q in n_qubits]
