"""What kernel functions accept as rows, and as states of a function of the user's."""

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.utils import check_array

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


def check_rows(
    X: ArrayLike, Y: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, bool]:
    """Return X and Y as matrices, None where Y is X, and whether both were single rows."""
    single = np.ndim(X) == 1 and np.ndim(Y) == 1
    if single:
        X, Y = np.reshape(X, (1, -1)), np.reshape(Y, (1, -1))
    if Y is X:
        Y = None
    X = check_array(X, dtype=np.float64, input_name="X")
    if Y is not None:
        Y = check_array(Y, dtype=np.float64, input_name="Y")
        if X.shape[1] != Y.shape[1]:
            raise ValueError(
                f"X has {X.shape[1]} features and Y has {Y.shape[1]}: they must be equal"
            )
    return X, Y, single


def check_float_dtype(dtype: DTypeLike) -> np.dtype:
    """Return `dtype`, which must be float64 or float32."""
    with suppress(TypeError):  # of what is no dtype
        if np.dtype(dtype) in FLOATS:
            return np.dtype(dtype)
    raise ValueError(f"dtype must be float64 or float32; got {dtype!r}")


def real_parts_first(states: Any, n_rows: int, dtype: DTypeLike) -> NDArray:
    """Return state vectors of a user's function in the layout of `_states`.

    Raises
    ------
    ValueError
        If they are not unit vectors of numbers, one a row.
    """
    states = np.asarray(states)
    if states.ndim != 2 or len(states) != n_rows or states.shape[1] == 0:
        raise ValueError(
            f"feature_map must return an array of shape (n_samples, n_amplitudes), here "
            f"with {n_rows} rows; its shape is {states.shape}"
        )
    if states.dtype.kind not in "fc":
        raise ValueError(
            f"feature_map must return complex numbers; its dtype is {states.dtype}"
        )
    norms = np.linalg.norm(states, axis=1)
    if not np.all(np.abs(norms - 1) < 1e-4):
        raise ValueError(
            "feature_map must return unit vectors; the norms go from "
            f"{norms.min():.6g} to {norms.max():.6g}: divide each row by its norm"
        )
    parts = np.empty((n_rows, 2, states.shape[1]), dtype)
    parts[:, 0], parts[:, 1] = states.real, states.imag
    return parts
