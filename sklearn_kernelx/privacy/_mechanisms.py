"""Which noise a release gets, how much of it, and why that is private.

A mechanism knows the sensitivities of an integer vector, its length and the guarantee, and
nothing of the data. Sensitivities are those of neighbours: what a record counts for,
times two, or four if squared, where one may be replaced by another.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.privacy._arguments import check_epsilon
from sklearn_kernelx.privacy._calibration import (
    discrete_gaussian_variance,
    discrete_laplace_scale,
    gaussian_rho,
    l2_norm_scale,
    pure_rho,
)
from sklearn_kernelx.privacy._noise import (
    MAX_SCALE_BITS,
    ByteSource,
    SystemEntropy,
    discrete_gaussian,
    discrete_laplace,
)
from sklearn_kernelx.privacy._norm_noise import l2_norm_noise
from sklearn_kernelx.privacy._opendp import opendp_gaussian, opendp_laplace, prelude

NAMES = ("auto", "laplace", "l2", "gaussian")
NOISE_SOURCES = ("native", "opendp")
# Sums may be as large; then a release is within 64 bits.
MAX_NOISE = 2**62


@dataclass(frozen=True)
class Mechanism(ABC):
    """Noise for an integer vector. Units are those of its lattice.

    Attributes
    ----------
    scale : int
        The parameter of the law. It is exact.
    sensitivity : float
        In the norm that the law goes by.
    n_entries : int
        Length of the vector.
    privacy : (float, float)
        The epsilon and the delta that the release costs.
    rho : Fraction
        What it costs as zero-concentrated privacy.
    noise_source : {"native", "opendp"}
        Which sampler draws.
    """

    scale: int
    sensitivity: float
    n_entries: int
    privacy: tuple[Real, Real]
    rho: Fraction
    noise_source: str

    @property
    def parameter(self) -> float:
        """What scales with the noise: `scale`, or its root where that is a variance."""
        return float(self.scale)

    @property
    @abstractmethod
    def standard_deviation(self) -> float:
        """That of an entry of the noise, up to what integers differ from real numbers."""

    def noise(self, size: int | tuple[int, ...], source: ByteSource) -> NDArray[np.int64]:
        """Draw noise, below 2^62 in size.

        Parameters
        ----------
        size : int or tuple of int
            Shape of the result, of which the last axis must have `n_entries`; along others
            draws are for independent releases.
        source : callable
            Where bytes come from. For OpenDP it must be `SystemEntropy()`.

        Returns
        -------
        drawn : ndarray of shape `size`
            Independent draws of the noise of a vector.

        Raises
        ------
        OverflowError
            If a number is larger.
        """
        shape = (size,) if np.ndim(size) == 0 else tuple(size)
        if shape[-1] != self.n_entries:
            raise ValueError(
                f"size must end with n_entries={self.n_entries}; got {size}: the noise is "
                "for whole vectors."
            )
        drawn = self._drawn(shape, source)
        if prod(shape) > 0 and not -MAX_NOISE < drawn.min() <= drawn.max() < MAX_NOISE:
            raise OverflowError("epsilon is so small that noise exceeds 64-bit integers.")
        return drawn

    @abstractmethod
    def _drawn(self, shape: tuple[int, ...], source: ByteSource) -> NDArray[np.int64]:
        """Draw noise of any size."""

    def check_source(self, source: ByteSource) -> None:
        """Refuse bytes that OpenDP does not take, and OpenDP if it is not there."""
        if self.noise_source == "native":
            return
        if not isinstance(source, SystemEntropy):
            raise ValueError(
                "noise_source='opendp' draws from the operating system only: leave out "
                "the seed (random_state=None), or take noise_source='native'."
            )
        prelude()

    def _is_opendp(self, source: ByteSource) -> bool:
        self.check_source(source)
        return self.noise_source == "opendp"


class LaplaceMechanism(Mechanism):
    """Discrete Laplace noise: entries with P(z) ~ exp(-abs(z) / scale).

    For vectors of neighbours that differ by v, |v|_1 <= l1, probabilities of a release have
    the ratio exp((|z|_1 - |z - v|_1) / scale) <= exp(l1 / scale) <= exp(epsilon).
    """

    name = "laplace"

    @property
    def standard_deviation(self) -> float:
        """At most this: that of the continuous law."""
        return math.sqrt(2) * self.scale

    def _drawn(self, shape, source):
        if self._is_opendp(source):
            return opendp_laplace(self.scale, shape)
        return discrete_laplace(self.scale, shape, source)


class L2NormMechanism(Mechanism):
    """Noise with a density proportional to exp(-|z|_2 / scale), rounded to integers.

    Rounding commutes with the addition of integers, so that the release is postprocessing
    of one with the noise before rounding. For that densities have a ratio of at most
    exp(|v|_2 / scale) <= exp(epsilon), where |v|_2^2 <= l2_squared.
    """

    name = "l2"

    @property
    def standard_deviation(self) -> float:
        """That of an entry before rounding, which adds 1/12 to the variance."""
        return self.scale * math.sqrt(self.n_entries + 1)

    def _drawn(self, shape, source):
        return l2_norm_noise(self.scale, shape, source)


class GaussianMechanism(Mechanism):
    """Discrete Gaussian noise: entries with P(z) ~ exp(-z^2 / (2 scale)).

    The scale is the variance. Proofs are those of `_calibration`: the (epsilon, delta) of
    `discrete_gaussian_delta`, and rho = l2_squared / (2 scale). A greater variance than
    what was asked for is private too.
    """

    name = "gaussian"

    @property
    def parameter(self) -> float:
        """The root of the variance."""
        return math.sqrt(self.scale)

    @property
    def standard_deviation(self) -> float:
        """At most this: the root of the parameter."""
        return self.parameter

    def _drawn(self, shape, source):
        if self._is_opendp(source):
            return opendp_gaussian(self.scale, shape)
        return discrete_gaussian(self.scale, shape, source)


def mechanism(
    name: str,
    *,
    epsilon: Real,
    delta: Real,
    l1: int,
    l2_squared: int,
    n_entries: int,
    n_vectors: int = 1,
    noise_source: str = "native",
) -> Mechanism:
    """The noise for a guarantee.

    Parameters
    ----------
    name : {"auto", "laplace", "l2", "gaussian"}
        "auto" is "gaussian" for a positive delta, and for delta=0 that one of "laplace" and
        "l2" of which the standard deviation is smaller.
    epsilon : float or Fraction
        Positive.
    delta : float or Fraction
        0 for "laplace" and "l2", between 0 and 1 for "gaussian".
    l1, l2_squared : int
        Sensitivities of the vector of integers.
    n_entries : int
        Its length.
    n_vectors : int, default=1
        In how many released vectors neighbours may differ, with these sensitivities for
        all of them together.
    noise_source : {"native", "opendp"}, default="native"
        Which sampler draws. OpenDP has none for "l2".

    Returns
    -------
    mechanism : Mechanism
        With the smallest integer scale that suffices.

    Raises
    ------
    ValueError
        If these do not go together, or epsilon is too small for the samplers.
    """
    check_epsilon(epsilon)
    if name not in NAMES:
        raise ValueError(f"mechanism must be one of {NAMES}; got {name!r}.")
    if noise_source not in NOISE_SOURCES:
        raise ValueError(
            f"noise_source must be one of {NOISE_SOURCES}; got {noise_source!r}."
        )
    if name in ("laplace", "l2") and delta != 0:
        raise ValueError(
            f"mechanism={name!r} is private with delta=0; got delta={delta}. Set delta=0, "
            "or take mechanism='gaussian'."
        )
    if name == "gaussian" and delta == 0:
        raise ValueError(
            "mechanism='gaussian' needs a delta between 0 and 1; got 0. Set delta=1e-6, "
            "say, or take mechanism='auto'."
        )
    if name == "l2" and noise_source == "opendp":
        raise ValueError(
            "mechanism='l2' is not drawn by noise_source='opendp'. Take "
            "mechanism='laplace', or noise_source='native'."
        )
    if name == "gaussian" or (name == "auto" and delta != 0):
        variance = discrete_gaussian_variance(
            epsilon, delta, l2_squared, n_vectors * n_entries
        )
        _check_range(epsilon, variance, 2 * MAX_SCALE_BITS)
        rho = gaussian_rho(l2_squared, variance)
        return GaussianMechanism(
            variance, math.sqrt(l2_squared), n_entries, (epsilon, delta), rho, noise_source
        )
    shared = n_entries, (epsilon, 0.0), pure_rho(epsilon), noise_source
    laplace = LaplaceMechanism(discrete_laplace_scale(epsilon, l1), float(l1), *shared)
    l2 = L2NormMechanism(l2_norm_scale(epsilon, l2_squared), math.sqrt(l2_squared), *shared)
    if name == "auto":
        is_less = 2 * laplace.scale**2 <= (n_entries + 1) * l2.scale**2
        name = "laplace" if is_less or noise_source == "opendp" else "l2"
    chosen = laplace if name == "laplace" else l2
    _check_range(epsilon, chosen.scale, MAX_SCALE_BITS)
    return chosen


def _check_range(epsilon: Real, scale: int, max_bits: int) -> None:
    if scale > 2**max_bits:
        raise ValueError(
            f"epsilon={epsilon} is so small that the noise exceeds the range of its "
            "sampler. Take a greater one."
        )
