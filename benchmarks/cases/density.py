"""Density estimation: speed, accuracy and memory against scikit-learn and KDEpy."""

import copy
import multiprocessing
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _harness import (
    TIMING_COLUMNS,
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
from scipy.integrate import quad
from scipy.spatial.distance import cdist
from scipy.special import gammaln, logsumexp
from sklearn.neighbors import KernelDensity as TreeKernelDensity

from sklearn_kernelx import KernelDensity
from sklearn_kernelx._cython import _blas, _vexp

Table = dict[str, Any]
KERNELS = ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")
# Seconds that a run of scikit-learn may take; it gets as many queries as fit.
PEER_SECONDS = {False: 2.0, True: 0.05}
N_CHECKED = 20


class Problem(NamedTuple):
    """Standard normal samples and queries, and the speed hoped for in pairs per second.

    `targets` are ratios to scikit-learn's default tree by (dtype, number of threads).
    """

    n: int
    m: int
    d: int
    h: float
    targets: dict[tuple[str, int], int]

    def shrunk(self, options: Options) -> "Problem":
        """Return the problem itself, or a tenth of it for a rehearsal."""
        if not options.quick:
            return self
        return self._replace(n=self.n // 10, m=self.m // 10)

    def data(self) -> tuple[NDArray, NDArray]:
        """Return samples and queries, exact in float32: both dtypes see the same."""
        rng = np.random.default_rng(self.d)
        shape = (self.n + self.m, self.d)
        points = rng.standard_normal(shape, dtype=np.float32).astype(np.float64)
        return points[: self.n], points[self.n :]


def _targets(f64: int, f32: int, f64_two: int, f32_two: int) -> dict:
    keys = [("float64", 1), ("float32", 1), ("float64", 2), ("float32", 2)]
    return dict(zip(keys, (f64, f32, f64_two, f32_two), strict=True))


PROBLEMS = (
    Problem(10_000, 10_000, 2, 0.2, _targets(25, 70, 45, 115)),
    Problem(10_000, 10_000, 10, 0.7, _targets(32, 80, 65, 150)),
    Problem(20_000, 20_000, 64, 0.8, _targets(40, 100, 85, 200)),
    Problem(50_000, 5_000, 256, 0.95, _targets(40, 100, 80, 190)),
)


def tables(options: Options) -> list[Table]:
    """Return the tables of this subject."""
    result = [query_table(problem.shrunk(options), options) for problem in PROBLEMS]
    result += ceiling_tables(options)
    result.append(grid_table(options))
    result.append(weight_table(options))
    result.append(memory_table(options))
    result += [real_table(name, options) for name in REAL_DATA]
    return [item for item in result if item is not None]


# Exact answers, by other means than the package's.


def log_kernel(kernel: str, r: NDArray) -> NDArray:
    """Return log K(r) of scaled distances r."""
    with np.errstate(divide="ignore"):
        if kernel == "gaussian":
            return -0.5 * r * r
        if kernel == "exponential":
            return -r
        r = np.minimum(r, 1)
        profiles = {
            "tophat": lambda: np.where(r < 1, 1.0, 0.0),
            "epanechnikov": lambda: (1 - r) * (1 + r),
            "linear": lambda: 1 - r,
            "cosine": lambda: np.sin(np.pi / 2 * (1 - r)),
        }
        return np.log(profiles[kernel]())


def log_volume(kernel: str, d: int) -> float:
    """Return the logarithm of the integral of K(|z|) over d dimensions."""
    moments: dict[str, Callable[[], float]] = {
        "gaussian": lambda: (d / 2 - 1) * np.log(2) + gammaln(d / 2),
        "exponential": lambda: gammaln(d),
        "tophat": lambda: -np.log(d),
        "epanechnikov": lambda: np.log(1 / d - 1 / (d + 2)),
        "linear": lambda: np.log(1 / d - 1 / (d + 1)),
        "cosine": lambda: np.log(
            quad(lambda r: r ** (d - 1) * np.cos(np.pi / 2 * r), 0, 1, epsabs=0)[0]
        ),
    }
    sphere = np.log(2) + d / 2 * np.log(np.pi) - gammaln(d / 2)
    return float(sphere + moments[kernel]())


def exact_log_density(X: NDArray, queries: NDArray, h: float, kernel: str = "gaussian"):
    """Return log-densities by the sum over all pairs, in float64."""
    logs = [log_kernel(kernel, cdist(q[np.newaxis], X) / h)[0] for q in queries]
    d = X.shape[1]
    with np.errstate(divide="ignore"):
        sums = np.array([logsumexp(row) for row in logs])
    return sums - np.log(len(X)) - d * np.log(h) - log_volume(kernel, d)


def max_error(answer: NDArray, exact: NDArray) -> float:
    """Return the largest difference; two equal infinities do not differ."""
    answer = np.asarray(answer, dtype=np.float64)[: len(exact)]
    exact = exact[: len(answer)]
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(answer == exact, 0, np.abs(answer - exact))))


