"""Rows and components: which suits best, and the shares of all."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython import _responsibilities
from sklearn_kernelx.directional._row_blocks import (
    Map,
    blocks_of,
    padded_columns,
    padded_size,
    products,
)
from sklearn_kernelx.directional._sphere import UnitRows


class Logits(NamedTuple):
    """Logits of the components as the compiled loops take them.

    Attributes
    ----------
    columns : ndarray of shape (n_features, n_padded)
        Directions, in the dtype for products with the rows.
    slopes, offsets : ndarray of shape (n_padded,)
        The logit is ``slope * (cosine - 1) + offset``, with the offset of the largest one:
        -inf for the padding.
    """

    columns: NDArray
    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]


def padded_logits(
    directions: NDArray[np.float64],
    slopes: NDArray[np.float64],
    offsets: NDArray[np.float64],
    X: Any,
) -> Logits:
    """Return `Logits` for products with `X`."""
    missing = padded_size(len(directions)) - len(directions)
    return Logits(
        padded_columns(directions, X),
        np.pad(slopes, (0, missing)),
        np.pad(offsets, (0, missing), constant_values=-np.inf),
    )


def cosine_logits(directions: NDArray[np.float64], X: Any) -> Logits:
    """Return `Logits` that are the cosines themselves."""
    n_directions = len(directions)
    return padded_logits(directions, np.ones(n_directions), np.ones(n_directions), X)


def assign(
    rows: UnitRows, logits: Logits, map_parts: Map
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Find the component of largest logit.

    Parameters
    ----------
    rows : UnitRows
        The data.
    logits : Logits
        Of the components.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.

    Returns
    -------
    labels : ndarray of shape (n_samples,)
        The first such component.
    largest : ndarray of shape (n_samples,)
        Its logit.
    """
    labels = np.empty(rows.X.shape[0], dtype=np.int32)
    largest = np.empty(len(labels))

    def write_part(part: slice, n_threads: int) -> None:
        for block in blocks_of(rows.X, part):
            _responsibilities.largest(
                products(rows.X, block, logits.columns, n_threads),
                rows.inverse_norms[block],
                logits.slopes,
                logits.offsets,
                largest[block],
                labels[block],
            )

    map_parts(write_part)
    return labels, largest


def log_sums(
    rows: UnitRows, logits: Logits, map_parts: Map, shares: NDArray | None = None
) -> NDArray[np.float64]:
    """Sum the exponentials of the logits of each row.

    Parameters
    ----------
    rows : UnitRows
        The data.
    logits : Logits
        Of the components.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.
    shares : ndarray of shape (n_samples, n_components), default=None
        Receives the exponentials divided by their sums.

    Returns
    -------
    log_sums : ndarray of shape (n_samples,)
        The logarithms of the sums.
    """
    out = np.empty(rows.X.shape[0])

    def write_part(part: slice, n_threads: int) -> None:
        for block in blocks_of(rows.X, part):
            found = products(rows.X, block, logits.columns, n_threads)
            _responsibilities.softmax(
                found,
                rows.inverse_norms[block],
                logits.slopes,
                logits.offsets,
                0.0,
                out[block],
            )
            if shares is not None:
                shares[block] = found[:, : shares.shape[1]]

    map_parts(write_part)
    return out
