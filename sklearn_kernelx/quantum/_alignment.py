"""How well a kernel fits classes, and the bandwidth with which it fits best."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from sklearn.base import clone
from sklearn.utils import check_array, check_scalar, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.quantum._feature_map import FeatureMap
from sklearn_kernelx.quantum._feature_maps import defaults_for, make_feature_map
from sklearn_kernelx.quantum._fidelity import Method, fidelity_kernel
from sklearn_kernelx.quantum._projected import projected_kernel
from sklearn_kernelx.quantum._shots import check_square

# Kernels are right to 1e-14: variation below this many units of rounding is none.
N_UNITS = 64
# Of the logarithm of a bandwidth: between points of the grid, and of the result.
GRID_STEP = np.log(2) / 2
TOLERANCE = 0.005


def kernel_target_alignment(
    kernel: ArrayLike, y: ArrayLike, *, centered: bool = True
) -> float:
    r"""Compute the cosine between a kernel and the ideal kernel of classes.

    The ideal kernel T is 1 for rows of the same class and ``-1 / (n_classes - 1)`` for
    others. The alignment is :math:`\langle K, T\rangle_F / (\|K\|_F \|T\|_F)` [1]_; with
    `centered`, rows and columns of both matrices are centred before [2]_.

    Parameters
    ----------
    kernel : array-like of shape (n_samples, n_samples)
        The symmetric kernel of rows among themselves.

    y : array-like of shape (n_samples,)
        Their classes, at least two.

    centered : bool, default=True
        Whether both matrices are centred. Without it the alignment depends on the mean of
        the kernel, and on how balanced the classes are.

    Returns
    -------
    alignment : float
        Between -1 and 1. It does not depend on the scale of the kernel, nor, if it is
        centred, on a constant added to it. 0 for a kernel that is zero or, if it is
        centred, constant to rounding.

    Raises
    ------
    ValueError
        If `kernel` is not square, if it or `y` has NaN or infinity, or if `y` is not made
        of labels, or of a single one.

    See Also
    --------
    align_bandwidth : The bandwidth of the largest alignment.

    References
    ----------
    .. [1] N. Cristianini, J. Shawe-Taylor, A. Elisseeff and J. Kandola, "On kernel-target
       alignment", NIPS, 2001.

    .. [2] C. Cortes, M. Mohri and A. Rostamizadeh, "Algorithms for learning kernels based
       on centered alignment", Journal of Machine Learning Research 13, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import kernel_target_alignment
    >>> y = np.array([0, 0, 1, 1])
    >>> kernel_target_alignment(np.equal.outer(y, y), y)
    1.0
    >>> round(kernel_target_alignment(np.eye(4), y), 3)
    0.577
    """
    kernel = check_square(kernel)
    return _alignment(kernel, _memberships(y, len(kernel)), centered)


def align_bandwidth(
    X: ArrayLike,
    y: ArrayLike,
    *,
    feature_map: str | FeatureMap = "zz",
    kernel: Literal["fidelity", "projected"] = "fidelity",
    gamma: float = 1.0,
    bounds: tuple[float, float] = (0.01, 3.0),
    max_samples: int | None = 500,
    method: Method = "auto",
    max_qubits: int = 20,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
) -> float:
    """Find the bandwidth of a feature map whose kernel is best aligned with classes.

    The centred :func:`kernel_target_alignment` takes no training of a classifier, and no
    validation set. It is computed for bandwidths on a logarithmic grid, two for a factor
    of 2, and refined around the best of them.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The data. Features should be of equal scale.

    y : array-like of shape (n_samples,)
        Classes, at least two.

    feature_map : {"zz", "z", "pauli", "iqp"} or FeatureMap, default="zz"
        What prepares the states. A name stands for the map of :class:`QuantumKernelSVC`,
        with two reps and linear entanglement. The bandwidth of a given map is ignored, and
        the map is not changed.

    kernel : {"fidelity", "projected"}, default="fidelity"
        :func:`fidelity_kernel` or :func:`projected_kernel`.

    gamma : float, default=1.0
        That of :func:`projected_kernel`; not used with "fidelity".

    bounds : pair of float, default=(0.01, 3.0)
        Smallest and largest bandwidth, above 0.

    max_samples : int, default=500
        Number of rows to look at, with each class in proportion and none left out; None
        takes all. It must not be below the number of classes.

    method : {"auto", "statevector", "transfer"}, default="auto"
        That of :func:`fidelity_kernel`; not used with "projected".

    max_qubits : int, default=20
        State vectors of more qubits are refused.

    random_state : int, RandomState instance or None, default=None
        Chooses the rows if there are more than `max_samples`.

    n_jobs : int, default=None
        Number of threads: None is 1, -1 all. Results do not depend on it.

    Returns
    -------
    bandwidth : float
        Within `bounds`; the smallest of equally good ones, so the lower bound if rows are
        all equal. A bound also means that the best lies beyond it.

    Raises
    ------
    TypeError
        If `max_samples` is not an integer.
    ValueError
        If `feature_map` is a function or has no bandwidth, if `bounds` are not positive,
        finite and in order, or if another argument is not as described here, for
        :func:`kernel_target_alignment` or for the kernel.

    See Also
    --------
    kernel_target_alignment : What is maximised.
    kernel_diagnostics : Whether a kernel is concentrated.

    Notes
    -----
    The smaller the bandwidth, the nearer a kernel is to a constant, which the centred
    alignment takes no notice of but a support vector machine does: with a bandwidth near
    the lower bound it needs a large `C`.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.preprocessing import scale
    >>> from sklearn_kernelx.quantum import ZZFeatureMap, align_bandwidth
    >>> X, y = load_wine(return_X_y=True)
    >>> feature_map = ZZFeatureMap(entanglement="linear")
    >>> round(align_bandwidth(scale(X), y, feature_map=feature_map), 2)
    0.04
    """
    lowest, highest = _check_bounds(bounds)
    X = check_array(X, dtype=np.float64, input_name="X")
    feature_map = _with_bandwidth(feature_map, X.shape[1])
    memberships = _memberships(y, len(X))
    rows = _stratified_rows(memberships, max_samples, random_state)
    X, memberships = X[rows], memberships[rows]
    options = {"max_qubits": max_qubits, "n_jobs": n_jobs}
    if kernel == "fidelity":
        compute, options = fidelity_kernel, {**options, "method": method}
    elif kernel == "projected":
        compute, options = projected_kernel, {**options, "gamma": gamma}
    else:
        raise ValueError(f'kernel must be "fidelity" or "projected"; got {kernel!r}')

    def misalignment(log_bandwidth: float) -> float:
        bandwidth = float(np.exp(log_bandwidth))
        candidate = clone(feature_map).set_params(bandwidth=bandwidth)
        return -_alignment(compute(X, feature_map=candidate, **options), memberships, True)

    best = _minimiser(misalignment, np.log(lowest), np.log(highest))
    return float(np.clip(np.exp(best), lowest, highest))


def _alignment(kernel: NDArray, memberships: NDArray, centered: bool) -> float:
    """Return the alignment with (c M M' - 1) / (c - 1) for memberships M of c classes."""
    n_units = N_UNITS * np.finfo(kernel.dtype).eps
    kernel = kernel.astype(np.float64) / (np.max(np.abs(kernel)) or 1)
    negligible = n_units * np.linalg.norm(kernel)
    if centered:
        # The constants of T vanish.
        kernel = _centered(_centered(kernel).T)
        members = _centered(memberships)
        inner = np.vdot(members, kernel @ members)
        target = np.linalg.norm(members.T @ members)
    else:
        n_classes = memberships.shape[1]
        inner = n_classes * np.vdot(memberships, kernel @ memberships) - kernel.sum()
        counts = memberships.sum(axis=0)
        n_same, n_pairs = np.sum(counts**2), np.sum(counts) ** 2
        target = np.sqrt((n_classes - 1) ** 2 * n_same + n_pairs - n_same)
    norm = np.linalg.norm(kernel)
    if norm <= negligible:
        return 0.0
    return float(np.clip(inner / (norm * target), -1, 1))


def _centered(matrix: NDArray) -> NDArray:
    return matrix - matrix.mean(axis=0)


def _memberships(y: ArrayLike, n_samples: int) -> NDArray[np.float64]:
    """Return a column for each class that is 1 for its rows, else 0."""
    y = column_or_1d(y, warn=True)
    check_array(y, dtype=None, ensure_2d=False, input_name="y")
    check_classification_targets(y)
    if len(y) != n_samples:
        raise ValueError(
            f"y has {len(y)} labels: give one for each of the {n_samples} rows"
        )
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"y has the single class {classes[0]}: alignment needs at least two classes"
        )
    return np.equal.outer(codes, np.arange(len(classes))).astype(np.float64)


