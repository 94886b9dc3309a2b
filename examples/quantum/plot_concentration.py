"""
Why does a quantum kernel stop working at ten qubits?
=====================================================

*Four qubits work, ten do not, and nothing else was changed. What has become of the kernel,
and what brings it back?*

States of many qubits have so much room that any two of them are nearly orthogonal. The
kernel is then the identity: each row is similar to itself and to nothing else. It takes a
smaller bandwidth to keep rows in sight of each other.
"""

# %%
# The data
# --------
# Breast tumours, standardised and rotated to as many principal components as there are
# qubits. More components can only help a classifier that is able to use them.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_kernelx.quantum import (
    QuantumKernelSVC,
    ZZFeatureMap,
    align_bandwidth,
    fidelity_kernel,
    kernel_diagnostics,
)

X, y = load_breast_cancer(return_X_y=True)
X = StandardScaler().fit_transform(X)
folds = StratifiedKFold(5, shuffle=True, random_state=0)
all_qubits = np.arange(2, 11)
bandwidths = np.geomspace(0.003, 1, 11)


def components(n_qubits):
    return PCA(n_qubits, random_state=0).fit_transform(X)


# %%
# What becomes of the kernel
# --------------------------
# The mean similarity of two tumours, by the number of qubits: with the bandwidth 1, as the
# map stands in the paper and in Qiskit, it falls to that of random states, one over their
# dimension. The *effective rank* is the number of rows that a kernel holds apart. At ten
# qubits that is all of them.


def describe(n_qubits, bandwidth):
    feature_map = ZZFeatureMap(bandwidth=bandwidth)
    kernel = fidelity_kernel(
        components(n_qubits), feature_map=feature_map, dtype=np.float32
    )
    return kernel_diagnostics(kernel)


shown = (0.01, 0.03, 0.1, 0.3, 1.0)
similarity = {b: [describe(q, b).mean for q in all_qubits] for b in shown}
for bandwidth in shown:
    found = describe(10, bandwidth)
    print(
        f"10 qubits, bandwidth {bandwidth:4}: mean similarity {found.mean:.4f}, "
        f"effective rank {found.effective_rank:.0f} of {len(X)}"
    )

# %%
# What becomes of the classifier
# ------------------------------
# Accuracy in cross-validation for four and for ten qubits, by bandwidth. The alignment of
# the kernel with the classes chooses one without cross-validation.


def accuracy(classifier, n_qubits):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the kernel is concentrated")
        pipeline = make_pipeline(
            StandardScaler(), PCA(n_qubits, random_state=0), classifier
        )
        return cross_val_score(pipeline, X, y, cv=folds).mean()


def quantum(bandwidth):
    return QuantumKernelSVC(entanglement="full", bandwidth=bandwidth, C=10)


curves = {q: [accuracy(quantum(b), q) for b in bandwidths] for q in (4, 10)}
aligned = {
    q: align_bandwidth(
        components(q), y, feature_map=ZZFeatureMap(), bounds=(0.003, 1), random_state=0
    )
    for q in curves
}
with_aligned = {q: accuracy(quantum(bandwidth), q) for q, bandwidth in aligned.items()}
rbf = {q: accuracy(SVC(C=10), q) for q in curves}
for q, scores in curves.items():
    best = np.argmax(scores)
    print(
        f"{q:2} qubits: best {scores[best]:.3f} at {bandwidths[best]:.3f}, by alignment "
        f"{with_aligned[q]:.3f} at {aligned[q]:.3f}, {scores[-1]:.3f} at 1; SVC, RBF "
        f"{rbf[q]:.3f}"
    )

# %%
# The answer
# ----------
# Nothing is wrong with ten qubits. The bandwidth that is right for few of them is too large
# for many, and 1 is too large for any on these data. With a smaller one, ten components are
# better than four, as they should be. ``fit`` of
# :class:`~sklearn_kernelx.quantum.QuantumKernelSVC` warns of a kernel that has nothing to
# tell.
#
# The RBF kernel is as good here. What a small bandwidth leaves of a quantum kernel is much
# like it.
colours = ("#0b6e75", "#1f6fb4", "#8c6bb1", "#c29a2b", "#d1603d")
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4), layout="constrained")
for (bandwidth, means), colour in zip(similarity.items(), colours, strict=True):
    left.plot(all_qubits, means, "o-", ms=4, color=colour)
    left.annotate(
        f"{bandwidth:g}", (all_qubits[-1], means[-1]), xytext=(8, 0),
        textcoords="offset points", va="center", color=colour,
    )  # fmt: skip
left.plot(all_qubits, 0.5**all_qubits, ":", lw=0.8, color="#222222")
left.annotate("random states", (5, 0.5**5.4), ha="right", color="#222222")
left.annotate(
    "bandwidth", (1, 0.98), xycoords="axes fraction", ha="center", fontsize="medium"
)
left.set(yscale="log", xticks=all_qubits, xlabel="qubits", ylim=(4e-4, 1.2))
left.set_title("Mean similarity of two tumours", loc="left", fontsize="medium")

for (q, scores), colour in zip(curves.items(), ("#8c8c8c", "#d1603d"), strict=True):
    right.plot(bandwidths, scores, lw=1.8, color=colour)
    right.axhline(rbf[q], color=colour, lw=0.8, ls=":")
    right.plot(aligned[q], with_aligned[q], "o", ms=8, color=colour)
    right.annotate(
        f"{q} qubits", (bandwidths[7], scores[7]), xytext=(6, 4),
        textcoords="offset points", color=colour,
    )  # fmt: skip
right.plot([], [], "o", ms=8, color="#222222", label="bandwidth by alignment")
right.plot([], [], ":", lw=0.8, color="#222222", label="SVC, RBF")
right.set(xscale="log", xlabel="bandwidth")
right.set_xticks([0.01, 0.1, 1], labels=["0.01", "0.1", "1"])
right.set_title("Accuracy, cross-validated", loc="left", fontsize="medium")
right.legend(frameon=False, loc="lower left")
plt.show()
