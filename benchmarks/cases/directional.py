"""Log-Bessel functions and von Mises-Fisher models against SciPy and scikit-learn."""

import time
import tracemalloc
import warnings
from collections.abc import Callable
from decimal import Decimal, getcontext
from typing import Any

import numpy as np
from _harness import Contender, Options, data_file, measure, say, table
from numpy.typing import NDArray
from scipy import sparse, special, stats
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import ThreadpoolController

from sklearn_kernelx import SphericalKMeans, VonMisesFisher, VonMisesFisherMixture
from sklearn_kernelx._cython import _vexp
from sklearn_kernelx.directional._expectation_maximization import (
    Mixture,
    expectation,
    maximization,
    mixture_logits,
)
from sklearn_kernelx.directional._mixture_fit import ConcentrationRule
from sklearn_kernelx.directional._row_blocks import parts_of
from sklearn_kernelx.directional._sampling import sample_von_mises_fisher
from sklearn_kernelx.directional._sphere import UnitRows
from sklearn_kernelx.special import (
    iv_ratio,
    iv_ratio_complement,
    log_iv,
    log_kv,
    log_vmf_normalizer,
    vmf_kappa,
)

Table = dict[str, Any]
EPS = np.finfo(float).eps
getcontext().prec = 60


def tables(options: Options) -> list[Table]:
    """Return the tables of this subject."""
    found = [
        speed_table(options),
        accuracy_table(options),
        fit_table(options),
        consistency_table(options),
        sampling_table(options),
        iteration_table(options),
        clustering_table(options),
        bic_table(options),
    ]
    return [item for item in found if item["rows"]]


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


# 1. Time of the special functions.

N_VALUES = 100_000
FIXED_ORDERS = ((20, 0.1, 100), (31, 1, 600), (255, 60, 1e4), (1023, 700, 1e5))
MIXED = "0 to 60"


def _log_ive(v: Any, x: NDArray) -> NDArray:
    return np.log(special.ive(v, x)) + x


def _log_kve(v: Any, x: NDArray) -> NDArray:
    return np.log(special.kve(v, x)) - x


def _ive_ratio(v: Any, x: NDArray) -> NDArray:
    return special.ive(v + 1, x) / special.ive(v, x)


FUNCTIONS = (
    ("log_iv", log_iv, _log_ive),
    ("log_kv", log_kv, _log_kve),
    ("iv_ratio", iv_ratio, _ive_ratio),
)
# At least so many times as fast as SciPy, at most so many of our own exponentials.
SPEED_TARGETS = {
    ("log_iv", True): (70, 6),
    ("log_iv", False): (15, None),
    ("log_kv", True): (10, None),
    ("log_kv", False): (10, None),
    ("iv_ratio", True): (None, 3),
}


def _arguments(rng: np.random.Generator) -> list[tuple[str, bool, Any, NDArray]]:
    found: list[tuple[str, bool, Any, NDArray]] = [
        (str(v), True, float(v), np.geomspace(low, high, N_VALUES))
        for v, low, high in FIXED_ORDERS
    ]
    for _, _, _, x in found:
        rng.shuffle(x)
    uniform = rng.uniform(0, 60, (2, N_VALUES))
    wide = np.exp(rng.uniform(np.log(0.05), np.log(3000), (2, 2 * N_VALUES)))
    finite = np.isfinite(_quiet(_log_ive, *wide)) & np.isfinite(_quiet(_log_kve, *wide))
    wide = wide[:, finite][:, :N_VALUES]
    return [
        *found,
        (MIXED, False, *uniform),
        ("0.05 to 3000, evenly in the logarithm", False, *wide),
    ]


