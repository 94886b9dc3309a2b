"""How much noise a guarantee needs, for integer vectors with integer noise.

What is released is ``q(x_1) + ... + q(x_n) + Z`` with q(x) the vector of a record x in
units of 2^-bits, rounded to integers, and Z noise on the integers. A record counts by the
norm of the integer vector, so that sensitivities are integers and include rounding.
Everything here is rounded towards more privacy: sensitivities, scales and curves up,
admitted rho down.

The discrete Gaussian
---------------------
Let P be the law of Z with independent entries from N_Z(0, sigma^2), m of them, that is
P(z) ~ exp(-|z|^2 / 2 sigma^2) on Z^m, and P_v that of v + Z with |v|_2 <= D. P does *not*
obey the curve of the continuous Gaussian [1]_: in one dimension its exact curve
P[Z > e sigma^2 / D - D/2] - exp(e) P[Z > e sigma^2 / D + D/2] ([2]_, Theorem 7) is now
below it, now above. Two statements hold in m dimensions, and the better one is taken.

1. P is (D^2 / 2 sigma^2)-zCDP: [2]_, Theorem 14, as Renyi divergences of order alpha are at
   most alpha v_i^2 / 2 sigma^2 for an entry and add up. Then [2]_, Corollary 13. It holds
   for any sigma, and costs about 10 percent more noise than the continuous Gaussian.

2. P is nearly the law Q of a continuous Gaussian rounded to integers, and Q obeys the
   continuous curve, as v is an integer vector: v + round(G) = round(v + G) is
   postprocessing. Let p and q be their probabilities, phi the density of N(0, sigma^2) and
   N = sum_k phi(k), which is 1 + 2 sum_{j>0} exp(-2 pi^2 sigma^2 j^2) by Poisson's formula,
   so that 0 <= log N <= 3 exp(-2 pi^2 sigma^2) for sigma >= 1. For one entry

       q(z) / p(z) = N int_{-1/2}^{1/2} exp(-z t / sigma^2 - t^2 / 2 sigma^2) dt

   which is at least exp(-1 / 24 sigma^2) by Jensen's inequality, as t^2 has the mean 1/12,
   and at most N sinh(c) / c <= N exp(c^2 / 6) with c = z / 2 sigma^2. Over all entries

       p <= exp(a) q               with a = m / 24 sigma^2, everywhere,
       q <= exp(b) p               with b = m log N + R^2 / 24 sigma^4 where |z| <= R.

   With R = sigma (sqrt(m) + s) + sqrt(m) / 2 the rest has Q[|z| > R] <= exp(-s^2 / 2), as
   the norm of a standard normal vector exceeds sqrt(m) + s with at most that probability
   and rounding moves it by sqrt(m) / 2. Hence for every event S

       P(S) <= exp(a) Q(S) <= exp(a) (exp(e') Q_v(S) + delta(e'))
            <= exp(a + b + e') P_v(S) + exp(a) (delta(e') + exp(e' - s^2 / 2)).

   So P has the curve exp(a) (delta(e - a - b) + exp(e - a - b - s^2 / 2)), with delta the
   continuous one. s is taken such that the last term is 2^-40 of the first. For
   sigma = 2^20 and m = 4096, a + b is 4e-10.

Floating point
--------------
The continuous curve is, with mu = D / sigma, x1 = e / mu - mu / 2 and x2 = e / mu + mu / 2,

    delta = Phi(-x1) - exp(e) Phi(-x2) = phi(x1) (M(x1) - M(x2)),    M = (1 - Phi) / phi,

([1]_, Theorem 8, by exp(e) phi(x2) = phi(x1)). Mills' ratio M is erfcx. Where M(x1) and
M(x2) nearly cancel the difference is the integral of -M'(t) = 1 - t M(t) > 0 by Gauss'
rule. The relative error is below 1e-12 + 2^-50 x2^2, which is added to the curve.

References
----------
.. [1] Balle, B. and Wang, Y.-X. (2018). "Improving the Gaussian mechanism for differential
   privacy: analytical calibration and optimal denoising". ICML, arXiv:1805.06530.
.. [2] Canonne, C., Kamath, G. and Steinke, T. (2020). "The discrete Gaussian for
   differential privacy". NeurIPS, arXiv:2004.00010.
.. [3] Bun, M. and Steinke, T. (2016). "Concentrated differential privacy: simplifications,
   extensions, and lower bounds". TCC, arXiv:1605.02065.
"""

