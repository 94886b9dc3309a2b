"""Projection DPPs: the exact law over all subsets."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chisquare
from sklearn_kernelx._cython._acceptance import accept_in_order

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling import _projection_dpp, sample_projection_dpp
from sklearn_kernelx.sampling._projection_dpp import projection_dpp
from sklearn_kernelx.sampling._rows import OrthonormalRows

# Probability with which a test of a law would fail by chance, were its seed not fixed.
FALSE_ALARM = 1e-3
N_SAMPLES = 40_000


def orthonormal(n_rows, n_columns, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((n_rows, n_columns)))[0]


def p_value_of_law(Q, samples):
    """Chi-squared test of samples against det(Q_S)^2 for every subset S."""
    subsets = list(combinations(range(len(Q)), Q.shape[1]))
    law = np.array([np.linalg.det(Q[list(subset)]) ** 2 for subset in subsets])
    counts = Counter(tuple(sorted(sample)) for sample in samples)
    observed = np.array([counts[subset] for subset in subsets])
    assert observed.sum() == len(samples)
    return chisquare(observed, len(samples) * law / law.sum()).pvalue


def samples_of(domain, n=N_SAMPLES, seed=0):
    rng = generator(seed_from(seed))
    return [projection_dpp(domain, rng) for _ in range(n)]


@pytest.mark.parametrize("block", [_projection_dpp.BLOCK, 2])
def test_law(block, monkeypatch):
    """In blocks of two, a sample takes many updates of what is uncovered."""
    monkeypatch.setattr(_projection_dpp, "BLOCK", block)
    Q = orthonormal(9, 3)
    assert p_value_of_law(Q, samples_of(OrthonormalRows(Q))) > FALSE_ALARM


class LeverageSquared(OrthonormalRows):
    """A mutant: proposals by the squares of the leverage scores."""

    def __init__(self, Q):
        super().__init__(Q)
        self._cumulated = np.cumsum(np.sum(Q**2, axis=1) ** 2)


def test_law_fails_for_other_proposals():
    Q = orthonormal(9, 3)
    assert p_value_of_law(Q, samples_of(LeverageSquared(Q))) < FALSE_ALARM / 1000


def test_law_fails_if_nothing_is_taken_out(monkeypatch):
    """A mutant: distinct rows by leverage, whatever they cover."""

    def distinct(gram, thresholds, accepted):
        n_accepted = min(1, len(accepted))
        accepted[:n_accepted] = 0
        return n_accepted

    monkeypatch.setattr(_projection_dpp, "accept_in_order", distinct)
    Q = orthonormal(9, 3)
    samples = [s for s in samples_of(OrthonormalRows(Q)) if len(set(s)) == 3]
    assert len(samples) > N_SAMPLES / 10
    assert p_value_of_law(Q, samples) < FALSE_ALARM / 1000


@pytest.mark.parametrize("place", [0, 1])
def test_order_is_exchangeable(place):
    """Each place holds row i with probability |q_i|^2 / m, the last one too."""
    Q = orthonormal(7, 2)
    rows = np.array(samples_of(OrthonormalRows(Q)))[:, place]
    expected = N_SAMPLES * np.sum(Q**2, axis=1) / 2
    assert chisquare(np.bincount(rows, minlength=7), expected).pvalue > FALSE_ALARM


def sequential(gram, thresholds, n_wanted):
    """Residuals by projection on what was accepted, one proposal after the other."""
    accepted = []
    for i, threshold in enumerate(thresholds):
        inner = gram[np.ix_(accepted, accepted)]
        across = gram[accepted, i]
        residual = gram[i, i] - across @ np.linalg.solve(inner, across)
        if len(accepted) < n_wanted and threshold < residual:
            accepted.append(i)
    return accepted


@pytest.mark.parametrize("n_proposals, dimension", [(1, 1), (5, 9), (40, 12), (64, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_acceptance(n_proposals, dimension, seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n_proposals, dimension))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows = rows[rng.integers(n_proposals, size=n_proposals)]  # some are repeated
    gram, thresholds = rows @ rows.T, rng.random(n_proposals)
    accepted = np.empty(dimension, dtype=np.intp)
    n_accepted = accept_in_order(gram.copy(), thresholds, accepted)
    assert list(accepted[:n_accepted]) == sequential(gram, thresholds, dimension)


@pytest.mark.parametrize(
    "n_rows, m", [(1, 1), (5, 5), (40, 40), (60, 50), (300, 200), (5000, 3)]
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_samples_are_m_different_rows(n_rows, m, dtype):
    Q = orthonormal(n_rows, m).astype(dtype)
    for sample in sample_projection_dpp(Q, n_repetitions=5, random_state=0):
        assert len(set(sample)) == m
        assert np.linalg.matrix_rank(Q[sample].astype(float)) == m


def test_rows_of_zeros_are_never_drawn():
    Q = np.zeros((50, 4))
    Q[::5] = orthonormal(10, 4)
    assert np.all(sample_projection_dpp(Q, n_repetitions=50, random_state=0) % 5 == 0)


def test_seed_makes_samples_reproducible():
    Q = orthonormal(100, 10)
    first, again, other = (
        sample_projection_dpp(Q, n_repetitions=3, random_state=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    "Q, message",
    [
        (np.ones((5, 2)), "not orthonormal"),
        (np.eye(3) * 1.1, "not orthonormal"),
        (np.eye(3)[:, 0], "2D array"),
        (np.full((3, 3), np.nan), "NaN"),
    ],
)
def test_refuses_what_is_not_orthonormal(Q, message):
    with pytest.raises(ValueError, match=message):
        sample_projection_dpp(Q)


def test_refuses_no_repetitions():
    with pytest.raises(ValueError, match="n_repetitions"):
        sample_projection_dpp(np.eye(3), n_repetitions=0)
