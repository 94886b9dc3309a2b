"""Exact draws from the squares of orthonormal functions of one variable.

Where phi_n is orthonormal for a probability measure mu, ``phi_n^2 dmu`` is a law. All draws
are by rejection from an envelope with a proof, or by folding: there is no grid, no series
and no iteration to converge.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from sklearn_kernelx.sampling._polynomials import Recurrence, log_magnitudes

# Degrees and generator to proposals, and whether each is accepted.
Proposals = Callable[
    [NDArray[np.intp], np.random.Generator], tuple[NDArray[np.float64], NDArray[np.bool_]]
]


def draw_squared_cosines(
    frequencies: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw t of density ``2 cos^2(2 pi k t)`` on [0, 1), uniform for k = 0.

    A uniform t stays with probability ``cos^2(2 pi k t)``. The others, of density
    proportional to ``sin^2``, move on by a quarter of the period, where their law is that
    of ``cos^2``: nothing is rejected.

    Parameters
    ----------
    frequencies : ndarray
        k, at least 0.
    rng : Generator
        Source of randomness.

    Returns
    -------
    t : ndarray
        One draw for each frequency.
    """
    t = rng.random(frequencies.shape)
    moves = rng.random(frequencies.shape) > np.cos(2 * np.pi * frequencies * t) ** 2
    return shift_by_quarter_period(t, np.where(moves, frequencies, 0))


