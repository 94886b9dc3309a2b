"""Bases: right to the last digits, orthonormal, in the promised order."""

from itertools import pairwise, product
from math import comb, prod

import mpmath
import numpy as np
import pytest
from basis_oracles import exact_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sklearn_kernelx.sampling import (
    ChebyshevBasis,
    FourierBasis,
    HermiteBasis,
    LegendreBasis,
)
from sklearn_kernelx.sampling._index_sets import (
    INDEX_SETS,
    count_multi_indices,
    degrees_of,
    multi_indices,
)

POLYNOMIALS = {
    "legendre": LegendreBasis,
    "hermite": HermiteBasis,
    "chebyshev": ChebyshevBasis,
}
BASES = [*POLYNOMIALS.values(), FourierBasis]
BELONGS = {
    "total": lambda degrees, p: sum(degrees) <= p,
    "hyperbolic": lambda degrees, p: prod(a + 1 for a in degrees) <= p + 1,
    "tensor": lambda degrees, p: max(degrees) <= p,
}


def column(x):
    return np.asarray(x, dtype=np.float64)[:, np.newaxis]


@pytest.mark.parametrize("index_set", INDEX_SETS)
@pytest.mark.parametrize("degree", range(6))
@pytest.mark.parametrize("n_features", [1, 2, 3])
@pytest.mark.parametrize("n_per_degree", [1, 2])
def test_index_sets(index_set, degree, n_features, n_per_degree):
    wanted = {
        numbers
        for numbers in product(range(n_per_degree * degree + 1), repeat=n_features)
        if BELONGS[index_set](degrees_of(np.array(numbers), n_per_degree), degree)
    }
    found = multi_indices(index_set, degree, n_features, n_per_degree)
    assert set(map(tuple, found.tolist())) == wanted
    assert len(found) == len(wanted)
    assert count_multi_indices(index_set, degree, n_features, n_per_degree) == len(wanted)
    total = degrees_of(found, n_per_degree).sum(axis=1)
    assert np.all(np.diff(total) >= 0)
    assert not found[0].any()
    if n_per_degree == 1:
        for (before, here), (t, u) in zip(
            pairwise(found.tolist()), pairwise(total), strict=True
        ):
            assert t < u or before > here


@pytest.mark.parametrize("degree, n_features", [(3, 2), (2, 4), (5, 1)])
def test_order_of_polynomial_features(degree, n_features):
    X = np.zeros((1, n_features))
    theirs = PolynomialFeatures(degree).fit(X)
    assert_array_equal(LegendreBasis(degree).fit(X).indices_, theirs.powers_)


@pytest.mark.parametrize("n_features", range(1, 11))
def test_sizes_in_many_features(n_features):
    basis = LegendreBasis(4).fit(np.zeros((1, n_features)))
    assert basis.n_output_features_ == comb(4 + n_features, 4)
    assert basis.indices_.shape == (basis.n_output_features_, n_features)


@pytest.mark.parametrize(
    "basis, n_features, m, remedy",
    [
        (LegendreBasis(9, index_set="tensor"), 10, 10**10, "index_set='hyperbolic'"),
        (FourierBasis(9, index_set="tensor"), 10, 19**10, "index_set='total'"),
        (HermiteBasis(30), 20, comb(50, 20), "index_set='hyperbolic'"),
        (ChebyshevBasis(2000, index_set="hyperbolic"), 30, None, "use a lower degree"),
    ],
)
def test_too_many_functions_are_refused(basis, n_features, m, remedy):
    m = m or count_multi_indices("hyperbolic", 2000, 30)
    with pytest.raises(ValueError, match=f"m = {m} functions") as caught:
        basis.fit(np.zeros((1, n_features)))
    assert remedy in str(caught.value)


def test_oracle():
    """Against the functions of mpmath, which are slower and another way."""
    with mpmath.workdps(60):
        x = mpmath.mpf(0.37)
        theirs = {
            "legendre": mpmath.sqrt(401) * mpmath.legendre(200, x),
            "chebyshev": mpmath.sqrt(2) * mpmath.chebyt(200, x),
            "hermite": mpmath.hermite(200, x / mpmath.sqrt(2))
            / mpmath.sqrt(mpmath.mpf(2) ** 200 * mpmath.factorial(200)),
        }
        for family, value in theirs.items():
            assert abs(exact_values(family, 200, 0.37)[200] / value - 1) < 1e-30


