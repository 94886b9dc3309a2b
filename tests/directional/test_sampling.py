"""Draws follow the law: Kolmogorov-Smirnov tests with fixed seeds, and mutants that fail.

A test of a right sampler fails with probability 1e-4 for a fresh seed.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sphere_oracles import angle_cdf

from sklearn_kernelx.directional import _sampling
from sklearn_kernelx.directional._sampling import (
    sample_cosine_complements,
    sample_von_mises_fisher,
)

FALSE_ALARM = 1e-4
DIMENSIONS = [2, 3, 10, 2048, 32768]
CONCENTRATIONS = ["0", "0.1", "p/10", "p", "10p", "1e9"]


def concentration_of(text, p):
    return {"p/10": 0.1 * p, "p": float(p), "10p": 10.0 * p}.get(text) or float(text)


def unit(vector):
    return vector / np.linalg.norm(vector)


def p_value(complements, p, kappa):
    angles = 2 * np.arcsin(np.sqrt(complements / 2))
    return stats.kstest(angles, angle_cdf(p, kappa)).pvalue


@pytest.mark.parametrize("p", DIMENSIONS)
@pytest.mark.parametrize("concentration", CONCENTRATIONS)
def test_law_of_the_cosine(p, concentration):
    kappa = concentration_of(concentration, p)
    rng = np.random.default_rng([p, CONCENTRATIONS.index(concentration)])
    complements = sample_cosine_complements(p, kappa, 20_000, rng)
    assert np.all((complements >= 0) & (complements <= 2))
    assert p_value(complements, p, kappa) > FALSE_ALARM


@pytest.mark.parametrize("p", DIMENSIONS)
@pytest.mark.parametrize("concentration", ["p", "1e9"])
def test_another_concentration_fails(p, concentration):
    kappa = concentration_of(concentration, p)
    rng = np.random.default_rng(p)
    # The angle's relative width shrinks as 1 / sqrt(p).
    wrong = kappa * (1 + 0.3 * min(1, 10 / np.sqrt(p)))
    complements = sample_cosine_complements(p, wrong, 20_000, rng)
    assert p_value(complements, p, kappa) < FALSE_ALARM


@pytest.mark.parametrize("p", [2, 3, 10, 2048])
def test_proposals_without_rejection_fail(p, monkeypatch):
    class AcceptAll(np.random.Generator):
        def standard_exponential(self, size):
            return np.full(size, np.inf)

    rng = AcceptAll(np.random.PCG64(0))
    complements = sample_cosine_complements(p, float(p), 20_000, rng)
    assert p_value(complements, p, float(p)) < FALSE_ALARM


@pytest.mark.parametrize("p", DIMENSIONS)
@pytest.mark.parametrize("concentration", CONCENTRATIONS)
def test_most_proposals_are_accepted(p, concentration):
    class Counting(np.random.Generator):
        proposals = 0

        def beta(self, a, b, size):
            self.proposals += size
            return super().beta(a, b, size=size)

    rng = Counting(np.random.PCG64(0))
    sample_cosine_complements(p, concentration_of(concentration, p), 10_000, rng)
    assert 10_000 / rng.proposals > 0.62


def test_two_points():
    kappa = 0.4
    X = sample_von_mises_fisher(np.array([-1.0]), kappa, 20_000, 0)
    assert set(np.unique(X)) == {-1, 1}
    count = np.count_nonzero(X == -1)
    chance = np.exp(kappa) / (2 * np.cosh(kappa))
    assert stats.binomtest(count, 20_000, chance).pvalue > FALSE_ALARM
    assert_array_equal(sample_von_mises_fisher(np.ones(1), 1e9, 5, 0), 1)


@pytest.mark.parametrize("p", [2, 3, 10, 2048])
@pytest.mark.parametrize("kappa", [0.0, 3.0, 1e9])
@pytest.mark.parametrize("where", ["e1", "-e1", "e2", "near e1", "random"])
def test_draws_are_unit_vectors_about_the_mean_direction(p, kappa, where):
    axes = np.eye(2, p)
    mean_direction = {
        "e1": axes[0],
        "-e1": -axes[0],
        "e2": axes[1],
        "near e1": unit(axes[0] + 1e-9 * axes[1]),
        "random": unit(np.random.default_rng(p).standard_normal(p)),
    }[where]
    X = sample_von_mises_fisher(mean_direction, kappa, 2_000, 1)
    assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-13)
    complements = np.sum((X - mean_direction) ** 2, axis=1) / 2
    assert p_value(np.minimum(complements, 2), p, kappa) > FALSE_ALARM


def tangent_p_value(X, mean_direction):
    """Of the squared cosine between tangents and a fixed one, Beta(1/2, (p - 2)/2).

    The fixed one is a diagonal of the plane of the last two axes, seen from the tangent
    space: where points of a square differ most from those of a disc.
    """
    p = len(mean_direction)
    tangents = X - (X @ mean_direction)[:, np.newaxis] * mean_direction
    tangents /= np.linalg.norm(tangents, axis=1)[:, np.newaxis]
    fixed = np.zeros(p)
    fixed[-2:] = 1
    fixed = unit(fixed - (fixed @ mean_direction) * mean_direction)
    law = stats.beta(0.5, (p - 2) / 2)
    return stats.kstest((tangents @ fixed) ** 2, law.cdf).pvalue


@pytest.mark.parametrize("p", [3, 10, 300])
@pytest.mark.parametrize("kappa", [0.0, 5.0, 1e6])
def test_tangents_are_isotropic(p, kappa):
    mean_direction = unit(np.arange(1.0, p + 1))
    X = sample_von_mises_fisher(mean_direction, kappa, 20_000, 2)
    assert tangent_p_value(X, mean_direction) > FALSE_ALARM


def test_tangents_of_a_cube_fail(monkeypatch):
    def cube(X, rng):
        X[:] = rng.uniform(-1, 1, size=X.shape)

    monkeypatch.setattr(_sampling, "_fill_with_normals", cube)
    mean_direction = np.eye(3)[0]
    X = sample_von_mises_fisher(mean_direction, 5.0, 20_000, 2)
    assert tangent_p_value(X, mean_direction) < FALSE_ALARM


def test_complements_stay_in_range(monkeypatch):
    class Edge:
        """A beta variate of one, which comes once in 1e8 draws."""

        def beta(self, a, b, size):
            return np.ones(size)

        def standard_exponential(self, size):
            return np.full(size, 1e3)

    for kappa in np.linspace(0.05, 3, 200):
        complements = _sampling.sample_cosine_complements(2, kappa, 4, Edge())
        assert np.all(complements <= 2)


def test_cosines_and_tangents_are_independent():
    X = sample_von_mises_fisher(np.eye(3)[0], 2.0, 20_000, 3)
    correlations = stats.spearmanr(X[:, 0], np.arctan2(X[:, 1], X[:, 2]))
    assert correlations.pvalue > FALSE_ALARM


def test_blocks_do_not_matter(monkeypatch):
    mean_direction = unit(np.ones(100))
    expected = sample_von_mises_fisher(mean_direction, 50.0, 500, 4)
    monkeypatch.setattr(_sampling, "_BYTES_PER_BLOCK", 3000)
    actual = sample_von_mises_fisher(mean_direction, 50.0, 500, 4)
    assert_allclose(actual, expected, rtol=1e-15, atol=1e-15)


def test_random_state():
    mean_direction = np.eye(4)[2]
    assert sample_von_mises_fisher(mean_direction, 1.0, 0).shape == (0, 4)
    draws = [sample_von_mises_fisher(mean_direction, 1.0, 3, seed) for seed in (0, 0, 1)]
    assert_array_equal(draws[0], draws[1])
    assert np.all(draws[0] != draws[2])
    state = np.random.RandomState(0)
    first = sample_von_mises_fisher(mean_direction, 1.0, 3, state)
    assert_array_equal(first, draws[0])
    assert np.all(first != sample_von_mises_fisher(mean_direction, 1.0, 3, state))
