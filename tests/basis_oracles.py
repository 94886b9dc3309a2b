"""Orthonormal polynomials in extended precision, by the recurrence of their moments."""

import functools

import mpmath

# Squares of the coefficients s_k of x p[k] = s[k+1] p[k+1] + s[k] p[k-1].
FAMILIES = {
    "legendre": lambda k: mpmath.mpf(k * k) / (4 * k * k - 1),
    "hermite": lambda k: mpmath.mpf(k),
    "chebyshev": lambda k: mpmath.mpf(1) / (2 if k == 1 else 4),
}
DIGITS = 50


@functools.cache
def _coefficients(family, degree):
    with mpmath.workdps(DIGITS):
        return [mpmath.sqrt(FAMILIES[family](k)) for k in range(1, degree + 1)]


def exact_values(family, degree, x):
    """The polynomials of degrees 0, 1, ..., `degree` at x, as mpmath numbers."""
    with mpmath.workdps(DIGITS):
        x = mpmath.mpf(float(x))
        values, before, last = [mpmath.mpf(1)], mpmath.mpf(0), mpmath.mpf(0)
        for s in _coefficients(family, degree):
            after = (x * values[-1] - last * before) / s
            before, last = values[-1], s
            values.append(after)
        return values
