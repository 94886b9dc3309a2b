"""Parts of docstrings that several classes share."""

from collections.abc import Mapping


def fill_marks(cls: type, shared: Mapping[str, str]) -> None:
    """Put shared parts where the docstring of a class has their marks, indented by 4."""
    for mark, text in shared.items():
        cls.__doc__ = (cls.__doc__ or "").replace(f"    {mark}", text)
