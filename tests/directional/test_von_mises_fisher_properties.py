"""What must hold for any data (hypothesis)."""

import warnings

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy import sparse

from sklearn_kernelx import VonMisesFisher

settings.register_profile("default", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("default")
COORDINATE = st.one_of(st.just(0.0), st.floats(-100, 100, allow_subnormal=False))


@st.composite
def problems(draw):
    n, d = draw(st.integers(1, 30)), draw(st.integers(1, 12))
    data = draw(arrays(np.float64, (n, d), elements=COORDINATE))
    # Around a common direction, as closely as drawn.
    data = data * draw(st.sampled_from([1, 1e-3, 1e-6])) + draw(st.sampled_from([0, 1]))
    weights = draw(arrays(np.float64, n, elements=st.floats(0.01, 100)))
    assume(np.any(np.abs(data) > 1e-100, axis=1).any())
    return data, weights


def fit(data, weights, **parameters):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Zero rows")
        vmf = VonMisesFisher(bias_correction=False, **parameters)
        return vmf.fit(data, sample_weight=weights)


def assert_same(actual, expected, rtol=1e-9):
    p = len(expected.mean_direction_)
    assert_allclose(
        actual.concentration_, expected.concentration_, rtol=rtol, atol=p * 1e-12
    )
    length = expected.mean_resultant_length_
    assert_allclose(actual.mean_resultant_length_, length, rtol=0, atol=1e-13)
    if length > 1e-3:
        close = {"rtol": 0, "atol": 1e-11}
        assert_allclose(actual.mean_direction_, expected.mean_direction_, **close)


@given(problems())
def test_permutation_of_samples_and_features(problem):
    data, weights = problem
    rows = np.random.default_rng(0).permutation(len(data))
    assert_same(fit(data[rows], weights[rows]), fit(data, weights))
    swapped = fit(data[:, ::-1], weights)
    swapped.mean_direction_ = swapped.mean_direction_[::-1]
    assert_same(swapped, fit(data, weights))


@given(problems(), st.integers(-900, 900), st.integers(-900, 900))
def test_scale_of_rows_and_weights(problem, row_exponent, weight_exponent):
    data, weights = problem
    assume(np.all((np.abs(data) > 1e-12) | (data == 0)))
    exponents = row_exponent * (np.arange(len(data)) % 3 - 1)
    scaled = np.ldexp(data, exponents[:, np.newaxis])
    assert_same(
        fit(scaled, np.ldexp(weights, weight_exponent)), fit(data, weights), rtol=1e-8
    )


@given(problems())
def test_duplicates_are_weights(problem):
    data, _ = problem
    counts = np.arange(len(data)) % 3 + 1
    assert_same(fit(np.repeat(data, counts, axis=0), None), fit(data, counts))


@given(problems(), st.integers(1, 29))
def test_merge_is_one_fit(problem, cut):
    data, weights = problem
    directed = np.any(np.abs(data) > 1e-100, axis=1)
    assume(directed[:cut].any() and directed[cut:].any())
    parts = [fit(data[:cut], weights[:cut]), fit(data[cut:], weights[cut:])]
    assert_same(parts[0].merge(parts[1]), fit(data, weights), rtol=1e-8)


@given(problems())
def test_sparse_is_dense(problem):
    data, weights = problem
    dense, csr = fit(data, weights), fit(sparse.csr_array(data), weights)
    assert_same(csr, dense)
    csr.mean_direction_, csr.concentration_ = dense.mean_direction_, dense.concentration_
    slope = 1 + dense.concentration_**0.5 * 1e-5 + dense.concentration_ * 1e-3
    assert_allclose(
        csr.score_samples(sparse.csr_array(data)),
        dense.score_samples(data),
        rtol=1e-12,
        atol=1e-12 * slope,
    )


@given(problems())
def test_float32_is_float64_of_the_same_numbers(problem):
    data, weights = problem
    data = data.astype(np.float32)
    assume(np.any(data != 0))
    narrow, wide = fit(data, weights), fit(data.astype(np.float64), weights)
    assert narrow.concentration_ == wide.concentration_
    assert np.array_equal(narrow.mean_direction_, wide.mean_direction_)
