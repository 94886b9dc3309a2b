"""Exact draws from von Mises-Fisher laws of any dimension and concentration."""

from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dger
from scipy.special import expit
from sklearn.utils import check_scalar

from sklearn_kernelx._cython._normals import normals
from sklearn_kernelx._random import generator, seed_from

# Rows are worked on while they are in cache.
_BYTES_PER_BLOCK = 2**19


def sample_von_mises_fisher(
    mean_direction: NDArray[np.float64],
    concentration: float,
    n_samples: int,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.float64]:
    """Draw from a von Mises-Fisher law.

    The cosine with the mean direction by rejection, the rest from a Gaussian, then one
    reflection that takes the first axis to the mean direction: time and memory grow with
    ``n_samples * n_features``, and nothing but the result is that large.

    Parameters
    ----------
    mean_direction : ndarray of shape (n_features,)
        A unit vector.
    concentration : float
        kappa, at least 0.
    n_samples : int
        Number of draws, at least 0.
    random_state : int, RandomState instance or None, default=None
        Pass an int for reproducible draws.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Unit vectors.
    """
    check_n_samples(n_samples)
    rng = generator(seed_from(random_state))
    n_features = len(mean_direction)
    complements = sample_cosine_complements(n_features, concentration, n_samples, rng)
    X = np.empty((n_samples, n_features))
    rows = max(1, _BYTES_PER_BLOCK // X.itemsize // n_features)
    for start in range(0, n_samples, rows):
        block = slice(start, start + rows)
        _fill_with_normals(X[block], rng)
        sign = -1.0 if mean_direction[0] > 0 else 1.0
        _set_cosines_with_first_axis(X[block], complements[block], sign)
        _turn_first_axis_to(sign * mean_direction, X[block])
    return X


def _fill_with_normals(X: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Draw normals, of an odd number all but those of the first axis, in place."""
    rng.random(out=X)
    normals(X)


def check_n_samples(n_samples: int) -> None:
    """Raise unless it is a number of draws."""
    check_scalar(n_samples, "n_samples", Integral, min_val=0)


def sample_cosine_complements(
    n_features: int, concentration: float, n_samples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw ``1 - t`` for the cosine t with the mean direction.

    The density of t is proportional to ``exp(kappa t) (1 - t^2)^((p - 3) / 2)``. Rejection
    by Ulrich 1984, as corrected by Wood 1994, rewritten in ``1 - t`` and ``y = 1 - 2 z``
    so that no step cancels: at least two thirds of the proposals are accepted.

    Parameters
    ----------
    n_features : int
        p, at least 1.
    concentration : float
        kappa, at least 0.
    n_samples : int
        Number of draws, at least 0.
    rng : Generator
        Source of randomness.

    Returns
    -------
    complements : ndarray of shape (n_samples,)
        In [0, 2], with small relative error.
    """
    if n_features == 1:
        return np.where(rng.random(n_samples) < expit(-2 * concentration), 2.0, 0.0)
    degrees = n_features - 1.0
    b = degrees / (2 * concentration + np.hypot(2 * concentration, degrees))
    complements = np.empty(n_samples)
    pending = np.arange(n_samples)
    while len(pending):
        z = rng.beta(degrees / 2, degrees / 2, size=len(pending))
        denominator = 1 - (1 - b) * z
        y = (1 - 2 * z) / denominator
        log_ratio = 2 * concentration * b / (1 + b) * y
        log_ratio += degrees * np.log1p(-(1 - b) / 2 * y)
        accepted = log_ratio >= -rng.standard_exponential(len(pending))
        complements[pending[accepted]] = 2 * b * (z / denominator)[accepted]
        pending = pending[~accepted]
    return np.minimum(complements, 2)  # z = 1 may round up


def _set_cosines_with_first_axis(
    X: NDArray[np.float64], complements: NDArray[np.float64], sign: float
) -> None:
    """Make unit vectors of Gaussian rows, times `sign`, in place."""
    tangents = X[:, 1:]
    norms = np.sqrt(np.einsum("ij,ij->i", tangents, tangents))
    sines = np.sqrt(complements * (2 - complements))
    factors = sign * sines / np.maximum(norms, np.finfo(X.dtype).tiny)
    tangents *= factors[:, np.newaxis]
    X[:, 0] = sign * (1 - complements)


def _turn_first_axis_to(direction: NDArray[np.float64], X: NDArray[np.float64]) -> None:
    """Apply the Householder reflection that takes the first axis there, in place.

    It does not cancel where ``direction[0] <= 0``: the other directions are reached from
    minus the first axis.
    """
    normal = -direction
    normal[0] += 1
    products = X @ normal / normal[0]
    if len(X) and X.shape[1] > 1:
        dger(-1.0, normal, products, a=X.T, overwrite_a=True)
    else:
        X -= np.outer(products, normal)
