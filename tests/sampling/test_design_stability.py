"""How well conditioned designs are, against figures of a prototype and a theorem.

A test of a right sampler fails with probability FALSE_ALARM for a fresh seed.
"""

import numpy as np
import pytest
from scipy import stats

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling import HermiteBasis, LegendreBasis, christoffel_design
from sklearn_kernelx.sampling._christoffel import ChristoffelDomain
from sklearn_kernelx.sampling._designs import draw_design

FALSE_ALARM = 1e-4

# Found by another program with independent code, 400 designs each.
FAILURES = [  # P(|G - I| > 1/2) of leverage, volume, repeated_dpp
    (LegendreBasis(19), 4, (0.998, 1.00, 0.748)),
    (LegendreBasis(19), 8, (0.980, 0.960, 0.050)),
    (LegendreBasis(5, n_features=2), 4, (1.00, 1.00, 0.993)),
    (LegendreBasis(5, n_features=2), 8, (0.985, 0.990, 0.420)),
    (HermiteBasis(9), 4, (0.985, 0.978, 0.470)),
    (HermiteBasis(9), 8, (0.752, 0.710, 0.033)),
]
TOLD_APART = [row for row in FAILURES if row[2][0] - row[2][2] > 0.1]
CONDITION_NUMBERS = [  # medians
    (LegendreBasis(19), 2, (167, 17, 6.6)),
    (LegendreBasis(19), 4, (8.4, 6.6, 3.1)),
    (LegendreBasis(5, n_features=2), 2, (51, 21, 11)),
    (LegendreBasis(5, n_features=2), 4, (8.5, 6.9, 4.3)),
    (HermiteBasis(9), 2, (37, 8.9, 4.7)),
    (HermiteBasis(9), 4, (5.5, 4.9, 2.7)),
]
WEIGHTED = ("leverage", "volume", "repeated_dpp")
N_DESIGNS = 400


def grams(basis, design, ratio):
    """Mean of w phi phi' in each of many designs of ratio * m points."""
    m = ChristoffelDomain(basis).n_functions
    found = np.empty((N_DESIGNS, m, m))
    for seed in range(N_DESIGNS):
        X, sample_weight = christoffel_design(
            basis, ratio * m, design=design, random_state=seed
        )
        phi = basis.fit_transform(X)
        found[seed] = phi.T @ (sample_weight[:, np.newaxis] * phi) / len(X)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("basis, ratio, published", FAILURES, ids=repr)
@pytest.mark.parametrize("design", WEIGHTED)
def test_probability_of_an_ill_conditioned_design(basis, ratio, published, design):
    eigenvalues = np.linalg.eigvalsh(grams(basis, design, ratio))
    failures = np.count_nonzero(np.abs(eigenvalues - 1).max(axis=1) > 0.5)
    theirs = round(published[WEIGHTED.index(design)] * N_DESIGNS)
    table = [[failures, N_DESIGNS - failures], [theirs, N_DESIGNS - theirs]]
    assert stats.fisher_exact(table).pvalue > FALSE_ALARM


@pytest.mark.slow
@pytest.mark.parametrize("basis, ratio, published", CONDITION_NUMBERS, ids=repr)
@pytest.mark.parametrize("design", WEIGHTED)
def test_median_condition_number(basis, ratio, published, design):
    """The other median, rounded, is one of ours up to the sampling error of both."""
    conditions = np.linalg.cond(grams(basis, design, ratio))
    theirs = published[WEIGHTED.index(design)]
    rounding = 0.5 if theirs >= 10 else 0.05
    error = stats.norm.isf(FALSE_ALARM / 2) * np.sqrt(0.5 / N_DESIGNS)
    low, high = np.quantile(conditions, [0.5 - error, 0.5 + error])
    assert low - rounding < theirs < high + rounding


@pytest.mark.slow
@pytest.mark.parametrize("basis, ratio, published", TOLD_APART, ids=repr)
def test_independent_draws_in_place_of_a_process_fail(basis, ratio, published):
    eigenvalues = np.linalg.eigvalsh(grams(basis, "leverage", ratio))
    failures = np.count_nonzero(np.abs(eigenvalues - 1).max(axis=1) > 0.5)
    theirs = round(published[2] * N_DESIGNS)
    table = [[failures, N_DESIGNS - failures], [theirs, N_DESIGNS - theirs]]
    assert stats.fisher_exact(table).pvalue < FALSE_ALARM


def mean_inverse_trace(design, n_designs=2000):
    """E tr(G^-1) / m at n = 4 m, and its standard error, for m = 20 in three features."""
    domain = ChristoffelDomain(LegendreBasis(3, n_features=3))
    traces = []
    for seed in range(n_designs):
        rng = generator(seed_from(seed))
        rows = domain.unit_rows(draw_design(domain, design, 80, rng).points)
        gram = 20 * rows.T @ rows / 80
        traces.append(np.trace(np.linalg.inv(gram)) / 20)
    return np.mean(traces), np.std(traces) / np.sqrt(n_designs)


@pytest.mark.slow
def test_mean_inverse_gram_of_volume_sampling():
    """E[G^-1] = n / (n - m + 1) I exactly; independent draws are above it."""
    limit = stats.norm.isf(FALSE_ALARM / 2)
    theory = 80 / 61
    mean, error = mean_inverse_trace("volume")
    assert abs(mean - theory) < limit * error
    assert abs(mean - theory) < 0.05 * theory
    mean, error = mean_inverse_trace("leverage")
    assert mean - theory > limit * error