# Contenders.


def threads(n: int) -> str:
    return f"{n} thread{'s' * (n > 1)}"


def our_contenders(X, queries, dtypes, jobs, **params) -> dict[str, Contender]:
    """Return contenders by name; the fit is left out of their time."""
    result = {}
    for dtype in dtypes:
        fitted = KernelDensity(**params).fit(X.astype(dtype, copy=False))
        q = queries.astype(dtype, copy=False)
        for n_jobs in jobs:
            # A shallow copy: one fit serves all numbers of threads.
            estimator = copy.copy(fitted).set_params(n_jobs=n_jobs)
            name = f"sklearn_kernelx {dtype}, {threads(n_jobs)}"
            run = _scoring(estimator, q)
            result[name] = Contender(name, run, work=len(X) * len(q))
    return result


def tree_contender(X, queries, options: Options, algorithm="auto", **params) -> Contender:
    """Return scikit-learn's estimator, on as many queries as its time allows."""
    tree = TreeKernelDensity(algorithm=algorithm, **params).fit(X)
    seconds = PEER_SECONDS[options.quick]
    m = affordable(lambda k: tree.score_samples(queries[:k]), len(queries), seconds)
    name = "scikit-learn " + {"auto": "kd_tree (default)"}.get(algorithm, algorithm)
    return Contender(name, _scoring(tree, queries[:m]), work=len(X) * m)


def _scoring(estimator, queries: NDArray) -> Callable[[], NDArray]:
    return lambda: estimator.score_samples(queries)


# 1. Queries against scikit-learn's trees.

QUERY_COLUMNS = [
    "contender", "queries", *TIMING_COLUMNS, "Mpairs/s", "Mpairs/CPU s",
    "x sklearn default", "x faster tree", "target", "max error, nats",
]  # fmt: skip


def query_table(problem: Problem, options: Options) -> Table:
    """Compare speed and accuracy of `score_samples` on normal data."""
    n, m, d, h = problem[:4]
    say(f"queries: n={n}, m={m}, d={d}, h={h}")
    X, queries = problem.data()
    jobs = sorted({1, options.jobs})
    ours = our_contenders(X, queries, ("float64", "float32"), jobs, bandwidth=h)
    trees = [
        tree_contender(X, queries, options, algorithm, bandwidth=h)
        for algorithm in ("auto", "ball_tree")
    ]
    timings = measure([*ours.values(), *trees], options.repeats)
    exact = exact_log_density(X, queries[:N_CHECKED], h)
    default, *_ = rates = [timings[tree.name].rate for tree in trees]
    targets = {
        f"sklearn_kernelx {dtype}, {threads(n_jobs)}": target
        for (dtype, n_jobs), target in problem.targets.items()
    }
    rows = [
        [name, round(t.work / n), *t.cells(), t.rate / 1e6, t.cpu_rate / 1e6,
         t.rate / default, t.rate / max(rates), targets.get(name),
         max_error(t.value, exact)]
        for name, t in timings.items()
    ]  # fmt: skip
    return table(
        f"Gaussian log-densities: {n} samples, {m} queries, {d} features, h = {h}",
        QUERY_COLUMNS,
        rows,
        "Fit excluded, BLAS on one thread. scikit-learn loops over the queries, so it "
        "gets a subset of them and pairs per second carry over. Targets are ratios to "
        f"its default. Errors on {N_CHECKED} queries against the sum over all pairs; "
        "samples are exact in float32.",
    )


# 2. Fraction of what matrix products and exponentials allow.

GEMM_DEPTHS = (64, 256, 1024)
EXP_LENGTH, EXP_LOOPS = 2048, 4000
FRACTION_TARGETS = {"float64": 0.7, "float32": 0.6}
CEILING_PROBLEMS = {10: (10_000, 10_000), 64: (20_000, 5_000), 256: (50_000, 1_000)}


