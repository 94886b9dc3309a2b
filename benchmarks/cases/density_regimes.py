"""Bandwidth rules and regimes: quality and speed against searches, peers and theory."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from _harness import (
    Contender,
    Options,
    Timing,
    affordable,
    measure,
    peer,
    say,
    table,
)
from cases._data import load, standardised
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity as TreeKernelDensity
from threadpoolctl import ThreadpoolController

from sklearn_kernelx import KernelDensity
from sklearn_kernelx.density import (
    fft_density,
    gaussian_regimes,
    kernel_density_regimes,
)
from sklearn_kernelx.density._bandwidth import normal_reference
from sklearn_kernelx.density._isj import improved_sheather_jones

Table = dict[str, Any]


def tables(options: Options) -> list[Table]:
    """Return the tables of this subject."""
    return [
        choice_table(options),
        cost_table(options),
        theory_table(options),
        isj_table(options),
        rule_table(options),
    ]


def measure_within(
    contenders: Sequence[Contender], repeats: int, seconds: float
) -> dict[str, Timing]:
    """Time contenders of very unequal length in turn, the long ones less often.

    A first round shows how many further runs, at most `repeats`, fit in so many seconds.
    Where none does, the first is the timing, else it was a warm-up.
    """
    timings = {c.name: Timing(c.work) for c in contenders}
    left = dict.fromkeys(timings, 1)
    pools = ThreadpoolController()
    for turn in range(1 + repeats):
        first = turn % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            name, timing = contender.name, timings[contender.name]
            if left[name] == 0:
                continue
            with pools.limit(limits=contender.blas_threads, user_api="blas"):
                started = time.perf_counter()
                timing.value = contender.run()
                wall = time.perf_counter() - started
            left[name] -= 1
            if turn == 0:
                left[name] = int(min(repeats, seconds / wall))
            if turn > 0 or left[name] == 0:
                timing.wall.append(wall)
    for name, timing in timings.items():
        say(f"  {name}: {timing.seconds:.4g} s, median of {len(timing.wall)}")
    return timings


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


# 1. Bandwidths by leave-one-out likelihood, by grid search and by rules of thumb.

DATA = ("digits", "patches", "protein", "bike", "doc_embeddings_a")
STANDARDISED = ("protein", "bike")
MAX_UNSEEN = 2000
N_BANDWIDTHS, N_FOLDS = 30, 5
RULES_OF_THUMB = ("scott", "silverman", "normal_reference")
KL, OUR_SEARCH, TREE_SEARCH = "kl", "grid search", "grid search, scikit-learn's densities"
# What the further runs of a contender may take, and what a search by scikit-learn's
# estimator may: it gets as many rows as fit.
RUN_SECONDS = {False: 30.0, True: 0.3}
SEARCH_SECONDS = {False: 60.0, True: 0.3}
ALLOWANCE, FASTER = 0.005, 50
# A standard deviation below this share of the largest: round-off of a constant.
CONSTANT = 1e-6

CHOICE_COLUMNS = [
    "data set", "n", "d", "method", "rows searched", "bandwidth", "log p, mean",
    "log p, median", "log p, mean as scikit-learn has it", "wall s, median", "runs",
    "x kl's time", "spread of the scores", "allowance", "kl >= grid - allowance",
    f"kl {FASTER} x faster",
]  # fmt: skip


def choice_table(options: Options) -> Table:
    """Compare likelihoods of unseen rows, and the times to choose a bandwidth."""
    rows, repeated = [], []
    for name in DATA:
        points = load(name, options)
        if points is None:
            continue
        share = 1 - len(np.unique(points, axis=0)) / len(points)
        if share > 0:
            repeated.append(f"{name} {share:.1%}")
        if name in STANDARDISED:
            points = standardised(points)
        points = np.random.default_rng(5).permutation(points)
        if options.quick:
            points = points[:1000]
        n_unseen = min(MAX_UNSEEN, len(points) // 4)
        unseen, X = points[:n_unseen], points[n_unseen:]
        deviations = np.std(X, axis=0)
        varies = deviations > CONSTANT * np.max(deviations)
        rows += _choice_rows(name, X[:, varies], unseen[:, varies], options)
    return table(
        "Bandwidth by leave-one-out likelihood against a grid search",
        CHOICE_COLUMNS,
        rows,
        "Time to choose a bandwidth and to fit, float64, one thread; log-densities of "
        "unseen rows, by sklearn_kernelx from all n training rows whatever chose the "
        f"bandwidth. Grid searches are GridSearchCV over {N_BANDWIDTHS} bandwidths from a "
        "tenth to ten times that of kl, evenly in their logarithm, in "
        f"{N_FOLDS} folds; with scikit-learn's own KernelDensity on the first rows only "
        f"where all would take over {SEARCH_SECONDS[options.quick]:g} s, so that the "
        "ratio of times is a lower bound there. One column has what scikit-learn's "
        "KernelDensity itself returns for the same rows and bandwidth. The spread is that "
        "of the mean scores of a row over the grid, to which the smallest bandwidth adds "
        f"most, the allowance {ALLOWANCE:.1%} of it. Features constant in the training "
        f"rows (a standard deviation below {CONSTANT:.0e} of the largest) are removed for "
        "all methods; "
        f"{' and '.join(STANDARDISED)} are standardised, the others are as they come, "
        "though scott and silverman are meant for standardised features. Of "
        "normal_reference, one bandwidth a feature, the mean is shown. Rows that repeat "
        f"others: {', '.join(repeated) or 'none'}.",
    )


def _choice_rows(name: str, X: NDArray, unseen: NDArray, options: Options) -> list[list]:
    n, d = X.shape
    say(f"bandwidths: {name}, n={n}, d={d}")
    h_kl = KernelDensity(bandwidth="kl").fit(X).bandwidth_
    grid = np.geomspace(h_kl / 10, 10 * h_kl, N_BANDWIDTHS)
    n_searched = _rows_for_trees(X, grid, SEARCH_SECONDS[options.quick])
    if n_searched < n:
        say(f"  scikit-learn's densities: {n_searched} of {n} rows, for its time")
    searched = {OUR_SEARCH: n, TREE_SEARCH: n_searched}
    ours, trees = _search(KernelDensity(), grid), _search(TreeKernelDensity(), grid)
    contenders = [
        _rule(KL, X),
        Contender(OUR_SEARCH, _fitting(ours, X)),
        Contender(TREE_SEARCH, _fitting(trees, X[:n_searched])),
        *(_rule(rule, X) for rule in RULES_OF_THUMB),
    ]
    timings = measure_within(contenders, options.repeats, RUN_SECONDS[options.quick])
    rows, kl_mean = [], None
    for method, timing in timings.items():
        bandwidth = getattr(timing.value, "best_estimator_", timing.value).bandwidth_
        log_p = KernelDensity(bandwidth=bandwidth).fit(X).score_samples(unseen)
        mean, ratio = np.mean(log_p), timing.seconds / timings[KL].seconds
        kl_mean = mean if method == KL else kl_mean
        own, targets = None, [None] * 4
        if method == TREE_SEARCH:
            tree = TreeKernelDensity(bandwidth=bandwidth).fit(X)
            own = np.mean(tree.score_samples(unseen))
        if method == OUR_SEARCH:
            # Sums over a fold, averaged over the folds.
            scores = timing.value.cv_results_["mean_test_score"] * N_FOLDS / n
            allowance = ALLOWANCE * np.ptp(scores)
            reached = _yes(kl_mean >= mean - allowance)
            targets = [np.ptp(scores), allowance, reached, _yes(ratio >= FASTER)]
        rows.append(
            [name, n, d, method, searched.get(method), np.mean(bandwidth), mean,
             np.median(log_p), own, timing.seconds, len(timing.wall), ratio, *targets]
        )  # fmt: skip
    return rows


def _search(estimator, grid: NDArray) -> GridSearchCV:
    return GridSearchCV(estimator, {"bandwidth": grid}, cv=N_FOLDS)


def _fitting(estimator, X: NDArray) -> Callable[[], Any]:
    return lambda: estimator.fit(X)


def _rule(rule: str, X: NDArray) -> Contender:
    return Contender(rule, _fitting(KernelDensity(bandwidth=rule), X))


def _rows_for_trees(X: NDArray, grid: NDArray, seconds: float) -> int:
    """Return how many rows scikit-learn's estimator can search in so many seconds."""
    some = grid[[0, len(grid) // 2, -1]]
    trees = [TreeKernelDensity(bandwidth=h).fit(X) for h in some]
    share = seconds * len(some) / len(grid)
    n_queries = affordable(
        lambda k: [tree.score_samples(X[:k]) for tree in trees], len(X), share
    )
    # As many queries as samples: the time grows with the square of their number.
    return int(np.sqrt(n_queries * len(X)))


# 2. What an estimate of the regimes costs.

COST_AT_MOST = 2


def cost_table(options: Options) -> Table:
    """Compare `kernel_density_regimes` with `score_samples` of the same queries."""
    n, d = 50_000 // (10 if options.quick else 1), 64
    say(f"cost of regimes: n={n}, d={d}")
    X = np.random.default_rng(d).standard_normal((n, d))
    regimes = kernel_density_regimes(X, random_state=0)
    rows = []
    for dtype in ("float64", "float32"):
        data = X.astype(dtype)
        queries = data[regimes.queries]
        for n_jobs in sorted({1, options.jobs}):
            contenders = _cost_contenders(data, queries, regimes.h_KL, n_jobs)
            timings = measure(contenders, options.repeats).values()
            ours, from_raw, scoring = (timing.seconds for timing in timings)
            rows.append(
                [dtype, n_jobs, ours, from_raw, scoring, ours / from_raw, ours / scoring,
                 COST_AT_MOST]
            )  # fmt: skip
    return table(
        f"kernel_density_regimes against scoring the same {len(regimes.queries)} queries: "
        f"{n} samples, {d} features",
        ["dtype", "threads", "regimes s", "fit and score s", "score s",
         "regimes / (fit and score)", "regimes / score", "target, at most"],
        rows,
        "Medians of wall times, BLAS on one thread. Normal samples; the queries are the "
        "rows that random_state=0 draws, scored at h_KL. kernel_density_regimes begins "
        "with raw samples, as a fit does; score alone has the fit behind it.",
    )  # fmt: skip


def _cost_contenders(X, queries, h: float, n_jobs: int) -> list[Contender]:
    estimator = KernelDensity(bandwidth=h, n_jobs=n_jobs)
    fitted = KernelDensity(bandwidth=h, n_jobs=n_jobs).fit(X)
    label = f"{X.dtype}, n_jobs={n_jobs}"
    return [
        Contender(
            f"kernel_density_regimes, {label}",
            lambda: kernel_density_regimes(X, random_state=0, n_jobs=n_jobs),
        ),
        Contender(
            f"fit and score_samples, {label}",
            lambda: estimator.fit(X).score_samples(queries),
        ),
        Contender(f"score_samples, {label}", lambda: fitted.score_samples(queries)),
    ]


# 3. Regimes of normal data, estimated and in theory.

ISOTROPIC = (
    (3_000, 20), (20_000, 20), (100_000, 20), (20_000, 40), (100_000, 40),
    (20_000, 60), (100_000, 60), (20_000, 200),
)  # fmt: skip
THEORY_CASES: tuple[tuple[str, int, NDArray], ...] = (
    *(("1", n, np.ones(d)) for n, d in ISOTROPIC),
    *((f"1/k, k = 1 to {d}", 20_000, 1 / np.arange(1, d + 1)) for d in (40, 200)),
    ("25 (5 features), 1 (45 features)", 20_000, np.repeat([25.0, 1.0], [5, 45])),
)
H_G_WITHIN, H_KL_WITHIN, H_KL_FROM_D = 0.1, 0.05, 40


def theory_table(options: Options) -> Table:
    """Compare `kernel_density_regimes` with `gaussian_regimes` on normal data."""
    rows = []
    for label, n, spectrum in THEORY_CASES:
        if options.quick and n > 3_000:
            continue
        d = len(spectrum)
        say(f"theory: n={n}, d={d}, variances {label}")
        X = np.random.default_rng(d).standard_normal((n, d)) * np.sqrt(spectrum)
        found = kernel_density_regimes(X, random_state=0, n_jobs=options.jobs)
        theory = gaussian_regimes(n, spectrum)
        cells, ratios = [], {}
        for key, exact in (
            ("h_G", theory.h_G), ("h_G_nearest", theory.h_G), ("h_KL", theory.h_KL)
        ):  # fmt: skip
            low, high = found[f"{key}_interval"] / exact
            ratios[key] = found[key] / exact
            cells += [ratios[key], f"{low:.3f} to {high:.3f}"]
        targets = [
            _yes(abs(ratios["h_G"] - 1) <= H_G_WITHIN),
            _yes(abs(ratios["h_KL"] - 1) <= H_KL_WITHIN) if d >= H_KL_FROM_D else None,
        ]
        rows.append([label, n, d, theory.h_G, theory.h_KL, *cells, *targets])
    return table(
        "Estimated against theory: regimes of normal data",
        ["variances", "n", "d", "h_G, theory", "h_KL, theory", "h_G", "interval",
         "h_G_nearest", "interval", "h_KL", "interval", f"h_G within {H_G_WITHIN:.0%}",
         f"h_KL within {H_KL_WITHIN:.0%}"],
        rows,
        "Ratios of kernel_density_regimes (500 queries, random_state=0) to the refined "
        "gaussian_regimes, and its bootstrap intervals of 95 %, as ratios too. They are "
        "about the queries drawn, not about what the theory leaves out: its h_KL is the "
        "limit of many features, and so has a target from "
        f"{H_KL_FROM_D} features on.",
    )  # fmt: skip


# 4. Improved Sheather-Jones.

# Equal halves of these means, and standard deviations.
MIXTURES = {"normal": ((0.0,), 1.0), "bimodal": ((-1.5, 1.5), 0.5)}
ISE_GRID = np.linspace(-8, 8, 8001)


def isj_table(options: Options) -> Table:
    """Compare bandwidths for one feature: time and distance to the true density."""
    rows = []
    for label, (means, deviation) in MIXTURES.items():
        truth = np.mean([norm.pdf(ISE_GRID, mean, deviation) for mean in means], axis=0)
        for n in (10**3, 10**4) if options.quick else (10**3, 10**5, 10**6):
            say(f"improved Sheather-Jones: {label}, n={n}")
            rng = np.random.default_rng(6)
            x = rng.choice(means, n) + deviation * rng.standard_normal(n)
            timings = measure(_isj_contenders(x), options.repeats)
            chosen = {name: float(np.mean(t.value)) for name, t in timings.items()}
            least = _least_error(x, truth, np.median(list(chosen.values())))
            for name, timing in timings.items():
                median, fastest, _ = timing.cells()
                error, h = _squared_error(x, truth, chosen[name]), chosen[name]
                rows.append([label, n, name, median, fastest, h, error, error / least])
    return table(
        "Improved Sheather-Jones: bandwidths for one feature",
        ["density", "n", "contender", "wall s, median", "wall s, min", "bandwidth",
         "integrated squared error", "x least error"],
        rows,
        "From raw samples to a bandwidth, one thread. The error is that of the Gaussian "
        "density of the samples, by fft_density, against the density they were drawn "
        "from; the least is that of the best bandwidth for the same samples. bimodal: "
        "equal parts of mean -1.5 and 1.5, standard deviation 0.5. KDEpy's "
        "improved_sheather_jones scales by the range of the data where the grid it uses "
        "is longer. normal_reference, for comparison, knows of no second mode.",
    )  # fmt: skip


def _isj_contenders(x: NDArray) -> list[Contender]:
    column = x[:, np.newaxis]
    result = [
        Contender("sklearn_kernelx isj", lambda: improved_sheather_jones(x)),
        Contender(
            "sklearn_kernelx normal_reference", lambda: normal_reference(column, None)
        ),
    ]
    theirs = peer("KDEpy.bw_selection")
    if theirs is not None:
        run = theirs.improved_sheather_jones
        result.append(Contender("KDEpy improved_sheather_jones", lambda: run(column)))
    return result


def _squared_error(x: NDArray, truth: NDArray, h: float) -> float:
    density = fft_density(x, ISE_GRID, bandwidth=h)
    return float(np.trapezoid((density - truth) ** 2, ISE_GRID))


def _least_error(x: NDArray, truth: NDArray, h: float) -> float:
    found = minimize_scalar(
        lambda log_h: _squared_error(x, truth, np.exp(log_h)),
        bounds=(np.log(h / 10), np.log(10 * h)),
        method="bounded",
        options={"xatol": 1e-3},
    )
    return found.fun


# 5. Time of the rules.

RULES = ("scott", "kl", "clt", "condensation", "isj")
RULE_FEATURES = (1, 2, 8, 64)


def rule_table(options: Options) -> Table:
    """Time a fit with each rule."""
    n = 100_000 // (50 if options.quick else 1)
    seconds = {}
    for d in RULE_FEATURES:
        say(f"rules: n={n}, d={d}")
        X = np.random.default_rng(d).standard_normal((n, d))
        contenders = [_rule(rule, X) for rule in RULES if rule != "isj" or d == 1]
        timings = measure_within(contenders, options.repeats, RUN_SECONDS[options.quick])
        seconds |= {(rule, d): timing.seconds for rule, timing in timings.items()}
    return table(
        f"Time of the rules: fit of {n} samples, in seconds",
        ["bandwidth", *(f"d = {d}" for d in RULE_FEATURES)],
        [[rule, *(seconds.get((rule, d)) for d in RULE_FEATURES)] for rule in RULES],
        "Normal samples, float64, one thread; medians of wall times. scott looks at no "
        "distance: its time is that of the rest of the fit, which all have. kl takes "
        "rows until their choice matters little for the bandwidth, and in few features, "
        "where the likelihood is flat, that is many.",
    )