def _stratified_rows(
    memberships: NDArray[np.float64],
    max_samples: int | None,
    random_state: int | np.random.RandomState | None,
) -> NDArray[np.intp]:
    """Return the indices of the rows to look at, in their order."""
    n_samples, n_classes = memberships.shape
    if max_samples is not None:
        check_scalar(max_samples, "max_samples", Integral)
        if max_samples < n_classes:
            raise ValueError(
                f"max_samples must be at least the number of classes, {n_classes}; got "
                f"{max_samples}"
            )
    if max_samples is None or max_samples >= n_samples:
        return np.arange(n_samples)
    order = generator(seed_from(random_state)).permutation(n_samples)
    shuffled = memberships[order]
    # How much of its class comes before each row: 0 for the first one.
    share = np.sum(shuffled * (np.cumsum(shuffled, axis=0) - 1), axis=1)
    share /= shuffled @ memberships.sum(axis=0)
    return np.sort(order[np.argsort(share, kind="stable")[:max_samples]])


def _check_bounds(bounds: Sequence[float]) -> tuple[float, float]:
    pair = np.asarray(bounds)
    if pair.shape == (2,) and pair.dtype.kind in "iuf" and 0 < pair[0] < pair[1] < np.inf:
        return float(pair[0]), float(pair[1])
    raise ValueError(
        "bounds must be two bandwidths, positive, finite and the smaller one first, such "
        f"as (0.01, 3.0); got {bounds!r}"
    )


def _with_bandwidth(feature_map: str | FeatureMap, n_features: int) -> FeatureMap:
    feature_map = make_feature_map(
        feature_map, defaults=defaults_for(feature_map, n_features)
    )
    if isinstance(feature_map, FeatureMap) and "bandwidth" in feature_map.get_params():
        return feature_map
    raise ValueError(
        f"feature_map must be a name or an object with a bandwidth, such as ZZFeatureMap; "
        f"got {feature_map!r}"
    )


def _minimiser(function: Callable[[float], float], low: float, high: float) -> float:
    """Return the minimiser on an interval of a function with minima wider than the grid."""
    grid = np.linspace(low, high, 2 + int((high - low) / GRID_STEP))
    values = [function(x) for x in grid]
    best = int(np.argmin(values))
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    refined = minimize_scalar(
        function, bounds=around, method="bounded", options={"xatol": TOLERANCE}
    )
    return float(refined.x if refined.fun < values[best] else grid[best])
