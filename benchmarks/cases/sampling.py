"""Determinantal and volume sampling against dppy, uniform sampling and k-means++."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from _harness import Contender, Options, data_file, measure, peer, say, table
from numpy.typing import NDArray
from sklearn.cluster import kmeans_plusplus
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from threadpoolctl import ThreadpoolController

from sklearn_kernelx import (
    DPPSampler,
    HermiteBasis,
    LegendreBasis,
    dpp_landmarks,
    sample_projection_dpp,
)
from sklearn_kernelx.sampling._christoffel import ChristoffelDomain
from sklearn_kernelx.sampling._designs import draw_design
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._orthonormal import _corrected, orthonormal_basis, whitened
from sklearn_kernelx.sampling._pool import Pool
from sklearn_kernelx.sampling._projection_dpp import projection_dpp
from sklearn_kernelx.sampling._rows import OrthonormalRows

Table = dict[str, Any]


def tables(options: Options) -> list[Table]:
    """Return the tables of this subject."""
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        found = [
            *draw_tables(options),
            stability_table(options),
            inverse_gram_table(options),
            landmark_table(options),
            *label_tables(options),
        ]
    return [item for item in found if item["rows"]]


# 1. Time of a draw.

SIZES = ((10_000, 500), (100_000, 200))
# At least so many times faster: given Q, with Cholesky-QR, with two passes of it.
FASTER = {500: (25, 12, 10), 200: (250, 20, 10)}
# At most: a draw over Cholesky-QR, and 8 more repetitions over one fit.
SHARES = {500: (1.0, None), 200: (0.1, 1.5)}


def orthonormalised(A: NDArray, *, twice: bool) -> NDArray:
    """Return Q of Cholesky-QR, in one pass or in two."""

    def blocks() -> Iterator[NDArray]:
        yield A

    basis = orthonormal_basis(blocks)
    return whitened(A, _corrected(blocks, basis, 0.0) if twice else basis)


def draw_tables(options: Options) -> list[Table]:
    """Compare draws of a projection DPP with dppy's, and with what comes before them."""
    against, shares = [], []
    for n, m in [(2000, 50)] if options.quick else SIZES:
        say(f"draws: N={n}, m={m}")
        A = np.random.default_rng(0).standard_normal((n, m))
        seconds = draw_seconds(A, orthonormalised(A, twice=False), options)
        ours, once, twice = (seconds[k] for k in ("ours", "one pass", "two passes"))
        of_call, of_fit = SHARES.get(m, (None, None))
        fits = [seconds[f"fit, {k} m draws"] for k in (1, 9)]
        shares.append(
            [n, m, once, twice, seconds["draw"], seconds["draw"] / once, of_call, *fits,
             fits[1] / fits[0], of_fit]
        )  # fmt: skip
        if "dppy" in seconds:
            theirs = seconds["dppy"]
            ratios = (theirs / ours, (theirs + once) / (ours + once),
                      (theirs + twice) / (ours + twice))  # fmt: skip
            targets = FASTER.get(m, (None, None, None))
            pairs = [cell for pair in zip(ratios, targets, strict=True) for cell in pair]
            against.append([n, m, theirs, ours, theirs / seconds["public"], *pairs])
    return [
        table(
            "One sample of a projection DPP against dppy's, given the same Q",
            ["N", "m", "dppy s", "ours s", "x faster, with checks", "x faster", "at least",
             "x faster with Cholesky-QR", "at least", "x faster with two passes",
             "at least"],
            against,
            "dppy's FiniteDPP in the mode GS_bis, the faster one of its exact samplers by "
            "Gram-Schmidt. Ours takes the leverage scores and the draw; with checks it is "
            "sample_projection_dpp. The last columns add the same Cholesky-QR to both.",
        ),
        table(
            "What a draw adds to the orthonormalisation of the features",
            ["N", "m", "Cholesky-QR s", "in two passes s", "draw s", "draw / Cholesky-QR",
             "at most", "DPPSampler, m draws s", "9 m draws s", "ratio", "at most"],
            shares,
            "The draw alone, given Q and its leverage scores.",
        ),
    ]  # fmt: skip


