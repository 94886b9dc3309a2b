"""Activations of random features against mpmath, tiles against extended precision."""

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn_kernelx._cython._activations import ACTIVATIONS, activate, random_features
from sklearn_kernelx._cython._gaussian_features import gaussian_features

from sklearn_kernelx._parallel import single_threaded_blas

DTYPES = ["float64", "float32"]
EXACT = {
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "tanh": mpmath.tanh,
    "cos_of_turns": lambda z: mpmath.cospi(2 * z),
}


def activated(activation, z, offset=0, n_threads=1):
    z = np.atleast_2d(z).copy()
    offset = np.full(z.shape[1], offset, dtype=z.dtype)
    activate(z, offset, ACTIVATIONS[activation], n_threads)
    return z


def arguments(dtype):
    rng = np.random.default_rng(0)
    tiny = np.log10(np.finfo(dtype).smallest_subnormal)
    points = [
        rng.uniform(-1, 1, 1000),
        rng.uniform(-25, 25, 500),
        rng.choice([-1, 1], 300) * 10.0 ** rng.uniform(tiny, 0, 300),
        0.25 * rng.integers(-9, 9, 300) + rng.normal(0, 1e-3, 300),
        [0, 0.25, -0.25, 0.5, 0.75, 1, 1e4],
    ]
    return np.concatenate(points).astype(dtype)


def errors_in_ulp(activation, values, z):
    dtype = z.dtype.type
    for value, zi in zip(values, z, strict=True):
        exact = EXACT[activation](mpmath.mpf(float(zi)))
        ulp = mpmath.mpf(float(np.spacing(dtype(abs(float(exact))))))
        yield float(abs(mpmath.mpf(float(value)) - exact) / ulp)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "activation, bound", [("relu", 0), ("tanh", 3), ("cos_of_turns", 3)]
)
def test_errors(activation, bound, dtype):
    z = arguments(dtype)
    with mpmath.workdps(40):
        errors = list(errors_in_ulp(activation, activated(activation, z)[0], z))
    assert max(errors) <= bound
    assert bound == 0 or max(errors) > 0.4  # the oracle does resolve fractions of an ulp


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype):
    z = np.array([np.inf, -np.inf, np.nan, -np.nan, 1e30, -1e30], dtype=dtype)
    assert_array_equal(
        activated("relu", z)[0], np.array([np.inf, 0, np.nan, np.nan, 1e30, 0], dtype)
    )
    assert_array_equal(activated("tanh", z)[0], [1, -1, np.nan, np.nan, 1, -1])
    cosines = activated("cos_of_turns", z)[0]
    assert_array_equal(np.isnan(cosines), [True, True, True, True, False, False])
    assert np.all(np.abs(cosines[4:]) <= 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 33])
def test_every_length_and_any_threads(activation, dtype, n):
    rng = np.random.default_rng(n)
    z = rng.standard_normal((7, n)).astype(dtype)
    shifted = z + np.asarray(0.25, dtype)
    expected = np.array([[activated(activation, v)[0, 0] for v in row] for row in shifted])
    for n_threads in (1, 2, 3):
        assert_array_equal(activated(activation, z, 0.25, n_threads), expected)


def features(X, W, offset, activation, n_threads=1):
    out = np.full((len(X), W.shape[1]), np.nan, dtype=X.dtype)
    with single_threaded_blas():
        random_features(X, W, offset, ACTIVATIONS[activation], out, n_threads)
    return out


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 3, 5), (1, 1, 1), (300, 5, 513), (257, 20, 40)])
def test_random_features(dtype, shape):
    n_rows, n_features, n_components = shape
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n_rows, n_features)).astype(dtype)
    W = rng.standard_normal((n_features, n_components)).astype(dtype)
    offset = rng.standard_normal(n_components).astype(dtype)
    wide = [array.astype(np.longdouble) for array in (X, W, offset)]
    z = wide[0] @ wide[1] + wide[2]
    size = np.abs(wide[0]) @ np.abs(wide[1]) + np.abs(wide[2])
    bound = (n_features + 4) * np.finfo(dtype).eps * size
    found = features(X, W, offset, "relu")
    assert np.all(np.abs(found - np.maximum(z, 0)) <= bound)
    for activation in ACTIVATIONS:
        one = features(X, W, offset, activation)
        assert_array_equal(features(X, W, offset, activation, 2), one)
        assert_array_equal(features(X, W, offset, activation, 3), one)


def gaussians(X, centers, gamma, n_threads=1):
    out = np.full((len(X), len(centers)), np.nan, dtype=X.dtype)
    gaussian_features(X, np.ascontiguousarray(centers.T), gamma, out, n_threads)
    return out


def exact_exponents(X, centers, gamma):
    wide = X.astype(np.longdouble), centers.astype(np.longdouble)
    return -gamma * np.sum((wide[0][:, np.newaxis] - wide[1]) ** 2, axis=-1)


def within_the_bound(values, exponents, n_features):
    dtype = values.dtype
    eps, tiny = np.finfo(dtype).eps, np.finfo(dtype).tiny
    relative = ((n_features + 4) * np.abs(exponents) + 2) * eps
    return np.all(np.abs(values - np.exp(exponents)) <= relative * np.exp(exponents) + tiny)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("distance", [0, 1e3, 1e6])
@pytest.mark.parametrize("shape", [(0, 3, 5), (1, 1, 1), (130, 5, 530), (9, 33, 100)])
def test_gaussian_features(dtype, distance, shape):
    n_rows, n_features, n_centers = shape
    rng = np.random.default_rng(2)
    centers = (distance + rng.standard_normal((n_centers, n_features))).astype(dtype)
    X = (distance + rng.standard_normal((n_rows, n_features))).astype(dtype)
    gamma = 0.5 / n_features
    found = gaussians(X, centers, gamma)
    exponents = exact_exponents(X, centers, gamma)
    assert within_the_bound(found, exponents, n_features)
    assert_array_equal(gaussians(X, centers, gamma, 2), found)
    assert_array_equal(gaussians(X, centers, gamma, 3), found)
    if distance > 0 and n_rows > 1:  # the expanded square would fail
        squares = np.sum(X**2, axis=1)[:, np.newaxis] + np.sum(centers**2, axis=1)
        expanded = np.exp(-gamma * np.maximum(squares - 2 * X @ centers.T, 0), dtype=dtype)
        assert not within_the_bound(expanded, exponents, n_features)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gaussian_features_at_the_ends(dtype):
    X = np.array([[0.0], [1e30]], dtype=dtype)
    assert_array_equal(gaussians(X, X, 1.0), np.eye(2))
