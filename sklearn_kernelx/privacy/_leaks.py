"""Ways by which private data would get out beside the release."""

import re
import warnings
from typing import Any

from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data


class PrivacyLeakWarning(UserWarning):
    """Something that the guarantee does not cover depends on the private data.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_kernelx import PrivacyLeakWarning
    >>> warnings.simplefilter("error", PrivacyLeakWarning)
    """


# scikit-learn shows the value, the array or the numbers of rows after these words.
_QUOTES = re.compile(
    r"(could not convert|Complex data not supported|.*inconsistent numbers of samples).*",
    re.DOTALL,
)


def validated(estimator: Any, X: Any, y: Any = "no_validation", **checks: Any) -> Any:
    """Call scikit-learn's validate_data, with errors that show nothing of the data.

    The error raised has no cause and no context, as those have the data. Warnings that
    depend on values are left out.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            warnings.filterwarnings("ignore", message=".*unique classes")
            validated = validate_data(estimator, X, y, **checks)
            if not isinstance(y, str):
                check_classification_targets(validated[1])
            return validated
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        message = without_data(str(error))
    raise kind(message)


def without_data(message: str) -> str:
    """Cut what quotes the data out of a message of scikit-learn."""
    quoted = _QUOTES.match(message)
    if quoted and "samples" in quoted[1]:
        return "X and y have inconsistent numbers of samples."
    if quoted:
        return f"{quoted[1]}: give an array of real numbers"
    return message.split("\narray=")[0].removesuffix(":")
