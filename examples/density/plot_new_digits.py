"""
=============================================
How wide a kernel invents digits worth seeing
=============================================

Can a density estimate invent handwritten digits that are new and still digits? A sample
of a kernel density estimate is a training point moved by noise as wide as the bandwidth:
too narrow, and it copies; too wide, and it blurs. Cross-validated likelihood finds a
bandwidth between the two.
"""

# %%
# The model
# ---------
# PCA finds the 25 directions in which the digits vary most; the density lives there. The
# search is over the bandwidth alone: densities on different numbers of components have
# different units, so their likelihoods cannot be compared.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline

from sklearn_kernelx import KernelDensity

X = load_digits().data
search = GridSearchCV(
    make_pipeline(PCA(n_components=25, random_state=0), KernelDensity()),
    {"kerneldensity__bandwidth": np.geomspace(1, 8, 25)},
    cv=KFold(5, shuffle=True, random_state=0),
).fit(X)
pca, density = search.best_estimator_
print(f"bandwidth: {density.bandwidth_:.2f} grey levels out of 16")

# %%
# New digits
# ----------
# One seed for all three bandwidths: a column shows one training digit, moved by the same
# noise at three widths. Narrow kernels give back the training digit, the chosen one varies
# the strokes, and wide ones lose them.

bandwidths = {
    "too narrow": density.bandwidth_ / 10,
    "chosen": density.bandwidth_,
    "too wide": density.bandwidth_ * 3,
}
n_digits = 12
figure, rows = plt.subplots(3, n_digits, figsize=(9, 2.9), layout="constrained")
for axes, (name, bandwidth) in zip(rows, bandwidths.items(), strict=True):
    model = KernelDensity(bandwidth=bandwidth).fit(pca.transform(X))
    images = pca.inverse_transform(model.sample(n_digits, random_state=0))
    for ax, image in zip(axes, images.reshape(-1, 8, 8), strict=True):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    axes[0].set_ylabel(f"{name}\n{bandwidth:.2g}")
figure.suptitle("Digits drawn from kernel density estimates, by bandwidth")
plt.show()
