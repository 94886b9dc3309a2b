"""Numbers as they are meant, and which of them are refused."""

import math
from fractions import Fraction
from numbers import Rational, Real
from operator import index


def exact(value: Real) -> Fraction:
    """The number meant by `value`: of a float the shortest decimal that rounds to it.

    So 0.1 is 1/10, and ten times 0.1 is 1.
    """
    if isinstance(value, Rational):
        # int: those of NumPy would overflow in silence.
        return Fraction(int(value.numerator), int(value.denominator))
    return Fraction(repr(float(value)))


def check_epsilon(epsilon: Real) -> None:
    """Refuse what is not a positive finite number."""
    if not 0 < epsilon < math.inf:
        raise ValueError(f"epsilon must be positive and finite; got {epsilon}.")


def check_curve_epsilon(epsilon: Real) -> None:
    """Refuse what is negative or not finite."""
    if not 0 <= epsilon < math.inf:
        raise ValueError(f"epsilon must be at least 0 and finite; got {epsilon}.")


def check_delta(delta: Real) -> None:
    """Refuse what is not between 0 and 1, exclusive."""
    if not 0 < delta < 1:
        raise ValueError(
            f"delta must be between 0 and 1, exclusive; got {delta}. For delta=0 the noise "
            "must be Laplace's or that of the l2 norm."
        )


def check_positive(**numbers: Real) -> None:
    """Refuse named numbers that are not positive and finite."""
    for name, value in numbers.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be positive and finite; got {value}.")


def positive_int(name: str, value: int) -> int:
    """An int of Python, which does not overflow."""
    value = index(value)
    check_positive(**{name: value})
    return value
