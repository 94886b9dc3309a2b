"""Probabilities from the scores of a regression on one-hot targets."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._parallel import row_blocks

_SCALE_OF_UNIT_GUMBEL = math.sqrt(6) / math.pi
_LOWEST_TEMPERATURE = 1e-8
_TEMPORARIES = 6


def project_to_simplex(scores: NDArray) -> NDArray:
    """Return the nearest probabilities to the scores of each row.

    One-hot targets lie in the simplex of probabilities, and a projection on a convex set
    takes no point away from one of the set: the squared distance to the truth can only fall
    [1]_. The order of scores is kept.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_classes)
        Finite, of float32 or float64; at least one class.

    Returns
    -------
    probabilities : ndarray of shape (n_rows, n_classes)
        At least 0, and 1 in sum up to rounding, in the type of the scores.

    References
    ----------
    .. [1] Duchi, J., Shalev-Shwartz, S., Singer, Y. and Chandra, T. (2008). Efficient
       projections onto the l1-ball for learning in high dimensions, figure 1. ICML.
    """
    return _by_blocks(_projected, scores)


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
    return _by_blocks(lambda rows: _tempered(rows, temperature), scores)


def score_temperature(
    residual: float, weight: float, shares: NDArray[np.float64], n_features: int
) -> float:
    """Return the temperature at which the softmax of scores estimates probabilities.

    If errors are independent and of Gumbel's law, the class with the largest score plus
    error has the probabilities of a softmax, whose temperature is ``sqrt(6) / pi`` times
    the standard deviation of the errors [1]_. Its square on new rows is estimated for c
    classes by generalised cross-validation as ``residual / weight / (1 - h)^2 / (c - 1)``,
    with the largest leverage h that `n_features` features and an intercept can have. With
    normal errors instead, scores that explain nothing would have the temperature ``(1 -
    sum_k shares_k^2) / (c - 1)``: none is higher.

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


def _by_blocks(make: Callable[[NDArray], NDArray], scores: NDArray) -> NDArray:
    out = np.empty_like(scores)
    for block in row_blocks(len(scores), _TEMPORARIES * 8 * scores.shape[1]):
        out[block] = make(_below_the_best(scores[block]))
    return out


def _below_the_best(scores: NDArray) -> NDArray[np.float64]:
    scores = scores.astype(np.float64)
    return scores - np.max(scores, axis=1, keepdims=True)


def _projected(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    # One unit below the best has no share; so the sums cannot overflow.
    scores = np.maximum(scores, -1)
    descending = -np.sort(-scores, axis=1)
    counts = np.arange(1, scores.shape[1] + 1)
    thresholds = (np.cumsum(descending, axis=1) - 1) / counts
    n_positive = np.count_nonzero(descending > thresholds, axis=1)
    threshold = thresholds[np.arange(len(scores)), n_positive - 1]
    return np.maximum(scores - threshold[:, np.newaxis], 0)


def _tempered(scores: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    with np.errstate(over="ignore", under="ignore"):
        shares = np.exp(scores / temperature)
    return shares / np.sum(shares, axis=1, keepdims=True)
