"""Candidates and their features, as estimators with a `feature_map` read them."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags, indexable
from sklearn.utils.validation import validate_data

from sklearn_kernelx._compat import num_samples
from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.sampling._features import Features


def validate_candidates(estimator: BaseEstimator, X: Any, *, reset: bool) -> Any:
    """Return X: floats without a feature map, else what the map is to judge.

    Parameters
    ----------
    estimator : estimator
        Has the parameter `feature_map`; gets `n_features_in_` and `feature_names_in_`.
    X : array-like
        The candidates.
    reset : bool
        Whether this is `fit`.
    """
    feature_map = estimator.feature_map if reset else estimator.feature_map_
    if feature_map is None:
        dtypes = [np.float64, np.float32]
        return validate_data(estimator, X, reset=reset, dtype=dtypes, order="C")
    (X,) = indexable(X)
    if num_samples(X) == 0:
        raise ValueError("Found array with 0 sample(s) while a minimum of 1 is required.")
    return validate_data(estimator, X, reset=reset, skip_check_array=True)


def fit_features(estimator: BaseEstimator, X: Any) -> Features:
    """Fit a clone of the feature map as `feature_map_`, and return the features of X."""
    estimator.feature_map_ = None
    if estimator.feature_map is not None:
        estimator.feature_map_ = clone(estimator.feature_map).fit(X, None)
    return Features(X, estimator.feature_map_)


def check_rank(features: Features, rank: int) -> None:
    """Refuse features that are all zero, warn of those that depend on others."""
    if rank == 0:
        raise ValueError(
            "all features are zero: give X, or a feature_map, with features that are not"
        )
    if rank < features.n_features:
        warn_user(
            f"Only {rank} of the {features.n_features} features are linearly independent "
            "on X; the others are left out",
            UserWarning,
        )


def adopt_input_tags(tags: Any, feature_map: Any) -> Any:
    """Return the tags of an estimator that takes what its feature map takes."""
    if feature_map is not None:
        tags.input_tags = get_tags(feature_map).input_tags
    return tags
