"""
How many measurements does a kernel need?
=========================================

*A quantum computer does not tell the overlap of two states. It answers yes or no, and the
share of yes is the estimate. Every entry of the kernel then has noise, the matrix is no
kernel any more, and each measurement costs. How many are enough?*

With n of them, an entry K is estimated with a standard deviation of
``sqrt(K (1 - K) / n)``. :class:`~sklearn_kernelx.quantum.QuantumKernelSVC` simulates it
with ``shots=n``, in training and prediction. ``psd="clip"`` makes a kernel again of the
training matrix by :func:`~sklearn_kernelx.quantum.psd_projection`; ``psd=None`` hands it to
libsvm as it is.
"""

# %%
# Two problems
# ------------
# The ad hoc data of four qubits, made for this kernel, with labels in patches; and breast
# tumours in their first four principal components, with a small bandwidth, a smooth
# kernel and nearly a linear problem.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sklearn_kernelx.quantum import (
    QuantumKernelSVC,
    ZZFeatureMap,
    fidelity_kernel,
    make_ad_hoc,
    psd_projection,
)


def split(X, y):
    return train_test_split(X, y, train_size=200, test_size=300, stratify=y, random_state=0)


X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = split(X, y)
components = make_pipeline(StandardScaler(), PCA(4, whiten=True)).fit(X_train)
tumours = components.transform(X_train), components.transform(X_test), y_train, y_test
problems = {
    "Ad hoc data": (ZZFeatureMap(), split(*make_ad_hoc(500, 4, random_state=0))),
    "Breast tumours": (ZZFeatureMap(entanglement="linear", bandwidth=0.1), tumours),
}
shots = 4 ** np.arange(2, 8)

# %%
# The matrix
# ----------
# Root mean square error of its entries, as measured and after projection; and the
# eigenvalues with 256 measurements for each entry.


def rms(errors):
    return np.sqrt(np.mean(np.square(errors)))


matrices = {}
for name, (feature_map, (X_train, *_)) in problems.items():
    exact = fidelity_kernel(X_train, feature_map=feature_map)
    errors = []
    for n in shots:
        noisy = fidelity_kernel(X_train, feature_map=feature_map, shots=n, random_state=0)
        projected, _ = psd_projection(noisy)
        errors.append((rms(noisy - exact), rms(projected - exact)))
        if n == 256:
            spectra = [np.linalg.eigvalsh(k)[::-1] for k in (exact, noisy, projected)]
    matrices[name] = np.array(errors), spectra
    measured, projected = matrices[name][0].T
    print(f"{name}: {np.sum(spectra[1] < 0)} of {len(exact)} eigenvalues are negative")
    for n, before, after in zip(shots, measured, projected, strict=True):
        print(f"    {n:5} shots: error {before:.4f}, projected {after:.4f}")

# %%
# The classifier
# --------------
# Accuracy on 300 rows, mean of ten draws of the outcomes.
variants = [(C, psd) for C in (10, 1) for psd in (None, "clip")]


def accuracy(feature_map, data, n_seeds=1, **params):
    X_train, X_test, y_train, y_test = data
    scores = []
    for seed in range(n_seeds):
        svc = QuantumKernelSVC(feature_map, random_state=seed, **params)
        scores.append(svc.fit(X_train, y_train).score(X_test, y_test))
    return np.mean(scores)


results = {}
print(f"{'shots':34}", *(f"{n:5}" for n in shots), "exact")
with threadpool_limits(1):
    for name, problem in problems.items():
        for C, psd in variants:
            exact = accuracy(*problem, C=C, psd=psd)
            curve = [accuracy(*problem, 10, C=C, psd=psd, shots=n) for n in shots]
            results[name, C, psd] = exact, curve
            scores = (f"{score:.3f}" for score in (*curve, exact))
            print(f"{name:16} C={C:<2} psd={psd!s:8}", *scores)

