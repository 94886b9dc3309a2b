"""Ratios of elementary symmetric polynomials and what follows from them, against mpmath."""

from itertools import combinations
from math import prod

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from sklearn_kernelx._cython import _elementary_symmetric as elementary_symmetric

SPANS = {"equal": 0, "narrow": 1, "rank": 14, "all doubles": 300}


def numbers_of(span, n, seed=0):
    return 10 ** np.random.default_rng(seed).uniform(-span, span, size=n)


def ratios_of(numbers, size):
    ratios = np.full((len(numbers), size), np.nan)
    elementary_symmetric.polynomial_ratios(numbers, ratios)
    return ratios


def shares_of(numbers, size):
    shares = np.full(len(numbers), np.nan)
    elementary_symmetric.shares_by_product(
        numbers, ratios_of(numbers, size), np.empty(size + 1), shares
    )
    return shares


def exact_polynomials(numbers, size):
    """Row n: e_0 to e_size of the first n numbers, in 50 digits and any magnitude."""
    with mpmath.workdps(50):
        row = [mpmath.mpf(1)] + [mpmath.mpf(0)] * size
        yield row
        for x in map(mpmath.mpf, numbers):
            row = [row[0]] + [row[k] + x * row[k - 1] for k in range(1, size + 1)]
            yield row


def exact_shares(numbers, size):
    """x[n] e_(size - 1)(all others) / e_size."""
    *_, total = exact_polynomials(numbers, size)
    for n, x in enumerate(numbers):
        *_, others = exact_polynomials(np.delete(numbers, n), size)
        yield float(mpmath.mpf(x) * others[size - 1] / total[size])


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
@pytest.mark.parametrize("n, size", [(40, 12), (25, 25), (7, 1)])
def test_ratios(span, n, size):
    numbers = numbers_of(span, n)
    expected = [
        [float(row[k] / row[k - 1]) if row[k - 1] else 0 for k in range(1, size + 1)]
        for row in exact_polynomials(numbers, size)
    ]
    found = ratios_of(numbers, size)
    np.testing.assert_allclose(found, expected[:-1], rtol=1e-13, atol=0)


def test_ratios_that_need_care():
    """A number far above or below both ratios that it meets."""
    for numbers in ([1e-300, 1e300, 1e300, 1e-300, 1], [1e300, 1e-300, 1e-300, 1e300, 1]):
        expected = [
            [float(row[k] / row[k - 1]) if row[k - 1] else 0 for k in range(1, 5)]
            for row in exact_polynomials(numbers, 4)
        ]
        found = ratios_of(np.array(numbers), 4)
        np.testing.assert_allclose(found, expected[:-1], rtol=1e-14, atol=0)


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
@pytest.mark.parametrize("n, size", [(12, 5), (12, 11), (12, 12), (12, 1)])
def test_shares(span, n, size):
    numbers = numbers_of(span, n)
    expected = list(exact_shares(numbers, size))
    np.testing.assert_allclose(shares_of(numbers, size), expected, rtol=1e-13, atol=1e-307)


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
def test_shares_of_many(span):
    numbers = numbers_of(span, 5000)
    shares = shares_of(numbers, 2000)
    assert np.sum(shares) == pytest.approx(2000, rel=1e-12)
    assert np.all((shares >= 0) & (shares <= 1 + 1e-12))
    order = np.argsort(numbers)
    np.testing.assert_allclose(
        shares_of(numbers[order], 2000), shares[order], rtol=1e-10, atol=1e-300
    )
    assert np.all(np.diff(shares[order]) >= -1e-12)


@given(
    exponents=st.lists(st.floats(-20, 20), min_size=1, max_size=12),
    data=st.data(),
)
@settings(max_examples=50, deadline=None)
def test_scale_does_not_matter(exponents, data):
    numbers = 10.0 ** np.array(exponents)
    size = data.draw(st.integers(1, len(numbers)))
    shares = shares_of(numbers, size)
    np.testing.assert_array_equal(shares_of(numbers * 2.0**300, size), shares)
    assert np.sum(shares) == pytest.approx(size)


def chosen(numbers, size, uniforms):
    places = np.empty(size, dtype=np.intp)
    elementary_symmetric.choose_by_product(
        numbers, ratios_of(numbers, size), uniforms, places
    )
    return places


def test_law_of_choice():
    # False-alarm rate 1e-3. The mutant, numbers kept in proportion to themselves until
    # there are enough, must fail.
    numbers, size, n_draws = np.array([0.1, 5, 1, 2, 0.5, 3]), 3, 20_000
    rng = np.random.default_rng(0)
    sets = list(combinations(range(6), size))
    law = np.array([prod(numbers[list(s)]) for s in sets])

    def p_value(draw):
        counts = dict.fromkeys(sets, 0)
        for _ in range(n_draws):
            counts[tuple(sorted(draw()))] += 1
        return chisquare(list(counts.values()), n_draws * law / np.sum(law)).pvalue

    shares = numbers / np.sum(numbers)
    assert p_value(lambda: chosen(numbers, size, rng.random(6))) > 1e-3
    assert p_value(lambda: rng.choice(6, size, replace=False, p=shares)) < 1e-3


@pytest.mark.parametrize("uniform", [0, 1 - 2**-53])
@pytest.mark.parametrize("size", [1, 3, 6])
def test_extreme_uniforms(uniform, size):
    for seed in range(20):
        numbers = numbers_of(1, 6, seed)
        places = chosen(numbers, size, np.full(6, float(uniform)))
        first = 6 - size if uniform == 0 else 0
        np.testing.assert_array_equal(places, np.arange(first, first + size))
