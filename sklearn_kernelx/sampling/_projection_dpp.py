"""Exact samples of projection determinantal point processes, by rejection.

The chain rule draws point after point from the density |W' phi(x)|^2 / (m - k), where the
columns of W are an orthonormal basis of what the k points drawn so far leave uncovered
(Hough, Krishnapur, Peres and Virag 2006). Each of these densities lies below
m / (m - k) times the leverage law |phi(x)|^2 / m, so that proposals from it are accepted
with probability |W' u|^2 for u = phi(x) / |phi(x)|, m H_m of them in expectation
(Barthelme, Tremblay and Amblard 2023). Proposals are judged a block at a time: what is
accepted within a block follows from the inner products of W' u alone. As W shrinks, a
sample takes O(m^3) operations, nearly all in BLAS, beside the rows of the proposals.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas, lapack

from sklearn_kernelx._cython._acceptance import accept_in_order
from sklearn_kernelx._parallel import single_threaded_blas

BLOCK = 64
PROPOSED_BYTES = 2**26


class Domain(Protocol):
    """Where points live: a pool of candidates, or a space with a probability measure.

    Attributes
    ----------
    n_functions : int
        Number m of the functions phi, orthonormal in the measure.
    """

    n_functions: int

    def draw_uniform(self, n: int, rng: np.random.Generator) -> NDArray:
        """Return `n` independent points from the measure."""

    def draw_leverage(self, n: int, rng: np.random.Generator) -> NDArray:
        """Return `n` independent points from the measure times |phi|^2 / m."""

    def unit_rows(self, points: NDArray) -> NDArray[np.float64]:
        """Return phi(x) / |phi(x)| of each point, shape (n, m), C-ordered."""

    def observed(self, points: NDArray) -> NDArray[np.bool_]:
        """Return which points are observed, not part of a penalty."""


def projection_dpp(domain: Domain, rng: np.random.Generator) -> NDArray:
    """Return the m points of one sample, in exchangeable order.

    A prefix is therefore a uniform subset of the sample.
    """
    drawn: list[NDArray] = []
    uncovered = np.eye(domain.n_functions, order="F")
    # In blocks this small, threads of BLAS would mostly wait for each other.
    with single_threaded_blas():
        while uncovered.shape[1] > 0:
            proposals = domain.draw_leverage(_n_proposals(uncovered), rng)
            rows = domain.unit_rows(proposals)
            thresholds = rng.random(len(proposals))
            for start in range(0, len(proposals), BLOCK):
                block = slice(start, start + BLOCK)
                accepted, uncovered = _judge(rows[block], thresholds[block], uncovered)
                drawn.append(proposals[block][accepted])
                if uncovered.shape[1] == 0:
                    break
    return np.concatenate(drawn)


def _n_proposals(uncovered: NDArray) -> int:
    """Return how many proposals to make at once: about as many as will be judged."""
    m, n_wanted = uncovered.shape
    expected = m * np.sum(1 / np.arange(1, n_wanted + 1))
    affordable = max(BLOCK, PROPOSED_BYTES // (8 * m))
    return int(min(expected, affordable)) + min(m, BLOCK)


def _judge(
    rows: NDArray, thresholds: NDArray, uncovered: NDArray
) -> tuple[NDArray[np.intp], NDArray]:
    """Return which proposals are accepted, and what they leave uncovered."""
    residuals = blas.dgemm(1.0, rows.T, uncovered, trans_a=True)
    gram = blas.dsyrk(1.0, residuals, lower=True).T
    accepted = np.empty(uncovered.shape[1], dtype=np.intp)
    n_accepted = accept_in_order(gram, thresholds, accepted)
    accepted = accepted[:n_accepted]
    return accepted, _without(uncovered, residuals[accepted])


def _without(basis: NDArray, coordinates: NDArray) -> NDArray:
    """Return an orthonormal basis of what `basis` spans beyond some of its vectors.

    Parameters
    ----------
    basis : ndarray of shape (m, d), F-ordered
        Orthonormal columns; overwritten.
    coordinates : ndarray of shape (n, d)
        Of the n independent vectors, in terms of the columns.
    """
    n_vectors = len(coordinates)
    if n_vectors == 0:
        return basis
    reflectors, tau, _, _ = lapack.dgeqrf(coordinates.T)
    work = max(1, BLOCK * len(basis))
    turned, _, _ = lapack.dormqr("R", "N", reflectors, tau, basis, work, overwrite_c=1)
    return turned[:, n_vectors:]
