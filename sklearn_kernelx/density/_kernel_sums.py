"""Exact sums of kernels over all training points, by the compiled loops.

Points are packed once, in panels as the loops read them. Queries then climb a ladder of
ever more careful sums: each rung bounds its own rounding error, and those it cannot vouch
for go on to the next. For the Gaussian kernel the first rung is the expanded square
``x.z - |z|^2/2 - |x|^2/2``, one multiply-add a feature, whose error grows with ``|x|^2``;
the second takes differences of centred coordinates; the last takes differences of the
coordinates as given, and double-double arithmetic at the edge of compact kernels.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython._loops import FORMS, KERNELS, PANEL_WIDTH
from sklearn_kernelx._cython._pair_sums import careful_sums, pair_sums
from sklearn_kernelx.density._kernels import COMPACT_KERNELS

# Largest rounding error of a log-density, relative to max(1, |log-density|).
TOLERANCE = {"float64": 5e-12, "float32": 5e-4}
# A compact sum is not trusted where a pair is this near to the edge of the support.
EDGE = 1e-9
# Work between two looks at Ctrl-C, in multiply-adds: about half a second.
WORK_PER_CALL = {"pair": 1e10, "careful": 2e8}


class Points(NamedTuple):
    """Training points as the compiled loops read them, all arrays of one dtype.

    Attributes
    ----------
    panels : ndarray of shape (n_panels, n_features, panel_width)
        The points, untouched; the last one fills the last panel.
    log_weight : ndarray of shape (n_panels * panel_width,)
        log(w / max(w)); -inf on the padding.
    expanded_terms : ndarray of shape (n_panels * panel_width,) or None
        log(w / max(w)) - |z|^2 / 2 with z the centred and scaled points; None where the
        expanded square is not used.
    center, inverse_bandwidth : ndarray of shape (n_features,)
        z = (y - center) * inverse_bandwidth.
    n_points : int
        Without padding.
    """

    panels: NDArray
    log_weight: NDArray
    expanded_terms: NDArray | None
    center: NDArray
    inverse_bandwidth: NDArray
    n_points: int


def pack_points(
    X: NDArray,
    *,
    bandwidth: float | NDArray,
    kernel: str,
    metric: str,
    sample_weight: NDArray | None,
) -> Points:
    """Pack the rows of `X`, without keeping a reference to it.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), dtype float64 or float32
        Finite.
    bandwidth : float or ndarray of shape (n_features,)
        Positive.
    kernel, metric : str
        The expanded square serves the Gaussian kernel and the Euclidean metric.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative, not all zero.

    Returns
    -------
    points : Points
    """
    n, d = X.shape
    width = PANEL_WIDTH[X.dtype.name]
    panels = np.empty((-(-n // width), d, width), dtype=X.dtype)
    n_full = n // width
    panels[:n_full] = X[: n_full * width].reshape(n_full, width, d).transpose(0, 2, 1)
    if n_full < len(panels):
        panels[-1] = X[-1][:, np.newaxis]
        panels[-1, :, : n - n_full * width] = X[n_full * width :].T

    log_weight = np.full(len(panels) * width, -np.inf, dtype=X.dtype)
    log_weight[:n] = 0.0
    if sample_weight is not None:
        with np.errstate(divide="ignore"):
            log_weight[:n] = np.log(sample_weight / np.max(sample_weight))

    # Overflow is told by the bounds of the ladder, whose last rung needs no centre.
    with np.errstate(over="ignore", invalid="ignore"):
        center = np.mean(X, axis=0, dtype=np.float64).astype(X.dtype)
        inverse_bandwidth = np.broadcast_to(1 / np.asarray(bandwidth), d).astype(X.dtype)
        expanded_terms = None
        if kernel == "gaussian" and metric == "euclidean":
            half_squares = _half_squares(panels, center, inverse_bandwidth)
            expanded_terms = (log_weight - half_squares).astype(X.dtype)
    return Points(panels, log_weight, expanded_terms, center, inverse_bandwidth, n)


def _half_squares(
    panels: NDArray, center: NDArray, inverse_bandwidth: NDArray
) -> NDArray[np.float64]:
    """Return |z|^2 / 2 of all points, from the coordinates z that the loops will round."""
    result = np.empty((len(panels), panels.shape[2]))
    for i in range(0, len(panels), 256):
        z = (panels[i : i + 256] - center[:, np.newaxis]) * inverse_bandwidth[:, np.newaxis]
        result[i : i + 256] = np.einsum("pkl,pkl->pl", z, z, dtype=np.float64) / 2
    return result.ravel()


def unpack_rows(panels: NDArray, indices: NDArray[np.intp]) -> NDArray:
    """Return the points with these indices as rows.

    Parameters
    ----------
    panels : ndarray of shape (n_panels, n_features, panel_width)
        Packed points.
    indices : ndarray of shape (n_rows,)
        Which.

    Returns
    -------
    rows : ndarray of shape (n_rows, n_features)
    """
    panel, lane = np.divmod(indices, panels.shape[2])
    return np.ascontiguousarray(panels[panel, :, lane])


def log_kernel_sums(
    points: Points,
    queries: NDArray,
    *,
    kernel: str,
    metric: str,
    bandwidth: float | NDArray,
    log_normalizer: float,
    n_threads: int,
) -> NDArray[np.float64]:
    """Return log sum_i (w_i / max(w)) K(|x - y_i| / h) for each query x.

    Parameters
    ----------
    points : Points
        Packed training points y.
    queries : ndarray of shape (n_queries, n_features), C-ordered, dtype of the points
        Finite.
    kernel : str
        One of the six names.
    metric : {"euclidean", "manhattan", "chebyshev"}
        Of the scaled coordinates.
    bandwidth : float or ndarray of shape (n_features,)
        Positive.
    log_normalizer : float
        What will be subtracted to make log-densities: the accuracy is relative to them.
    n_threads : int
        At least 1; the result does not depend on it.

    Returns
    -------
    log_sums : ndarray of shape (n_queries,), float64
        -inf where no point is within the support of a compact kernel.
    """
    ladder = _Ladder(points, kernel, metric, bandwidth, log_normalizer, n_threads)
    log_sums = np.empty(len(queries))
    pending = np.arange(len(queries))
    for rung in ladder.rungs():
        remaining = []
        for block in ladder.blocks(rung, len(pending)):
            rows = pending[block]
            # The first rung takes every query in order: a view, not a copy.
            x = queries[block] if len(pending) == len(queries) else queries[rows]
            log_sums[rows], trusted = ladder.climb(rung, x)
            remaining.append(rows[~trusted])
        pending = np.concatenate([pending[:0], *remaining])
        if len(pending) == 0:
            break
    return log_sums


class _Ladder(NamedTuple):
    points: Points
    kernel: str
    metric: str
    bandwidth: float | NDArray
    log_normalizer: float
    n_threads: int

    def rungs(self) -> list[str]:
        expanded = ["expanded"] if self.points.expanded_terms is not None else []
        return [*expanded, self.metric, "careful"]

    def blocks(self, rung: str, n_queries: int) -> Iterator[slice]:
        work = WORK_PER_CALL["careful" if rung == "careful" else "pair"]
        n_features = len(self.points.center)
        rows = int(work * self.n_threads / (self.points.n_points * (n_features + 20)))
        rows = max(8 * self.n_threads, min(rows, 2**16))
        return (slice(i, i + rows) for i in range(0, n_queries, rows))

    def climb(self, rung: str, x: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the sums of queries `x` on this rung, and which of them to trust."""
        points, result = self.points, np.empty(len(x))
        common = (points.center, points.inverse_bandwidth)
        kernel = KERNELS[self.kernel]
        if rung == "careful":
            h = np.broadcast_to(np.float64(self.bandwidth), x.shape[1]).copy()
            form = FORMS[self.metric]
            careful_sums(
                points.panels, self.terms(rung), *common, form, kernel, h, x, result,
                self.n_threads,
            )  # fmt: skip
            return self.log(result), np.ones(len(x), dtype=bool)

        norms = self.norms(x)
        gap_error = 2 * self.distance_error(norms, 1.0)
        # Scaled queries that overflow have no finite bound: all of their block goes on.
        worst = np.max(gap_error)
        edge = max(EDGE, 4 * worst) if np.isfinite(worst) else np.inf
        count = np.empty(len(x))
        pair_sums(
            points.panels, self.terms(rung), *common, FORMS[rung], kernel, edge, x, result,
            count, self.n_threads,
        )  # fmt: skip
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            log_sums = self.log(result)
            if self.kernel in COMPACT_KERNELS:
                # Slopes of the kernels in 1 - distance^2 are at most pi^2 / 8.
                error = np.where(count > 0, 1.24 * count * gap_error / result, 0.0)
            elif rung == "expanded":
                error = self.expanded_error(norms, log_sums)
            else:
                error = self.exponent_error(norms, log_sums)
            log_density = log_sums - self.log_normalizer
            size = np.maximum(1, np.where(np.isfinite(log_sums), np.abs(log_density), 0))
            return log_sums, error <= TOLERANCE[x.dtype.name] * size

    def terms(self, rung: str) -> NDArray:
        if rung == "expanded":
            return self.points.expanded_terms
        if self.kernel in COMPACT_KERNELS:
            return np.exp(self.points.log_weight)
        return self.points.log_weight

    def log(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.kernel not in COMPACT_KERNELS:
            return sums
        with np.errstate(divide="ignore"):
            return np.log(sums)

    def norms(self, x: NDArray) -> NDArray[np.float64]:
        """Return the lengths of the scaled queries."""
        order = {"euclidean": 2, "manhattan": 1, "chebyshev": np.inf}[self.metric]
        with np.errstate(over="ignore", invalid="ignore"):
            z = (x - self.points.center) * self.points.inverse_bandwidth
            return np.linalg.norm(z.astype(np.float64, copy=False), ord=order, axis=1)

    # Bounds, to first order in the unit round-off u. Let D_i be the scaled distances and
    # p_i each point's share of the sum S. Since log S = sum p_i log(w_i K_i) + entropy(p)
    # with w_i <= 1, the mean of -log K_i over p is at most log n - log S: the points that
    # matter are that near, and the error of log S is the mean over p of their errors.

    def mean_exponent(self, log_sums: NDArray) -> NDArray:
        return np.maximum(0, np.log(self.points.n_points) - log_sums)

    def distance_error(self, norms: NDArray, distance: NDArray | float) -> NDArray:
        """Bound the error of a distance from differences of scaled coordinates.

        Two roundings in each coordinate of x and y, d + 2 in the sum.
        """
        u = np.finfo(self.points.panels.dtype).eps / 2
        d = len(self.points.center)
        return u * (4 * norms + (d + 4) * distance)

    def exponent_error(self, norms: NDArray, log_sums: NDArray) -> NDArray:
        exponent = self.mean_exponent(log_sums)
        if self.kernel == "exponential":
            return self.distance_error(norms, exponent)
        distance = np.sqrt(2 * exponent)
        return distance * self.distance_error(norms, distance)

    def expanded_error(self, norms: NDArray, log_sums: NDArray) -> NDArray:
        """Bound the error of x.z - |z|^2/2 - |x|^2/2, where |z| <= |x| + D."""
        u = np.finfo(self.points.panels.dtype).eps / 2
        reach = norms + np.sqrt(2 * self.mean_exponent(log_sums))
        return u * (len(self.points.center) + 4) * reach**2
