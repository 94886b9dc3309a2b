"""L-ensembles: exact laws over all subsets, exact inclusion probabilities, bad kernels."""

from collections import Counter
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._k_dpp import (
    draw_eigenvectors,
    draw_l_ensemble,
    eigenvector_probabilities,
    inclusion_probabilities,
    l_ensemble_from_factor,
    l_ensemble_from_kernel,
)

# Each test of a law would fail by chance with this probability, were its seed not fixed.
FALSE_ALARM = 1e-3
N_DRAWS = 40_000


def factor_of(n_points, n_columns, seed=0, decades=0.5):
    """Rows of unequal lengths and directions."""
    rng = np.random.default_rng(seed)
    scales = 10 ** -np.linspace(0, decades, n_columns)
    return rng.standard_normal((n_points, n_columns)) * scales


def subsets_of(n_points, size=None):
    sizes = range(n_points + 1) if size is None else [size]
    return list(chain.from_iterable(combinations(range(n_points), k) for k in sizes))


def law_of(kernel, subsets):
    weights = np.array([np.linalg.det(kernel[np.ix_(s, s)]) for s in subsets])
    return weights / np.sum(weights)


def p_value(draw, kernel, size=None, n_draws=N_DRAWS):
    """Chi-squared test of samples against det(L[S]) for every subset S."""
    subsets = subsets_of(len(kernel), size)
    counts = Counter(tuple(sorted(draw())) for _ in range(n_draws))
    observed = [counts[subset] for subset in subsets]
    assert sum(observed) == n_draws
    return chisquare(observed, n_draws * law_of(kernel, subsets)).pvalue


def sequential_projection_dpp(Q, rng):
    """Draw from the chain rule as it stands: one point, one Gram-Schmidt step."""
    sample = []
    while Q.shape[1] > 0:
        squares = np.sum(Q**2, axis=1)
        sample.append(rng.choice(len(Q), p=squares / np.sum(squares)))
        direction = Q[sample[-1]] / np.linalg.norm(Q[sample[-1]])
        complement = np.linalg.svd(direction[np.newaxis])[2][1:]
        Q = Q @ complement.T
    return sample


@pytest.fixture(params=["kernel", "factor"])
def ensemble_of(request):
    if request.param == "factor":
        return l_ensemble_from_factor
    return lambda factor: l_ensemble_from_kernel(factor @ factor.T)


def test_law_of_k_points(ensemble_of):
    factor = factor_of(8, 6)
    ensemble, rng = ensemble_of(factor), generator(seed_from(0))
    found = p_value(lambda: draw_l_ensemble(ensemble, 3, rng), factor @ factor.T, 3)
    assert found > FALSE_ALARM


def test_law_of_k_points_by_the_chain_rule():
    factor = factor_of(8, 6)
    ensemble, rng = l_ensemble_from_factor(factor), np.random.default_rng(1)

    def draw():
        chosen = draw_eigenvectors(ensemble.eigenvalues, 3, rng)
        return sequential_projection_dpp(ensemble.eigenvectors[:, chosen], rng)

    assert p_value(draw, factor @ factor.T, 3, n_draws=5000) > FALSE_ALARM


def independent_points(ensemble, rng):
    """Mutant: the right inclusion probabilities, no repulsion."""
    probabilities = inclusion_probabilities(ensemble, 3)
    while True:
        sample = np.flatnonzero(rng.random(len(probabilities)) < probabilities)
        if len(sample) == 3:
            return sample


def eigenvectors_by_eigenvalue(ensemble, rng):
    """Mutant: eigenvectors one after the other by eigenvalue, not by their product."""
    shares = ensemble.eigenvalues / np.sum(ensemble.eigenvalues)
    chosen = rng.choice(ensemble.rank, 3, replace=False, p=shares)
    return sequential_projection_dpp(ensemble.eigenvectors[:, chosen], rng)


def largest_eigenvectors(ensemble, rng):
    """Mutant: the projection process of the leading eigenvectors."""
    return sequential_projection_dpp(ensemble.eigenvectors[:, -3:], rng)


@pytest.mark.parametrize(
    "mutant", [independent_points, eigenvectors_by_eigenvalue, largest_eigenvectors]
)
def test_the_test_of_the_law_can_fail(mutant):
    factor = factor_of(8, 6)
    ensemble, rng = l_ensemble_from_factor(factor), np.random.default_rng(0)
    found = p_value(lambda: mutant(ensemble, rng), factor @ factor.T, 3, n_draws=10_000)
    assert found < FALSE_ALARM


def test_law_of_a_random_number_of_points(ensemble_of):
    # The mutant, the law of another scale of the kernel, must fail.
    factor = factor_of(6, 6)
    ensemble, rng = ensemble_of(factor), generator(seed_from(0))
    kernel = factor @ factor.T
    whole = np.linalg.det(kernel + np.eye(6))
    assert sum(np.linalg.det(kernel[np.ix_(s, s)]) for s in subsets_of(6)) == pytest.approx(
        whole
    )
    draws = [draw_l_ensemble(ensemble, None, rng) for _ in range(N_DRAWS)]
    assert p_value(iter(draws).__next__, kernel) > FALSE_ALARM
    assert p_value(iter(draws).__next__, 1.1 * kernel) < FALSE_ALARM


