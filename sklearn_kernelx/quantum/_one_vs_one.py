"""Decisions between pairs of classes, as libsvm has them."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._compat import ovr_decision_function


def pair_coefficients(
    dual_coef: NDArray[np.float64], n_support: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return the coefficients of all support vectors for each pair of classes.

    Parameters
    ----------
    dual_coef : ndarray of shape (n_classes - 1, n_support_vectors)
        Those of :class:`~sklearn.svm.SVC`: row j - 1 for a vector of class i < j, row i for
        one of class j has the coefficient in the decision between i and j.
    n_support : ndarray of shape (n_classes,)
        Numbers of support vectors of each class, which are in the order of classes.

    Returns
    -------
    coefficients : ndarray of shape (n_support_vectors, n_pairs)
    """
    stops = np.cumsum(n_support)
    of_class = [slice(stop - n, stop) for n, stop in zip(n_support, stops, strict=True)]
    pairs = list(combinations(range(len(n_support)), 2))
    coefficients = np.zeros((dual_coef.shape[1], len(pairs)))
    for column, (i, j) in zip(coefficients.T, pairs, strict=True):
        column[of_class[i]] = dual_coef[j - 1, of_class[i]]
        column[of_class[j]] = dual_coef[i, of_class[j]]
    return coefficients


def pair_winners(decisions: NDArray[np.float64], n_classes: int) -> NDArray[np.intp]:
    """Return the class that wins most pairs, the first one of equals.

    Parameters
    ----------
    decisions : ndarray of shape (n_samples, n_pairs)
        Above 0 for the first class of a pair; if there is only one pair, for the second.
    n_classes : int

    Returns
    -------
    codes : ndarray of shape (n_samples,)
    """
    if n_classes == 2:
        return (decisions[:, 0] >= 0).astype(np.intp)
    votes = np.zeros((len(decisions), n_classes), dtype=np.intp)
    pairs = combinations(range(n_classes), 2)
    for column, (i, j) in zip(decisions.T, pairs, strict=True):
        votes[:, i] += column > 0
        votes[:, j] += column <= 0
    return np.argmax(votes, axis=1)


def class_scores(decisions: NDArray[np.float64], n_classes: int) -> NDArray[np.float64]:
    """Return a score for each of three or more classes: votes, and decisions for ties."""
    return ovr_decision_function(decisions < 0, -decisions, n_classes)
