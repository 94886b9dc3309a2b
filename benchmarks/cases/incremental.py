"""Incremental ridge regression on random features: time, digits and accuracy of streams."""

from typing import Any

import numpy as np
from _harness import Contender, Options, Timing, measure, say, table
from cases._incremental_accuracy import accuracy_tables
from numpy.typing import NDArray
from scipy.linalg import blas, cho_factor, cho_solve, lapack
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from threadpoolctl import ThreadpoolController

from sklearn_kernelx import AnalyticIncrementalClassifier
from sklearn_kernelx.incremental._moments import add_rows, empty_moments

Table = dict[str, Any]
N_CLASSES = 10
ALPHA = 0.1


def tables(options: Options) -> list[Table]:
    """Return the tables of this subject."""
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        return [
            *update_tables(options),
            map_table(options),
            prediction_table(options),
            error_table(options),
            *accuracy_tables(options),
        ]


class Woodbury:
    """The published recursion, with a Cholesky factor of the small matrix."""

    def __init__(self, n_features: int, alpha: float, dtype: type = np.float64) -> None:
        self.R = np.asfortranarray(np.eye(n_features, dtype=dtype) / dtype(alpha))
        self.W = np.zeros((n_features, N_CLASSES), dtype=dtype)
        self.gemm, self.symm, self.syrk = blas.get_blas_funcs(
            ("gemm", "symm", "syrk"), dtype=dtype
        )
        self.trtrs = lapack.get_lapack_funcs("trtrs", dtype=dtype)

    def update(self, X: NDArray, Y: NDArray) -> None:
        """Take a batch with one-hot targets."""
        reached = self.reach(X)
        small = np.asfortranarray(np.eye(len(X), dtype=X.dtype) + X @ reached)
        factor = np.linalg.cholesky(small)
        whitened, _ = self.trtrs(factor, reached.T, lower=True)
        residual, _ = self.trtrs(factor, Y - X @ self.W, lower=True)
        self.R = self.shrink(whitened)
        self.W += whitened.T @ residual

    def reach(self, X: NDArray) -> NDArray:
        """Return R X', of shape (D, b)."""
        return self.gemm(1, self.R, X.T)

    def shrink(self, whitened: NDArray) -> NDArray:
        """Return R less the square of rows."""
        return self.gemm(
            -1, whitened, whitened, beta=1, c=self.R, trans_a=True, overwrite_c=True
        )


class TriangleWoodbury(Woodbury):
    """The same with one triangle of R: three quarters of the operations."""

    def reach(self, X: NDArray) -> NDArray:
        """Return R X', of shape (D, b)."""
        return self.symm(1, self.R, X.T)

    def shrink(self, whitened: NDArray) -> NDArray:
        """Return R less the square of rows, above its diagonal."""
        return self.syrk(-1, whitened, beta=1, c=self.R, trans=True, overwrite_c=True)


def one_hot(y: NDArray, dtype: type = np.float64) -> NDArray:
    return np.eye(N_CLASSES, dtype=dtype)[y]


def relu_batch(n_rows: int, n_features: int) -> tuple[NDArray, NDArray]:
    """Return features as a random map makes them, and labels."""
    rng = np.random.default_rng(0)
    features = np.maximum(rng.standard_normal((n_rows, n_features)), 0)
    return features, np.arange(n_rows) % N_CLASSES


def started(*batch: NDArray, **parameters: Any) -> AnalyticIncrementalClassifier:
    """Return a classifier that has seen a batch."""
    return AnalyticIncrementalClassifier(alpha=ALPHA, **parameters).partial_fit(*batch)


# 1. Time of an update.

SIZES = ((1000, 64), (1000, 512), (2000, 64), (2000, 512))
# At least so many times faster than SGDClassifier.partial_fit.
FASTER_THAN_SGD = {(1000, 64): 2.2, (2000, 512): 0.3}


