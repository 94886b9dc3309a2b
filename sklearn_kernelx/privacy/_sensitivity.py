"""How much one record changes a sum of vectors that are rounded to integers."""

import math
from fractions import Fraction
from numbers import Real
from operator import index

from sklearn_kernelx.privacy._arguments import check_positive, exact, positive_int

_ADJACENCIES = ("add_remove", "replace_one")


def _records_changed(adjacency: str) -> int:
    if adjacency not in _ADJACENCIES:
        raise ValueError(f"adjacency must be one of {_ADJACENCIES}; got {adjacency!r}.")
    return 1 + _ADJACENCIES.index(adjacency)


def lattice_l2_squared(
    norm_squared: Real, n_nonzero: int, bits: int, adjacency: str = "add_remove"
) -> int:
    """Squared l2 sensitivity of a sum of rounded vectors, in units of 4^-bits.

    Parameters
    ----------
    norm_squared : float or Fraction
        Greatest squared l2 norm c^2 of the vector of a record, before rounding. It must
        hold for the floats that are rounded, so that whoever clips them has to check the
        squared norm of the integers against what this returns for "add_remove".

    n_nonzero : int
        Greatest number m of nonzero entries of the vector of a record.

    bits : int
        Entries are rounded to multiples of 2^-bits.

    adjacency : {"add_remove", "replace_one"}, default="add_remove"
        Whether neighbours differ by a record more or less, or by another record in the
        place of one.

    Returns
    -------
    l2_squared : int
        The largest integer that is at most (c 2^bits + sqrt(m) / 2)^2, as rounding moves
        each nonzero entry by at most 1/2 and leaves a zero; four times that for
        "replace_one", as |q(x) - q(x')| <= |q(x)| + |q(x')|, with equality for x' = -x.
    """
    check_positive(norm_squared=norm_squared)
    m = positive_int("n_nonzero", n_nonzero)
    scaled = exact(norm_squared) * Fraction(4) ** index(bits)
    p, q = scaled.numerator, scaled.denominator
    squared = (4 * p + m * q + math.isqrt(16 * p * q * m)) // (4 * q)
    return squared * _records_changed(adjacency) ** 2


def lattice_l1(norm: Real, n_nonzero: int, bits: int, adjacency: str = "add_remove") -> int:
    """l1 sensitivity, in units of 2^-bits, where the l1 norm before rounding is bounded.

    Parameters are those of `lattice_l2_squared`, with the greatest l1 norm c for the first.

    Returns
    -------
    l1 : int
        The largest integer that is at most c 2^bits + m / 2; twice that for "replace_one".
    """
    check_positive(norm=norm)
    half = Fraction(positive_int("n_nonzero", n_nonzero), 2)
    of_a_record = math.floor(exact(norm) * Fraction(2) ** index(bits) + half)
    return of_a_record * _records_changed(adjacency)


def lattice_l1_from_l2(
    norm_squared: Real, n_nonzero: int, bits: int, adjacency: str = "add_remove"
) -> int:
    """l1 sensitivity, in units of 2^-bits, where the l2 norm before rounding is bounded.

    Parameters are those of `lattice_l2_squared`.

    Returns
    -------
    l1 : int
        The largest integer that is at most sqrt(m) |q(x)|_2, by the inequality of Cauchy
        and Schwarz; it is reached where all entries have one modulus. Twice that for
        "replace_one".
    """
    l2_squared = lattice_l2_squared(norm_squared, n_nonzero, bits)
    return math.isqrt(index(n_nonzero) * l2_squared) * _records_changed(adjacency)
