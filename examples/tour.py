"""A tour of the package on real data: ``python examples/tour.py`` writes a page.

Each stop is a function, listed in `STOPS`, from a display and ``quick`` to a `Stop`. All
else here writes down what the stops return, and knows nothing about their subjects.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import textwrap
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy import stats
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.kernel_approximation import RBFSampler
from sklearn.linear_model import LinearRegression, Ridge, SGDClassifier
from sklearn.metrics import (
    adjusted_rand_score,
    confusion_matrix,
    pairwise_distances_argmin_min,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KernelDensity as PeerKernelDensity
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelBinarizer, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from sklearn_kernelx import (
    AnalyticIncrementalClassifier,
    DPPLeastSquares,
    KernelDensity,
    LegendreBasis,
    PrivateKernelClassifier,
    QuantumKernelSVC,
    SphericalKMeans,
    VariationalQuantumClassifier,
    VonMisesFisher,
    ZZFeatureMap,
    christoffel_design,
    fidelity_kernel,
    kernel_diagnostics,
    make_ad_hoc,
)
from sklearn_kernelx.density import CondensedRegimeWarning, RegimeDisplay

OUTPUT = Path(__file__).resolve().parents[1] / "build" / "demo"
OURS, PEER, INK = "#0b6e75", "#d1603d", "#444444"


# What a stop returns


@dataclass
class Picture:
    """A figure, the name of its file and the sentence below it."""

    name: str
    figure: Figure
    caption: str


@dataclass
class Table:
    """Cells as text; all columns but the first `n_labels` hold numbers."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    n_labels: int = 1


@dataclass
class Stop:
    """One section of the page."""

    title: str
    findings: Sequence[str]
    pictures: Sequence[Picture]
    tables: Sequence[Table] = ()


# Density


@dataclass
class Contender:
    """Log-densities of one implementation and the seconds they took."""

    bandwidth: float
    name: str
    log_density: NDArray
    seconds: float


def density(display: Display, quick: bool) -> Stop:
    display.begin("density", n_steps=5)
    digits = load_digits().data[:: 6 if quick else 1]
    known, unseen = train_test_split(digits, test_size=1 / 3, random_state=0)

    display.step("choosing a bandwidth")
    search = search_bandwidth(known, n_bandwidths=5 if quick else 25)
    chosen = search.best_params_["density__bandwidth"]

    display.step("inventing digits")
    pca, model = search.best_estimator_
    new, components = model.sample(48, random_state=0), pca.transform(known)
    sources, new_gaps = pairwise_distances_argmin_min(new, components)
    _, unseen_gaps = pairwise_distances_argmin_min(pca.transform(unseen), components)

    contests = []
    for bandwidth in (1.0, chosen):
        display.step(f"scoring unseen digits, bandwidth {bandwidth:.3g}")
        contests.append(compare(known, unseen, bandwidth, n_repeats=1 if quick else 7))

    display.step("drawing pictures")
    return Stop(
        title="Density: new digits, and the right likelihood of unseen ones",
        findings=[
            f"The data are scikit-learn's handwritten digits, {len(digits)} images of 8 x "
            f"8 pixels in grey levels from 0 to 16: {len(known)} to learn from and "
            f"{len(unseen)} kept unseen.",
            f"GridSearchCV over a Pipeline of PCA and KernelDensity picks a bandwidth of "
            f"{chosen:.2f} grey levels. It searches the bandwidth only: densities on "
            f"different numbers of components have different units and cannot be compared. "
            f"The {pca.n_components_} components kept hold "
            f"{pca.explained_variance_ratio_.sum():.0%} of the variance.",
            f"A new digit is a known one moved at random by the bandwidth, far enough not "
            f"to be a copy: on the components, its median distance to the nearest known is "
            f"{np.median(new_gaps):.1f}, that of an unseen real digit "
            f"{np.median(unseen_gaps):.1f}.",
            *map(describe_contest, contests),
        ],
        pictures=[
            Picture(
                "density-new-digits.png",
                draw_digits(pca.inverse_transform(new), known[sources]),
                "Left, digits sampled from the model. Right, in the same places, the known "
                "digit nearest to each.",
            ),
            Picture(
                "density-bandwidth.png",
                draw_search(search, len(known)),
                "A kernel too narrow finds unseen digits next to impossible; one too wide "
                "spreads its probability over images that are no digits.",
            ),
            Picture(
                "density-accuracy.png",
                draw_contests(contests),
                "Log-densities of the unseen digits on all 64 pixels against the exact sum "
                "over all pairs. Right answers lie on the diagonal.",
            ),
        ],
        tables=[
            Table(
                f"Log-densities of {len(unseen)} unseen digits from {len(known)} known "
                "ones on all 64 pixels, against a log-sum-exp over all pairs in extended "
                "precision. Time to fit and score; the median of several runs, but for "
                "the reference.",
                ("bandwidth", "method", "largest error", "off by > 0.01", "time"),
                [row for contest in contests for row in contest_rows(contest)],
                n_labels=2,
            )
        ],
    )


def search_bandwidth(X: NDArray, n_bandwidths: int) -> GridSearchCV:
    pipeline = Pipeline(
        [("pca", PCA(n_components=25, random_state=0)), ("density", KernelDensity())]
    )
    return GridSearchCV(
        pipeline,
        {"density__bandwidth": np.geomspace(1, 8, n_bandwidths)},
        cv=KFold(5, shuffle=True, random_state=0),
    ).fit(X)


def exact_log_density(
    X: NDArray, queries: NDArray, bandwidth: float, block: int = 16
) -> NDArray[np.longdouble]:
    """Return the Gaussian log-density by a log-sum-exp over all pairs."""
    X, queries = X.astype(np.longdouble), queries.astype(np.longdouble)
    h = np.longdouble(bandwidth)
    log_sums = []
    for first in range(0, len(queries), block):
        offsets = queries[first : first + block, np.newaxis] - X
        exponents = -np.sum(offsets**2, axis=2) / (2 * h**2)
        largest = exponents.max(axis=1)
        terms = np.exp(exponents - largest[:, np.newaxis])
        log_sums.append(largest + np.log(terms.sum(axis=1)))
    log_two_pi = np.log(8 * np.arctan(np.longdouble(1)))
    log_norm = X.shape[1] * (log_two_pi / 2 + np.log(h)) + np.log(np.longdouble(len(X)))
    return np.concatenate(log_sums) - log_norm


