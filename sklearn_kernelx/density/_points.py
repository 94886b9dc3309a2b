"""Training points packed in panels, as the compiled loops read them.

In few dimensions a panel holds neighbours and has a box around it, so that panels too far
to matter to the last digit (or to the tolerance asked for) can be left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KDTree

from sklearn_kernelx._cython._loops import PANEL_WIDTH
from sklearn_kernelx.density._kernels import COMPACT_KERNELS, LOG_KERNELS

NORM_ORDER = {"euclidean": 2, "manhattan": 1, "chebyshev": np.inf}
# Largest rounding error of a log-density, relative to max(1, |log-density|).
TOLERANCE = {"float64": 5e-12, "float32": 5e-4}
# Share of pairs of panels that must be far apart for boxes to pay.
WORTH_PRUNING = 0.25
# Multiply-adds between two looks at Ctrl-C: about half a second.
WORK_PER_CALL = 1e10
# Beyond this many features boxes around neighbours meet everything.
MAX_FEATURES_TO_PRUNE = 16


class Points(NamedTuple):
    """Training points as the compiled loops read them, arrays of one dtype.

    Attributes
    ----------
    panels : ndarray of shape (n_panels, n_features, panel_width)
        The points, untouched; the last one fills the last panel.
    order : ndarray of shape (n_points,) or None
        The i-th packed point was row order[i]; None when rows were not moved.
    boxes : ndarray of shape (n_panels, 2 * n_features + 1) or None
        Around each panel: lowest and highest z, and the largest log-weight.
    expanded_terms : ndarray of shape (n_panels * panel_width,) or None
        log(w / max(w)) - |z|^2 / 2; None where the expanded square is not used.
    center, inverse_bandwidth : ndarray of shape (n_features,)
        z = (y - center) * inverse_bandwidth are the scaled points.
    log_weight : ndarray of shape (n_panels * panel_width,) or None
        log(w / max(w)), -inf on the padding; None when all weights are one.
    log_total_weight : float
        Logarithm of the sum of w / max(w).
    n_points : int
        Without padding.
    """

    panels: NDArray
    order: NDArray | None
    boxes: NDArray | None
    expanded_terms: NDArray | None
    center: NDArray
    inverse_bandwidth: NDArray
    log_weight: NDArray | None
    log_total_weight: float
    n_points: int

    def log_terms(self) -> NDArray:
        """Return log(w / max(w)) of every lane of the panels, -inf on the padding."""
        if self.log_weight is not None:
            return self.log_weight
        return self._on_points(0.0, padding=-np.inf)

    def terms(self) -> NDArray:
        """Return w / max(w) of every lane of the panels, 0 on the padding."""
        if self.log_weight is not None:
            return np.exp(self.log_weight)
        return self._on_points(1.0, padding=0.0)

    def _on_points(self, value: float, *, padding: float) -> NDArray:
        n_lanes = self.panels.shape[0] * self.panels.shape[2]
        lanes = np.full(n_lanes, value, dtype=self.panels.dtype)
        lanes[self.n_points :] = padding
        return lanes


def log_shares(sample_weight: NDArray) -> NDArray[np.float64]:
    """Return log(w / max(w)), which no ratio of weights underflows.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_samples,)
        Non-negative, not all zero.

    Returns
    -------
    log_share : ndarray of shape (n_samples,)
    """
    with np.errstate(divide="ignore"):
        return np.log(sample_weight) - np.log(np.max(sample_weight))


def pack_points(
    X: NDArray,
    *,
    bandwidth: float | NDArray,
    kernel: str,
    metric: str,
    sample_weight: NDArray | None,
    rtol: float,
    prune: bool,
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
    rtol : float
        What `log_kernel_sums` will be asked for.
    prune : bool
        Whether to try panels of neighbours, with boxes around them.

    Returns
    -------
    points : Points
    """
    scale = _inverse(bandwidth, X)
    prune = prune and X.shape[1] <= MAX_FEATURES_TO_PRUNE and len(X) > 8 * _width(X)
    order = neighbours_together(X, scale, _width(X)) if prune else None
    points = pack_rows(X, bandwidth=bandwidth, sample_weight=sample_weight, order=order)
    expanded = kernel == "gaussian" and metric == "euclidean"
    with np.errstate(over="ignore", invalid="ignore"):
        return points._replace(
            boxes=_boxes(points, kernel, metric, rtol) if prune else None,
            expanded_terms=_expanded_terms(points) if expanded else None,
        )


