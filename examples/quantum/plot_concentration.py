"""
Why does a quantum kernel stop working at ten qubits?
=====================================================

*Four qubits work, ten do not, and nothing else was changed. What has become of the kernel,
and what brings it back?*

States of many qubits have so much room that any two of them are nearly orthogonal. The
kernel is then the identity: each row is similar to itself and to nothing else. It takes a
smaller bandwidth to keep rows in sight of each other, or a kernel that looks at one qubit
at a time.
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
all_qubits = np.arange(2, 13, 2)
bandwidths = np.geomspace(0.01, 1, 13)


def components(n_qubits):
    return PCA(n_qubits, random_state=0).fit_transform(X)


# %%
# What becomes of the kernel
# --------------------------
# The mean similarity of two tumours, by the number of qubits: with the bandwidth 1, as the
# map stands in the paper and in Qiskit, it halves with each qubit or two. A kernel is well
# described by its *effective rank*, too: the number of rows that it holds apart. At twelve
# qubits that is nearly all of them.


def describe(n_qubits, bandwidth):
    feature_map = ZZFeatureMap(bandwidth=bandwidth)
    kernel = fidelity_kernel(
        components(n_qubits), feature_map=feature_map, dtype=np.float32
    )
    return kernel_diagnostics(kernel)


shown = (0.03, 0.1, 0.3, 1.0)
similarity = {b: [describe(q, b).mean for q in all_qubits] for b in shown}
for bandwidth in shown:
    found = describe(12, bandwidth)
    print(
        f"12 qubits, bandwidth {bandwidth:4}: mean similarity {found.mean:.4f}, "
        f"effective rank {found.effective_rank:.0f} of {len(X)}"
    )

# %%
# What becomes of the classifier
# ------------------------------
# Accuracy in cross-validation for four and for twelve qubits, by bandwidth. The alignment
# with the classes, which is computed from the training kernel alone, chooses one without a
# search. The projected kernel fades later.


def accuracy(classifier, n_qubits):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the kernel is concentrated")
        pipeline = make_pipeline(
            StandardScaler(), PCA(n_qubits, random_state=0), classifier
        )
        return cross_val_score(pipeline, X, y, cv=folds).mean()


def curve(n_qubits, **parameters):
    return [
        accuracy(
            QuantumKernelSVC(entanglement="full", bandwidth=b, C=10, **parameters), n_qubits
        )
        for b in bandwidths
    ]


curves = {
    "4 qubits": curve(4),
    "12 qubits": curve(12),
    "12 qubits, projected": curve(12, kernel="projected"),
}
aligned = {
    q: align_bandwidth(components(q), y, feature_map=ZZFeatureMap()) for q in (4, 12)
}
rbf = accuracy(SVC(C=10), 12)
for name, scores in curves.items():
    best = np.argmax(scores)
    print(
        f"{name:21}: best {scores[best]:.3f} at {bandwidths[best]:.3f}, "
        f"{scores[-1]:.3f} at 1"
    )
print(f"SVC, RBF, 12 components: {rbf:.3f}")
print("bandwidths by alignment:", {q: round(b, 3) for q, b in aligned.items()})

# %%
# The answer
# ----------
# Nothing is wrong with ten qubits. The bandwidth that is right for few of them is not for
# many, and 1 is right for hardly any. With a smaller one, twelve components are better than
# four, as they should be. ``fit`` of :class:`~sklearn_kernelx.QuantumKernelSVC` warns of a
# kernel that has nothing to tell.
#
# The RBF kernel is as good here. What a small bandwidth leaves of a quantum kernel is much
# like it.
colours = {0.03: "#0b6e75", 0.1: "#1f6fb4", 0.3: "#c29a2b", 1.0: "#d1603d"}
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 4), layout="constrained")
for bandwidth, means in similarity.items():
    left.plot(all_qubits, means, "o-", ms=4, color=colours[bandwidth])
    left.annotate(
        f"{bandwidth:g}", (all_qubits[-1], means[-1]), xytext=(8, 0),
        textcoords="offset points", va="center", color=colours[bandwidth],
    )  # fmt: skip
left.annotate(
    "bandwidth", (all_qubits[-1], 1.0), xytext=(-20, 6), textcoords="offset points"
)
left.set(yscale="log", xticks=all_qubits, xlabel="qubits", ylim=(None, 1.4))
left.set_title("Mean similarity of two tumours", loc="left", fontsize="medium")

styles = {
    "4 qubits": {"color": "#8c8c8c"},
    "12 qubits": {"color": "#d1603d"},
    "12 qubits, projected": {"color": "#d1603d", "ls": "--"},
}
for name, scores in curves.items():
    right.plot(bandwidths, scores, lw=1.8, label=name, **styles[name])
right.axhline(rbf, color="#222222", lw=0.8, ls=":", label="SVC, RBF, 12 components")
for n_qubits, name in ((4, "4 qubits"), (12, "12 qubits")):
    height = np.interp(np.log(aligned[n_qubits]), np.log(bandwidths), curves[name])
    right.plot(aligned[n_qubits], height, "o", ms=8, color=styles[name]["color"])
right.plot([], [], "o", ms=8, color="#222222", label="chosen by alignment")
right.set(xscale="log", xlabel="bandwidth")
right.set_xticks([0.01, 0.1, 1], labels=["0.01", "0.1", "1"])
right.set_title("Accuracy, cross-validated", loc="left", fontsize="medium")
right.legend(frameon=False, loc="lower left")
plt.show()
