"""A pool of candidates: leverage, and the law of the process under a ridge penalty."""

from collections import Counter
from itertools import chain, combinations

import numpy as np
import pytest
import sklearn
from scipy.stats import chisquare
from sklearn.preprocessing import PolynomialFeatures

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._pool import Pool
from sklearn_kernelx.sampling._projection_dpp import projection_dpp

FALSE_ALARM = 1e-3
RNG = np.random.default_rng(0)


def subsets_of(n):
    return list(chain.from_iterable(combinations(range(n), k) for k in range(n + 1)))


def p_value_of_ridge_law(pool, A, alpha, n_samples=40_000):
    """Against the L-ensemble of A A' / alpha, whose kernel is A (A'A + alpha I)^-1 A'."""
    L = A @ A.T / alpha
    subsets = subsets_of(len(A))
    law = np.array([np.linalg.det(L[np.ix_(s, s)]) for s in subsets])
    law = np.maximum(law / np.linalg.det(np.eye(len(A)) + L), 0)
    rng = generator(seed_from(0))
    counts = Counter()
    for _ in range(n_samples):
        sample = projection_dpp(pool, rng)
        counts[tuple(sorted(sample[pool.observed(sample)]))] += 1
    possible = law > 1e-12  # more points than features never come
    assert sum(counts[s] for s, p in zip(subsets, possible, strict=True) if p) == n_samples
    observed = np.array([counts[s] for s in subsets])[possible]
    return chisquare(observed, n_samples * law[possible] / law[possible].sum()).pvalue


def test_law_under_a_penalty():
    A = RNG.standard_normal((6, 3))
    assert p_value_of_ridge_law(Pool(Features(A), 2.0), A, 2.0) > FALSE_ALARM


def test_law_under_another_penalty_fails():
    A = RNG.standard_normal((6, 3))
    assert p_value_of_ridge_law(Pool(Features(A), 2.0), A, 2.2) < FALSE_ALARM / 1000


def test_dimension_is_the_sum_of_leverage():
    A = RNG.standard_normal((100, 6))
    pool = Pool(Features(A), 10.0)
    expected = np.sum(np.linalg.svd(A)[1] ** 2 / (np.linalg.svd(A)[1] ** 2 + 10))
    np.testing.assert_allclose(pool.dimension, expected)
    assert Pool(Features(A)).dimension == 6


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("working_memory", [1e-3, 1024])
def test_blocks_and_stored_features_give_the_same(alpha, working_memory):
    X = RNG.standard_normal((500, 3))
    map_ = PolynomialFeatures(2).fit(X)
    with sklearn.config_context(working_memory=working_memory):
        pool = Pool(Features(X, map_), alpha)
        rows = pool.rows(np.array([3, 3, 499]))
    whole = Pool(Features(map_.transform(X)), alpha)
    np.testing.assert_allclose(pool.leverage, whole.leverage, rtol=1e-10)
    np.testing.assert_allclose(rows, whole.rows(np.array([3, 3, 499])), atol=1e-12)


def test_leverage_law():
    pool = Pool(Features(RNG.standard_normal((20, 4))), 3.0)
    drawn = pool.draw_leverage(40_000, generator(seed_from(0)))
    scores = np.append(pool.leverage, np.sum(pool.rows(np.arange(20, 24)) ** 2, axis=1))
    np.testing.assert_allclose(scores.sum(), 4)
    expected = 40_000 * scores / 4
    assert chisquare(np.bincount(drawn, minlength=24), expected).pvalue > FALSE_ALARM


class NotFinite(PolynomialFeatures):
    def transform(self, X):
        return np.log(np.zeros((len(X), 2)))


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_features_that_are_not_finite_are_refused():
    X = RNG.standard_normal((5, 2))
    with pytest.raises(ValueError, match="features of NotFinite"):
        Pool(Features(X, NotFinite().fit(X)))
