"""Squared distances from moments: exact integers, brute force, mutants."""

import math

import numpy as np
import pytest
from privacy_oracles import (
    BITS,
    answers_of,
    assert_additive,
    assert_within_sensitivity,
    climbed,
    hostile_records,
    integers_of,
    released,
    weights_of,
)

from sklearn_kernelx.privacy._moments import Moments

BOXES = [
    (np.array([-1.0, 0.0, 2.0]), np.array([2.0, 5e-4, 2.0])),
    (-np.ones(10), np.ones(10)),
    ([7.0], [7.0]),
    ([-4e307, 0.0], [4e307, 5e-324]),
]


class Unclipped(Moments):
    def integer_sum(self, X, bits, n_threads=1):
        wide = Moments(self.low, self.high)
        wide.low, wide.high = np.full_like(self.low, -1e9), np.full_like(self.high, 1e9)
        wide._limits = 10 * self._limits
        return wide.integer_sum(X, bits, n_threads)


class ForgetsTheSquare(Moments):
    def l1(self, bits):
        return super().l1(bits) - 2 ** (bits - 1)

    def l2_squared(self, bits):
        return super().l2_squared(bits) - 4 ** (bits - 1)


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("count_weight", [None, 0.0])
def test_sensitivity(box, count_weight):
    g = np.random.default_rng(0)
    X = hostile_records(*box, g, 15)
    summary = Moments(*box) if count_weight is None else Moments(*box, count_weight)
    assert_within_sensitivity(summary, np.concatenate([X, climbed(summary, X, g, 3)]))
    assert_additive(summary, X)
    if summary.high[0] > summary.low[0]:
        corner = integers_of(summary, summary.high[None])[0].tolist()
        assert math.isclose(summary.l1(BITS), sum(corner), rel_tol=1e-8)
        assert math.isclose(
            summary.l2_squared(BITS), sum(e * e for e in corner), rel_tol=1e-8
        )


@pytest.mark.parametrize("mutant", [Unclipped, ForgetsTheSquare])
def test_sensitivity_mutants(mutant):
    low, high = BOXES[1]
    X = hostile_records(low, high, np.random.default_rng(0), 15)
    with pytest.raises(AssertionError):
        assert_within_sensitivity(mutant(low, high), X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("known", [False, True])
def test_sums_are_exact(dtype, known):
    g = np.random.default_rng(1)
    low, high = np.array([-1.0, 0.0, 2.0]), np.array([2.0, 1.0, 2.0])
    X = g.uniform(low - 1, high + 1, (300, 3))
    Y = g.uniform(-3, 3, (20, 3)).astype(dtype)
    summary = Moments(low, high, 0.0) if known else Moments(low, high)
    answers = answers_of(summary, released(summary, X), Y, 300 if known else None)
    inside = np.clip(X, low, high)
    expected = ((inside[None] - Y[:, None].astype(float)) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(
        answers, expected, rtol=1e-7 if dtype == np.float64 else 1e-6
    )
    assert answers.dtype == dtype
    if not known:
        assert math.isclose(summary.count(released(summary, X)), 300, rel_tol=1e-8)


def test_equal_bounds():
    summary = Moments([7.0, 1.0], [7.0, 1.0])
    release = released(summary, np.array([[7.0, 1.0], [0.0, 0.0], [9.0, 9.0]]))
    answers = answers_of(summary, release, np.array([[7.0, 1.0], [8.0, 3.0]]))
    np.testing.assert_allclose(answers, [0.0, 15.0], atol=1e-7)


def check_norms(summary, Y):
    weights, count = weights_of(summary, Y)
    zeros = np.zeros((len(Y), 1))
    of_sums = summary.mean_norms(Y, zeros, False)[:, 0]
    np.testing.assert_allclose(of_sums, np.linalg.norm(weights, axis=0))
    known, _ = weights_of(summary, Y, 0.0)
    of_sums = summary.mean_norms(Y, zeros, True)[:, 0]
    np.testing.assert_allclose(of_sums, np.linalg.norm(known, axis=0))
    means = np.array([0.3, 1.0, 2.5])
    residual = np.linalg.norm(weights - np.outer(count, means), axis=0)
    norms = summary.mean_norms(Y, np.c_[means, means + 1], False)
    np.testing.assert_allclose(norms[:, 0], residual)
    np.testing.assert_allclose(summary.count_norm, np.linalg.norm(count))


def test_norms():
    Y = np.random.default_rng(2).uniform(-1, 3, (3, 2))
    check_norms(Moments([-1.0, 0.0], [2.0, 1.0]), Y)

    class ForgetsTheCount(Moments):
        def mean_norms(self, Y, means, n_samples_known):
            return super().mean_norms(Y, means, True)

    with pytest.raises(AssertionError):
        check_norms(ForgetsTheCount([-1.0, 0.0], [2.0, 1.0]), Y)


def test_weights_are_near_the_best():
    """Deviation of sums and of means, against a search over both weights."""
    a, g = np.exp(np.mgrid[-4:3:0.02, -5:3:0.02])
    for residual, tolerance in ((5 / 6, 1.06), (1 / 6, 1.06)):

        def variance(a, g, residual=residual):
            return (1 + a + g) * (4 / 3 + 1 / (4 * a) + residual**2 / g)

        best = variance(a, g).min()
        assert variance(math.sqrt(3) / 4, 0.4) < tolerance**2 * best
