"""Samples whose Gram matrix lies near the identity, by drawing again and dropping points.

After Haberstich, Nouy and Perrin (2022). A sample has the design rows g_i, and the Gram
matrix G = (1/n) sum g_i g_i' + P, where P is the part of a ridge penalty.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

MOST_DRAWS = 100


def draw_stable(
    draw: Callable[[], NDArray[np.intp]],
    design_rows: Callable[[NDArray[np.intp]], NDArray[np.float64]],
    penalty: NDArray[np.float64],
    stability: float,
) -> NDArray[np.intp]:
    """Return points with ||G - I|| <= `stability`, and none that can be spared.

    Parameters
    ----------
    draw : callable
        Returns the points of a new sample.
    design_rows : callable
        Returns g of each point, shape (n_points, m).
    penalty : ndarray of shape (m, m)
        P.
    stability : float
        Bound on the spectral norm.

    Raises
    ------
    ValueError
        If none of 100 samples meets the bound.
    """
    closest = np.inf
    for _ in range(MOST_DRAWS):
        points = draw()
        rows = design_rows(points)
        distance = distance_from_identity(rows.T @ rows / len(rows) + penalty)
        if distance <= stability:
            return points[needed_rows(rows, penalty, stability)]
        closest = min(closest, distance)
    raise ValueError(
        f"none of {MOST_DRAWS} samples of n_samples={len(points)} points met "
        f"stability={stability}: the closest Gram matrix was {closest:.3g} from the "
        "identity. Raise n_samples or stability, or choose design='repeated_dpp'"
    )


def distance_from_identity(gram: NDArray[np.float64]) -> float:
    """Return the spectral norm of G - I."""
    return float(np.abs(np.linalg.eigvalsh(gram) - 1).max())


def needed_rows(
    rows: NDArray[np.float64], penalty: NDArray[np.float64], stability: float
) -> NDArray[np.intp]:
    """Return the rows that are left when one after the other is dropped.

    Parameters
    ----------
    rows : ndarray of shape (n_points, m)
        Rows g, whose Gram matrix meets the bound.
    penalty : ndarray of shape (m, m)
        P.
    stability : float
        The bound, below 1, that the Gram matrix goes on to meet.
    """
    kept = np.arange(len(rows))
    while (place := _spare(rows[kept], penalty, stability)) is not None:
        kept = np.delete(kept, place)
    return kept


def _spare(rows: NDArray, penalty: NDArray, stability: float) -> int | None:
    """Return a row without which the bound is met, the most promising one first."""
    total, n_left = rows.T @ rows, len(rows) - 1
    if n_left == 0:
        return None
    for i in _by_promise(rows, total / len(rows) + penalty):
        gram = (total - np.outer(rows[i], rows[i])) / n_left + penalty
        if distance_from_identity(gram) <= stability:
            return int(i)
    return None


def _by_promise(rows: NDArray, gram: NDArray) -> NDArray[np.intp]:
    """Order rows by what dropping them does, at first order, to the worst eigenvalue.

    Along its eigenvector v, G changes by (v'(G - P)v - (v'g)^2) / (n - 1).
    """
    eigenvalues, vectors = np.linalg.eigh(gram)
    worst = int(np.argmax(np.abs(eigenvalues - 1)))
    pull = np.square(rows @ vectors[:, worst])
    return np.argsort(-pull if eigenvalues[worst] > 1 else pull, kind="stable")
