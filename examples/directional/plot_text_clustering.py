"""
Does text know which part of a library it comes from?
=====================================================

*The docstrings of SciPy are written by subpackage: signal processing, statistics, special
functions ... Do clusters of their words find the subpackages, and which clusters do?*

Texts of different length on the same matter have similar directions and different norms.
:class:`~sklearn_kernelx.SphericalKMeans` and
:class:`~sklearn_kernelx.VonMisesFisherMixture` look at directions only, and read the sparse
term frequencies as they are.
"""

# %%
# The texts
# ---------
# Every public function and class of the larger subpackages with more than a line of
# documentation, as weighted frequencies of its words. No word of SciPy's own naming of
# modules is taken out, no text is sorted out by hand.
import importlib
import inspect
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score

from sklearn_kernelx import SphericalKMeans, VonMisesFisherMixture

subpackages = np.array(
    ["fft", "integrate", "interpolate", "linalg", "ndimage", "optimize", "signal",
     "sparse", "special", "stats"]
)  # fmt: skip
texts = {}
for label, name in enumerate(subpackages):
    module = importlib.import_module(f"scipy.{name}")
    for attribute in filter(lambda name: not name.startswith("_"), dir(module)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            member = getattr(module, attribute)
        text = inspect.getdoc(member) or ""
        if callable(member) and len(text) > 300:
            texts.setdefault(text, label)
labels = np.array(list(texts.values()))
vectorizer = TfidfVectorizer(
    min_df=3, max_df=0.3, sublinear_tf=True, stop_words="english",
    token_pattern="[a-zA-Z]{3,}",
)  # fmt: skip
X = vectorizer.fit_transform(texts)
print(f"{X.shape[0]} texts, {X.shape[1]} words, {X.nnz / np.prod(X.shape):.1%} not zero")

# %%
# The contest
# -----------
# Each method with three starts, for several numbers of clusters; three times, with other
# seeds. The adjusted Rand index is 1 where clusters and subpackages are the same and about
# 0 where clusters are drawn at random. The rows have length one already, so that
# scikit-learn's k-means sees the same directions.

sizes = [4, 6, 8, 10, 14, 20, 30]
methods = {
    "SphericalKMeans": lambda k, seed: SphericalKMeans(k, n_init=3, random_state=seed),
    "mixture": lambda k, seed: VonMisesFisherMixture(k, n_init=3, random_state=seed),
    "mixture, full": lambda k, seed: VonMisesFisherMixture(
        k, concentration_type="full", n_init=3, random_state=seed
    ),
    "scikit-learn's KMeans": lambda k, seed: KMeans(k, n_init=3, random_state=seed),
}
index = {name: np.empty((len(sizes), 3)) for name in methods}
bic = {name: np.empty((len(sizes), 3)) for name in methods if "mixture" in name}
for name, make in methods.items():
    start = time.perf_counter()
    for i, k in enumerate(sizes):
        for seed in range(3):
            model = make(k, seed)
            index[name][i, seed] = adjusted_rand_score(labels, model.fit_predict(X))
            if name in bic:
                bic[name][i, seed] = model.bic(X)
    seconds = time.perf_counter() - start
    at_ten = np.mean(index[name][sizes.index(10)])
    print(f"{name:22} index for 10 clusters {at_ten:.2f}, {seconds:5.1f} s for all fits")

# %%
# What the clusters are
# ---------------------
# The mixture with one common concentration and as many components as BIC asks for. Each is
# named by the words in which its direction is farthest from the mean of all.

best = sizes[int(np.argmin(np.min(bic["mixture"], axis=1)))]
model = methods["mixture"](best, 0)
found = model.fit_predict(X)
table = np.zeros((len(subpackages), best))
np.add.at(table, (labels, found), 1)
order = np.lexsort((-table.max(axis=0), table.argmax(axis=0)))
words = vectorizer.get_feature_names_out()
distinct = model.mean_directions_ - model.weights_ @ model.mean_directions_
names = [", ".join(words[np.argsort(-row)[:3]]) for row in distinct[order]]
one_each = methods["mixture, full"](10, 0).fit(X)
print("concentrations, full:", *np.sort(one_each.concentrations_).round().astype(int))

# %%
# The answer
# ----------
# Largely. Most clusters belong to one subpackage, and the mixture divides the large ones by
# subject: BIC asks for more clusters than there are subpackages, and the picture shows
# what for. Fewer agree best with the subpackages.
#
# Clusters on the sphere agree with the subpackages better than k-means, whose centers are
# the shorter the more the texts of a cluster differ. A short center is near to all that is
# unlike anything, and the cluster of the shortest takes up to a quarter of the texts.
#
# A concentration for each component does worst: families of functions whose texts differ
# in a word or two get concentrations far above the rest, and the texts that have no such
# twins are swept together. BIC does not warn of it. It prefers these mixtures, and rightly
# so, for they are the better densities: likelihood is no judge of what clusters are for.

colours = dict(zip(methods, ("#0b6e75", "#1f6fb2", "#d1661a", "#888888"), strict=True))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure = plt.figure(figsize=(11.5, 6), layout="constrained")
left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1))
ax = left.subplots()
shares = table[:, order] / table.sum(axis=1, keepdims=True)
ax.imshow(shares.T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
for row, column in np.argwhere(table[:, order].T >= 3):
    share = shares[column, row]
    ax.text(column, row, f"{100 * share:.0f}", ha="center", va="center",
            color="white" if share > 0.5 else "#333333", fontsize="x-small")  # fmt: skip
ax.set_xticks(range(len(subpackages)), labels=subpackages, rotation=60)
ax.set_yticks(range(best), labels=names, fontsize="small")
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
ax.set_title("Per cent of a subpackage in each cluster", loc="left", fontsize="medium")

above, below = right.subplots(2, 1, sharex=True)
for name, values in index.items():
    mean = np.mean(values, axis=1)
    above.plot(sizes, mean, "o-", ms=4, color=colours[name], label=name)
    above.fill_between(
        sizes, values.min(axis=1), values.max(axis=1), color=colours[name], alpha=0.15, lw=0
    )
above.set_ylim(0, 0.75)
above.legend(frameon=False, ncols=2, loc="upper center", fontsize="small")
above.set_ylabel("adjusted Rand index")
above.set_title("Agreement with the subpackages", loc="left", fontsize="medium")
one = VonMisesFisherMixture(1).fit(X).bic(X)
for name, values in bic.items():
    below.plot(
        sizes, (values.min(axis=1) - one) / 1e5, "o-", ms=4, color=colours[name], label=name
    )
below.legend(frameon=False, fontsize="small")
below.set_ylabel("BIC less that of one\ncomponent, in 1e5")
below.set_xlabel("number of clusters")
plt.show()
