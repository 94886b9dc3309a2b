"""Kernels as a quantum computer measures them, and what makes kernels of them again."""

from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_scalar

# Counts up to this one are exact in float64.
MAX_SHOTS = 2**53


def check_shots(shots: int | None) -> int | None:
    """Return the number of measurements of an entry; None stands for exact kernels.

    Raises
    ------
    TypeError, ValueError
        If it is no positive integer.
    """
    if shots is None:
        return None
    check_scalar(shots, "shots", Integral, min_val=1, max_val=MAX_SHOTS)
    return int(shots)


def sample_kernel(
    kernel: NDArray, shots: int, rng: np.random.Generator, *, symmetric: bool
) -> NDArray:
    """Return the kernel as estimated from measurements, binomial(shots, K) / shots.

    Parameters
    ----------
    kernel : ndarray of shape (n_samples_X, n_samples_Y)
        Probabilities, up to rounding.
    shots : int
        Number of measurements of an entry, at least 1.
    rng : numpy.random.Generator
        Draws the outcomes, row by row.
    symmetric : bool
        Whether the kernel is that of rows among themselves. Then each pair is drawn once,
        and the diagonal, which needs no measurement, is kept.

    Returns
    -------
    estimate : ndarray of shape (n_samples_X, n_samples_Y)
        Of the dtype of `kernel`.
    """
    estimate = kernel.copy()
    for i, row in enumerate(estimate):
        measured = row[i + 1 :] if symmetric else row
        chances = np.clip(measured, 0, 1, dtype=np.float64)
        measured[:] = rng.binomial(shots, chances) / shots
        if symmetric:
            estimate[i + 1 :, i] = measured
    return estimate


def psd_projection(kernel: ArrayLike) -> tuple[NDArray, NDArray]:
    r"""Project a kernel on the positive semidefinite matrices.

    Kernels estimated from shots can have negative eigenvalues. The projection sets them to
    zero: of all positive semidefinite matrices this one is the nearest to `kernel` in the
    Frobenius norm [1]_, so it is no farther from the exact kernel than the estimate is.

    Parameters
    ----------
    kernel : array-like of shape (n_samples, n_samples)
        The kernel of the training rows. Its symmetric part is projected.

    Returns
    -------
    projected : ndarray of shape (n_samples, n_samples)
        Symmetric and, up to rounding, positive semidefinite: the symmetric part itself if
        that has no negative eigenvalue. Else the diagonal is not that of `kernel`, but no
        smaller.

    row_map : ndarray of shape (n_samples, n_samples)
        What the symmetric part is multiplied by. The kernel of other rows with the
        training rows, of shape (n_rows, n_samples), is to be multiplied by it too:
        ``kernel_of_rows @ row_map``.

    Raises
    ------
    ValueError
        If `kernel` is not square, or has NaN or infinity.

    See Also
    --------
    fidelity_kernel : Draws estimates with its parameter `shots`.

    Notes
    -----
    The result is float32 for a float32 `kernel`, else float64. Arithmetic is in float64.

    With eigenvalues w and eigenvectors v of the symmetric part, the matrices are
    :math:`\sum_{w_i > 0} w_i v_i v_i^T` and :math:`\sum_{w_i > 0} v_i v_i^T`.

    References
    ----------
    .. [1] N. J. Higham, "Computing a nearest symmetric positive semidefinite matrix",
       Linear Algebra and its Applications 103, 1988.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import fidelity_kernel, psd_projection
    >>> X = np.random.default_rng(0).uniform(0, 1, (30, 2))
    >>> estimate = fidelity_kernel(X, shots=100, random_state=0)
    >>> projected, row_map = psd_projection(estimate)
    >>> lowest = [np.linalg.eigvalsh(k).min() for k in (estimate, projected)]
    >>> bool(lowest[0] < -0.1), bool(lowest[1] > -1e-12)
    (True, True)
    >>> bool(np.allclose(estimate @ row_map, projected))
    True
    """
    kernel = check_square(kernel)
    symmetric = 0.5 * kernel.astype(np.float64)
    symmetric = symmetric + symmetric.T
    eigenvalues, eigenvectors = np.linalg.eigh(symmetric)
    if eigenvalues[0] >= 0:
        projected, row_map = symmetric, np.eye(len(kernel))
    else:
        is_kept = eigenvalues > 0
        kept = eigenvectors[:, is_kept]
        roots = kept * np.sqrt(eigenvalues[is_kept])
        # Products of a matrix with its own transpose are exactly symmetric.
        projected, row_map = roots @ roots.T, kept @ kept.T
    return projected.astype(kernel.dtype), row_map.astype(kernel.dtype)


def check_square(kernel: ArrayLike) -> NDArray:
    """Return the kernel of rows among themselves as an array of float64 or float32."""
    kernel = check_array(kernel, dtype=[np.float64, np.float32], input_name="kernel")
    if kernel.shape[0] != kernel.shape[1]:
        raise ValueError(
            "kernel must be square, that of the training rows among themselves; its shape "
            f"is {kernel.shape}"
        )
    return kernel
