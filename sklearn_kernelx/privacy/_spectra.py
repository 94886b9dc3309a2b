"""Random frequencies whose cosines have a given kernel as their mean.

A kernel here is a mixture over T of Gaussian or of products of Cauchy characteristic
functions, so that a frequency is T times a vector of normal or of Cauchy variables, over
the bandwidth:

    gaussian          normal           T = 1
    laplacian         Cauchy           T = 1
    exponential_l2    normal           T = 1 / abs(Z), Z normal: multivariate Cauchy
    cauchy            normal           T = sqrt(2 E), E exponential
    rational          normal           T = E / abs(Z)
    rational_l1       Cauchy           T = E

Each frequency has that law exactly, and estimates are unbiased; they are not independent.

- In few dimensions the variables are the inverse law at the points of a scrambled Sobol
  sequence [1]_: errors are far smaller than those of independent ones, the less so the
  more dimensions there are.
- In more, directions are orthogonal [2]_ and the radii are stratified.

References
----------
.. [1] A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences", 1995.
.. [2] F. X. Yu et al., "Orthogonal random features", NeurIPS 2016, arXiv:1610.09072.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri
from scipy.stats import qmc

from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx._random import orthogonal_directions

Array = NDArray[np.float64]

MAX_SOBOL_DIMENSION = 16
_SOBOL_BITS = 30


def _exponential(u: Array) -> Array:
    return -np.log1p(-u)


def _inverse_normal(u: Array) -> Array:
    return 1 / np.abs(ndtri(u / 2))


def _cauchy(u: Array) -> Array:
    return np.tan(np.pi * (u - 0.5))


# The law of the entries, and factors of T, as functions of uniform variables.
_SPECTRA: dict[str, tuple[Callable[[Array], Array], list[Callable[[Array], Array]]]] = {
    "gaussian": (ndtri, []),
    "laplacian": (_cauchy, []),
    "exponential_l2": (ndtri, [_inverse_normal]),
    "cauchy": (ndtri, [lambda u: np.sqrt(2 * _exponential(u))]),
    "rational": (ndtri, [_exponential, _inverse_normal]),
    "rational_l1": (_cauchy, [_exponential]),
}


def frequencies(
    kernel: str,
    n_frequencies: int,
    n_features: int,
    bandwidth: float,
    generator: np.random.Generator,
) -> Array:
    """Draw frequencies w: the mean of cos(w.d) is the kernel of the difference d.

    Parameters
    ----------
    kernel : str
        One of `KERNELS` of `_kernels`.
    n_frequencies : int
        Number F of frequencies.
    n_features : int
        Number of features.
    bandwidth : float
        Positive.
    generator : Generator
        Source of randomness.

    Returns
    -------
    frequencies : ndarray of shape (n_frequencies, n_features)
        Each one from the spectral law of the kernel.
    """
    law, factors = _SPECTRA[kernel]
    dimension = n_features + len(factors)
    if dimension <= MAX_SOBOL_DIMENSION:
        u = sobol_points(n_frequencies, dimension, generator)
        drawn = law(u[:, len(factors) :])
    else:
        u = np.stack([_strata(n_frequencies, generator) for _ in range(dimension)], axis=1)
        if law is ndtri:
            # Strata for the radius instead of the entries.
            radii = np.sqrt(2 * gammaincinv(n_features / 2, u[:, -1:]))
            with single_threaded_blas():
                directions = orthogonal_directions(n_features, n_frequencies, generator)
            drawn = radii * directions.T
        else:
            drawn = law(u[:, len(factors) :])
    for factor, column in zip(factors, u.T, strict=False):
        drawn = drawn * factor(column)[:, np.newaxis]
    return drawn / bandwidth


def sobol_points(n_points: int, dimension: int, generator: np.random.Generator) -> Array:
    """Draw points, each uniform in the open unit cube, that fill it evenly together."""
    sequence = qmc.Sobol(dimension, scramble=True, bits=_SOBOL_BITS, seed=generator)
    u = sequence.random_base2(max(0, (n_points - 1).bit_length()))[:n_points]
    return _open(u + generator.random(u.shape) * 2.0**-_SOBOL_BITS)


def _strata(n_points: int, generator: np.random.Generator) -> Array:
    """Draw uniform numbers, one in each of as many intervals, in random order."""
    places = generator.permutation(n_points) + generator.random(n_points)
    return _open(places / n_points)


def _open(u: Array) -> Array:
    return np.clip(u, 2.0**-64, 1 - 2.0**-53)