import math
from collections.abc import Callable
from fractions import Fraction
from numbers import Rational, Real

import numpy as np
from scipy.optimize import brentq
from scipy.special import erfcx, log_ndtr

from sklearn_kernelx.privacy._arguments import (
    check_curve_epsilon,
    check_delta,
    check_epsilon,
    check_positive,
    exact,
    positive_int,
)

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)
_SQRT_HALF_PI = math.sqrt(math.pi / 2)
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
# Root searches end at this relative width.
_WIDTH = 1e-12


# ------------------------------------------------------------------------ pure epsilon


def discrete_laplace_scale(epsilon: Real, l1: int) -> int:
    """Smallest integer scale t of discrete Laplace noise that is epsilon-private.

    Entries have P(z) ~ exp(-|z| / t), so that probabilities of neighbours have a ratio of
    at most exp(|v|_1 / t) by the triangle inequality: t >= l1 / epsilon.
    """
    check_epsilon(epsilon)
    return math.ceil(positive_int("l1", l1) / exact(epsilon))


def l2_norm_scale(epsilon: Real, l2_squared: int) -> int:
    """Smallest integer scale t of noise P(z) ~ exp(-|z|_2 / t) that is epsilon-private.

    Probabilities, on Z^m as well as on R^m, have a ratio of at most exp(|v|_2 / t) by the
    triangle inequality: t >= sqrt(l2_squared) / epsilon. The norm of the continuous noise
    is t times a Gamma(m) variable.
    """
    check_epsilon(epsilon)
    l2_squared = positive_int("l2_squared", l2_squared)
    return math.isqrt(math.ceil(l2_squared / exact(epsilon) ** 2) - 1) + 1


# --------------------------------------------------------------- continuous Gaussian


def gaussian_delta(epsilon: Real, sigma: float, sensitivity: float = 1.0) -> float:
    """Smallest delta of Gaussian noise at epsilon, rounded up.

    Parameters
    ----------
    epsilon : float
        At least 0.

    sigma : float
        Standard deviation of the noise.

    sensitivity : float, default=1.0
        l2 sensitivity.

    Returns
    -------
    delta : float
        Theorem 8 of Balle and Wang (2018), times at most 1 + 2e-12 + 2^-49 x2^2 with the
        x2 of the text of this module.
    """
    check_curve_epsilon(epsilon)
    check_positive(sigma=sigma, sensitivity=sensitivity)
    return _delta_up(_log_gaussian_delta(float(epsilon), sensitivity / sigma))


def gaussian_sigma(epsilon: Real, delta: Real, sensitivity: float = 1.0) -> float:
    """Smallest standard deviation of Gaussian noise that is (epsilon, delta)-private.

    Parameters
    ----------
    epsilon : float
        Positive.

    delta : float
        Between 0 and 1, exclusive.

    sensitivity : float, default=1.0
        l2 sensitivity.

    Returns
    -------
    sigma : float
        At least the exact solution; by less than 1e-9 of it for epsilon up to 1e6.
    """
    check_epsilon(epsilon)
    check_delta(delta)
    check_positive(sensitivity=sensitivity)
    epsilon, log_delta = float(epsilon), math.log(delta)
    sigma = _smallest(lambda s: _log_gaussian_delta(epsilon, 1 / s) <= log_delta)
    sigma = math.nextafter(sigma * sensitivity, math.inf)
    if sigma == math.inf:
        raise ValueError(
            f"sensitivity={sensitivity} at epsilon={epsilon} and delta={delta} needs noise "
            "beyond the range of floats. Take a greater epsilon or delta."
        )
    return sigma


