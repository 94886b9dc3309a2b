"""k-means++ on the sphere: first directions that lie far apart."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils import check_array

from sklearn_kernelx._random import places_at
from sklearn_kernelx.directional._row_blocks import (
    Map,
    blocks_of,
    padded_columns,
    products,
)
from sklearn_kernelx.directional._sphere import UnitRows, inverse_row_norms

_ROUNDING = 8


def first_directions(
    rows: UnitRows,
    n_clusters: int,
    init: str | NDArray[np.float64],
    *,
    random_state: np.random.RandomState,
    map_parts: Map,
) -> NDArray[np.float64]:
    """Choose directions to begin a clustering with.

    Parameters
    ----------
    rows : UnitRows
        The data.
    n_clusters : int
        How many directions.
    init : {"k-means++", "random"} or ndarray of shape (n_clusters, n_features)
        How: `plus_plus_rows`, `random_rows`, or just these.
    random_state : RandomState instance
        Where the draws come from.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.

    Returns
    -------
    directions : ndarray of shape (n_clusters, n_features)
        Unit vectors.
    """
    if not isinstance(init, str):
        return init
    choose = plus_plus_rows if init == "k-means++" else random_rows
    indices = choose(rows, n_clusters, random_state=random_state, map_parts=map_parts)
    return directions_of(rows, indices)


def check_init(
    init: str | ArrayLike, n_clusters: int, n_features: int
) -> str | NDArray[np.float64]:
    """Return `init` with directions of unit length, or raise.

    Parameters
    ----------
    init : str or array-like of shape (n_clusters, n_features)
        The parameter of an estimator.
    n_clusters, n_features : int
        What its shape must be.

    Returns
    -------
    init : str or ndarray of shape (n_clusters, n_features)

    Raises
    ------
    ValueError
        If the shape is wrong, a direction is zero or an entry is not finite.
    """
    if isinstance(init, str):
        return init
    directions = check_array(init, dtype=np.float64, input_name="init")
    if directions.shape != (n_clusters, n_features):
        raise ValueError(
            f"init must have the shape {(n_clusters, n_features)}, a direction a row; got "
            f"{directions.shape}"
        )
    inverse_norms = inverse_row_norms(directions)
    if not np.all(inverse_norms > 0):
        raise ValueError("init must not have zero rows: they have no direction")
    return directions * inverse_norms[:, np.newaxis]


def check_n_rows(rows: UnitRows, n_clusters: int, name: str) -> None:
    """Raise if there are more clusters than rows with a direction and a weight."""
    n_rows = np.count_nonzero(rows.weights)
    if n_rows < n_clusters:
        raise ValueError(
            f"n_samples={n_rows} must be at least {name}={n_clusters}, counting the rows "
            f"of X with a direction and a positive weight. Decrease {name}"
        )


def plus_plus_rows(
    rows: UnitRows,
    n_clusters: int,
    *,
    random_state: np.random.RandomState,
    map_parts: Map,
) -> NDArray[np.intp]:
    """Choose rows by greedy k-means++ with the squared distance ``2 - 2 cos``.

    The first row is drawn by weight, each further one by weight times squared distance to
    the nearest row so far; of ``2 + log(n_clusters)`` such draws the one that leaves the
    smallest sum of these is kept, as in :func:`sklearn.cluster.kmeans_plusplus`.

    Parameters
    ----------
    rows : UnitRows
        The data.
    n_clusters : int
        How many rows.
    random_state : RandomState instance
        Where the draws come from.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.

    Returns
    -------
    indices : ndarray of shape (n_clusters,)
        Places of the rows chosen. Some repeat if fewer directions differ.

    References
    ----------
    .. [1] Arthur, D. and Vassilvitskii, S., "k-means++: the advantages of careful
       seeding", SODA 2007.
    .. [2] Endo, Y. and Miyamoto, S., "Spherical k-means++ clustering", MDAI 2015.
    """
    n_trials = 2 + int(np.log(n_clusters))
    order = canonical_order(rows, random_state, map_parts)[0]
    indices = draw_rows(rows.weights, order, 1, random_state)
    nearest = cosine_distances(rows, directions_of(rows, indices), map_parts)[:, 0]
    for _ in range(1, n_clusters):
        potentials = rows.weights * nearest
        if not np.any(potentials > 0):
            potentials = rows.weights
        trials = draw_rows(potentials, order, n_trials, random_state)
        distances = cosine_distances(rows, directions_of(rows, trials), map_parts)
        distances = np.minimum(distances, nearest[:, np.newaxis])
        best = np.argmin(rows.weights @ distances)
        nearest = distances[:, best]
        indices = np.append(indices, trials[best])
    return indices


def random_rows(
    rows: UnitRows,
    n_clusters: int,
    *,
    random_state: np.random.RandomState,
    map_parts: Map,
) -> NDArray[np.intp]:
    """Draw rows by their weights, of different directions as far as there are any.

    Parameters
    ----------
    rows : UnitRows
        The data.
    n_clusters : int
        How many rows.
    random_state : RandomState instance
        Where the draws come from.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.

    Returns
    -------
    indices : ndarray of shape (n_clusters,)
        Places of the rows drawn.
    """
    order, projections = canonical_order(rows, random_state, map_parts)
    tolerance = _ROUNDING * np.finfo(rows.X.dtype).eps
    left = rows.weights.copy()
    indices = np.empty(n_clusters, dtype=np.intp)
    for place in range(n_clusters):
        weights = left if np.any(left > 0) else rows.weights
        indices[place] = draw_rows(weights, order, 1, random_state)[0]
        left[np.abs(projections - projections[indices[place]]) <= tolerance] = 0
    return indices


def canonical_order(
    rows: UnitRows, random_state: np.random.RandomState, map_parts: Map
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Order the rows along a random direction, whatever their order in the data.

    Draws by cumulated weights in this order do not depend on that of the data, and a row
    of weight three is as good as three equal rows.

    Parameters
    ----------
    rows : UnitRows
        The data.
    random_state : RandomState instance
        Where the random direction comes from.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.

    Returns
    -------
    order : ndarray of shape (n_samples,)
        Places of the rows in the order of their projections.
    projections : ndarray of shape (n_samples,)
        Onto the random direction.
    """
    axis = random_state.standard_normal((1, rows.X.shape[1]))
    projections = cosine_distances(rows, axis / np.linalg.norm(axis), map_parts)[:, 0]
    return np.argsort(projections, kind="stable"), projections


