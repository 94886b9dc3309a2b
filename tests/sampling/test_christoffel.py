"""Designs over whole domains: the laws, the weights, and what they are for.

A test of a right sampler fails with probability FALSE_ALARM for a fresh seed.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from square_laws import BASES, fine_grid, weighted_cdf

from sklearn_kernelx.sampling import (
    ChebyshevBasis,
    FourierBasis,
    HermiteBasis,
    LegendreBasis,
    christoffel_design,
)
from sklearn_kernelx.sampling._christoffel import ChristoffelDomain

FALSE_ALARM = 1e-4
DESIGNS = ["iid", "leverage", "dpp", "volume", "repeated_dpp"]
N_DRAWS = 20_000


def rng_of(*seed):
    return np.random.default_rng(seed)


CHRISTOFFEL = [
    LegendreBasis(20),
    LegendreBasis(5, n_features=2),
    HermiteBasis(9),
    HermiteBasis(5, n_features=2, index_set="hyperbolic"),
    ChebyshevBasis(4, n_features=2, index_set="tensor"),
    FourierBasis(2, n_features=2),
    LegendreBasis(2, n_features=5),
]


def largest_z_score_of_gram(domain, basis, points, weights):
    """Of the deviations of mean(w phi phi') from the identity, in standard errors."""
    phi = basis.fit_transform(points)
    products = np.einsum("i,ij,ik->ijk", weights, phi, phi).reshape(len(points), -1)
    deviations = products.mean(axis=0) - np.eye(domain.n_functions).ravel()
    errors = products.std(axis=0) / np.sqrt(len(points))
    return np.max(np.abs(deviations) / (errors + 1e-9))


@pytest.mark.parametrize("basis", CHRISTOFFEL, ids=repr)
def test_weighted_features_are_orthonormal(basis):
    domain = ChristoffelDomain(basis)
    n_entries = domain.n_functions * (domain.n_functions + 1) / 2
    limit = stats.norm.isf(FALSE_ALARM / n_entries / 2)
    points = domain.draw_leverage(20_000, rng_of(1))
    assert points.shape == (20_000, domain.n_features)
    score = largest_z_score_of_gram(domain, basis, points, domain.weights(points))
    assert score < limit
    uniform = domain.draw_uniform(20_000, rng_of(2))
    mutant = largest_z_score_of_gram(domain, basis, uniform, domain.weights(uniform))
    if isinstance(basis, FourierBasis):  # its Christoffel function is constant
        assert_allclose(domain.weights(uniform), 1, rtol=1e-12)
        return
    assert mutant > limit


def test_law_of_a_coordinate_in_two_dimensions():
    """The marginal is the mixture of the squares, by how often a degree occurs."""
    basis = LegendreBasis(6, n_features=2)
    domain = ChristoffelDomain(basis)
    points = domain.draw_leverage(N_DRAWS, rng_of(5))
    x, masses = fine_grid(LegendreBasis, 6)
    squares = LegendreBasis(6).fit_transform(x[:, np.newaxis]) ** 2
    degrees = basis.fit(points).indices_
    for k in range(2):
        law = weighted_cdf(x, masses * squares[:, degrees[:, k]].mean(axis=1))
        assert stats.kstest(points[:, k], law).pvalue > FALSE_ALARM
        mutant = weighted_cdf(x, masses * squares.mean(axis=1))
        assert stats.kstest(points[:, k], mutant).pvalue < FALSE_ALARM


@pytest.mark.parametrize("basis", CHRISTOFFEL, ids=repr)
def test_unit_rows(basis):
    domain = ChristoffelDomain(basis)
    points = domain.draw_leverage(50, rng_of(1))
    rows = domain.unit_rows(points)
    phi = basis.fit_transform(points)
    norms = np.linalg.norm(phi, axis=1)
    assert_allclose(rows, phi / norms[:, np.newaxis], rtol=1e-10, atol=1e-14)
    assert_allclose(domain.weights(points), domain.n_functions / norms**2, rtol=1e-12)
    assert rows.flags.c_contiguous
    assert domain.observed(points).all()


def test_unit_rows_of_high_hermite_degrees():
    domain = ChristoffelDomain(HermiteBasis(1500))
    points = domain.draw_leverage(200, rng_of(1))
    assert np.abs(points).max() > 60
    rows = domain.unit_rows(points)
    assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-12)


