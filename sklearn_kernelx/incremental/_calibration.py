"""Probabilities from the scores of a regression on one-hot targets."""

import math

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._parallel import row_blocks

_SCALE_OF_UNIT_GUMBEL = math.sqrt(6) / math.pi
_LOWEST_TEMPERATURE = 1e-8
_TEMPORARIES = 4


def tempered_softmax(scores: NDArray, temperature: float) -> NDArray:
    """Return ``exp(score / temperature)`` of each row, divided by their sum.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        Finite, of float32 or float64; at least one class.
    temperature : float
        Above 0.

    Returns
    -------
    probabilities : ndarray of shape (n_rows, n_classes)
        At least 0, and 1 in sum up to rounding, in the type of the scores. The order of
        scores is kept.
    """
    shares = np.empty_like(scores)
    for block in row_blocks(len(scores), _TEMPORARIES * 8 * scores.shape[1]):
        rows = scores[block].astype(np.float64)
        rows -= np.max(rows, axis=1, keepdims=True)
        with np.errstate(over="ignore", under="ignore"):
            rows = np.exp(rows / temperature)
        shares[block] = rows / np.sum(rows, axis=1, keepdims=True)
    return shares


def score_temperature(
    residual: float, weight: float, shares: NDArray[np.float64], n_features: int
) -> float:
    """Return the temperature at which the softmax of scores estimates probabilities.

    If errors are independent and of Gumbel's law, the class with the largest score plus
    error has the probabilities of a softmax, whose temperature is ``sqrt(6) / pi`` times
    the standard deviation of the errors [1]_. Its square on new rows is estimated for c
    classes by ``residual / weight / (1 - h)^2 / (c - 1)``, as by generalised
    cross-validation without a penalty: h is the mean leverage of `n_features` features and
    an intercept. The temperature is at most ``(1 - sum_k shares_k^2) / (c - 1)``, which
    scores that explain nothing would have with normal errors.

    Parameters
    ----------
    residual : float
        Weighted sum of squared residuals over rows and classes.
    weight : float
        Sum of the weights of the rows.
    shares : ndarray of shape (n_classes,)
        Shares of the classes in the weight; classes without any do not count.
    n_features : int
        Number of features.

    Returns
    -------
    temperature : float
        At least 1e-8; 1 if there are fewer than two classes.

    References
    ----------
    .. [1] McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior.
       In Frontiers in Econometrics, 105-142. Academic Press.
    """
    n_classes = np.count_nonzero(shares)
    if n_classes < 2:
        return 1.0
    highest = (1 - float(np.sum(shares**2))) / (n_classes - 1)
    rest = 1 - (n_features + 1) / weight
    if rest <= 0:
        return highest
    variance = max(residual, 0.0) / weight / rest**2 / (n_classes - 1)
    temperature = min(_SCALE_OF_UNIT_GUMBEL * math.sqrt(variance), highest)
    return max(temperature, _LOWEST_TEMPERATURE)
