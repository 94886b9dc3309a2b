"""Lower bounds on the epsilon of a release, from draws of it: what an attacker can tell.

A release is a function of a record, or None for its absence, and of a number of draws, to
an array with the released vectors of so many independent runs. What it does inside, draws
of noise or whole fits, is of no importance. A score orders released vectors by how much
they speak for one of two neighbours; the likelihood ratio is the best one.

A correct release exceeds its epsilon with a probability of at most LEVEL.
"""

import numpy as np
from scipy import optimize, stats

LEVEL = 1e-3


def audited_epsilon(release, neighbours, score, n_draws, delta=0.0):
    """The bound for any law: a threshold from half of the draws, tested on the rest."""
    halves = [np.array_split(score(release(r, n_draws)), 2) for r in neighbours]
    first, second = zip(*halves, strict=True)
    thresholds = np.quantile(np.concatenate(first), np.linspace(0, 1, 200))
    bounds = _bounds(thresholds, *first, delta)
    test, i = np.unravel_index(np.argmax(bounds), bounds.shape)
    return _bounds(thresholds[i : i + 1], *second, delta)[test, 0]


def audited_gaussian_epsilon(release, neighbours, direction, n_draws, delta):
    """The bound if the noise is Gaussian, by the mu of its trade-off curve.

    The direction is from the vector of the second neighbour, which must be 0, to that of
    the first. The threshold lies in the middle.
    """
    middle = direction @ direction / 2
    one, other = (release(r, n_draws) @ direction > middle for r in neighbours)
    hits, alarms = at_least(one.sum(), len(one)), at_most(other.sum(), len(other))
    return gaussian_epsilon(stats.norm.ppf(hits) - stats.norm.ppf(alarms), delta)


def gaussian_epsilon(mu, delta):
    """The epsilon of a shift by mu standard deviations (Balle and Wang 2018)."""

    def excess(epsilon):
        first = stats.norm.cdf(mu / 2 - epsilon / mu)
        return first - np.exp(epsilon) * stats.norm.cdf(-mu / 2 - epsilon / mu) - delta

    return optimize.brentq(excess, 0, 50) if mu > 0 and excess(0) > 0 else 0.0


def at_least(k, n):
    """Clopper and Pearson's lower bound on a probability of which k in n were seen."""
    return np.where(k > 0, stats.beta.ppf(LEVEL / 2, np.maximum(k, 1), n - k + 1), 0.0)


def at_most(k, n):
    return 1 - at_least(n - k, n)


def _bounds(thresholds, one, other, delta):
    """A row for each test: whether it counts above or below, and for whom that speaks."""
    rows = []
    for a, b in [(one, other), (other, one)]:
        above = [len(s) - np.searchsorted(np.sort(s), thresholds, "right") for s in (a, b)]
        below = [len(s) - n for s, n in zip((a, b), above, strict=True)]
        for hits, alarms in [above, below]:
            gain = np.maximum(at_least(hits, len(a)) - delta, 1e-300)
            rows.append(np.log(gain / at_most(alarms, len(b))))
    return np.array(rows)


# ------------------------------------------------------------------------------ scores


def norm_score(record, order):
    """Logarithm of the likelihood ratio for noise with a density of a norm."""

    def score(released):
        with_record, without = (
            np.linalg.norm(released - r, ord=order, axis=-1) for r in (record, 0)
        )
        return without - with_record

    return score


def low_bits_score(bits):
    """Whether small numbers are multiples of 2^-bits, which the sums of larger ones are."""

    def score(released):
        scaled = np.abs(released) * 2.0**bits
        is_multiple = (scaled == np.floor(scaled)) & (np.abs(released) < 1 / 16)
        return is_multiple.any(axis=-1).astype(float)

    return score
