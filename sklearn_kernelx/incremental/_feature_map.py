"""Random features of rows: a fixed projection, an offset and an activation."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import linalg, sparse
from scipy.linalg import blas

from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx._random import generator

ACTIVATIONS = ("relu", "tanh", "cos", "gaussian", "identity")
PROJECTIONS = ("orthogonal", "gaussian")


class FeatureMap(NamedTuple):
    """Features of rows that depend on nothing but their number of columns and a seed.

    Attributes
    ----------
    activation : str
        One of `ACTIVATIONS`.
    n_features_in : int
        Number of columns of the rows.
    directions : ndarray of shape (n_features_in, n_features_out)
        Directions in columns, scaled; for "gaussian" the centers; empty for "identity".
    offset : ndarray of shape (n_features_out,)
        Added to the projections; zero for "gaussian", empty for "identity".
    gamma : float
        Inverse squared width.
    """

    activation: str
    n_features_in: int
    directions: NDArray
    offset: NDArray
    gamma: float

    @property
    def n_features_out(self) -> int:
        """Number of features."""
        identity = self.activation == "identity"
        return self.n_features_in if identity else self.directions.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """Type of the features."""
        return self.directions.dtype

    def transform(self, X: Any, n_threads: int = 1) -> NDArray:
        """Return the features of rows.

        Parameters
        ----------
        X : {ndarray, CSR} of shape (n_rows, n_features_in)
            Finite rows.
        n_threads : int, default=1
            The result does not depend on it.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out)
            C-contiguous, of `dtype`.
        """
        if self.activation == "identity":
            return _dense(X, self.dtype)
        if self.activation == "gaussian":
            return _gaussian(_dense(X, self.dtype), self.directions, self.gamma)
        z = _product(X, self.directions)
        z += self.offset
        _ACTIVATE[self.activation](z)
        return z


def make_feature_map(
    activation: str,
    n_features: int,
    n_components: int,
    *,
    gamma: float | None,
    centers: ArrayLike | None,
    projection: str,
    dtype: DTypeLike,
    seed: NDArray[np.uint64],
) -> FeatureMap:
    """Draw a feature map.

    Parameters
    ----------
    activation : {"relu", "tanh", "cos", "gaussian", "identity"}
        What is done to the projections. "gaussian" gives ``exp(-gamma |x - center|^2)``,
        "identity" the columns themselves.
    n_features : int
        Number of columns of the rows, at least 1.
    n_components : int
        Number of features, at least 1; not used by "identity" and with `centers`.
    gamma : float or None
        Half the variance of the entries of the directions, as in
        :class:`~sklearn.kernel_approximation.RBFSampler`; above 0. None stands for
        ``1 / n_features``.
    centers : array-like of shape (n_components, n_features) or None
        Centers of "gaussian"; None draws them from the standard normal law.
    projection : {"orthogonal", "gaussian"}
        "gaussian" draws the directions independently. "orthogonal" makes them orthogonal
        in blocks of `n_features`, each with the law of an independent one [1]_.
    dtype : {float32, float64}
        Type of the features.
    seed : ndarray of shape (4,)
        From :func:`sklearn_kernelx._random.seed_from`.

    Returns
    -------
    feature_map : FeatureMap
        The same for the same arguments.

    Raises
    ------
    ValueError
        If an argument is not as said above.

    References
    ----------
    .. [1] Yu, F. X., Suresh, A. T., Choromanski, K., Holtmann-Rice, D. and Kumar, S.
       (2016). Orthogonal random features. NeurIPS 29.
    """
    _check(activation, n_components, gamma, centers, projection)
    gamma = 1 / n_features if gamma is None else float(gamma)
    rng = generator(seed)
    if activation == "identity":
        directions, offset = np.empty((n_features, 0)), np.empty(0)
    elif activation == "gaussian":
        if centers is None:
            directions = rng.standard_normal((n_components, n_features)).T
        else:
            directions = _checked_centers(centers, n_features).T
        offset = np.zeros(directions.shape[1])
    else:
        draw = _orthogonal_directions if projection == "orthogonal" else _iid_directions
        directions = math.sqrt(2 * gamma) * draw(n_features, n_components, rng)
        offset = np.zeros(n_components)
        if activation == "cos":
            offset = rng.uniform(0, 2 * np.pi, n_components)
    directions = np.ascontiguousarray(directions, dtype=dtype)
    return FeatureMap(activation, n_features, directions, offset.astype(dtype), gamma)


def _check(
    activation: str,
    n_components: int,
    gamma: float | None,
    centers: ArrayLike | None,
    projection: str,
) -> None:
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation={activation!r} is unknown: choose among {_listed(ACTIVATIONS)}"
        )
    if projection not in PROJECTIONS:
        raise ValueError(
            f"projection={projection!r} is unknown: choose among {_listed(PROJECTIONS)}"
        )
    if n_components < 1:
        raise ValueError(f"n_components={n_components} must be at least 1")
    if gamma is not None and not 0 < gamma < math.inf:
        raise ValueError(
            f"gamma={gamma} must be finite and above 0, or None for 1 / n_features"
        )
    if centers is not None and activation != "gaussian":
        raise ValueError(
            f"centers are used by activation='gaussian' only, not by {activation!r}: "
            "leave centers=None, or set activation='gaussian'"
        )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)


def _checked_centers(centers: ArrayLike, n_features: int) -> NDArray[np.float64]:
    centers = np.asarray(centers, dtype=np.float64)
    if centers.ndim != 2 or centers.shape[1] != n_features or len(centers) == 0:
        raise ValueError(
            f"centers has shape {centers.shape}: give an array of shape "
            f"(n_centers, {n_features}), a point a row with as many columns as X"
        )
    if not np.all(np.isfinite(centers)):
        raise ValueError("centers must be finite: leave out rows with NaN or infinity")
    return centers


def _iid_directions(
    n_features: int, n_components: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    return rng.standard_normal((n_features, n_components))


def _orthogonal_directions(
    n_features: int, n_components: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return columns, each of the standard normal law, orthogonal in blocks."""
    directions = np.empty((n_features, n_components), order="F")
    for first in range(0, n_components, n_features):
        block = directions[:, first : first + n_features]
        block[:] = _orthonormal_columns(n_features, block.shape[1], rng)
    return directions * np.sqrt(rng.chisquare(n_features, n_components))


