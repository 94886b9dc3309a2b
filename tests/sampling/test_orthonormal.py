"""Orthonormal functions of features, against QR in extended precision."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_kernelx.sampling._orthonormal import (
    leverage_scores,
    orthonormal_basis,
    penalty_rows,
    whitened,
)

RNG = np.random.default_rng(0)


def blocks_of(A, n_rows=10**9):
    def blocks():
        for start in range(0, len(A), n_rows):
            yield A[start : start + n_rows]

    return blocks


def conditioned(condition, n_rows=300, n_features=12):
    U = np.linalg.qr(RNG.standard_normal((n_rows, n_features)))[0]
    V = np.linalg.qr(RNG.standard_normal((n_features, n_features)))[0]
    return U * np.geomspace(1, 1 / condition, n_features) @ V


def exact_leverage(A):
    """By modified Gram-Schmidt, twice, in extended precision."""
    Q = A.astype(np.longdouble)
    for _ in range(2):
        for j in range(Q.shape[1]):
            Q[:, j] /= np.sqrt(np.sum(Q[:, j] ** 2))
            for k in range(j + 1, Q.shape[1]):
                Q[:, k] -= Q[:, j] * np.sum(Q[:, j] * Q[:, k])
    return np.sum(Q**2, axis=1).astype(float)


@pytest.mark.parametrize("condition", [1, 1e2, 1e4, 1e6, 1e8, 1e10])
@pytest.mark.parametrize("n_rows", [7, 10**9])
def test_leverage(condition, n_rows):
    """One pass, two, and Householder QR: scores move by EPS times the condition."""
    A = conditioned(condition)
    basis = orthonormal_basis(blocks_of(A, n_rows))
    assert basis.rank == 12
    found = leverage_scores(blocks_of(A, n_rows), basis)
    error = max(1e-12, 10 * np.finfo(float).eps * condition)
    if condition <= 1e3:
        error = max(error, np.finfo(float).eps * condition**2)
    np.testing.assert_allclose(found, exact_leverage(A), atol=error)
    Q = whitened(A, basis)
    np.testing.assert_allclose(Q.T @ Q, np.eye(12), atol=error)
    spanned = Q @ (Q.T @ A)
    np.testing.assert_allclose(spanned, A, atol=error)


@pytest.mark.parametrize("scale", [1e-150, 1e-200, 1e150, 1e200])
def test_scale_of_a_feature_changes_nothing(scale):
    A = conditioned(10)
    scaled = A.copy()
    scaled[:, 3] *= scale
    expected = leverage_scores(blocks_of(A), orthonormal_basis(blocks_of(A)))
    found = leverage_scores(blocks_of(scaled), orthonormal_basis(blocks_of(scaled)))
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def dependent():
    """Five independent features, and four that depend on them."""
    A = RNG.standard_normal((200, 9))
    A[:, 2] = A[:, 0]
    A[:, 4] = A[:, :2] @ [3, -1] + 2 * A[:, 8]
    A[:, 6] = 0
    A[:, 7] = 1e-100 * A[:, 8]
    return A


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rank(dtype):
    A = dependent().astype(dtype)
    basis = orthonormal_basis(blocks_of(A, 30))
    # 1e-100 is zero in float32, and otherwise the feature of a feature kept.
    assert basis.rank == 5
    assert len(set(basis.columns)) == 5
    Q = whitened(A, basis)
    np.testing.assert_allclose(Q.T @ Q, np.eye(5), atol=1e-10)


def test_rank_zero():
    basis = orthonormal_basis(blocks_of(np.zeros((4, 3))))
    assert basis.rank == 0


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_fewer_rows_than_features(n_rows):
    A = RNG.standard_normal((n_rows, 7))
    basis = orthonormal_basis(blocks_of(A))
    assert basis.rank == n_rows
    np.testing.assert_allclose(leverage_scores(blocks_of(A), basis), np.ones(n_rows))


@pytest.mark.parametrize("alpha", [1e-3, 1.0, 1e6])
@pytest.mark.parametrize("A", [conditioned(10), conditioned(1e9), dependent()])
def test_penalty(A, alpha):
    """Ridge leverage scores; the rows of the penalty complete the Gram matrix to I."""
    basis = orthonormal_basis(blocks_of(A, 50), alpha)
    found = leverage_scores(blocks_of(A, 50), basis)
    ridge = A.T @ A + alpha * np.eye(A.shape[1])
    expected = np.einsum("ij,ij->i", A, np.linalg.solve(ridge, A.T).T)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
    Q = np.vstack([whitened(A, basis), penalty_rows(basis, alpha)])
    np.testing.assert_allclose(Q.T @ Q, np.eye(basis.rank), atol=1e-9)


@given(
    st.integers(1, 60),
    st.integers(1, 8),
    st.integers(1, 70),
    st.lists(st.floats(-100, 100), min_size=8, max_size=8),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_invariance(n, k, n_rows, exponents, seed):
    """Scores lie in [0, 1], sum to the rank, and know no scale, order or block."""
    A = np.random.default_rng(seed).standard_normal((n, k))
    basis = orthonormal_basis(blocks_of(A))
    scores = leverage_scores(blocks_of(A), basis)
    assert basis.rank == min(n, k)
    assert np.all(scores >= 0) and np.all(scores <= 1 + 1e-10)
    np.testing.assert_allclose(scores.sum(), basis.rank)
    turned = A[:, ::-1] * 10.0 ** np.array(exponents[:k])
    again = leverage_scores(
        blocks_of(turned, n_rows), orthonormal_basis(blocks_of(turned, n_rows))
    )
    np.testing.assert_allclose(again, scores, atol=1e-6)