def speed_table(options: Options) -> Table:
    """Compare the special functions with SciPy's and with the exponential."""
    rng = np.random.default_rng(0)
    rows = []
    for label, one_order, v, x in _arguments(rng):
        say(f"special functions: orders {label}")
        out, negative = np.empty(N_VALUES), -x / np.max(x)
        contenders = [Contender("exp", lambda z=negative, o=out: _vexp.exp(z, o))]
        for name, ours, theirs in FUNCTIONS:
            contenders += [
                Contender(name, lambda f=ours, v=v, x=x, o=out: f(v, x, out=o)),
                Contender(f"{name}, SciPy", lambda f=theirs, v=v, x=x: _quiet(f, v, x)),
            ]
        timings = measure(contenders, options.repeats)
        exp = timings["exp"].seconds
        for name, _, theirs in FUNCTIONS:
            ours, peer = timings[name].seconds, timings[f"{name}, SciPy"].seconds
            finite = np.mean(np.isfinite(_quiet(theirs, v, x)))
            faster, exps = SPEED_TARGETS.get((name, one_order), (None, None))
            reached = (faster is None or peer / ours >= faster) and (
                exps is None or ours / exp <= exps
            )
            target = "; ".join(
                text
                for text, given in (
                    (f"{faster} x faster", faster),
                    (f"{exps} exp", exps),
                )
                if given
            )
            rows.append(
                [name, label, 1e9 * ours / N_VALUES, 1e9 * peer / N_VALUES,
                 f"{finite:.0%}", peer / ours, ours / exp, target,
                 _yes(reached) if target else None]
            )  # fmt: skip
    return table(
        f"Special functions, {N_VALUES} values, one thread",
        ["function", "orders", "ns a value", "SciPy, ns a value", "SciPy finite",
         "x faster", "in our own exp", "target", "reached"],
        rows,
        "Medians of interleaved runs. SciPy: log(ive) + x, log(kve) - x, the ratio of two "
        "ive. All arguments are such that SciPy's values are finite: where it gives up, it "
        "is fast. Arguments of one order are even in the logarithm "
        f"({', '.join(f'{v}: {low:g} to {high:g}' for v, low, high in FIXED_ORDERS)}), "
        "those of many orders as the orders. The exponential is our own, vectorised, "
        "array to array; it is the fastest such loop on this machine.",
    )  # fmt: skip


def _quiet(function: Callable, *arguments: Any) -> NDArray:
    with np.errstate(all="ignore"):
        return function(*arguments)


# 2. Accuracy on reference values.


def accuracy_table(options: Options) -> Table:
    """Compare the special functions with reference values of 34 digits."""
    rows: list[list[Any]] = []
    bessel = _reference(options, "log_bessel.csv")
    if bessel is not None:
        v, x = bessel["v"][0], bessel["x"][0]
        for name, ours, theirs in FUNCTIONS[:2]:
            for label, function in ((name, ours), (f"{name}, SciPy", theirs)):
                values = _quiet(function, v, x)
                rows.append([label, "mixed", *_errors(values, bessel[name])])
    laws = _reference(options, "vmf_kappa.csv")
    if laws is not None:
        p, kappa, length = laws["p"][0], laws["kappa"][0], laws["A_p"]
        complement = (1 - length[0]) - length[1], np.zeros(len(p))
        v = p / 2 - 1
        for label, function in (("iv_ratio", iv_ratio), ("iv_ratio, SciPy", _ive_ratio)):
            values = _quiet(function, v, kappa)
            rows.append([label, "relative", *_errors(values, length, floor=0)])
        known = (complement[0] > 1e-8) & (p >= 3)  # to all digits by subtraction
        values = iv_ratio_complement(v, kappa)[known]
        exact = complement[0][known], complement[1][known]
        rows.append(["iv_ratio_complement", "relative", *_errors(values, exact, floor=0)])
        values = log_vmf_normalizer(p, kappa)
        rows.append(["log_vmf_normalizer", "mixed", *_errors(values, laws["log_Cp"])])
        rows.append(["vmf_kappa", "in eps A/(kappa A')", *_kappa_errors(p, kappa, length)])
    return table(
        "Accuracy on reference values of 34 digits",
        ["function", "error", "values", "not finite", "median", "99 %", "largest"],
        rows,
        "Orders from 0 to 1e6, arguments from 1e-300 to 1e9, about 280 values within 10 % "
        "of a root. The mixed error is relative where the value exceeds 1, else absolute. "
        "Errors of SciPy are over its finite values. A dozen reference values with orders "
        "up to 1e-100 are themselves off in the third digit, by less than 1e-98.",
    )