@pytest.mark.parametrize("size", [1, 3, 6, None])
def test_inclusion_probabilities(ensemble_of, size):
    factor = factor_of(8, 6, decades=2)
    subsets = subsets_of(8, size)
    law = law_of(factor @ factor.T, subsets)
    expected = [sum(law[i] for i, s in enumerate(subsets) if k in s) for k in range(8)]
    found = inclusion_probabilities(ensemble_of(factor), size)
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@given(seed=st.integers(0, 1000), n_points=st.integers(1, 30), n_columns=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_primal_and_dual_agree(seed, n_points, n_columns):
    factor = factor_of(n_points, n_columns, seed)
    primal = l_ensemble_from_kernel(factor @ factor.T)
    dual = l_ensemble_from_factor(factor)
    assert primal.rank == dual.rank == min(n_points, n_columns)
    np.testing.assert_allclose(primal.eigenvalues, dual.eigenvalues, rtol=1e-7)
    for size in {0, 1, primal.rank, None}:
        probabilities = inclusion_probabilities(dual, size)
        np.testing.assert_allclose(
            inclusion_probabilities(primal, size), probabilities, rtol=1e-6, atol=1e-9
        )
        if size is not None:
            assert np.sum(probabilities) == pytest.approx(size)


@given(seed=st.integers(0, 1000), exponent=st.integers(-140, 140))
@settings(max_examples=30, deadline=None)
def test_scale_does_not_matter_for_k_points(seed, exponent):
    factor = factor_of(12, 5, seed)
    expected = draw_l_ensemble(l_ensemble_from_factor(factor), 4, generator(seed_from(0)))
    scaled = l_ensemble_from_factor(factor * 10.0**exponent)
    np.testing.assert_allclose(
        inclusion_probabilities(scaled, 4),
        inclusion_probabilities(l_ensemble_from_factor(factor), 4),
        rtol=1e-9,
    )
    assert len(set(draw_l_ensemble(scaled, 4, generator(seed_from(0))))) == 4
    assert len(set(expected)) == 4


@pytest.mark.parametrize("decades", [0, 3, 5, 6])
def test_dual_of_an_ill_conditioned_factor(decades):
    factor = factor_of(200, 20, decades=decades)
    ensemble = l_ensemble_from_factor(factor)
    Q = ensemble.eigenvectors
    np.testing.assert_allclose(Q.T @ Q, np.eye(20), atol=1e-12)
    rebuilt = (Q * ensemble.eigenvalues) @ Q.T
    np.testing.assert_allclose(rebuilt, factor @ factor.T, atol=1e-12)
    expected = np.linalg.svd(factor, compute_uv=False)[::-1] ** 2
    np.testing.assert_allclose(ensemble.eigenvalues, expected, rtol=1e-2)


def test_the_null_space_is_left_out(ensemble_of):
    factor = factor_of(10, 3)
    repeated = np.hstack([factor, factor, np.zeros((10, 2))])
    ensemble = ensemble_of(repeated)
    assert ensemble.rank == 3
    with pytest.raises(ValueError, match=r"n_samples=4 .* rank 3 .*at most 3"):
        draw_l_ensemble(ensemble, 4, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"n_samples=4 .* rank 3"):
        inclusion_probabilities(ensemble, 4)


def test_zero(ensemble_of):
    ensemble, rng = ensemble_of(np.zeros((4, 2))), np.random.default_rng(0)
    assert ensemble.rank == 0
    assert len(draw_l_ensemble(ensemble, None, rng)) == 0
    assert len(draw_l_ensemble(ensemble, 0, rng)) == 0
    np.testing.assert_array_equal(inclusion_probabilities(ensemble), np.zeros(4))


def test_kernels_that_are_none():
    with pytest.raises(ValueError, match=r"not symmetric; give \(K \+ K.T\) / 2"):
        l_ensemble_from_kernel(np.array([[1, 0.5], [0.4, 1]]))
    with pytest.raises(ValueError, match="not positive semidefinite: its smallest"):
        l_ensemble_from_kernel(np.array([[1, 2], [2, 1.0]]))
    with pytest.raises(ValueError, match="not positive semidefinite"):
        l_ensemble_from_kernel(-np.eye(3))


def test_float32_is_rounding():
    factor = factor_of(60, 5)
    kernel = (factor @ factor.T).astype(np.float32)
    ensemble = l_ensemble_from_kernel(kernel)
    assert ensemble.rank == 5
    assert ensemble.eigenvectors.dtype == np.float64
    assert l_ensemble_from_kernel(kernel.astype(np.float64)).rank > 5


def test_many_points_of_a_wide_spectrum():
    eigenvalues = 10 ** np.random.default_rng(0).uniform(-300, 300, size=5000)
    probabilities = eigenvector_probabilities(eigenvalues, 2000)
    assert np.sum(probabilities) == pytest.approx(2000)
    chosen = draw_eigenvectors(eigenvalues, 2000, np.random.default_rng(0))
    assert len(set(chosen)) == 2000
    assert np.sum(probabilities[chosen]) > 1990
