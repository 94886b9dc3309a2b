"""Distances from the mode, in which the density is exact, and the entropy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from sklearn_kernelx._cython import _unit_sums
from sklearn_kernelx.directional._sphere import interruptible_blocks, inverse_row_norms
from sklearn_kernelx.special import iv_ratio_complement, log_vmf_peak


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
    for block in interruptible_blocks(X):
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
        complement = 2 * float(expit(-2 * concentration))
    else:
        complement = float(iv_ratio_complement(n_features / 2 - 1, concentration))
    return concentration * complement - float(log_vmf_peak(n_features, concentration))