# %%
# The answer
# ----------
# The error of an entry falls as one over the square root of the number of measurements: a
# digit more costs a hundred times as many. The projection takes a fifth to a quarter off
# the error for the tumours, whose exact eigenvalues are mostly near zero, so that half of
# the noise there is negative. From the ad hoc data, with a broader spectrum, it takes next
# to nothing unless shots are few.
#
# What that is worth depends. The ad hoc data are learnt with 256 shots, and below that
# the projection helps, most where C is large. It is not for nothing: a projected prediction
# takes the kernel with all 200 rows, one as measured that with the support vectors only.
# For the tumours it is now better and now worse.
#
# The penalty matters more. A kernel of small bandwidth tells rows apart by small
# differences, which large coefficients make a decision of, and of noise with them. C = 1 is
# right on 92 % of the tumours with 256 shots; C = 10 takes more than 1024 for as much, and
# 16384 for the 94 % of its exact kernel. The penalty is to be chosen with the shots that
# there will be, not with the exact kernel.

OURS, PEER, INK, GREY = "#0b6e75", "#d1603d", "#222222", "#999999"
STYLES = {None: {"ls": "--", "mfc": "white"}, "clip": {"ls": "-"}}
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, axes = plt.subplots(2, 2, figsize=(11.5, 7), layout="constrained")
(errors_ax, spectra_ax), score_axes = axes

for (name, (errors, _)), colour in zip(matrices.items(), (GREY, INK), strict=True):
    for column, style in zip(errors.T, STYLES.values(), strict=True):
        errors_ax.loglog(shots, column, "o", ms=5, color=colour, **style)
    errors_ax.annotate(name, (shots[-1], errors[-1, 0]), (10, 0), va="center",
                       textcoords="offset points", color=colour)  # fmt: skip
errors_ax.loglog(shots[1:5], 0.1 / np.sqrt(shots[1:5]), color=PEER, lw=1)
errors_ax.text(shots[1], 0.1 / np.sqrt(shots[1]), "1 / √shots ", color=PEER, ha="right")
errors_ax.set(ylabel="root mean square error", xlim=(12, 150_000))
errors_ax.set_title(
    "Entries of the kernel: as measured (dashed), projected", loc="left", fontsize="medium"
)

_, (exact, noisy, projected) = matrices["Breast tumours"]
order = np.arange(1, len(exact) + 1)
spectra_ax.plot(order, noisy, color=PEER, lw=5, alpha=0.45, solid_capstyle="butt")
spectra_ax.plot(order, projected, color=OURS, lw=1.8)
spectra_ax.plot(order, exact, color=INK, lw=1.8)
spectra_ax.set_yscale("symlog", linthresh=1, linscale=2)
spectra_ax.set_yticks([-1, 0, 1, 10, 100], labels=[-1, 0, 1, 10, 100])
spectra_ax.set_ylim(-1.3, 150)
spectra_ax.text(28, 0.2, "exact", color=INK, ha="right")
spectra_ax.text(160, 0.06, "projected", color=OURS)
spectra_ax.text(160, -0.55, "as measured", color=PEER, ha="right")
spectra_ax.set(xlabel="number of the eigenvalue", ylabel="eigenvalue")
spectra_ax.set_title("Breast tumours, 256 shots", loc="left", fontsize="medium")

for ax, name in zip(score_axes, problems, strict=True):
    for (C, psd), colour in zip(variants, (PEER, PEER, OURS, OURS), strict=True):
        exact, curve = results[name, C, psd]
        label = f"C = {C}, {'projected' if psd else 'as measured'}"
        ax.semilogx(shots, curve, "o", ms=5, color=colour, label=label, **STYLES[psd])
        ax.plot(6 * shots[-1], exact, "D", ms=6, color=colour)
    ax.set(ylabel="test accuracy", xlabel="shots, measurements of each entry")
    ax.set_title(name, loc="left", fontsize="medium")
    ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(0.9, 0))
    ax.set_xticks([*shots, 6 * shots[-1]], labels=[*shots, "exact"])
    ax.minorticks_off()
errors_ax.set_xticks(shots, labels=shots)
errors_ax.minorticks_off()
plt.show()
