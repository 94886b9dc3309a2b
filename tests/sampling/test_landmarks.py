"""Landmarks: what they leave of the kernel matrix, how near the law is, bad arguments."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.cluster import kmeans_plusplus
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.metrics.pairwise import pairwise_kernels, rbf_kernel
from sklearn.preprocessing import StandardScaler

from sklearn_kernelx.sampling import dpp_landmarks
from sklearn_kernelx.sampling._greedy import randomly_pivoted_cholesky
from sklearn_kernelx.sampling._k_dpp import (
    inclusion_probabilities,
    l_ensemble_from_factor,
    l_ensemble_from_kernel,
)
from sklearn_kernelx.sampling._partial_cholesky import kernel_of_array

METHODS = ["exact", "dual", "greedy"]
X = np.random.default_rng(0).standard_normal((120, 3))


def residual_of(kernel, indices):
    """Diagonal of what a Nystroem approximation leaves."""
    block = kernel[np.ix_(indices, indices)] + 1e-12 * np.eye(len(indices))
    whitened = np.linalg.solve(np.linalg.cholesky(block), kernel[indices])
    return np.diagonal(kernel) - np.sum(whitened**2, axis=0)


def median_errors(kernel, choose, n_repetitions=7):
    """Median share of the trace, and median largest entry."""
    residuals = [residual_of(kernel, choose(seed)) for seed in range(n_repetitions)]
    trace = np.trace(kernel)
    return np.median([[np.sum(r) / trace, np.max(r)] for r in residuals], axis=0)


@pytest.fixture(scope="module")
def uneven():
    """Most rows in one cloud, and many far from it."""
    data = StandardScaler().fit_transform(load_breast_cancer().data)
    return data, rbf_kernel(data, gamma=1 / 150)


@pytest.mark.parametrize("method, share", [("exact", 0.6), ("dual", 0.6), ("greedy", 0.6)])
def test_error_is_below_that_of_random_rows(uneven, method, share):
    # For each: the same test of another set of random rows must fail.
    data, kernel = uneven

    def landmarks(seed):
        return dpp_landmarks(data, 100, gamma=1 / 150, method=method, random_state=seed)

    def random_rows(seed):
        return np.random.default_rng(seed).choice(len(data), 100, replace=False)

    trace, largest = median_errors(kernel, landmarks)
    at_random, largest_at_random = median_errors(kernel, random_rows)
    assert trace < share * at_random
    assert largest < share * largest_at_random
    others, _ = median_errors(kernel, lambda seed: random_rows(100 + seed))
    assert others > share * at_random


def test_near_k_means_plus_plus(uneven):
    """Which knows nothing of the kernel, but tries several rows each time."""
    data, kernel = uneven
    theirs, _ = median_errors(
        kernel, lambda s: kmeans_plusplus(data, 100, random_state=s)[1]
    )
    ours, _ = median_errors(
        kernel, lambda s: dpp_landmarks(data, 100, gamma=1 / 150, random_state=s)
    )
    assert theirs < ours < 1.3 * theirs


def test_law_of_dual_is_near_the_exact_one():
    # The mutant, equal probabilities, must fail.
    kernel = rbf_kernel(load_digits().data[:400], gamma=3e-4)
    expected = inclusion_probabilities(l_ensemble_from_kernel(kernel), 20)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(60):
        _, factor = randomly_pivoted_cholesky(kernel_of_array(kernel), 80, rng)
        found.append(inclusion_probabilities(l_ensemble_from_factor(factor), 20))
    off = np.mean(np.abs(found / expected - 1), axis=1)
    assert np.mean(off) < 0.2
    assert np.mean(np.abs(np.mean(found, axis=0) / expected - 1)) < 0.06
    assert np.mean(np.abs(0.05 / expected - 1)) > 0.1


def test_dual_is_exact_with_all_columns():
    kernel = rbf_kernel(X[:60], gamma=1.0)
    _, factor = randomly_pivoted_cholesky(
        kernel_of_array(kernel), 60, np.random.default_rng(0)
    )
    np.testing.assert_allclose(
        inclusion_probabilities(l_ensemble_from_factor(factor), 7),
        inclusion_probabilities(l_ensemble_from_kernel(kernel), 7),
        rtol=1e-8,
    )


@pytest.mark.parametrize("method", METHODS)
def test_different_rows_reproducibly(method):
    indices = dpp_landmarks(X, 20, method=method, random_state=3)
    assert indices.dtype == np.intp
    assert len(set(indices)) == 20
    assert 0 <= np.min(indices) and np.max(indices) < len(X)
    again = dpp_landmarks(X, 20, method=method, random_state=3, n_jobs=2)
    np.testing.assert_array_equal(again, indices)
    other = dpp_landmarks(X, 20, method=method, random_state=4)
    assert np.array_equal(other, indices) == (method == "greedy")


def rbf_of_rows(x, y, gamma):
    return np.exp(-gamma * np.sum((x - y) ** 2))


@pytest.mark.parametrize("method", METHODS)
def test_the_same_kernel_in_other_forms(method):
    def found(data, **options):
        return dpp_landmarks(data, 15, method=method, random_state=0, **options)

    expected = found(X, gamma=0.5)
    forms = [
        found(rbf_kernel(X, gamma=0.5), kernel="precomputed"),
        found(X, kernel=rbf_of_rows, kernel_params={"gamma": 0.5}),
        found(sparse.csr_array(X), gamma=0.5),
        found(X.tolist(), gamma=0.5),
        found(np.asfortranarray(X), gamma=0.5),
        found(X * 2, gamma=0.125),
    ]
    for form in forms:
        assert set(form) == set(expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kernel", ["linear", "polynomial", "laplacian", "cosine", "chi2"])
def test_kernels(kernel, method):
    data = np.abs(np.random.default_rng(1).standard_normal((80, 6)))
    options = {"gamma": 0.3, "degree": 2, "coef0": 0.7}
    indices = dpp_landmarks(
        data, 6, kernel=kernel, method=method, random_state=0, **options
    )
    matrix = pairwise_kernels(data, metric=kernel, filter_params=True, **options)
    assert np.linalg.matrix_rank(matrix[np.ix_(indices, indices)]) == 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64, int])
@pytest.mark.parametrize("method", METHODS)
def test_types(method, dtype):
    data = (10 * X).astype(dtype)
    indices = dpp_landmarks(data, 9, gamma=0.01, method=method, random_state=0)
    expected = dpp_landmarks(
        data.astype(float), 9, gamma=0.01, method=method, random_state=0
    )
    np.testing.assert_array_equal(indices, expected)


@pytest.mark.parametrize("method", METHODS)
def test_float32_kernel_matrix(method):
    matrix = rbf_kernel(X, gamma=0.1).astype(np.float32)
    indices = dpp_landmarks(matrix, 20, kernel="precomputed", method=method, random_state=0)
    assert len(set(indices)) == 20


@pytest.mark.parametrize("method", METHODS)
def test_no_more_landmarks_than_the_rank(method):
    with pytest.warns(UserWarning, match="Only 3 could be chosen instead of n_l.*=10") as w:
        indices = dpp_landmarks(X, 10, kernel="linear", method=method, random_state=0)
    assert w[0].filename == __file__
    assert len(w) == 1
    assert len(set(indices)) == 3
    repeated = np.repeat(X[:4], 5, axis=0)
    with pytest.warns(UserWarning, match="Only 4 could be chosen"):
        indices = dpp_landmarks(repeated, 10, method=method, random_state=0)
    assert set(indices // 5) == {0, 1, 2, 3}
    with pytest.warns(UserWarning, match="Only 5"):
        assert len(dpp_landmarks(X[:5], method=method)) == 5


@pytest.mark.parametrize("method", METHODS)
def test_one_row(method):
    np.testing.assert_array_equal(dpp_landmarks(X[:1], 1, method=method), [0])


def test_auto(monkeypatch):
    exact = dpp_landmarks(X, 10, method="exact", random_state=0)
    dual = dpp_landmarks(X, 10, method="dual", random_state=0)
    assert not np.array_equal(exact, dual)
    np.testing.assert_array_equal(dpp_landmarks(X, 10, random_state=0), exact)
    monkeypatch.setattr("sklearn_kernelx.sampling._kernel_design.MOST_WHOLE", 119)
    np.testing.assert_array_equal(dpp_landmarks(X, 10, random_state=0), dual)


def test_a_kernel_matrix_that_does_not_fit():
    many = np.random.default_rng(0).standard_normal((700, 2))
    with config_context(working_memory=8):
        with pytest.raises(ValueError, match="working_memory: choose method='dual'"):
            dpp_landmarks(many, 10, method="exact")
        assert len(dpp_landmarks(many, 10)) == 10


BAD_ARGUMENTS = {
    "zero": ({"n_landmarks": 0}, "n_landmarks == 0, must be >= 1"),
    "fraction": ({"n_landmarks": 2.5}, "n_landmarks must be an instance of"),
    "method": ({"method": "best"}, "method must be one of"),
    "kernel": ({"kernel": "gauss"}, "kernel must be a callable or one of"),
    "not square": ({"kernel": "precomputed"}, "X must be a square kernel matrix"),
    "zero diagonal": ({"kernel": "additive_chi2"}, "zero for all rows of X"),
    "n_jobs": ({"n_jobs": 0}, "n_jobs must not be 0"),
}


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments(case):
    options, message = BAD_ARGUMENTS[case]
    with pytest.raises((ValueError, TypeError), match=message):
        dpp_landmarks(np.abs(X), **options)


BAD_DATA = {
    "NaN": (np.where(X > 2, np.nan, X), {}, "NaN"),
    "infinity": (np.where(X > 2, np.inf, X), {}, "infinity"),
    "empty": (X[:0], {}, "0 sample"),
    "one dimension": (X[0], {}, "2D array"),
    "overflow": (X * 1e150, {"kernel": "polynomial"}, "overflows on rows of X: scale X"),
    "zeros": (X * 0, {"kernel": "linear"}, "zero for all rows of X"),
    "indefinite": (X, {"kernel": "sigmoid", "coef0": -1}, "not positive semidefinite"),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_data(case, method):
    data, options, message = BAD_DATA[case]
    with pytest.raises(ValueError, match=message):
        dpp_landmarks(data, 10, method=method, random_state=0, **options)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_extreme_scales(scale, method):
    expected = dpp_landmarks(X, 3, kernel="linear", method=method, random_state=0)
    indices = dpp_landmarks(X * scale, 3, kernel="linear", method=method, random_state=0)
    assert len(set(indices)) == len(set(expected)) == 3


def test_asymmetric_matrix():
    matrix = rbf_kernel(X)
    matrix[3, 5] += 0.1
    for method in METHODS:
        with pytest.raises(ValueError, match="not symmetric"):
            dpp_landmarks(matrix, 5, kernel="precomputed", method=method)


def test_kernels_with_defaults_of_their_own():
    positive = np.abs(X)
    indices = dpp_landmarks(positive, 4, kernel="chi2", random_state=0)
    expected = dpp_landmarks(positive, 4, kernel="chi2", gamma=1.0, random_state=0)
    np.testing.assert_array_equal(indices, expected)


@pytest.mark.parametrize("gamma", [np.nan, np.inf, -1.0])
def test_gamma_is_checked(gamma):
    with pytest.raises(ValueError, match="gamma"):
        dpp_landmarks(X, 4, gamma=gamma)
    with pytest.raises(ValueError, match="gamma"):
        dpp_landmarks(X, 4, kernel="laplacian", kernel_params={"gamma": gamma})