def ceiling_tables(options: Options) -> list[Table]:
    """Compare one thread with ``1 / (2 d / GEMM rate + 1 / exp rate)``."""
    rows, exp_rows = [], []
    for dtype in ("float64", "float32"):
        say(f"ceiling: {dtype}")
        ours = dict(_ceiling_contenders(dtype, options))
        contenders = [*ours.values(), *_gemms(dtype), *_exps(dtype)]
        timings = measure(contenders, options.repeats)
        exps = {
            name: _exp_seconds(timings, f"{name} exp", "seconds")
            for name in ("sklearn_kernelx", "numpy")
        }
        for name, seconds in exps.items():
            ratio = exps["numpy"] / seconds
            exp_rows.append([f"{name} {dtype}", seconds * 1e9, ratio])
        for d, contender in ours.items():
            rows.append(_ceiling_row(timings, contender.name, d, dtype))
    columns = [
        "dtype", "features", "GEMM GF/s", "exp ns", "ceiling Mpairs/s", "Mpairs/s",
        "fraction", "fraction, CPU time", "target",
    ]  # fmt: skip
    return [
        table(
            "Fraction of the ceiling 1 / (2d / GEMM + 1 / exp), one thread",
            columns,
            rows,
            f"GEMM is the best over depths {', '.join(map(str, GEMM_DEPTHS))} and over "
            "NumPy's and SciPy's BLAS, exp ours in cache, all in the same run on one "
            "thread. The second fraction is from processor times throughout. Ours may "
            "exceed 1 where exp and products overlap.",
        ),
        table(
            "Exponential in cache, one thread",
            ["contender", "ns per value", "x numpy"],
            exp_rows,
            f"{EXP_LENGTH} values a call, less the time of a call on one value.",
        ),
    ]


def _ceiling_contenders(dtype: str, options: Options):
    bandwidths = {problem.d: problem.h for problem in PROBLEMS}
    for d, (n, m) in CEILING_PROBLEMS.items():
        problem = Problem(n, m, d, bandwidths[d], {}).shrunk(options)
        X, queries = problem.data()
        (ours,) = our_contenders(X, queries, [dtype], [1], bandwidth=problem.h).values()
        yield d, Contender(f"{ours.name}, d={d}", ours.run, ours.work)


def _gemms(dtype: str) -> list[Contender]:
    rng = np.random.default_rng(0)
    result = []
    for depth in GEMM_DEPTHS:
        a = rng.standard_normal((1024, depth)).astype(dtype)
        b = rng.standard_normal((depth, 1024)).astype(dtype)
        out = np.empty((1024, 1024), dtype=dtype)
        loops = 1024 // depth
        for name, product in (("scipy", _blas.matmul), ("numpy", np.dot)):
            run = _repeated(loops, product, a, b, out)
            flop = 2 * out.size * depth * loops
            result.append(Contender(f"{name} GEMM, depth {depth}", run, flop))
    return result


def _exps(dtype: str) -> list[Contender]:
    x = np.random.default_rng(0).uniform(-30, 0, EXP_LENGTH).astype(dtype)
    out = np.empty_like(x)
    return [
        Contender(
            f"{name} exp, {length} values",
            _repeated(EXP_LOOPS, exp, x[:length], out[:length]),
        )
        for name, exp in (("sklearn_kernelx", _vexp.exp), ("numpy", np.exp))
        for length in (1, EXP_LENGTH)
    ]


def _repeated(loops: int, function: Callable, *arguments: NDArray) -> Callable[[], None]:
    def run() -> None:
        for _ in range(loops):
            function(*arguments)

    return run


def _exp_seconds(timings: dict[str, Timing], name: str, clock: str) -> float:
    """Return the time of one value, by the clock "seconds" or "cpu_seconds"."""
    one = getattr(timings[f"{name}, 1 values"], clock)
    all_values = getattr(timings[f"{name}, {EXP_LENGTH} values"], clock)
    return (all_values - one) / (EXP_LOOPS * (EXP_LENGTH - 1))


def _ceiling_row(timings: dict[str, Timing], name: str, d: int, dtype: str) -> list:
    ceilings = []
    for clock, rate in (("seconds", "rate"), ("cpu_seconds", "cpu_rate")):
        gemm = max(getattr(t, rate) for key, t in timings.items() if "GEMM" in key)
        exp = _exp_seconds(timings, "sklearn_kernelx exp", clock)
        ceilings.append((gemm, exp, 1 / (2 * d / gemm + exp)))
    (gemm, exp, ceiling), (*_, cpu_ceiling) = ceilings
    timing = timings[name]
    target = FRACTION_TARGETS[dtype] if d >= 64 else None
    return [
        dtype, d, gemm / 1e9, exp * 1e9, ceiling / 1e6, timing.rate / 1e6,
        timing.rate / ceiling, timing.cpu_rate / cpu_ceiling, target,
    ]  # fmt: skip


# 3. One dimension, on a grid.


