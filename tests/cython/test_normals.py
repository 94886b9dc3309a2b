"""Normals from uniforms: the formula, and the law of what comes out."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats
from sklearn_kernelx._cython._normals import normals

EDGES = [0.0, 2.0**-53, 1e-9, 0.125, 0.25, 0.374999, 0.375, 0.5, 0.75, 0.875, 1 - 2.0**-53]


def drawn(u, w):
    X = np.concatenate([u, w])[np.newaxis].astype(float)
    normals(X)
    return X[0, : len(u)], X[0, len(u) :]


def test_the_formula():
    rng = np.random.default_rng(0)
    u, w = np.append(EDGES, rng.random(300)), np.append(EDGES, rng.random(300))
    u, w = (part.ravel() for part in np.meshgrid(u, w))
    some = rng.permutation(len(u))[:3000]
    some = np.append(some, np.flatnonzero(np.isin(u, EDGES) & np.isin(w, EDGES)))
    u, w = u[some], w[some]
    x, y = drawn(u, w)
    with mpmath.workdps(40):
        for i in range(len(u)):
            radius = mpmath.sqrt(-2 * mpmath.log(mpmath.mpf(1 - u[i])))
            angle = 2 * mpmath.pi * mpmath.mpf(w[i])
            tolerance = 1e-15 * max(radius, mpmath.mpf(2) ** -60)
            assert abs(mpmath.mpf(x[i]) - radius * mpmath.cos(angle)) <= tolerance
            assert abs(mpmath.mpf(y[i]) - radius * mpmath.sin(angle)) <= tolerance


@pytest.mark.parametrize("n", [0, 1, 3, 7, 8, 9, 17])
def test_every_length(n):
    rng = np.random.default_rng(1)
    u, w = rng.random(n), rng.random(n)
    expected = [drawn([a], [b]) for a, b in zip(u, w, strict=True)]
    x, y = drawn(u, w)
    assert_array_equal(x, [e[0][0] for e in expected])
    assert_array_equal(y, [e[1][0] for e in expected])


def test_odd_numbers_leave_the_first():
    X = np.random.default_rng(1).random((4, 7))
    pairs = X[:, 1:].copy()
    first = X[:, 0].copy()
    normals(X)
    normals(pairs)
    assert_array_equal(X[:, 0], first)
    assert_array_equal(X[:, 1:], pairs)


def law_is_normal(x, y):
    """Kolmogorov-Smirnov for both and for the angle, the correlation of the squares."""
    p_values = [stats.kstest(z, "norm").pvalue for z in (x, y, (x + y) / np.sqrt(2))]
    p_values.append(stats.pearsonr(x * x, y * y).pvalue)
    return min(p_values) > 1e-4


def test_the_law():
    # False-alarm rate 4e-4. The mutants, a radius too long by 2 % and one sine for all
    # quadrants, must fail.
    rng = np.random.default_rng(2)
    x, y = drawn(rng.random(500_000), rng.random(500_000))
    assert law_is_normal(x, y)
    assert not law_is_normal(1.02 * x, 1.02 * y)
    assert not law_is_normal(x, np.abs(y))
