"""Write log_bessel.npz: log I_v(x), log K_v(x), I_{v+1}/I_v and log C_{2v+2}(x).

Orders and arguments are of all sizes, exact in binary64; a third of the arguments lie near
a root of log I, log K or log C. Values are sums of two float64, from mpmath with as many
digits as the arguments take, above order 60 from Debye's expansion in exact fractions.
Takes some minutes.
"""

import sys
from pathlib import Path

import mpmath
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "sklearn_kernelx" / "_cython" / "src"))
from make_bessel_coefficients import debye_polynomials  # noqa: E402

mpmath.mp.dps = 100
N_ROWS, N_TERMS = 900, 90
LARGE = 60
DEBYE = [
    [mpmath.mpf(c.numerator) / c.denominator for c in u[::-1]]
    for u in debye_polynomials(N_TERMS)
]


def debye(v, x, sign):
    """log I (sign 1) or log K (sign -1) of large order, DLMF 10.41.3-4."""
    t = mpmath.sqrt(v * v + x * x)
    eta = t + v * mpmath.log(x / (v + t))
    series = mpmath.fsum(
        mpmath.polyval(u, v / t) * (sign / v) ** k for k, u in enumerate(DEBYE)
    )
    front = 1 / (2 * mpmath.pi) if sign > 0 else mpmath.pi / 2
    return sign * eta + mpmath.log(front / t) / 2 + mpmath.log(series)


def log_i(v, x):
    return debye(v, x, 1) if v > LARGE else mpmath.log(mpmath.besseli(v, x))


def log_k(v, x):
    return debye(v, x, -1) if v > LARGE else mpmath.log(mpmath.besselk(v, x))


def log_c(v, x):
    return v * mpmath.log(x) - (v + 1) * mpmath.log(2 * mpmath.pi) - log_i(v, x)


def digits(v, x):
    """Working precision: 1 + v and 1 + x^2 must differ from 1."""
    small = max(-2 * mpmath.log10(x), -mpmath.log10(v) if v else 0, 0)
    return 100 + int(small)


def near_root(function, v, rng):
    try:
        root = mpmath.findroot(lambda x: function(v, x), 0.66 * v + 1)
    except ValueError:
        return 0.66 * v + 0.5
    x = float(mpmath.re(root)) * (1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-12, -1))
    return x if x > 0 else 0.5


def inputs(rng):
    for i in range(N_ROWS):
        v = float(10 ** rng.uniform(-3, 6)) if i % 3 else float(rng.integers(0, 60)) / 2
        v = {0: 0.0, 1: 1e-9, 2: 1e-100}.get(i % 41, v)
        x = float(10 ** rng.uniform(-2, 6))
        if i % 5 == 0:
            x = float(10 ** rng.uniform(-150, 9))
        if i % 3 == 1 and v > 0.5:
            x = near_root((log_i, log_k, log_c)[i // 3 % 3], v, rng)
        yield v, x


def two_parts(values):
    high = [float(value) for value in values]
    low = [float(value - h) for value, h in zip(values, high, strict=True)]
    return np.array([high, low])


if __name__ == "__main__":
    rows, columns = [], ([], [], [], [])
    for v, x in inputs(np.random.default_rng(0)):
        with mpmath.workdps(digits(v, x)):
            a, b = mpmath.mpf(v), mpmath.mpf(x)
            values = log_i(a, b), log_k(a, b), mpmath.exp(log_i(a + 1, b) - log_i(a, b))
            for column, value in zip(columns, (*values, log_c(a, b)), strict=True):
                column.append(mpmath.mpf(value))
        rows.append((v, x))
    v, x = np.transpose(rows)
    names = ("log_iv", "log_kv", "iv_ratio", "log_vmf_normalizer")
    tables = dict(zip(names, map(two_parts, columns), strict=True))
    tables["iv_ratio_complement"] = two_parts([1 - ratio for ratio in columns[2]])
    np.savez_compressed(Path(__file__).with_name("log_bessel.npz"), v=v, x=x, **tables)
