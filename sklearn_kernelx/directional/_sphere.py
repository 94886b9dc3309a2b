"""Rows of data as points of the unit sphere, without a normalised copy of them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import validate_data

from sklearn_kernelx._compat import check_sample_weight
from sklearn_kernelx._cython import _unit_sums
from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx._warn import warn_user

_MAX_LISTED = 5
_TOLERANCE = {"float64": 1e-6, "float32": 1e-3}


class UnitRows(NamedTuple):
    """Data, one direction a row.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        The rows as given, of any length: float64 or float32, C-ordered, or CSR with sorted
        indices and no duplicates.
    inverse_norms : ndarray of shape (n_samples,)
        ``1 / |x|``, 0 for zero rows.
    weights : ndarray of shape (n_samples,)
        Non-negative weights, 0 for zero rows.
    """

    X: Any
    inverse_norms: NDArray[np.float64]
    weights: NDArray[np.float64]


def unit_rows(
    estimator: Any,
    X: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    reset: bool,
    fitting: bool = False,
    normalize: bool = True,
) -> UnitRows:
    """Validate data whose rows stand for their directions.

    Parameters
    ----------
    estimator : estimator instance
        Whose ``n_features_in_`` is set or compared.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.
    reset : bool
        Whether to set ``n_features_in_``, or to compare with it.
    fitting : bool, default=False
        Whether to warn of zero rows and to insist on others.
    normalize : bool, default=True
        False refuses rows that are not of unit length.

    Returns
    -------
    rows : UnitRows
        The rows, their inverse norms and their weights.

    Raises
    ------
    ValueError
        If `X` or `sample_weight` is not as said above, or in training no row with a
        positive weight has a direction.

    Warns
    -----
    UserWarning
        If rows are zero, when fitting.
    """
    X = validate_rows(estimator, X, reset=reset)
    weights = validate_weights(sample_weight, X)
    inverse_norms = inverse_row_norms(X)
    check_norms(estimator, X, inverse_norms, normalize=normalize)
    if fitting:
        weights = drop_zero_rows(weights, inverse_norms)
    return UnitRows(X, inverse_norms, weights * (inverse_norms > 0))


def validate_rows(estimator: Any, X: ArrayLike, *, reset: bool) -> Any:
    """Return `X` as a C-ordered array or canonical CSR; `check_norms` finds NaN in it."""
    X = validate_data(
        estimator,
        X,
        reset=reset,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        order="C",
        ensure_all_finite=False,
    )
    if not sparse.issparse(X):
        return X
    if X.indptr.dtype != X.indices.dtype:
        X = type(X)((X.data, X.indices, X.indptr), shape=X.shape)  # makes them equal
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def with_scaled_weights(rows: UnitRows) -> tuple[UnitRows, float]:
    """Return the rows with weights below 2, and the power of two that restores them."""
    exponent = int(np.frexp(np.max(rows.weights))[1]) - 1
    scaled = rows._replace(weights=np.ldexp(rows.weights, -exponent))
    return scaled, float(np.ldexp(1.0, exponent))


def validate_weights(sample_weight: ArrayLike | None, X: Any) -> NDArray[np.float64]:
    """Return non-negative weights, not all zero, with sums that do not overflow."""
    weights = check_sample_weight(sample_weight, X, dtype=np.float64)
    if not np.any(weights > 0):
        raise ValueError("sample_weight must not be zero for all samples")
    with np.errstate(over="ignore"):
        check_total(4 * np.sum(weights))
    return weights


def check_total(total: float) -> None:
    """Raise if a sum of weights has overflowed."""
    if not np.isfinite(total):
        raise ValueError(
            "The sum of sample_weight overflows; divide all weights by a common factor"
        )


def inverse_row_norms(X: Any) -> NDArray[np.float64]:
    """Return ``1 / |x|`` of each row: 0 for zero rows, NaN for rows that are not finite."""
    out = np.empty(X.shape[0])
    for block in interruptible_blocks(X):
        if sparse.issparse(X):
            indptr = X.indptr[block.start : block.stop + 1]
            _unit_sums.csr_inverse_norms(X.data, indptr, out[block])
        else:
            _unit_sums.inverse_norms(X[block], out[block])
    return out


def interruptible_blocks(X: Any) -> Iterator[slice]:
    """Cut rows into blocks, between which a long call can be interrupted."""
    n_rows, n_features = X.shape
    return row_blocks(n_rows, 8 * (X.nnz // n_rows if sparse.issparse(X) else n_features))


def check_norms(
    estimator: Any, X: Any, inverse_norms: NDArray[np.float64], *, normalize: bool
) -> None:
    """Raise if rows are not finite, or not of unit length without `normalize`."""
    if np.isnan(inverse_norms).any():
        values = X.data if sparse.issparse(X) else X
        assert_all_finite(values, input_name="X", estimator_name=type(estimator).__name__)
    if normalize:
        return
    off = np.flatnonzero(np.abs(inverse_norms - 1) > _TOLERANCE[X.dtype.name])
    if len(off):
        raise ValueError(
            f"With normalize=False each row of X must have unit length; {_listed(off)} "
            "not. Set normalize=True to divide each row by its norm"
        )


def drop_zero_rows(
    weights: NDArray[np.float64], inverse_norms: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `weights` with 0 for zero rows, warning of these."""
    is_zero = inverse_norms == 0
    if not is_zero.any():
        return weights
    weights = np.where(is_zero, 0.0, weights)
    if not np.any(weights > 0):
        raise ValueError(
            "X has no row with a direction: all rows of positive weight are zero. Remove "
            "zero rows, or use features that tell the samples apart"
        )
    warn_user(
        f"Zero rows of X have no direction: {_listed(np.flatnonzero(is_zero))} left out",
        UserWarning,
    )
    return weights


def _listed(indices: NDArray[np.intp]) -> str:
    if len(indices) == 1:
        return f"row {indices[0]} is"
    shown = ", ".join(str(i) for i in indices[:_MAX_LISTED])
    more = len(indices) - _MAX_LISTED
    return f"rows {shown}{f' and {more} more' if more > 0 else ''} are"
