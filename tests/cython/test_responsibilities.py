"""Shares of components in rows, against scipy.special."""

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp, softmax
from scipy.stats import chi2

from sklearn_kernelx._cython import _responsibilities

N_ROWS, N_COMPONENTS = 23, 16


def problem(size=1.0, seed=0):
    rng = np.random.default_rng(seed)
    products = rng.standard_normal((N_ROWS, N_COMPONENTS))
    scales = rng.random(N_ROWS)
    slopes = size * rng.random(N_COMPONENTS)
    offsets = rng.standard_normal(N_COMPONENTS)
    slopes[-3:], offsets[-3:] = 0, -np.inf
    logits = (scales[:, np.newaxis] * products - 1) * slopes + offsets
    return products, scales, slopes, offsets, logits


@pytest.mark.parametrize("size", [0, 1, 1e3, 1e9])
def test_softmax(size):
    products, scales, slopes, offsets, logits = problem(size)
    log_sums = np.empty(N_ROWS)
    _responsibilities.softmax(products, scales, slopes, offsets, 0, log_sums)
    tolerance = 1e-13 * max(1, size)
    np.testing.assert_allclose(log_sums, logsumexp(logits, axis=1), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(
        products, softmax(logits, axis=1), rtol=tolerance, atol=1e-15
    )
    np.testing.assert_allclose(products.sum(axis=1), 1, rtol=1e-14)
    assert not products[:, -3:].any()


def test_shares_far_below_the_largest_are_zero_or_right():
    products = np.array([[0, -700, -720, -744, -760, -1e300, 0, 0]], dtype=float)
    expected = np.exp(log_softmax(products[0]))
    ones = np.ones(8)
    _responsibilities.softmax(products, ones[:1], ones, 0 * ones, 0, np.empty(1))
    np.testing.assert_allclose(products[0], expected, rtol=1e-12, atol=1e-320)
    assert products[0, 3] > 0
    assert products[0, 4] == 0


def test_shares_below_the_floor_are_zero():
    products = np.array([[0, -1, -45, -47, -50, -80, -700, -800]], dtype=float)
    ones, log_sum = np.ones(8), np.empty(1)
    expected = np.exp(log_softmax(products[0]))
    _responsibilities.softmax(products, ones[:1], ones, ones, 1e-20, log_sum)
    np.testing.assert_allclose(products[0, :3], expected[:3], rtol=1e-13)
    np.testing.assert_array_equal(products[0, 3:], 0)
    assert log_sum[0] == pytest.approx(np.log1p(np.exp(-1)))


@pytest.mark.parametrize("size", [0, 1, 1e9])
def test_largest(size):
    products, scales, slopes, offsets, logits = problem(size)
    best, labels = np.empty(N_ROWS), np.empty(N_ROWS, np.int32)
    _responsibilities.largest(products, scales, slopes, offsets, best, labels)
    np.testing.assert_array_equal(labels, np.argmax(logits, axis=1))
    np.testing.assert_allclose(best, np.max(logits, axis=1), rtol=1e-14)


def test_ties_go_to_the_first():
    best, labels = np.empty(2), np.empty(2, np.int32)
    _responsibilities.largest(
        np.ones((2, 8)), np.ones(2), np.ones(8), np.zeros(8), best, labels
    )
    np.testing.assert_array_equal(labels, 0)


def pearson(labels, shares):
    """Chi-squared distance of counts and expected counts."""
    expected = shares * len(labels)
    counts = np.bincount(labels, minlength=len(shares))
    return np.sum((counts - expected) ** 2 / expected)


def test_draws_follow_the_shares():
    # False-alarm rate 1e-4; the mutant, draws by other shares, must fail.
    shares = np.array([0.5, 0.2, 0.1, 0.1, 0.05, 0.03, 0.01, 0.01])
    uniforms = np.random.default_rng(0).random(20000)
    labels = np.empty(20000, np.int32)
    _responsibilities.draw(np.tile(shares, (20000, 1)), uniforms, labels)
    bound = chi2.ppf(1 - 1e-4, len(shares) - 1)
    assert pearson(labels, shares) < bound
    mutant = 0.9 * shares + 0.1 / len(shares)
    assert pearson(labels, mutant) > bound


def test_draws_at_the_ends():
    shares = np.tile([0, 0.5, 0, 0.5 - 1e-16, 0, 0, 0, 0], (3, 1))
    labels = np.empty(3, np.int32)
    _responsibilities.draw(shares, np.array([0, 0.5, 1 - 1e-16]), labels)
    np.testing.assert_array_equal(labels, [1, 3, 3])
