"""Whether a quantum kernel still tells rows apart."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.quantum._shots import check_square

# Off-diagonal entries below this leave a support vector machine nothing but the diagonal.
NEGLIGIBLE = 0.002


class KernelDiagnostics(NamedTuple):
    """What :func:`kernel_diagnostics` finds.

    Parameters
    ----------
    mean : float
        Mean of the off-diagonal entries.
    variance : float
        Their variance.
    effective_rank : float
        Square of the trace over the squared Frobenius norm. For a positive semidefinite
        kernel it lies between 1, for equal rows, and the number of rows, for orthogonal
        ones.
    shots : float
        ``mean * (1 - mean) / variance``: with so many measurements the estimate of an entry
        as large as the mean has the standard deviation that the off-diagonal entries have
        among themselves. It takes more to tell them apart. Infinite if they are equal, and
        NaN if the mean is not between 0 and 1.

    See Also
    --------
    kernel_diagnostics : Computes them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import kernel_diagnostics
    >>> kernel_diagnostics(np.eye(3)).effective_rank
    3.0
    """

    mean: float
    variance: float
    effective_rank: float
    shots: float


def kernel_diagnostics(kernel: ArrayLike) -> KernelDiagnostics:
    """Describe how concentrated a kernel is.

    The more qubits, the nearer all off-diagonal entries of a fidelity kernel come to a
    common small value, exponentially [1]_: the number of measurements that tells them apart
    grows as fast, and the effective rank approaches the number of rows, so that nothing
    learnt on one row helps for another. A small bandwidth prevents it [2]_.

    Parameters
    ----------
    kernel : array-like of shape (n_samples, n_samples)
        The exact kernel of at least two rows among themselves. Noise of shots would count
        as variance.

    Returns
    -------
    diagnostics : KernelDiagnostics
        A named tuple of the floats `mean`, `variance`, `effective_rank` and `shots`.

    Raises
    ------
    ValueError
        If `kernel` is not square, has a single row, or has NaN or infinity.

    See Also
    --------
    kernel_target_alignment : Whether a kernel fits given classes.
    align_bandwidth : Chooses a bandwidth.

    References
    ----------
    .. [1] S. Thanasilp, S. Wang, M. Cerezo and Z. Holmes, "Exponential concentration in
       quantum kernel methods", Nature Communications 15, 2024. arXiv:2208.11060.

    .. [2] R. Shaydulin and S. M. Wild, "Importance of kernel bandwidth in quantum machine
       learning", Physical Review A 106, 2022. arXiv:2111.05451.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import ZZFeatureMap, fidelity_kernel
    >>> from sklearn_kernelx.quantum import kernel_diagnostics
    >>> X = np.random.default_rng(0).uniform(0, 2 * np.pi, (100, 10))
    >>> for bandwidth in (1.0, 0.02):
    ...     kernel = fidelity_kernel(X, feature_map=ZZFeatureMap(bandwidth=bandwidth))
    ...     found = kernel_diagnostics(kernel)
    ...     print(f"mean {found.mean:.3f}, effective rank {found.effective_rank:.1f}")
    mean 0.002, effective rank 99.9
    mean 0.211, effective rank 16.5
    """
    kernel = check_square(kernel)
    if len(kernel) == 1:
        raise ValueError("kernel has no off-diagonal entries: give at least two rows")
    mean, deviation = _mean_and_deviation(off_diagonal(kernel))
    scaled = kernel.astype(np.float64) / (np.max(np.abs(kernel)) or 1)
    effective_rank = float(np.trace(scaled) ** 2 / (np.vdot(scaled, scaled) or 1))
    shots = _shots_needed(mean, deviation)
    return KernelDiagnostics(mean, deviation * deviation, effective_rank, shots)


def warn_of_concentration(kernel: NDArray, shots: int | None) -> None:
    """Warn if the entries of a training kernel are too small to learn from.

    Parameters
    ----------
    kernel : ndarray of shape (n_samples, n_samples)
    shots : int or None
        Number of measurements of an entry; None for an exact kernel.
    """
    if len(kernel) == 1:
        return
    others = off_diagonal(kernel)
    typical = np.sqrt(np.einsum("ij,ij->", others, others, dtype=np.float64) / others.size)
    limit = NEGLIGIBLE if shots is None else 1 / shots
    if typical < limit:
        warn_user(
            "the kernel is concentrated: off the diagonal, entries for the training rows "
            f"are {typical:.2g} in root mean square, below "
            f"{'' if shots is None else '1 / shots = '}{limit:.2g}. All rows look "
            "orthogonal to each other, and rows not seen in training will to all of them. "
            'Remedies: a smaller bandwidth, bandwidth="alignment", kernel="projected", or '
            "fewer features",
            UserWarning,
        )


def off_diagonal(kernel: NDArray) -> NDArray:
    """Return the off-diagonal entries of an (n, n) array, a view of shape (n - 1, n)."""
    n = len(kernel)
    return kernel.ravel()[1:].reshape(n - 1, n + 1)[:, :-1]


def _mean_and_deviation(entries: NDArray) -> tuple[float, float]:
    """Return them without overflow or underflow of squares, exactly for equal entries."""
    scale = float(np.max(np.abs(entries))) or 1.0
    scaled = entries.astype(np.float64) / scale
    return scale * float(scaled.mean()), scale * float(scaled.std())


def _shots_needed(mean: float, deviation: float) -> float:
    if not 0 <= mean <= 1:
        return np.nan
    if deviation == 0:
        return np.inf
    return (mean / deviation) * ((1 - mean) / deviation)
