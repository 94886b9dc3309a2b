"""
When does a kernel density estimate condense?
=============================================

*How many points does it take, in d dimensions, for a sum of kernels of a given width to be
an average over many of them?*

The answer depends on the number of points n and on d through one ratio,
``alpha = log(n) / d`` [1]_. For normally distributed data
:func:`~sklearn_kernelx.density.gaussian_regimes` gives the bandwidths between which the
regimes lie. Drawn over alpha they make a phase diagram, and simulated data a test of it.

.. [1] Biroli, G. and Mezard, M., "Kernel Density Estimators in Large Dimensions",
       arXiv:2408.05807, 2024.
"""

# %%
# Theory and simulation
# ---------------------
# All variances are 1. In the limit of many dimensions only ``alpha`` matters, so that
# one variance serves for the curves. For finite n there is a correction, which
# ``refined=True``, the default, includes. What
# :func:`~sklearn_kernelx.density.kernel_density_regimes` finds owes nothing to the theory's
# normal distribution: it looks at the distances between simulated points.
import matplotlib.pyplot as plt
import numpy as np

from sklearn_kernelx.density import gaussian_regimes, kernel_density_regimes

KEYS = "h_G", "h_CLT", "h_KL"
alphas = np.geomspace(1e-3, 2, 100)
limits = [
    gaussian_regimes(None, [1.0], refined=False, log_n_samples=alpha) for alpha in alphas
]
limit = {key: np.array([regimes[key] for regimes in limits]) for key in KEYS}

sizes = [(20_000, 20), (20_000, 40), (1_000, 60), (5_000, 200), (100, 200)]
rng = np.random.default_rng(0)
print("     n    d  alpha    h_G limit  refined  measured   h_KL limit  refined  measured")
ratios, points = [], []
for n, d in sizes:
    X = rng.standard_normal((n, d))
    measured = kernel_density_regimes(X, random_state=0, n_jobs=-1)
    refined = gaussian_regimes(n, np.ones(d))
    limiting = gaussian_regimes(n, np.ones(d), refined=False)
    ratios.append(np.log(n) / d)
    points.append((refined, measured))
    print(f"{n:6} {d:4} {ratios[-1]:6.3f}", end="")
    for key in ("h_G", "h_KL"):
        print(f"{limiting[key]:13.3f} {refined[key]:8.3f} {measured[key]:9.3f}", end="")
    print()

# %%
# The phase diagram
# -----------------
# Lines are the limit of many dimensions, rings include the correction, dots are measured.
red, amber, green, blue = "#b03a37", "#9c6a00", "#37795a", "#1d5fa8"
bottom, top = 0.13, 8
figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
for low, high, colour, name, place in [
    (bottom, limit["h_G"], red, "condensed", (0.005, 0.7)),
    (limit["h_G"], limit["h_CLT"], amber, "heavy-tailed", (0.0025, 4.2)),
    (limit["h_CLT"], top, green, "central limit theorem", (0.05, 5)),
]:
    ax.fill_between(alphas, low, high, color=colour, alpha=0.15, lw=0)
    turn = -18 if name == "heavy-tailed" else 0
    ax.text(*place, name, color=colour, fontsize="large", rotation=turn, va="center")
for key, colour, style in (("h_CLT", green, "-"), ("h_G", red, "-"), ("h_KL", blue, "--")):
    ax.plot(alphas, limit[key], style, color=colour, label=key)
    ax.plot(
        ratios, [refined[key] for refined, _ in points], "o", mfc="none", c=colour, ms=9
    )
    ax.plot(ratios, [measured[key] for _, measured in points], ".", c=colour)
for alpha, (n, d), (refined, _) in zip(ratios, sizes, points, strict=True):
    name = f"n = {n}\nd = {d}"
    ax.annotate(
        name, (alpha, refined["h_CLT"]), (0, 9), textcoords="offset points",
        fontsize="x-small", color=green,
    )  # fmt: skip
ax.plot([], [], "ok", mfc="none", ms=9, label="refined, for n and d")
ax.plot([], [], ".k", label="measured in data")
ax.set(xscale="log", yscale="log", xlim=(alphas[0], alphas[-1]), ylim=(bottom, top))
ax.set_yticks([0.2, 0.5, 1, 2, 5], labels=["0.2", "0.5", "1", "2", "5"])
ax.minorticks_off()
ax.set_xlabel("alpha = log(n) / d")
ax.set_ylabel("bandwidth, in standard deviations")
ax.legend(loc="lower left")
plt.show()

# %%
# The answer
# ----------
# The dots lie in the rings, even with fewer points than dimensions. Only in 20 dimensions
# is `h_KL` clearly larger than in theory, which is for many. By theory it lies below `h_G`
# everywhere: the estimate of highest likelihood is a condensed one.
#
# A kernel of a given width leaves the condensed regime only at a certain ``alpha``: the
# number of points has to grow exponentially with the dimension. For the central limit
# theorem to hold with a kernel as wide as the data's own standard deviation,
alpha = np.interp(1, limit["h_CLT"][::-1], alphas[::-1])
for d in (10, 20, 50, 100):
    print(f"{d:3} dimensions take {np.exp(alpha * d):7.0e} points")
