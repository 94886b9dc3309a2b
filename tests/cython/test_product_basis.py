"""Products of orthonormal polynomials against the recurrence in extended precision."""

import mpmath
import numpy as np
import pytest
from basis_oracles import FAMILIES, exact_values
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx._cython import _product_basis
from sklearn_kernelx.sampling import _polynomials
from sklearn_kernelx.sampling._index_sets import multi_indices, product_tree


def recurrence_of(family, degree):
    return getattr(_polynomials, f"{family}_recurrence")(degree)


def products(X, family, degree, index_set="total"):
    """By the compiled loop, with its working space."""
    indices = multi_indices(index_set, degree, X.shape[1])
    tree = product_tree(indices, degree + 1)
    lanes = _product_basis.N_LANES
    out = np.full((len(X), len(indices)), np.nan, dtype=X.dtype)
    _product_basis.polynomial_products(
        X,
        *recurrence_of(family, degree),
        *tree,
        np.empty((X.shape[1] * (degree + 1), lanes)),
        np.empty((len(indices), lanes)),
        out,
    )
    return indices, out


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("degree", [0, 1, 2, 7])
@pytest.mark.parametrize("n_samples", [1, 7, 8, 9, 20])
def test_products(family, degree, n_samples):
    X = np.random.default_rng(degree).uniform(-1, 1, (n_samples, 3))
    indices, out = products(X, family, degree)
    for i, row in enumerate(X):
        values = [exact_values(family, degree, x) for x in row]
        wanted = [
            float(mpmath.fprod(v[a] for v, a in zip(values, index, strict=True)))
            for index in indices
        ]
        assert_allclose(out[i], wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("family", FAMILIES)
def test_float32_is_rounded_once(family):
    X = np.random.default_rng(0).uniform(-1, 1, (9, 3)).astype(np.float32)
    _, single = products(X, family, 6)
    _, double = products(X.astype(np.float64), family, 6)
    assert_array_equal(single, double.astype(np.float32))


def test_tables_that_are_given():
    rng = np.random.default_rng(0)
    given = rng.standard_normal((11, 6))
    given[:, [0, 3]] = 1
    indices = multi_indices("tensor", 2, 2)
    tree = product_tree(indices, 3)
    lanes = _product_basis.N_LANES
    out = np.empty((11, len(indices)))
    space = np.empty((6, lanes)), np.empty((len(indices), lanes))
    _product_basis.table_products(given, *tree, *space, out)
    assert_allclose(out, given[:, indices[:, 0]] * given[:, 3 + indices[:, 1]], rtol=1e-15)


@pytest.mark.parametrize("degree", [0, 1, 30, 1500])
def test_directions_where_the_polynomials_overflow(degree):
    """At degree 1500 the polynomials reach 1e650 near their last zero."""
    x = np.array([0.0, 1.3, -0.9, 2.0]) * np.sqrt(degree + 1)
    indices = np.arange(degree + 1)[:, np.newaxis]
    recurrence = recurrence_of("hermite", degree)
    out = np.empty((len(x), degree + 1))
    _product_basis.polynomial_directions(
        x[:, np.newaxis], *recurrence, indices, np.empty(degree + 1), out
    )
    for point, row in zip(x, out, strict=True):
        values = exact_values("hermite", degree, point)
        norm = mpmath.sqrt(mpmath.fsum(v * v for v in values))
        wanted = np.array([float(v / norm) for v in values])
        assert_allclose(row, wanted, rtol=0, atol=2e-13)
    assert_allclose(np.linalg.norm(out, axis=1), 1, rtol=1e-14)


@pytest.mark.parametrize("family", FAMILIES)
def test_directions_of_products(family):
    X = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    indices, rows = products(X, family, 5)
    out = np.empty_like(rows)
    _product_basis.polynomial_directions(
        X, *recurrence_of(family, 5), indices, np.empty(18), out
    )
    wanted = rows / np.linalg.norm(rows, axis=1)[:, np.newaxis]
    assert_allclose(out, wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("degree", [0, 1, 30, 1500])
def test_single_values_with_an_exponent(degree):
    x = np.array([0.3, 1.9]) * np.sqrt(degree + 1)
    values, exponents = np.empty(2), np.empty(2)
    _product_basis.polynomial_values(
        x, np.array([degree, degree]), *recurrence_of("hermite", degree), values, exponents
    )
    for k in range(2):
        wanted = exact_values("hermite", degree, x[k])[degree]
        found = mpmath.mpf(values[k]) * mpmath.mpf(2) ** int(exponents[k])
        assert abs(found / wanted - 1) < 1e-11
    assert (exponents[1] > 0) == (degree == 1500)