def compare(
    X: NDArray, queries: NDArray, bandwidth: float, n_repeats: int
) -> list[Contender]:
    """Return exact, scikit-learn's, and our log-densities, ours on one and all threads."""
    estimators = {
        "scikit-learn": PeerKernelDensity(bandwidth=bandwidth),
        "ours, n_jobs=1": KernelDensity(bandwidth=bandwidth, n_jobs=1),
        "ours, n_jobs=-1": KernelDensity(bandwidth=bandwidth, n_jobs=-1),
    }
    start = time.perf_counter()
    exact = exact_log_density(X, queries, bandwidth)
    scores = {"exact (NumPy)": exact}
    seconds = {"exact (NumPy)": [time.perf_counter() - start]}
    for _ in range(n_repeats):  # interleaved: a busy moment slows all of them
        for name, estimator in estimators.items():
            start = time.perf_counter()
            scores[name] = estimator.fit(X).score_samples(queries)
            seconds.setdefault(name, []).append(time.perf_counter() - start)
    return [
        Contender(bandwidth, name, scores[name], median(seconds[name])) for name in scores
    ]


def errors(contest: list[Contender]) -> list[NDArray]:
    exact = contest[0].log_density
    return [np.abs(contender.log_density - exact) for contender in contest]


def describe_contest(contest: list[Contender]) -> str:
    _, peer, one, all_ = contest
    _, peer_error, our_error, _ = errors(contest)
    return (
        f"At bandwidth {peer.bandwidth:.3g} scikit-learn's log-density on all 64 pixels is "
        f"off by more than 0.01 for {np.sum(peer_error > 0.01)} of {len(peer_error)} "
        f"unseen digits, at worst by {format_error(peer_error.max())}. Ours is off by "
        f"{format_error(our_error.max())} at worst, and {peer.seconds / one.seconds:.0f} "
        f"times as fast on one thread, {peer.seconds / all_.seconds:.0f} times on all "
        f"processors."
    )


def contest_rows(contest: list[Contender]) -> list[tuple[str, ...]]:
    rows = []
    for contender, error in zip(contest, errors(contest), strict=True):
        largest = error.max()
        rows.append(
            (
                f"{contender.bandwidth:.3g}",
                contender.name,
                "reference" if contender is contest[0] else format_error(largest),
                "" if contender is contest[0] else str(np.sum(error > 0.01)),
                f"{1000 * contender.seconds:.1f} ms",
            )
        )
    return rows


def format_error(error: float) -> str:
    return f"{error:.1e}" if error < 0.001 else f"{error:.3g}"


def draw_digits(new: NDArray, known: NDArray) -> Figure:
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    figure.get_layout_engine().set(wspace=0.08)
    blocks = zip(figure.subplots(1, 2), ("New", "Nearest known"), (new, known), strict=True)
    for axes, title, images in blocks:
        tiles = np.pad(images.reshape(6, 8, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)))
        mosaic = tiles.transpose(0, 2, 1, 3).reshape(60, 80)
        axes.imshow(mosaic, cmap="gray_r", vmin=0, vmax=16)
        axes.set_title(title, color=INK)
        axes.set_axis_off()
    return figure


def draw_search(search: GridSearchCV, n_samples: int) -> Figure:
    bandwidths = search.cv_results_["param_density__bandwidth"].astype(float)
    # A fold scores the sum over its digits, so the folds together score each digit once.
    per_digit = search.cv_results_["mean_test_score"] * search.n_splits_ / n_samples
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(bandwidths, per_digit, "o-", color=OURS, markersize=4)
    axes.axvline(search.best_params_["density__bandwidth"], color=PEER, linestyle="--")
    axes.annotate(
        f"chosen: {search.best_params_['density__bandwidth']:.2f}",
        (search.best_params_["density__bandwidth"], per_digit.min()),
        xytext=(6, 0),
        textcoords="offset points",
        color=PEER,
    )
    axes.set_xscale("log")
    ticks = [1, 2, 4, 8]
    axes.set_xticks(ticks, labels=map(str, ticks))
    axes.minorticks_off()
    axes.set_xlabel("bandwidth, in grey levels")
    axes.set_ylabel("log-likelihood of a held-out digit")
    tidy(axes)
    return figure


def draw_contests(contests: list[list[Contender]]) -> Figure:
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    for axes, contest in zip(figure.subplots(1, len(contests)), contests, strict=True):
        exact, peer, ours, _ = contest
        ends = [exact.log_density.min(), exact.log_density.max()]
        axes.plot(ends, ends, color=INK, linewidth=0.8, zorder=0)
        for contender, label, colour in (
            (peer, "scikit-learn", PEER),
            (ours, "sklearn_kernelx", OURS),
        ):
            axes.scatter(
                exact.log_density,
                contender.log_density,
                s=9,
                color=colour,
                alpha=0.5,
                linewidths=0,
                label=label,
            )
        axes.set_title(f"bandwidth {exact.bandwidth:.3g}", color=INK)
        axes.set_xlabel("exact log-density")
        axes.set_ylabel("computed log-density")
        axes.legend(frameon=False, markerscale=2)
        tidy(axes)
    return figure


def tidy(axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


# Regimes


def regimes(display: Display, quick: bool) -> Stop:
    display.begin("regimes", n_steps=3)
    digits = load_digits().data[:: 6 if quick else 1]
    known, unseen = train_test_split(digits, test_size=1 / 3, random_state=0)
    grid = {"bandwidth": np.geomspace(0.5, 50, 5 if quick else 30)}
    folds = KFold(5, shuffle=True, random_state=0)
    search = GridSearchCV(KernelDensity(), grid, cv=folds)
    kde = KernelDensity(bandwidth="kl")

    display.step("searching a bandwidth")
    search_seconds = seconds_to_fit(search, known, n_repeats=1 if quick else 3)
    display.step("computing a bandwidth")
    kl_seconds = seconds_to_fit(kde, known, n_repeats=1 if quick else 7)
    by_search, by_kl = (np.mean(m.score_samples(unseen)) for m in (search, kde))

    display.step("drawing the regimes")
    figure = Figure(figsize=(8, 4.2), layout="constrained")
    shown = RegimeDisplay.from_estimator(kde, unseen, ax=figure.subplots())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CondensedRegimeWarning)
        participation = np.mean(kde.diagnose(unseen).participation_ratio)
    return Stop(
        title="Regimes: how many digits decide a likelihood",
        findings=[
            f'KernelDensity(bandwidth="kl") computes the bandwidth of the highest '
            f"leave-one-out likelihood, {kde.bandwidth_:.2f} grey levels on all 64 pixels. "
            f"An unseen digit has a mean log-likelihood of {by_kl:.1f}; with the "
            f"{search.best_params_['bandwidth']:.2f} grey levels that GridSearchCV finds "
            f"among {len(grid['bandwidth'])} bandwidths, {by_search:.1f}. The search takes "
            f"{search_seconds / kl_seconds:.0f} times as long.",
            f"In many dimensions such a bandwidth is in the condensed regime of Biroli and "
            f"Mezard (arXiv:2408.05807): below {shown.h_G:.1f} grey levels a few known "
            f"digits decide the likelihood of a new one. The sum of the squares of their "
            f"shares is {participation:.2f} on average; a single digit would make it 1. "
            f"Only above {shown.h_CLT:.1f} does the central limit theorem hold, at a far "
            f"lower likelihood.",
        ],
        pictures=[
            Picture(
                "regimes.png",
                figure,
                "The likelihood of unseen digits is highest deep in the condensed regime, "
                "where the participation ratio, the sum of the squared shares, is near 1.",
            )
        ],
    )


