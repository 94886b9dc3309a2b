"""The nearest training points of queries, those equal to the query left out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython._loops import FORMS
from sklearn_kernelx._cython._nearest import nearest_points
from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx.density._points import Points, expanded_error, interruptible_blocks

# Relative error of a squared distance beyond which it is computed again.
DOUBT = {"float64": 1e-9, "float32": 2e-3}
# Duplicates of a query that the fast pass has room for.
SPARE = 8


class Neighbours(NamedTuple):
    """The nearest training points of each query.

    Attributes
    ----------
    distances : ndarray of shape (n_queries, n_neighbours), float64
        In bandwidths, ascending and positive; infinity where there are not as many points.
    rows : ndarray of shape (n_queries, n_neighbours), dtype intp
        Their row numbers.
    has_equal : ndarray of shape (n_queries,), dtype bool
        Whether more than one training point equals the query.
    """

    distances: NDArray[np.float64]
    rows: NDArray[np.intp]
    has_equal: NDArray[np.bool_]


def nearest_neighbours(
    X: NDArray, points: Points, queries: NDArray, *, n_neighbours: int, n_threads: int = 1
) -> Neighbours:
    """Return the nearest points of each query among those not equal to it.

    One pass over all pairs in the expanded square; distances that lost digits there are
    computed again. Queries with hardly any digits left, or more equal points than the pass
    has room for, are done again from differences.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Training points.
    points : Points
        The same, packed with a number as bandwidth and without weights.
    queries : ndarray of shape (n_queries, n_features), C-ordered, of the dtype of `X`
        Finite.
    n_neighbours : int
        At least 1.
    n_threads : int
        At least 1; the result does not depend on it.

    Returns
    -------
    neighbours : Neighbours
    """
    n_neighbours = min(n_neighbours, len(X))
    n_columns = min(n_neighbours + SPARE, len(X))
    found = Neighbours(
        np.full((len(queries), n_neighbours), np.inf),
        np.zeros((len(queries), n_neighbours), dtype=np.intp),
        np.zeros(len(queries), dtype=bool),
    )
    half_squares, rows = _one_pass(points, "expanded", queries, n_columns, n_threads)
    lost = _computed_again(X, points, queries, half_squares, rows)
    equal = np.sum(half_squares == 0, axis=1)
    found.has_equal[:] = equal > 1
    _keep_nearest(found, np.arange(len(queries)), half_squares, rows)
    pending = np.flatnonzero(lost | ((equal > SPARE) & (n_columns < len(X))))
    if len(pending):
        x = queries[pending]
        half_squares, rows = _one_pass(points, "euclidean", x, n_neighbours, n_threads)
        _keep_nearest(found, pending, half_squares, rows)
    return found


def _one_pass(points, form, queries, n_columns, n_threads):
    half_squares = np.empty((len(queries), n_columns))
    places = np.empty((len(queries), n_columns), dtype=np.int32)
    terms = points.log_terms()
    # Differences need no centre, and lose no digits without one.
    expanded = form == "expanded"
    center = points.center if expanded else np.zeros_like(points.center)
    for block in interruptible_blocks(points, len(queries)):
        nearest_points(
            points.panels,
            terms,
            center,
            points.inverse_bandwidth,
            FORMS[form],
            queries[block],
            half_squares[block],
            places[block],
            n_threads,
        )
    rows = places if points.order is None else points.order[places]
    return half_squares, rows


def _computed_again(X, points, queries, half_squares, rows) -> NDArray[np.bool_]:
    """Mend doubtful entries of `half_squares`; return which queries remain in doubt."""
    dtype, d = points.panels.dtype, X.shape[1]
    # A centre that overflowed leaves nothing found.
    with np.errstate(over="ignore", invalid="ignore"):
        x = (queries - points.center) * points.inverse_bandwidth
        norms = np.linalg.norm(x.astype(np.float64, copy=False), axis=1)
        distances = np.sqrt(2 * np.maximum(half_squares, 0))
        error = expanded_error(norms[:, np.newaxis] + distances, dtype, d)
    doubtful = (error > DOUBT[dtype.name] * half_squares) & np.isfinite(half_squares)
    query, column = np.nonzero(doubtful)
    for block in row_blocks(len(query), bytes_per_row=3 * 8 * d):
        q, c = query[block], column[block]
        offsets = X[rows[q, c]].astype(np.float64, copy=False) - queries[q]
        offsets *= points.inverse_bandwidth
        half_squares[q, c] = np.einsum("ij,ij->i", offsets, offsets) / 2
    # All doubtful, or none found: others that are nearer may have been passed over.
    return np.all(doubtful | ~np.isfinite(half_squares), axis=1)


def _keep_nearest(found: Neighbours, queries, half_squares, rows) -> None:
    half_squares = np.where(half_squares > 0, half_squares, np.inf)
    order = np.argsort(half_squares, axis=1)[:, : found.distances.shape[1]]
    nearest = np.take_along_axis(half_squares, order, axis=1)
    found.distances[queries] = np.sqrt(2 * nearest)
    found.rows[queries] = np.take_along_axis(rows, order, axis=1)
