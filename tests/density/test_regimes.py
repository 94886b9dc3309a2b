"""Theory of the regimes: reference tables, an independent solution in 50 digits, limits."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from sklearn_kernelx.density import gaussian_regimes
from sklearn_kernelx.density._regimes import name_regimes

# alpha, h_G, h_CLT, h_KL of isotropic data of unit variance, in the limit of large d.
ISOTROPIC = """
0.01 2.78914777 3.94445060 1.29277335
0.02 2.29051004 3.23927036 1.24312323
0.05 1.73306104 2.45091843 1.14588243
0.10 1.37078470 1.93858231 1.03857241
0.15 1.17688120 1.66436135 0.95810171
0.20 1.04565218 1.47877550 0.89168868
0.25 0.94684704 1.33904393 0.83437451
0.30 0.86774278 1.22717361 0.78361240
0.40 0.74537050 1.05411307 0.69621060
0.50 0.65214533 0.92227277 0.62243619
0.60 0.57693800 0.81591355 0.55865768
0.75 0.48615371 0.68752516 0.47718806
1.00 0.37210628 0.52623775 0.36934391
1.50 0.22351351 0.31609584 0.22326036
2.00 0.13536829 0.19143967 0.13534637
"""
SPIKED = np.r_[[25.0] * 5, [1.0] * 45]
# spectrum, n, then h_G, h_CLT, h_KL and the refined h_G, h_KL.
FINITE = [
    (np.ones(20), 20000, 0.656170, 0.927964, 0.625745, 0.745085, 0.695994),
    (np.ones(20), 100000, 0.593955, 0.839979, 0.573402, 0.670292, 0.637270),
    (np.ones(40), 100000, 0.885605, 1.252434, 0.795464, 0.972956, 0.850163),
    (np.ones(60), 100000, 1.064270, 1.505105, 0.901763, 1.158574, 0.949461),
    (1 / np.arange(1, 41), 20000, 0.270199, 0.382119, 0.221761, 0.304497, 0.238872),
    (1 / np.arange(1, 201), 20000, 0.295682, 0.418157, 0.155707, 0.328914, 0.161770),
    (SPIKED, 20000, 1.463690, 2.069971, 1.115719, 1.667688, 1.193406),
]
KEYS = ("h_G", "h_CLT", "h_KL")


@pytest.mark.parametrize("row", ISOTROPIC.split("\n")[1:-1])
@pytest.mark.parametrize("d", [1, 30])
def test_isotropic_table(row, d):
    alpha, *expected = map(float, row.split())
    found = gaussian_regimes(None, np.ones(d), False, log_n_samples=alpha * d)
    assert_allclose([found[key] for key in KEYS], expected, rtol=1e-6)


@pytest.mark.parametrize("row", FINITE)
def test_finite_table(row):
    spectrum, n, h_G, h_CLT, h_KL, refined_G, refined_KL = row
    limit = gaussian_regimes(n, spectrum, refined=False)
    refined = gaussian_regimes(n, spectrum)
    assert_allclose([limit[key] for key in KEYS], [h_G, h_CLT, h_KL], rtol=1e-5)
    expected = [refined_G, np.sqrt(2) * refined_G, refined_KL]
    assert_allclose([refined[key] for key in KEYS], expected, rtol=1e-5)
    # The refinement is no small thing: the limit is no stand-in for it.
    assert abs(limit.h_G / refined.h_G - 1) > 0.05


def phi(tilt, spectrum):
    """log E exp(-l D), as an integral over y of a Gaussian, averaged over x."""
    return -sum(mp.log(1 + tilt * s) + tilt * s / (1 + tilt * s) for s in spectrum) / 2


@pytest.mark.parametrize("refined", [False, True])
@pytest.mark.parametrize("log_n", [0.01, 3.0, 40.0])
def test_definitions_in_fifty_digits(refined, log_n):
    """I = l Phi' - Phi and Phi'' by numerical differentiation of Phi."""
    spectrum = [0.1, 1.0, 1.0, 7.0]
    with mp.workdps(50):
        tilt = mp.mpf(gaussian_regimes(None, spectrum, refined, log_n_samples=log_n).h_G)
        tilt = tilt**-2
        slope = mp.diff(lambda u: phi(u, spectrum), tilt)
        value = tilt * slope - phi(tilt, spectrum)
        if refined:
            curvature = mp.diff(lambda u: phi(u, spectrum), tilt, 2)
            value += mp.log(tilt * mp.sqrt(2 * mp.pi * curvature))
        h_KL = mp.sqrt(-2 * slope / len(spectrum))
    assert float(value) == pytest.approx(log_n, abs=1e-11)
    found = gaussian_regimes(None, spectrum, refined, log_n_samples=log_n)
    assert found.h_KL == pytest.approx(float(h_KL), rel=1e-12)


