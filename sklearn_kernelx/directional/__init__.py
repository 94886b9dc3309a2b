"""Directional statistics: data on the unit sphere."""

__all__: list[str] = []