def seconds_to_fit(model, X: NDArray, n_repeats: int) -> float:
    """Return the median time of some fits."""
    seconds = []
    for _ in range(n_repeats):
        start = time.perf_counter()
        model.fit(X)
        seconds.append(time.perf_counter() - start)
    return median(seconds)


# Directional statistics

SUBPACKAGES = (
    "fft integrate interpolate linalg ndimage optimize signal sparse special stats"
).split()


@dataclass
class Clustering:
    """Clusters of texts by one method and the seconds that finding them took."""

    name: str
    labels: NDArray
    agreement: float
    seconds: float


def directional(display: Display, quick: bool) -> Stop:
    display.begin("directional", n_steps=4)
    display.step("reading the docstrings of SciPy")
    X, subpackages = documentation(step=4 if quick else 1)
    n_texts, n_words = X.shape

    display.step("estimating concentrations")
    sizes = np.unique(np.geomspace(10, n_texts, 4 if quick else 12).astype(int))
    corrected = concentrations_by_size(VonMisesFisher(), X, sizes)
    uncorrected = concentrations_by_size(VonMisesFisher(bias_correction=False), X, sizes)
    by_scipy = scipy_concentration(X)

    display.step("clustering")
    n_init = 1 if quick else 5
    ours, peer = (
        cluster(name, make(len(SUBPACKAGES), n_init=n_init, random_state=0), X, subpackages)
        for name, make in (("SphericalKMeans", SphericalKMeans), ("KMeans", KMeans))
    )

    display.step("drawing pictures")
    return Stop(
        title="Directions: texts in thousands of dimensions",
        findings=[
            f"The data are the docstrings of {n_texts} functions and classes of SciPy, as "
            f"weighted frequencies of {n_words} words: sparse unit vectors, never made "
            f"dense.",
            f"The concentration of a von Mises-Fisher distribution says how much they have "
            f"in common. VonMisesFisher finds {corrected[-1]:.0f} from all texts and "
            f"{corrected[0]:.0f} from {sizes[0]} of them; without the correction of the "
            f"bias it would be {uncorrected[-1]:.0f} and {uncorrected[0]:.0f}. SciPy's own "
            f"fit answers {by_scipy:.3g}: its Bessel functions underflow.",
            f"Agreement of clusters with SciPy's subpackages, by the adjusted Rand index: "
            f"{ours.agreement:.2f} for SphericalKMeans in {ours.seconds:.2f} s, "
            f"{peer.agreement:.2f} for scikit-learn's KMeans on the same unit vectors in "
            f"{peer.seconds:.2f} s.",
        ],
        pictures=[
            Picture(
                "directional-concentration.png",
                draw_concentrations(sizes, corrected, uncorrected),
                "Few texts look more alike than they are, unless the bias is corrected.",
            ),
            Picture(
                "directional-clusters.png",
                draw_clusterings((ours, peer), subpackages),
                "The shares of a subpackage's texts in the clusters. The centers of KMeans "
                "are means, and the short ones gather what belongs nowhere.",
            ),
        ],
    )


