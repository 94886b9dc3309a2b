"""
How many labels does a regression need?
=======================================

*A model has m coefficients, and every label costs. Is it enough to ask for little more than
m of them, and for which?*

:class:`~sklearn_kernelx.DPPLeastSquares` chooses the rows to label from their features
alone and fits the labels of these. Here it meets random rows, k-means++, which spreads rows
evenly over the inputs, and greedy determinants (D-optimality).
"""

# %%
# Three problems
# --------------
# Two functions that stand for slow simulators, and measurements of real tumours.
#
# * Ishigami's function of 3 inputs, with all polynomials up to degree 7.
# * Friedman's first function of 5 inputs, with all polynomials up to degree 3.
# * The breast cancer data. Ten properties of nuclei, each as the mean over an image, the
#   standard error and the mean of the three largest. How well do the first two tell the
#   third? All are taken by their logarithms; the model is linear.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.datasets import load_breast_cancer, make_friedman1
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import threadpool_limits

from sklearn_kernelx import DPPLeastSquares, LegendreBasis


def ishigami():
    X = np.random.default_rng(0).uniform(-1, 1, (6000, 3))
    a, b, c = np.pi * X.T
    return X, np.sin(a) + 7 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a), LegendreBasis(7)


def friedman():
    X, y = make_friedman1(6000, n_features=5, random_state=0)
    return 2 * X - 1, y, LegendreBasis(3)


def nuclei():
    data = load_breast_cancer().data
    scaled = StandardScaler().fit_transform(np.log(data + 0.01))
    return scaled[:, :20], scaled[:, 20:], PolynomialFeatures(1)


problems = {
    "Ishigami's function, 3 inputs": ishigami(),
    "Friedman's function, 5 inputs": friedman(),
    "Nuclei, 20 measurements": nuclei(),
}

# %%
# The contest
# -----------
# Two thirds of the rows are the pool, the others are for the test. What counts is the
# error on these, as a multiple of the error that the fit of *all* labels of the pool has.
# Random rows and those of k-means++ are fitted by plain least squares, the designs with
# their weights. Rows drawn twice are labelled once.


def root_mean_square(errors):
    return np.sqrt(np.mean(np.square(errors)))


def uniform_rows(X, n, seed):
    return np.random.default_rng(seed).choice(len(X), n, replace=False)


def spread_rows(X, n, seed):
    return kmeans_plusplus(X, n, random_state=seed)[1]


def fit_rows(choose):
    def fit(X, features, y, n, seed):
        rows = choose(X, n, seed)
        return LinearRegression(fit_intercept=False).fit(features[rows], y[rows]), n

    return fit


def fit_design(design):
    def fit(X, features, y, n, seed):
        model = DPPLeastSquares(design=design, n_samples=n, random_state=seed)
        with warnings.catch_warnings():  # independent draws may miss a coefficient
            warnings.simplefilter("ignore", UserWarning)
            model.fit(features, y)
        return model, model.n_labels_

    return fit


contenders = {
    "random rows": fit_rows(uniform_rows),
    "k-means++": fit_rows(spread_rows),
    "greedy": fit_design("greedy"),
    "leverage": fit_design("leverage"),
    "volume": fit_design("volume"),
    "repeated_dpp": fit_design("repeated_dpp"),
}
factors = np.array([1.1, 1.3, 1.6, 2, 3, 5])
n_seeds = 20


def contest(X, y, basis):
    features = basis.fit_transform(X)
    pool, test = train_test_split(np.arange(len(X)), test_size=1 / 3, random_state=0)
    best = LinearRegression(fit_intercept=False).fit(features[pool], y[pool])
    least = root_mean_square(best.predict(features[test]) - y[test])
    results = {}
    for name, fit in contenders.items():
        results[name] = np.empty((len(factors), n_seeds, 2))
        for i, factor in enumerate(factors):
            n = round(factor * features.shape[1])
            for seed in range(1 if name == "greedy" else n_seeds):
                model, n_labels = fit(X[pool], features[pool], y[pool], n, seed)
                error = root_mean_square(model.predict(features[test]) - y[test])
                results[name][i, seed] = n_labels, error / least
            results[name][i, seed:] = results[name][i, seed]
    return features.shape[1], results


with threadpool_limits(1):  # of small matrices, threads mostly wait for each other
    outcomes = {title: contest(*problem) for title, problem in problems.items()}
for title, (m, results) in outcomes.items():
    print(f"\n{title}, m = {m}: error for 2 m draws")
    for name, result in results.items():
        n_labels, errors = result[list(factors).index(2)].T
        print(
            f"    {name:14} median {np.median(errors):6.2f}, one in ten above "
            f"{np.quantile(errors, 0.9):6.2f}, {np.mean(n_labels):5.0f} labels"
        )

# %%
# The answer
# ----------
# Two labels for each coefficient give an error about 1.4 times the least that the model can
# have, or less, if they are the right ones. Which are right depends.
#
# Polynomials of a high degree are largest at the edges of the domain, where random rows are
# rare: for the same error these need twice the labels. Determinantal draws are the best
# random ones there, the more clearly the fewer labels there are, and bad luck makes them
# little worse. Volume sampling is between them and independent draws by leverage.
#
# k-means++ knows no model. In five inputs with a low degree it is as good as any design or
# better; in three with a high degree it is not.
#
# Greedy rows are by far the best if labels are hardly more than coefficients, and on
# Ishigami's function always. But they are chosen for a model that is right. Where it is
# not, more of them do not help: with Friedman's function their error stays 40 % larger
# than it need be, while that of the draws goes to the least, as theory promises.
#
# On the nuclei noise decides. From two labels a coefficient on all are close to each other,
# and the designs save little more than the labels of rows drawn twice.

colours = dict(
    zip(
        contenders,
        ("#888888", "#c29a2b", "#d1661a", "#7fb3d5", "#1f6fb2", "#0b6e75"),
        strict=True,
    )
)
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, axes = plt.subplots(
    2, 3, figsize=(11.5, 6.6), layout="constrained", sharex="col", sharey="row"
)
for column, (title, (m, results)) in zip(axes.T, outcomes.items(), strict=True):
    for ax, level in zip(column, (0.5, 0.9), strict=True):
        for name, result in results.items():
            n_labels, errors = np.mean(result[..., 0], axis=1), result[..., 1]
            ax.plot(
                n_labels, np.quantile(errors, level, axis=1), "o-", ms=4, label=name,
                color=colours[name], lw=2.4 if name == "repeated_dpp" else 1.4,
            )  # fmt: skip
        ax.set_ylim(0.95, 12)
        ax.set_yscale("log")
        ax.axhline(1, color="#222222", lw=0.8)
        ax.axvline(m, color="#222222", lw=0.8, ls=":")
    column[0].set_title(f"{title}, m = {m}", loc="left", fontsize="medium")
    column[1].set_xlabel("labels")
ticks = [1, 1.5, 2, 3, 5, 10]
axes[0, 0].set_yticks(ticks, labels=map(str, ticks))
axes[1, 0].set_yticks(ticks, labels=map(str, ticks))
for ax in axes[:, 0]:
    ax.minorticks_off()
axes[0, 0].set_ylabel("error / least error\nmedian")
axes[1, 0].set_ylabel("error / least error\none in ten is worse")
axes[0, 2].legend(frameon=False, ncols=2, fontsize="small")
plt.show()