def grid_table(options: Options) -> Table:
    """Compare densities on a regular grid, where FFT methods apply."""
    h, n, n_grid = 0.05, 10**6 // (20 if options.quick else 1), 4096
    say(f"grid: n={n}")
    x = np.random.default_rng(1).standard_normal(n)
    grid = np.linspace(x.min() - 10 * h, x.max() + 10 * h, n_grid)
    spread = np.random.default_rng(2).permutation(n_grid)
    timings = measure(_grid_contenders(x, grid, spread, h, options), options.repeats)
    checked = np.sort(spread[:200])
    exact = np.exp(exact_log_density(x[:, np.newaxis], grid[checked, np.newaxis], h))
    peer_rate = timings["KDEpy FFTKDE"].rate if "KDEpy FFTKDE" in timings else None
    rows = []
    for name, t in timings.items():
        density, where = np.full(n_grid, np.nan), spread[: round(t.work)]
        if len(where) == n_grid:
            density[:] = t.value
        else:
            density[where] = np.exp(t.value)
        errors = _grid_errors(density[checked], exact)
        ratio = t.rate / peer_rate if peer_rate else None
        rows.append([name, round(t.work), *t.cells(), t.rate, ratio, *errors])
    return table(
        f"Density on a regular grid: {n} samples, 1 feature, {n_grid} points, h = {h}",
        ["contender", "points", *TIMING_COLUMNS, "points/s", "x KDEpy",
         "max error / peak", "max relative error"],
        rows,
        "FFT methods are timed from the raw samples on; the others, exact, without fit "
        "and on a subset of the grid. Errors at 200 grid points against the sum over "
        "all pairs, the relative one where the density is at least 1e-6 of its peak.",
    )  # fmt: skip


def _grid_errors(density: NDArray, exact: NDArray) -> tuple[float, float]:
    known, peak = ~np.isnan(density), exact.max()
    difference = np.abs(density - exact)
    high = known & (exact >= 1e-6 * peak)
    return np.max(difference[known]) / peak, np.max(difference[high] / exact[high])


def _grid_contenders(x, grid, spread, h, options: Options) -> list[Contender]:
    X, points = x[:, np.newaxis], grid[spread, np.newaxis]
    result = []
    try:
        from sklearn_kernelx.density import fft_density
    except ImportError as error:
        say(f"SKIPPED: fft_density ({error})")
    else:
        result.append(
            Contender(
                "sklearn_kernelx fft_density",
                lambda: fft_density(X, grid[:, np.newaxis], bandwidth=h),
                work=len(grid),
            )
        )
    kdepy = peer("KDEpy")
    if kdepy is not None:
        result.append(
            Contender(
                "KDEpy FFTKDE",
                lambda: kdepy.FFTKDE(bw=h).fit(x).evaluate(grid),
                work=len(grid),
            )
        )
    exact = [
        *our_contenders(X, points[:200], ["float64"], [options.jobs], bandwidth=h).values(),
        tree_contender(X, points[:200], options, bandwidth=h),
    ]
    # From pairs to points of the grid.
    result += [Contender(c.name, c.run, round(c.work / len(x))) for c in exact]
    return result


# 4. Weights.


def weight_table(options: Options) -> Table:
    """Compare queries of a weighted with those of an unweighted estimator."""
    rows = []
    for d, (n, m) in ((10, CEILING_PROBLEMS[10]), (64, CEILING_PROBLEMS[64])):
        say(f"weights: d={d}")
        h = next(problem.h for problem in PROBLEMS if problem.d == d)
        X, queries = Problem(n, m, d, h, {}).shrunk(options).data()
        weight = np.random.default_rng(3).exponential(size=len(X))
        for n_jobs in sorted({1, options.jobs}):
            plain = KernelDensity(bandwidth=h, n_jobs=n_jobs).fit(X)
            weighted = copy.copy(plain).fit(X, sample_weight=weight)
            timings = measure(
                [
                    Contender("unweighted", _scoring(plain, queries)),
                    Contender("weighted", _scoring(weighted, queries)),
                ],
                options.repeats,
            )
            without, with_weight = timings.values()
            ratio = with_weight.seconds / without.seconds
            cpu_ratio = with_weight.cpu_seconds / without.cpu_seconds
            rows.append(
                [d, n_jobs, without.seconds, with_weight.seconds, ratio, cpu_ratio, 1.1]
            )
    return table(
        "Weighted against unweighted queries, float64",
        ["features", "threads", "unweighted s", "weighted s", "ratio",
         "ratio, CPU time", "target, at most"],
        rows,
        "Medians of wall times, BLAS on one thread.",
    )  # fmt: skip


# 5. Memory.