def _reference(options: Options, name: str) -> dict[str, NDArray] | None:
    """Read columns as sums of two float64, each an array of shape (2, n); NaN if blank."""
    path = data_file(options, f"../reference/{name}")
    if path is None:
        return None
    with path.open() as file:
        names, *lines = [line.strip().split(",") for line in file]
    return {
        column: np.transpose([_two_parts(line[i]) for line in lines])
        for i, column in enumerate(names)
    }


def _two_parts(text: str) -> tuple[float, float]:
    if not text:
        return np.nan, 0.0
    high = float(text)
    return high, float(Decimal(text) - Decimal(high))


def _errors(values: NDArray, exact: Any, floor: float = 1) -> list[Any]:
    high, low = (np.asarray(part) for part in exact)
    asked = np.isfinite(high) & (np.abs(high) > 1e-300)
    values, high, low = values[asked], high[asked], low[asked]
    finite = np.isfinite(values)
    errors = np.abs((values - high) - low) / np.maximum(np.abs(high), floor)
    return _summary(errors[finite], len(values), np.sum(~finite))


def _summary(errors: NDArray, n_values: int, n_not_finite: int) -> list[Any]:
    quantiles = np.median(errors), np.quantile(errors, 0.99), np.max(errors)
    return [n_values, int(n_not_finite), *quantiles]


def _kappa_errors(p: NDArray, kappa: NDArray, length: NDArray) -> list[Any]:
    r = length[0]
    inner = (r >= 1e-6) & (r <= 1 - 1e-6)
    p, kappa, r = p[inner], kappa[inner], r[inner]
    slope = 1 - r * r - (p - 1) * r / kappa
    condition = np.maximum(1, r / (kappa * slope))
    values = vmf_kappa(p, r)
    finite = np.isfinite(values)
    errors = np.abs(values / kappa - 1) / (EPS * condition)
    return _summary(errors[finite], len(values), np.sum(~finite))


# 3. Fits and densities.

FIT_SHAPES = ((2000, 64), (2000, 2048), (300, 32768))
FIT_AT_MOST = 4


def fit_table(options: Options) -> Table:
    """Compare fits with the mean of the rows, and with SciPy's."""
    rows = []
    for n, d in FIT_SHAPES:
        say(f"fit: n={n}, d={d}")
        X = _directions(n, d, float(d))
        estimator = VonMisesFisher(bias_correction=False)
        contenders = [
            Contender("mean", lambda X=X: X.mean(axis=0)),
            Contender("fit", lambda X=X, e=estimator: e.fit(X)),
            Contender("score", lambda X=X, e=estimator: e.fit(X[:50]).score_samples(X)),
            Contender("SciPy", lambda X=X: _quiet(stats.vonmises_fisher.fit, X)),
        ]
        timings = measure(contenders, options.repeats)
        seconds = {name: timing.seconds for name, timing in timings.items()}
        rows.append(
            [n, d, seconds["fit"], seconds["fit"] / seconds["mean"], FIT_AT_MOST,
             seconds["score"] / seconds["mean"], seconds["SciPy"] / seconds["fit"],
             timings["fit"].value.concentration_, timings["SciPy"].value[1]]
        )  # fmt: skip
    return table(
        "VonMisesFisher: time to fit and to score, float64, one thread",
        ["n", "d", "fit s", "fit / X.mean(axis=0)", "target at 2048, at most",
         "score / mean", "x SciPy's speed", "our kappa", "SciPy's kappa"],
        rows,
        "Draws with concentration d; plain maximum likelihood, as SciPy's. Validation of "
        "the data is in all our times.",
    )  # fmt: skip


def _directions(n: int, d: int, concentration: float, seed: int = 0) -> NDArray:
    rng = np.random.RandomState(seed)
    mean = rng.standard_normal(d)
    mean /= np.linalg.norm(mean)
    return sample_von_mises_fisher(mean, concentration, n, rng)


N_CONSISTENCY, N_REPETITIONS = 1000, 5


