"""Greedy selection and partial Cholesky factors, against brute force and LAPACK."""

from collections import Counter
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import qr
from scipy.stats import chisquare
from sklearn.metrics.pairwise import rbf_kernel

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling import _partial_cholesky
from sklearn_kernelx.sampling._greedy import (
    d_optimal_selection,
    exchange_rows,
    pivoted_cholesky,
    randomly_pivoted_cholesky,
)
from sklearn_kernelx.sampling._partial_cholesky import (
    ImplicitKernel,
    PartialCholesky,
    greedy_pivots,
    kernel_of_array,
    kernel_of_features,
)

FALSE_ALARM = 1e-3


def features_of(n_points, n_features, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_points, n_features)) * rng.lognormal(size=(n_points, 1))


def orthonormal(n_points, n_columns, seed=0):
    return np.linalg.qr(features_of(n_points, n_columns, seed))[0]


def greedy_by_determinants(kernel, n_points, noise=0.0):
    """Add the point of the largest determinant, each computed anew."""
    chosen = []
    for _ in range(n_points):
        gains = np.full(len(kernel), -np.inf)
        for i in set(range(len(kernel))) - set(chosen):
            block = kernel[np.ix_([*chosen, i], [*chosen, i])]
            gains[i] = np.linalg.det(block + noise * np.eye(len(block)))
        chosen.append(int(np.argmax(gains)))
    return chosen


@given(
    seed=st.integers(0, 10_000),
    n_points=st.integers(6, 25),
    noise=st.sampled_from([0, 1.0]),
)
@settings(max_examples=40, deadline=None)
def test_each_pivot_has_the_largest_determinant(seed, n_points, noise):
    features = features_of(n_points, 5, seed)
    cholesky = PartialCholesky(kernel_of_features(features), 4, noise=noise)
    greedy_pivots(cholesky)
    expected = greedy_by_determinants(features @ features.T, 4, noise)
    np.testing.assert_array_equal(cholesky.pivots, expected)


def test_the_smallest_determinant_is_another():
    """The test above can fail."""
    kernel = features_of(20, 5) @ features_of(20, 5).T
    indices, _ = pivoted_cholesky(kernel_of_array(kernel), 4)
    assert list(indices) != list(np.argsort(-np.diagonal(kernel))[:4])


@pytest.mark.parametrize("n_points, n_columns", [(50, 20), (3000, 60), (6000, 120)])
def test_pivots_are_those_of_qr(n_points, n_columns):
    Q = orthonormal(n_points, n_columns)
    expected = qr(Q.T, mode="economic", pivoting=True)[2][:n_columns]
    indices, factor = pivoted_cholesky(kernel_of_features(Q), n_columns)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(factor @ factor[indices].T, Q @ Q[indices].T, atol=1e-12)


def test_lazy_blocks_take_several_pivots_at_once(monkeypatch):
    blocks = []

    def append(self, pivots, triangle):
        blocks.append(len(pivots))
        original(self, pivots, triangle)

    original = PartialCholesky.append
    monkeypatch.setattr(PartialCholesky, "append", append)
    pivoted_cholesky(kernel_of_features(orthonormal(6000, 120)), 120)
    assert sum(blocks) == 120
    assert len(blocks) < 40


@pytest.mark.parametrize("n_candidates", [1, 3, 64])
def test_ties_go_to_the_lowest_index(n_candidates, monkeypatch):
    monkeypatch.setattr(_partial_cholesky, "FEWEST_CANDIDATES", n_candidates)
    monkeypatch.setattr(_partial_cholesky, "MOST_CANDIDATES", n_candidates)
    labels = np.array([2, 0, 1, 0, 2, 1, 3, 3] * 4)
    features = np.eye(4)[labels]
    indices, _ = pivoted_cholesky(kernel_of_features(features), 4)
    np.testing.assert_array_equal(indices, [0, 1, 2, 6])
    weighted = features * np.array([1, 2, 2, 1])
    indices, _ = pivoted_cholesky(kernel_of_features(weighted), 4)
    np.testing.assert_array_equal(indices, [0, 2, 1, 6])


