"""Least squares on random features, one batch after the other."""

from sklearn_kernelx.incremental._classifier import AnalyticIncrementalClassifier
from sklearn_kernelx.incremental._regressor import AnalyticIncrementalRegressor

__all__ = ["AnalyticIncrementalClassifier", "AnalyticIncrementalRegressor"]
