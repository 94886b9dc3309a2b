"""Sums about a pivot against all pairs in long double, and the ways to add them up."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sphere_oracles import directions, mean_square_complement

from sklearn_kernelx.directional._sampling import sample_von_mises_fisher
from sklearn_kernelx.directional._sphere import inverse_row_norms
from sklearn_kernelx.directional._statistics import (
    about,
    centred_sums,
    combine,
    direction_statistics,
    resultant,
)

FORMS = {"dense": np.asarray, "CSR": sparse.csr_array}
RNG = np.random.default_rng(0)


def summarize(X, weights=None):
    weights = np.ones(X.shape[0]) if weights is None else weights
    sums = centred_sums(X, weights)
    return direction_statistics(sums, weights)


def concentrated(p, kappa, n=300):
    """Rows with zeros, of any length, as concentrated as told."""
    mean_direction = np.ones(p) / np.sqrt(p)
    X = sample_von_mises_fisher(mean_direction, kappa, n, 0)
    X = np.hstack([X, np.zeros((n, 3))])[:, RNG.permutation(p + 3)]
    return np.ascontiguousarray(X * RNG.uniform(0.1, 10, size=(n, 1)))


def assert_same(actual, expected, rtol=1e-12):
    actual, expected = resultant(actual), resultant(expected)
    assert_allclose(actual.direction, expected.direction, rtol=0, atol=1e-14)
    assert_allclose(actual.square, expected.square, rtol=1e-13)
    assert_allclose(actual.square_complement, expected.square_complement, rtol=rtol)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("p", [2, 3, 20, 100])
@pytest.mark.parametrize("kappa", [0.0, 10.0, 1e5, 1e9])
def test_digits_of_the_spread(form, p, kappa):
    X, weights = concentrated(p, kappa), RNG.random(300)
    units = directions(X)
    mean = (weights @ units) / np.sum(weights)
    found = resultant(summarize(form(X), weights))
    expected = float(mean_square_complement(X, weights))
    assert_allclose(found.square_complement, expected, rtol=1e-10)
    assert_allclose(found.square, float(mean @ mean), rtol=1e-12)
    direction = (mean / np.sqrt(mean @ mean)).astype(float)
    assert_allclose(found.direction, direction, rtol=0, atol=1e-13)


def test_digits_are_lost_without_a_pivot():
    """The mutant of the test above: 1 less the square of the mean's length."""
    X = concentrated(3, 1e9)
    mean = np.mean(directions(X).astype(float), axis=0)
    expected = float(mean_square_complement(X, np.ones(300)))
    assert abs((1 - mean @ mean) / expected - 1) > 1e-9


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_inverse_norms_come_with_the_sums(form):
    X = form(concentrated(9, 3.0, n=1000))
    np.testing.assert_array_equal(
        centred_sums(X, np.ones(1000)).inverse_norms, inverse_row_norms(X)
    )


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("weight_of_a_zero_row", [0.1, 9, 1e308])
def test_rows_without_direction_or_weight_are_left_out(form, weight_of_a_zero_row):
    X, weights = concentrated(5, 3.0, n=50), RNG.random(50)
    X[[0, 7]] = 0
    weights[[3, 9]] = 0
    weights[7] = weight_of_a_zero_row
    kept = np.delete(np.arange(50), [0, 3, 7, 9])
    sums = centred_sums(form(X), weights)
    kept_weights = np.where(sums.inverse_norms > 0, weights, 0)
    found = direction_statistics(sums, kept_weights)
    expected = summarize(form(X[kept]), weights[kept])
    assert_same(found, expected)
    assert found.n_samples == 46
    assert_allclose(found.effective_size, expected.effective_size)


@pytest.mark.parametrize("kappa", [0.0, 10.0, 1e9])
@pytest.mark.parametrize("cuts", [[150], [1, 299], [3, 10, 200]])
def test_parts_add_up(kappa, cuts):
    X, weights = concentrated(20, kappa), RNG.random(300)
    whole = summarize(X, weights)
    parts = [summarize(X[rows], weights[rows]) for rows in np.split(np.arange(300), cuts)]
    for order in (parts, parts[::-1]):
        total = order[0]
        for part in order[1:]:
            total = combine(total, part)
        assert_same(total, whole, rtol=1e-10)
        assert total.n_samples == 300
        assert_allclose(total.weight, whole.weight, rtol=1e-14)
        assert_allclose(total.effective_size, whole.effective_size, rtol=1e-13)


def test_a_light_outlier_does_not_become_the_pivot():
    X = concentrated(20, 1e9)
    outlier = -X[:1]
    whole = np.vstack([outlier, X])
    weights = np.concatenate([[1e-15], np.ones(300)])
    expected = float(mean_square_complement(whole, weights))
    for found in (
        summarize(whole, weights),
        combine(summarize(outlier, weights[:1]), summarize(X)),
    ):
        assert_allclose(resultant(found).square_complement, expected, rtol=1e-10)


def test_about_another_pivot_and_back():
    statistics = summarize(concentrated(5, 50.0))
    pivot = np.eye(8)[2]
    moved = about(statistics, pivot)
    np.testing.assert_array_equal(moved.pivot, pivot)
    assert_same(moved, statistics)
    assert_same(about(moved, statistics.pivot), statistics)


@pytest.mark.parametrize("exponent", [-1070, -600, 600, 1010])
def test_weights_of_any_scale(exponent):
    X, weights = concentrated(5, 3.0), RNG.integers(1, 9, size=300).astype(float)
    scaled = np.ldexp(weights, exponent)
    found, expected = summarize(X, scaled), summarize(X, weights)
    np.testing.assert_array_equal(found.offset, expected.offset)
    assert found.spread == expected.spread
    assert found.effective_size == expected.effective_size
    twice = combine(found, found)
    assert_allclose(twice.effective_size, 2 * expected.effective_size, rtol=1e-14)
    assert_same(twice, expected)


def test_weights_whose_sum_overflows():
    X = np.eye(3)
    with pytest.raises(ValueError, match="sum of sample_weight overflows"):
        summarize(X, np.full(3, 1e308))
    half = summarize(X, np.full(3, 5e307))
    with pytest.raises(ValueError, match="sum of sample_weight overflows"):
        combine(half, half)
