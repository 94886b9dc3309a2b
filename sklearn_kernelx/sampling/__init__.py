"""Sampling and designs: which points to measure."""
