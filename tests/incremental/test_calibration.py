"""Probabilities from scores: the law of a softmax, and temperatures by cases."""

import numpy as np
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx.incremental._calibration import (
    score_temperature,
    tempered_softmax,
)

SCORES = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(1, 5)),
    elements=st.floats(-3, 3) | st.sampled_from([0.0, 0.5, 1.0]),
)


@settings(max_examples=200, deadline=None)
@given(SCORES)
def test_probabilities(scores):
    found = tempered_softmax(scores, 0.1)
    assert np.all(found >= 0)
    assert_allclose(np.sum(found, axis=1), 1, rtol=1e-15 * (scores.shape[1] + 1))
    for row, probabilities in zip(scores, found, strict=True):
        assert np.all(np.diff(probabilities[np.argsort(row, kind="stable")]) >= 0)
        assert probabilities[np.argmax(row)] == np.max(probabilities)


def test_shapes_types_and_scales():
    def make(scores):
        return tempered_softmax(scores, 0.1)

    assert_array_equal(make(np.array([[-3.0], [1e300]])), 1)
    assert make(np.empty((0, 3))).shape == (0, 3)
    huge = np.array([[1e308, -1e308, 0], [-1e308, -1e308, -1e308]])
    with np.errstate(over="ignore"):
        assert_allclose(make(huge), [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
    scores = np.random.default_rng(0).normal(0.1, 0.3, (50, 10))
    single = make(scores.astype(np.float32))
    assert single.dtype == np.float32
    assert_allclose(single, make(scores), atol=1e-6)
    with sklearn.config_context(working_memory=1e-3):
        assert_array_equal(make(scores), make(scores.copy()))
    assert_allclose(make(scores + 7), make(scores), atol=1e-12)


def test_softmax():
    scores = np.array([[0.2, 0.5, 0.3]])
    expected = np.exp(scores / 0.1) / np.sum(np.exp(scores / 0.1))
    assert_allclose(tempered_softmax(scores, 0.1), expected, rtol=1e-14)
    assert_allclose(tempered_softmax(scores, 1e-8), [[0, 1, 0]], atol=1e-300)


def test_temperature():
    half = np.array([0.5, 0.5])
    # Residuals of variance 0.04 in both columns of opposite sign; 9 features, 100 rows.
    expected = np.sqrt(6) / np.pi * np.sqrt(0.08 / 0.9**2)
    assert_allclose(score_temperature(8.0, 100.0, half, 9), expected)
    assert_allclose(score_temperature(8.0, 100.0, np.array([0.5, 0, 0.5]), 9), expected)
    # Bounded by what scores that explain nothing have, also where nothing is left.
    assert score_temperature(50.0, 100.0, half, 9) == 0.5
    assert score_temperature(0.0, 10.0, half, 9) == 0.5
    assert score_temperature(1.0, 10.0, half, 900) == 0.5
    assert_allclose(score_temperature(1.0, 2.0, np.full(10, 0.1), 3), 0.1)
    assert score_temperature(-1e-20, 100.0, half, 9) == 1e-8
    assert score_temperature(1.0, 100.0, np.array([0.0, 1.0]), 9) == 1


def choices(temperature, law, rng):
    """Log-loss of the softmax for labels that are the largest of scores with errors."""
    scores = rng.normal(0, 0.5, (200_000, 3))
    labels = np.argmax(scores + law(scores.shape), axis=1)
    shares = tempered_softmax(scores, temperature)[np.arange(len(labels)), labels]
    return -np.mean(np.log(shares))


def test_temperature_is_right_for_gumbel_errors():
    # With 200 000 rows the minimum of the log-loss is found to about 0.5 %: a temperature
    # in error by 5 % on either side must be worse. Residuals are those of the errors
    # themselves, of variance 0.09 in two dimensions of three.
    rng = np.random.default_rng(2)
    sd = 0.3
    right = score_temperature(2 * sd**2 * 1e9, 1e9, np.full(3, 1 / 3), 1)

    def gumbel(shape):
        return np.random.default_rng(3).gumbel(0, sd * np.sqrt(6) / np.pi, shape)

    state = rng.bit_generator.state
    losses = []
    for factor in (0.95, 1, 1.05):
        rng.bit_generator.state = state
        losses.append(choices(factor * right, gumbel, rng))
    assert losses[1] < min(losses[0], losses[2])