def _log_gaussian_delta(epsilon: float, mu: float) -> float:
    """Logarithm of the curve at mu = sensitivity / sigma, with its rounding error added."""
    ratio = epsilon / mu
    low, high = ratio - mu / 2, ratio + mu / 2
    if low > 1e100:
        return -math.inf
    if low < -5:
        # 1 - delta is small, and the sum of two terms that have all their digits.
        second = math.exp(-low * low / 2 - _LOG_SQRT_2PI) * float(_mills(high))
        log_delta = math.log1p(-math.exp(float(log_ndtr(low))) - second)
    else:
        difference = _mills_difference(low, mu)
        log_delta = math.log(difference) - low * low / 2 - _LOG_SQRT_2PI
    return log_delta + 1e-12 + 2.0**-50 * high * high


def _mills_difference(low: float, width: float) -> float:
    if width > 0.5 * max(1.0, low):
        return float(_mills(low) - _mills(low + width))
    points = low + width / 2 * (1 + _NODES)
    return float(width / 2 * (_WEIGHTS @ _minus_mills_slope(points)))


def _mills(x):
    return _SQRT_HALF_PI * erfcx(x * math.sqrt(0.5))


def _minus_mills_slope(t: np.ndarray) -> np.ndarray:
    if t[0] < 50:
        return 1 - t * _mills(t)
    inverse = t**-2.0
    # The asymptotic series; the first term left out is 10395 / t^10 of the first.
    terms = 1 - inverse * (3 - inverse * (15 - inverse * (105 - inverse * 945)))
    return inverse * terms


# ------------------------------------------------------------------------------- zCDP


def pure_rho(epsilon: Real) -> Fraction:
    """The rho of an epsilon-private release: epsilon^2 / 2 (Bun and Steinke 2016, 1.4)."""
    return exact(epsilon) ** 2 / 2


def gaussian_rho(l2_squared: int, variance: Rational) -> Fraction:
    """The rho of Gaussian noise, continuous or discrete, in any dimension."""
    check_positive(variance=variance)
    return positive_int("l2_squared", l2_squared) / (2 * exact(variance))


def zcdp_delta(rho: Real, epsilon: Real) -> float:
    """A delta for which rho-zCDP implies (epsilon, delta)-privacy.

    The least over alpha > 1 of exp((alpha - 1) (alpha rho - epsilon)) / (alpha - 1)
    (1 - 1/alpha)^alpha: Canonne, Kamath and Steinke (2020), Corollary 13. It is below what
    Bun and Steinke (2016) have, exp(-(epsilon - rho)^2 / 4 rho).
    """
    check_curve_epsilon(epsilon)
    check_positive(rho=rho)
    return _delta_up(_log_zcdp_delta(float(rho), float(epsilon)))


def zcdp_epsilon(rho: Real, delta: Real) -> float:
    """Smallest epsilon, rounded up, at which `zcdp_delta` is at most delta."""
    check_positive(rho=rho)
    check_delta(delta)
    rho, log_delta = float(rho), math.log(delta)
    if _log_zcdp_delta(rho, 0.0) <= log_delta:
        return 0.0
    return _smallest(lambda epsilon: _log_zcdp_delta(rho, epsilon) <= log_delta)


def zcdp_rho(epsilon: Real, delta: Real) -> float:
    """Greatest rho, rounded down, for which `zcdp_delta` is at most delta."""
    check_epsilon(epsilon)
    check_delta(delta)
    epsilon, log_delta = float(epsilon), math.log(delta)
    return 1 / _smallest(lambda s: _log_zcdp_delta(1 / s, epsilon) <= log_delta)


def _log_zcdp_delta(rho: float, epsilon: float) -> float:
    """The bound at the best v = alpha - 1; any v > 0 gives a valid one."""

    def slope(log_v):
        v = math.exp(log_v)
        return (2 * v + 1) * rho - epsilon - math.log1p(1 / v)

    low = -min(3 * rho + 1, 600.0)
    high = min(math.log((1.001 * epsilon + 1) / (2 * rho) + 1), 600.0)
    if slope(low) < 0 < slope(high):
        log_v = brentq(slope, low, high)
    else:
        log_v = low if slope(low) >= 0 else high
    v = math.exp(log_v)
    exponent = v * ((v + 1) * rho - epsilon)
    entropy = (v + 1) * math.log1p(1 / v)
    size = v * ((v + 1) * rho + epsilon) + entropy + abs(log_v)
    return min(exponent - entropy - log_v + 2.0**-50 * size, 0.0) if size < 1e300 else 0.0


