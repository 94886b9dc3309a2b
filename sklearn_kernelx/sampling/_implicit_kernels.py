"""Kernel matrices of the rows of X, by their entries."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import get_config
from sklearn.metrics.pairwise import (
    KERNEL_PARAMS,
    PAIRWISE_KERNEL_FUNCTIONS,
    pairwise_kernels,
)
from sklearn.utils import check_array, check_scalar

from sklearn_kernelx.sampling._partial_cholesky import (
    ImplicitKernel,
    RowSelection,
    kernel_of_array,
)

KERNELS = {*PAIRWISE_KERNEL_FUNCTIONS, "precomputed"}
# The kernel matrix, its eigenvectors and the work space of their computation.
COPIES_OF_KERNEL = 4
ROWS_OF_DIAGONAL = 64


def implicit_kernel(
    X: ArrayLike,
    kernel: str | Callable[..., float],
    gamma: float | None,
    degree: float,
    coef0: float,
    kernel_params: dict[str, Any] | None,
) -> ImplicitKernel:
    """Return the kernel matrix of the rows of X, by its entries.

    Raises
    ------
    ValueError
        If the kernel is unknown, or its diagonal is negative, zero or not finite.
    """
    if not callable(kernel) and kernel not in KERNELS:
        raise ValueError(
            f"kernel must be a callable or one of {sorted(KERNELS)}; got {kernel!r}"
        )
    parameters = _parameters(kernel, gamma, degree, coef0, kernel_params)
    if kernel == "precomputed":
        return _checked(kernel_of_array(_square(X)))
    X = check_array(X, accept_sparse="csr", dtype=np.float64, input_name="X")

    def block(rows: RowSelection, columns: NDArray[np.intp]) -> NDArray[np.float64]:
        return pairwise_kernels(
            X[rows], X[columns], metric=kernel, filter_params=True, **parameters
        )

    def diagonal_block(start: int) -> NDArray[np.float64]:
        rows = X[start : start + n_rows]
        return np.diagonal(
            pairwise_kernels(rows, metric=kernel, filter_params=True, **parameters)
        )

    n_rows = 1 if callable(kernel) else ROWS_OF_DIAGONAL
    with np.errstate(over="ignore", invalid="ignore"):
        parts = [diagonal_block(start) for start in range(0, X.shape[0], n_rows)]
    return _checked(ImplicitKernel(np.concatenate(parts), block))


def _parameters(
    kernel: str | Callable[..., float],
    gamma: float | None,
    degree: float,
    coef0: float,
    kernel_params: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return the parameters to call the kernel with, or say which it does not take."""
    parameters = dict(kernel_params or {})
    if callable(kernel):
        if gamma is not None:
            raise ValueError(
                "gamma is not for a callable kernel: pass what it needs in kernel_params"
            )
        return parameters
    unknown = set(parameters) - set(KERNEL_PARAMS.get(kernel, ()))
    if unknown:
        raise ValueError(
            f"kernel={kernel!r} does not take {sorted(unknown)} of kernel_params"
        )
    parameters = {"degree": degree, "coef0": coef0} | parameters
    if gamma is not None:  # the kernels have different defaults
        parameters = {"gamma": gamma} | parameters
    if parameters.get("gamma") is not None:
        check_scalar(parameters["gamma"], "gamma", Real, min_val=0)
        if not np.isfinite(parameters["gamma"]):
            raise ValueError(f"gamma must be finite; got {parameters['gamma']}")
    return parameters


def _square(X: ArrayLike) -> NDArray:
    matrix = check_array(X, dtype=[np.float64, np.float32], input_name="X")
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(
            "X must be a square kernel matrix for kernel='precomputed'; got the shape "
            f"{matrix.shape}"
        )
    return matrix


def _checked(matrix: ImplicitKernel) -> ImplicitKernel:
    diagonal = matrix.diagonal
    if not np.all(np.isfinite(diagonal)):
        raise ValueError("the kernel overflows on rows of X: scale X, or lower gamma")
    if np.min(diagonal) < 0 or np.max(diagonal) == 0:
        raise ValueError(
            "the kernel is not positive semidefinite, or zero for all rows of X: its "
            f"diagonal reaches from {np.min(diagonal):.2g} to {np.max(diagonal):.2g}. "
            "Choose another kernel, such as 'rbf'"
        )
    return matrix


def whole_kernel(kernel: ImplicitKernel) -> NDArray[np.float64]:
    """Return all entries.

    Raises
    ------
    ValueError
        If they, their eigenvectors and the work space for these exceed the working memory.
    """
    n_points = len(kernel.diagonal)
    if n_points > columns_in_memory(n_points):
        needed = COPIES_OF_KERNEL * 8 * n_points**2 / 2**20
        raise ValueError(
            f"method='exact' needs {needed:.0f} MiB for {n_points} rows, more than "
            "scikit-learn's working_memory: choose method='dual', or raise "
            "working_memory by sklearn.set_config"
        )
    return kernel.block(slice(None), np.arange(n_points))


def columns_in_memory(n_points: int) -> int:
    """Return how many columns fit, with what is computed from them; at least 1."""
    budget = get_config()["working_memory"] * 2**20
    return max(1, int(budget // (8 * COPIES_OF_KERNEL * n_points)))
