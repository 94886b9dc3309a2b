"""Noise of the l2 norm, rounded to integers: its law is exact, and so is the rounding.

Z in R^m has a density proportional to exp(-|z|_2 / s). What is added to an integer vector
q(x) is round(Z), entry by entry. Since

    q(x) + round(Z) = round(q(x) + Z),

the release is postprocessing of q(x) + Z. For the vector v that neighbours differ by,
with |v|_2 <= D, densities have the ratio exp((|z|_2 - |z - v|_2) / s), at most
exp(D / s) by the triangle inequality: the release is (D / s)-private, without any delta.

Z = s |N'| G, with independent G from N(0, I_m) and N' from N(0, I_{m+1}), has this law. The
density of V = |N'|^2 is proportional to v^((m - 1)/2) exp(-v / 2), and that of Z given V to
V^(-m/2) exp(-|z|^2 / 2 s^2 V). So that of Z is, with r = |z| / s and v = w^2,

    int_0^inf v^(-1/2) exp(-v / 2 - r^2 / 2v) dv
        = 2 int_0^inf exp(-w^2 / 2 - r^2 / 2w^2) dw = sqrt(2 pi) exp(-r).

So one entry has the variance s^2 E V = s^2 (m + 1).

The normal numbers are real ones, of which as many bits are drawn as are asked for, in the
way of Karney [1]_. Let S = 2^FIRST_BITS, k >= 0 have P(k) ~ exp(-k^2 / 2 S^2), and x be
uniform in [0, 1). If k + x is accepted with probability exp(-x (2k + x) / 2 S^2), it has a
density proportional to exp(-(k + x)^2 / 2 S^2), and the bits of x that the decision left
unread are uniform. The decision is von Neumann's: a run of comparisons of uniform numbers
with rational functions of x, each of which is settled by integers as soon as bits suffice.

The entries of round(Z) are decided likewise, by lower and upper bounds of s |N'| |G_i|. All
is integer arithmetic, and nothing is approximated.

References
----------
.. [1] C. F. F. Karney, "Sampling exactly from the normal distribution", ACM Transactions on
   Mathematical Software 42, 2016.
"""

from fractions import Fraction
from math import isqrt, prod

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.privacy._noise import (
    MAX_SCALE_BITS,
    ByteSource,
    checked_fraction,
    discrete_gaussian,
)

# Any numbers give the same law, FIRST_BITS up to 48 and MORE_BITS up to 64. With these one
# decision in 2^40 and less needs more bits.
FIRST_BITS = 48
MORE_BITS = 64


def l2_norm_noise(
    scale: Fraction | int, size: int | tuple[int, ...], source: ByteSource
) -> NDArray[np.int64]:
    """Draw round(Z), where Z has a density proportional to exp(-|z|_2 / scale).

    Parameters
    ----------
    scale : Fraction or int
        Above 0 and up to 2^48, as for `discrete_laplace`.
    size : int or tuple of int
        Shape of the result. The last axis is that of Z, others are of independent draws.
    source : callable
        As for `discrete_laplace`.

    Returns
    -------
    drawn : ndarray of shape `size`
        Independent draws of the vector.

    Raises
    ------
    TypeError, ValueError
        If `scale` is no such number, or `source` returns anything else.
    OverflowError
        If an entry is beyond 64 bits.
    """
    scale = checked_fraction(scale, "scale", MAX_SCALE_BITS)
    shape = (size,) if np.ndim(size) == 0 else tuple(size)
    m = shape[-1]
    if prod(shape) == 0:
        return np.zeros(shape, np.int64)
    signs = 1 - 2 * (_words(prod(shape), source) & 1).astype(np.int64)
    moduli, bits = _half_normals(prod(shape[:-1]) * (2 * m + 1), source)
    while (rounded := _rounded(scale, moduli.reshape(-1, 2 * m + 1), bits)) is None:
        moduli, bits = _extended(moduli, source), bits + MORE_BITS
    return signs.reshape(shape) * rounded.astype(np.int64).reshape(shape)


def _rounded(scale: Fraction, moduli: NDArray, bits: int) -> NDArray | None:
    """The integers next to scale |N'| |G_i|, or None where bits do not decide one.

    In a row of moduli are those of G and then those of N', each at least
    moduli / 2^bits and at most (moduli + 1) / 2^bits.
    """
    m = moduli.shape[1] // 2
    low, high = (
        (2 * scale.numerator * norm[:, np.newaxis] * part[:, :m] + unit) // (2 * unit)
        for unit in [scale.denominator << 2 * bits]
        for part, norm in [
            (moduli, _roots((moduli[:, m:] ** 2).sum(axis=1))),
            (moduli + 1, 1 + _roots(((moduli[:, m:] + 1) ** 2).sum(axis=1))),
        ]
    )
    return low if (low == high).all() else None


