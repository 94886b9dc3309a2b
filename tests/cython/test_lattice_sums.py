"""Sums of integers within a ball, against Python's integers."""

import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn_kernelx._cython._lattice_sums import add_circles, add_clipped

BIG = 2.0**30


def added(features, scale, l2_squared, n_threads=1):
    features = np.atleast_2d(np.asarray(features, dtype=np.float64))
    sums = np.zeros((n_threads, features.shape[1]))
    add_clipped(features, scale, l2_squared, sums)
    return sums.sum(axis=0)


def norm_squared(integers):
    return sum(int(q) ** 2 for q in integers)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 9, 16, 31])
def test_within_the_ball(n):
    features = np.random.default_rng(n).uniform(-1, 1, (40, n)) / np.sqrt(n)
    expected = np.rint(features * BIG).sum(axis=0)
    for n_threads in (1, 2, 3, 41):
        assert_array_equal(added(features, BIG, int(1.5 * BIG**2), n_threads), expected)


@pytest.mark.parametrize("n", [1, 3, 8, 13])
@pytest.mark.parametrize("size", [1.0001, 3.0, 1e5, 1e300])
def test_shrunk_to_the_ball(n, size):
    rng = np.random.default_rng(n)
    for _ in range(20):
        x = rng.standard_normal(n)
        x *= size / np.linalg.norm(x)
        limit = int(BIG) ** 2
        q = added(x, BIG, limit)
        assert norm_squared(q) <= limit
        assert norm_squared(q) >= 0.999999 * limit
        if size < 1.01:
            np.testing.assert_allclose(q, x / size * BIG, atol=2 + 1e-7 * BIG)


@pytest.mark.parametrize("n", [1, 2, 8, 11])
def test_limit_is_exact(n):
    q = np.random.default_rng(n).integers(2**28, 2**29, n).astype(float)
    limit = norm_squared(q)
    assert_array_equal(added(q, 1.0, limit), q)
    shrunk = added(q, 1.0, limit - 1)
    assert norm_squared(shrunk) < limit
    assert np.all(np.abs(shrunk) <= np.abs(q))


def test_no_numbers_and_nothing():
    x = [np.nan, np.inf, -np.inf, 5e-324, 0.0]
    assert norm_squared(added(x, BIG, int(BIG) ** 2)) <= int(BIG) ** 2
    assert_array_equal(added(np.zeros((0, 3)), BIG, 1, 2), np.zeros(3))
    assert_array_equal(added([0.9, 0.0], 1.0, 0), [0, 0])


def test_others_are_not_touched_by_a_shrunk_one():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((5, 9)) / 10
    rows[2] *= 1e3
    limit = int(BIG) ** 2
    parts = sum(added(row, BIG, limit) for row in rows)
    assert_array_equal(added(rows, BIG, limit), parts)


def circles(X, turns, l2_squared, n_threads=1, height=4, scale=None):
    n = turns.shape[1]
    tiles = np.empty((n_threads, height + 2, n))
    sums = np.zeros((n_threads, 2 * n))
    scale = BIG / math.sqrt(n) if scale is None else scale
    add_circles(X, turns, scale, l2_squared, tiles, sums)
    return sums.sum(axis=0)


@pytest.mark.parametrize(
    "shape", [(0, 2, 3), (1, 1, 1), (9, 2, 5), (30, 3, 16), (7, 4, 33)]
)
def test_circles(shape):
    n_rows, n_features, n = shape
    rng = np.random.default_rng(2)
    X, turns = rng.standard_normal((n_rows, n_features)), rng.normal(size=(n_features, n))
    angles = 2 * np.pi * (X @ turns)
    exact = np.hstack([np.cos(angles), np.sin(angles)]) * (BIG / math.sqrt(n))
    total = circles(X, turns, int(1.1 * BIG**2))
    np.testing.assert_allclose(total, exact.sum(axis=0), atol=n_rows + 1e-3)
    for n_threads in (2, 3, 31):
        assert_array_equal(circles(X, turns, int(1.1 * BIG**2), n_threads), total)


def test_circles_with_a_wrong_scale_are_clipped():
    X, turns = np.ones((1, 1)), np.random.default_rng(0).random((1, 20))
    limit = int(BIG) ** 2
    too_long = circles(X, turns, 3 * limit, scale=math.sqrt(2) * BIG / math.sqrt(20))
    assert norm_squared(too_long) > 1.9 * limit
    clipped = circles(X, turns, limit, scale=math.sqrt(2) * BIG / math.sqrt(20))
    assert norm_squared(clipped) <= limit
