"""The six kernels of scikit-learn's KernelDensity, as functions of the scaled distance.

With h the bandwidth, ``r = |x - y| / h`` and d the number of features, the density of one
point is ``K(r) / (h^d V)``; `_kernel_volumes` has the volume V.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

LOG_KERNELS: dict[str, Callable[[NDArray], NDArray]] = {
    "gaussian": lambda r: -0.5 * r * r,
    "tophat": lambda r: np.log(np.where(r < 1, 1.0, 0.0)),
    "epanechnikov": lambda r: np.log(np.maximum(0, (1 - r) * (1 + r))),
    "exponential": lambda r: -r,
    "linear": lambda r: np.log(np.maximum(0, 1 - r)),
    # cos(pi r / 2), in the form that keeps its digits near r = 1.
    "cosine": lambda r: np.log(np.sin(np.pi / 2 * np.clip(1 - r, 0, 1))),
}
COMPACT_KERNELS = frozenset({"tophat", "epanechnikov", "linear", "cosine"})


def sample_kernel(
    kernel: str, n_samples: int, n_features: int, rng: np.random.RandomState
) -> NDArray[np.float64]:
    """Draw from the density ``K(|z|) / V``.

    Directions are uniform on the sphere and radii follow ``r^(d-1) K(r)``: Gamma(d) for
    the exponential kernel, Beta(d, 2) for the linear one, the root of Beta(d/2, 2) for
    Epanechnikov's, rejection from Beta(d, 2) for the cosine (at least 2/pi accepted).
    Tophat makes the same draws as scikit-learn.

    Parameters
    ----------
    kernel : str
        One of the six names.
    n_samples, n_features : int
        Shape of the result.
    rng : RandomState
        Source of randomness.

    Returns
    -------
    offsets : ndarray of shape (n_samples, n_features)
        In units of the bandwidth.
    """
    normal = rng.normal(size=(n_samples, n_features))
    if kernel == "gaussian":
        return normal
    squares = np.einsum("ij,ij->i", normal, normal)
    if kernel == "tophat":
        radii = gammainc(0.5 * n_features, 0.5 * squares) ** (1 / n_features)
    else:
        radii = _sample_radii(kernel, n_samples, n_features, rng)
    return normal * (radii / np.sqrt(squares))[:, np.newaxis]


def _sample_radii(
    kernel: str, n: int, d: int, rng: np.random.RandomState
) -> NDArray[np.float64]:
    if kernel == "exponential":
        return rng.gamma(d, size=n)
    if kernel == "linear":
        return rng.beta(d, 2, size=n)
    if kernel == "epanechnikov":
        return np.sqrt(rng.beta(0.5 * d, 2, size=n))
    radii = np.empty(0)
    while len(radii) < n:
        r = rng.beta(d, 2, size=n)
        # cos(pi r / 2) / (1 - r) rises from 1 at r = 0 to pi / 2 at r = 1.
        accepted = rng.uniform(size=n) * np.pi / 2 * (1 - r) < np.cos(np.pi / 2 * r)
        radii = np.concatenate([radii, r[accepted]])
    return radii[:n]