@pytest.mark.parametrize("n_candidates", [1, 5, 17])
def test_the_number_of_candidates_does_not_matter(n_candidates, monkeypatch):
    kernel = kernel_of_array(rbf_kernel(features_of(200, 2)))
    expected, _ = pivoted_cholesky(kernel, 30)
    monkeypatch.setattr(_partial_cholesky, "FEWEST_CANDIDATES", n_candidates)
    monkeypatch.setattr(_partial_cholesky, "MOST_CANDIDATES", n_candidates)
    np.testing.assert_array_equal(pivoted_cholesky(kernel, 30)[0], expected)


@pytest.mark.parametrize("select", ["greedy", "random"])
def test_the_factor(select):
    X = features_of(5000, 3)
    kernel = ImplicitKernel(np.ones(5000), lambda rows, cols: rbf_kernel(X[rows], X[cols]))
    results = []
    for n_threads in (1, 2, 3):
        if select == "greedy":
            found = pivoted_cholesky(kernel, 80, n_threads=n_threads)
        else:
            rng = np.random.default_rng(0)
            found = randomly_pivoted_cholesky(kernel, 80, rng, n_threads=n_threads)
        results.append(found)
    indices, factor = results[0]
    for others, other in results[1:]:
        np.testing.assert_array_equal(others, indices)
        np.testing.assert_array_equal(other, factor)
    assert len(set(indices)) == 80
    # Rows of pivots are exact, and the residual of all is positive semidefinite.
    np.testing.assert_allclose(
        factor @ factor[indices].T, rbf_kernel(X, X[indices]), atol=1e-10
    )
    some = np.arange(0, 5000, 25)
    residual = rbf_kernel(X[some]) - factor[some] @ factor[some].T
    assert np.min(np.linalg.eigvalsh(residual)) > -1e-10


def test_stops_at_the_rank():
    kernel = kernel_of_features(features_of(100, 7))
    indices, factor = pivoted_cholesky(kernel, 20)
    assert factor.shape == (100, 7)
    assert len(set(indices)) == 7
    indices, factor = randomly_pivoted_cholesky(kernel, 20, np.random.default_rng(0))
    assert factor.shape == (100, 7)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_scale_does_not_matter(scale):
    features = features_of(50, 6)
    expected = d_optimal_selection(orthonormal(50, 6), 20)
    np.testing.assert_array_equal(
        d_optimal_selection(orthonormal(50, 6) * scale, 20), expected
    )
    expected, _ = pivoted_cholesky(kernel_of_features(features), 6)
    found, _ = pivoted_cholesky(kernel_of_features(features * scale), 6)
    np.testing.assert_array_equal(found, expected)


def test_a_kernel_that_is_none():
    matrix = np.array([[1, 2, 0], [2, 1, 0], [0, 0, 1.0]])
    with pytest.raises(ValueError, match="not positive semidefinite"):
        pivoted_cholesky(kernel_of_array(matrix), 2)


def law_of_random_pivots(kernel, n_columns):
    """Probability of each sequence of pivots, by the residuals of the exact algorithm."""
    law = {}
    for sequence in permutations(range(len(kernel)), n_columns):
        residual, probability = kernel.copy(), 1.0
        for pivot in sequence:
            diagonal = np.diagonal(residual)
            probability *= diagonal[pivot] / np.sum(diagonal)
            residual = residual - np.outer(residual[pivot], residual[pivot]) / max(
                residual[pivot, pivot], 1e-300
            )
        law[sequence] = probability
    return law


def test_law_of_random_pivots():
    # Two mutants must fail: pivots by the diagonal of the kernel alone, and the law of the
    # determinant, that of a k-DPP.
    features = features_of(6, 4, seed=1)
    kernel = features @ features.T
    law = law_of_random_pivots(kernel, 3)
    rng, n_draws = generator(seed_from(0)), 10_000

    def p_value(draw, law=law):
        counts = Counter(tuple(int(i) for i in draw()) for _ in range(n_draws))
        expected = np.array(list(law.values()))
        observed = [counts[sequence] for sequence in law]
        return chisquare(observed, n_draws * expected / np.sum(expected)).pvalue

    def pivots():
        return randomly_pivoted_cholesky(kernel_of_array(kernel), 3, rng)[0]

    shares = np.diagonal(kernel) / np.trace(kernel)
    assert p_value(pivots) > FALSE_ALARM
    assert p_value(lambda: rng.choice(6, 3, replace=False, p=shares)) < FALSE_ALARM
    by_determinant = {s: np.linalg.det(kernel[np.ix_(s, s)]) for s in law}
    assert p_value(pivots, by_determinant) < FALSE_ALARM


