"""Every public estimator passes scikit-learn's own checks, without exception."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_kernelx
from sklearn_kernelx.utils.discovery import all_estimators

# scikit-learn's check of sparse input wants as many columns of probabilities as its target
# has classes: four.
PARAMETERS = {"VonMisesFisherMixture": {"n_components": 4}}
ESTIMATORS = [cls(**PARAMETERS.get(name, {})) for name, cls in all_estimators()]


@parametrize_with_checks(ESTIMATORS)
def test_estimator_checks(estimator, check):
    check(estimator)


def test_discovery_finds_what_the_package_exports():
    names = {name for name, _ in all_estimators()}
    exported = {n: getattr(sklearn_kernelx, n) for n in sklearn_kernelx.__all__}
    assert names == {n for n, value in exported.items() if hasattr(value, "fit")}
    assert names  # not vacuous


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_fitted_state_is_plain(estimator):
    """Arrays, numbers, strings, types, containers of them and estimators made of these:
    pickle, skops and dask work."""
    X = np.random.default_rng(0).standard_normal((30, 3))
    y = X @ np.ones(3)
    fitted = clone(estimator).fit(X, y > 0 if is_classifier(estimator) else y)
    plain = (np.ndarray, np.generic, int, float, str, bool, type, type(None))

    def assert_plain(value):
        if isinstance(value, BaseEstimator):
            value = value.__getstate__()
        if isinstance(value, (tuple, list)):
            for item in value:
                assert_plain(item)
        elif isinstance(value, dict):
            for item in value.values():
                assert_plain(item)
        else:
            assert isinstance(value, plain), type(value)

    assert_plain(fitted.__getstate__())
    assert pickle.loads(pickle.dumps(fitted)).get_params() == fitted.get_params()
