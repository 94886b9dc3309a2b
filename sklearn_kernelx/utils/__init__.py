"""Tools around the estimators."""