@given(
    st.floats(np.log(1e-4), np.log(50)),
    st.lists(st.floats(-300, 300), min_size=1, max_size=6),
    st.integers(1, 200),
    st.booleans(),
)
def test_a_root_is_always_found(log_alpha, log_variances, repeats, refined):
    spectrum = np.repeat(np.exp(np.array(log_variances)), repeats)
    log_n = np.exp(log_alpha) * len(spectrum)
    found = gaussian_regimes(None, spectrum, refined, log_n_samples=log_n)
    assert all(np.isfinite(found[key]) and found[key] >= 0 for key in KEYS)
    more = gaussian_regimes(None, spectrum, refined, log_n_samples=1.1 * log_n)
    assert more.h_G <= found.h_G and more.h_KL <= found.h_KL


def test_unit_and_order_of_variances_and_padding_with_zeros():
    spectrum = np.array([3.0, 0.5, 1.0])
    base = gaussian_regimes(1000, spectrum)
    scaled = gaussian_regimes(1000, spectrum[::-1] * 1e-8)
    assert_allclose([scaled[k] for k in KEYS], [base[k] * 1e-4 for k in KEYS], rtol=1e-12)
    padded = gaussian_regimes(1000, np.r_[spectrum, 0])
    assert padded.h_G == pytest.approx(base.h_G, rel=1e-12)
    # The same distance of the nearest neighbour, over one more feature.
    assert padded.h_KL == pytest.approx(base.h_KL * np.sqrt(3 / 4), rel=1e-12)


def test_huge_numbers():
    by_number = gaussian_regimes(1e300, np.ones(500))
    by_logarithm = gaussian_regimes(None, np.ones(500), log_n_samples=np.log(1e300))
    assert by_number == by_logarithm
    few = gaussian_regimes(10**400, [1.0, 2.0])
    assert 0 < few.h_KL <= few.h_G < 1e-190


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((None, [1.0]), "one of n_samples and log_n_samples"),
        ((1, [1.0]), "n_samples must be finite and greater than 1"),
        ((np.nan, [1.0]), "n_samples"),
        ((np.inf, [1.0]), "log_n_samples"),
        ((10, [[1.0]]), "spectrum must be a vector"),
        ((10, []), "spectrum must be a vector"),
        ((10, [1.0, -1.0]), "non-negative"),
        ((10, [1.0, np.nan]), "finite"),
        ((10, [0.0, 0.0]), "positive variance"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        gaussian_regimes(*arguments)
    with pytest.raises(ValueError, match="log_n_samples must be positive"):
        gaussian_regimes(None, [1.0], log_n_samples=-1.0)
    with pytest.raises(ValueError, match="one of"):
        gaussian_regimes(10, [1.0], log_n_samples=1.0)


def test_names():
    named = name_regimes([0.1, 0.999, 1, 1.5, 2.0001])
    assert list(named) == ["condensed"] * 2 + ["heavy_tailed"] * 2 + ["clt"]
