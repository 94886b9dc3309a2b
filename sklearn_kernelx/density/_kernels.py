"""The six kernels of scikit-learn's KernelDensity, as functions of the scaled distance.

With h the bandwidth, ``r = |x - y| / h`` and d the number of features, the density of one
point is ``K(r) / (h^d V)`` with ``V = integral of K(|z|) dz`` over R^d.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaln

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


def _log_unit_ball(d: int) -> float:
    return 0.5 * d * np.log(np.pi) - gammaln(0.5 * d + 1)


def _log_cosine_moment(d: int) -> float:
    """Return log of the integral of r^(d-1) cos(pi r / 2) over [0, 1].

    From the power series of cos(pi r / 2) = sin(pi t / 2) in t = 1 - r, integrated term
    by term (a beta function each): pi / (2 d (d+1)) times an alternating series whose
    terms fall from the first one on, so that nothing cancels at any d.
    """
    total, term, k = 1.0, 1.0, 1
    while abs(term) > 1e-17:
        term *= -((np.pi / 2) ** 2) / ((d + 2 * k) * (d + 2 * k + 1))
        total += term
        k += 1
    return np.log(np.pi / 2) - np.log(d) - np.log(d + 1) + np.log(total)


def log_kernel_volume(kernel: str, n_features: int) -> float:
    """Return log V, the logarithm of the kernel's integral at bandwidth 1.

    Parameters
    ----------
    kernel : str
        One of the six names.
    n_features : int
        Number of features d, at least 1.

    Returns
    -------
    log_volume : float
        Right to a relative 1e-13; the radial integral ``d V_ball int r^(d-1) K(r) dr`` in
        logarithms, so that no d overflows.
    """
    d = n_features
    if kernel == "gaussian":
        return 0.5 * d * np.log(2 * np.pi)
    relative_to_ball = {
        "tophat": lambda: 0.0,
        "epanechnikov": lambda: np.log(2) - np.log(d + 2),
        "exponential": lambda: gammaln(d + 1),
        "linear": lambda: -np.log(d + 1),
        "cosine": lambda: np.log(d) + _log_cosine_moment(d),
    }
    return _log_unit_ball(d) + relative_to_ball[kernel]()


def log_normalizer(kernel: str, bandwidth: ArrayLike, n_features: int) -> float:
    """Return log of ``prod(h_k) V``, by which a sum of kernels is divided.

    Parameters
    ----------
    kernel : str
        One of the six names.
    bandwidth : float or array-like of shape (n_features,)
        Positive.
    n_features : int
        Number of features, at least 1.

    Returns
    -------
    log_normalizer : float
    """
    log_h = np.broadcast_to(np.log(np.asarray(bandwidth, dtype=np.float64)), n_features)
    return float(np.sum(log_h) + log_kernel_volume(kernel, n_features))


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
