"""Numerical laws of the squares of orthonormal functions, to test draws against."""

import numpy as np
from scipy import stats

from sklearn_kernelx.sampling import (
    ChebyshevBasis,
    FourierBasis,
    HermiteBasis,
    LegendreBasis,
)
from sklearn_kernelx.sampling._polynomials import hermite_recurrence, log_magnitudes

BASES = [LegendreBasis, HermiteBasis, ChebyshevBasis, FourierBasis]


def fine_grid(make, number):
    """Points of the domain and the measure of the cell around each."""
    n = 100_001
    if make is HermiteBasis:
        reach = 2 * np.sqrt(number + 1) + 10
        x = np.linspace(-reach, reach, n)
        return x, stats.norm.pdf(x) * (x[1] - x[0])
    middles = (np.arange(n) + 0.5) / n
    if make is FourierBasis:
        return middles, np.full(n, 1 / n)
    angles = np.pi * (1 - middles)
    density = np.sin(angles) / 2 * np.pi if make is LegendreBasis else np.ones(n)
    return np.cos(angles), density / n


def log_squares(make, number, x):
    """Logarithm of the square of one function; Hermite polynomials would overflow."""
    if make is HermiteBasis:
        degrees = np.full(len(x), number)
        return 2 * log_magnitudes(x, degrees, hermite_recurrence(number))
    degree = (number + 1) // 2 if make is FourierBasis else number
    values = make(degree).fit_transform(x[:, np.newaxis])[:, number]
    with np.errstate(divide="ignore"):
        return 2 * np.log(np.abs(values))


def weighted_cdf(values, masses):
    order = np.argsort(values)
    cumulative = np.cumsum(masses[order])
    assert abs(cumulative[-1] - 1) < 1e-3
    return lambda t: np.interp(t, values[order], cumulative / cumulative[-1])