def _orthonormal_columns(
    n_rows: int, n_columns: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return columns of the uniform law (Mezzadri 2007, section 5)."""
    normals = rng.standard_normal((n_columns, n_rows)).T
    with single_threaded_blas():
        q, r = linalg.qr(normals, mode="economic", overwrite_a=True, check_finite=False)
    q *= np.copysign(1, np.diag(r))
    return q


def _dense(X: Any, dtype: np.dtype) -> NDArray:
    rows = X.toarray() if sparse.issparse(X) else X
    return np.ascontiguousarray(rows, dtype=dtype)


def _product(X: Any, directions: NDArray) -> NDArray:
    if sparse.issparse(X):
        return np.ascontiguousarray(X.astype(directions.dtype) @ directions)
    gemm = blas.dgemm if directions.dtype == np.float64 else blas.sgemm
    rows = np.ascontiguousarray(X, dtype=directions.dtype)
    with single_threaded_blas():
        return gemm(1, directions.T, rows.T).T


def _gaussian(rows: NDArray, centers: NDArray, gamma: float) -> NDArray:
    z = _product(rows, centers)
    z *= -2
    z += np.einsum("ij,ij->i", rows, rows)[:, np.newaxis]
    z += np.einsum("ij,ij->j", centers, centers)
    np.maximum(z, 0, out=z)
    z *= -gamma
    return np.exp(z, out=z)


def _relu(z: NDArray) -> None:
    np.maximum(z, 0, out=z)


def _tanh(z: NDArray) -> None:
    np.tanh(z, out=z)


def _cos(z: NDArray) -> None:
    np.cos(z, out=z)


_ACTIVATE = {"relu": _relu, "tanh": _tanh, "cos": _cos}