def update_tables(options: Options) -> list[Table]:
    """Time updates from given features against peers, and against their limits."""
    against, limits = [], []
    for n_features, n_rows in [(300, 64)] if options.quick else SIZES:
        say(f"update: D={n_features}, b={n_rows}")
        timings = update_timings(n_features, n_rows, options)
        seconds = {name: timing.seconds for name, timing in timings.items()}
        update, call = seconds["update"], seconds["partial_fit"]
        against.append(
            [n_features, n_rows, update, seconds["Woodbury"], seconds["Woodbury"] / update,
             3.5, seconds["one triangle"] / update, call, seconds["SGDClassifier"],
             seconds["SGDClassifier"] / call, FASTER_THAN_SGD.get((n_features, n_rows))]
        )  # fmt: skip
        syrk, peak = timings["dsyrk"].rate / 1e9, timings["dgemm"].rate / 1e9
        limits.append(
            [n_features, n_rows, update / seconds["dsyrk"], 1.2, syrk, peak, syrk / peak,
             0.7, update / seconds["two threads"], 1.5]
        )  # fmt: skip
    return [
        table(
            "Updates by given features",
            ["D", "rows", "update s", "Woodbury s", "x faster", "at least",
             "x faster than with one triangle", "partial_fit s",
             "SGDClassifier.partial_fit s", "x faster", "at least"],
            against,
            f"{N_CLASSES} classes, one thread; none of them solves or predicts. Woodbury "
            "is the published recursion with a Cholesky factor instead of an inverse; one "
            "triangle of its symmetric matrix is enough, which is three quarters of its "
            "operations and three times ours. It checks no input, nor does the update. "
            "partial_fit does, as scikit-learn's; here with activation='identity'.",
        ),
        table(
            "Updates against the limits of BLAS",
            ["D", "rows", "update / dsyrk", "at most", "dsyrk Gflop/s", "dgemm Gflop/s",
             "dsyrk / dgemm", "at least", "x faster on two threads", "at least"],
            limits,
            "dsyrk is the bare rank-b update of one triangle, D^2 b operations; dgemm the "
            "product of matrices of 2048 rows in the same rounds.",
        ),
    ]  # fmt: skip


class Update:
    """The moments, and a batch to add to them time and again."""

    def __init__(self, X: NDArray, Y: NDArray, n_threads: int) -> None:
        self.moments = empty_moments(X.shape[1], Y.shape[1])
        self.batch = X, Y
        self.n_threads = n_threads

    def __call__(self) -> None:
        """Add the batch."""
        self.moments, _ = add_rows(self.moments, *self.batch, n_threads=self.n_threads)


def update_timings(n_features: int, n_rows: int, options: Options) -> dict[str, Timing]:
    X, y = relu_batch(n_rows, n_features)
    Y = one_hot(y)
    classifier = started(X, y, activation="identity")
    sgd = SGDClassifier().partial_fit(X, y, np.arange(N_CLASSES))
    woodbury, triangle = (W(n_features, ALPHA) for W in (Woodbury, TriangleWoodbury))
    gram = np.zeros((n_features, n_features), order="F")
    square = np.random.default_rng(1).standard_normal((2048, 2048))
    contenders = [
        Contender("update", Update(X, Y, n_threads=1)),
        Contender("two threads", Update(X, Y, n_threads=2)),
        Contender("Woodbury", lambda: woodbury.update(X, Y)),
        Contender("one triangle", lambda: triangle.update(X, Y)),
        Contender("partial_fit", lambda: classifier.partial_fit(X, y)),
        Contender("SGDClassifier", lambda: sgd.partial_fit(X, y)),
        Contender(
            "dsyrk",
            lambda: blas.dsyrk(1.0, X.T, beta=1.0, c=gram, overwrite_c=True),
            work=n_rows * n_features**2,
        ),
        Contender("dgemm", lambda: blas.dgemm(1.0, square, square), work=2 * 2048**3),
    ]
    return measure(contenders, 3 * options.repeats)


# 2. With the feature map.

N_INPUTS = 784


def map_table(options: Options) -> Table:
    """Time partial_fit with the random features against peers that make the same."""
    rows = []
    for n_features, n_rows in [(300, 64)] if options.quick else SIZES:
        say(f"update with the feature map: D={n_features}, b={n_rows}")
        rng = np.random.default_rng(0)
        X, y = rng.standard_normal((n_rows, N_INPUTS)), np.arange(n_rows) % N_CLASSES
        Y = one_hot(y)
        projection = rng.standard_normal((N_INPUTS, n_features)) / np.sqrt(N_INPUTS)

        def features(X: NDArray = X, projection: NDArray = projection) -> NDArray:
            product = X @ projection
            return np.maximum(product, 0, out=product)

        ours = started(X, y, n_components=n_features, random_state=0)
        sgd = SGDClassifier().partial_fit(features(), y, np.arange(N_CLASSES))
        woodbury = TriangleWoodbury(n_features, ALPHA)
        timings = measure(
            [
                Contender("ours", lambda f=ours, b=(X, y): f.partial_fit(*b)),
                Contender("Woodbury", lambda f=woodbury, g=features, Y=Y: f.update(g(), Y)),
                Contender(
                    "SGDClassifier", lambda f=sgd, g=features, y=y: f.partial_fit(g(), y)
                ),
                Contender("map", features),
            ],
            options.repeats,
        )
        seconds = [
            timings[name].seconds for name in ("ours", "Woodbury", "SGDClassifier", "map")
        ]
        ratios = [seconds[1] / seconds[0], seconds[2] / seconds[0]]
        rows.append([n_features, n_rows, *seconds, *ratios])
    return table(
        f"partial_fit with ReLU features of {N_INPUTS} inputs",
        ["D", "rows", "ours s", "Woodbury s", "SGDClassifier s", "NumPy's features s",
         "x Woodbury", "x SGDClassifier"],
        rows,
        "One thread. The peers get NumPy's product and maximum; Woodbury keeps one "
        "triangle.",
    )  # fmt: skip