def _roots(squares: NDArray) -> NDArray:
    roots = np.empty(len(squares), object)
    roots[:] = [isqrt(s) for s in squares]
    return roots


# ---------------------------------------------------------------------- normal numbers


def _half_normals(n: int, source: ByteSource) -> tuple[NDArray, int]:
    """Moduli of standard normal numbers, in units of 2^-bits, and the number of bits."""
    parts, left = [], n
    while left > 0:
        parts.append(_accepted(2 * left + 10, source))
        left -= len(parts[-1][0])
    moduli, bits = (np.concatenate(part)[:n] for part in zip(*parts, strict=True))
    while (is_short := bits < bits.max()).any():
        moduli[is_short] = _extended(moduli[is_short], source)
        bits[is_short] += MORE_BITS
    return moduli, FIRST_BITS + int(bits[0])


def _accepted(n: int, source: ByteSource) -> tuple[NDArray, NDArray]:
    """Those of n candidates that are kept, and the bits that are known of their x."""
    steps = discrete_gaussian(4**FIRST_BITS, n, source)
    steps = steps[steps >= 0]
    uniforms = _words(len(steps), source)
    moduli = _extended(steps.astype(object), source)
    bits = np.full(len(steps), MORE_BITS)
    is_kept = np.ones(len(steps), bool)
    # Above (2k + 1) / 2 S^2, or what exceeds it by more than floats round, the first
    # comparison ends the run: x (2k + x) is less.
    bounds = np.ldexp(steps + 1.0, MORE_BITS - 2 * FIRST_BITS) * (1 + 2.0**-40)
    for i in np.flatnonzero(uniforms <= bounds):
        step, word = int(steps[i]), int(uniforms[i])
        x = _Uniform(source, int(moduli[i]) - (step << MORE_BITS))
        is_kept[i] = _keeps(step, x, _Uniform(source, word))
        moduli[i], bits[i] = (step << x.bits) + x.numerator, x.bits
    return moduli[is_kept], bits[is_kept]


class _Uniform:
    """A uniform number from numerator / 2^bits to (numerator + 1) / 2^bits."""

    def __init__(self, source: ByteSource, first_word: int | None = None) -> None:
        self._source = source
        self.numerator, self.bits = 0, 0
        if first_word is None:
            self.extend()
        else:
            self.numerator, self.bits = first_word, MORE_BITS

    def extend(self) -> None:
        word = int(_words(1, self._source)[0])
        self.numerator = (self.numerator << MORE_BITS) + word
        self.bits += MORE_BITS


def _keeps(step: int, x: _Uniform, first: _Uniform) -> bool:
    """Whether to keep step + x, with probability exp(-x (2 step + x) / 2 S^2).

    It is a product of n equal factors exp(-t) with t <= 1, and a run of events with
    probabilities t / 1, t / 2, t / 3, ... ends at an odd place with probability exp(-t).
    """
    divisor = 2 * 4**FIRST_BITS
    n_factors = (2 * step + divisor) // divisor
    for _ in range(n_factors):
        place = 1
        while _is_below(first, place * n_factors * divisor, step, x):
            place, first = place + 1, _Uniform(x._source)
        if place % 2 == 0:
            return False
        first = _Uniform(x._source)
    return True


def _is_below(uniform: _Uniform, factor: int, step: int, x: _Uniform) -> bool:
    """Whether uniform * factor < x (2 step + x), with as many bits as that takes."""
    while True:
        low, high = (n * ((2 * step << x.bits) + n) for n in (x.numerator, x.numerator + 1))
        unit = factor << 2 * x.bits
        if (uniform.numerator + 1) * unit <= low << uniform.bits:
            return True
        if uniform.numerator * unit >= high << uniform.bits:
            return False
        uniform.extend()
        x.extend()


# ------------------------------------------------------------------------------- bits


def _words(n: int, source: ByteSource) -> NDArray[np.uint64]:
    """Uniform integers of MORE_BITS bits."""
    drawn = source(8 * n)
    if not isinstance(drawn, bytes) or len(drawn) != 8 * n:
        raise ValueError(f"source must return the {8 * n} bytes that it is asked for")
    return np.frombuffer(drawn, np.uint64) >> np.uint64(64 - MORE_BITS)


def _extended(numbers: NDArray, source: ByteSource) -> NDArray:
    """MORE_BITS further bits of each of an array of Python's integers."""
    return (numbers << MORE_BITS) + _words(len(numbers), source).astype(object)
