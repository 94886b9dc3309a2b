"""Projection DPPs: the exact law over all subsets."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chisquare

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._projection_dpp import projection_dpp
from sklearn_kernelx.sampling._rows import OrthonormalRows

# Each test below would fail by chance with this probability, were its seed not fixed.
FALSE_ALARM = 1e-3


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


def draws(domain, n, seed=0):
    rng = generator(seed_from(seed))
    return [projection_dpp(domain, rng) for _ in range(n)]


def test_law():
    Q = orthonormal(9, 3)
    assert p_value_of_law(Q, draws(OrthonormalRows(Q), 40_000)) > FALSE_ALARM