@pytest.mark.parametrize("family, degree", [(f, p) for f in POLYNOMIALS for p in (30, 250)])
def test_accuracy(family, degree):
    scale = 2 * np.sqrt(degree) if family == "hermite" else 1
    x = scale * np.linspace(-0.95, 0.95, 15)
    found = POLYNOMIALS[family](degree).fit_transform(column(x))
    for point, row in zip(x, found, strict=True):
        wanted = np.array([float(v) for v in exact_values(family, degree, point)])
        assert_allclose(row, wanted, rtol=0, atol=4e-14 * np.abs(wanted).max())


@pytest.mark.parametrize("family", ["legendre", "chebyshev"])
@pytest.mark.parametrize("degree", [200, 2000])
def test_accuracy_near_the_ends(family, degree):
    """As if the point were moved by less than two units in the last place."""
    x = 1 - np.r_[0, np.geomspace(1e-16, 0.1, 12)]
    x = np.r_[x, -x]
    found = POLYNOMIALS[family](degree).fit_transform(column(x))
    for point, row in zip(x, found, strict=True):
        wanted = np.array([float(v) for v in exact_values(family, degree, point)])
        # Markov: |p'| <= degree^2 max |p|.
        bound = 4e-16 * degree**2 * np.sqrt(2 * degree + 1)
        assert_allclose(row, wanted, rtol=0, atol=bound)