# ----------------------------------------------------------------- discrete Gaussian


def discrete_gaussian_delta(
    epsilon: Real, variance: Rational, l2_squared: int, n_components: int
) -> float:
    """A delta for which discrete Gaussian noise is (epsilon, delta)-private.

    Parameters
    ----------
    epsilon : float
        At least 0.

    variance : int or Fraction
        The parameter sigma^2 of the noise, in units of the lattice.

    l2_squared : int
        Squared l2 sensitivity of the vector of integers.

    n_components : int
        Number m of entries of the vector.

    Returns
    -------
    delta : float
        The smaller one of the two bounds for which the text of this module has the proofs.
    """
    check_curve_epsilon(epsilon)
    check_positive(variance=variance)
    l2_squared = positive_int("l2_squared", l2_squared)
    n_components = positive_int("n_components", n_components)
    arguments = float(epsilon), exact(variance), l2_squared
    log_delta = min(
        _log_rounded_delta(*arguments, n_components), _log_discrete_zcdp_delta(*arguments)
    )
    return _delta_up(log_delta)


def discrete_gaussian_variance(
    epsilon: Real, delta: Real, l2_squared: int, n_components: int
) -> int:
    """Smallest integer variance of discrete Gaussian noise for (epsilon, delta)-privacy.

    Parameters are those of `discrete_gaussian_delta`, and delta between 0 and 1.

    Returns
    -------
    variance : int
        `discrete_gaussian_delta` is at most delta there. The smallest such integer, to
        2^-44 of it.
    """
    check_epsilon(epsilon)
    check_delta(delta)
    l2_squared = positive_int("l2_squared", l2_squared)
    n_components = positive_int("n_components", n_components)
    epsilon, log_delta = float(epsilon), math.log(delta)

    def holds(variance):
        arguments = epsilon, variance, l2_squared
        return (
            _log_rounded_delta(*arguments, n_components) <= log_delta
            or _log_discrete_zcdp_delta(*arguments) <= log_delta
        )

    low, high = 0, l2_squared
    while not holds(high):
        low, high = high, _doubled(high)
    while high - low > 1 + (high >> 44):
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _log_discrete_zcdp_delta(epsilon: float, variance: Rational, l2_squared: int) -> float:
    return _log_zcdp_delta(float(gaussian_rho(l2_squared, variance)), epsilon)


def _log_rounded_delta(
    epsilon: float, variance: Rational, l2_squared: int, n_components: int
) -> float:
    """The second bound of the text of this module; 0 where it says nothing."""
    if variance < 1:
        return 0.0
    v, m = float(variance), n_components
    mu = math.sqrt(l2_squared / variance)
    tail = epsilon - _log_gaussian_delta(epsilon, mu) + 40 * math.log(2)
    if not tail < math.inf:
        return 0.0
    above = m / (24 * v)
    radius = math.sqrt(m) + math.sqrt(2 * tail) + math.sqrt(m / v) / 2
    below = 3 * m * math.exp(-2 * math.pi**2 * v) + radius**2 / (24 * v)
    if above + below >= epsilon:
        return 0.0
    return _log_gaussian_delta(epsilon - above - below, mu) + above + 2.0**-40


# ------------------------------------------------------------------------------ shared


def _delta_up(log_delta: float) -> float:
    """exp, rounded up, and at most 1."""
    return min(math.nextafter(math.exp(log_delta) * (1 + 2.0**-50), 1.0), 1.0)


def _doubled(scale):
    if scale > 1e300:
        raise ValueError(
            "This epsilon and delta need noise beyond the range of floats. Take greater "
            "ones."
        )
    return 2 * scale


def _smallest(holds: Callable[[float], bool]) -> float:
    """Where a condition on positive numbers starts to hold; it holds where this returns."""
    low, high = 1.0, 1.0
    while not holds(high):
        low, high = high, _doubled(high)
    while low == high or holds(low):
        low, high = low / 2, low
    while high > low * (1 + _WIDTH):
        middle = math.sqrt(low) * math.sqrt(high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