def d_optimal_by_determinants(Q, n_points):
    """The definition, from the pivots of QR on."""
    chosen = list(qr(Q.T, mode="economic", pivoting=True)[2][: Q.shape[1]])
    while len(chosen) < n_points:
        counts = np.bincount(chosen, minlength=len(Q))
        gains = [
            np.linalg.slogdet(Q[[*chosen, i]].T @ Q[[*chosen, i]])[1] for i in range(len(Q))
        ]
        chosen.append(int(np.argmax(np.where(counts == counts.min(), gains, -np.inf))))
    return chosen


@pytest.mark.parametrize("n_rows, m, n_points", [(60, 5, 60), (20, 4, 90), (300, 10, 100)])
def test_d_optimal_selection(n_rows, m, n_points):
    Q = orthonormal(n_rows, m)
    indices = d_optimal_selection(Q, n_points)
    np.testing.assert_array_equal(indices, d_optimal_by_determinants(Q, n_points))
    counts = np.bincount(indices, minlength=n_rows)
    assert np.max(counts) - np.min(counts) <= 1


def test_d_optimal_selection_does_not_drift():
    Q = orthonormal(400, 8)
    indices = d_optimal_selection(Q, 350)
    for n in (8, 100, 349):
        before = Q[indices[:n]]
        leverage = np.einsum("ij,ji->i", Q, np.linalg.solve(before.T @ before, Q.T))
        leverage[indices[:n]] = -np.inf
        assert leverage[indices[n]] == pytest.approx(np.max(leverage), rel=1e-10)


def test_rows_of_zeros_come_last():
    Q = np.vstack([np.zeros((5, 3)), orthonormal(10, 3)])
    indices = d_optimal_selection(Q, 20)
    assert set(indices[:10]) == set(range(5, 15))
    np.testing.assert_array_equal(indices[10:15], range(5))


def volume(Q, indices):
    return abs(np.linalg.det(Q[indices]))


def test_exchanges_reach_a_larger_volume():
    sets = np.array(list(combinations(range(25), 4)))
    grown = []
    for seed in range(30):
        Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((25, 4)))[0]
        first = d_optimal_selection(Q, 4)
        last = d_optimal_selection(Q, 4, max_swaps=100)
        assert np.max(np.abs(Q @ np.linalg.inv(Q[last]))) <= 1.05 + 1e-12
        best = np.max(np.abs(np.linalg.det(Q[sets])))
        assert volume(Q, first) <= volume(Q, last) * (1 + 1e-12)
        assert volume(Q, last) <= best * (1 + 1e-12)
        grown.append(volume(Q, last) > 1.05 * volume(Q, first))
    assert 0 < sum(grown) < 30


def test_exchanges_from_poor_rows():
    Q = orthonormal(3000, 30)
    start = np.argsort(np.linalg.norm(Q, axis=1))[:30]
    swapped = exchange_rows(Q, start, 1000)
    assert np.max(np.abs(Q @ np.linalg.inv(Q[swapped]))) <= 1.05 + 1e-9
    assert len(set(swapped)) == 30
    few = exchange_rows(Q, start, 3)
    assert np.count_nonzero(few != start) <= 3
    assert volume(Q, start) < volume(Q, few) < volume(Q, swapped)


def test_bad_arguments():
    Q = orthonormal(20, 4)
    with pytest.raises(ValueError, match=r"n_samples=3 is too few for 4 .* at least 4"):
        d_optimal_selection(Q, 3)
    with pytest.raises(ValueError, match="only 3 of the 4 columns of Q are independent"):
        d_optimal_selection(Q[:, [0, 1, 2, 2]], 6)
