"""Packed panels against NumPy on whole matrices, at and beside the edges of panels."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn_kernelx._cython._packed_triangle import PANEL

from sklearn_kernelx.incremental._packed import (
    EPS,
    add_squares,
    cheaper_to_update,
    cholesky,
    clear_rows,
    diagonal_places,
    packed_size,
    solve,
    to_square,
    update_cholesky,
)

SIZES = [1, 2, PANEL - 1, PANEL, PANEL + 1, 3 * PANEL, 3 * PANEL + 17]


def random_rows(n_rows, n, seed=0):
    return np.random.default_rng(seed).standard_normal((n_rows, n))


def packed_squares(rows, n_threads=1):
    matrix = np.zeros(packed_size(rows.shape[1]))
    add_squares(matrix, rows, n_threads=n_threads)
    return matrix


def factor_of(matrix, n, n_threads=1):
    return cholesky(matrix, n * EPS * matrix[diagonal_places(n)], n_threads)


@pytest.mark.parametrize("n", SIZES)
def test_sums_of_squares(n):
    rows = random_rows(2 * n + 3, n)
    matrix = packed_squares(rows)
    assert_allclose(to_square(matrix, n), rows.T @ rows, rtol=1e-12, atol=1e-11)
    assert_array_equal(matrix[diagonal_places(n)], np.diag(to_square(matrix, n)))
    add_squares(matrix, rows[:2], sign=-1.0)
    rest = rows[2:].T @ rows[2:]
    assert_allclose(to_square(matrix, n), rest, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("n", [1, 1000, 8192])
def test_size_is_little_more_than_half_the_square(n):
    assert n * (n + 1) / 2 <= packed_size(n) <= n * (n + PANEL) / 2


@pytest.mark.parametrize("n", SIZES)
def test_factor_solves(n):
    rows, targets = random_rows(3 * n + 3, n), random_rows(4, n, seed=1)
    matrix = packed_squares(rows)
    solution = solve(factor_of(matrix.copy(), n), targets)
    assert_allclose(solution @ (rows.T @ rows), targets, atol=1e-10)
    assert_allclose(solution, np.linalg.solve(rows.T @ rows, targets.T).T, rtol=1e-9)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("n_new", [1, 5, 70, 300])
def test_update(n, n_new):
    rows, new = random_rows(3 * n + 3, n), random_rows(n_new, n, seed=2)
    targets = random_rows(4, n, seed=1)
    factor = factor_of(packed_squares(rows), n)
    update_cholesky(factor, new)
    fresh = factor_of(packed_squares(np.vstack([rows, new])), n)
    assert_allclose(solve(factor, targets), solve(fresh, targets), rtol=1e-8, atol=1e-13)


def test_updates_do_not_add_up_errors():
    n = 2 * PANEL
    stream = random_rows(2000, n)
    factor = factor_of(packed_squares(stream[:500]) + packed_squares(np.eye(n)), n)
    for start in range(500, 2000, 3):
        update_cholesky(factor, stream[start : start + 3])
    whole = np.linalg.cholesky(stream.T @ stream + np.eye(n))
    targets = random_rows(4, n, seed=1)
    expected = np.linalg.solve(whole @ whole.T, targets.T).T
    error = np.linalg.norm(solve(factor, targets) - expected)
    assert error <= 1e-13 * np.linalg.norm(expected)


@pytest.mark.parametrize("n", [PANEL - 1, 5 * PANEL + 5])
def test_same_bits_for_any_number_of_threads(n):
    rows, new = random_rows(2 * n, n), random_rows(12, n, seed=2)

    def factors(n_threads):
        matrix = packed_squares(rows, n_threads)
        factor = factor_of(matrix.copy(), n, n_threads)
        updated = factor.copy()
        update_cholesky(updated, new, n_threads)
        return matrix, factor, updated

    for n_threads in (2, 3):
        for array, expected in zip(factors(n_threads), factors(1), strict=True):
            assert_array_equal(array, expected)


@pytest.mark.parametrize("n", [3, PANEL + 2])
def test_singular_to_rounding(n):
    rows = random_rows(2 * n, n)
    rows[:, n - 1] = rows[:, 0] + rows[:, 1]
    with pytest.raises(np.linalg.LinAlgError):
        factor_of(packed_squares(rows), n)
    rows[:, n - 1] *= 1 + 1e-3 * random_rows(2 * n, 1, seed=3)[:, 0]
    factor_of(packed_squares(rows), n)  # the same but for one part in a thousand


def test_indefinite():
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        factor_of(-packed_squares(random_rows(10, 3)), 3)


def test_updates_are_for_few_rows():
    assert cheaper_to_update(1, 100)
    assert not cheaper_to_update(64, 100)


@pytest.mark.parametrize("n", [1, PANEL, PANEL + 3])
def test_clear_rows(n):
    rows = random_rows(2 * n, n)
    cleared = np.unique([0, n // 2, n - 1])
    matrix = packed_squares(rows)
    clear_rows(matrix, n, cleared)
    rows[:, cleared] = 0
    assert_allclose(to_square(matrix, n), rows.T @ rows, rtol=1e-12, atol=1e-11)
