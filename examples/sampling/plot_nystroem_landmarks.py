r"""
Which rows should stand for all under a kernel?
===============================================

*A Nystroem approximation replaces the kernel matrix of all rows by that of a few landmarks.
scikit-learn takes random ones. Does choosing them pay?*

:func:`~sklearn_kernelx.dpp_landmarks` chooses rows by the determinant of their kernel
matrix, at random (a k-DPP) or greedily. Rows that are alike under the kernel are then not
chosen together.
"""

# %%
# Data
# ----
# scikit-learn's digits, which are spread evenly, and the breast cancer data, which are
# not: most rows lie in a heap, some far outside.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_kernelx import dpp_landmarks

X_digits, y_digits = load_digits(return_X_y=True)
X_cancer, y_cancer = load_breast_cancer(return_X_y=True)
problems = {
    "digits": (X_digits, y_digits, 1e-3, (20, 40, 80, 160, 320)),
    "breast cancer": (
        StandardScaler().fit_transform(X_cancer), y_cancer, 1 / 150,
        (10, 20, 40, 80, 160),
    ),
}  # fmt: skip

# %%
# Features
# --------
# :math:`K_{\cdot S} K_{SS}^{-1/2}`, with inner products that approximate the kernel. What
# they miss of a row is its residual variance, between 0 and 1 for this kernel. A linear
# classifier on the features is the approximation of a kernel machine.


def features_of(X, landmarks, gamma):
    values, vectors = np.linalg.eigh(rbf_kernel(landmarks, gamma=gamma))
    kept = values > 1e-12 * values[-1]
    return rbf_kernel(X, landmarks, gamma=gamma) @ (
        vectors[:, kept] / np.sqrt(values[kept])
    )


def random_rows(X, n, gamma, seed):
    return np.random.default_rng(seed).choice(len(X), n, replace=False)


def spread_rows(X, n, gamma, seed):
    return kmeans_plusplus(X, n, random_state=seed)[1]


def by_determinants(method):
    return lambda X, n, gamma, seed: dpp_landmarks(
        X, n, gamma=gamma, method=method, random_state=seed
    )


contenders = {
    "random rows": random_rows,
    "k-means++": spread_rows,
    "greedy": by_determinants("greedy"),
    "k-DPP": by_determinants("dual"),
}
measures = ("mean residual", "largest residual", "errors of a classifier")
n_seeds = 10


def judge(X, y, gamma, choose, n, seed):
    train, test, y_train, y_test = train_test_split(
        X, y, test_size=1 / 3, stratify=y, random_state=seed
    )
    landmarks = train[choose(train, n, gamma, seed)]
    features = features_of(train, landmarks, gamma)
    residuals = np.maximum(1 - np.sum(features**2, axis=1), 0)
    classifier = RidgeClassifier(alpha=1e-3).fit(features, y_train)
    errors = 1 - classifier.score(features_of(test, landmarks, gamma), y_test)
    return np.mean(residuals), np.max(residuals), errors


scores = {
    (title, name): np.array(
        [[judge(X, y, gamma, choose, n, seed) for seed in range(n_seeds)] for n in sizes]
    )
    for title, (X, y, gamma, sizes) in problems.items()
    for name, choose in contenders.items()
}
for title, (*_, sizes) in problems.items():
    print(f"{title}, {sizes[2]} landmarks: ", *measures, sep="  ")
    for name in contenders:
        means = np.mean(scores[title, name][2], axis=0)
        print(f"    {name:12}", *(f"{value:14.3g}" for value in means))

# %%
# The answer
# ----------
# To be written.

colours = dict(
    zip(contenders, ("#888888", "#c29a2b", "#d1661a", "#0b6e75"), strict=True)
)
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, axes = plt.subplots(2, 3, figsize=(11.5, 6.6), layout="constrained")
for row, (title, (*_, sizes)) in zip(axes, problems.items(), strict=True):
    for k, (ax, measure) in enumerate(zip(row, measures, strict=True)):
        for name, colour in colours.items():
            values = scores[title, name][..., k]
            ax.plot(sizes, np.mean(values, axis=1), "o-", ms=4, color=colour, label=name)
            low, high = np.quantile(values, [0.1, 0.9], axis=1)
            ax.fill_between(sizes, low, high, color=colour, alpha=0.12, lw=0)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xticks(sizes, labels=map(str, sizes))
        ax.minorticks_off()
        ax.set_title(f"{title}: {measure}", loc="left", fontsize="medium")
        ax.set_xlabel("landmarks")
axes[0, 0].legend(frameon=False)
plt.show()