def pack_rows(
    X: NDArray,
    *,
    bandwidth: float | NDArray,
    sample_weight: NDArray | None = None,
    order: NDArray | None = None,
) -> Points:
    """Pack the rows of `X` in this order, without boxes and expanded terms.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), dtype float64 or float32
        Finite.
    bandwidth : float or ndarray of shape (n_features,)
        Positive.
    sample_weight : ndarray of shape (n_samples,), default=None
        Non-negative, not all zero.
    order : ndarray of shape (n_samples,), default=None
        A permutation of the rows.

    Returns
    -------
    points : Points
    """
    n, d = X.shape
    width = _width(X)
    n_panels = -(-n // width)
    # Overflow is told by the bounds of the ladder, whose last rung needs no centre.
    with np.errstate(over="ignore", invalid="ignore"):
        center = np.mean(X, axis=0, dtype=np.float64).astype(X.dtype)
    rows = X if order is None else X[order]
    panels = np.empty((n_panels, d, width), dtype=X.dtype)
    full = n // width
    panels[:full] = rows[: full * width].reshape(full, width, d).transpose(0, 2, 1)
    if full < n_panels:
        panels[-1] = rows[-1][:, np.newaxis]
        panels[-1, :, : n - full * width] = rows[full * width :].T

    log_weight, log_total = None, np.log(n)
    if sample_weight is not None:
        shares = log_shares(sample_weight)
        log_total = np.log(np.sum(np.exp(shares)))
        log_weight = np.full(n_panels * width, -np.inf, dtype=X.dtype)
        log_weight[:n] = shares if order is None else shares[order]
    scale = _inverse(bandwidth, X)
    return Points(panels, order, None, None, center, scale, log_weight, float(log_total), n)


def _width(X: NDArray) -> int:
    return PANEL_WIDTH[X.dtype.name]


def _inverse(bandwidth: float | NDArray, X: NDArray) -> NDArray:
    with np.errstate(over="ignore"):
        inverse = 1 / np.asarray(bandwidth)
        return np.broadcast_to(inverse, X.shape[1]).astype(X.dtype)


def neighbours_together(X: NDArray, scale: NDArray, leaf_size: int) -> NDArray | None:
    """Return an order of the rows in which near ones come together, that of a k-d tree.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Finite.
    scale : ndarray of shape (n_features,)
        Unit of each feature.
    leaf_size : int
        Number of rows that should be neighbours.

    Returns
    -------
    order : ndarray of shape (n_samples,), dtype int32 or int64, or None
        A permutation; None if the scaled rows overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        Z = X * scale
    if not np.all(np.isfinite(Z)):
        return None
    index = np.int32 if len(X) < 2**31 else np.int64
    if X.shape[1] == 1:
        return np.argsort(Z[:, 0], kind="stable").astype(index)
    return KDTree(Z, leaf_size=leaf_size).get_arrays()[1].astype(index)


def interruptible_blocks(
    points: Points, n_queries: int, work_per_call: float = WORK_PER_CALL
) -> Iterator[slice]:
    """Cut queries into blocks after each of which Ctrl-C is heard.

    Parameters
    ----------
    points : Points
        What every query meets.
    n_queries : int
        Number of queries, at least 0.
    work_per_call : float
        Multiply-adds in a block.

    Yields
    ------
    block : slice
        Of whole tiles of queries.
    """
    rows = int(work_per_call / (points.n_points * (len(points.center) + 20)))
    rows = max(16, min(rows // 16 * 16, 2**16))
    return (slice(i, i + rows) for i in range(0, n_queries, rows))


def _scaled_blocks(points: Points) -> Iterator[tuple[slice, NDArray]]:
    """Yield the scaled panels as the loops will round them, a block at a time."""
    center, scale = points.center[:, np.newaxis], points.inverse_bandwidth[:, np.newaxis]
    for i in range(0, len(points.panels), 256):
        block = slice(i, i + 256)
        yield block, (points.panels[block] - center) * scale


def _expanded_terms(points: Points) -> NDArray | None:
    """Return log(w / max(w)) - |z|^2 / 2, or None where most queries would climb on."""
    terms = points.log_terms().reshape(len(points.panels), -1).copy()
    mean_square = 0.0
    for block, z in _scaled_blocks(points):
        squares = np.einsum("pkl,pkl->pl", z, z, dtype=np.float64)
        terms[block] -= squares / 2
        mean_square += np.sum(squares) / terms.size
    d, dtype = points.panels.shape[1], points.panels.dtype
    typical_error = expanded_error(np.sqrt(mean_square), dtype, d)
    return terms.ravel() if typical_error <= TOLERANCE[dtype.name] * d else None


def _boxes(points: Points, kernel: str, metric: str, rtol: float) -> NDArray | None:
    """Return boxes around the panels, or None where too few pairs of them are far apart."""
    n_panels, d, width = points.panels.shape
    boxes = np.empty((n_panels, 2 * d + 1), dtype=points.panels.dtype)
    for block, z in _scaled_blocks(points):
        boxes[block, :d], boxes[block, d : 2 * d] = z.min(axis=2), z.max(axis=2)
    boxes[:, -1] = points.log_terms().reshape(n_panels, width).max(axis=1)

    some = boxes[:: max(1, n_panels // 64)].astype(np.float64)
    low, high = some[:, :d], some[:, d : 2 * d]
    order = NORM_ORDER[metric]
    apart = np.linalg.norm(np.maximum(0, low[:, np.newaxis] - high), ord=order, axis=2)
    apart = np.maximum(apart, apart.T)
    if kernel in COMPACT_KERNELS:
        far = apart > 1
    else:
        across = np.linalg.norm(high - low, ord=order, axis=1)
        nearest, sure = LOG_KERNELS[kernel](apart), LOG_KERNELS[kernel](across)
        far = nearest < sure - pruning_slack(points, rtol)
    return boxes if np.mean(far) > WORTH_PRUNING else None


def pruning_slack(points: Points, rtol: float) -> float:
    """Return how far below the largest term others may be left out, in nats.

    Parameters
    ----------
    points : Points
        Packed points, n of them.
    rtol : float
        Tolerated relative error; at least a sixteenth of the round-off counts.

    Returns
    -------
    slack : float
        What is left out is at most n exp(-slack) of the sum.
    """
    round_off = np.finfo(points.panels.dtype).eps / 16
    return np.log(points.n_points) - np.log(max(rtol, round_off))


def expanded_error(reach: NDArray, dtype: np.dtype, n_features: int) -> NDArray:
    """Bound the rounding error of x.z - |z|^2/2 - |x|^2/2.

    Parameters
    ----------
    reach : ndarray or float
        Bound of |x| and |z|.
    dtype : dtype
        Of the arithmetic.
    n_features : int
        Number of multiply-adds.

    Returns
    -------
    error : ndarray or float
    """
    return np.finfo(dtype).eps / 2 * (n_features + 4) * reach**2


def unpack_rows(points: Points, indices: NDArray[np.intp]) -> NDArray:
    """Return the training points that had these row numbers.

    Parameters
    ----------
    points : Points
        Packed points.
    indices : ndarray of shape (n_rows,)
        Row numbers before packing.

    Returns
    -------
    rows : ndarray of shape (n_rows, n_features)
    """
    if points.order is not None:
        position = np.empty_like(points.order)
        position[points.order] = np.arange(points.n_points, dtype=position.dtype)
        indices = position[indices]
    panel, lane = np.divmod(indices, points.panels.shape[2])
    return np.ascontiguousarray(points.panels[panel, :, lane])
