"""
In which regime is a density estimate?
======================================

*When a kernel density estimate gives a number, how many data points stand behind it?*

In many dimensions the sum over the training points has three regimes [1]_. Above a
bandwidth `h_CLT` many points share in it and the central limit theorem holds. Below `h_G` a
few points decide: the sum has condensed. Between the two, single points weigh so much that
the sum has heavy tails. Here are three data sets in their regimes: handwritten digits,
patches of photographs, and normally distributed points, where theory says what to expect.

.. [1] Biroli, G. and Mezard, M., "Kernel Density Estimators in Large Dimensions",
       arXiv:2408.05807, 2024.
"""

# %%
# Data
# ----
# The digits have 64 pixels, and so have the patches: the tiles of 8 x 8 pixels that make up
# scikit-learn's two sample photographs, in grey. Grey levels are whole numbers, and patches
# of a white sky would be equal: noise as wide as one level undoes the rounding.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, load_sample_images
from sklearn.model_selection import train_test_split

from sklearn_kernelx import KernelDensity
from sklearn_kernelx.density import (
    CondensedRegimeWarning,
    RegimeDisplay,
    gaussian_regimes,
)

rng = np.random.default_rng(0)


def tiles(image):
    """Return the 8 x 8 tiles of an image as rows."""
    grey = np.mean(image, axis=2)
    grey = (grey + rng.random(grey.shape))[: len(grey) // 8 * 8]
    return grey.reshape(len(grey) // 8, 8, -1, 8).swapaxes(1, 2).reshape(-1, 64)


data = {
    "digits": load_digits().data,
    "patches": np.concatenate([tiles(image) for image in load_sample_images().images]),
    "normal": rng.standard_normal((20_500, 40)),
}

# %%
# Where the best bandwidth lies
# -----------------------------
# ``bandwidth="kl"`` takes the bandwidth of highest likelihood, `h_KL`.
# :class:`~sklearn_kernelx.density.RegimeDisplay` draws the likelihood of 500 points that
# the estimate has not seen, at this and other bandwidths; ``diagnose`` tells of each of
# them how many training points decide its density. The *participation ratio* is the sum of
# the squared shares that the training points have in the density: 1 if one point is all of
# it, 1/2 if two points are half each, 1/1000 if a thousand share it.
figure, panels = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
# The number of condensed points is what is asked here: no need to be warned of them.
warnings.simplefilter("ignore", CondensedRegimeWarning)
diagnoses = {}
print("data     h_KL / h_G   participation   condensed")
for panel, (name, X) in zip(panels, data.items(), strict=True):
    known, unseen = train_test_split(X, test_size=500, random_state=0)
    kde = KernelDensity(bandwidth="kl", n_jobs=-1).fit(known)
    display = RegimeDisplay.from_estimator(kde, unseen, ax=panel)
    panel.set_title(f"{name}: {len(known)} in {X.shape[1]} dimensions", loc="left")
    diagnoses[name] = unseen, kde.diagnose(unseen)
    participation = np.mean(diagnoses[name][1].participation_ratio)
    condensed = np.mean(diagnoses[name][1].regime == "condensed")
    ratio = kde.bandwidth_ / display.h_G
    print(f"{name:8} {ratio:10.2f} {participation:15.2f} {condensed:11.0%}")

theory = gaussian_regimes(len(known), np.ones(40))
for name, h in (("h_G", theory.h_G), ("h_CLT", theory.h_CLT)):
    panel.axvline(h, color="k", lw=1, ls="-.")
    across = panel.get_xaxis_transform()
    panel.text(h, 0.35, f" {name},\n theory", transform=across, fontsize="small")
plt.show()

# %%
# The answer
# ----------
# The best estimate of the digits is deep in the condensed regime, at a third of `h_G`. A
# participation ratio of 0.9 says that one training digit makes nearly all of the density:
# the logarithm of it is, but for a constant, the squared distance of the nearest. Wider
# kernels, which bring in more training points, give unseen digits a lower likelihood. Such
# an estimate is good for comparing models and bandwidths, but there is no confidence
# interval for its value at a point.
#
# The normal points condense at about the bandwidth that theory computes from their number
# and their variances. Here, too, the best bandwidth is below it. Theory says that so it is
# with all normal data in the limit of many dimensions.
#
# Not so for the patches. `h_G` is where the *mean* participation ratio has come down to a
# certain value, and photographs have no typical patch: sky is flat and there is much of it,
# while no leaf is like another. So the mean falls slowly, and at one bandwidth hundreds of
# training points stand behind some patches and a single one behind others. Sorted by their
# contrast:
unseen, diagnosis = diagnoses["patches"]
order = np.argsort(np.std(unseen, axis=1))
for name, part in zip(("flat", "middle", "rich"), np.array_split(order, 3), strict=True):
    condensed = np.mean(diagnosis.regime[part] == "condensed")
    n_effective = np.median(diagnosis.n_effective[part])
    print(f"{name:6} third: {condensed:4.0%} condensed, {n_effective:6.1f} points decide")