def documentation(step: int) -> tuple[csr_matrix, NDArray]:
    """Return term frequencies of some of SciPy's docstrings, and their subpackages."""
    subpackage_of = {}
    for label, name in enumerate(SUBPACKAGES):
        module = importlib.import_module(f"scipy.{name}")
        for attribute in filter(lambda name: not name.startswith("_"), dir(module)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                member = getattr(module, attribute)
            text = inspect.getdoc(member) or ""
            if callable(member) and len(text) > 300:
                subpackage_of.setdefault(text, label)
    texts = list(subpackage_of)[::step]
    vectorizer = TfidfVectorizer(
        min_df=3,
        max_df=0.3,
        sublinear_tf=True,
        stop_words="english",
        token_pattern="[a-zA-Z]{3,}",
    )
    return vectorizer.fit_transform(texts), np.array([subpackage_of[t] for t in texts])


def concentrations_by_size(
    model: VonMisesFisher, X: csr_matrix, sizes: NDArray, n_draws: int = 20
) -> NDArray:
    """Return the median estimate from samples of each size."""
    rng = np.random.default_rng(0)
    return np.array(
        [
            median(
                model.fit(X[rng.permutation(X.shape[0])[:size]]).concentration_
                for _ in range(n_draws)
            )
            for size in sizes
        ]
    )


def scipy_concentration(X: csr_matrix) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return stats.vonmises_fisher.fit(X.toarray())[1]


def cluster(name: str, model, X: csr_matrix, subpackages: NDArray) -> Clustering:
    start = time.perf_counter()
    labels = model.fit_predict(X)
    seconds = time.perf_counter() - start
    return Clustering(name, labels, adjusted_rand_score(subpackages, labels), seconds)


def draw_concentrations(sizes: NDArray, corrected: NDArray, uncorrected: NDArray) -> Figure:
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    for estimates, label, colour in (
        (uncorrected, "maximum likelihood", PEER),
        (corrected, "with bias_correction, the default", OURS),
    ):
        axes.plot(sizes, estimates, "o-", color=colour, markersize=4, label=label)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("number of texts")
    axes.set_ylabel("concentration, median of 20 draws")
    axes.legend(frameon=False)
    tidy(axes)
    return figure


def draw_clusterings(clusterings: Sequence[Clustering], subpackages: NDArray) -> Figure:
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    panels = figure.subplots(1, len(clusterings), sharey=True)
    for axes, clustering in zip(panels, clusterings, strict=True):
        counts = np.zeros((len(SUBPACKAGES), len(SUBPACKAGES)))
        np.add.at(counts, (subpackages, clustering.labels), 1)
        counts = counts[:, np.argsort(np.argmax(counts, axis=0), kind="stable")]
        shares = counts / np.sum(counts, axis=1, keepdims=True)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks([])
        axes.set_yticks(range(len(SUBPACKAGES)), labels=SUBPACKAGES)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("clusters")
        axes.set_title(
            f"{clustering.name}: agreement {clustering.agreement:.2f}", color=INK
        )
    return figure


# Sampling


@dataclass
class LabelCurve:
    """Errors of fits on few labels, as multiples of that of the fit on all."""

    name: str
    n_labels: NDArray  # the mean for each number of draws
    errors: NDArray  # one row for each number of draws, one column for each seed

    def labels_for(self, error: float) -> float:
        """Return how many labels it takes for the median error to fall to this."""
        medians = np.minimum.accumulate(np.median(self.errors, axis=1))
        return float(np.interp(-error, -medians, self.n_labels))


def sampling(display: Display, quick: bool) -> Stop:
    display.begin("sampling", n_steps=3)
    X, y = nuclei()
    m, n_seeds = X.shape[1], 4 if quick else 100
    pool, test = train_test_split(np.arange(len(X)), test_size=1 / 3, random_state=0)
    n_draws = (m * np.array([1.2, 1.5, 2, 3, 4, 6])).astype(int)

    display.step("fitting few labels")
    ours, peer = (
        label_curve(name, fit, (X, y), (pool, test), n_draws, n_seeds)
        for name, fit in (
            ("DPPLeastSquares", fit_chosen_labels),
            ("random rows, LinearRegression", fit_random_labels),
        )
    )
    display.step("designing points for polynomials")
    basis = LegendreBasis(8, n_features=2)
    iid, repelling = (
        condition_numbers(basis, 90, design, n_seeds) for design in ("iid", "repeated_dpp")
    )

    display.step("drawing pictures")
    two_m = list(n_draws).index(2 * m)
    goal = 1.3
    return Stop(
        title="Sampling: which rows to label",
        findings=[
            f"The data are measurements of cell nuclei in {len(X)} images. A linear model "
            f"with m = {m} coefficients tells the largest values of ten properties from "
            f"their means and standard errors.",
            f"DPPLeastSquares chooses from the features alone which of {len(pool)} images "
            f"to label. {describe_curve(ours, n_draws, two_m)} {len(test)} other images "
            f"show the error.",
            f"Random rows do this instead. {describe_curve(peer, n_draws, two_m)} For a "
            f"median of {goal} they need {peer.labels_for(goal):.0f} labels, against "
            f"{ours.labels_for(goal):.0f}. Labels are noisy here, so that none is worth "
            f"much more than another once there are many.",
            f"Where points may be chosen freely, more is to be had. For the 45 polynomials "
            f"of degree 8 in two variables, measured at 90 points, the Gram matrix has a "
            f"median condition number of {median(repelling):.0f} with christoffel_design, "
            f"and of {median(iid):.0f} with uniform random points.",
        ],
        pictures=[
            Picture(
                "sampling-labels.png",
                draw_label_curves((ours, peer), m),
                "Errors on other images against the number of labels: the median and, "
                "above it, what one sample in ten exceeds.",
            ),
            Picture(
                "sampling-points.png",
                draw_points(basis, 90),
                "Points for 45 polynomials; the area is the weight. Polynomials are large "
                "at the edges, where the design has more points of less weight, and its "
                "points keep apart.",
            ),
        ],
    )


def describe_curve(curve: LabelCurve, n_draws: NDArray, place: int) -> str:
    middle, high = np.quantile(curve.errors[place], [0.5, 0.9])
    return (
        f"With {n_draws[place]} draws, that is {curve.n_labels[place]:.0f} labels without "
        f"repeats, the median error is {middle:.2f} times that of the fit on all labels, "
        f"and one in ten is above {high:.2f}."
    )


def nuclei() -> tuple[NDArray, NDArray]:
    """Return a constant, means and standard errors; and the largest values."""
    logarithms = np.log(load_breast_cancer().data + 0.01)
    scaled = StandardScaler().fit_transform(logarithms)
    return PolynomialFeatures(1).fit_transform(scaled[:, :20]), scaled[:, 20:]


def fit_chosen_labels(X: NDArray, y: NDArray, n_draws: int, seed: int):
    model = DPPLeastSquares(n_samples=n_draws, random_state=seed).fit(X, y)
    return model, model.n_labels_


def fit_random_labels(X: NDArray, y: NDArray, n_draws: int, seed: int):
    rows = np.random.default_rng(seed).choice(len(X), n_draws, replace=False)
    return LinearRegression(fit_intercept=False).fit(X[rows], y[rows]), n_draws


def label_curve(
    name: str,
    fit: Callable,
    data: tuple[NDArray, NDArray],
    split: tuple[NDArray, NDArray],
    n_draws: NDArray,
    n_seeds: int,
) -> LabelCurve:
    (X, y), (pool, test) = data, split

    def error(model) -> float:
        return np.sqrt(np.mean((model.predict(X[test]) - y[test]) ** 2))

    least = error(LinearRegression(fit_intercept=False).fit(X[pool], y[pool]))
    results = np.empty((len(n_draws), n_seeds, 2))
    for i, n in enumerate(n_draws):
        for seed in range(n_seeds):
            model, n_labels = fit(X[pool], y[pool], int(n), seed)
            results[i, seed] = n_labels, error(model) / least
    return LabelCurve(name, np.mean(results[..., 0], axis=1), results[..., 1])


def condition_numbers(
    basis: LegendreBasis, n_points: int, design: str, n_seeds: int
) -> list[float]:
    """Return condition numbers of weighted Gram matrices."""
    conditions = []
    for seed in range(n_seeds):
        points, weight = christoffel_design(
            basis, n_points, design=design, random_state=seed
        )
        rows = np.sqrt(weight)[:, np.newaxis] * basis.fit_transform(points)
        conditions.append(np.linalg.cond(rows) ** 2)
    return conditions


def draw_label_curves(curves: Sequence[LabelCurve], m: int) -> Figure:
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    axes = figure.subplots()
    for curve, colour in zip(curves, (OURS, PEER), strict=True):
        middle, high = np.quantile(curve.errors, [0.5, 0.9], axis=1)
        axes.plot(
            curve.n_labels, middle, "o-", color=colour, markersize=4, label=curve.name
        )
        axes.plot(curve.n_labels, high, "--", color=colour, linewidth=1)
        axes.fill_between(curve.n_labels, middle, high, color=colour, alpha=0.12)
    axes.axhline(1, color=INK, linewidth=0.8)
    axes.axvline(m, color=INK, linewidth=0.8, linestyle=":")
    axes.annotate(
        f"m = {m}", (m, 4.4), xytext=(4, 0), textcoords="offset points", color=INK
    )
    axes.set_yscale("log")
    ticks = [1, 1.2, 1.5, 2, 3, 4]
    axes.set_yticks(ticks, labels=map(str, ticks))
    axes.minorticks_off()
    axes.set_ylim(0.97, 5)
    axes.set_xlabel("labels")
    axes.set_ylabel("error / error of the fit on all labels")
    axes.legend(frameon=False)
    tidy(axes)
    return figure


def draw_points(basis: LegendreBasis, n_points: int) -> Figure:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    panels = zip(
        figure.subplots(1, 2, sharey=True),
        ("iid", "repeated_dpp"),
        ("uniform random points", "christoffel_design"),
        (PEER, OURS),
        strict=True,
    )
    for axes, design, title, colour in panels:
        points, weight = christoffel_design(basis, n_points, design=design, random_state=0)
        axes.scatter(*points.T, s=30 * weight, color=colour, alpha=0.8, linewidths=0)
        axes.set_aspect("equal")
        axes.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        axes.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06))
        axes.set_title(title, color=INK)
        tidy(axes)
    return figure


