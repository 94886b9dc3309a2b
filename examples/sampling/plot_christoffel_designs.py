r"""
Where should a polynomial be measured?
======================================

*A function of a few variables is to be approximated by a polynomial, and may be measured
anywhere. Are random points good enough, and what are better ones?*

:func:`~sklearn_kernelx.christoffel_design` draws points for the functions of a basis:
independently from the measure of the domain, independently by leverage, or with the
repulsion of a determinantal process. The weights make all of them estimate the same.
"""

# %%
# One variable
# ------------
# Ten Legendre polynomials. Leverage, :math:`|\phi(x)|^2 / m`, is large at the ends of the
# interval, where polynomials vary most. Independent draws by that density cluster and
# leave gaps; the points of one determinantal sample do not.
import matplotlib.pyplot as plt
import numpy as np

from sklearn_kernelx import FourierBasis, HermiteBasis, LegendreBasis, christoffel_design

designs = ("iid", "leverage", "volume", "repeated_dpp")
line = LegendreBasis(degree=9)
grid = np.linspace(-1, 1, 1001)[:, np.newaxis]
density = np.mean(line.fit_transform(grid) ** 2, axis=1) / 2

# %%
# Stability
# ---------
# The Gram matrix of the weighted rows is the identity in expectation. Its condition number
# tells by how much least squares may magnify errors, and is known before anything has been
# measured.


def gram(basis, n_samples, design, seed):
    X, weight = christoffel_design(basis, n_samples, design=design, random_state=seed)
    rows = basis.fit_transform(X)
    return rows.T @ (weight[:, np.newaxis] * rows) / n_samples


bases = {
    "Legendre, degree 19": LegendreBasis(19),
    "Legendre, 2 variables, degree 8": LegendreBasis(8, n_features=2),
    "Hermite, 2 variables, degree 5": HermiteBasis(5, n_features=2),
    "Fourier, 2 variables, total degree 3": FourierBasis(3, n_features=2),
}
factors = np.array([1, 1.25, 1.5, 2, 3, 4, 8])
n_seeds = 60
conditions = {}
for title, basis in bases.items():
    m = gram(basis, 400, "iid", 0).shape[0]
    print(
        f"{title}, m = {m}: median condition number for n = 2 m; P(|G - I| > 1/2) for 8 m"
    )
    for design in designs:
        grams = np.array(
            [
                [gram(basis, round(factor * m), design, seed) for seed in range(n_seeds)]
                for factor in factors
            ]
        )
        eigenvalues = np.linalg.eigvalsh(grams)
        smallest = np.maximum(eigenvalues[..., 0], 1e-16)
        conditions[title, design] = eigenvalues[..., -1] / smallest
        far = np.abs(eigenvalues - 1).max(axis=-1) > 0.5
        twice = np.median(conditions[title, design][list(factors).index(2)])
        print(f"    {design:13} {twice:10.3g} {np.mean(far[-1]):6.2f}")

# %%
# The answer
# ----------
# Random points are not: of polynomials in one variable they make least squares useless, and
# Hermite polynomials under the normal law are worse, since they are largest where hardly a
# point falls. Drawing by leverage mends most of that, but needs several times as many
# points as there are functions, for independent points leave gaps.
#
# Repeated determinantal samples need two. Volume sampling has one such sample and is
# otherwise independent: as good for n = m, little better than leverage from 4 m on. In one
# variable the gain is largest. It shrinks with the number of variables, and where leverage
# is even, as for sines and cosines, "iid" and "leverage" are the same law.
#
# The theory's bound of 1/2 on the distance of the Gram matrix from the identity is another
# matter: it is hardly ever met with 8 m points unless they repel each other, and not always
# then.

colours = dict(zip(designs, ("#888888", "#7fb3d5", "#1f6fb2", "#0b6e75"), strict=True))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
figure = plt.figure(figsize=(11.5, 10.5), layout="constrained")
top, middle, bottom = figure.subfigures(3, 1, height_ratios=(1, 1.35, 1.25))

left, right = top.subplots(1, 2, sharex=True)
left.fill_between(grid[:, 0], density, color="#0b6e75", alpha=0.2, lw=0)
left.axhline(0.5, color=colours["iid"], lw=1)
left.annotate("iid", (0.3, 0.5), (0, -11), textcoords="offset points",
              color=colours["iid"])  # fmt: skip
left.annotate("by leverage", (-0.92, 1.4), color=colours["repeated_dpp"])
left.set_ylim(0, 2.4)
left.set_title("Ten polynomials: the density of points", loc="left", fontsize="medium")
left.set_xlabel("x")
for place, design in enumerate(("iid", "leverage", "repeated_dpp")):
    for seed in range(4):
        points, _ = christoffel_design(line, 10, design=design, random_state=seed)
        height = -(place + 0.17 * (seed - 1.5))
        right.plot(points[:, 0], np.full(10, height), "|", ms=8, color=colours[design])
right.set_yticks([0, -1, -2], labels=("iid", "leverage", "repeated_dpp"))
right.tick_params(axis="y", length=0)
right.set_title("Four samples of ten points each", loc="left", fontsize="medium")
right.set_xlabel("x")

square = bases["Legendre, 2 variables, degree 8"]
for ax, design in zip(
    middle.subplots(1, 3, sharey=True), ("iid", "leverage", "repeated_dpp"), strict=True
):
    X, weight = christoffel_design(square, 180, design=design, random_state=1)
    ax.scatter(*X.T, s=18 * weight, color=colours[design], alpha=0.75, lw=0)
    ax.set_aspect("equal")
    ax.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_title(f"{design}: 180 points for 45 polynomials", loc="left", fontsize="medium")
    ax.set_xlabel("area: weight")

for ax, title in zip(bottom.subplots(1, 4, sharey=True), bases, strict=True):
    for design in designs:
        low, mid, high = np.quantile(conditions[title, design], [0.1, 0.5, 0.9], axis=1)
        ax.plot(factors, mid, "o-", ms=4, color=colours[design], label=design)
        ax.fill_between(factors, low, high, color=colours[design], alpha=0.15, lw=0)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_ylim(1, 1e6)
    ax.set_xticks([1, 2, 4, 8], labels=["m", "2 m", "4 m", "8 m"])
    ax.set_xlabel("points")
    ax.set_title(title.replace(", ", ",\n", 1), loc="left", fontsize="medium")
    if title.startswith("Legendre, d"):
        ax.set_ylabel("condition number of G,\nmedian and 10 to 90 %")
ax.legend(frameon=False, fontsize="small")
plt.show()