# 3. A prediction after each batch.


def prediction_table(options: Options) -> Table:
    """Time a batch and new coefficients after it: updated factors against new ones."""
    rows = []
    for n_features in [300] if options.quick else (1000, 2000):
        for n_rows in (1, 8, 64):
            say(f"coefficients after each batch: D={n_features}, b={n_rows}")
            rows.append([n_features, n_rows, *prediction_row(n_features, n_rows, options)])
    return table(
        "partial_fit and new coefficients after it",
        ["D", "rows", "ours s", "new factor s", "Woodbury s", "x new factor", "x Woodbury"],
        rows,
        "One thread. Ours updates the Cholesky factor; a new factor is what a change of "
        "alpha costs. Woodbury keeps one triangle; its W needs no solution.",
    )


def prediction_row(n_features: int, n_rows: int, options: Options) -> list[float]:
    X, y = relu_batch(n_rows, n_features)
    everything = relu_batch(2 * n_features, n_features)
    ours, anew = (started(*everything, activation="identity") for _ in range(2))
    woodbury = TriangleWoodbury(n_features, ALPHA)
    woodbury.update(everything[0], one_hot(everything[1]))
    alphas = iter(ALPHA + 1e-3 * np.arange(10**6))
    timings = measure(
        [
            Contender("ours", lambda: ours.partial_fit(X, y).coef_),
            Contender(
                "new factor",
                lambda: anew.set_params(alpha=next(alphas)).partial_fit(X, y).coef_,
            ),
            Contender("Woodbury", lambda: woodbury.update(X, one_hot(y))),
        ],
        options.repeats,
    )
    seconds = [timing.seconds for timing in timings.values()]
    return [*seconds, seconds[1] / seconds[0], seconds[2] / seconds[0]]


# 4. Digits lost in a stream.


def error_table(options: Options) -> Table:
    """Measure how far coefficients after 1000 batches are from those of one fit."""
    n_features, n_batches = (200, 100) if options.quick else (1000, 1000)
    say(f"relative error of coefficients: D={n_features}, {n_batches} batches")
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(X))
    cuts = np.sort(rng.choice(np.arange(1, len(X)), n_batches - 1, replace=False))
    batches = np.split(order, cuts)
    projection = rng.standard_normal((64, n_features)) / 8
    features = np.maximum(X / 16 @ projection, 0)
    gram, cross = exact_sums(features, one_hot(y))
    rows = []
    for alpha in (1.0, 0.1, 1e-3, 1e-6):
        exact = refined_solution(gram, cross, alpha)
        row: list[Any] = [alpha]
        for dtype in (np.float64, np.float32):
            inputs = features.astype(dtype)
            row.append(relative_error(streamed(inputs, y, batches, alpha), exact))
            row.append(relative_error(recursion(inputs, y, batches, alpha), exact))
        rows.append(row)
    return table(
        f"Relative error of coefficients after {n_batches} batches",
        ["alpha", "ours, float64", "Woodbury, float64", "ours, float32 features",
         "Woodbury, float32"],
        rows,
        f"Digits, {n_features} ReLU features, no intercept, batches of 1 row and more, "
        "classes as they come. Against one fit on all rows, its sums in extended "
        "precision and its solution refined.",
    )  # fmt: skip


def exact_sums(features: NDArray, Y: NDArray) -> tuple[NDArray, NDArray]:
    wide = features.astype(np.longdouble)
    return wide.T @ wide, wide.T @ Y.astype(np.longdouble)


def refined_solution(gram: NDArray, cross: NDArray, alpha: float) -> NDArray:
    """Solve in float64, with residuals in extended precision."""
    matrix = gram + alpha * np.eye(len(gram), dtype=np.longdouble)
    factor = cho_factor(matrix.astype(np.float64))
    solution = np.zeros_like(cross)
    for _ in range(6):
        residual = cross - matrix @ solution
        solution += cho_solve(factor, residual.astype(np.float64))
    return solution.astype(np.float64)


def streamed(
    features: NDArray, y: NDArray, batches: list[NDArray], alpha: float
) -> NDArray:
    classifier = AnalyticIncrementalClassifier(
        activation="identity", alpha=alpha, fit_intercept=False
    )
    for batch in batches:
        classifier.partial_fit(features[batch], y[batch])
    return classifier.coef_.T


def recursion(
    features: NDArray, y: NDArray, batches: list[NDArray], alpha: float
) -> NDArray:
    dtype = features.dtype.type
    woodbury = Woodbury(features.shape[1], alpha, dtype)
    try:
        for batch in batches:
            woodbury.update(features[batch], one_hot(y[batch], dtype))
    except np.linalg.LinAlgError:
        return np.full_like(woodbury.W, np.nan)
    return woodbury.W


def relative_error(found: NDArray, exact: NDArray) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))