def consistency_table(options: Options) -> Table:
    """Estimate concentrations of known laws."""
    rows = []
    for d in (2048,) if options.quick else (2048, 8192, 32768):
        for ratio in (0.1, 1, 10):
            say(f"consistency: d={d}, kappa={ratio} d")
            rows.append(_consistency_row(d, ratio * d, options))
    return table(
        f"Concentrations estimated from {N_CONSISTENCY} draws",
        ["d", "kappa", "estimate", "in standard errors", "largest of "
         f"{N_REPETITIONS}, in standard errors", "plain maximum likelihood", "in standard "
         "errors", "SciPy's fit", "log-densities finite", "SciPy's finite", "within 3"],
        rows,
        "The standard error is 1/sqrt(n A'(kappa)). The first estimates are of the first "
        "of the samples. bias_correction=True is the default; without it the "
        "concentration is too large where d is large for n.",
    )  # fmt: skip


def _consistency_row(d: int, kappa: float, options: Options) -> list[Any]:
    n = N_CONSISTENCY
    slope = _slope(d, kappa)
    error = 1 / np.sqrt(n * slope)
    estimates = []
    for seed in range(2 if options.quick else N_REPETITIONS):
        X = _directions(n, d, kappa, seed)
        estimates.append(VonMisesFisher().fit(X).concentration_)
        if seed == 0:
            plain = VonMisesFisher(bias_correction=False).fit(X).concentration_
            ours = VonMisesFisher().fit(X)
            finite = np.mean(np.isfinite(ours.score_samples(X)))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                direction, peer = _quiet(stats.vonmises_fisher.fit, X[:300])
                law = stats.vonmises_fisher(direction, kappa)
                theirs = np.mean(np.isfinite(_quiet(law.logpdf, X[:100])))
    distances = (np.array(estimates) - kappa) / error
    worst = np.max(np.abs(distances))
    return [d, kappa, estimates[0], distances[0], worst, plain, (plain - kappa) / error,
            peer, f"{finite:.0%}", f"{theirs:.0%}", _yes(worst <= 3)]  # fmt: skip


def _slope(p: int, kappa: float) -> float:
    """A'(kappa) by central differences of A in the complement, which keeps its digits."""
    step = 1e-4 * kappa
    above, below = (iv_ratio_complement(p / 2 - 1, kappa + s) for s in (step, -step))
    return float((below - above) / (2 * step))


# 4. Draws.

SAMPLE_FASTER = 100


def sampling_table(options: Options) -> Table:
    """Compare draws with SciPy's."""
    rows = []
    n = 2000
    for d in (64, 2048, 32768):
        if options.quick and d > 64:
            continue
        say(f"draws: n={n}, d={d}")
        mean = np.zeros(d)
        mean[-1] = 1
        rng = np.random.default_rng(0)
        contenders = [
            Contender("ours", lambda m=mean, d=d: sample_von_mises_fisher(m, d, n, 0)),
            Contender("normals", lambda d=d, r=rng: r.standard_normal((n, d))),
        ]
        if d <= 64:
            contenders.append(_scipy_draws(mean, n))
        timings = measure(contenders, options.repeats)
        ours = timings["ours"].seconds
        peer = timings["SciPy"].seconds if d <= 64 else None
        if d == 2048:  # many seconds a time
            with ThreadpoolController().limit(limits=1, user_api="blas"):
                peer = min(_seconds(_scipy_draws(mean, n).run) for _ in range(2))
        rows.append(
            [n, d, ours, ours / timings["normals"].seconds, peer, peer and peer / ours,
             SAMPLE_FASTER if d == 2048 else None]
        )  # fmt: skip
    return table(
        "Draws from a von Mises-Fisher law with concentration d",
        ["n", "d", "ours s", "/ normals alone", "SciPy s", "x faster", "target, at least"],
        rows,
        "SciPy's matrices of d x d are beyond this machine's memory at 32768; at 2048 the "
        "faster of two runs.",
    )


def _scipy_draws(mean: NDArray, n: int) -> Contender:
    law = stats.vonmises_fisher(mean, float(len(mean)), seed=0)
    return Contender("SciPy", lambda: law.rvs(n))


