"""Which estimators can be merged."""

import pickle
from typing import Any

import joblib
import numpy as np
from sklearn.utils.validation import check_is_fitted


def check_mergeable(one: Any, other: Any) -> None:
    """Raise if the sums of two estimators are not about the same features.

    Parameters
    ----------
    one, other : AnalyticIncremental
        The estimators.

    Raises
    ------
    NotFittedError
        If one of them is not fitted.
    TypeError
        If they are of different classes.
    ValueError
        If they differ otherwise, with what to do about it.
    """
    if type(other) is not type(one):
        raise TypeError(
            f"other must be of class {type(one).__name__}; got {type(other).__name__}"
        )
    check_is_fitted(one)
    check_is_fitted(other)
    n_features = [getattr(e, "n_features_in_", None) for e in (one, other)]
    if n_features[0] != n_features[1]:
        raise ValueError(
            f"other has {n_features[1]} features, this estimator {n_features[0]}: fit both "
            "to the same features"
        )
    names = [getattr(e, "feature_names_in_", None) for e in (one, other)]
    if all(n is not None for n in names) and list(names[0]) != list(names[1]):
        raise ValueError(
            "other was fitted to features of other names: fit both to the same features"
        )
    if other._fit_intercept != one._fit_intercept:
        raise ValueError(
            "other was fitted with another fit_intercept: fit both with the same"
        )
    if other._dtype != one._dtype:
        raise ValueError(
            f"other has features of dtype {other._dtype}, this estimator of {one._dtype}: "
            "give both the same dtype"
        )
    if not np.isfinite(one._sums.weight + other._sums.weight):
        raise ValueError("the sum of all weights overflows: scale sample_weight in both")
    if not _have_same_map(one, other):
        raise ValueError(
            "other has another feature map: give both the same parameters of the map and, "
            "as random_state, the same int; fit a feature_map that learns from data "
            "beforehand, and wrap it in a FrozenEstimator"
        )


def _have_same_map(one: Any, other: Any) -> bool:
    maps = one._random_map, other._random_map
    if maps == (None, None):
        return _are_same_transformers(one.feature_map_, other.feature_map_)
    return None not in maps and maps[0].agrees_with(maps[1])


def _are_same_transformers(one: Any, other: Any) -> bool:
    if one is other:
        return True
    for transformer in (one, other):
        _refuse_what_is_not_pickled(transformer)
    return joblib.hash(one) == joblib.hash(other)


def _refuse_what_is_not_pickled(transformer: Any) -> None:
    """Raise where joblib.hash might, or deep inside leaves out what cannot be pickled."""
    try:
        pickle.dumps(transformer)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            "feature maps that cannot be pickled cannot be compared: use functions with a "
            "name instead of lambdas, no locks or open files, or the same fitted object in "
            "both"
        ) from error