def draw_seconds(A: NDArray, Q: NDArray, options: Options) -> dict[str, float]:
    """Time contenders on features A and their Q; median seconds by name."""
    m = A.shape[1]
    domain = OrthonormalRows(Q)
    contenders = [
        Contender("ours", lambda: projection_dpp(OrthonormalRows(Q), _rng())),
        Contender("draw", lambda: projection_dpp(domain, _rng())),
        Contender("public", lambda: sample_projection_dpp(Q, random_state=0)),
        Contender("one pass", lambda: orthonormalised(A, twice=False)),
        Contender("two passes", lambda: orthonormalised(A, twice=True)),
        Contender("fit, 1 m draws", lambda: DPPSampler(n_samples=m, random_state=0).fit(A)),
        Contender(
            "fit, 9 m draws", lambda: DPPSampler(n_samples=9 * m, random_state=0).fit(A)
        ),
    ]
    if peer("dppy"):
        from dppy.finite_dpps import FiniteDPP

        process = FiniteDPP("correlation", projection=True, K_eig_dec=(np.ones(m), Q))
        contenders.append(
            Contender("dppy", lambda: process.sample_exact(mode="GS_bis", random_state=0))
        )
    timings = measure(contenders, options.repeats)
    for name in ("ours", "dppy"):
        if name in timings and len(set(np.ravel(timings[name].value))) != m:
            raise RuntimeError(f"{name}: not {m} different rows")
    return {name: timing.seconds for name, timing in timings.items()}


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


# 2. Stability, over whole domains.

DESIGNS = ("iid", "leverage", "volume", "repeated_dpp")
BASES = {
    "Legendre d=1 m=10": LegendreBasis(9),
    "Legendre d=1 m=20": LegendreBasis(19),
    "Legendre d=2 m=21": LegendreBasis(5, n_features=2),
    "Legendre d=3 m=20": LegendreBasis(3, n_features=3),
    "Legendre d=2 m=45": LegendreBasis(8, n_features=2),
    "Hermite d=1 m=10": HermiteBasis(9),
    "Hermite d=2 m=21": HermiteBasis(5, n_features=2),
}
ILL_CONDITIONED = {("Legendre d=1 m=20", 8): 0.10}


def grams(
    domain: ChristoffelDomain, design: str, n: int, n_trials: int
) -> NDArray[np.float64]:
    """Return (1/n) sum w phi phi' of designs."""
    rng = np.random.default_rng(0)
    m = domain.n_functions
    found = np.empty((n_trials, m, m))
    for gram in found:
        points = draw_design(domain, design, n, rng).points
        rows = domain.unit_rows(points)
        # w phi phi' = m u u' with the weights of a design, phi phi' = (m / w) u u' without.
        rows *= np.sqrt(m)
        if design == "iid":
            rows /= np.sqrt(domain.weights(points))[:, np.newaxis]
        gram[:] = rows.T @ rows / n
    return found


def stability_table(options: Options) -> Table:
    """Count how often a design is far from orthonormal, and how it is conditioned."""
    rows = []
    n_trials = 40 if options.quick else 400
    for name, basis in BASES.items():
        domain = ChristoffelDomain(basis)
        say(f"stability: {name}")
        for multiple in (2, 4, 8):
            far, conditions = [], []
            for design in DESIGNS:
                found = grams(domain, design, multiple * domain.n_functions, n_trials)
                spectra = np.linalg.eigvalsh(found)
                far.append(float(np.mean(np.abs(spectra - 1).max(axis=1) > 0.5)))
                with np.errstate(divide="ignore"):
                    ratios = spectra[:, -1] / np.maximum(spectra[:, 0], 0)
                conditions.append(float(np.median(ratios)))
            target = ILL_CONDITIONED.get((name, multiple))
            rows.append([name, f"{multiple} m", *conditions, *far, target])
    return table(
        "Stability of G = (1/n) sum w phi phi'",
        ["functions", "draws", *(f"cond, {d}" for d in DESIGNS),
         *(f"P, {d}" for d in DESIGNS), "P, at most"],
        rows,
        f"Median condition number, and P(||G - I|| > 1/2), over {n_trials} designs of "
        "christoffel_design; iid draws from the measure itself, without weights.",
    )  # fmt: skip


def inverse_gram_table(options: Options) -> Table:
    """Compare E tr(G^-1) / m with n / (n - m + 1), exact for volume sampling."""
    domain = ChristoffelDomain(LegendreBasis(3, n_features=3))
    m = domain.n_functions
    n_trials = 200 if options.quick else 2000
    rows = []
    for multiple in (2, 4, 8):
        n = multiple * m
        means = []
        for design in ("leverage", "volume", "repeated_dpp"):
            inverses = np.linalg.inv(grams(domain, design, n, n_trials))
            means.append(float(np.trace(inverses, axis1=1, axis2=2).mean() / m))
        rows.append([f"{multiple} m", *means, n / (n - m + 1)])
    return table(
        "E tr(G^-1) / m, Legendre d=3 m=20",
        ["draws", "leverage", "volume", "repeated_dpp", "n / (n - m + 1)"],
        rows,
        f"Means over {n_trials} designs. The last column is exact for volume.",
    )


