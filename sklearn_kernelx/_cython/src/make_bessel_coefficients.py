"""Write bessel_coefficients.h, every number from its recurrence in exact fractions."""

from fractions import Fraction
from pathlib import Path

import mpmath

LOG_TERMS, RATIO_TERMS, ETA_TERMS = 14, 15, 24
GAMMA_TERMS, LOG_GAMMA_TERMS = 22, 21


def product(a, b):
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return result


def total(*polynomials):
    result = [Fraction(0)] * max(map(len, polynomials))
    for polynomial in polynomials:
        for i, x in enumerate(polynomial):
            result[i] += x
    return result


def scaled(a, factor):
    return [factor * x for x in a]


def derivative(a):
    return [i * x for i, x in enumerate(a)][1:] or [Fraction(0)]


def integral(a):
    return [Fraction(0)] + [x / (i + 1) for i, x in enumerate(a)]


def debye_polynomials(n_terms):
    """U_k(p), DLMF 10.41.9."""
    polynomials = [[Fraction(1)]]
    for _ in range(n_terms):
        u = polynomials[-1]
        first = product([0, 0, Fraction(1, 2), 0, Fraction(-1, 2)], derivative(u))
        second = scaled(integral(product([1, 0, -5], u)), Fraction(1, 8))
        polynomials.append(total(first, second))
    return polynomials


def log_debye_polynomials(n_terms):
    """D_k(p) of log sum U_k/v^k = sum D_k/v^k: k U_k = sum_j j D_j U_(k-j)."""
    u = debye_polynomials(n_terms)
    d = [[Fraction(0)]]
    for k in range(1, n_terms + 1):
        known = [scaled(product(d[j], u[k - j]), Fraction(-j, k)) for j in range(1, k)]
        d.append(total(u[k], *known))
    return d[1:]


def riccati_polynomials(n_terms):
    """e_k(q) of I_(v+1)/I_v = w (1 + sum e_k/nu^k), see bessel_ratio.h."""
    e = [[Fraction(1)]]
    for k in range(1, n_terms + 1):
        last = e[-1]
        slope = scaled(product([1, 0, -1], derivative(last)), Fraction(-1))
        own = product([0, 0, Fraction(-1, 2)], total(last, slope))
        pairs = [product(e[i], e[k - i]) for i in range(1, k)]
        half = [Fraction(-1, 2), Fraction(1, 2)]
        e.append(total(own, *(product(half, pair) for pair in pairs)))
    return e[1:]


def taylor_of_eta(n_terms):
    """Root of eta(z) = sqrt(1+z^2) + log(z/(1+sqrt(1+z^2))), and its series there."""

    def eta(z):
        s = mpmath.sqrt(1 + z * z)
        return s + mpmath.log(z / (1 + s))

    root = mpmath.findroot(eta, 0.6627)
    return root, mpmath.taylor(eta, root, n_terms)[1:]


def array(name, values, note=""):
    body = ",\n    ".join(float(x).hex() for x in values)
    return f"{note}static const double {name}[{len(values)}] = {{\n    {body},\n}};\n"


def value(polynomial, x):
    result = mpmath.mpf(0)
    for c in polynomial[::-1]:
        result = result * x + mpmath.mpf(c.numerator) / c.denominator
    return result


def largest(polynomial):
    """Of |polynomial| on [0, 1]."""
    return max(abs(value(polynomial, mpmath.mpf(i) / 1000)) for i in range(1001))


def flat(rows):
    return [x for row in rows for x in row]


def header():
    """Return the text of bessel_coefficients.h."""
    mpmath.mp.dps = 60
    d = log_debye_polynomials(LOG_TERMS)
    e = riccati_polynomials(RATIO_TERMS)
    root, taylor = taylor_of_eta(ETA_TERMS)
    head = float(mpmath.mpf(int(root * 2**26)) / 2**26)
    gamma = mpmath.taylor(lambda z: mpmath.rgamma(1 + z), 0, GAMMA_TERMS - 1)
    log_gamma = mpmath.chebyfit(
        lambda u: mpmath.loggamma(u + 1.5) / ((u + 0.5) * (u - 0.5)),
        [-0.5000001, 0.5000001],
        LOG_GAMMA_TERMS,
    )
    parts = [
        "/* Written by make_bessel_coefficients.py, every number from its recurrence. */",
        "#ifndef BESSEL_COEFFICIENTS_H",
        "#define BESSEL_COEFFICIENTS_H\n",
        f"enum {{ LOG_TERMS = {LOG_TERMS}, RATIO_TERMS = {RATIO_TERMS}, "
        f"ETA_TERMS = {ETA_TERMS} }};\n"
        f"enum {{ GAMMA_TERMS = {GAMMA_TERMS}, LOG_GAMMA_TERMS = {LOG_GAMMA_TERMS} }};\n",
        array(
            "LOG_DEBYE",
            flat(p[k : 3 * k + 1 : 2] for k, p in enumerate(d, 1)),
            "/* D_k(p) = sum_j LOG_DEBYE[k (k + 1)/2 - 1 + j] p^(k + 2 j), j <= k. */\n",
        ),
        array(
            "LARGEST_LOG_DEBYE",
            [largest(p) for p in d],
            "/* max |D_k(p)| over 0 <= p <= 1, k = 1, 2, ... */\n",
        ),
        array(
            "RICCATI",
            flat(p[k + 1 : 3 * k] for k, p in enumerate(e, 1)),
            "/* e_k(q) = sum_j RICCATI[(k - 1)^2 + j] q^(k + 1 + j), j < 2 k - 1. */\n",
        ),
        array(
            "LARGEST_RICCATI",
            [largest(p[1:]) for p in e],
            "/* max |e_k(q)/q| over 0 <= q <= 1, k = 1, 2, ... */\n",
        ),
        "/* The root of eta: HEAD has 26 bits. */",
        f"#define ETA_ROOT {float(root).hex()}",
        f"#define ETA_ROOT_HEAD {head.hex()}",
        f"#define ETA_ROOT_TAIL {float(root - head).hex()}",
        array(
            "ETA_TAYLOR", taylor, "/* eta(root + h) = sum_k ETA_TAYLOR[k] h^(k + 1) */\n"
        ),
        array(
            "RECIPROCAL_GAMMA",
            gamma,
            "/* 1/Gamma(1 + z) = sum_k RECIPROCAL_GAMMA[k] z^k */\n",
        ),
        array(
            "LOG_GAMMA_1P",
            log_gamma[::-1],
            "/* log Gamma(1 + f) = f (f - 1) sum_k LOG_GAMMA_1P[k] (f - 1/2)^k for\n"
            " * 0 <= f <= 1: Chebyshev fit, relative error 5.1e-18. */\n",
        ),
        "#endif\n",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("bessel_coefficients.h").write_text(header())
