"""The normaliser and the concentration of the von Mises-Fisher distribution."""

from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special

from sklearn_kernelx.special import (
    iv_ratio,
    iv_ratio_complement,
    log_iv,
    log_vmf_normalizer,
    log_vmf_peak,
    vmf_kappa,
    vmf_kappa_complement,
)

TABLE = np.load(Path(__file__).parents[1] / "data" / "log_bessel.npz")
dimensions = st.one_of(st.integers(2, 5000).map(float), st.floats(2, 2e6))
EPS = np.finfo(float).eps


def test_normalizer():
    high, low = TABLE["log_vmf_normalizer"].astype(np.longdouble)
    p = 2 * TABLE["v"] + 2
    exact_p = 0.5 * p - 1 == TABLE["v"]  # not so for the tiny orders
    values = log_vmf_normalizer(p, TABLE["x"]).astype(np.longdouble)
    errors = np.abs((values - high) - low) / np.maximum(np.abs(high), 1)
    assert np.sum(exact_p) > 500
    assert np.sum(np.abs(high[exact_p]) < 1e-3) > 20
    assert np.max(errors[exact_p]) < 1.5e-15
    # What the function is for: the sum of its terms has no such digits.
    v, x = TABLE["v"], TABLE["x"]
    with np.errstate(all="ignore"):
        total = v * np.log(x) - (v + 1) * np.log(2 * np.pi) - log_iv(v, x)
    assert (
        np.max(np.abs(total - high)[exact_p] / np.maximum(np.abs(high), 1)[exact_p]) > 1e-10
    )


def test_normalizer_without_concentration_is_the_area():
    p = np.arange(1, 400)
    area = [
        mpmath.log(2 * mpmath.pi ** (mpmath.mpf(k) / 2) / mpmath.gamma(mpmath.mpf(k) / 2))
        for k in p.tolist()
    ]
    assert_allclose(
        log_vmf_normalizer(p, 0), -np.array(area, float), rtol=1e-15, atol=1e-15
    )


def test_peak_is_the_sum_without_cancellation():
    p, kappa = 2 * TABLE["v"] + 2, TABLE["x"]
    total = log_vmf_normalizer(p, kappa) + kappa
    size = np.abs(log_vmf_normalizer(p, kappa)) + kappa + 1
    assert np.all(np.abs(log_vmf_peak(p, kappa) - total) < 1e-15 * size)
    kappa = np.array([1e3, 1e9, 1e100, 1e300])  # p = 3: C = kappa/(2 pi (1 - e^-2kappa))
    assert_allclose(log_vmf_peak(3, kappa), np.log(kappa / (2 * np.pi)), rtol=4e-16)


def test_normalizer_on_two_points():
    """p = 1: C = 1/(2 cosh kappa)."""
    kappa = np.geomspace(1e-3, 1e4, 200)
    expected = -np.logaddexp(kappa, -kappa)
    assert_allclose(log_vmf_normalizer(1, kappa), expected, rtol=1e-15)
    peak = -np.log1p(np.exp(-2 * kappa))
    assert_allclose(log_vmf_peak(1, kappa), peak, rtol=1e-15)


@given(p=dimensions, kappa=st.floats(1e-5, 1e8))
def test_slope_of_the_normalizer_is_minus_the_ratio(p, kappa):
    step = 1e-4 * kappa
    rise = log_vmf_normalizer(p, kappa + step) - log_vmf_normalizer(p, kappa - step)
    ratio = iv_ratio(p / 2 - 1, kappa)
    noise = 4e-16 * (abs(log_vmf_normalizer(p, kappa)) + 1) / step
    assert -rise / (2 * step) == pytest.approx(ratio, rel=1e-7, abs=4 * noise)


def condition_number(p, kappa):
    """A/(kappa A')."""
    a, c = iv_ratio(p / 2 - 1, kappa), iv_ratio_complement(p / 2 - 1, kappa)
    with mpmath.workdps(60):
        x, nu = mpmath.mpf(kappa), (mpmath.mpf(p) - 1) / 2
        t = mpmath.sqrt(x * x + nu * nu)
        slope = nu / (t * (nu + t))  # of w, within 1/nu of that of A
        return float(mpmath.mpf(float(a)) / (x * slope)) if c > 0 else np.inf


@given(p=dimensions, kappa=st.floats(1e-10, 1e8))
def test_kappa_inverts_the_ratio(p, kappa):
    r = iv_ratio(p / 2 - 1, kappa)
    assume(1e-6 <= r <= 1 - 1e-6)
    error = abs(vmf_kappa(p, r) / kappa - 1)
    assert error <= 10 * EPS * max(1, condition_number(p, kappa))


@given(p=dimensions, kappa=st.floats(1e-3, 1e9))
def test_kappa_from_the_complement_keeps_all_digits(p, kappa):
    c = iv_ratio_complement(p / 2 - 1, kappa)
    assume(0 < c < 0.5)
    assert vmf_kappa_complement(p, c) == pytest.approx(kappa, rel=3e-14)


def test_kappa_of_extreme_lengths():
    p = 10.0
    with np.errstate(divide="ignore"):
        assert_array_equal(vmf_kappa(p, [0, 1]), [0, np.inf])
        assert_array_equal(vmf_kappa_complement(p, [1, 0]), [0, np.inf])
    tiny = np.array([1e-300, 1e-100, 1e-21, 1e-19])
    assert_allclose(vmf_kappa(p, tiny), p * tiny, rtol=1e-15)
    assert_allclose(vmf_kappa_complement(p, tiny), (p - 1) / 2 / tiny, rtol=1e-15)


def test_kappa_on_two_points_and_in_fractional_dimensions():
    r = np.linspace(0.01, 0.99, 99)
    assert_allclose(vmf_kappa(1, r), np.arctanh(r), rtol=1e-14)
    kappa = np.geomspace(1e-3, 300, 50)
    for p in (1.001, 1.3, 1.9, 2.5):
        r = special.ive(p / 2, kappa) / special.ive(p / 2 - 1, kappa)
        condition = 1 / (1 - r)
        error = np.abs(vmf_kappa(p, r) / kappa - 1)
        assert np.all(error < 1e-13 * np.maximum(1, kappa * condition))


def test_kappa_of_many_lengths_is_monotone():
    r = np.linspace(0, 1, 10_001)[:-1]
    for p in (1, 1.5, 2, 3, 10, 41, 43, 256, 32768):
        assert np.all(np.diff(vmf_kappa(p, r)) > 0)
