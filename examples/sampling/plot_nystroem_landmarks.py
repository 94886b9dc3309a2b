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
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeClassifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

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
n_seeds = 8


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


def judge_all(X, y, gamma, sizes, choose):
    return np.array(
        [[judge(X, y, gamma, choose, n, seed) for seed in range(n_seeds)] for n in sizes]
    )


with threadpool_limits(1):  # of small matrices, threads mostly wait for each other
    scores = {
        (title, name): judge_all(*problem, choose)
        for title, problem in problems.items()
        for name, choose in contenders.items()
    }
for title, (*_, sizes) in problems.items():
    print(f"{title}, {sizes[2]} landmarks".ljust(27), *measures)
    for name in contenders:
        means = np.mean(scores[title, name][2], axis=0)
        print(f"    {name:14}", *(f"{value:16.3g}" for value in means))

# %%
# The answer
# ----------
# Against random rows, yes; but it is not the k-DPP that wins.
#
# On the digits, which are spread evenly, a k-DPP is no better than random rows. k-means++
# is, in the mean residual, at less cost. Greedy landmarks go for the strangest rows: their
# mean residual is the worst for few landmarks, their largest by far the best, and from 80
# landmarks on they are, with k-means++, the best for a classifier.
#
# On the breast cancer data random landmarks fall into the heap, and rows outside stay as if
# unseen: of one they tell little even when 160 of 379 rows are landmarks. All others do
# better from 40 landmarks on, greedy ones best. How a classifier fares there does not
# depend on the landmarks, and is not shown.
#
# What speaks for a k-DPP is its law: rows are drawn with known probabilities, and the
# expected error is provably near the best of that rank, whatever the data.

colours = dict(zip(contenders, ("#888888", "#c29a2b", "#d1661a", "#0b6e75"), strict=True))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, axes = plt.subplots(2, 3, figsize=(11.5, 6.8), layout="constrained")
panels = [(0, "digits", k) for k in range(3)] + [(1, "breast cancer", k) for k in range(2)]
for row, title, k in panels:
    ax, sizes = axes[row, k], problems[title][3]
    for name, colour in colours.items():
        values = scores[title, name][..., k]
        ax.plot(sizes, np.mean(values, axis=1), "o-", ms=4, color=colour, label=name)
        low, high = np.quantile(values, [0.1, 0.9], axis=1)
        ax.fill_between(sizes, low, high, color=colour, alpha=0.12, lw=0)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(sizes, labels=map(str, sizes))
    ax.minorticks_off()
    ax.set_title(f"{title}: {measures[k]}", loc="left", fontsize="medium")
    ax.set_xlabel("landmarks")
for ax, ticks in zip(
    axes[0], ([0.2, 0.3, 0.5, 0.7], [0.3, 0.5, 0.7, 1], [0.01, 0.02, 0.05, 0.1]),
    strict=True,
):  # fmt: skip
    ax.set_yticks(ticks, labels=map(str, ticks))
axes[0, 0].legend(frameon=False)

X, _, gamma, _ = problems["breast cancer"]
plane = PCA(2).fit_transform(X)
ax = axes[1, 2]
ax.scatter(*plane.T, s=6, color="#cccccc", lw=0)
for name, marker, size in (("random rows", "o", 22), ("k-DPP", "^", 34)):
    chosen = plane[contenders[name](X, 40, gamma, 0)]
    ax.scatter(*chosen.T, s=size, marker=marker, color=colours[name], label=name, lw=0)
ax.set(xticks=[], yticks=[])
ax.set_title("breast cancer: 40 landmarks", loc="left", fontsize="medium")
ax.set_xlabel("first two principal components")
ax.legend(frameon=False)
plt.show()