# 3. Landmarks of a Nystroem approximation.

LANDMARK_DATA = {
    "breast cancer": (load_breast_cancer, 1 / 150, 100),
    "digits": (load_digits, 3e-4, 200),
}


def landmark_table(options: Options) -> Table:
    """Compare what landmarks leave of the trace of a kernel, and of its largest entry."""
    rows = []
    n_seeds = 3 if options.quick else 20
    for name, (load, gamma, n) in LANDMARK_DATA.items():
        say(f"landmarks: {name}")
        X = load().data if name == "digits" else StandardScaler().fit_transform(load().data)
        K = rbf_kernel(X, gamma=gamma)
        for method, choose in landmark_methods(X, gamma, n).items():
            residuals = [nystroem_residual(K, choose(seed)) for seed in range(n_seeds)]
            shares = np.median([np.mean(r) for r in residuals])
            rows.append(
                [name, n, method, shares, np.median([np.max(r) for r in residuals])]
            )
    return table(
        "Landmarks of a Nystroem approximation, Gaussian kernel",
        [
            "data",
            "landmarks",
            "method",
            "share of the trace left",
            "largest error of a row",
        ],
        rows,
        f"Medians over {n_seeds} seeds.",
    )


def landmark_methods(X: NDArray, gamma: float, n: int) -> dict[str, Any]:
    """Return functions from a seed to `n` rows."""

    def ours(method: str) -> Any:
        return lambda seed: dpp_landmarks(
            X, n, gamma=gamma, method=method, random_state=seed
        )

    def uniform(seed: int) -> NDArray:
        return np.random.default_rng(seed).permutation(len(X))[:n]

    def seeding(seed: int) -> NDArray:
        return kmeans_plusplus(X, n, random_state=seed)[1]

    return {
        "uniform": uniform,
        "k-means++": seeding,
        "k-DPP, exact": ours("exact"),
        "k-DPP, dual": ours("dual"),
        "greedy": ours("greedy"),
    }


def nystroem_residual(K: NDArray, landmarks: NDArray) -> NDArray[np.float64]:
    """Return the diagonal of what the approximation leaves."""
    inner = K[np.ix_(landmarks, landmarks)]
    across = K[:, landmarks]
    solved = np.linalg.lstsq(inner, across.T)[0].T
    return K.diagonal() - np.einsum("ij,ij->i", across, solved)


# 4. Labels that a regression needs, on real data.

DATA = ("protein", "bike", "elevators", "kin40k")
MULTIPLES = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10)
WITHIN = 1.1
LABELS_AT_MOST = 0.7
N_FOR_SEEDING = 10_000
POWERS = {"repeated_dpp": 1.0, "weight_power 0.5": 0.5, "weight_power 0": 0.0}
CONTENDERS = ("uniform", "k-means++", "leverage", "volume", *POWERS)


class Split(NamedTuple):
    """Orthonormal functions and targets of a pool, and of test rows."""

    X: NDArray
    pool: Pool
    train: NDArray
    train_targets: NDArray
    test: NDArray
    test_targets: NDArray

    def error(self, rows: NDArray, weights: NDArray) -> float:
        """Return the RMSE on test rows after weighted least squares on some rows."""
        root = np.sqrt(weights)
        coef, *_ = np.linalg.lstsq(
            self.train[rows] * root[:, np.newaxis], self.train_targets[rows] * root
        )
        residuals = self.test @ coef - self.test_targets
        return float(np.sqrt(np.mean(residuals**2)))


def read(name: str, options: Options) -> tuple[NDArray, NDArray] | None:
    """Return features and target, without features nearly all of one value."""
    path = data_file(options, f"uci/{name}.csv.gz")
    if path is None:
        return None
    values = np.loadtxt(path, delimiter=",")
    X, y = values[:, :-1], values[:, -1]
    commonest = [np.unique(x, return_counts=True)[1].max() for x in X.T]
    return X[:, np.array(commonest) < 0.999 * len(X)], y


def feature_map(kind: str, n_features: int, seed: int) -> Any:
    """Return the transformer that goes by this name."""
    if kind == "polynomial":
        return PolynomialFeatures(2)
    return Nystroem(n_components=200, gamma=1 / n_features, random_state=seed)


def split(X: NDArray, y: NDArray, kind: str, seed: int) -> Split:
    """Hold a fifth of the rows out, and orthonormalise the features of the others."""
    train, test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
    steps = make_pipeline(StandardScaler(), feature_map(kind, X.shape[1], seed))
    features = np.ascontiguousarray(steps.fit_transform(train))
    pool = Pool(Features(features))
    mean, scale = y_train.mean(), y_train.std()
    return Split(
        steps[0].transform(train),
        pool,
        whitened(features, pool.basis),
        (y_train - mean) / scale,
        whitened(steps.transform(test), pool.basis),
        (y_test - mean) / scale,
    )


