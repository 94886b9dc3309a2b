"""Searches for a penalty."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from sklearn_kernelx.incremental._moments import Moments
from sklearn_kernelx.incremental._ridge import (
    Solution,
    gcv_scores,
    solve_by_spectrum,
    spectrum,
)


class AlphaSearch(NamedTuple):
    """The best penalty, all that were tried, and the score of each."""

    alpha: float
    alphas: NDArray[np.float64]
    scores: NDArray[np.float64]


def check_alphas(alphas: ArrayLike) -> NDArray[np.float64]:
    """Return penalties as an array, or say what is wrong with them."""
    alphas = np.atleast_1d(np.asarray(alphas))
    alphas = check_array(alphas, dtype=np.float64, ensure_2d=False, input_name="alphas")
    if alphas.ndim != 1 or np.any(alphas <= 0):
        raise ValueError(f"alphas must be a list of numbers above 0; got {alphas.tolist()}")
    return alphas


def best_of_path(
    moments: Moments,
    alphas: NDArray[np.float64],
    score: Callable[[list[Solution]], list[float]],
) -> AlphaSearch:
    """Return the penalty whose solution scores highest, the first if several do."""
    found = spectrum(moments)
    scores = score([solve_by_spectrum(found, moments, alpha) for alpha in alphas])
    return AlphaSearch(float(alphas[np.argmax(scores)]), alphas, np.array(scores))


def best_by_gcv(moments: Moments, alphas: NDArray[np.float64]) -> AlphaSearch:
    """Return the penalty of least score by generalised cross-validation."""
    scores = gcv_scores(spectrum(moments), moments, alphas)
    return AlphaSearch(float(alphas[np.argmin(scores)]), alphas, scores)
