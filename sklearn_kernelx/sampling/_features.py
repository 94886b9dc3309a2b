"""Features of a pool of candidates, over blocks of rows."""

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils import check_array

from sklearn_kernelx._compat import num_samples, safe_indexing
from sklearn_kernelx._parallel import row_blocks

# So many blocks of features would fill the working memory.
BLOCKS_IN_MEMORY = 4


class Features:
    """What a transformer makes of the rows of X, kept whole only if that is one block.

    Parameters
    ----------
    X : array-like of shape (n_rows, n_features_in)
        The candidates.
    feature_map : transformer or None
        Fitted; None takes X, a validated array, as it is.
    """

    def __init__(self, X: Any, feature_map: Any = None) -> None:
        self.X = X
        self.feature_map = feature_map
        self.n_rows = num_samples(X)
        self._whole = X if feature_map is None else None

    @functools.cached_property
    def n_features(self) -> int:
        """Return the number of features."""
        return self.rows(np.arange(1)).shape[1]

    def blocks(self) -> Iterator[NDArray]:
        """Yield the features of one block of rows after the other."""
        if self._whole is None:
            bytes_per_row = self.rows(np.arange(1)).nbytes
            blocks = list(row_blocks(self.n_rows, BLOCKS_IN_MEMORY * bytes_per_row))
            if len(blocks) > 1:
                yield from (self._transformed(block) for block in blocks)
                return
            self._whole = self._transformed()
        yield self._whole

    def rows(self, points: NDArray[np.intp]) -> NDArray:
        """Return the features of some rows, (n_points, n_features)."""
        if self._whole is not None:
            return self._whole[points]
        if len(points) == 0:
            return np.empty((0, self.n_features))
        return self._transformed(points)

    def _transformed(self, rows: NDArray[np.intp] | slice | None = None) -> NDArray:
        """Return the features as an array of floats, or say what is wrong with them."""
        X = self.X if rows is None else safe_indexing(self.X, rows)
        features = self.feature_map.transform(X)
        if sparse.issparse(features):
            features = features.toarray()
        name = type(self.feature_map).__name__
        if len(features) != num_samples(X):
            raise ValueError(
                f"feature_map={name} makes {len(features)} rows of {num_samples(X)} rows: "
                "choose one that keeps the rows of X"
            )
        return check_array(
            features,
            dtype=[np.float64, np.float32],
            order="C",
            input_name=f"the features of {name}",
        )