# Incremental learning

TASKS = np.arange(10).reshape(5, 2)


@dataclass
class Stream:
    """What one classifier knows while digits arrive in tasks, and how long it took."""

    name: str
    accuracies: NDArray  # after each task, on all digits so far
    predicted: NDArray  # of the test at the end
    seconds: float
    model: object


def incremental(display: Display, quick: bool) -> Stop:
    display.begin("incremental", n_steps=4)
    X, y = load_digits(return_X_y=True)
    X, y = X[:: 3 if quick else 1] / 16, y[:: 3 if quick else 1]
    train, test = train_test_split(
        np.arange(len(X)), test_size=1 / 3, stratify=y, random_state=0
    )
    learnt, unseen = (X[train], y[train]), (X[test], y[test])
    n_components = 300 if quick else 1000
    features = RBFSampler(gamma=0.1, n_components=n_components, random_state=0).fit(X)

    display.step("learning digits, two at a time")
    analytic = AnalyticIncrementalClassifier(feature_map=features)
    ours, gradient, bayes = (
        follow_stream(name, model, learn, learnt, unseen)
        for name, model, learn in (
            ("AnalyticIncrementalClassifier", analytic, learn_analytically),
            ("SGDClassifier", with_features(features), learn_by_gradient),
            ("GaussianNB", GaussianNB(var_smoothing=0.1), learn_naively),
        )
    )

    display.step("fitting all at once")
    joint = ridge_coefficients(features.transform(learnt[0]), learnt[1])
    streamed = relative_distance(ours.model.coef_, joint)

    display.step("forgetting")
    forgotten = np.random.default_rng(0).choice(len(train), 50, replace=False)
    left = np.delete(np.arange(len(train)), forgotten)
    ours.model.forget(learnt[0][forgotten], learnt[1][forgotten])
    rest = ridge_coefficients(features.transform(learnt[0][left]), learnt[1][left])
    after, before = (relative_distance(coef, rest) for coef in (ours.model.coef_, joint))

    display.step("drawing pictures")
    return Stop(
        title="Incremental: new classes, and none forgotten",
        findings=[
            f"{len(train)} digits arrive in batches of 32: zeros and ones first, eights "
            f"and nines last, and none comes back. {len(test)} others are the test.",
            f"At the end AnalyticIncrementalClassifier is right for "
            f"{ours.accuracies[-1]:.1%} of all digits. Its coefficients are those of "
            f"scikit-learn's Ridge, fitted to all rows at once, to a relative error of "
            f"{streamed:.0e}. It learnt the stream in {ours.seconds:.2f} s, with "
            f"{n_components} random features and predictions after each task.",
            f"SGDClassifier, on the same features and told of all ten digits in advance, "
            f"ends with {gradient.accuracies[-1]:.1%}, after {gradient.seconds:.2f} s: it "
            f"knows the last two digits. GaussianNB keeps sums for each class and does not "
            f"forget either; it is right for {bayes.accuracies[-1]:.1%}.",
            f"Rows can be taken out again. After {len(forgotten)} are forgotten, the "
            f"coefficients are those of Ridge on the others to {after:.0e}; before, they "
            f"differed by {before:.0e}.",
        ],
        pictures=[
            Picture(
                "incremental-accuracy.png",
                draw_streams((ours, bayes, gradient)),
                "Accuracy on unseen digits of all classes that have come so far.",
            ),
            Picture(
                "incremental-digits.png",
                draw_confusions((ours, bayes, gradient), unseen[1]),
                "What unseen digits are taken for at the end of the stream.",
            ),
        ],
    )


def with_features(features: RBFSampler) -> Pipeline:
    return Pipeline([("features", features), ("sgd", SGDClassifier(random_state=0))])


def learn_analytically(model, X: NDArray, y: NDArray) -> None:
    model.partial_fit(X, y)


def learn_by_gradient(model: Pipeline, X: NDArray, y: NDArray) -> None:
    features, sgd = model.named_steps.values()
    made = features.transform(X)
    for _ in range(5):  # one step for each batch would be too few
        sgd.partial_fit(made, y, classes=TASKS.ravel())


def learn_naively(model: GaussianNB, X: NDArray, y: NDArray) -> None:
    model.partial_fit(X, y, classes=TASKS.ravel())


def follow_stream(
    name: str,
    model,
    learn: Callable,
    learnt: tuple[NDArray, NDArray],
    unseen: tuple[NDArray, NDArray],
) -> Stream:
    (X, y), (X_test, y_test) = learnt, unseen
    accuracies, seconds = [], 0.0
    for n_tasks, task in enumerate(TASKS, start=1):
        rows = np.flatnonzero(np.isin(y, task))
        start = time.perf_counter()
        for first in range(0, len(rows), 32):
            batch = rows[first : first + 32]
            learn(model, X[batch], y[batch])
        with np.errstate(divide="ignore"):  # GaussianNB: the share of digits to come is 0
            predicted = model.predict(X_test)
        seconds += time.perf_counter() - start
        has_come = np.isin(y_test, TASKS[:n_tasks])
        accuracies.append(np.mean(predicted[has_come] == y_test[has_come]))
    return Stream(name, np.array(accuracies), predicted, seconds, model)


def ridge_coefficients(features: NDArray, y: NDArray) -> NDArray:
    """Return the coefficients of scikit-learn's ridge regression on all rows at once."""
    return Ridge(alpha=0.1).fit(features, LabelBinarizer().fit_transform(y)).coef_


