r"""
Can a concentration be estimated in 32768 dimensions?
=====================================================

*Embeddings have thousands of dimensions, samples often fewer rows than that. Is the
concentration of a von Mises-Fisher distribution still to be had from them?*

Two things stand in the way. The estimate needs a ratio of Bessel functions that underflow.
And the mean of few rows is longer than that of the distribution, because their random parts
do not cancel. The first is a matter of arithmetic, the second of statistics.
"""

# %%
# The data
# --------
# 500 rows each from distributions whose concentration is known. A mixture of one component
# with a fixed concentration is the distribution to draw from.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from sklearn_kernelx import VonMisesFisher, VonMisesFisherMixture
from sklearn_kernelx.special import iv_ratio

n_samples = 500
rng = np.random.RandomState(1)


def draw(p, kappa):
    law = VonMisesFisherMixture(concentration_type="fixed", concentration=kappa)
    return law.fit(np.ones((1, p))).sample(n_samples, random_state=rng)[0]


# %%
# The estimates
# -------------
# With and without the correction of the bias, and by SciPy, which warns of a quotient of
# zeros and carries on. The standard error is :math:`1 / \sqrt{n A_p'(\kappa)}`, where
# :math:`A_p' = 1 - A_p^2 - (p - 1) A_p/\kappa` is the Fisher information of one row.


def standard_error(p, kappa):
    ratio = iv_ratio(p / 2 - 1, kappa)
    return 1 / np.sqrt(n_samples * (1 - ratio**2 - (p - 1) * ratio / kappa))


def concentrations(X):
    corrected = VonMisesFisher().fit(X)
    likely = VonMisesFisher(bias_correction=False).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        _, peer = stats.vonmises_fisher.fit(X)
    return corrected.concentration_, likely.concentration_, peer


def share_of_finite_densities(X, kappa):
    direction = np.full(X.shape[1], X.shape[1] ** -0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.mean(np.isfinite(stats.vonmises_fisher(direction, kappa).logpdf(X)))


# %%
# A concentration of a tenth of the dimension, of the dimension, and of ten times it. Next
# to the deviation of our estimate from the truth stands how many of SciPy's log-densities
# are finite when it is told the truth.

dimensions = np.array([8, 32, 128, 512, 2048, 8192, 32768])
factors = [0.1, 1, 10]
estimates = np.empty((len(factors), len(dimensions), 3))

print("dimension     kappa  corrected  std. errors off  uncorrected     SciPy  finite")
for i, factor in enumerate(factors):
    for j, p in enumerate(dimensions):
        kappa = factor * p
        X = draw(p, kappa)
        estimates[i, j] = corrected, likely, peer = concentrations(X)
        print(
            f"{p:9} {kappa:9.1f} {corrected:10.1f} "
            f"{(corrected - kappa) / standard_error(p, kappa):16.1f} {likely:12.1f} "
            f"{peer:9.3g} {share_of_finite_densities(X, kappa):7.0%}"
        )

# %%
# How weak a concentration can be told from none? A sweep in 32768 dimensions.

p = dimensions[-1]
weak = p * np.geomspace(0.0005, 2, 15)
sweep = np.array([concentrations(draw(p, kappa)) for kappa in weak])

# %%
# The answer
# ----------
# Yes: the corrected estimate is within about two standard errors of the truth, and the
# more dimensions, the smaller these are. SciPy's root finder takes the NaN that it meets
# for a solution, and answers 1e-08 from 128 dimensions on.
#
# Arithmetic alone does not do. Right to the last digit, the maximum likelihood estimate is
# a tenth too large on the left. On the right, where the concentration gets weaker, it stays
# at about :math:`p / \sqrt n`, which is what it finds in directions without any preference.
# The corrected estimate follows the truth down to where a sample of this size holds no
# trace of it, and then is zero half of the time (drawn on the lower edge).

blue, orange, grey = "#1f6fb2", "#d1661a", "#777777"
names, colours = ("corrected", "maximum likelihood", "SciPy"), (blue, orange, grey)
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")

true = factors[0] * dimensions
relative_errors = standard_error(dimensions, true) / true
left.axhline(1, color="#222222", lw=0.8)
for k, (name, colour) in enumerate(zip(names, colours, strict=True)):
    ratio = estimates[0, :, k] / true
    shown = ratio > 0.5
    places = dimensions * 1.12 ** (k - 1)
    left.errorbar(
        places[shown], ratio[shown], relative_errors[shown], fmt="o", ms=5, color=colour,
        capsize=3, label=name,
    )  # fmt: skip
    left.plot(places[~shown], np.full(np.sum(~shown), 0.76), "v", color=colour)
left.annotate(
    "SciPy from here on: 1e-08", (128, 0.76), (6, 8), color=grey, textcoords="offset points"
)
left.set_ylim(0.74, 1.35)
left.set_title("Concentration a tenth of the dimension", loc="left", fontsize="medium")
left.set_ylabel("estimate / truth, with its standard error")
left.set_xlabel("dimension")
left.legend(frameon=False, loc="upper right")

floor = 12
right.plot(weak, weak, color="#222222", lw=0.8)
for k, colour in enumerate(colours):
    right.plot(weak, np.maximum(sweep[:, k], floor), "ov"[k == 2], color=colour, ms=5,
               clip_on=False, zorder=5 - k)  # fmt: skip
right.set_ylim(bottom=floor)
right.set_yscale("log")
right.axhline(p / np.sqrt(n_samples), color=orange, lw=0.8, ls="--")
right.annotate(
    r"$p / \sqrt{n}$", (weak[-1], p / np.sqrt(n_samples)), (0, -14), color=orange,
    textcoords="offset points", ha="right",
)  # fmt: skip
right.set_title(f"{p} dimensions", loc="left", fontsize="medium")
right.annotate("SciPy: 1e-08", (weak[8], floor), (0, 8), color=grey,
               textcoords="offset points")  # fmt: skip
right.set_xlabel("true concentration")
right.set_ylabel("estimate")
left.set_xscale("log", base=2)
left.set_xticks(dimensions, labels=map(str, dimensions))
right.set_xscale("log")
plt.show()
