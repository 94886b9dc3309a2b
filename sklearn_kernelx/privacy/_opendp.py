"""Integer noise drawn by OpenDP, an optional package that others have reviewed.

Its samplers are for the discrete Laplace and the discrete Gaussian law, draw from the
operating system only, and take some tens of microseconds a number.
"""

import math
from fractions import Fraction
from types import ModuleType

import numpy as np
from numpy.typing import NDArray


def opendp_laplace(scale: int, size: int | tuple[int, ...]) -> NDArray[np.int64]:
    """The discrete Laplace law, with the next float for a scale that is none."""
    dp = prelude()
    return _noise(dp.m.make_laplace, dp.l1_distance, _float_at_least(scale), size)


def opendp_gaussian(variance: int, size: int | tuple[int, ...]) -> NDArray[np.int64]:
    """The discrete Gaussian law, with the square of a float for a variance that is none."""
    dp = prelude()
    deviation = math.sqrt(variance)
    while Fraction(deviation) ** 2 < variance:
        deviation = math.nextafter(deviation, math.inf)
    return _noise(dp.m.make_gaussian, dp.l2_distance, deviation, size)


def _noise(make, distance, scale: float, size: int | tuple[int, ...]) -> NDArray[np.int64]:
    dp = prelude()
    domain = dp.vector_domain(dp.atom_domain(T="i64"))
    measure = make(domain, distance(T="i64"), scale=scale)
    zeros = np.zeros(size, np.int64)
    return np.array(measure(zeros.reshape(-1).tolist()), np.int64).reshape(zeros.shape)


def _float_at_least(number: int) -> float:
    nearest = float(number)
    return nearest if nearest >= number else math.nextafter(nearest, math.inf)


def prelude() -> ModuleType:
    """Return the module of OpenDP, or say how to install it."""
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise ImportError(
            "noise_source='opendp' needs the package opendp, 0.12 or newer: "
            "pip install sklearn-kernelx[privacy]. noise_source='native' needs nothing."
        ) from error
    dp.enable_features("contrib")
    return dp
