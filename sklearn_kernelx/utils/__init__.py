"""Tools around the estimators."""

from sklearn_kernelx.utils.discovery import all_estimators

__all__ = ["all_estimators"]
