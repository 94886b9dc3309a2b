"""
How many records does a private map need?
=========================================

*A map of where people are, without a trace of any one of them: noise hides a person among
the others. The more others there are, the less it matters.*

:class:`~sklearn_kernelx.privacy.PrivateKernelDensity` makes the map. In two columns with
bounds it puts the kernel on a grid of landmarks, and has no error but noise.
"""

# %%
# Records
# -------
# The pixels of a photograph stand in for people, as there are as many as one likes. A
# record is the colour of one: how bright it is, and how much redder than blue. Bounds and
# bandwidth are known without a look at the picture.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from sklearn.datasets import load_sample_image

from sklearn_kernelx import KernelDensity, PrivateKernelDensity

red, green, blue = load_sample_image("flower.jpg").reshape(-1, 3).T / 255
X = np.stack([(red + green + blue) / 3, red - blue], axis=1)
X = np.random.default_rng(0).permutation(X)
bounds = [0, -1], [1, 1]
bandwidth = 0.12

# %%
# Maps
# ----
# Of 1000, 10 000 and 100 000 records: without privacy, and with an epsilon of 1 and of 0.1,
# at a delta of 1e-6. A density below the standard deviation of the noise is set to that,
# which tints the ground.
sizes = [1000, 10_000, 100_000]
models = {
    "without privacy": KernelDensity(bandwidth=bandwidth),
    "epsilon = 1": PrivateKernelDensity(epsilon=1, bandwidth=bandwidth, bounds=bounds),
    "epsilon = 0.1": PrivateKernelDensity(epsilon=0.1, bandwidth=bandwidth, bounds=bounds),
}
brightness, redness = np.linspace(0, 1, 60), np.linspace(-0.6, 1, 80)
points = np.stack(np.meshgrid(brightness, redness), axis=-1).reshape(-1, 2)
maps = {
    (n, name): np.exp(model.fit(X[:n]).score_samples(points)).reshape(80, 60)
    for n in sizes
    for name, model in models.items()
}

print(f"{'records':>9} {'epsilon':>8} {'n epsilon':>10}   error / highest density")
for n in sizes:
    exact = maps[n, "without privacy"]
    for name, epsilon in (("epsilon = 1", 1), ("epsilon = 0.1", 0.1)):
        error = np.sqrt(np.mean((maps[n, name] - exact) ** 2)) / exact.max()
        print(f"{n:9} {epsilon:8} {epsilon * n:10.0f}   {error:.4f}")

# %%
# The answer
# ----------
# It is the product of epsilon and the number of records that counts: maps on a diagonal are
# equally good, with an error in inverse proportion to it. With 1000 records and an epsilon
# of 1, or 10 000 and 0.1, both clouds are where they should be, and what is fainter cannot
# be told from noise. With ten times as much the map is to the eye the one without privacy.
# With a tenth clouds are torn, and there are some that do not exist.
#
# More detail costs more: a narrow kernel has fewer records in it at every place, and the
# noise is the same.

paper = LinearSegmentedColormap.from_list(
    "paper", ["#ffffff", "#cfe6e4", "#62aeb1", "#0b6e75", "#06363f"]
)
figure, axes = plt.subplots(
    3, 3, figsize=(8.6, 9.4), layout="constrained", sharex=True, sharey=True
)
highest = max(maps[n, "without privacy"].max() for n in sizes)
for row, n in zip(axes, sizes, strict=True):
    for ax, name in zip(row, models, strict=True):
        ax.imshow(
            maps[n, name],
            extent=(0, 1, -0.6, 1),
            origin="lower",
            aspect="auto",
            cmap=paper,
            norm=PowerNorm(0.5, vmin=0, vmax=highest),
            interpolation="bilinear",
        )
        ax.set(xticks=[0, 0.5, 1], yticks=[-0.5, 0, 0.5, 1])
        ax.tick_params(length=0, colors="#777777")
        ax.spines[:].set_color("#cccccc")
    row[0].set_ylabel(f"{n:,} records".replace(",", " "), fontsize="large")
for ax, name in zip(axes[0], models, strict=True):
    ax.set_title(name, fontsize="large")
figure.supxlabel("brightness; upwards, how much redder than blue", fontsize="medium")
plt.show()