def test_accuracy_of_degree_2000_inside():
    x = np.linspace(-0.9, 0.9, 7)
    found = LegendreBasis(2000).fit_transform(column(x))
    for point, row in zip(x, found, strict=True):
        wanted = [float(v) for v in exact_values("legendre", 2000, point)]
        assert_allclose(row, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("degree", [1, 20, 500])
@pytest.mark.parametrize("shift", [0.0, -1.0, 2.0**20])
def test_accuracy_of_sines(degree, shift):
    x = shift + np.r_[0, 0.25, 1 / 3, 0.5, np.random.default_rng(0).random(10)]
    found = FourierBasis(degree).fit_transform(column(x))
    with mpmath.workdps(40):
        for point, row in zip(x, found, strict=True):
            angles = [2 * mpmath.pi * k * mpmath.mpf(point) for k in range(1, degree + 1)]
            root = mpmath.sqrt(2)
            wanted = [float(root * f(a)) for a in angles for f in (mpmath.cos, mpmath.sin)]
            assert_allclose(row, [1, *wanted], rtol=0, atol=1e-15)


def quadrature(basis, n):
    """Points and weights exact for products of functions up to degree n - 1 each."""
    if isinstance(basis, LegendreBasis):
        x, w = np.polynomial.legendre.leggauss(n)
    elif isinstance(basis, HermiteBasis):
        x, w = np.polynomial.hermite_e.hermegauss(n)
    elif isinstance(basis, ChebyshevBasis):
        x, w = np.polynomial.chebyshev.chebgauss(n)
    else:
        x, w = np.arange(2 * n + 1) / (2 * n + 1), np.ones(2 * n + 1)
    return x, w / w.sum()


@pytest.mark.parametrize("make", BASES)
@pytest.mark.parametrize("degree, n_features", [(60, 1), (8, 2), (4, 3)])
@pytest.mark.parametrize("index_set", INDEX_SETS)
def test_orthonormality(make, degree, n_features, index_set):
    basis = make(degree, index_set=index_set)
    x, w = quadrature(basis, degree + 1)
    X = np.stack(np.meshgrid(*[x] * n_features), axis=-1).reshape(-1, n_features)
    weights = np.ones(1)
    for _ in range(n_features):
        weights = np.multiply.outer(weights, w).ravel()
    phi = basis.fit_transform(X)
    assert_array_equal(phi[:, 0], 1)
    assert_allclose(
        phi.T @ (weights[:, np.newaxis] * phi), np.eye(phi.shape[1]), atol=1e-12
    )


@pytest.mark.parametrize("make", BASES)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_features_are_products(make, data):
    degree = data.draw(st.integers(0, 6))
    n_features = data.draw(st.integers(1, 4))
    index_set = data.draw(st.sampled_from(INDEX_SETS))
    X = np.random.default_rng(degree).uniform(-1, 1, (9, n_features))
    basis = make(degree, index_set=index_set).fit(X)
    one = [make(degree).fit_transform(X[:, [k]]) for k in range(n_features)]
    wanted = np.ones((9, basis.n_output_features_))
    for k in range(n_features):
        wanted *= one[k][:, basis.indices_[:, k]]
    assert_allclose(basis.transform(X), wanted, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("make", POLYNOMIALS.values())
def test_polynomials_are_even_or_odd(make):
    X = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    basis = make(5).fit(X)
    signs = np.where(basis.indices_.sum(axis=1) % 2, -1, 1)
    assert_array_equal(basis.transform(-X), signs * basis.transform(X))


@pytest.mark.parametrize("make", BASES)
def test_float32(make):
    X = np.random.default_rng(0).uniform(-1, 1, (50, 3)).astype(np.float32)
    basis = make(6).fit(X)
    single, double = basis.transform(X), basis.transform(X.astype(np.float64))
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    assert_allclose(single, double, rtol=1e-6, atol=1e-6)


def test_points_outside_are_evaluated_as_polynomials():
    X = np.array([[-3.0], [1.5], [40.0]])
    x = X.ravel()
    found = ChebyshevBasis(3).fit_transform(X)
    assert_allclose(found[:, 3], np.sqrt(2) * (4 * x**3 - 3 * x), rtol=1e-14)
    found = LegendreBasis(3).fit_transform(X)
    assert_allclose(found[:, 3], np.sqrt(7) * (5 * x**3 - 3 * x) / 2, rtol=1e-14)


def test_the_fourier_basis_has_period_one():
    X = np.random.default_rng(0).integers(0, 2**20, (20, 2)) / 2**20
    basis = FourierBasis(30).fit(X)
    assert_array_equal(basis.transform(X), basis.transform(X + 12345))


@pytest.mark.parametrize("make", POLYNOMIALS.values())
@pytest.mark.parametrize("value, dtype", [(1e200, np.float64), (1e20, np.float32)])
def test_overflow_is_refused(make, value, dtype):
    X = np.full((3, 2), value, dtype=dtype)
    with pytest.raises(ValueError, match=r"X is so far outside .* rescale X into"):
        make(2).fit_transform(X)


def test_names():
    X = np.zeros((1, 2))
    names = LegendreBasis(2).fit(X).get_feature_names_out(["a", "b"])
    assert list(names) == ["1", "P1(a)", "P1(b)", "P2(a)", "P1(a) P1(b)", "P2(b)"]
    names = FourierBasis(1, index_set="tensor").fit(X).get_feature_names_out()
    assert names[5] == "cos(2 pi 1 x0) cos(2 pi 1 x1)"
    assert names[-1] == "sin(2 pi 1 x0) sin(2 pi 1 x1)"
    assert HermiteBasis(1).fit(X).get_feature_names_out()[1] == "He1(x0)"
    assert ChebyshevBasis(1).fit(X).get_feature_names_out()[2] == "T1(x1)"


@pytest.mark.parametrize("make", BASES)
def test_a_fitted_basis_keeps_its_functions(make):
    X = np.random.default_rng(0).uniform(-1, 1, (5, 2))
    basis = make(3, n_features=7).fit(X)
    before = basis.transform(X)
    assert_array_equal(basis.set_params(degree=1).transform(X), before)


@pytest.mark.parametrize("make", BASES)
@pytest.mark.parametrize(
    "parameters", [{"degree": -1}, {"n_features": 0}, {"index_set": "all"}, {"degree": 1.5}]
)
def test_wrong_parameters(make, parameters):
    with pytest.raises(ValueError, match=f"The '{next(iter(parameters))}' parameter"):
        make(**parameters).fit(np.zeros((2, 2)))


def test_grid_search_over_the_degree():
    X = np.random.default_rng(0).uniform(-1, 1, (200, 1))
    y = np.polynomial.legendre.legval(X.ravel(), [0, 0, 0, 0, 1])
    model = make_pipeline(LegendreBasis(), Ridge(1e-8, fit_intercept=False))
    search = GridSearchCV(model, {"legendrebasis__degree": [1, 2, 3, 4]}).fit(X, y)
    assert search.best_params_ == {"legendrebasis__degree": 4}
