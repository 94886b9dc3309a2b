"""Integrals of kernels over R^d, by which a sum of kernels becomes a density.

The density of one point is ``K(r) / (h^d V)`` with h the bandwidth, ``r = |x - y| / h``, d
the number of features and ``V = integral of K(|z|) dz``.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln


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
        One of the six names of scikit-learn's KernelDensity, or "laplacian" for
        exp(-|z|_1).
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
    if kernel == "laplacian":
        return d * np.log(2)
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
        As for `log_kernel_volume`.
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
