"""Partial Cholesky factors of kernel matrices that are never formed.

Columns of the kernel are chosen, the pivots, and K is near F F' with F their Cholesky
factor. Pivots join in blocks, so that nearly all work is matrix products.

- `greedy_pivots` takes the largest residual variance each time: greedy maximal volume, or
  the greedy mode of a determinantal process (Chen, Zhang and Zhou 2018). As residuals only
  decrease, a pivot whose residual exceeds what all others had before is certain, though
  the residuals of most are not up to date ("lazy" greedy, Minoux 1978).
- `random_pivots` draws in proportion to the residual variance: randomly pivoted Cholesky
  (Chen, Epperly, Tropp and Webber 2025), proposals by an old residual being accepted with
  the share that is left of it (Epperly, Tropp and Webber 2024).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

from sklearn_kernelx._cython._acceptance import accept_in_order
from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx._random import places_at

EPS = np.finfo(np.float64).eps
BLOCK = 64
FEWEST_CANDIDATES = 64
MOST_CANDIDATES = 1024
ROWS = 4096

RowSelection = slice | NDArray[np.intp]


class ImplicitKernel(NamedTuple):
    """A positive semidefinite matrix by its entries.

    Attributes
    ----------
    diagonal : ndarray of shape (n_points,)
        Its diagonal.
    block : callable
        ``block(rows, columns)`` returns the entries of some rows, a slice or indices, and
        some columns, indices, in float64.
    precision : float
        Relative error of the entries.
    """

    diagonal: NDArray[np.float64]
    block: Callable[[RowSelection, NDArray[np.intp]], NDArray[np.float64]]
    precision: float = EPS


def check_symmetric(kernel: NDArray) -> None:
    """Raise ValueError if a matrix of floats is not symmetric, up to half its digits."""
    scale = np.max(np.abs(kernel), initial=0.0)
    error = np.max(np.abs(kernel - kernel.T), initial=0.0)
    if error > np.sqrt(np.finfo(kernel.dtype).eps) * scale:
        raise ValueError(
            "the kernel matrix is not symmetric; give (K + K.T) / 2 if it should be"
        )


def kernel_of_array(kernel: NDArray) -> ImplicitKernel:
    """Return a matrix at hand, of floats.

    Raises
    ------
    ValueError
        If it is not symmetric.
    """
    check_symmetric(kernel)

    def block(rows: RowSelection, columns: NDArray[np.intp]) -> NDArray[np.float64]:
        return kernel[rows][:, columns].astype(np.float64, order="C")

    return ImplicitKernel(np.diagonal(kernel), block, float(np.finfo(kernel.dtype).eps))


def kernel_of_features(features: NDArray[np.float64]) -> ImplicitKernel:
    """Return ``features @ features.T``."""

    def block(rows: RowSelection, columns: NDArray[np.intp]) -> NDArray[np.float64]:
        return features[rows] @ features[columns].T

    return ImplicitKernel(np.einsum("ij,ij->i", features, features), block)


class PartialCholesky:
    """A factor that grows.

    Parameters
    ----------
    kernel : ImplicitKernel
        K, of n points.
    n_columns : int
        Room for so many pivots.
    noise : float, default=0
        Added to the diagonal of K at each pivot: what is known of a point is then a noisy
        observation of it.
    excluded : ndarray of shape (n_excluded,), default=()
        Points that are not to become pivots.
    n_threads : int, default=1
        The result does not depend on it.

    Attributes
    ----------
    residual : ndarray of shape (n_points,)
        Diagonal of K - F F'; -inf for pivots and what is excluded.
    """

    def __init__(
        self,
        kernel: ImplicitKernel,
        n_columns: int,
        *,
        noise: float = 0.0,
        excluded: NDArray[np.intp] | tuple[()] = (),
        n_threads: int = 1,
    ) -> None:
        self.kernel = kernel
        self.n_columns = n_columns
        self.noise = noise
        self.n_threads = n_threads
        self.residual = np.array(kernel.diagonal, dtype=np.float64)
        self.residual[np.asarray(excluded, dtype=np.intp)] = -np.inf
        scale = np.max(self.residual, initial=0.0)
        self.tolerance = kernel.precision * len(self.residual) * scale
        self._factor = np.empty((len(self.residual), n_columns))
        self._pivots = np.empty(n_columns, dtype=np.intp)
        self._size = 0

    @property
    def n_wanted(self) -> int:
        """Return how many pivots are missing."""
        return self.n_columns - self._size

    @property
    def is_complete(self) -> bool:
        """Return whether the residual is zero up to rounding."""
        return not np.max(self.residual, initial=-np.inf) > self.tolerance

    @property
    def pivots(self) -> NDArray[np.intp]:
        """Return the pivots so far, in their order."""
        return self._pivots[: self._size]

    @property
    def factor(self) -> NDArray[np.float64]:
        """Return F, shape (n_points, n_pivots)."""
        return self._factor[:, : self._size]

    def residual_block(self, points: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the entries of K - F F' between some points."""
        known = self.factor[points]
        return self.kernel.block(points, points) - known @ known.T

    def append(self, pivots: NDArray[np.intp], triangle: NDArray[np.float64]) -> None:
        """Add pivots, of which `triangle` is the Cholesky factor of K - F F' + noise I."""
        size = self._size + len(pivots)
        known = self.factor[pivots]
        triangle = np.asfortranarray(triangle)

        def write(start: int) -> None:
            rows = slice(start, start + ROWS)
            columns = self.kernel.block(rows, pivots) - self.factor[rows] @ known.T
            blas.dtrsm(1.0, triangle, columns.T, lower=True, overwrite_b=True)
            self._factor[rows, self._size : size] = columns
            self.residual[rows] -= np.einsum("ij,ij->i", columns, columns)

        self._map(write, range(0, len(self.residual), ROWS))
        self.residual[pivots] = -np.inf
        self._pivots[self._size : size] = pivots
        self._size = size
        self._check_residual()

    def _map(self, write: Callable[[int], None], starts: range) -> None:
        n_threads = min(self.n_threads, len(starts))
        with single_threaded_blas():
            if n_threads == 1:
                for start in starts:
                    write(start)
            else:
                with ThreadPoolExecutor(n_threads) as pool:
                    list(pool.map(write, starts))

    def _check_residual(self) -> None:
        lowest = np.min(self.residual, where=self.residual > -np.inf, initial=0.0)
        if lowest < -np.sqrt(self.kernel.precision) * np.max(self.kernel.diagonal):
            raise ValueError(
                "the kernel matrix is not positive semidefinite: choose a kernel that is, "
                "such as 'rbf'"
            )


