"""log-Bessel functions and their ratio against values of 34 digits, in every region."""

import pickle
import warnings
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import special as scipy_special

from sklearn_kernelx import special

TABLE = np.load(Path(__file__).parents[1] / "data" / "log_bessel.npz")
V, X = TABLE["v"], TABLE["x"]
UFUNCS = [getattr(special, name) for name in special.__all__]
LOGARITHMS = ["log_iv", "log_kv"]
orders = st.floats(0, 1e6)
arguments = st.floats(1e-6, 1e8)


def absolute_errors(name, values):
    high, low = TABLE[name].astype(np.longdouble)
    return np.abs((values.astype(np.longdouble) - high) - low).astype(float)


def mixed_errors(name, values):
    return absolute_errors(name, values) / np.maximum(np.abs(TABLE[name][0]), 1)


def relative_errors(name, values):
    normal = np.abs(TABLE[name][0]) > 1e-290
    return absolute_errors(name, values)[normal] / np.abs(TABLE[name][0])[normal]


def test_the_table_has_hard_rows():
    assert np.sum(np.abs(TABLE["log_iv"][0]) < 1e-3) > 50
    assert np.sum(np.abs(TABLE["log_kv"][0]) < 1e-3) > 30
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = np.log(scipy_special.ive(V, X)) + X
    assert np.mean(~np.isfinite(theirs)) > 0.1


@pytest.mark.parametrize("name", LOGARITHMS)
def test_logarithms(name):
    errors = mixed_errors(name, getattr(special, name)(V, X))
    assert np.max(errors) < 4e-15
    assert np.quantile(errors, 0.99) < 1.5e-15
    assert np.median(errors) < 1.2e-16


def test_one_order_at_a_time():
    """Orders from 20 on have a polynomial of their own."""
    x = np.geomspace(0.01, 1e5, 60)
    for v in (0.0, 0.5, 7.25, 19.5, 20.0, 31.0, 300.0, 1023.0, 1e5):
        for name in ("log_iv", "log_kv", "iv_ratio", "iv_ratio_complement"):
            ufunc = getattr(special, name)
            assert_allclose(ufunc(v, x), [ufunc(v, a) for a in x], rtol=2e-15, atol=2e-15)


def test_orders_near_zero_keep_their_digits():
    small = (V <= 1e-8) & (X <= 1) & (np.abs(TABLE["log_iv"][0]) > 1e-300)
    assert np.sum(small) > 10
    values = special.log_iv(V, X)
    relative = absolute_errors("log_iv", values) / np.abs(TABLE["log_iv"][0])
    assert np.max(relative[small]) < 1e-14


def test_ratio():
    assert np.max(relative_errors("iv_ratio", special.iv_ratio(V, X))) < 1e-15


def test_complement_of_the_ratio():
    errors = relative_errors("iv_ratio_complement", special.iv_ratio_complement(V, X))
    assert np.max(errors) < 6e-15
    # What the function is for: one minus the ratio has no digits left.
    assert (
        np.max(relative_errors("iv_ratio_complement", 1 - special.iv_ratio(V, X))) > 1e-10
    )


@settings(deadline=None)
@given(v=st.floats(0, 50), x=st.floats(1e-8, 100))
def test_small_orders_against_mpmath(v, x):
    with mpmath.workdps(60):
        for ufunc, function in (
            (special.log_iv, mpmath.besseli),
            (special.log_kv, mpmath.besselk),
        ):
            expected = mpmath.log(function(mpmath.mpf(v), mpmath.mpf(x)))
            error = abs(mpmath.mpf(float(ufunc(v, x))) - expected)
            assert error < 4e-15 * max(1, abs(expected))


def at_the_borders(rng, n):
    """Orders and arguments where one method takes over from another."""
    v = np.concatenate([rng.uniform(0, 60, 2 * n), rng.uniform(19.9, 25, 2 * n)])
    slope = rng.choice([0.5427, 0.6627, 0.7827], n) + rng.uniform(-0.005, 0.005, n)
    radius = rng.choice([25.0, 30.0], n) * (1 + rng.uniform(-1e-3, 1e-3, n))
    x = [np.sqrt(np.maximum(radius**2 - v[:n] ** 2, 1)), v[n : 2 * n] * slope]
    x += [rng.uniform(1.99, 2.01, n), v[3 * n :] * slope]
    v[2 * n : 3 * n] = rng.uniform(0, 20, n)
    return v, np.concatenate(x)


