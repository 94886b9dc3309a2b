"""Concentration, peak density and entropy against mpmath; the correction of the bias."""

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sphere_oracles import log_normalizer, mean_length

from sklearn_kernelx.directional._concentration import (
    corrected_square,
    estimate_concentration,
)
from sklearn_kernelx.directional._density import entropy

LAWS = [
    (p, kappa)
    for p in (1, 2, 3, 10, 257, 2048)
    for kappa in (0.0, 1e-3, 0.3, 1.0, 30.0, 999.0, 1001.0, 2100.0, 1e5, 1e9)
]


def estimate(p, square, complement, effective_size=None, max_concentration=1e12):
    return estimate_concentration(
        p,
        float(square),
        float(complement),
        effective_size=effective_size,
        max_concentration=max_concentration,
    )


@pytest.mark.parametrize("p, kappa", LAWS)
def test_concentration_of_the_mean_of_the_law(p, kappa):
    with mp.workdps(60):
        square = mean_length(p, kappa) ** 2
        complement = 1 - square
    if p == 1 and kappa > 300:
        assert estimate(p, square, complement) == (1e12 if complement < 1e-300 else kappa)
    else:
        assert_allclose(estimate(p, square, complement), kappa, rtol=1e-10)


@pytest.mark.parametrize("p, kappa", LAWS)
def test_entropy(p, kappa):
    with mp.workdps(40):
        expected = float(-log_normalizer(p, kappa) - kappa * mean_length(p, kappa))
    assert_allclose(entropy(p, kappa), expected, rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("n", [2, 3.7, 1000])
@pytest.mark.parametrize("square", [1e-12, 0.01, 0.3, 0.7, 1 - 1e-9])
def test_corrected_square_has_its_expectation(n, square):
    """What the mean r^2 of n rows would be is turned back into rho^2."""
    with mp.workdps(40):
        complement = (1 - mp.mpf(square)) * (1 - 1 / mp.mpf(n))
        biased = 1 - complement
    found, found_complement = corrected_square(float(biased), float(complement), n)
    assert_allclose(found, square, rtol=1e-13, atol=1e-15)
    assert_allclose(found_complement, 1 - square, rtol=1e-14)


def test_correction_keeps_to_the_possible():
    assert corrected_square(0.01, 0.99, 50) == (0, 1)
    assert corrected_square(1.0, 0.0, 50) == (1, 0)


def test_correction_removes_the_bias():
    """Weighted means of 12 uniform directions plus a shift, false alarms 6e-5 (4 sigma).

    The mutant, no correction, must fail.
    """
    rng = np.random.default_rng(0)
    weights = rng.random(12)
    n = weights.sum() ** 2 / np.sum(weights**2)
    angles = rng.vonmises(0.4, 1.5, size=(40_000, 12))
    mean = np.exp(1j * angles) @ weights / weights.sum()
    square = np.abs(mean) ** 2
    rho = float(mean_length(2, 1.5)) ** 2

    def z_score(values):
        return (values.mean() - rho) / (values.std() / np.sqrt(len(values)))

    assert abs(z_score((n * square - 1) / (n - 1))) < 4
    assert abs(z_score(square)) > 20


def test_limits():
    assert estimate(5, 1.0, 0.0, max_concentration=7.0) == 7
    assert estimate(5, 0.3, 0.7, effective_size=1.0, max_concentration=7.0) == 7
    assert estimate(5, 0.0, 1.0) == 0
    assert estimate(5, 0.1, 0.9, effective_size=4.0) == 0
