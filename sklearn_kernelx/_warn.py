"""Warnings that point to the user's line."""

import os
import sys
import warnings

import sklearn

_INSIDE = tuple(os.path.dirname(file) + os.sep for file in (__file__, sklearn.__file__))


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the innermost line that is neither ours nor scikit-learn's."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
