"""Ways by which private data would get out beside the release."""

import re
from typing import Any

from sklearn.utils.validation import validate_data


class PrivacyLeakWarning(UserWarning):
    """Something that the guarantee does not cover depends on the private data.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_kernelx import PrivacyLeakWarning
    >>> warnings.simplefilter("error", PrivacyLeakWarning)
    """


# scikit-learn shows the value, or the array, after these words.
_QUOTES = re.compile(r"(could not convert)[^\n]*|(Complex data not supported).*", re.DOTALL)


def validated(estimator: Any, X: Any, y: Any = "no_validation", **checks: Any) -> Any:
    """Call scikit-learn's validate_data, with errors that show nothing of the data.

    The error raised has no cause and no context, as those have the data.
    """
    try:
        return validate_data(estimator, X, y, **checks)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        message = without_data(str(error))
    raise kind(message)


def without_data(message: str) -> str:
    """Cut what quotes the data out of a message of scikit-learn."""
    quoted = _QUOTES.match(message)
    if quoted:
        return f"{quoted[1] or quoted[2]}: give an array of real numbers"
    return message.split("\narray=")[0].removesuffix(":")
