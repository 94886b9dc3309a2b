"""Laws of squares of orthonormal functions, with mutants that fail.

A test of a right sampler fails with probability FALSE_ALARM for a fresh seed.
"""

import numpy as np
import pytest
from scipy import stats
from square_laws import BASES, fine_grid, log_squares, weighted_cdf

from sklearn_kernelx.sampling import (
    HermiteBasis,
    _induced_laws,
)
from sklearn_kernelx.sampling._induced_laws import hermite_envelope, log_height
from sklearn_kernelx.sampling._polynomials import (
    hermite_recurrence,
    legendre_recurrence,
    log_magnitudes,
)

FALSE_ALARM = 1e-4
N_DRAWS = 20_000
LAWS = [(make, number) for make in BASES for number in (0, 1, 2, 5, 30, 300, 301)]


def rng_of(*seed):
    return np.random.default_rng(seed)


def p_value(make, number, draws):
    """Of the draws, and of the squares there: these see the oscillation, those the place.

    Twice the smaller of the two.
    """
    x, masses = fine_grid(make, number)
    logs = log_squares(make, number, x)
    if make is HermiteBasis:
        with np.errstate(divide="ignore"):
            masses = np.exp(np.log(masses) + logs)
    else:
        masses = masses * np.exp(logs)
    place = stats.kstest(draws, weighted_cdf(x, masses)).pvalue
    if number == 0:
        return place
    # Hermite functions: polynomials are large at the ends, whatever their oscillation.
    found, on_grid = log_squares(make, number, draws), logs
    if make is HermiteBasis:
        found, on_grid = found - draws**2 / 2, logs - x**2 / 2
    oscillation = stats.kstest(found, weighted_cdf(on_grid, masses)).pvalue
    return min(1, 2 * min(place, oscillation))


def draw_squares(make, number, n=N_DRAWS):
    rng = rng_of(BASES.index(make), number)
    return make()._family.draw_squares(np.full(n, number), rng)


@pytest.mark.parametrize("make, number", LAWS)
def test_law_of_a_square(make, number):
    assert p_value(make, number, draw_squares(make, number)) > FALSE_ALARM


@pytest.mark.parametrize("make, number", [law for law in LAWS if law[1] > 0])
def test_the_law_without_rejection_fails(make, number, monkeypatch):
    monkeypatch.setattr(
        _induced_laws, "_accepted", lambda degrees, propose, rng: propose(degrees, rng)[0]
    )
    monkeypatch.setattr(_induced_laws, "shift_by_quarter_period", lambda t, _: t)
    assert p_value(make, number, draw_squares(make, number)) < FALSE_ALARM


@pytest.mark.parametrize("make", BASES)
@pytest.mark.parametrize("number", [1, 5, 30])
def test_the_next_law_fails(make, number):
    assert p_value(make, number, draw_squares(make, number + 1)) < FALSE_ALARM


@pytest.mark.parametrize("make", BASES)
def test_draws_of_many_degrees_at_once(make):
    numbers = np.tile([0, 7, 40], N_DRAWS)
    draws = make()._family.draw_squares(numbers, rng_of(3))
    for number in (0, 7, 40):
        assert p_value(make, number, draws[numbers == number]) > FALSE_ALARM
    assert make()._family.draw_squares(numbers[:0], rng_of(3)).shape == (0,)


DEGREES = [*range(13), 30, 31, 100, 301, 1000, 5000]


@pytest.mark.parametrize("degree", DEGREES)
def test_hermite_envelope(degree):
    """Above the law everywhere, and not much larger."""
    turning = np.sqrt(2 * degree + 1)
    y = np.linspace(0, turning + 8, 100_001)
    degrees = np.full(len(y), degree)
    recurrence = hermite_recurrence(degree)
    logs = 2 * log_magnitudes(np.sqrt(2) * y, degrees, recurrence) - y**2
    logs -= np.log(np.pi) / 2
    heights = log_height(hermite_envelope(degrees), y)
    assert np.all(logs <= heights + 1e-9)
    step = y[1] - y[0]
    assert abs(2 * step * np.exp(logs[1:]).sum() + step * np.exp(logs[0]) - 1) < 1e-4
    assert 0.335 < 1 / (2 * step * np.exp(heights).sum()) < 0.475  # what is accepted


def test_a_lower_hermite_envelope_fails():
    degree = 1000
    y = np.linspace(0, np.sqrt(2 * degree + 1), 100_001)
    degrees = np.full(len(y), degree)
    logs = 2 * log_magnitudes(np.sqrt(2) * y, degrees, hermite_recurrence(degree)) - y**2
    heights = log_height(hermite_envelope(degrees), y) - np.log(1.25)
    assert np.any(logs - np.log(np.pi) / 2 > heights)


@pytest.mark.parametrize("degree", DEGREES)
def test_bernstein_bound(degree):
    angles = np.linspace(0, np.pi, 100_003)[1:-1]
    degrees = np.full(len(angles), degree)
    logs = 2 * log_magnitudes(np.cos(angles), degrees, legendre_recurrence(degree))
    chances = np.pi / 4 * np.sin(angles) * np.exp(logs)
    assert np.all(chances <= 1 + 1e-9)
    assert abs(chances.mean() - 0.5) < 0.01
