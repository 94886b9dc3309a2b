"""Spherical k-means++: which rows it takes, and what that may depend on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import chi2

from sklearn_kernelx.directional._row_blocks import parts_of
from sklearn_kernelx.directional._seeding import (
    check_init,
    check_n_rows,
    cosine_distances,
    directions_of,
    draw_rows,
    first_directions,
    plus_plus_rows,
    random_rows,
)
from sklearn_kernelx.directional._sphere import UnitRows, inverse_row_norms

CHOOSE = {"k-means++": plus_plus_rows, "random": random_rows}


def rows_of(X, weights=None):
    n_rows = X.shape[0]
    return UnitRows(
        X, inverse_row_norms(X), np.ones(n_rows) if weights is None else weights
    )


def chosen(init, rows, n_clusters, seed=0, n_threads=1):
    with parts_of(rows, n_threads) as map_parts:
        return CHOOSE[init](
            rows,
            n_clusters,
            random_state=np.random.RandomState(seed),
            map_parts=map_parts,
        )


def clustered(seed=0, n_clusters=6, n_features=12, n_rows=120):
    rng = np.random.default_rng(seed)
    centers = np.linalg.qr(rng.standard_normal((n_features, n_clusters)))[0].T
    labels = np.arange(n_rows) % n_clusters
    X = centers[labels] + 0.02 * rng.standard_normal((n_rows, n_features))
    return X * rng.lognormal(size=(n_rows, 1)), labels


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_one_row_of_each_separate_cluster(dtype, make):
    X, labels = clustered()
    rows = rows_of(make(X.astype(dtype)))
    for seed in range(10):
        indices = chosen("k-means++", rows, 6, seed)
        assert len(set(labels[indices])) == 6


def test_random_rows_miss_separate_clusters():
    """What k-means++ is for: the test above can fail."""
    X, labels = clustered()
    missed = [
        len(set(labels[chosen("random", rows_of(X), 6, seed)])) < 6 for seed in range(10)
    ]
    assert sum(missed) >= 5


@pytest.mark.parametrize("init", CHOOSE)
@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_order_and_repetition_of_rows_do_not_matter(init, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((30, 5))
    weights = rng.integers(0, 4, size=30)
    weights[0] = 2
    repeated = rng.permutation(np.repeat(np.arange(30), weights))
    n_clusters = min(6, np.count_nonzero(weights))
    by_weight = X[chosen(init, rows_of(X, weights.astype(float)), n_clusters, seed)]
    by_copies = X[repeated][chosen(init, rows_of(X[repeated]), n_clusters, seed)]
    np.testing.assert_array_equal(by_weight, by_copies)


@pytest.mark.parametrize("init", CHOOSE)
def test_lengths_and_scale_of_weights_do_not_matter(init):
    X, _ = clustered()
    weights = np.random.default_rng(1).random(120)
    expected = chosen(init, rows_of(X, weights), 6)
    np.testing.assert_array_equal(chosen(init, rows_of(8 * X, weights), 6), expected)
    np.testing.assert_array_equal(chosen(init, rows_of(X, weights / 64), 6), expected)


@pytest.mark.parametrize("init", CHOOSE)
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_the_same_for_any_number_of_threads(init, make):
    X = make(np.random.default_rng(0).standard_normal((9000, 6)))
    expected = chosen(init, rows_of(X), 5)
    for n_threads in (2, 3):
        found = chosen(init, rows_of(X), 5, n_threads=n_threads)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("init", CHOOSE)
def test_rows_of_weight_zero_are_not_taken(init):
    X, _ = clustered()
    weights = np.zeros(120)
    weights[[3, 10, 50]] = 1
    assert set(chosen(init, rows_of(X, weights), 3)) == {3, 10, 50}


@pytest.mark.parametrize("init", CHOOSE)
def test_fewer_directions_than_clusters(init):
    X = np.repeat(np.eye(2, 4), 5, axis=0)
    indices = chosen(init, rows_of(X), 4)
    assert len(indices) == 4
    assert len(np.unique(X[indices], axis=0)) == 2


def test_draws_follow_the_weights():
    # False-alarm rate 1e-4; the mutant, draws by the square root, must fail.
    weights = np.array([0, 1, 2, 0, 3, 4.0])
    order = np.array([5, 3, 0, 1, 4, 2])
    draws = draw_rows(weights, order, 20000, np.random.RandomState(0))
    counts = np.bincount(draws, minlength=6)[weights > 0]
    bound = chi2.ppf(1 - 1e-4, 3)

    def distance(shares):
        expected = 20000 * shares / np.sum(shares)
        return np.sum((counts - expected) ** 2 / expected)

    assert np.sum(counts) == 20000
    assert distance(weights[weights > 0]) < bound
    assert distance(np.sqrt(weights[weights > 0])) > bound


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
def test_cosine_distances(make):
    X, _ = clustered()
    rows = rows_of(make(X))
    directions = directions_of(rows, np.array([4, 7, 90]))
    units = X / np.linalg.norm(X, axis=1, keepdims=True)
    np.testing.assert_allclose(directions, units[[4, 7, 90]], rtol=1e-14)
    with parts_of(rows, 1) as map_parts:
        distances = cosine_distances(rows, directions, map_parts)
    np.testing.assert_allclose(distances, 1 - units @ directions.T, atol=1e-14)
    assert distances[4, 0] == distances[7, 1] == 0


def test_given_directions_are_normalised():
    rows = rows_of(np.eye(3))
    init = check_init([[2, 0, 0], [0, 3, 4]], 2, 3)
    np.testing.assert_allclose(init, [[1, 0, 0], [0, 0.6, 0.8]])
    found = first_directions(rows, 2, init, random_state=None, map_parts=None)
    assert found is init


@pytest.mark.parametrize(
    "init, message",
    [
        (np.ones((2, 4)), r"init must have the shape \(2, 3\)"),
        (np.eye(2, 3) * [1, 0, 0], "init must not have zero rows"),
        (np.full((2, 3), np.nan), "init contains NaN"),
    ],
)
def test_bad_init(init, message):
    with pytest.raises(ValueError, match=message):
        check_init(init, 2, 3)


def test_too_few_rows():
    rows = rows_of(np.eye(3), np.array([1.0, 0, 1]))
    check_n_rows(rows, 2, "n_clusters")
    with pytest.raises(ValueError, match="n_samples=2 must be at least n_clusters=3"):
        check_n_rows(rows, 3, "n_clusters")