def draw_rows(
    weights: NDArray[np.float64],
    order: NDArray[np.intp],
    size: int,
    random_state: np.random.RandomState,
) -> NDArray[np.intp]:
    """Draw places of `weights` with replacement, in proportion to them."""
    return order[places_at(np.cumsum(weights[order]), random_state.uniform(size=size))]


def directions_of(rows: UnitRows, indices: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return some rows as unit vectors, in a dense array of shape (n_rows, n_features)."""
    chosen: Any = rows.X[indices]
    if sparse.issparse(chosen):
        chosen = chosen.toarray()
    return chosen * rows.inverse_norms[indices][:, np.newaxis]


def cosine_distances(
    rows: UnitRows, directions: NDArray[np.float64], map_parts: Map
) -> NDArray[np.float64]:
    """Return ``1 - cos`` of all rows and a few directions, without rounding at 0."""
    columns = padded_columns(directions, rows.X)
    out = np.empty((rows.X.shape[0], len(directions)))

    def write_part(part: slice, n_threads: int) -> None:
        for block in blocks_of(rows.X, part):
            cosines = products(rows.X, block, columns, n_threads)[:, : len(directions)]
            out[block] = 1 - cosines * rows.inverse_norms[block][:, np.newaxis]

    map_parts(write_part)
    out[out < _ROUNDING * np.finfo(rows.X.dtype).eps] = 0
    return out
