"""Integer noise whose law is exact: no floating-point number is met on the way.

Rounded noise has gaps and unevenly likely low bits that tell neighbouring data apart [1]_.
Both laws here are those of Canonne, Kamath and Steinke [2]_, drawn by their algorithms from
random bytes. What an attacker may learn from the time that a draw takes is not covered.

References
----------
.. [1] I. Mironov, "On significance of the least significant bits for differential
   privacy", CCS 2012.
.. [2] C. L. Canonne, G. Kamath, T. Steinke, "The discrete Gaussian for differential
   privacy", NeurIPS 2020, arXiv:2004.00010.
"""

import os
from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from numbers import Rational

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython import _discrete_noise
from sklearn_kernelx._random import generator, seed_from

# What src/discrete_noise.h can hold.
MAX_SCALE_BITS = 48
MAX_NUMERATOR_BITS = 96
MAX_DENOMINATOR_BITS = 48

ByteSource = Callable[[int], bytes]


class SystemEntropy:
    """Bytes of the operating system. It has no state: a forked process draws others."""

    def __call__(self, n_bytes: int) -> bytes:
        return os.urandom(n_bytes)


class SeededBytes:
    """Bytes that a seed repeats. Who knows the seed knows the noise: nothing is private.

    Parameters
    ----------
    random_state : int, RandomState or None
        As for scikit-learn's estimators.
    """

    def __init__(self, random_state: int | np.random.RandomState | None) -> None:
        self._generator = generator(seed_from(random_state))

    def __call__(self, n_bytes: int) -> bytes:
        return self._generator.bytes(n_bytes)


def discrete_laplace(
    scale: Fraction | int, size: int | tuple[int, ...], source: ByteSource
) -> NDArray[np.int64]:
    """Draw integers y with probabilities proportional to exp(-abs(y) / scale).

    Parameters
    ----------
    scale : Fraction or int
        Above 0 and up to 2^48; in lowest terms the numerator is at most 2^96, the
        denominator 2^48.
    size : int or tuple of int
        Shape of the result.
    source : callable
        `SystemEntropy()`, or any function from a number of bytes to so many bytes.

    Returns
    -------
    drawn : ndarray of shape `size`
        Independent draws.

    Raises
    ------
    TypeError, ValueError
        If `scale` is no such number, or `source` returns anything else.
    """
    scale = checked_fraction(scale, "scale", MAX_SCALE_BITS)
    drawn = np.empty(size, np.int64)
    _discrete_noise.laplace(drawn.reshape(-1), source, scale.numerator, scale.denominator)
    return drawn


def discrete_gaussian(
    variance: Fraction | int, size: int | tuple[int, ...], source: ByteSource
) -> NDArray[np.int64]:
    """Draw integers y with probabilities proportional to exp(-y^2 / (2 variance)).

    Parameters
    ----------
    variance : Fraction or int
        Above 0 and up to 2^96; in lowest terms the numerator is at most 2^96, the
        denominator 2^48. The draws have this variance or, noticeably if it is below 1, a
        smaller one [2]_.
    size : int or tuple of int
        Shape of the result.
    source : callable
        As for `discrete_laplace`.

    Returns
    -------
    drawn : ndarray of shape `size`
        Independent draws.

    Raises
    ------
    TypeError, ValueError
        If `variance` is no such number, or `source` returns anything else.
    """
    variance = checked_fraction(variance, "variance", 2 * MAX_SCALE_BITS)
    drawn = np.empty(size, np.int64)
    scale, *terms = gaussian_proposal(variance)
    _discrete_noise.gaussian(
        drawn.reshape(-1), source, scale.numerator, scale.denominator, *terms
    )
    return drawn


def gaussian_proposal(variance: Fraction) -> tuple[Fraction, int, int, int, int]:
    """Return how to draw the discrete Gaussian from the discrete Laplace law.

    Of draws of any scale t, those kept with probability
    exp(-(abs(y) - variance / t)^2 / (2 variance)) have the discrete Gaussian law, since
    abs(y) / t plus that exponent is y^2 / (2 variance) and a constant. Algorithm 3 of [2]_
    has the integer t above the deviation. Here t is 1 for a variance below 1, else the
    variance over the rounded down deviation: also between 1 and 2 deviations, so nearly as
    many draws are kept, but the integers are half as long.

    Returns
    -------
    scale : Fraction
        The scale t.
    step, centre, factor, divisor : int
        The exponent is (abs(y) step - centre)^2 factor / divisor.
    """
    numerator, denominator = variance.numerator, variance.denominator
    if variance < 1:
        return Fraction(1), denominator, numerator, 1, 2 * numerator * denominator
    rounded_deviation = isqrt(numerator // denominator)
    scale = variance / rounded_deviation
    return scale, 1, rounded_deviation, denominator, 2 * numerator


def checked_fraction(number: Fraction | int, name: str, max_bits: int) -> Fraction:
    """Refuse what is not exact, or too long for the samplers."""
    if not isinstance(number, Rational) or isinstance(number, bool):
        raise TypeError(
            f"{name} must be an int or a Fraction, since noise is drawn in exact "
            f"arithmetic; it is a {type(number).__name__}. Round it up to a Fraction"
        )
    fraction = Fraction(int(number.numerator), int(number.denominator))
    if not 0 < fraction <= 2**max_bits:
        raise ValueError(f"{name} must be above 0 and at most 2**{max_bits}")
    if (
        fraction.numerator > 2**MAX_NUMERATOR_BITS
        or fraction.denominator > 2**MAX_DENOMINATOR_BITS
    ):
        raise ValueError(
            f"the numerator of {name} must be at most 2**{MAX_NUMERATOR_BITS}, its "
            f"denominator 2**{MAX_DENOMINATOR_BITS}: round it up to a shorter Fraction"
        )
    return fraction
