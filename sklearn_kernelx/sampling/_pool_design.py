"""Designs over a pool of candidates: what is drawn, with which weights, how stable.

All follows from the expected number c_i of draws of candidate i. A draw stands for 1 / c_i
candidates, so that sums over draws of f / c are sums of f over the pool in expectation, and
sample weights are n / (N c). With the rows q of the pool, those of a design are
q / sqrt(c): their Gram matrix, with that of the penalty, is G, the identity in expectation.
"""

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.sampling._designs import (
    DESIGNS,
    Draws,
    draw_design,
    extend_design,
    resolve_n_samples,
)
from sklearn_kernelx.sampling._feature_map import check_rank
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._greedy import d_optimal_selection
from sklearn_kernelx.sampling._least_squares import solve_rows
from sklearn_kernelx.sampling._orthonormal import orthonormal_basis, whitened
from sklearn_kernelx.sampling._pool import Pool
from sklearn_kernelx.sampling._stability import draw_stable

POOL_DESIGNS = (*DESIGNS, "greedy")
SMALLEST_DIMENSION = 0.5


def checked_pool(features: Features, alpha: float) -> Pool:
    """Return the pool of features, if anything can be drawn from it.

    Raises
    ------
    ValueError
        If all features are zero, or the penalty leaves less than half a dimension.

    Warns
    -----
    UserWarning
        If features depend on others.
    """
    pool = Pool(features, alpha)
    check_rank(features, pool.n_functions if np.any(pool.leverage) else 0)
    if pool.dimension < SMALLEST_DIMENSION:
        raise ValueError(
            f"alpha={alpha} leaves an effective dimension of {pool.dimension:.2g}, less "
            f"than {SMALLEST_DIMENSION}: lower alpha"
        )
    return pool


def check_design(
    design: str, n_samples: int | None, alpha: float, stability: float | None
) -> None:
    """Raise ValueError if parameters exclude each other."""
    if design == "dpp" and alpha > 0 and n_samples is not None:
        raise ValueError(
            "design='dpp' draws a random number of points with alpha > 0, not "
            f"n_samples={n_samples}: leave n_samples at None, or choose "
            "design='repeated_dpp'"
        )
    if stability is not None and design in ("dpp", "greedy"):
        raise ValueError(
            f"stability is not for design={design!r}: leave it at None, or choose "
            "design='repeated_dpp'"
        )


def why_not_extendable(design: str, stability: float | None) -> str:
    """Return what keeps a design from being extended and the remedy, or nothing."""
    if design == "dpp":
        return "design='dpp' is one sample: fit with design='repeated_dpp'"
    if stability is not None:
        return "stability has chosen among samples: fit with stability=None"
    return ""


def draw_from_pool(
    pool: Pool,
    design: str,
    n_samples: int | None,
    rng: np.random.Generator,
    stability: float | None = None,
) -> Draws:
    """Return the draws of a design.

    Parameters
    ----------
    pool : Pool
        Where to draw from.
    design : str
        One of `POOL_DESIGNS`.
    n_samples : int or None
        As the user gave it.
    rng : Generator
        Where the draws come from.
    stability : float, default=None
        Bound on ||G - I||.
    """
    if design == "greedy":
        return Draws(_greedy(pool, n_samples), np.empty(0, dtype=np.intp))
    n_samples = resolve_n_samples(n_samples, design, pool.dimension)
    if stability is None:
        return draw_design(pool, design, n_samples, rng)
    with single_threaded_blas():
        points = draw_stable(
            lambda: draw_design(pool, design, n_samples, rng).points,
            lambda points: _rows_of_one_point(pool, design, points),
            pool.penalty.T @ pool.penalty,
            stability,
        )
    return Draws(points, points[:0])


