"""Designs: the laws by which points are drawn, over any domain.

"iid" draws from the domain's own measure, "leverage" from the measure times |phi|^2 / m.
"dpp" is one sample of the projection determinantal point process, m points. "volume" is
volume-rescaled sampling: such a sample and independent draws from the leverage law,
shuffled (Derezinski, Warmuth and Hsu 2018; Nouy and Michel, arXiv 2312.14057).
"repeated_dpp" is independent samples of the process, the last one cut to a uniform subset.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.sampling._projection_dpp import Domain, projection_dpp

DESIGNS = ("iid", "leverage", "dpp", "volume", "repeated_dpp")
DRAWS_PER_FUNCTION = 4


class Draws(NamedTuple):
    """Points of a design, repeats kept.

    Attributes
    ----------
    points : ndarray of shape (n_samples, ...)
        In an order that tells nothing.
    reserve : ndarray of shape (n_reserve, ...)
        The rest of the last repetition, with which an extension begins.
    """

    points: NDArray
    reserve: NDArray


def resolve_n_samples(n_samples: int | None, design: str, dimension: float) -> int:
    """Return the number of draws that `n_samples` stands for.

    Parameters
    ----------
    n_samples : int or None
        As the user gave it.
    design : str
        One of `DESIGNS`.
    dimension : float
        Number of functions, or their effective number under a ridge penalty.

    Raises
    ------
    ValueError
        If there are fewer draws than functions, or "dpp" is asked for another number.
    """
    least = math.ceil(dimension - 1e-9 * dimension)
    if n_samples is None:
        return least if design == "dpp" else DRAWS_PER_FUNCTION * least
    if n_samples < least:
        raise ValueError(
            f"n_samples={n_samples} is too few for {least} independent features: give at "
            f"least {least}, or choose fewer features or a lower degree"
        )
    if design == "dpp" and n_samples != least:
        raise ValueError(
            f"design='dpp' draws exactly {least} points, one for each independent "
            f"feature, not n_samples={n_samples}: leave n_samples at None, or choose "
            "design='repeated_dpp'"
        )
    return n_samples


def draw_design(
    domain: Domain, design: str, n_samples: int, rng: np.random.Generator
) -> Draws:
    """Return `n_samples` draws; of "dpp" all that one sample of it holds."""
    if design == "dpp":
        sample = _observed_sample(domain, rng)
        return Draws(sample, sample[:0])
    if design == "volume":
        sample = _observed_sample(domain, rng)[:n_samples]
        more = _independent(domain, "leverage", n_samples - len(sample), rng)
        return Draws(rng.permutation(np.concatenate([sample, more])), sample[:0])
    return extend_design(domain, design, n_samples, None, rng)


def extend_design(
    domain: Domain,
    design: str,
    n_more: int,
    reserve: NDArray | None,
    rng: np.random.Generator,
) -> Draws:
    """Return `n_more` draws that continue a design.

    What was drawn and these have together the law of a design drawn at once.
    """
    if design == "repeated_dpp":
        return _repetitions(domain, n_more, reserve, rng)
    law = "iid" if design == "iid" else "leverage"
    points = _independent(domain, law, n_more, rng)
    return Draws(points, points[:0])


def _independent(domain: Domain, law: str, n: int, rng: np.random.Generator) -> NDArray:
    if law == "iid":
        return domain.draw_uniform(n, rng)
    parts = [_observed(domain, domain.draw_leverage(n, rng))]
    n_drawn = len(parts[0])
    while n_drawn < n:
        parts.append(_observed(domain, domain.draw_leverage(n, rng)))
        n_drawn += len(parts[-1])
    return np.concatenate(parts)[:n]


def _repetitions(
    domain: Domain, n: int, reserve: NDArray | None, rng: np.random.Generator
) -> Draws:
    parts = [_observed_sample(domain, rng) if reserve is None else reserve]
    n_drawn = len(parts[0])
    with single_threaded_blas():  # once, not for each sample
        while n_drawn < n:
            parts.append(_observed_sample(domain, rng))
            n_drawn += len(parts[-1])
    points = np.concatenate(parts)
    return Draws(points[:n], points[n:])


def _observed_sample(domain: Domain, rng: np.random.Generator) -> NDArray:
    return _observed(domain, projection_dpp(domain, rng))


def _observed(domain: Domain, points: NDArray) -> NDArray:
    return points[domain.observed(points)]