def memory_table(options: Options) -> Table | None:
    """Measure what `score_samples` takes beyond its input, and the size of pickles."""
    problem = PROBLEMS[3].shrunk(options)
    n, m, d, h = problem[:4]
    say(f"memory: n={n}, m={m}, d={d}")
    X, _ = problem.data()
    rows = []
    for n_jobs in sorted({1, options.jobs}):
        extra = _in_fresh_process(_peak_of_scoring, problem, n_jobs)
        if extra is not None:
            name = f"score_samples beyond estimator and queries, {threads(n_jobs)}, MB"
            rows.append([name, extra / 2**20, 64])
    for label, estimator in (
        ("sklearn_kernelx", KernelDensity(bandwidth=h)),
        ("scikit-learn", TreeKernelDensity(bandwidth=h)),
    ):
        size = len(pickle.dumps(estimator.fit(X), protocol=5)) / X.nbytes
        target = 1 if label == "sklearn_kernelx" else None
        rows.append([f"pickled {label} estimator / X", size, target])
    return table(
        f"Memory: {n} samples, {m} queries, {d} features, float64",
        ["quantity", "measured", "target"],
        rows,
        "The peak is that of a fresh process over what it held when the call began. An "
        "n x m array of float64 would take "
        f"{n * m * 8 / 2**20:.0f} MB.",
    )


def _in_fresh_process(function: Callable, *arguments: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(function, *arguments).result()
        except OSError as error:
            say(f"SKIPPED: peak memory is not known here ({error})")
            return None


def _peak_of_scoring(problem: Problem, n_jobs: int) -> int:
    X, queries = problem.data()
    estimator = KernelDensity(bandwidth=problem.h, n_jobs=n_jobs).fit(X)
    queries = queries.copy()
    del X
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _memory("VmRSS")
    estimator.score_samples(queries)
    return _memory("VmHWM") - before


def _memory(name: str) -> int:
    """Return a line of Linux's account of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


# 6. Real data, all kernels.

REAL_DATA = ("protein", "letter")
N_REAL_QUERIES = 2000


def matched_bandwidth(kernel: str, h: float, d: int) -> float:
    """Return the bandwidth of a Gaussian kernel's variance (cosine: nearly)."""
    variances = {
        "gaussian": 1,
        "exponential": d + 1,
        "tophat": 1 / (d + 2),
        "epanechnikov": 1 / (d + 4),
        "linear": (d + 1) / ((d + 2) * (d + 3)),
        "cosine": 1 / (d + 4),
    }
    return float(h / np.sqrt(variances[kernel]))


def real_table(name: str, options: Options) -> Table | None:
    """Compare all kernels on standardised real data, queries held out."""
    points = load(name, options)
    if points is None:
        return None
    points = np.random.default_rng(4).permutation(standardised(points))
    if options.quick:
        points = points[:4000]
    X, queries = points[N_REAL_QUERIES:], points[:N_REAL_QUERIES]
    n, d = X.shape
    scott = n ** (-1 / (d + 4))
    rows = []
    for kernel in KERNELS:
        say(f"{name}: {kernel}")
        rows.append(_real_row(X, queries, kernel, scott, options))
    return table(
        f"Real data, {name}: {n} samples, {d} features, all kernels",
        ["kernel", "h", "ours s", "sklearn s", "sklearn queries", "ours Mpairs/s",
         "sklearn Mpairs/s", "x sklearn default", "our max error, nats",
         "sklearn's max error, nats", "share -inf"],
        rows,
        f"float64, {threads(options.jobs)} for ours on {N_REAL_QUERIES} held-out "
        "queries; scikit-learn on as many of them as its time allows. Scott's rule for "
        "the Gaussian kernel, bandwidths of about the same variance for the others. "
        f"Errors on {N_CHECKED} queries; out of reach of a compact kernel, -inf is "
        "right.",
    )  # fmt: skip


def _real_row(X, queries, kernel, scott, options: Options) -> list:
    h = matched_bandwidth(kernel, scott, X.shape[1])
    params = {"bandwidth": h, "kernel": kernel}
    (ours,) = our_contenders(X, queries, ["float64"], [options.jobs], **params).values()
    tree = tree_contender(X, queries, options, **params)
    mine, theirs = measure([ours, tree], options.repeats).values()
    exact = exact_log_density(X, queries[:N_CHECKED], h, kernel)
    return [
        kernel, h, mine.seconds, theirs.seconds, round(theirs.work / len(X)),
        mine.rate / 1e6, theirs.rate / 1e6, mine.rate / theirs.rate,
        max_error(mine.value, exact), max_error(theirs.value, exact),
        float(np.mean(np.isneginf(mine.value))),
    ]  # fmt: skip