def extend_draws(
    pool: Pool, design: str, known: Draws, n_more: int, rng: np.random.Generator
) -> Draws:
    """Return the draws and `n_more`, with the law of a design drawn at once."""
    if design == "greedy":
        return Draws(_greedy(pool, len(known.points) + n_more), known.reserve)
    more = extend_design(pool, design, n_more, known.reserve, rng)
    return Draws(np.concatenate([known.points, more.points]), more.reserve)


def expected_counts(
    pool: Pool, design: str, points: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return how often each of the points is expected among so many draws."""
    if design in ("iid", "greedy"):
        return np.full(len(points), len(points) / pool.n_candidates)
    if design == "dpp":
        return pool.leverage[points]
    return pool.leverage[points] * (len(points) / pool.dimension)


def sample_weights(
    pool: Pool, design: str, points: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return w of each draw: (1 / n) sum w f estimates the mean of f over the pool."""
    counts = expected_counts(pool, design, points)
    return len(points) / (pool.n_candidates * counts)


def design_rows(
    pool: Pool, design: str, points: NDArray[np.intp], weight_power: float = 1.0
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return the candidates drawn, and their rows in the least-squares problem.

    With the weights to the power of `weight_power`, where it is not 1.

    Returns
    -------
    candidates : ndarray of shape (n_candidates,)
        Different ones, in ascending order.
    rows : ndarray of shape (n_candidates, m)
        Rows whose Gram matrix, with that of the penalty, is G.
    scales : ndarray of shape (n_candidates,)
        What the rows q of the pool were multiplied by.
    """
    candidates, first, counts = np.unique(points, return_index=True, return_counts=True)
    weights = sample_weights(pool, design, points)[first] ** weight_power
    scales = np.sqrt(counts * weights * (pool.n_candidates / max(1, len(points))))
    return candidates, pool.rows(candidates) * scales[:, np.newaxis], scales


def gram_condition(pool: Pool, design: str, points: NDArray[np.intp]) -> float:
    """Return the condition number of G, infinite if it is singular."""
    _, rows, _ = design_rows(pool, design, points)
    return solve_rows(np.vstack([rows, pool.penalty])).gram_condition


def expected_error(
    design: str, n: int, m: int, mean_square: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the expected mean squared error over the pool, if theory gives it.

    For volume sampling, E |c - c*|^2 is about m / (n - m + 1) times the least mean squared
    error L* over the pool, as E[G^-1] = n / (n - m + 1) I where no point has a leverage
    near 1. That is exact for n = m if any m rows are independent (Derezinski and Warmuth
    2017), and to first order in m / n.

    Parameters
    ----------
    design : str
        What the rows were drawn by.
    n, m : int
        Number of draws and functions.
    mean_square : ndarray of shape (n_targets,)
        Mean of w r^2 over the draws, with the residuals r of the fit. Its expectation is
        ``(n - m) / n`` L*, exactly: the sum times det G is a Gram determinant.
    """
    if design != "volume" and not (design == "dpp" and n == m):
        return None
    if n == m:
        return np.full(len(mean_square), np.nan)
    return mean_square * n / (n - m) * (n + 1) / (n - m + 1)


def _rows_of_one_point(pool: Pool, design: str, points: NDArray[np.intp]) -> NDArray:
    """Return rows g with G = (1 / n) sum g g' + P, which do not depend on n."""
    scales = np.sqrt(len(points) / expected_counts(pool, design, points))
    return pool.rows(points) * scales[:, np.newaxis]


def _greedy(pool: Pool, n_samples: int | None) -> NDArray[np.intp]:
    """Select rows; a determinant ranks them alike in any basis of the features."""
    basis = orthonormal_basis(pool.features.blocks) if len(pool.penalty) else pool.basis
    n_samples = resolve_n_samples(n_samples, "greedy", basis.rank)
    rows = [whitened(block, basis) for block in pool.features.blocks()]
    Q = np.concatenate(rows)
    with single_threaded_blas():
        return d_optimal_selection(Q, n_samples, max_swaps=basis.rank)