def relative_distance(found: NDArray, exact: NDArray) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


STREAM_COLOURS = {
    "AnalyticIncrementalClassifier": OURS,
    "GaussianNB": "#c29a2b",
    "SGDClassifier": PEER,
}


def draw_streams(streams: Sequence[Stream]) -> Figure:
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    axes = figure.subplots()
    n_classes = 2 * np.arange(1, len(TASKS) + 1)
    for stream in streams:
        axes.plot(
            n_classes,
            stream.accuracies,
            "o-",
            color=STREAM_COLOURS[stream.name],
            label=stream.name,
        )
    axes.set(xticks=n_classes, ylim=(0, 1.04))
    axes.set_xlabel("classes so far")
    axes.set_ylabel("accuracy")
    axes.legend(frameon=False, loc="lower left")
    tidy(axes)
    return figure


def draw_confusions(streams: Sequence[Stream], y: NDArray) -> Figure:
    figure = Figure(figsize=(9, 4.1), layout="constrained")
    for axes, stream in zip(
        figure.subplots(1, len(streams), sharey=True), streams, strict=True
    ):
        shares = confusion_matrix(y, stream.predicted, normalize="true")
        axes.imshow(shares, cmap="GnBu", vmin=0, vmax=1)
        axes.set(xticks=range(10), yticks=range(10), xlabel="taken for")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(
            f"{stream.name}\n{stream.accuracies[-1]:.1%} right",
            color=STREAM_COLOURS[stream.name],
            fontsize="medium",
        )
    figure.axes[0].set_ylabel("digit")
    return figure


# Privacy

EPSILONS = np.array([0.1, 0.2, 0.5, 1, 2, 5])
PRIVACY_COLOURS = {
    "Gaussian kernel, delta = 1e-5": OURS,
    "class means, delta = 1e-5": PEER,
    "class means, delta = 0": "#c29a2b",
}


def privacy(display: Display, quick: bool) -> Stop:
    display.begin("privacy", n_steps=3)
    X, y = load_digits(return_X_y=True)
    splits = [
        train_test_split(X, y, test_size=1 / 4, stratify=y, random_state=seed)
        for seed in range(1 if quick else 5)
    ]
    digits = {"classes": range(10), "bounds": (0, 16)}
    kernel = PrivateKernelClassifier(
        delta=1e-5, bandwidth=20, n_components=256 if quick else 4096, **digits
    )
    means = PrivateKernelClassifier(delta=1e-5, kernel="sqeuclidean", **digits)
    pure = clone(means).set_params(delta=0)

    display.step("classifying digits in private")
    curves = {
        name: [mean_accuracy(model, splits, epsilon) for epsilon in EPSILONS]
        for name, model in zip(PRIVACY_COLOURS, (kernel, means, pure), strict=True)
    }
    by_kernel, by_means, by_pure = (
        curve[list(EPSILONS).index(1)] for curve in curves.values()
    )
    free = mean_accuracy(kernel, splits, epsilon=1e6)

    display.step("averaging digits in private")
    images = {f"epsilon = {e:g}": released_means(means, X, y, e) for e in (0.2, 1, 5)}
    images["no noise"] = np.stack([X[y == label].mean(axis=0) for label in range(10)])
    deviation = clone(kernel).set_params(epsilon=1).fit(X, y).noise_deviation_

    display.step("drawing pictures")
    return Stop(
        title="Privacy: what a crowd of digits tells, and no digit of it",
        findings=[
            f"PrivateKernelClassifier adds up {kernel.n_components} random features of "
            f"{len(splits[0][0])} digits, class by class, adds noise once, and keeps "
            f"nothing else. With epsilon = 1 and delta = 1e-5 it is right for "
            f"{by_kernel:.1%} of {len(splits[0][1])} others; with next to no noise for "
            f"{free:.1%}.",
            f"To the mean of each class, which takes 66 numbers instead, it compares with "
            f'kernel="sqeuclidean", and is right for {by_means:.1%}. With delta = 0, a '
            f"stronger promise, that becomes {by_pure:.1%}. With epsilon = 0.1 little is "
            f"left to read: there are too few digits for so much noise.",
            f"A digit that is among the records is worth 1 in the sum of similarities to "
            f"itself. The noise of that sum has a standard deviation of {deviation:.1f} at "
            f"epsilon = 1: whoever looks for it learns next to nothing.",
        ],
        pictures=[
            Picture(
                "privacy-accuracy.png",
                draw_privacy(curves),
                f"Accuracy on unseen digits, mean of {len(splits)} divisions of the data.",
            ),
            Picture(
                "privacy-means.png",
                draw_released_means(images),
                "Class means as they are released with delta = 1e-5: all that "
                "anybody gets to see of the digits.",
            ),
        ],
    )


def mean_accuracy(model, splits: Sequence[list[NDArray]], epsilon: float) -> float:
    model = clone(model).set_params(epsilon=epsilon)
    return float(
        np.mean([model.fit(X, y).score(X_test, y_test) for X, X_test, y, y_test in splits])
    )


def released_means(model, X: NDArray, y: NDArray, epsilon: float) -> NDArray:
    """Return the images that the moments of the classes hold."""
    model = clone(model).set_params(epsilon=epsilon).fit(X, y)
    (low, high), n_pixels = model.bounds, X.shape[1]
    centred = model.release_[:, :n_pixels] / model.class_count_noisy_[:, np.newaxis]
    return (low + high) / 2 + (high - low) / 2 * np.sqrt(n_pixels) * centred