def _seconds(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


# 5. Iterations of expectation-maximisation.


def iteration_table(options: Options) -> Table:
    """Compare an iteration with its two products of matrices, sparse with dense."""
    shrink = 10 if options.quick else 1
    n, p, k = 20_000 // shrink, 512, 32
    say(f"dense iteration: n={n}, p={p}, k={k}")
    X = np.random.default_rng(0).standard_normal((n, p))
    rows = [_dense_row(X, k, options)]
    for n, p, density in ((5_000 // shrink, 20_000, 0.01), (20_000 // shrink, 4_096, 0.01)):
        say(f"sparse iteration: n={n}, p={p}")
        rng = np.random.default_rng(1)
        S = sparse.random_array((n, p), density=density, format="csr", rng=rng)
        rows.append(_sparse_row(S, k, options))
    return table(
        "An iteration of soft expectation-maximisation, float64, one thread",
        ["data", "n", "p", "components", "iteration s", "against", "its s", "ratio",
         "target", "reached", "peak memory of fit / data"],
        rows,
        "The two products are X M' and R'X, each in one call of BLAS. Peak memory beyond "
        "the data, of fit with two iterations, as tracemalloc has it.",
    )  # fmt: skip


def _iteration(X: Any, k: int) -> Callable[[], Mixture]:
    n, p = X.shape
    rng = np.random.default_rng(2)
    squares = X.multiply(X) if sparse.issparse(X) else X * X
    norms = np.sqrt(np.asarray(squares.sum(axis=1)).ravel())
    rows = UnitRows(X, 1 / norms, np.ones(n))
    directions = rng.standard_normal((k, p))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    mixture = Mixture(np.full(k, -np.log(k)), directions, np.full(k, float(p)))
    rule = ConcentrationRule("full", 0.0, 1e9)

    def iterate() -> Mixture:
        with parts_of(rows, 1) as map_parts:
            logits = mixture_logits(mixture, X)
            shared = expectation(rows, logits, k, em="soft", map_parts=map_parts)
        return maximization(shared, mixture, rule)

    return iterate


def _peak_memory(X: Any, size: int, k: int) -> float:
    model = VonMisesFisherMixture(k, max_iter=2, tol=0, random_state=0, init="random")
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / size


def _dense_row(X: NDArray, k: int, options: Options) -> list[Any]:
    n, p = X.shape
    M, R = np.ones((p, k)), np.ones((n, k))

    def products() -> NDArray:
        X @ M
        return R.T @ X

    contenders = [
        Contender("iteration", _iteration(X, k)),
        Contender("two products", products),
    ]
    timings = measure(contenders, options.repeats)
    ours, limit = timings["iteration"].seconds, timings["two products"].seconds
    memory = _peak_memory(X, X.nbytes, k)
    return ["dense", n, p, k, ours, "its two products", limit, ours / limit,
            "at most 1.5", _yes(ours / limit <= 1.5), memory]  # fmt: skip


def _sparse_row(S: Any, k: int, options: Options) -> list[Any]:
    n, p = S.shape
    contenders = [
        Contender("sparse", _iteration(S, k)),
        Contender("dense", _iteration(S.toarray(), k)),
    ]
    timings = measure(contenders, options.repeats)
    ours, dense = timings["sparse"].seconds, timings["dense"].seconds
    size = S.data.nbytes + S.indices.nbytes + S.indptr.nbytes
    memory = _peak_memory(S, size, k)
    return ["sparse, 1 %", n, p, k, ours, "the same, dense", dense, dense / ours,
            "at least 10", _yes(dense / ours >= 10), memory]  # fmt: skip


# 6. Clusters.

N_SEEDS = 10
AIM = 0.03
FROM_TRUTH = "mixture, from the true groups"


def clustering_table(options: Options) -> Table:
    """Compare clusters of sentence embeddings with their groups, seed by seed."""
    columns = ["method", "adjusted Rand index", "minus KMeans", "standard error",
               f"at least {AIM}", "s a fit", "lower bound"]  # fmt: skip
    title = "Clusters of 2321 sentence embeddings in 18 groups"
    path = data_file(options, "classification/doc_embeddings_a.npz")
    if path is None:
        return table(title, columns, [])
    with np.load(path) as arrays:
        X, y = arrays["X"].astype(float), arrays["y"]
    k = len(np.unique(y))
    group_means = np.array([X[y == group].mean(axis=0) for group in np.unique(y)])
    methods = _clustering_methods(k, group_means)
    seeds = range(2 if options.quick else N_SEEDS)
    scores = {name: [] for name in methods}
    seconds = {name: [] for name in methods}
    bounds = {name: [] for name in methods}
    for seed in seeds:
        say(f"clusters: seed {seed}")
        for name, make in methods.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = make(seed)
                seconds[name].append(_seconds(lambda m=model: m.fit(X)))
                scores[name].append(adjusted_rand_score(y, model.predict(X)))
                if isinstance(model, VonMisesFisherMixture):
                    bounds[name].append(model.lower_bound_)
    rows = []
    for name, found in scores.items():
        gain = np.subtract(found, scores["KMeans"])
        error = np.std(gain, ddof=1) / np.sqrt(len(gain))
        reached = None if name in ("KMeans", FROM_TRUTH) else _yes(np.mean(gain) >= AIM)
        bound = np.mean(bounds[name]) if bounds[name] else None
        rows.append(
            [name, np.mean(found), np.mean(gain), error, reached,
             np.median(seconds[name]), bound]
        )  # fmt: skip
    return table(
        title,
        columns,
        rows,
        f"Means over {len(seeds)} seeds, n_init=10, 384 features; differences and their "
        "standard errors over the seeds. Groups are the Python packages that docstrings "
        "come from; one row begins with their means, and is no method. n_init "
        "keeps the start of highest likelihood or smallest inertia.",
    )


def _clustering_methods(k: int, group_means: NDArray) -> dict[str, Callable[[int], Any]]:
    def mixture(**options: Any) -> Callable[[int], Any]:
        return lambda seed: VonMisesFisherMixture(
            k, n_init=10, random_state=seed, **options
        )

    return {
        "KMeans": lambda seed: KMeans(k, n_init=10, random_state=seed),
        "GaussianMixture, diag": lambda seed: GaussianMixture(
            k, covariance_type="diag", n_init=10, random_state=seed, reg_covar=1e-6
        ),
        "SphericalKMeans": lambda seed: SphericalKMeans(k, n_init=10, random_state=seed),
        "mixture": mixture(),
        "mixture, full": mixture(concentration_type="full"),
        "mixture, stochastic": mixture(em="stochastic"),
        "mixture, hard": mixture(em="hard"),
        FROM_TRUTH: lambda seed: VonMisesFisherMixture(k, init=group_means),
    }


def bic_table(options: Options) -> Table:
    """Count how often BIC finds the number of clusters."""
    d, k, n = 2048, 5, 1000
    candidates = range(2, 9)
    rows = []
    for ratio in (0.5,) if options.quick else (0.5, 1, 2):
        chosen = []
        for seed in range(2 if options.quick else N_SEEDS):
            say(f"BIC: concentration {ratio} d, seed {seed}")
            X = np.concatenate(
                [_directions(n // k, d, ratio * d, 100 * seed + h) for h in range(k)]
            )
            values = []
            for n_components in candidates:
                model = VonMisesFisherMixture(
                    n_components, n_init=3, random_state=seed, concentration_type="tied"
                )
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    values.append(model.fit(X).bic(X))
            chosen.append(candidates[int(np.argmin(values))])
        right = sum(c == k for c in chosen)
        rows.append([ratio * d, f"{right} of {len(chosen)}", str(chosen), "9 of 10"])
    return table(
        f"Number of clusters by BIC: {k} clusters, {n} rows, {d} features",
        ["concentration", "right", "chosen", "target"],
        rows,
        "Mean directions drawn uniformly, which at this dimension is at right angles; "
        f"n_components from {candidates[0]} to {candidates[-1]}, tied concentrations, "
        "n_init=3.",
    )
