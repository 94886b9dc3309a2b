"""Slow and obviously right: directions and von Mises-Fisher laws by their definitions."""

import mpmath as mp
import numpy as np
from scipy.integrate import cumulative_simpson


def directions(X):
    """Rows over their norms, in long double."""
    X = np.asarray(X, dtype=np.longdouble)
    X = X / np.max(np.abs(X), axis=1, keepdims=True)
    return X / np.sqrt(np.sum(X * X, axis=1, keepdims=True))


def mean_square_complement(X, weights):
    """1 - r^2 from all pairs, where nothing cancels: sum w w' |u - u'|^2 / (2 W^2)."""
    units, w = directions(X), np.asarray(weights, dtype=np.longdouble)
    squares = np.array([np.sum((units - u) ** 2, axis=1) for u in units])
    return np.sum(w * squares * w[:, np.newaxis]) / (2 * np.sum(w) ** 2)


def log_normalizer(p, kappa):
    """log C_p(kappa), an mpmath number."""
    v, kappa = mp.mpf(p) / 2 - 1, mp.mpf(kappa)
    if kappa == 0:
        return mp.loggamma(v + 1) - mp.log(2) - (v + 1) * mp.log(mp.pi)
    return v * mp.log(kappa) - (v + 1) * mp.log(2 * mp.pi) - mp.log(mp.besseli(v, kappa))


def mean_length(p, kappa):
    """A_p(kappa), an mpmath number."""
    v = mp.mpf(p) / 2 - 1
    return mp.besseli(v + 1, kappa) / mp.besseli(v, kappa) if kappa else mp.mpf(0)


def angle_cdf(p, kappa):
    """Distribution function of the angle with the mean direction, p >= 2."""

    def log_density(angle):
        with np.errstate(divide="ignore"):
            log_sine = np.log(np.sin(angle))
        return -2 * kappa * np.sin(angle / 2) ** 2 + (p - 2 and (p - 2) * log_sine)

    coarse = np.concatenate([[0], np.geomspace(1e-7, np.pi, 400_000)])
    values = log_density(coarse)
    inside = coarse[values > np.max(values) - 60]
    angles = np.linspace(inside[0], inside[-1], 200_001)
    density = np.exp(log_density(angles) - np.max(values))
    cumulated = cumulative_simpson(density, x=angles, initial=0)
    return lambda angle: np.interp(angle, angles, cumulated / cumulated[-1])
