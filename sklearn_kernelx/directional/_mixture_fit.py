"""The iterations of expectation-maximisation, and components that lose their rows."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.directional._assignment import cosine_logits
from sklearn_kernelx.directional._expectation_maximization import (
    ConcentrationRule,
    Mixture,
    Statistics,
    expectation,
    log_prior,
    maximization,
    mixture_logits,
    pooled_length,
)
from sklearn_kernelx.directional._row_blocks import Map
from sklearn_kernelx.directional._seeding import directions_of
from sklearn_kernelx.directional._sphere import UnitRows


def reseeded(
    mixture: Mixture, lost: NDArray[np.bool_], statistics: Statistics, rows: UnitRows
) -> Mixture:
    """Return the mixture with lost components put onto the rows it explains worst.

    Parameters
    ----------
    mixture : Mixture
        The mixture to change.
    lost : ndarray of shape (n_components,)
        Which components to move, not all.
    statistics : Statistics
        Of the expectation step before `mixture`: its log-densities choose the rows.
    rows : UnitRows
        The data.

    Returns
    -------
    mixture : Mixture
        The components moved have the weight of a row and the mean concentration.
    """
    worst = np.where(rows.weights > 0, statistics.log_densities, np.inf)
    chosen = np.argsort(worst, kind="stable")[: np.count_nonzero(lost)]
    directions = mixture.directions.copy()
    directions[lost] = directions_of(rows, chosen)
    weights = np.exp(mixture.log_weights)
    weights[lost] = np.mean(rows.weights[chosen]) / np.sum(rows.weights)
    concentrations = mixture.concentrations.copy()
    concentrations[lost] = np.average(concentrations[~lost], weights=weights[~lost])
    return Mixture(np.log(weights / np.sum(weights)), directions, concentrations)


class Run(NamedTuple):
    """What expectation-maximisation from one start has come to.

    Attributes
    ----------
    mixture : Mixture
        The parameters.
    lower_bound : float
        Theirs, see the function of that name.
    lower_bounds : list of float
        That after each iteration.
    n_iter : int
        Number of iterations.
    converged : bool
        Whether the last one changed less than the tolerance.
    n_lost : int
        Number of components that the last iteration has found without rows.
    """

    mixture: Mixture
    lower_bound: float
    lower_bounds: list[float]
    n_iter: int
    converged: bool
    n_lost: int


def start_from(
    directions: NDArray[np.float64],
    rows: UnitRows,
    rule: ConcentrationRule,
    map_parts: Map,
) -> Mixture:
    """Return the mixture of the rows' partition by largest cosine.

    Parameters
    ----------
    directions : ndarray of shape (n_components, n_features)
        Unit vectors.
    rows : UnitRows
        The data.
    rule : ConcentrationRule
        How to choose the concentrations.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.

    Returns
    -------
    mixture : Mixture
    """
    ones = np.ones(len(directions))
    logits = cosine_logits(directions, rows.X)
    partition = expectation(rows, logits, len(ones), em="hard", map_parts=map_parts)
    rule = rule._replace(prior_length=pooled_length(partition))
    return maximization(partition, Mixture(ones, directions, ones), rule)


def iterate(
    mixture: Mixture,
    rows: UnitRows,
    rule: ConcentrationRule,
    *,
    em: str,
    tol: float,
    max_iter: int,
    min_weight: float,
    map_parts: Map,
    random_state: np.random.RandomState,
    wants_stop: Callable[[Mixture], bool],
) -> Run:
    """Alternate expectation and maximisation until the likelihood settles.

    Parameters
    ----------
    mixture : Mixture
        Where to begin.
    rows : UnitRows
        The data.
    rule : ConcentrationRule
        How to choose the concentrations.
    em : {"soft", "hard", "stochastic"}
        Kind of expectation step. "stochastic" returns the best of its iterations.
    tol : float
        A smaller change of the lower bound ends the iterations.
    max_iter : int
        At most so many.
    min_weight : float
        A component with a smaller weight is moved to the row explained worst. As many
        moves as components are allowed, so that the iterations can settle.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.
    random_state : RandomState instance
        For ``em="stochastic"``.
    wants_stop : callable
        Called with the mixture after each iteration; True ends them.

    Returns
    -------
    run : Run
    """
    n_components = len(mixture.directions)
    moves_left = n_components
    lower_bounds: list[float] = []

    def expect(mixture: Mixture) -> Statistics:
        return expectation(
            rows,
            mixture_logits(mixture, rows.X),
            n_components,
            em=em,
            map_parts=map_parts,
            random_state=random_state,
        )

    statistics = expect(mixture)
    # From here on the prior must not change, or the bound could fall.
    rule = rule._replace(prior_length=pooled_length(statistics))
    bound = lower_bound(statistics, mixture, rule, rows)
    best = mixture, -np.inf
    converged = False
    while len(lower_bounds) < max_iter and not converged:
        mixture = maximization(statistics, mixture, rule)
        lost = np.exp(mixture.log_weights) < min_weight
        n_lost = np.count_nonzero(lost)
        if 0 < n_lost <= moves_left:
            mixture = reseeded(mixture, lost, statistics, rows)
            moves_left -= n_lost
        previous = bound
        statistics = expect(mixture)
        bound = lower_bound(statistics, mixture, rule, rows)
        lower_bounds.append(bound)
        if em != "stochastic" or bound > best[1]:
            best = mixture, bound
        if wants_stop(mixture):
            break
        converged = abs(bound - previous) < tol
    return Run(*best, lower_bounds, len(lower_bounds), converged, n_lost)


def lower_bound(
    statistics: Statistics, mixture: Mixture, rule: ConcentrationRule, rows: UnitRows
) -> float:
    """Return log-likelihood plus log-prior, by the total weight of the rows."""
    likelihood = float(rows.weights @ statistics.log_densities)
    return (likelihood + log_prior(mixture, rule)) / float(np.sum(rows.weights))
