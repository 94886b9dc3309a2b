"""The only file that imports private scikit-learn names or asks for its version."""

import inspect
from collections.abc import Callable
from typing import Any

from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
)
from sklearn.utils.multiclass import _ovr_decision_function
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_sample_weight,
    _num_features,
    _num_samples,
)

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Reports to nobody."""

        def _init_callback_context(self, **_: Any) -> "_SilentContext":
            return _SilentContext()

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method as it is."""
        return method


__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "check_feature_names_in",
    "check_sample_weight",
    "fit_context",
    "num_features",
    "num_samples",
    "ovr_decision_function",
    "safe_indexing",
    "with_callbacks",
]

check_feature_names_in: Callable[..., Any] = _check_feature_names_in
fit_context: Callable[..., Any] = _fit_context
num_features: Callable[..., int] = _num_features
num_samples: Callable[..., int] = _num_samples
ovr_decision_function: Callable[..., Any] = _ovr_decision_function
safe_indexing: Callable[..., Any] = _safe_indexing

# scikit-learn < 1.7 spells the argument otherwise.
_NON_NEGATIVE = (
    "ensure_non_negative"
    if "ensure_non_negative" in inspect.signature(_check_sample_weight).parameters
    else "only_non_negative"
)


class _SilentContext:
    """Stands in for the context that tells callbacks of a task."""

    def subcontext(self, **_: Any) -> "_SilentContext":
        return self

    def call_on_fit_task_begin(self, **_: Any) -> "_SilentContext":
        return self

    def call_on_fit_task_end(self, **_: Any) -> bool:
        return False


def check_sample_weight(sample_weight: Any, X: Any, *, dtype: Any = None) -> Any:
    """Return `sample_weight` as an array of shape (n_samples,) of non-negative weights.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,), float or None
        A number stands for as many equal weights, None for ones.
    X : array-like of shape (n_samples, n_features)
        What the weights belong to.
    dtype : dtype, default=None
        Of the result; None keeps that of the weights.

    Returns
    -------
    sample_weight : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        If a weight is negative, NaN or infinite, or their number is wrong.
    """
    return _check_sample_weight(sample_weight, X, dtype=dtype, **{_NON_NEGATIVE: True})
