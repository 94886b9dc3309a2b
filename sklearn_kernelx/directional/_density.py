"""The von Mises-Fisher density about its mode, and its entropy."""

import math
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray
from scipy import sparse

from sklearn_kernelx._cython import _unit_sums
from sklearn_kernelx.directional._sphere import blocks_of, inverse_row_norms
from sklearn_kernelx.special import iv_ratio_complement, log_vmf_normalizer

# From this hypot(v, kappa) on, four terms of Debye's series leave no error in float64.
_DEBYE_FROM = 1e3
# Coefficients of log sum_k U_k(q) / v^k = sum_k t^-k polynomial_k(q^2), q = v / t and
# t = hypot(v, kappa): DLMF 10.41.10 under the logarithm.
_LOG_DEBYE = (
    (1 / 8, -5 / 24),
    (1 / 16, -3 / 8, 5 / 16),
    (25 / 384, -531 / 640, 221 / 128, -1105 / 1152),
    (13 / 128, -71 / 32, 531 / 64, -339 / 32, 565 / 128),
)


def log_peak_density(n_features: int, concentration: float) -> float:
    """Return the log-density at the mean direction, ``log C_p(kappa) + kappa``.

    The two terms cancel for concentrations far above `n_features`. There Debye's expansion
    of ``log I_v(kappa) - kappa``, v = p/2 - 1, has no such term (DLMF 10.41.3).

    Parameters
    ----------
    n_features : int
        The dimension p of the space around the sphere, at least 1.
    concentration : float
        kappa, at least 0.

    Returns
    -------
    log_density : float
        With respect to the surface measure; for p = 1 the counting measure of {-1, 1}.
    """
    v = n_features / 2 - 1
    t = math.hypot(v, concentration)
    if concentration <= n_features or t < _DEBYE_FROM:
        return float(log_vmf_normalizer(n_features, concentration)) + concentration
    series = sum(
        polyval((v / t) ** 2, terms) / t**k for k, terms in enumerate(_LOG_DEBYE, start=1)
    )
    return (
        v * math.log((v + t) / (2 * math.pi))
        + 0.5 * math.log(t / (2 * math.pi))
        - v * (v / (t + concentration))
        - float(series)
    )


def half_squared_distances(
    X: Any, direction: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``1 - cosine`` between rows and a direction, with all digits near 0.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        As of :class:`UnitRows`; may have rows that are not finite.
    direction : ndarray of shape (n_features,)
        A unit vector.

    Returns
    -------
    half_squares : ndarray of shape (n_samples,)
        ``|x / |x| - direction|^2 / 2``; 1 for zero rows.
    inverse_norms : ndarray of shape (n_samples,)
        As of :class:`UnitRows`: computed on the way.
    """
    half_squares = np.empty(X.shape[0])
    is_sparse = sparse.issparse(X)
    inverse_norms = inverse_row_norms(X) if is_sparse else np.empty(X.shape[0])
    for block in blocks_of(X):
        out = inverse_norms[block], half_squares[block]
        if is_sparse:
            indptr = X.indptr[block.start : block.stop + 1]
            _unit_sums.csr_half_squares(X.data, X.indices, indptr, direction, *out)
        else:
            _unit_sums.half_squares(X[block], direction, *out)
    return half_squares, inverse_norms


def entropy(n_features: int, concentration: float) -> float:
    """Return the differential entropy, ``-log C_p(kappa) - kappa A_p(kappa)``.

    Parameters
    ----------
    n_features : int
        The dimension p of the space around the sphere, at least 1.
    concentration : float
        kappa, at least 0.

    Returns
    -------
    entropy : float
        With respect to the surface measure; for p = 1 the counting measure of {-1, 1}.
    """
    if n_features == 1:
        complement = 2 / (1 + math.exp(min(700.0, 2 * concentration)))
    else:
        complement = float(iv_ratio_complement(n_features / 2 - 1, concentration))
    return concentration * complement - log_peak_density(n_features, concentration)
