"""Exact sums of kernels over all training points, by the compiled loops.

Queries climb a ladder of ever more careful sums: each rung bounds its own rounding error,
and queries it cannot vouch for go on to the next. For the Gaussian kernel the first rung is
the expanded square ``x.z - |z|^2/2 - |x|^2/2``, one multiply-add a feature, whose error
grows with ``|x|^2``; the second takes differences of centred coordinates; the last takes
differences of the coordinates as given, and double-double arithmetic at the edge of compact
kernels.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython._loops import FORMS, KERNELS
from sklearn_kernelx._cython._pair_sums import careful_sums, pair_sums
from sklearn_kernelx.density._kernels import COMPACT_KERNELS
from sklearn_kernelx.density._points import (
    NORM_ORDER,
    TOLERANCE,
    WORK_PER_CALL,
    Points,
    expanded_error,
    interruptible_blocks,
    neighbours_together,
    pruning_slack,
)

# A compact sum is not trusted where a pair is this near to the edge of the support.
EDGE = 1e-9
# Sums below it may lack terms that are not negligible.
UNDERFLOW = {"float64": 1e-290, "float32": 1e-30}
# Multiply-adds of the careful sums between two looks at Ctrl-C.
CAREFUL_WORK_PER_CALL = 2e8


def log_kernel_sums(
    points: Points,
    queries: NDArray,
    *,
    kernel: str,
    metric: str,
    bandwidth: float | NDArray,
    log_normalizer: float,
    atol: float = 0.0,
    rtol: float = 0.0,
    n_threads: int = 1,
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
    atol, rtol : float, default=0
        Error of the density that leaving out far points may add.
    n_threads : int
        At least 1; the result does not depend on it.

    Returns
    -------
    log_sums : ndarray of shape (n_queries,), float64
        -inf where no point is within the support of a compact kernel.
    """
    if queries.shape[1] != len(points.center):
        raise ValueError(
            f"queries must have {len(points.center)} features; got {queries.shape[1]}"
        )
    ladder = _Ladder(
        points, kernel, metric, bandwidth, log_normalizer, atol, rtol, n_threads
    )
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
    atol: float
    rtol: float
    n_threads: int

    def rungs(self) -> list[str]:
        # The kernel may have been set anew since the points were packed.
        expanded = self.kernel == "gaussian" and self.points.expanded_terms is not None
        return [*(["expanded"] if expanded else []), self.metric, "careful"]

    def blocks(self, rung: str, n_queries: int) -> Iterator[slice]:
        work = CAREFUL_WORK_PER_CALL if rung == "careful" else WORK_PER_CALL
        return interruptible_blocks(self.points, n_queries, work)

    def climb(self, rung: str, x: NDArray) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the sums of queries `x` on this rung, and which of them to trust."""
        if rung == "careful":
            return self.careful_sums(x), np.ones(len(x), dtype=bool)
        if self.points.boxes is None:
            return self.pair_sums(rung, x)
        order = neighbours_together(x, self.points.inverse_bandwidth, 8)
        if order is None:
            return self.pair_sums(rung, x)
        log_sums, trusted = np.empty(len(x)), np.empty(len(x), dtype=bool)
        log_sums[order], trusted[order] = self.pair_sums(rung, x[order])
        return log_sums, trusted

    def careful_sums(self, x: NDArray) -> NDArray[np.float64]:
        points, log_sums = self.points, np.empty(len(x))
        gap_error = 2 * self.distance_error(self.norms(x), 1.0)
        careful_sums(
            points.panels,
            points.log_terms(),
            points.center,
            points.inverse_bandwidth,
            points.boxes,
            self.margins(np.max(gap_error)),
            FORMS[self.metric],
            KERNELS[self.kernel],
            np.broadcast_to(np.float64(self.bandwidth), x.shape[1]).copy(),
            x,
            log_sums,
            self.n_threads,
        )
        return log_sums

    def pair_sums(
        self, rung: str, x: NDArray
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        points, result, count = self.points, np.empty(len(x)), np.empty(len(x))
        norms = self.norms(x)
        gap_error = 2 * self.distance_error(norms, 1.0)
        pair_sums(
            points.panels,
            self.terms(rung),
            points.center,
            points.inverse_bandwidth,
            points.boxes,
            self.margins(np.max(gap_error)),
            FORMS[rung],
            KERNELS[self.kernel],
            x,
            result,
            count,
            self.n_threads,
        )
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            log_sums = self.log(result)
            if self.kernel in COMPACT_KERNELS:
                # Slopes of the kernels in 1 - distance^2 are at most pi^2 / 8.
                error = np.where(count > 0, 1.24 * count * gap_error / result, 0.0)
                # Weights may have underflowed, too small ones lost.
                error[(count > 0) & (result < UNDERFLOW[x.dtype.name])] = np.inf
            elif rung == "expanded":
                error = self.expanded_error(norms, log_sums)
            else:
                error = self.exponent_error(norms, log_sums)
            log_density = log_sums - self.log_normalizer
            size = np.maximum(1, np.where(np.isfinite(log_sums), np.abs(log_density), 0))
            return log_sums, error <= TOLERANCE[x.dtype.name] * size

    def margins(self, gap_error: float) -> tuple[float, float, float]:
        """Return the edge, slack and absolute floor of the compiled loops.

        What is left out is at most n exp(-slack) of the sum, or n exp(absolute floor).
        """
        log_n = np.log(self.points.n_points)
        # Scaled queries that overflow have no finite bound: all of their block goes on.
        edge = max(EDGE, 4 * gap_error) if np.isfinite(gap_error) else np.inf
        slack = pruning_slack(self.points, self.rtol)
        if self.atol == 0:
            return edge, slack, -np.inf
        return edge, slack, np.log(self.atol) + self.log_normalizer - log_n

    def terms(self, rung: str) -> NDArray:
        if rung == "expanded":
            return self.points.expanded_terms
        if self.kernel in COMPACT_KERNELS:
            return self.points.terms()
        return self.points.log_terms()

    def log(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.kernel not in COMPACT_KERNELS:
            return sums
        with np.errstate(divide="ignore"):
            return np.log(sums)

    def norms(self, x: NDArray) -> NDArray[np.float64]:
        """Return the lengths of the scaled queries."""
        order = NORM_ORDER[self.metric]
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
        """Bound the error of the expanded square, where |z| <= |x| + D."""
        reach = norms + np.sqrt(2 * self.mean_exponent(log_sums))
        return expanded_error(reach, self.points.panels.dtype, len(self.points.center))
