"""Compiled inner loops: arrays in, caller-allocated arrays out, no policy."""