def greedy_pivots(cholesky: PartialCholesky) -> None:
    """Add the point of the largest residual, the first of several, until all are found."""
    n_candidates = FEWEST_CANDIDATES
    while cholesky.n_wanted > 0 and not cholesky.is_complete:
        candidates, bound = _candidates(cholesky.residual, n_candidates)
        block = cholesky.residual_block(candidates)
        np.fill_diagonal(block, cholesky.residual[candidates])
        certain, triangle = _certain_pivots(block, candidates, bound, cholesky)
        cholesky.append(candidates[certain], triangle)
        n_candidates = np.clip(16 * len(certain), FEWEST_CANDIDATES, MOST_CANDIDATES)


class _Bound(NamedTuple):
    """The largest residual of all that are no candidates, and the first place of it."""

    residual: float
    place: int


def _candidates(residual: NDArray, n_candidates: int) -> tuple[NDArray[np.intp], _Bound]:
    """Return the places of the largest residuals, the first of equal ones, in order."""
    n_candidates = min(n_candidates, len(residual))
    lowest = np.partition(residual, -n_candidates)[-n_candidates]
    above = np.flatnonzero(residual > lowest)
    equal = np.flatnonzero(residual == lowest)[: n_candidates - len(above)]
    candidates = np.sort(np.concatenate([above, equal]))
    others = residual.copy()
    others[candidates] = -np.inf
    place = int(np.argmax(others))
    return candidates[residual[candidates] > -np.inf], _Bound(others[place], place)


def _certain_pivots(
    block: NDArray, candidates: NDArray, bound: _Bound, cholesky: PartialCholesky
) -> tuple[list[int], NDArray]:
    """Return places among the candidates, and the Cholesky factor of their block."""
    residual = np.diagonal(block).copy()
    n_most = min(BLOCK, cholesky.n_wanted, len(candidates))
    columns = np.empty((n_most, len(candidates)))
    chosen: list[int] = []
    while len(chosen) < n_most:
        best = int(np.argmax(residual))
        known = columns[: len(chosen)]
        is_certain = (residual[best], -candidates[best]) > (bound.residual, -bound.place)
        if not is_certain or not residual[best] > cholesky.tolerance:
            break
        root = np.sqrt(residual[best] + cholesky.noise)
        column = (block[best] - known[:, best] @ known) / root
        residual -= np.square(column)
        column[best] = root
        columns[len(chosen)] = column
        residual[best] = -np.inf
        chosen.append(best)
    return chosen, np.tril(columns[: len(chosen), chosen].T)


def random_pivots(cholesky: PartialCholesky, rng: np.random.Generator) -> None:
    """Add points drawn in proportion to the residual, until all are found."""
    while cholesky.n_wanted > 0 and not cholesky.is_complete:
        residual = cholesky.residual
        cumulated = np.cumsum(np.where(residual > cholesky.tolerance, residual, 0))
        proposals = places_at(cumulated, rng.random(BLOCK))
        accepted, triangle = _accepted_pivots(cholesky, proposals, rng.random(BLOCK))
        cholesky.append(proposals[accepted], triangle)


def _accepted_pivots(
    cholesky: PartialCholesky, proposals: NDArray[np.intp], thresholds: NDArray
) -> tuple[NDArray[np.intp], NDArray]:
    """Return places among the proposals, and the Cholesky factor of their block."""
    # Repeats get the same bits, so that nothing is left of them once one is accepted.
    points, places = np.unique(proposals, return_inverse=True)
    scales = np.sqrt(cholesky.residual[points])
    block = cholesky.residual_block(points) / np.outer(scales, scales)
    np.fill_diagonal(block, 1)
    gram = block[np.ix_(places, places)]
    accepted = np.empty(min(len(proposals), cholesky.n_wanted), dtype=np.intp)
    accepted = accepted[: accept_in_order(gram, thresholds, accepted)]
    eliminated = np.triu(gram[np.ix_(accepted, accepted)])
    triangle = (eliminated / np.sqrt(np.diagonal(eliminated))[:, np.newaxis]).T
    return accepted, scales[places[accepted]][:, np.newaxis] * triangle