def curves(
    data: Split, centres: NDArray, seed: int
) -> dict[str, list[tuple[float, float]]]:
    """Return labels / m and error / error of the full fit, of contenders by draws."""
    rng = np.random.default_rng(seed)
    n_rows, m = data.train.shape
    full = data.error(np.arange(n_rows), np.ones(n_rows))
    shuffled = rng.permutation(n_rows)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTENDERS}

    def record(name: str, rows: NDArray, weights: NDArray) -> None:
        labels = len(np.unique(rows)) / m
        found[name].append((labels, data.error(rows, weights) / full))

    for multiple in MULTIPLES:
        n = int(np.ceil(multiple * m))
        record("uniform", shuffled[:n], np.ones(n))
        record("k-means++", centres[:n], np.ones(n))
        for design in ("leverage", "volume"):
            rows = draw_design(data.pool, design, n, rng).points
            record(design, rows, 1 / data.pool.leverage[rows])
        rows = draw_design(data.pool, "repeated_dpp", n, rng).points
        for name, power in POWERS.items():
            record(name, rows, data.pool.leverage[rows] ** -power)
    return found


def needed(curve: NDArray[np.float64]) -> float:
    """Return labels / m from which on the error stays within 10 % of the full fit's."""
    labels, errors = curve.T
    worst = np.maximum.accumulate(errors[::-1])[::-1]
    if worst[-1] > WITHIN:
        return np.inf
    return float(np.interp(-np.log(WITHIN), -np.log(worst), labels))


def ratio(ours: float, uniform: float) -> float | str:
    """Return the ratio of labels, or a bound if uniform sampling needs more than tried."""
    if np.isfinite(uniform):
        return ours / uniform
    return f"< {ours / MULTIPLES[-1]:.2f}" if np.isfinite(ours) else ""


def label_tables(options: Options) -> list[Table]:
    """Compare designs by the labels a regression needs."""
    summary, details = [], []
    for name in DATA[1:2] if options.quick else DATA:
        data = read(name, options)
        if data is None:
            continue
        for kind in ("polynomial", "Nystroem"):
            medians, n_rows, m = label_medians(name, *data, kind, options)
            needs = {c: needed(curve) for c, curve in medians.items()}
            shares = [ratio(needs[c], needs["uniform"]) for c in POWERS]
            summary.append(
                [name, kind, n_rows, m, *needs.values(), *shares, LABELS_AT_MOST]
            )
            for i, multiple in enumerate(MULTIPLES):
                cells = [v for c in CONTENDERS for v in medians[c][i]]
                details.append([name, kind, multiple, *cells])
    return [
        table(
            "Labels / m needed to come within 10 % of the fit on all labels",
            ["data", "features", "N", "m", *CONTENDERS, *(f"{c} / uniform" for c in POWERS),
             "target"],
            summary,
            "Weighted least squares; RMSE on a fifth held out, medians over 20 splits; inf "
            "means not with the most labels tried, 10 m. weight_power is that of "
            "DPPLeastSquares, for the draws of repeated_dpp; ratios with < take uniform's "
            "for 10. Uniform rows are drawn without replacement; k-means++ seeds among "
            "10,000 rows. Features nearly all of one value are left out, two in elevators.",
        ),
        table(
            LABEL_CURVES,
            ["data", "features", "draws / m",
             *(f"{c}, {what}" for c in CONTENDERS for what in ("labels / m", "error"))],
            details,
            "Test RMSE over that of the fit on all labels, medians over 20 splits.",
        ),
    ]  # fmt: skip


LABEL_CURVES = "Error against the number of labels"


def label_medians(
    name: str, X: NDArray, y: NDArray, kind: str, options: Options
) -> tuple[dict[str, NDArray], int, int]:
    """Return the median curves of contenders, and the size of the pool."""
    say(f"labels: {name}, {kind}")
    found = []
    for seed in range(2 if options.quick else 20):
        data = split(X, y, kind, seed)
        n_rows, m = data.train.shape
        rows = np.random.default_rng(seed).permutation(n_rows)[:N_FOR_SEEDING]
        n_centres = int(np.ceil(MULTIPLES[-1] * m))
        centres = kmeans_plusplus(data.X[rows], n_centres, random_state=seed)[1]
        found.append(curves(data, rows[centres], seed))
    medians = {c: np.median([f[c] for f in found], axis=0) for c in CONTENDERS}
    return medians, n_rows, m
