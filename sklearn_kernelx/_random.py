"""Fast generators of random numbers, seeded from scikit-learn's `random_state`."""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
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


def orthogonal_directions(
    n_features: int, n_directions: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw unit vectors, each uniform on the sphere, orthogonal in blocks of `n_features`.

    BLAS is to run on one thread, for results that do not depend on it.

    Returns
    -------
    directions : ndarray of shape (n_features, n_directions)
        In columns, Fortran-contiguous.
    """
    directions = np.empty((n_features, n_directions), order="F")
    for first in range(0, n_directions, n_features):
        block = directions[:, first : first + n_features]
        block[:] = _orthonormal_columns(n_features, block.shape[1], rng)
    return directions


def _orthonormal_columns(
    n_rows: int, n_columns: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return columns of the uniform law (Mezzadri 2007, section 5)."""
    normals = rng.standard_normal((n_columns, n_rows)).T
    q, r = linalg.qr(normals, mode="economic", overwrite_a=True, check_finite=False)
    q *= np.copysign(1, np.diag(r))
    return q