@pytest.mark.slow
def test_stated_errors_at_the_borders():
    """The bounds of the docstrings, in a search by 8000 values."""
    v, x = at_the_borders(np.random.default_rng(0), 2000)
    found = [f(v, x) for f in (special.log_iv, special.log_kv)]
    ratio, complement = special.iv_ratio(v, x), special.iv_ratio_complement(v, x)
    with mpmath.workdps(40):
        for i, (a, b) in enumerate(
            zip(map(mpmath.mpf, v), map(mpmath.mpf, x), strict=True)
        ):
            first, k = mpmath.besseli(a, b), mpmath.log(mpmath.besselk(a, b))
            exact = mpmath.besseli(a + 1, b) / first
            first = mpmath.log(first)
            assert abs(found[0][i] - first) < 7e-15 * max(1, abs(first))
            assert abs(found[1][i] - k) < 5e-15 * max(1, abs(k))
            assert abs(ratio[i] - exact) < 5e-16 * exact
            assert abs(complement[i] - (1 - exact)) < 8e-15 * (1 - exact)


@given(v=orders, x=arguments)
def test_wronskian(v, x):
    """I_v K_{v+1} + I_{v+1} K_v = 1/x."""
    first = special.log_iv(v, x) + special.log_kv(v + 1, x)
    second = special.log_iv(v + 1, x) + special.log_kv(v, x)
    scale = abs(special.log_iv(v, x)) + 10
    assert abs(np.logaddexp(first, second) + np.log(x)) < 1e-15 * 20 * scale


@given(v=orders, x=arguments)
def test_three_term_recurrence_of_the_ratio(v, x):
    """1/A_v = 2 (v + 1)/x + A_{v+1}."""
    if v < 1e5:  # beyond, v + 1 rounds
        below = 2 * (v + 1) / x + special.iv_ratio(v + 1, x)
        assert special.iv_ratio(v, x) == pytest.approx(1 / below, rel=2e-15)


@given(v=orders, x=arguments)
def test_ratio_and_complement_sum_to_one(v, x):
    total = special.iv_ratio(v, x) + special.iv_ratio_complement(v, x)
    assert total == pytest.approx(1, abs=1e-15)


def test_closed_forms_of_order_one_half():
    x = np.geomspace(1e-3, 1e3, 100)
    log_sinh = x + np.log1p(-np.exp(-2 * x)) - np.log(2)
    expected = 0.5 * np.log(2 / (np.pi * x)) + log_sinh
    assert_allclose(special.log_iv(0.5, x), expected, rtol=1e-14, atol=1e-14)
    expected = 0.5 * np.log(np.pi / (2 * x)) - x
    assert_allclose(special.log_kv(0.5, x), expected, rtol=1e-14, atol=1e-14)


