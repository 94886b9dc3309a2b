"""Random features of rows: a fixed projection, an offset and an activation."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import sparse
from sklearn.utils import check_array

from sklearn_kernelx._cython import _activations
from sklearn_kernelx._cython._gaussian_features import gaussian_features
from sklearn_kernelx._parallel import row_blocks, single_threaded_blas
from sklearn_kernelx._random import generator, orthogonal_directions

ACTIVATIONS = ("relu", "tanh", "cos", "gaussian", "identity")
PROJECTIONS = ("orthogonal", "gaussian")
_TURN = 2 * math.pi
_COMPILED = {"cos": "cos_of_turns"}


class FeatureMap(NamedTuple):
    """Features of rows that depend on nothing but their number of columns and a seed.

    Attributes
    ----------
    activation : str
        One of `ACTIVATIONS`.
    n_features_in : int
        Number of columns of the rows.
    directions : ndarray of shape (n_features_in, n_features_out)
        Scaled directions in columns, for "cos" in turns (of 2 pi); for "gaussian" the
        centers; empty for "identity".
    offset : ndarray of shape (n_features_out,)
        Added to the projections, for "cos" in turns; empty for "gaussian" and "identity".
    gamma : float
        Half the variance of the entries of the directions, in radians for "cos"; the
        inverse squared width of "gaussian".
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

        A projection of n columns has an error of at most ``n eps sum_j |x_j w_j|``, to
        which the activations add at most 3 ulp. A "gaussian" feature has a relative error
        of at most n + 4 eps times its exponent, far from the origin too, and 1 ulp.

        Parameters
        ----------
        X : {ndarray, CSR} of shape (n_rows, n_features_in)
            Finite rows. Only "gaussian" and "identity" make sparse ones dense.
        n_threads : int, default=1
            The result does not depend on it.

        Returns
        -------
        features : ndarray of shape (n_rows, n_features_out)
            C-contiguous, of `dtype`. It may be `X` itself for "identity".
        """
        if self.activation == "identity":
            return self._dense(X)
        out = np.empty((X.shape[0], self.n_features_out), dtype=self.dtype)
        if self.activation == "gaussian":
            for block in row_blocks(X.shape[0], self.dtype.itemsize * X.shape[1]):
                rows = self._dense(X[block])
                gaussian_features(rows, self.directions, self.gamma, out[block], n_threads)
            return out
        code = _activations.ACTIVATIONS[_COMPILED.get(self.activation, self.activation)]
        if sparse.issparse(X):
            out = np.ascontiguousarray(X.astype(self.dtype) @ self.directions)
            _activations.activate(out, self.offset, code, n_threads)
            return out
        with single_threaded_blas():
            _activations.random_features(
                self._dense(X), self.directions, self.offset, code, out, n_threads
            )
        return out

    def agrees_with(self, other: "FeatureMap") -> bool:
        """Return whether both make the same features, up to rounding.

        The same seed gives other last digits with another BLAS or processor.
        """
        same_kind = (self.activation, self.n_features_in, self.gamma, self.dtype)
        if same_kind != (other.activation, other.n_features_in, other.gamma, other.dtype):
            return False
        return all(
            a.shape == b.shape and np.allclose(a, b, rtol=0, atol=_tolerance(a))
            for a, b in ((self.directions, other.directions), (self.offset, other.offset))
        )

    def _dense(self, X: Any) -> NDArray:
        rows = X.toarray() if sparse.issparse(X) else X
        return np.ascontiguousarray(rows, dtype=self.dtype)


def _tolerance(array: NDArray) -> float:
    largest = np.max(np.abs(array), initial=0)
    return float(np.sqrt(np.finfo(array.dtype).eps) * largest)


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
        "relu" and "tanh" are functions of ``w'x + b`` with w and b of normal numbers of
        variance ``2 gamma``: b is the weight of a column of ones. "cos" has a b that is
        uniform on a circle. "gaussian" gives ``exp(-gamma |x - center|^2)``, "identity" the
        columns themselves.
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
    offset = np.empty(0)
    if activation == "identity":
        directions = np.empty((n_features, 0))
    elif activation == "gaussian" and centers is not None:
        directions = _checked_centers(centers, n_features, dtype).T
    elif activation == "gaussian":
        directions = rng.standard_normal((n_components, n_features)).T
    else:
        draw = _orthogonal_directions if projection == "orthogonal" else _iid_directions
        scale = math.sqrt(2 * gamma)
        directions = draw(n_features, n_components, rng)
        directions *= scale
        if activation == "cos":
            directions /= _TURN
            offset = rng.random(n_components)
        else:
            offset = scale * rng.standard_normal(n_components)
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


def _checked_centers(centers: ArrayLike, n_features: int, dtype: DTypeLike) -> NDArray:
    points = check_array(
        centers,
        dtype=np.float64,
        ensure_2d=False,
        allow_nd=True,
        ensure_all_finite=False,
        ensure_min_samples=0,
        input_name="centers",
    )
    if points.ndim != 2 or points.shape[1] != n_features or len(points) == 0:
        raise ValueError(
            f"centers has shape {points.shape}: give an array of shape "
            f"(n_centers, {n_features}), a point a row with as many columns as X"
        )
    with np.errstate(over="ignore"):
        points = points.astype(dtype)
    if not np.all(np.isfinite(points)):
        raise ValueError(
            f"centers must be finite in {points.dtype}: leave out rows with NaN, infinity "
            "or numbers too large"
        )
    return points


def _iid_directions(
    n_features: int, n_components: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    return rng.standard_normal((n_features, n_components))


def _orthogonal_directions(
    n_features: int, n_components: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return columns, each of the standard normal law, orthogonal in blocks."""
    with single_threaded_blas():
        directions = orthogonal_directions(n_features, n_components, rng)
    directions *= np.sqrt(rng.chisquare(n_features, n_components))
    return directions
