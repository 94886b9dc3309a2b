"""How large the integers of a record can be that a vector is rounded to."""

import math
from fractions import Fraction
from numbers import Real
from operator import index

from sklearn_kernelx.privacy._arguments import check_positive, exact, positive_int


def lattice_l2_squared(norm_squared: Real, n_nonzero: int, bits: int) -> int:
    """Bound on the squared l2 norm of a rounded vector, in units of 4^-bits.

    Parameters
    ----------
    norm_squared : float or Fraction
        Greatest squared l2 norm c^2 of the vector of a record, before rounding. It must
        hold for the floats that are rounded, so that whoever clips them has to check the
        squared norm of the integers against what this returns.

    n_nonzero : int
        Greatest number m of nonzero entries of the vector of a record.

    bits : int
        Entries are rounded to multiples of 2^-bits.

    Returns
    -------
    l2_squared : int
        The largest integer that is at most (c 2^bits + sqrt(m) / 2)^2, as rounding moves
        each nonzero entry by at most 1/2 and leaves a zero.
    """
    check_positive(norm_squared=norm_squared)
    m = positive_int("n_nonzero", n_nonzero)
    scaled = exact(norm_squared) * Fraction(4) ** index(bits)
    p, q = scaled.numerator, scaled.denominator
    return (4 * p + m * q + math.isqrt(16 * p * q * m)) // (4 * q)


def lattice_l1_from_l2(norm_squared: Real, n_nonzero: int, bits: int) -> int:
    """Bound on the l1 norm of a rounded vector, in units of 2^-bits.

    Parameters are those of `lattice_l2_squared`.

    Returns
    -------
    l1 : int
        The largest integer that is at most sqrt(m) times the l2 norm, by the inequality of
        Cauchy and Schwarz; it is reached where all entries have one modulus.
    """
    l2_squared = lattice_l2_squared(norm_squared, n_nonzero, bits)
    return math.isqrt(index(n_nonzero) * l2_squared)
