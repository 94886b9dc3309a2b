"""Frequencies: their laws, that estimates are unbiased, and what makes them precise.

Means are compared at five standard errors, about 60 times, with fixed seeds: a false alarm
for one choice of seeds in 30,000. Beside each law stands what must fail.
"""

import numpy as np
import pytest
from scipy import stats

from sklearn_kernelx._random import orthogonal_directions
from sklearn_kernelx.privacy._kernels import KERNELS, kernel_values
from sklearn_kernelx.privacy._spectra import (
    MAX_SOBOL_DIMENSION,
    frequencies,
    sobol_points,
)

BANDWIDTH = 0.7
FEW, MANY = 3, MAX_SOBOL_DIMENSION + 4
RADIAL = ["gaussian", "exponential_l2", "cauchy", "rational"]


def drawn(kernel, n_features, seed, n=64):
    rng = np.random.default_rng(seed)
    return frequencies(kernel, n, n_features, BANDWIDTH, rng)


def differences(n_features):
    rng = np.random.default_rng(7)
    # At smaller ones a few great frequencies matter, and means are far from normal.
    scales = np.array([0.1, 0.3, 1.0, 3.0])[:, np.newaxis]
    d = rng.standard_normal((4, n_features))
    return scales * d / np.linalg.norm(d, axis=1, keepdims=True)


def is_unbiased(draws, kernel, n_features):
    """Whether the mean over draws is the kernel, within five standard errors."""
    d = differences(n_features)
    means = [np.mean(np.cos(w @ d.T), axis=0) for w in draws]
    exact = kernel_values(kernel, np.zeros((1, n_features)), d, BANDWIDTH)[0]
    error = np.abs(np.mean(means, axis=0) - exact)
    bound = 5 * np.std(means, axis=0, ddof=1) / np.sqrt(len(draws))
    return np.all(error <= bound + 1e-12)


@pytest.mark.parametrize("n_features", [1, FEW, MANY])
@pytest.mark.parametrize("kernel", KERNELS)
def test_unbiased(kernel, n_features):
    draws = np.array([drawn(kernel, n_features, s, 512) for s in range(40)])
    assert is_unbiased(draws, kernel, n_features)
    assert not is_unbiased(1.1 * draws, kernel, n_features)


def entry_law(kernel):
    return {
        "gaussian": stats.norm,
        "laplacian": stats.cauchy,
        "exponential_l2": stats.cauchy,
    }[kernel]


@pytest.mark.parametrize("n_features", [FEW, MANY])
@pytest.mark.parametrize("kernel", ["gaussian", "laplacian", "exponential_l2"])
def test_law_of_an_entry(kernel, n_features):
    # One frequency of each draw, so that they are independent.
    entries = np.array(
        [drawn(kernel, n_features, s, 5)[s % 5, s % n_features] for s in range(2000)]
    )
    law = entry_law(kernel)
    assert stats.kstest(BANDWIDTH * entries, law.cdf).pvalue > 1e-6
    assert stats.kstest(1.5 * BANDWIDTH * entries, law.cdf).pvalue < 1e-6
    other = stats.cauchy if law is stats.norm else stats.norm
    assert stats.kstest(BANDWIDTH * entries, other.cdf).pvalue < 1e-6


@pytest.mark.parametrize("kernel", RADIAL)
def test_orthogonal_in_blocks(kernel):
    w = drawn(kernel, MANY, 0, 2 * MANY + 3)
    u = w / np.linalg.norm(w, axis=1, keepdims=True)
    for start in (0, MANY, 2 * MANY):
        block = u[start : start + MANY]
        np.testing.assert_allclose(block @ block.T, np.eye(len(block)), atol=1e-12)
    assert np.max(np.abs(u[:MANY] @ u[MANY : 2 * MANY].T)) > 0.1


def test_directions_are_uniform():
    first = np.array(
        [orthogonal_directions(3, 1, np.random.default_rng(s))[:, 0] for s in range(2000)]
    )
    np.testing.assert_allclose(np.linalg.norm(first, axis=1), 1)
    # Archimedes: every entry is uniform.
    for entry in first.T:
        assert stats.kstest(entry, stats.uniform(-1, 2).cdf).pvalue > 1e-6


@pytest.mark.parametrize("n_points", [1, 2, 3, 64, 100])
def test_sobol_points(n_points):
    u = sobol_points(n_points, 5, np.random.default_rng(0))
    assert u.shape == (n_points, 5)
    assert np.all((u > 0) & (u < 1))
    if n_points == 64:  # one in each interval
        assert np.array_equal(np.sort(np.floor(u * 64), axis=0)[:, 0], np.arange(64))


def rms_error(W, X):
    exact = kernel_values("gaussian", X, X, BANDWIDTH)
    angles = X @ W.T
    found = np.cos(angles) @ np.cos(angles).T + np.sin(angles) @ np.sin(angles).T
    return np.sqrt(np.mean((found / len(W) - exact) ** 2))


@pytest.mark.parametrize(
    "n_features, factor", [(1, 20), (2, 8), (5, 3), (10, 1.5), (30, 1.4)]
)
def test_more_precise_than_independent_ones(n_features, factor):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, n_features)) * 0.7 / np.sqrt(n_features)
    errors, independent = [], []
    for seed in range(4):
        errors.append(rms_error(drawn("gaussian", n_features, seed, 1024), X))
        W = rng.standard_normal((1024, n_features)) / BANDWIDTH
        independent.append(rms_error(W, X))
    assert factor * np.mean(errors) < np.mean(independent)


def test_seeded():
    assert np.array_equal(drawn("rational", 2, 0), drawn("rational", 2, 0))
    assert not np.array_equal(drawn("rational", 2, 0), drawn("rational", 2, 1))


@pytest.mark.parametrize("kernel", KERNELS)
def test_far_and_near(kernel):
    X = np.array([[0.0, 0.0], [1e300, -1e300], [5e-324, 0.0]])
    values = kernel_values(kernel, X, X, BANDWIDTH)
    assert np.all(np.diag(values) == 1)
    assert values[0, 2] == 1
    assert values[0, 1] < 1e-100
