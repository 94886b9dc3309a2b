"""Write exp.npz: arguments and exp of them, from mpmath with 60 digits.

`high` is exp(x) rounded to the dtype; `rest` is (exp(x) - high) in units of the last place
of high, so that errors can be told to a small fraction of an ulp. Run it from here.
"""

from pathlib import Path

import mpmath as mp
import numpy as np


def arguments(dtype, rng):
    info = np.finfo(dtype)
    low, high = float(np.log(info.smallest_subnormal)), float(np.log(info.max))
    normal = float(np.log(info.tiny))
    points = [
        rng.uniform(low, high, 1500),
        rng.uniform(-1, 1, 400),
        rng.uniform(low - 2, normal + 1, 400),  # subnormal results
        rng.uniform(high - 1, high, 100),
        # Near the half-integers of x / ln 2, where the reduced argument is largest.
        (rng.integers(-100, 100, 300) + 0.5) * np.log(2) * (1 + rng.normal(0, 1e-9, 300)),
        [0.0, -0.0, low, high, normal, 1.0, -1.0, 1e-30, -1e-30, float(info.tiny)],
    ]
    x = np.concatenate(points).astype(dtype)
    return x[(x >= low - 2) & (x.astype(np.float64) < high - 1e-6)]


def table(dtype, rng):
    x = arguments(dtype, rng)
    high, rest = np.empty_like(x), np.empty(len(x))
    for i, xi in enumerate(x):
        exact = mp.exp(mp.mpf(float(xi)))
        high[i] = float(exact) if dtype == np.float64 else np.float32(mp.nstr(exact, 30))
        rest[i] = float(
            (exact - mp.mpf(float(high[i]))) / mp.mpf(float(np.spacing(high[i])))
        )
    return x, high, rest


if __name__ == "__main__":
    mp.mp.dps = 60
    rng = np.random.default_rng(0)
    arrays = {}
    for name in ("float64", "float32"):
        columns = table(np.dtype(name).type, rng)
        for key, value in zip(("x", "high", "rest"), columns, strict=True):
            arrays[f"{name}_{key}"] = value
    np.savez_compressed(Path(__file__).with_name("exp.npz"), **arrays)