def shift_by_quarter_period(
    t: NDArray[np.float64], frequencies: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return ``t + 1 / (4 k)`` on the circle [0, 1), and t itself where k = 0."""
    shifts = np.where(frequencies > 0, 0.25 / np.maximum(frequencies, 1), 0)
    shifted = t + shifts
    return np.where(shifted >= 1, shifted - 1, shifted)


def draw_squared_legendre(
    degrees: NDArray[np.intp], recurrence: Recurrence, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw x of density ``phi_n(x)^2 / 2`` on [-1, 1].

    Bernstein's inequality with the constant of Antonov and Holshevnikov [1]_,
    ``sqrt(1 - x^2) P_n(x)^2 <= (2 / pi) / (n + 1/2)``, bounds the density by twice that of
    the arcsine law: half of its draws are accepted.

    Parameters
    ----------
    degrees : ndarray of shape (n_draws,)
        n, at least 0.
    recurrence : Recurrence
        Of the Legendre polynomials, up to the largest degree.
    rng : Generator
        Source of randomness.

    Returns
    -------
    x : ndarray of shape (n_draws,)

    References
    ----------
    .. [1] NIST Digital Library of Mathematical Functions, inequality 18.14.7.
    """

    def propose(
        degrees: NDArray[np.intp], rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        angles = np.pi * rng.random(len(degrees))
        x = np.cos(angles)
        log_chance = 2 * log_magnitudes(x, degrees, recurrence)
        log_chance += np.log(np.pi / 4 * np.sin(angles))
        return x, -rng.standard_exponential(len(degrees)) <= log_chance

    return _accepted(degrees, propose, rng)


def draw_squared_hermite(
    degrees: NDArray[np.intp], recurrence: Recurrence, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw x of density ``phi_n(x)^2`` times that of the standard normal law.

    By rejection from the envelope of :func:`hermite_envelope`, of which 0.34 to 0.47 is
    accepted.

    Parameters
    ----------
    degrees : ndarray of shape (n_draws,)
        n, at least 0.
    recurrence : Recurrence
        Of the Hermite polynomials of the standard normal law, up to the largest degree.
    rng : Generator
        Source of randomness.

    Returns
    -------
    x : ndarray of shape (n_draws,)
    """

    def propose(
        degrees: NDArray[np.intp], rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        envelope = hermite_envelope(degrees)
        y = _draw_from(envelope, rng)
        x = np.where(rng.random(len(y)) < 0.5, -1, 1) * np.sqrt(2) * y
        log_density = 2 * log_magnitudes(x, degrees, recurrence) - y**2
        log_density -= 0.5 * np.log(np.pi)
        log_chance = log_density - log_height(envelope, y)
        return x, -rng.standard_exponential(len(y)) <= log_chance

    return _accepted(degrees, propose, rng)


def _accepted(
    degrees: NDArray[np.intp], propose: Proposals, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Propose anew for those degrees whose proposals were rejected, until none is left."""
    draws = np.empty(len(degrees))
    pending = np.arange(len(degrees))
    while len(pending) > 0:
        proposals, is_accepted = propose(degrees[pending], rng)
        draws[pending[is_accepted]] = proposals[is_accepted]
        pending = pending[~is_accepted]
    return draws


class HermiteEnvelope(NamedTuple):
    """A function above the squares of Hermite functions, for each degree, on y >= 0.

    It is ``arcsine_height / sqrt(turning^2 - y^2)`` up to `inner`, from there
    ``flat_height``, and from `outer` on ``flat_height exp(-rate (y - outer))``.
    """

    turning: NDArray[np.float64]
    inner: NDArray[np.float64]
    outer: NDArray[np.float64]
    arcsine_height: NDArray[np.float64]
    flat_height: float
    rate: NDArray[np.float64]


def hermite_envelope(degrees: NDArray[np.intp]) -> HermiteEnvelope:
    """Bound the squares of the orthonormal Hermite functions.

    They solve ``psi'' + q psi = 0`` with ``q = c - y^2`` and ``c = 2 n + 1``, so that
    ``sqrt(c)`` is their turning point.

    1. Inside: ``u = q^(1/4) psi`` as a function of t, ``dt = sqrt(q) dy``, solves
       ``u'' + (1 - r) u = 0`` with ``r = (c / 2 + 3 y^2 / 4) / q^3``. As r increases with
       y, Sonin's function ``u'^2 + (1 - r) u^2`` decreases. So
       ``psi^2 <= S / ((1 - r) sqrt(q))`` with its value S at 0, as long as r < 1.
    2. Everywhere ``psi^2 <= pi^(-1/2)`` [1]_.
    3. Outside: the derivative of ``psi'^2 + q psi^2`` is ``-2 y psi^2``, and its limit 0:
       it is positive, so that ``(log psi)' <= -sqrt(-q)``, and from any y_1 on psi
       decreases at least as ``exp(-sqrt(y_1^2 - c) (y - y_1))``.

    Where they change, ``q = 2 c^(1/3)`` (then r is below 5/32), and where flat part and
    tail together have the least area, to leading order.

    Parameters
    ----------
    degrees : ndarray of shape (n_degrees,)
        n, at least 0.

    Returns
    -------
    envelope : HermiteEnvelope

    References
    ----------
    .. [1] NIST Digital Library of Mathematical Functions, inequality 18.14.9.
    """
    c = 2.0 * degrees + 1
    inner_square = np.maximum(c - 2 * np.cbrt(c), 0)
    r = (c / 2 + 0.75 * inner_square) / (c - inner_square) ** 3
    outer = np.sqrt(c) + 2 ** (-5 / 3) * c ** (-1 / 6)
    return HermiteEnvelope(
        turning=np.sqrt(c),
        inner=np.sqrt(inner_square),
        outer=outer,
        arcsine_height=_sonin_at_zero(degrees) / (1 - r),
        flat_height=np.pi**-0.5,
        rate=2 * np.sqrt(outer**2 - c),
    )


def _sonin_at_zero(degrees: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return S: of psi(0) where the degree is even, else of psi'(0).

    With ``psi_2k(0)^2 = binom(2 k, k) / 4^k / sqrt(pi)`` and
    ``psi_n'(0)^2 = 2 n psi_(n-1)(0)^2``.
    """
    c = 2.0 * degrees + 1
    k = degrees // 2
    central = np.exp(gammaln(k + 0.5) - gammaln(k + 1.0)) / np.pi
    return central * np.where(
        degrees % 2 == 0, np.sqrt(c) * (1 - 0.5 / c**2), 2 * degrees / np.sqrt(c)
    )


def _draw_from(envelope: HermiteEnvelope, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw y >= 0 from the envelope, by the inverse of its integral."""
    turning, inner, outer, arcsine_height, flat_height, rate = envelope
    inside = arcsine_height * np.arcsin(inner / turning)
    flat = flat_height * (outer - inner)
    areas = rng.random(len(turning)) * (inside + flat + flat_height / rate)
    y = turning * np.sin(np.minimum(areas, inside) / arcsine_height)
    y = np.where(areas > inside, inner + (areas - inside) / flat_height, y)
    tail = outer + rng.standard_exponential(len(turning)) / rate
    return np.where(areas > inside + flat, tail, y)


def log_height(envelope: HermiteEnvelope, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the envelope at y >= 0, one for each degree."""
    turning, inner, outer, arcsine_height, flat_height, rate = envelope
    below = np.minimum(y, inner)
    arcsine = np.log(arcsine_height) - 0.5 * np.log(turning**2 - below**2)
    tail = np.log(flat_height) - rate * np.maximum(y - outer, 0)
    return np.where(y < inner, arcsine, tail)
