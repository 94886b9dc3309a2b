"""Features of the rows of X, one block of rows after the other."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._compat import num_samples, safe_indexing
from sklearn_kernelx.incremental._feature_map import FeatureMap
from sklearn_kernelx.incremental._moments import block_rows


class TransformerMap:
    """A transformer of the user as a feature map.

    Parameters
    ----------
    transformer : transformer
        Fitted.
    dtype : str
        Name of the type of the features.
    n_features_out : int
        What it makes of a row.
    """

    def __init__(self, transformer: Any, dtype: str, n_features_out: int) -> None:
        self._transformer = transformer
        self.dtype = np.dtype(dtype)
        self.n_features_out = n_features_out

    def transform(self, rows: Any, n_threads: int = 1) -> NDArray:
        """Return the features of some rows, (n_rows, n_features_out), C-contiguous."""
        features = self._transformer.transform(rows)
        if sparse.issparse(features):
            features = features.toarray()
        features = np.asarray(features, dtype=self.dtype, order="C")
        wanted = (num_samples(rows), self.n_features_out)
        if features.shape != wanted:
            raise ValueError(
                f"feature_map={type(self._transformer).__name__} makes an array of shape "
                f"{features.shape} where {wanted} was expected: choose one that keeps the "
                "rows of X and always makes as many features"
            )
        return features


def fitted_transformer(transformer: Any, X: Any) -> Any:
    """Return the transformer if it is fitted, else a clone fitted to X."""
    try:
        check_is_fitted(transformer)
    except NotFittedError:
        return clone(transformer).fit(X, None)
    return transformer


def example_of(transformer: Any, X: Any) -> NDArray:
    """Return what a fitted transformer makes of the first row, (1, n_features_out)."""
    features = transformer.transform(safe_indexing(X, [0]))
    features = features.toarray() if sparse.issparse(features) else np.asarray(features)
    name = f"feature_map={type(transformer).__name__}"
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(
            f"{name} makes an array of shape {features.shape} of one row: choose one that "
            "makes an array of shape (n_rows, n_features_out)"
        )
    if features.dtype.kind == "c":
        raise ValueError(f"{name} makes complex features: choose one that makes real ones")
    return features


def blocks_of(X: Any, n_features: int) -> Iterator[slice]:
    """Cut the rows of X into blocks that are worth their update of the sums."""
    n_rows, size = num_samples(X), block_rows(n_features)
    return (slice(i, min(i + size, n_rows)) for i in range(0, n_rows, size))


def block_features(
    feature_map: FeatureMap | TransformerMap,
    X: Any,
    block: slice,
    n_threads: int = 1,
) -> NDArray:
    """Return the features of a block of rows.

    Parameters
    ----------
    feature_map : FeatureMap or TransformerMap
        What makes them.
    X : array-like of shape (n_rows, n_features_in)
        Validated rows.
    block : slice
        Which of them.
    n_threads : int, default=1
        How many threads to use.

    Returns
    -------
    features : ndarray of shape (n_block, n_features_out)
        Not finite where they overflow.
    """
    is_all = block == slice(0, num_samples(X))
    rows = X if is_all else safe_indexing(X, block)
    with np.errstate(over="ignore", invalid="ignore"):
        return feature_map.transform(rows, n_threads)
