"""Losses against the formulas of their sources, slopes against differences."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import log_loss

from sklearn_kernelx.quantum._losses import (
    SHOTS_OF_A_VOTE,
    Readout,
    calibrated,
    cross_entropy,
    misclassification,
)

LOSSES = {"cross entropy": cross_entropy, "misclassification": misclassification}


def random_case(n_classes, n_samples=30):
    rng = np.random.default_rng(n_classes)
    probabilities = rng.dirichlet(np.full(n_classes, 5.0), size=n_samples)
    readout = Readout(3.0, 0.1 * rng.standard_normal(n_classes))
    return probabilities, rng.integers(n_classes, size=n_samples), readout


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_slopes_are_those_of_central_differences(loss, n_classes):
    probabilities, codes, readout = random_case(n_classes)
    found = loss(probabilities, codes, readout)
    step = 1e-6

    def slope(change):
        arguments = [(probabilities, readout), (probabilities, readout)]
        arguments = [change(*a, s) for a, s in zip(arguments, (step, -step), strict=True)]
        above, below = (loss(p, codes, r).total for p, r in arguments)
        return (above - below) / (2 * step)

    def moved(i, k):
        unit = np.zeros_like(probabilities)
        unit[i, k] = 1
        return lambda p, r, s: (p + s * unit, r)

    for i in range(5):
        for k in range(n_classes):
            expected = slope(moved(i, k))
            assert found.by_probabilities[i, k] == pytest.approx(expected, 1e-5, 1e-7)
    for k, unit in enumerate(np.eye(n_classes)):
        expected = slope(lambda p, r, s, u=unit: (p, Readout(r.scale, r.bias + s * u)))
        assert found.by_bias[k] == pytest.approx(expected, 1e-5, 1e-7)
    expected = slope(lambda p, r, s: (p, Readout(r.scale + s, r.bias)))
    assert found.by_scale == pytest.approx(expected, 1e-5, 1e-7)


def test_cross_entropy_is_the_log_loss_of_softmax():
    probabilities, codes, readout = random_case(4)
    scores = softmax(3 * probabilities + readout.bias, axis=1)
    expected = log_loss(codes, scores, labels=range(4)) * len(codes)
    assert cross_entropy(probabilities, codes, readout).total == pytest.approx(expected)


def test_misclassification_is_the_formula_of_the_paper_for_two_classes():
    """With y = 1 for the second class, -1 for the first and a bias b of the sign."""
    p = np.linspace(0.05, 0.95, 19)
    b = 0.2
    readout = Readout(1.0, np.array([-b / 2, b / 2]))
    for code, y, of_class in [(0, -1, p), (1, 1, 1 - p)]:
        total = sum(
            misclassification(np.array([[q, 1 - q]]), np.array([code]), readout).total
            for q in p
        )
        argument = 0.5 - (of_class + y * b / 2)
        deviation = np.sqrt(2 * of_class * (1 - of_class))
        expected = expit(np.sqrt(SHOTS_OF_A_VOTE) * argument / deviation)
        assert total == pytest.approx(expected.sum(), rel=1e-12)


def test_misclassification_is_finite_at_certain_outcomes():
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0]])
    readout = Readout(1.0, np.zeros(2))
    found = misclassification(probabilities, np.array([0, 1]), readout)
    assert found.total == pytest.approx(1, abs=1e-12)
    assert np.all(np.isfinite(found.by_probabilities))


@pytest.mark.parametrize("p", [1e-4, 1e-3, 1 - 1e-3, 1 - 1e-4])
def test_slope_of_misclassification_where_the_variance_is_capped(p):
    """At a probability so near 0 or 1 only the margin depends on it."""
    assert p * (1 - p) < 1 / (4 * SHOTS_OF_A_VOTE)
    # A margin of 0.003, on which the loss is neither flat nor linear.
    readout = Readout(1.0, np.array([0.0, 2 * p - 1 - 0.006]))

    def found(q):
        return misclassification(np.array([[q, 1 - p]]), np.array([0]), readout)

    step = 1e-7
    expected = (found(p + step).total - found(p - step).total) / (2 * step)
    assert abs(expected) > 10
    assert found(p).by_probabilities[0, 0] == pytest.approx(expected, rel=1e-5)


def test_extreme_scores_do_not_overflow():
    probabilities = np.array([[1.0, 0.0]])
    found = cross_entropy(probabilities, np.array([1]), Readout(1e6, np.zeros(2)))
    assert found.total == pytest.approx(1e6)


@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_calibration_is_the_best_scale(alpha):
    probabilities, codes, readout = random_case(3, n_samples=200)
    codes = np.argmax(probabilities + 0.3 * np.eye(3)[codes], axis=1)
    found = calibrated(probabilities, codes, readout.bias, alpha)
    np.testing.assert_allclose(found.bias, found.scale * readout.bias)

    def penalised(scale):
        loss = cross_entropy(probabilities, codes, Readout(scale, scale * readout.bias))
        return loss.total + alpha * scale**2 / 2

    best = penalised(found.scale)
    for factor in (0.5, 0.99, 1.01, 2):
        assert best < penalised(factor * found.scale)