def draw_privacy(curves: dict[str, list[float]]) -> Figure:
    figure = Figure(figsize=(8, 3.8), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.semilogx(EPSILONS, curve, "o-", color=PRIVACY_COLOURS[name], label=name)
    axes.set_xticks(EPSILONS, labels=[f"{epsilon:g}" for epsilon in EPSILONS])
    axes.minorticks_off()
    axes.set(ylim=(0, 1), xlabel="epsilon", ylabel="accuracy")
    axes.legend(frameon=False, loc="lower right")
    tidy(axes)
    return figure


def draw_released_means(images: dict[str, NDArray]) -> Figure:
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    grid = figure.subplots(len(images), 10)
    for row, (name, means) in zip(grid, images.items(), strict=True):
        for axes, image in zip(row, means.reshape(-1, 8, 8), strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=16)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        row[0].set_ylabel(name, color=INK, rotation=0, ha="right", va="center")
    return figure


# Quantum kernels


@dataclass
class Surface:
    """Test accuracies of a classifier over seeds, and its decisions for the first."""

    name: str
    accuracies: list[float]
    decisions: NDArray


def quantum(display: Display, quick: bool) -> Stop:
    display.begin("quantum", n_steps=4)
    n_seeds = 2 if quick else 10
    contests = [ad_hoc_split(seed) for seed in range(n_seeds)]

    display.step("classifying data made for a quantum kernel")
    surfaces = [
        decision_surface(name, classifier, contests, n_pixels=20 if quick else 80)
        for name, classifier in (
            ("QuantumKernelSVC", QuantumKernelSVC(ZZFeatureMap(), C=10)),
            (
                "VariationalQuantumClassifier",
                VariationalQuantumClassifier(ZZFeatureMap(), random_state=0),
            ),
            ("SVC, RBF, tuned", tuned_svc()),
        )
    ]
    kernel, trained, rbf = (surface.accuracies for surface in surfaces)

    display.step("classifying tumours by 30 qubits")
    X, y = load_breast_cancer(return_X_y=True)
    folds = KFold(5, shuffle=True, random_state=0)

    def mean_accuracy(svc) -> float:
        pipeline = Pipeline([("scale", StandardScaler()), ("svc", svc)])
        return np.mean(cross_val_score(pipeline, X, y, cv=folds))

    start = time.perf_counter()
    tumours = mean_accuracy(QuantumKernelSVC())
    seconds = time.perf_counter() - start
    peer = mean_accuracy(SVC())

    display.step("losing the kernel, qubit by qubit")
    bandwidths = (0.01, 0.03, 0.1, 1.0)
    scaled = StandardScaler().fit_transform(X)
    similarities = {b: mean_similarities(scaled, b) for b in bandwidths}

    display.step("drawing pictures")
    return Stop(
        title="Quantum kernels: data made for them, and data that are not",
        findings=[
            f"Two classes in the square are told apart by a measurement on two qubits, "
            f"and points near the border are left out. From 20 points a class "
            f"QuantumKernelSVC gets {np.mean(kernel):.1%} of others right, and a "
            f"VariationalQuantumClassifier {np.mean(trained):.1%}: means of {n_seeds} data "
            f"sets. The RBF kernel, tuned by cross-validation, has {np.mean(rbf):.1%}. The "
            f"data are made so.",
            f"Of {len(X)} tumours with 30 features QuantumKernelSVC gets {tumours:.1%} "
            f"right in cross-validation, and SVC with its RBF kernel {peer:.1%}. States of "
            f"30 qubits have a billion amplitudes, and none was stored: gates between "
            f"neighbours make the kernel a product of small matrices. The five fits and "
            f"predictions took {seconds:.2f} s.",
            f"With the bandwidth 1, two tumours in {2**10:,} dimensions have a mean "
            f"similarity of {similarities[1.0][-1]:.4f}, as if their states were random, "
            f"and there is nothing to learn from. With 0.01 it is "
            f"{similarities[0.01][-1]:.2f}.",
        ],
        pictures=[
            Picture(
                "quantum-surfaces.png",
                draw_surfaces(surfaces, contests[0]),
                "Decisions of three classifiers, with the points they learnt from and, "
                "smaller, those they were tested on. Both axes are angles.",
            ),
            Picture(
                "quantum-concentration.png",
                draw_similarities(similarities),
                "Mean similarity of two tumours, by the number of principal components. "
                "Full entanglement.",
            ),
        ],
    )


def ad_hoc_split(seed: int) -> list[NDArray]:
    X, y = make_ad_hoc(140, n_qubits=2, gap=0.3, random_state=seed)
    return train_test_split(X, y, train_size=40, stratify=y, random_state=seed)


def tuned_svc() -> GridSearchCV:
    grid = {"C": np.geomspace(0.1, 1000, 5), "gamma": np.geomspace(0.01, 10, 7)}
    return GridSearchCV(SVC(), grid)


def decision_surface(
    name: str, classifier, contests: Sequence[list[NDArray]], n_pixels: int
) -> Surface:
    accuracies = [
        clone(classifier).fit(X, y).score(X_test, y_test)
        for X, X_test, y, y_test in contests
    ]
    angles = np.linspace(0, 2 * np.pi, n_pixels)
    points = np.stack(np.meshgrid(angles, angles), axis=-1).reshape(-1, 2)
    X, _, y, _ = contests[0]
    decisions = clone(classifier).fit(X, y).decision_function(points)
    return Surface(name, accuracies, decisions.reshape(n_pixels, n_pixels))


def mean_similarities(X: NDArray, bandwidth: float) -> list[float]:
    feature_map = ZZFeatureMap(bandwidth=bandwidth)
    return [
        kernel_diagnostics(
            fidelity_kernel(PCA(n).fit_transform(X), feature_map=feature_map)
        ).mean
        for n in range(2, 11)
    ]


def draw_surfaces(surfaces: Sequence[Surface], contest: list[NDArray]) -> Figure:
    X, X_test, y, y_test = contest
    colours = np.array([PEER, OURS])
    figure = Figure(figsize=(9.5, 3.6), layout="constrained")
    for axes, surface in zip(
        figure.subplots(1, len(surfaces), sharey=True), surfaces, strict=True
    ):
        limit = np.abs(surface.decisions).max()
        axes.imshow(
            surface.decisions,
            extent=(0, 2 * np.pi, 0, 2 * np.pi),
            origin="lower",
            cmap=LinearSegmentedColormap.from_list("decisions", [PEER, "white", OURS]),
            vmin=-limit,
            vmax=limit,
            alpha=0.6,
            interpolation="bilinear",
        )
        axes.scatter(*X_test.T, s=7, color=colours[y_test], linewidths=0)
        axes.scatter(*X.T, s=34, color=colours[y], edgecolors="white", linewidths=0.8)
        ticks = [0, np.pi, 2 * np.pi]
        axes.set_xticks(ticks, labels=["0", "\u03c0", "2\u03c0"])
        axes.set_yticks(ticks, labels=["0", "\u03c0", "2\u03c0"])
        axes.set_title(
            f"{surface.name}\n{surface.accuracies[0]:.0%} right",
            color=INK,
            fontsize="medium",
        )
    return figure


def draw_similarities(similarities: dict[float, list[float]]) -> Figure:
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    n_qubits = np.arange(2, 11)
    for (bandwidth, means), shade in zip(
        similarities.items(), (OURS, "#1f6fb4", "#c49a2c", PEER), strict=True
    ):
        axes.plot(n_qubits, means, "o-", color=shade, markersize=4)
        axes.annotate(
            f"bandwidth {bandwidth:g}",
            (n_qubits[-1], means[-1]),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            color=shade,
        )
    axes.set_yscale("log")
    axes.set_xlim(1.8, 11.6)
    axes.set_xticks(n_qubits)
    axes.set_xlabel("qubits")
    axes.set_ylabel("mean off-diagonal entry")
    tidy(axes)
    return figure


# The tour

STOPS: list[Callable[[Display, bool], Stop]] = [
    density,
    regimes,
    directional,
    incremental,
    privacy,
    quantum,
    sampling,
]


class Display:
    """Progress as plain lines."""

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def begin(self, subject: str, n_steps: int) -> None:
        """Announce a stop and the number of its steps."""
        self._subject, self._n_steps, self._n_begun = subject, n_steps, 0

    def step(self, description: str) -> None:
        """Announce the next step."""
        self._n_begun += 1
        print(f"{self._subject} {self._n_begun}/{self._n_steps}: {description}", flush=True)

    def end(self) -> None:
        """Announce that the last step is done."""


class RichDisplay(Display):
    """Progress as one bar a stop."""

    def __enter__(self) -> Display:
        from rich import progress

        self._bars = progress.Progress(
            progress.TextColumn("{task.fields[subject]}"),
            progress.BarColumn(bar_width=20),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TextColumn("{task.description}"),
        )
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def begin(self, subject: str, n_steps: int) -> None:
        """Add a bar."""
        self._bar = self._bars.add_task("", total=n_steps, subject=subject)
        self._n_begun = 0

    def step(self, description: str) -> None:
        """Move the bar past the last step and show the next."""
        self._bars.update(self._bar, completed=self._n_begun, description=description)
        self._n_begun += 1

    def end(self) -> None:
        """Move the bar past the last step."""
        self._bars.update(self._bar, completed=self._n_begun, description="done")


def open_display() -> Display:
    """Return bars where there are rich and a terminal, plain lines elsewhere."""
    try:
        from rich.console import Console
    except ImportError:
        return Display()
    return RichDisplay() if Console().is_terminal else Display()


def format_table(table: Table) -> str:
    """Return the table as aligned text."""
    rows = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i < table.n_labels else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


STYLE = """
:root { color-scheme: light; }
body { margin: 2.5rem auto; max-width: 60rem; padding: 0 1.25rem; background: #fff;
  color: #222; font: 1.05rem/1.55 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 3rem; padding-top: 1.5rem; border-top: 1px solid #ddd; }
li { margin: .4rem 0; }
figure { margin: 2rem 0; }
img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
figcaption, caption, footer { color: #555; font-size: .92rem; }
figcaption { margin-top: .5rem; text-align: center; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 2rem auto; }
caption { caption-side: bottom; padding-top: .6rem; }
th, td { padding: .3rem .9rem; text-align: left; border-bottom: 1px solid #e6e6e6; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
footer { margin-top: 3rem; border-top: 1px solid #ddd; padding-top: 1rem; }
"""


def table_html(table: Table) -> str:
    def row_html(row: Iterable[str], tag: str) -> str:
        classes = [""] * table.n_labels + [' class="number"'] * len(table.header)
        cells = (
            f"<{tag}{attribute}>{escape(cell)}</{tag}>"
            for cell, attribute in zip(row, classes, strict=False)
        )
        return f"<tr>{''.join(cells)}</tr>"

    body = "\n".join(row_html(row, "td") for row in table.rows)
    return (
        f'<div class="wide"><table>\n<caption>{escape(table.caption)}</caption>\n'
        f"<thead>{row_html(table.header, 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n"
        "</table></div>"
    )


def stop_html(stop: Stop) -> str:
    findings = "\n".join(f"<li>{escape(finding)}</li>" for finding in stop.findings)
    pictures = "\n".join(
        f'<figure>\n<img src="{escape(picture.name)}" alt="{escape(picture.caption)}">\n'
        f"<figcaption>{escape(picture.caption)}</figcaption>\n</figure>"
        for picture in stop.pictures
    )
    tables = "\n".join(map(table_html, stop.tables))
    return (
        f"<section>\n<h2>{escape(stop.title)}</h2>\n<ul>\n{findings}\n</ul>\n"
        f"{pictures}\n{tables}\n</section>"
    )


def write_page(stops: Sequence[Stop], output: Path, seconds: float) -> Path:
    """Write the pictures and the page that shows them; return the page's path."""
    output.mkdir(parents=True, exist_ok=True)
    for picture in (picture for stop in stops for picture in stop.pictures):
        picture.figure.savefig(output / picture.name, dpi=160)
    sections = "\n".join(map(stop_html, stops))
    page = output / "index.html"
    page.write_text(
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>A tour of sklearn_kernelx</title>\n<style>{STYLE}</style>\n</head>\n"
        "<body>\n<h1>A tour of sklearn_kernelx</h1>\n"
        "<p>Kernel methods that scikit-learn lacks, as scikit-learn estimators, on real "
        f"data. All numbers and pictures were made on this machine in {seconds:.0f} "
        f"seconds.</p>\n{sections}\n<footer>sklearn_kernelx {version('sklearn-kernelx')}, "
        f"scikit-learn {version('scikit-learn')}, NumPy {version('numpy')}, "
        f"{os.cpu_count()} processors</footer>\n</body>\n</html>\n",
        encoding="utf-8",
    )
    return page


def print_stop(stop: Stop) -> None:
    print(f"\n{stop.title}\n")
    for finding in stop.findings:
        print(textwrap.fill(finding, 80, initial_indent="- ", subsequent_indent="  "))
    for table in stop.tables:
        print(f"\n{format_table(table)}")
        print(textwrap.fill(table.caption, 80))


def main(output: str | os.PathLike = OUTPUT, quick: bool = False) -> Path:
    """Make all the stops and write the page.

    Parameters
    ----------
    output : path-like
        The folder to write to, made if need be.
    quick : bool, default=False
        Use a part of the data and coarse searches.

    Returns
    -------
    page : Path
        Of the page written.
    """
    start = time.perf_counter()
    stops = []
    with open_display() as display:
        for make_stop in STOPS:
            stops.append(make_stop(display, quick))
            display.end()
    page = write_page(stops, Path(output), time.perf_counter() - start)
    for stop in stops:
        print_stop(stop)
    print(f"\nThe page: {os.path.relpath(page)}")
    return page


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A tour of sklearn_kernelx on real data.")
    parser.add_argument("--output", default=OUTPUT, help="folder to write the page to")
    parser.add_argument("--quick", action="store_true", help="a part of the data only")
    main(**vars(parser.parse_args()))
