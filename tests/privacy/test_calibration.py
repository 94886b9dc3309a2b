"""Noise for a guarantee: exact curves at 50 digits, brute force on lattices, mutants."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_kernelx.privacy import _calibration as calibration
from sklearn_kernelx.privacy._arguments import exact
from sklearn_kernelx.privacy._calibration import (
    discrete_gaussian_delta,
    discrete_gaussian_variance,
    discrete_laplace_scale,
    gaussian_delta,
    gaussian_rho,
    gaussian_sigma,
    l2_norm_scale,
    pure_rho,
    zcdp_delta,
    zcdp_epsilon,
    zcdp_rho,
)
from sklearn_kernelx.privacy._sensitivity import (
    lattice_l1_from_l2,
    lattice_l2_squared,
)

EPSILONS = [1e-3, 0.01, 0.1, 0.5, 1.0, 3.0, 8.0, 20.0]
DELTAS = [1e-12, 1e-9, 1e-6, 1e-3, 0.1]
GUARANTEES = list(itertools.product(EPSILONS, DELTAS))


def reference_delta(epsilon, sigma, sensitivity=1):
    """Balle and Wang (2018), Theorem 8, at 50 digits and more where terms cancel."""
    with mpmath.workdps(80):
        epsilon, mu = mpmath.mpf(epsilon), mpmath.mpf(sensitivity) / mpmath.mpf(sigma)
        first = mpmath.ncdf(mu / 2 - epsilon / mu)
        return first - mpmath.exp(epsilon) * mpmath.ncdf(-mu / 2 - epsilon / mu)


def lattice_law(variance, m, reach):
    """Probabilities of N_Z(0, variance)^m on a box, and its points."""
    z = np.arange(-reach, reach + 1)
    p = np.exp(-(z**2) / (2 * variance))
    p /= p.sum()
    law = p
    for _ in range(m - 1):
        law = np.multiply.outer(law, p)
    return law


def brute_force_delta(epsilon, variance, shift):
    """The curve of discrete Gaussian noise for one shift, summed over the lattice."""
    shift = np.asarray(shift)
    # Twice the box: the shifted law is zero beyond its own, where P is below 1e-30.
    reach = int(13 * math.sqrt(variance)) + int(np.abs(shift).max()) + 1
    law = lattice_law(variance, len(shift), reach)
    moved = np.roll(law, shift, axis=range(len(shift)))
    return np.maximum(law - math.exp(epsilon) * moved, 0).sum()


# --------------------------------------------------------------- continuous Gaussian


@pytest.mark.parametrize(("epsilon", "delta"), GUARANTEES)
def test_sigma_holds_and_is_tight(epsilon, delta):
    sigma = gaussian_sigma(epsilon, delta)
    assert reference_delta(epsilon, sigma) <= mpmath.mpf(delta)
    assert reference_delta(epsilon, sigma * (1 - 1e-9)) > mpmath.mpf(delta)
    assert reference_delta(epsilon, sigma / 1.01) > mpmath.mpf(delta)


@settings(max_examples=150, deadline=None)
@given(
    st.floats(-9, 3).map(lambda e: 10**e),
    st.floats(-30, -1).map(lambda e: 10**e),
    st.floats(-30, 30).map(lambda e: 10**e),
)
def test_sigma_holds_everywhere(epsilon, delta, sensitivity):
    sigma = gaussian_sigma(epsilon, delta, sensitivity)
    assert reference_delta(epsilon, sigma, sensitivity) <= mpmath.mpf(delta)
    assert reference_delta(epsilon, sigma * (1 - 1e-9), sensitivity) > mpmath.mpf(delta)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(-8, 3).map(lambda e: 10**e),
    st.floats(-3, 3).map(lambda e: 10**e),
)
def test_curve_is_an_upper_bound(epsilon, mu):
    delta = gaussian_delta(epsilon, 1 / mu)
    exactly = reference_delta(epsilon, 1 / mu)
    assert delta >= exactly
    excess = 2e-12 + 2.0**-49 * (epsilon / mu + mu) ** 2
    if exactly > 1e-300:
        assert delta <= exactly * (1 + excess)


def test_curve_is_monotone():
    sigmas = np.geomspace(0.01, 1e4, 200)
    for epsilon in [0.0, 1e-3, 1.0, 20.0]:
        deltas = [gaussian_delta(epsilon, sigma) for sigma in sigmas]
        assert all(b <= a for a, b in itertools.pairwise(deltas))


def test_sigma_is_monotone():
    table = [[gaussian_sigma(e, d) for d in DELTAS] for e in EPSILONS]
    assert (np.diff(table, axis=0) < 0).all()
    assert (np.diff(table, axis=1) < 0).all()


@pytest.mark.parametrize("epsilon", [e for e in EPSILONS if e <= 1])
@pytest.mark.parametrize("delta", DELTAS)
def test_the_classic_sigma_is_larger(epsilon, delta):
    classic = math.sqrt(2 * math.log(1.25 / delta)) / epsilon
    assert gaussian_sigma(epsilon, delta) < classic


def test_classic_sigma_is_no_guarantee_for_large_epsilon():
    classic = math.sqrt(2 * math.log(1.25 / 1e-6)) / 20
    assert gaussian_delta(20.0, classic) > 1e-6


@pytest.mark.parametrize("epsilon", [1e-300, 1e-30, 1.0, 1e6, 1e300])
@pytest.mark.parametrize("delta", [1e-290, 0.5, 1 - 1e-9])
def test_extreme_values(epsilon, delta):
    sigma = gaussian_sigma(epsilon, delta)
    assert 0 < sigma < math.inf
    # exp of a logarithm near -667 has this rounding error.
    assert gaussian_delta(epsilon, sigma) <= delta * (1 + 2e-13)


def test_figures_of_mean_absolute_noise():
    """Mean absolute noise of the published studies at delta = 1e-6."""
    mean = [math.sqrt(2 / math.pi) * gaussian_sigma(e, 1e-6) for e in [0.1, 0.5, 1, 5]]
    np.testing.assert_allclose(mean, [28.97, 6.43, 3.37, 0.78], rtol=0.01)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0.0, 1e-6), "epsilon"),
        ((math.nan, 1e-6), "epsilon"),
        ((math.inf, 1e-6), "epsilon"),
        ((1.0, 0.0), "delta"),
        ((1.0, 1.0), "delta"),
        ((1.0, math.nan), "delta"),
        ((1.0, 1e-6, -1.0), "sensitivity"),
        ((1e-300, 5e-324), "epsilon and delta"),
        ((1e-200, 1e-200, 1e200), "sensitivity"),
    ],
)
def test_refused(arguments, name):
    with pytest.raises(ValueError, match=name):
        gaussian_sigma(*arguments)


@pytest.mark.parametrize("epsilon", [-1.0, math.nan, math.inf])
def test_curves_refuse(epsilon):
    for curve in [
        lambda: gaussian_delta(epsilon, 1.0),
        lambda: zcdp_delta(1.0, epsilon),
        lambda: discrete_gaussian_delta(epsilon, 1, 1, 1),
    ]:
        with pytest.raises(ValueError, match="epsilon"):
            curve()


# ------------------------------------------------------------------------------- zCDP


def reference_zcdp_delta(rho, epsilon):
    """Corollary 13 by golden section of the log at 50 digits: its log is convex here."""
    with mpmath.workdps(50):
        rho, epsilon = mpmath.mpf(rho), mpmath.mpf(epsilon)

        def log_bound(log_v):
            v = mpmath.exp(log_v)
            terms = v * ((v + 1) * rho - epsilon) - mpmath.log(v)
            return terms - (v + 1) * mpmath.log1p(1 / v)

        low, high = mpmath.mpf(-50), mpmath.log((epsilon + 1) / rho + 2)
        ratio = (mpmath.sqrt(5) - 1) / 2
        for _ in range(150):
            a, b = high - ratio * (high - low), low + ratio * (high - low)
            low, high = (low, b) if log_bound(a) < log_bound(b) else (a, high)
        return mpmath.exp(log_bound(low))


@pytest.mark.parametrize("rho", [1e-8, 1e-4, 0.01, 0.5, 3.0])
@pytest.mark.parametrize("epsilon", [1e-3, 0.1, 1.0, 8.0, 20.0])
def test_zcdp_delta(rho, epsilon):
    expected = min(reference_zcdp_delta(rho, epsilon), mpmath.mpf(1))
    delta = zcdp_delta(rho, epsilon)
    assert delta >= expected * (1 - mpmath.mpf(10) ** -30)
    assert delta <= expected * (1 + mpmath.mpf(1e-9)) + mpmath.mpf(1e-300)
    if epsilon > rho:
        assert delta <= math.exp(-((epsilon - rho) ** 2) / (4 * rho)) * (1 + 1e-12) + 1e-300


@pytest.mark.parametrize(("epsilon", "delta"), GUARANTEES)
def test_zcdp_conversions_are_inverse(epsilon, delta):
    rho = zcdp_rho(epsilon, delta)
    assert reference_zcdp_delta(rho, epsilon) <= mpmath.mpf(delta)
    assert reference_zcdp_delta(rho * (1 + 1e-9), epsilon) > mpmath.mpf(delta)
    back = zcdp_epsilon(rho, delta)
    assert epsilon * (1 - 1e-9) < back < epsilon * (1 + 1e-9)
    # Bun and Steinke (2016), Proposition 1.3.
    assert epsilon <= rho + 2 * math.sqrt(rho * math.log(1 / delta)) * (1 + 1e-9)


@pytest.mark.parametrize(("epsilon", "delta"), GUARANTEES)
def test_zcdp_is_no_better_than_the_curve(epsilon, delta):
    """The mutant: a conversion too good to be true for the continuous Gaussian."""
    rho = zcdp_rho(epsilon, delta)
    sigma = 1 / math.sqrt(2 * rho)
    assert gaussian_delta(epsilon, sigma) <= delta
    assert 1 < sigma / gaussian_sigma(epsilon, delta) < 1.6


def test_extreme_rho():
    assert zcdp_delta(1e3, 1.0) == 1.0
    assert zcdp_delta(1e-300, 1.0) < 1e-300
    assert zcdp_delta(1e300, 1e-300) == 1.0
    assert zcdp_epsilon(1e-30, 0.1) == 0.0
    assert zcdp_epsilon(1e6, 1e-6) > 1e6


def test_pure_rho_is_exact():
    assert pure_rho(0.1) == Fraction(1, 200)
    assert gaussian_rho(3, 2) == Fraction(3, 4)


# ----------------------------------------------------------------- discrete Gaussian

SHIFTS = [(1,), (3,), (7,), (1, 1), (3, 4), (5, 0), (2, 1), (1, 1, 1), (2, 0, 1)]


@pytest.mark.parametrize("shift", SHIFTS, ids=str)
@pytest.mark.parametrize("sigma", [0.7, 1.0, 1.7, 4.0, 9.0])
@pytest.mark.parametrize("epsilon", [0.05, 0.4, 1.0, 2.5])
def test_discrete_bound_against_the_lattice(shift, sigma, epsilon):
    variance = Fraction(sigma) ** 2
    l2_squared = sum(v * v for v in shift)
    true = brute_force_delta(epsilon, float(variance), shift)
    bound = discrete_gaussian_delta(epsilon, variance, l2_squared, len(shift))
    assert true <= bound * (1 + 1e-12) + 1e-15


def test_the_continuous_curve_is_not_valid_on_the_lattice():
    """The mutant: without it, the bounds above would have nothing to do."""
    violated = [
        brute_force_delta(epsilon, sigma**2, (1,)) > 1.02 * gaussian_delta(epsilon, sigma)
        for sigma in [0.7, 1.0, 1.7]
        for epsilon in np.linspace(0.05, 2.5, 50)
    ]
    assert 20 < sum(violated) < 130


@pytest.mark.parametrize("shift", [(30,), (21, 21), (40, 9)], ids=str)
def test_the_rounded_bound_alone(shift):
    """Where it is the better one, it holds, and is within a percent of the truth."""
    variance, l2_squared = 60**2, sum(v * v for v in shift)
    for epsilon in [0.3, 1.0, 2.0]:
        arguments = epsilon, variance, l2_squared
        bound = math.exp(calibration._log_rounded_delta(*arguments, len(shift)))
        assert bound < math.exp(calibration._log_discrete_zcdp_delta(*arguments))
        true = brute_force_delta(epsilon, variance, shift)
        assert 0.97 * bound < true <= bound


@pytest.mark.parametrize("m", [1, 2, 50])
@pytest.mark.parametrize("sigma", [1.0, 3.0, 20.0])
def test_constants_of_the_proof(m, sigma):
    """p <= exp(a) q and q <= exp(b) p, entry by entry, at 200 digits."""
    with mpmath.workdps(200):
        s = mpmath.mpf(sigma)
        reach = int(40 * sigma)  # exp(-800) is left out
        total = 1 + 2 * mpmath.fsum(
            mpmath.exp(-(k**2) / (2 * s**2)) for k in range(1, reach)
        )
        log_n = mpmath.log(total / (s * mpmath.sqrt(2 * mpmath.pi)))
        rounding = mpmath.mpf(10) ** -190
        bound = 3 * mpmath.exp(-2 * mpmath.pi**2 * s**2)
        assert -rounding <= log_n <= bound + rounding
        for z in [0, 1, 2, int(3 * sigma), int(9 * sigma)]:
            # Upper tails keep their digits.
            upper = mpmath.ncdf(-(z - mpmath.mpf(1) / 2) / s)
            q = upper - mpmath.ncdf(-(z + mpmath.mpf(1) / 2) / s)
            ratio = m * mpmath.log(q / (mpmath.exp(-(z**2) / (2 * s**2)) / total))
            assert ratio >= -m / (24 * s**2)
            # m equal entries have |z|^2 = m z^2.
            assert ratio <= m * log_n + m * z**2 / (24 * s**4) + m * rounding


@pytest.mark.parametrize("variance", [5, 100, Fraction(10**6 + 1, 3)])
@pytest.mark.parametrize("m", [1, 7, 200])
@pytest.mark.parametrize("l2_squared", [1, 9])
@pytest.mark.parametrize("epsilon", [0.5, 3.0])
def test_the_rounded_bound_is_the_formula(variance, m, l2_squared, epsilon):
    """Its constants are too small to be seen in brute force; without any this fails."""
    bound = calibration._log_rounded_delta(epsilon, variance, l2_squared, m)
    v = mpmath.mpf(variance.numerator) / variance.denominator
    sigma, d = mpmath.sqrt(v), mpmath.sqrt(l2_squared)
    first = reference_delta(epsilon, sigma, d)
    half_s_squared = epsilon - mpmath.log(first) + 40 * mpmath.log(2)
    s = mpmath.sqrt(2 * half_s_squared)
    radius = sigma * (mpmath.sqrt(m) + s) + mpmath.sqrt(m) / 2
    a = m / (24 * v)
    b = 3 * m * mpmath.exp(-2 * mpmath.pi**2 * v) + radius**2 / (24 * v**2)
    if a + b >= epsilon:
        assert bound == 0
        return
    rest = mpmath.exp(epsilon - a - b - half_s_squared)
    expected = mpmath.log(reference_delta(epsilon - a - b, sigma, d) + rest) + a
    assert expected <= bound <= expected + 1e-9 + 1e-14 * abs(expected)


def test_the_rounded_bound_needs_sigma_of_at_least_one():
    assert calibration._log_rounded_delta(10.0, Fraction(99, 100), 1, 1) == 0
    assert calibration._log_rounded_delta(10.0, 1, 1, 1) < 0


@pytest.mark.parametrize(("epsilon", "delta"), GUARANTEES)
@pytest.mark.parametrize("m", [1, 4096])
def test_discrete_variance_on_a_fine_lattice(epsilon, delta, m):
    l2_squared = lattice_l2_squared(1, m, 30)
    variance = discrete_gaussian_variance(epsilon, delta, l2_squared, m)
    assert isinstance(variance, int)
    assert discrete_gaussian_delta(epsilon, variance, l2_squared, m) <= delta * (1 + 1e-14)
    sigma = gaussian_sigma(epsilon, delta, math.sqrt(l2_squared))
    assert 1 - 1e-11 < math.sqrt(variance) / sigma < 1 + 1e-9


@pytest.mark.parametrize("l2_squared", [1, 2, 50, 10**6])
@pytest.mark.parametrize("m", [1, 7])
@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 1e-6), (1.0, 1e-6), (4.0, 1e-3)])
def test_discrete_variance_on_a_coarse_lattice(l2_squared, m, epsilon, delta):
    variance = discrete_gaussian_variance(epsilon, delta, l2_squared, m)
    assert discrete_gaussian_delta(epsilon, variance, l2_squared, m) <= delta * (1 + 1e-14)
    if variance > 1:
        assert discrete_gaussian_delta(epsilon, variance - 1, l2_squared, m) > delta
    # Never more than zCDP asks for.
    assert variance <= math.ceil(l2_squared / (2 * zcdp_rho(epsilon, delta)) * (1 + 1e-9))


def test_discrete_variance_against_the_lattice():
    variance = discrete_gaussian_variance(1.0, 1e-4, 25, 2)
    for shift in [(3, 4), (5, 0), (4, 2), (1, 1)]:
        assert brute_force_delta(1.0, variance, shift) <= 1e-4
    assert brute_force_delta(1.0, variance / 1.5, (5, 0)) > 1e-4


# ----------------------------------------------------------------------- pure epsilon


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 0.3, 7.0, Fraction(1, 3), 1e-3, 1e3])
@pytest.mark.parametrize("l1", [1, 3, 10**9 + 7])
def test_laplace_scale_is_the_smallest_integer(epsilon, l1):
    scale = discrete_laplace_scale(epsilon, l1)
    assert Fraction(l1, scale) <= exact(epsilon)
    assert scale == 1 or Fraction(l1, scale - 1) > exact(epsilon)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 0.3, 7.0, Fraction(1, 3), 1e-3, 1e3])
@pytest.mark.parametrize("l2_squared", [1, 2, 4, 10**18 + 1])
def test_l2_norm_scale_is_the_smallest_integer(epsilon, l2_squared):
    scale = l2_norm_scale(epsilon, l2_squared)
    assert Fraction(l2_squared, scale**2) <= exact(epsilon) ** 2
    assert scale == 1 or Fraction(l2_squared, (scale - 1) ** 2) > exact(epsilon) ** 2


def test_exact_reads_the_decimal():
    assert exact(0.1) == exact(np.float64(0.1)) == Fraction(1, 10)
    assert exact(np.float32(0.1)) == Fraction(repr(float(np.float32(0.1))))
    assert exact(Fraction(1, 3)) == Fraction(1, 3)
    assert exact(np.int64(3)) == exact(3) == 3


# ---------------------------------------------------------------------- sensitivities


def rounded(x, bits):
    """To the nearest integers, halves away from zero, which is the worst case."""
    scaled = np.abs(x) * 2.0**bits
    return (np.sign(x) * np.floor(scaled + 0.5)).astype(np.int64).astype(object)


def adversarial_vectors(m, bits, norm):
    """Vectors of at most a norm: corners, equal moduli, halves, random, ascent."""
    rng = np.random.default_rng(m + bits)
    equal = np.full(m, 1 / math.sqrt(m))
    yield norm * np.eye(m)[0]
    yield norm * equal
    yield norm * equal * rng.choice([-1, 1], m)
    yield np.zeros(m)
    yield from norm * (g := rng.normal(size=(50, m))) / np.linalg.norm(g, axis=1)[:, None]
    for x in list(g[:10]):
        # Just at halves, where rounding adds most.
        x = norm * x / np.linalg.norm(x)
        halves = (np.floor(np.abs(x) * 2.0**bits - 0.5) + 0.5) / 2.0**bits
        yield np.sign(x) * np.where(halves > 0, halves, 0)


@pytest.mark.parametrize("m", [1, 2, 9, 64])
@pytest.mark.parametrize("bits", [1, 3, 8, 30])
@pytest.mark.parametrize("norm_squared", [1, Fraction(109, 100), 0.25])
def test_lattice_sensitivities(m, bits, norm_squared):
    l2_squared = lattice_l2_squared(norm_squared, m, bits)
    l1 = lattice_l1_from_l2(norm_squared, m, bits)
    q = [rounded(x, bits) for x in adversarial_vectors(m, bits, math.sqrt(norm_squared))]
    assert max((v * v).sum() for v in q) <= l2_squared
    assert max(abs(v).sum() for v in q) <= l1


@pytest.mark.parametrize("m", [1, 4, 25])
@pytest.mark.parametrize("bits", [2, 20])
def test_lattice_sensitivities_are_reached(m, bits):
    """By entries at halves; a mutant without rounding fails."""
    entry = Fraction(2 * 3 + 1, 2 ** (bits + 1))
    norm_squared = m * entry**2
    q = rounded(np.full(m, float(entry)), bits)
    l2_squared = lattice_l2_squared(norm_squared, m, bits)
    assert (q * q).sum() == l2_squared > norm_squared * 4**bits
    assert q.sum() == lattice_l1_from_l2(norm_squared, m, bits)


def test_rounding_costs_little_on_a_fine_lattice():
    for m in [2, 4096]:
        assert lattice_l2_squared(1, m, 30) < 4**30 * (1 + 1e-6)
        assert lattice_l1_from_l2(1, m, 30) < math.sqrt(m) * 2**30 * (1 + 1e-6)


def test_integers_of_numpy_do_not_overflow():
    assert lattice_l2_squared(np.int64(1), np.int32(4096), np.int64(36)) == (
        lattice_l2_squared(1, 4096, 36)
    )
    assert discrete_laplace_scale(np.float32(0.5), np.int64(2**62)) == 2**63
    large = np.int64(2**62)
    assert discrete_gaussian_variance(0.5, 1e-6, large, np.int64(4)) == (
        discrete_gaussian_variance(0.5, 1e-6, 2**62, 4)
    )


def test_vectors_have_entries():
    for function in [lattice_l2_squared, lattice_l1_from_l2]:
        with pytest.raises(ValueError, match="n_nonzero"):
            function(1, 0, 30)