def mean_z_score(make_estimate, truth, n=400):
    estimates = np.array([make_estimate(seed) for seed in range(n)])
    return abs(estimates.mean() - truth) / (estimates.std() / np.sqrt(n))


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("basis", [LegendreBasis(3, n_features=2), HermiteBasis(6)])
def test_weighted_means_are_unbiased(design, basis):
    """Of a function outside the space of the basis."""

    def function(X):
        return np.exp(X[:, 0]) * (1 if X.shape[1] == 1 else np.exp(X[:, 1]))

    def estimate(seed, use_weights=True):
        X, sample_weight = christoffel_design(basis, design=design, random_state=seed)
        return np.mean((sample_weight if use_weights else 1) * function(X))

    truth = np.sinh(1) ** 2 if isinstance(basis, LegendreBasis) else np.exp(0.5)
    limit = stats.norm.isf(FALSE_ALARM / 2)
    assert mean_z_score(estimate, truth) < limit
    if design != "iid":
        assert mean_z_score(lambda seed: estimate(seed, False), truth) > limit


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("make", BASES)
def test_shapes(design, make):
    basis = make(2, n_features=3)
    m = ChristoffelDomain(basis).n_functions
    X, sample_weight = christoffel_design(basis, design=design, random_state=0)
    assert X.shape == (m if design == "dpp" else 4 * m, 3)
    assert sample_weight.shape == (len(X),)
    assert np.all(np.isfinite(X)) and np.all(sample_weight > 0)
    again, _ = christoffel_design(basis, design=design, random_state=0)
    assert_array_equal(X, again)
    other, _ = christoffel_design(basis, design=design, random_state=1)
    assert np.all(other != X)
    exact, _ = christoffel_design(basis, m, design=design, random_state=0)
    assert exact.shape == (m, 3)
    if design == "iid":
        assert_array_equal(sample_weight, 1)
    if make in (LegendreBasis, ChebyshevBasis):
        assert np.abs(X).max() <= 1
    if make is FourierBasis:
        assert X.min() >= 0 and X.max() < 1
        assert_allclose(sample_weight, 1, rtol=1e-12)


def test_a_fitted_basis_brings_its_features():
    basis = LegendreBasis(2, n_features=7).fit(np.zeros((1, 2)))
    assert christoffel_design(basis)[0].shape == (24, 2)
    unfitted = LegendreBasis(2, n_features=3)
    assert christoffel_design(unfitted)[0].shape == (40, 3)
    assert not hasattr(unfitted, "indices_")


def test_least_squares_recovers_functions_of_the_space():
    basis = HermiteBasis(8, n_features=2)
    X, sample_weight = christoffel_design(basis, 50, random_state=0)
    phi = basis.fit_transform(X)
    coefficients = np.random.default_rng(0).standard_normal(phi.shape[1])
    root = np.sqrt(sample_weight)
    found, *_ = np.linalg.lstsq(root[:, np.newaxis] * phi, root * (phi @ coefficients))
    assert_allclose(found, coefficients, rtol=1e-9)


@pytest.mark.parametrize(
    "basis, arguments, error, message",
    [
        ("legendre", {}, TypeError, "basis must be a LegendreBasis"),
        (LegendreBasis, {}, TypeError, "basis must be a LegendreBasis"),
        (LegendreBasis(degree=-1), {}, ValueError, "'degree' parameter"),
        (LegendreBasis(n_features="a"), {}, ValueError, "'n_features' parameter"),
        (LegendreBasis(), {"n_samples": 2}, ValueError, "n_samples=2 is too few for 3"),
        (LegendreBasis(), {"n_samples": 3.0}, TypeError, "n_samples must be an instance"),
        (LegendreBasis(), {"n_samples": 6, "design": "dpp"}, ValueError, "exactly 3"),
        (LegendreBasis(), {"design": "grid"}, ValueError, "design must be one of iid, lev"),
        (
            HermiteBasis(450),
            {"design": "leverage"},
            ValueError,
            "lower the degree",
        ),
        (
            HermiteBasis(900),
            {"design": "leverage"},
            ValueError,
            "lower the degree",
        ),
    ],
)
def test_errors(basis, arguments, error, message):
    with pytest.raises(error, match=message):
        christoffel_design(basis, **arguments, random_state=0)


def test_the_highest_hermite_degrees_have_weights():
    _, sample_weight = christoffel_design(
        HermiteBasis(340), design="leverage", random_state=0
    )
    assert np.all(sample_weight > 0)


@pytest.mark.parametrize("basis", [LegendreBasis(4, n_features=10)])
def test_ten_features(basis):
    """m = 1001: memory and time stay far from those of a grid."""
    X, sample_weight = christoffel_design(basis, design="dpp", random_state=0)
    assert X.shape == (1001, 10)
    assert len(np.unique(X[:, 0])) == 1001
    phi = np.sqrt(sample_weight)[:, np.newaxis] * basis.fit_transform(X)
    assert np.linalg.cond(phi) < 1e6
