"""Fast generators of random numbers, seeded from scikit-learn's `random_state`."""

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state


def seed_from(
    random_state: int | np.random.RandomState | None,
) -> NDArray[np.uint64]:
    """Return words that seed a generator, drawn from `random_state`."""
    return check_random_state(random_state).randint(2**32, size=4, dtype=np.uint64)


def places_at(
    cumulated: NDArray[np.float64], uniforms: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return places in proportion to what each adds to `cumulated`, by uniform numbers.

    One that adds nothing is never returned, not for 0 and not by rounding.
    """
    total = cumulated[-1]
    levels = np.minimum(uniforms * total, np.nextafter(total, 0))
    return np.searchsorted(cumulated, levels, side="right")


def generator(seed: NDArray[np.uint64], *stream: int) -> np.random.Generator:
    """Return the generator of a seed, or one of the independent streams it has."""
    words = np.random.SeedSequence(seed, spawn_key=stream)
    return np.random.Generator(np.random.SFC64(words))
