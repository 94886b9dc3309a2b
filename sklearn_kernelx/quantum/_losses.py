"""Losses of class probabilities that a circuit has, and their slopes."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_softmax

# Of the misclassification loss. More make it steeper, and flat far from the border.
SHOTS_OF_A_VOTE = 200
_LOG_SCALES = (-7.0, 7.0)


class Readout(NamedTuple):
    """How probabilities of classes become scores: scale * probability + bias.

    Attributes
    ----------
    scale : float
    bias : ndarray of shape (n_classes,)
    """

    scale: float
    bias: NDArray[np.float64]

    def scores(self, probabilities: NDArray) -> NDArray[np.float64]:
        """Return the scores, of shape (n_samples, n_classes)."""
        return self.scale * probabilities + self.bias


class Loss(NamedTuple):
    """The sum of a loss over rows, and its slopes.

    Attributes
    ----------
    total : float
    by_probabilities : ndarray of shape (n_samples, n_classes)
    by_bias : ndarray of shape (n_classes,)
    by_scale : float
    """

    total: float
    by_probabilities: NDArray[np.float64]
    by_bias: NDArray[np.float64]
    by_scale: float


LossFunction = Callable[[NDArray[np.float64], NDArray[np.intp], Readout], Loss]


def cross_entropy(
    probabilities: NDArray[np.float64], codes: NDArray[np.intp], readout: Readout
) -> Loss:
    """Return the loss -log softmax(scores) at the classes that rows have.

    Parameters
    ----------
    probabilities : ndarray of shape (n_samples, n_classes)
    codes : ndarray of shape (n_samples,)
        Classes of the rows.
    readout : Readout
    """
    rows = np.arange(len(codes))
    logs = log_softmax(readout.scores(probabilities), axis=1)
    slopes = np.exp(logs)
    slopes[rows, codes] -= 1
    return Loss(
        -float(np.sum(logs[rows, codes])),
        readout.scale * slopes,
        slopes.sum(axis=0),
        float(np.sum(slopes * probabilities)),
    )


def misclassification(
    probabilities: NDArray[np.float64], codes: NDArray[np.intp], readout: Readout
) -> Loss:
    """Return the chance that a vote of so many shots goes against the classes of rows.

    Havlicek et al., arXiv:1804.11326, with a sigmoid for the tail of the binomial law:
    ``expit(-sqrt(R / (2 p (1 - p))) m)`` with R shots, p the probability of the class and m
    half of what p with its bias is above the largest of the others. The variance
    ``p (1 - p)`` counts as at least ``1 / (4 R)``, since estimates of p may be 0 or 1. The
    scale of the readout has no influence.
    """
    rows = np.arange(len(codes))
    scores = probabilities + readout.bias
    own = scores[rows, codes]
    scores[rows, codes] = -np.inf
    rivals = np.argmax(scores, axis=1)
    margins = (own - scores[rows, rivals]) / 2
    p = probabilities[rows, codes]
    least = 1 / (4 * SHOTS_OF_A_VOTE)
    variances = np.maximum(p * (1 - p), least)
    steepness = np.sqrt(SHOTS_OF_A_VOTE / (2 * variances))
    chances = expit(-steepness * margins)
    by_argument = chances * (1 - chances)
    by_score = np.zeros_like(probabilities)
    by_score[rows, codes] = -by_argument * steepness / 2
    by_score[rows, rivals] = by_argument * steepness / 2
    by_variance = by_argument * steepness * margins / (2 * variances)
    by_probabilities = by_score.copy()
    by_probabilities[rows, codes] += by_variance * np.where(
        p * (1 - p) > least, 1 - 2 * p, 0
    )
    return Loss(float(np.sum(chances)), by_probabilities, by_score.sum(axis=0), 0.0)


def calibrated(
    probabilities: NDArray[np.float64],
    codes: NDArray[np.intp],
    bias: NDArray[np.float64],
    alpha: float,
) -> Readout:
    """Return the readout that ranks classes by probability + bias, of least cross-entropy.

    Its scale is between exp(-7) and exp(7), and `alpha` penalises its square.
    """

    def penalised(log_scale: float) -> float:
        scale = np.exp(log_scale)
        loss = cross_entropy(probabilities, codes, Readout(scale, scale * bias))
        return loss.total + alpha * scale**2 / 2

    found = minimize_scalar(penalised, bounds=_LOG_SCALES, method="bounded")
    scale = float(np.exp(found.x))
    return Readout(scale, scale * bias)
