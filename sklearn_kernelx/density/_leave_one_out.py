"""Bandwidths from training rows that are queries against all the others.

Of maximum leave-one-out likelihood, and that at which half of a sum belongs to few terms.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from sklearn_kernelx.density._kernels import LOG_KERNELS
from sklearn_kernelx.density._neighbourhoods import (
    LocalSums,
    Neighbourhoods,
    TrainingSet,
    find_neighbourhoods,
    near_sums,
    sums_around,
)

# K(r / h) = exp(-E) with E proportional to h^-power, for kernels of which that is true.
POWER = {"gaussian": 2, "exponential": 1}
# Relative accuracy of a bandwidth, well below the error that any sample leaves.
XTOL = 1e-4
# Relative change of a bandwidth that makes a pass over all points worth its time.
NEGLIGIBLE = 5e-3


class LikelihoodMaximum(NamedTuple):
    """Where the leave-one-out likelihood is highest.

    Attributes
    ----------
    bandwidth : float
        In the unit of length.
    sums : LocalSums
        At this bandwidth.
    sums_at : callable
        `near_sums` if they were enough, else `sums_around`.
    """

    bandwidth: float
    sums: LocalSums
    sums_at: Callable[[Neighbourhoods, float], LocalSums]

    def gradient(self, hoods: Neighbourhoods, bandwidth: float) -> NDArray[np.float64]:
        """Return the derivative by log h of log p(x) / d of each query."""
        known = bandwidth == self.bandwidth
        sums = self.sums if known else self.sums_at(hoods, bandwidth)
        return POWER[hoods.training.kernel] / hoods.queries.shape[1] * sums.mean_energy - 1

    def log_standard_error(self, hoods: Neighbourhoods) -> float:
        """Return the standard error of log h that a random subset of queries leaves."""
        rise = slope(hoods, lambda h: self.gradient(hoods, h), self.bandwidth)
        gradient = self.gradient(hoods, self.bandwidth)
        weight = np.ones(len(gradient)) if hoods.weight is None else hoods.weight
        spread = np.linalg.norm(weight * (gradient - hoods.mean(gradient)))
        return float(spread / np.sum(weight) / abs(rise))


def leave_one_out(training: TrainingSet, rows: NDArray[np.intp]) -> Neighbourhoods:
    """Find what is near some training rows, those equal to them left out.

    Parameters
    ----------
    training : TrainingSet
        All rows.
    rows : ndarray of shape (n_queries,)
        Row numbers of the queries.

    Returns
    -------
    hoods : Neighbourhoods

    Raises
    ------
    ValueError
        If all rows of the training set are equal.
    """
    weight = None if training.sample_weight is None else training.sample_weight[rows]
    hoods = find_neighbourhoods(training, training.X[rows], weight=weight)
    if not np.all(np.isfinite(hoods.distances[:, 0])):
        raise ValueError(
            "X must have at least 2 distinct rows (of positive weight) to choose a "
            "bandwidth from; give bandwidth as a number"
        )
    return hoods


def half_participation_bandwidth(hoods: Neighbourhoods) -> float | None:
    """Return the bandwidth at which the mean participation ratio is 1/2.

    The ratio falls from 1 to nearly 0 as the bandwidth grows.

    Parameters
    ----------
    hoods : Neighbourhoods
        Training rows.

    Returns
    -------
    bandwidth : float or None
        In the unit of length. None if the ratio is nowhere above 1/2, since nearest
        neighbours come in ties, or nowhere below, since there are fewer than three.
    """

    def above_half(log_bandwidth: float) -> float:
        return hoods.mean(near_sums(hoods, np.exp(log_bandwidth)).participation) - 0.5

    start = np.log(hoods.mean(hoods.distances[:, 0]))
    low = _first(lambda u: above_half(u) > 0, start, -1.0)
    # Two others share equally in the end, up to rounding: that is not below.
    high = _first(lambda u: above_half(u) < -1e-3, start, 1.0)
    if low is None or high is None:
        return None
    return float(np.exp(brentq(above_half, low, high, xtol=XTOL)))


def _first(holds: Callable[[float], bool], start: float, step: float) -> float | None:
    steps = (start + i * step for i in range(50))
    return next((u for u in steps if holds(u)), None)


def maximise_likelihood(
    hoods: Neighbourhoods, guess: float | None = None
) -> LikelihoodMaximum:
    """Find the bandwidth of maximum leave-one-out likelihood.

    The mean over queries of log p(x) = log sum w exp(-E) - d log h + const is stationary
    where h^q = (q/d) mean sum p E(h=1), with q the power of h in E: an EM algorithm, whose
    right side grows with h. Begun at the nearest neighbours' value, which no fixed point is
    below, its iterates grow towards the first one.

    Parameters
    ----------
    hoods : Neighbourhoods
        Training rows, with kernel "gaussian" or "exponential".
    guess : float, default=None
        Where to begin the passes over all points, if they are needed: the result for
        fewer queries.

    Returns
    -------
    maximum : LikelihoodMaximum
    """
    nearest = -LOG_KERNELS[hoods.training.kernel](hoods.distances[:, 0])
    sums, step = _by_log_bandwidth(hoods, near_sums)
    log_h = _climb(step, log_em_step(hoods, nearest))
    is_exact = hoods.distances.shape[1] == hoods.training.points.n_points
    if is_exact or not _far_matters(hoods, log_h, sums(log_h)):
        return LikelihoodMaximum(float(np.exp(log_h)), sums(log_h), near_sums)
    sums, step = _by_log_bandwidth(hoods, sums_around)
    if guess is not None:
        # Down to where the iterates still grow: the near points' value at the latest.
        below, length = np.log(guess), 0.1
        while below > log_h and step(below) < 0:
            below, length = below - length, 2 * length
        log_h = max(below, log_h)
    log_h = _climb(step, log_h)
    return LikelihoodMaximum(float(np.exp(log_h)), sums(log_h), sums_around)


def _by_log_bandwidth(
    hoods: Neighbourhoods, sums_at: Callable[[Neighbourhoods, float], LocalSums]
) -> tuple[Callable[[float], LocalSums], Callable[[float], float]]:
    """Return the sums and the EM step as functions of log h that nothing computes twice."""
    sums = lru_cache(lambda log_h: sums_at(hoods, np.exp(log_h)))
    return sums, lambda log_h: log_em_step(hoods, sums(log_h).mean_energy)


def log_em_step(hoods: Neighbourhoods, mean_energy: NDArray) -> float:
    """Return log(h_next / h) of the EM algorithm.

    Parameters
    ----------
    hoods : Neighbourhoods
        Training rows, with kernel "gaussian" or "exponential".
    mean_energy : ndarray of shape (n_queries,)
        At the bandwidth h.

    Returns
    -------
    step : float
    """
    power, n_features = POWER[hoods.training.kernel], hoods.queries.shape[1]
    return float(np.log(power / n_features * hoods.mean(mean_energy)) / power)


def slope(
    hoods: Neighbourhoods, curve: Callable[[float], NDArray], bandwidth: float
) -> float:
    """Return the derivative by log h of the mean over queries of a curve.

    Parameters
    ----------
    hoods : Neighbourhoods
        Training rows.
    curve : callable
        From a bandwidth to one value a query.
    bandwidth : float
        Where.

    Returns
    -------
    slope : float
        A central difference over 10 %.
    """
    step = 0.05
    above, below = curve(bandwidth * np.exp(step)), curve(bandwidth * np.exp(-step))
    return hoods.mean(above - below) / (2 * step)


def _climb(step: Callable[[float], float], start: float) -> float:
    """Return the first zero of `step` from `start` on, where it is not negative.

    A plain step never passes the zero; a longer one, by the secant, may, and then a change
    of sign brackets it.
    """
    low, at_low = start, step(start)
    length = at_low
    while length > XTOL:
        high = low + length
        at_high = step(high)
        if at_high < 0:
            return float(brentq(step, low, high, xtol=XTOL))
        fall = (at_low - at_high) / length
        low, at_low = high, at_high
        # Where the likelihood is flat the secant says little: then take long steps.
        length = min(at_low / fall if fall > 0.05 else max(2 * length, 0.1), 1.0)
    return low


def _far_matters(hoods: Neighbourhoods, log_h: float, sums: LocalSums) -> bool:
    """Whether points beyond the nearest would change the bandwidth.

    Their share is about that of as many copies of the last one kept.
    """
    kernel = hoods.training.kernel
    with np.errstate(over="ignore"):
        last = -LOG_KERNELS[kernel](hoods.distances[:, -1] / np.exp(log_h))
    energy = np.minimum(last, np.finfo(np.float64).max)
    share = hoods.distances.shape[1] * np.exp(-energy - sums.log_sum)
    change = np.minimum(share, 1) * (energy - sums.mean_energy)
    relative = hoods.mean(change) / hoods.mean(sums.mean_energy) / POWER[kernel]
    return relative > NEGLIGIBLE