def test_edges_of_the_domain():
    inf, nan = np.inf, np.nan
    v = np.array([0.0, 1.0, 30.0, inf, 2.0, inf, nan, 1.0])
    x = np.array([0.0, 0.0, 0.0, 5.0, inf, inf, 1.0, nan])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_array_equal(special.log_iv(v, x), [0, -inf, -inf, -inf, inf, nan, nan, nan])
        assert_array_equal(special.log_kv(v, x), [inf, inf, inf, inf, -inf, nan, nan, nan])
        assert_array_equal(special.iv_ratio(v, x), [0, 0, 0, 0, 1, nan, nan, nan])
        assert_array_equal(
            special.iv_ratio_complement(v, x), [1, 1, 1, 1, 0, nan, nan, nan]
        )


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_outside_the_domain(ufunc):
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(ufunc(-1.0, 0.5))
    with pytest.warns(RuntimeWarning, match="invalid value"):
        assert np.isnan(ufunc(5.0, -0.5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(ufunc(np.nan, 0.5))
        assert np.isnan(ufunc(5.0, np.nan))


def test_warnings_outlive_the_calls_of_the_loop():
    with pytest.warns(RuntimeWarning, match="invalid value"):
        special.log_iv([[-1.0], [1.0]], [1.0, 2.0])
    x = np.ones(20_000, dtype=int)
    x[0] = 0
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        special.log_kv(1, x)


def test_warnings_tell_of_infinities_only():
    with pytest.warns(RuntimeWarning, match="overflow"):
        special.log_kv(1.7e308, 1e-308)
    with pytest.warns(RuntimeWarning, match="overflow"):
        special.vmf_kappa_complement(np.float32(1e30), np.float32(1e-38))
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        special.log_kv(3.0, 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for ufunc in UFUNCS[:5]:
            ufunc(V[:, np.newaxis] + 1, X)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
def test_numbers_of_any_size(ufunc):
    """No crash, and NaN only where it belongs; many rows take every path of the loops."""
    sizes = [0, 5e-324, 1e-310, 1e-160, 1e-12, 0.7, 1, 1.5, 20, 25, 1e3, 1e10, 1e139, 1e308]
    a, b = np.meshgrid(np.array(sizes), np.array(sizes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = ufunc(a, b)
    inside = np.full(a.shape, True)
    if "vmf" in ufunc.__name__:
        inside &= a >= 1
    if "kappa" in ufunc.__name__:
        inside &= b <= 1
    assert_array_equal(np.isnan(values), ~inside)


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda f: f.__name__)
class TestUfunc:
    def arguments(self, dtype=float):
        rng = np.random.default_rng(0)
        a = rng.uniform(2, 60, (37, 1)).astype(dtype)
        return a, rng.uniform(0.01, 0.99, 101).astype(dtype)

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pickle looks everywhere
    def test_is_one(self, ufunc):
        assert isinstance(ufunc, np.ufunc)
        assert pickle.loads(pickle.dumps(ufunc)) is ufunc

    def test_broadcasting(self, ufunc):
        a, b = self.arguments()
        values = ufunc(a, b)
        assert values.shape == (37, 101)
        full = ufunc(*map(np.ascontiguousarray, np.broadcast_arrays(a, b)))
        assert_allclose(values, full, rtol=2e-14, atol=1e-15)

    def test_strides(self, ufunc):
        a, b = np.broadcast_arrays(*self.arguments())
        expected = ufunc(a, b)
        for order in ("C", "F"):
            reversed_ = ufunc(np.array(a, order=order)[::-1, ::2], b[::-1, ::2])
            assert_allclose(reversed_, expected[::-1, ::2], rtol=2e-14, atol=1e-15)

    def test_out_and_where(self, ufunc):
        a, b = self.arguments()
        out = np.full((37, 101), 7.0)
        where = np.random.default_rng(1).random((37, 101)) < 0.5
        assert ufunc(a, b, out=out, where=where) is out
        assert_array_equal(out[~where], 7)
        assert_allclose(out[where], ufunc(a, b)[where], rtol=2e-14, atol=1e-15)

    def test_in_place(self, ufunc):
        b = self.arguments()[1]
        expected = ufunc(5.0, b)
        ufunc(5.0, b, out=b)
        assert_array_equal(b, expected)

    def test_overlap(self, ufunc):
        x = np.random.default_rng(2).choice([0.3, 0.6, 0.9], 1000)
        v = np.random.default_rng(3).choice([1.0, 30.0, 0.5, 2e150], 1000)
        with np.errstate(all="ignore"):
            for shift in (1, 3):
                part = x.copy()
                expected = ufunc(v[shift:], part[shift:].copy())
                ufunc(v[shift:], part[shift:], out=part[:-shift])
                assert_allclose(part[:-shift], expected, rtol=2e-14, atol=1e-15)
                part = v.copy()
                expected = ufunc(part[shift:].copy(), x[shift:])
                ufunc(part[shift:], x[shift:], out=part[:-shift])
                assert_allclose(part[:-shift], expected, rtol=2e-14, atol=1e-15)

    def test_reductions(self, ufunc):
        b = np.array([0.9, 0.5, 0.3, 0.7])
        with np.errstate(invalid="ignore"):
            expected = [b[0]]
            for value in b[1:]:
                expected.append(ufunc(expected[-1], value))
            assert_array_equal(ufunc.accumulate(b), expected)
            assert_array_equal(ufunc.reduce(b), expected[-1])

    def test_float32(self, ufunc):
        a, b = self.arguments("float32")
        values = ufunc(a, b)
        assert values.dtype == np.float32
        exact = ufunc(a.astype(float), b.astype(float))
        assert_array_equal(values, exact.astype("float32"))

    def test_empty_and_integers(self, ufunc):
        assert ufunc(np.empty(0), 1.0).shape == (0,)
        with np.errstate(divide="ignore"):
            assert ufunc(3, 1).dtype == np.float64
