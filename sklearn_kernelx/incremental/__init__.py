"""Least squares on random features, one batch after the other."""
