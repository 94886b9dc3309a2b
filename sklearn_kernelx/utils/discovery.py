"""Finding the estimators of this package."""

from importlib import import_module
from inspect import isabstract, isclass
from pkgutil import iter_modules

from sklearn.base import BaseEstimator

import sklearn_kernelx


def all_estimators() -> list[tuple[str, type[BaseEstimator]]]:
    """Return all public estimators of sklearn_kernelx.

    An estimator has `fit`, and is public when the ``__all__`` of a subject (density, ...)
    names it.

    Returns
    -------
    estimators : list of (str, type)
        Names and classes, in the order of the names.

    Examples
    --------
    >>> from sklearn_kernelx.utils.discovery import all_estimators
    >>> "KernelDensity" in dict(all_estimators())
    True
    """
    found = {}
    for module in iter_modules(sklearn_kernelx.__path__):
        if module.ispkg and not module.name.startswith("_"):
            subject = import_module(f"sklearn_kernelx.{module.name}")
            for name in getattr(subject, "__all__", []):
                value = getattr(subject, name)
                if isclass(value) and issubclass(value, BaseEstimator):
                    if hasattr(value, "fit") and not isabstract(value):
                        found[name] = value
    return sorted(found.items())
