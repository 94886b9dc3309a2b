"""A pool of candidates as a domain."""

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._orthonormal import (
    Basis,
    leverage_scores,
    orthonormal_basis,
    penalty_rows,
    whitened,
)
from sklearn_kernelx.sampling._rows import Rows


class Pool(Rows):
    """Candidates by number, with the uniform measure.

    Under a ridge penalty the domain holds the rows of the penalty too, numbered after the
    candidates. A sample of the process on all of these, without the rows of the penalty,
    is one of the process on the candidates with kernel A (A'A + alpha I)^-1 A', since
    the kernel of what a sample leaves on a subset is the submatrix of the kernel.

    Parameters
    ----------
    features : Features
        A, of the candidates.
    alpha : float
        Ridge penalty.
    factors : tuple of Basis and ndarray, default=None
        Basis and leverage of an earlier pool of these features, to save the passes.

    Attributes
    ----------
    basis : Basis
        Orthonormal functions of the features under the penalty.
    leverage : ndarray of shape (n_candidates,)
        Leverage scores.
    dimension : float
        Sum of the leverage scores: m without penalty, the effective dimension with it.
    penalty : ndarray of shape (m or 0, m)
        Rows of the penalty.
    """

    def __init__(
        self,
        features: Features,
        alpha: float = 0.0,
        factors: tuple[Basis, NDArray[np.float64]] | None = None,
    ) -> None:
        self.features = features
        if factors is None:
            basis = orthonormal_basis(features.blocks, alpha)
            factors = basis, leverage_scores(features.blocks, basis)
        self.basis, self.leverage = factors
        self.dimension = float(np.sum(self.leverage) if alpha else self.basis.rank)
        self.penalty = penalty_rows(self.basis, alpha)[: self.basis.rank if alpha else 0]
        scores = np.append(self.leverage, np.sum(self.penalty**2, axis=1))
        super().__init__(scores, self.basis.rank)

    @property
    def n_candidates(self) -> int:
        """Return the number of rows without those of the penalty."""
        return len(self.leverage)

    def rows(self, points: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return a new array of these rows of Q."""
        is_candidate = self.observed(points)
        if is_candidate.all():
            return whitened(self.features.rows(points), self.basis)
        rows = np.empty((len(points), self.n_functions))
        rows[is_candidate] = self.rows(points[is_candidate])
        rows[~is_candidate] = self.penalty[points[~is_candidate] - self.n_candidates]
        return rows

    def draw_uniform(self, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return `n` independent candidates."""
        return rng.integers(self.n_candidates, size=n)

    def observed(self, points: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return which rows are candidates."""
        return points < self.n_candidates
