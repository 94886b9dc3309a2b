"""Redrawing and dropping until the Gram matrix lies near the identity."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_kernelx import DPPSampler
from sklearn_kernelx.sampling._stability import (
    _by_promise,
    distance_from_identity,
    draw_stable,
    needed_rows,
)

NO_PENALTY = np.zeros((3, 3))


def design_rows(n, seed=0):
    """Rows of length sqrt(3), as leverage-like designs have."""
    rows = np.random.default_rng(seed).standard_normal((n, 3))
    return rows * np.sqrt(3) / np.linalg.norm(rows, axis=1, keepdims=True)


def distance(rows, penalty=NO_PENALTY):
    return np.linalg.norm(rows.T @ rows / len(rows) + penalty - np.eye(3), 2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_no_row_is_left_that_can_be_spared(seed, share):
    penalty = share * np.eye(3)
    rows = np.sqrt(1 - share) * design_rows(60, seed)
    bound = 0.5
    assert distance(rows, penalty) <= bound
    kept = needed_rows(rows, penalty, bound)
    assert len(kept) < 60 and len(set(kept)) == len(kept)
    assert distance(rows[kept], penalty) <= bound
    for i in range(len(kept)):
        assert distance(np.delete(rows[kept], i, axis=0), penalty) > bound


def test_distance_is_the_spectral_norm():
    rows = design_rows(7)
    assert_allclose(distance_from_identity(rows.T @ rows / 7), distance(rows))


def test_most_promising_row_is_dropped_first():
    """The order is that of the worst eigenvalue after dropping, for many rows."""
    rows = design_rows(2000)
    gram = rows.T @ rows / 2000
    worst = int(np.argmax(np.abs(np.linalg.eigvalsh(gram) - 1)))
    left = [np.linalg.eigvalsh((2000 * gram - np.outer(g, g)) / 1999)[worst] for g in rows]
    order = _by_promise(rows, gram)
    distances = np.abs(np.array(left) - 1)[order]
    assert_allclose(distances, np.sort(distances), atol=2e-6)
    assert np.ptp(distances) > 1e-4  # the order matters


def test_draws_until_the_bound_is_met():
    samples = [np.zeros(3, dtype=int), np.arange(3) // 2, np.arange(3)]
    rows = np.sqrt(3) * np.eye(3)
    points = draw_stable(lambda: samples.pop(0), lambda p: rows[p], NO_PENALTY, 0.5)
    assert sorted(points) == [0, 1, 2] and not samples


def test_gives_up_with_the_closest():
    rows = np.sqrt(3) * np.eye(3)
    n_drawn = []

    def draw():
        n_drawn.append(1)
        return np.array([0, 0, 1])

    with pytest.raises(ValueError, match=r"none of 100 samples .*n_samples=3.* was 1 from"):
        draw_stable(draw, lambda p: rows[p], NO_PENALTY, 0.9)
    assert len(n_drawn) == 100


X = np.random.default_rng(0).standard_normal((300, 4))


@pytest.mark.parametrize("design", ["iid", "leverage", "volume", "repeated_dpp"])
@pytest.mark.parametrize("alpha", [0.0, 50.0])
def test_sampler_meets_the_bound_with_fewer_points(design, alpha):
    sampler = DPPSampler(
        n_samples=80, design=design, alpha=alpha, stability=0.6, random_state=0
    ).fit(X)
    n = len(sampler.sample_indices_)
    assert 4 <= n < 80
    w = sampler.sample_weight_[:, np.newaxis]
    whole = X.T @ X + alpha * np.eye(4)
    root = np.linalg.inv(np.linalg.cholesky(whole))
    drawn = X[sampler.sample_indices_]
    gram = root @ (300 / n * drawn.T @ (w * drawn) + alpha * np.eye(4)) @ root.T
    assert np.linalg.norm(gram - np.eye(4), 2) <= 0.6
    assert_allclose(sampler.gram_condition_, np.linalg.cond(gram))


def test_sampler_never_meets_it():
    with pytest.raises(ValueError, match=r"stability=0\.1: the closest"):
        DPPSampler(design="iid", stability=0.1, random_state=0).fit(X)


@pytest.mark.parametrize("design", ["dpp", "greedy"])
def test_not_for_one_sample(design):
    with pytest.raises(ValueError, match="stability is not for design"):
        DPPSampler(design=design, stability=0.5).fit(X)


def test_no_extension():
    sampler = DPPSampler(n_samples=80, stability=0.6, random_state=0).fit(X)
    with pytest.raises(ValueError, match="stability=None"):
        sampler.extend(1)
