"""What must hold for any data (hypothesis)."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from oracles import KERNELS

from sklearn_kernelx import KernelDensity

COORDINATE = st.floats(-100, 100, allow_subnormal=False)
settings.register_profile("default", max_examples=40, deadline=None, derandomize=True)
settings.load_profile("default")


@st.composite
def problems(draw):
    n, d = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    data = draw(arrays(np.float64, (n, d), elements=COORDINATE))
    queries = draw(arrays(np.float64, (5, d), elements=COORDINATE))
    weights = draw(arrays(np.float64, n, elements=st.floats(0.01, 100)))
    kernel = draw(st.sampled_from(KERNELS))
    bandwidth = draw(st.floats(0.01, 100))
    return data, np.concatenate([queries, data[:2]]), weights, kernel, bandwidth


def scores(data, queries, weights, kernel, bandwidth, **parameters):
    kde = KernelDensity(kernel=kernel, bandwidth=bandwidth, **parameters)
    return kde.fit(data, sample_weight=weights).score_samples(queries)


def close(actual, expected, rtol=1e-10):
    assert_allclose(actual, expected, rtol=rtol, atol=rtol)


@given(problems())
def test_permutation_of_samples_and_features(problem):
    data, queries, weights, kernel, h = problem
    expected = scores(*problem)
    rows = np.random.default_rng(0).permutation(len(data))
    close(scores(data[rows], queries, weights[rows], kernel, h), expected)
    close(scores(data[:, ::-1], queries[:, ::-1], weights, kernel, h), expected)


@given(problems(), st.integers(-30, 30))
def test_scale_by_a_power_of_two(problem, exponent):
    data, queries, weights, kernel, h = problem
    factor = 2.0**exponent
    shifted = scores(data * factor, queries * factor, weights, kernel, h * factor)
    close(shifted, scores(*problem) - data.shape[1] * np.log(factor))


@given(problems())
def test_duplicates_are_weights(problem):
    data, queries, _, kernel, h = problem
    counts = np.arange(len(data)) % 3 + 1
    repeated = scores(np.repeat(data, counts, axis=0), queries, None, kernel, h)
    close(scores(data, queries, counts, kernel, h), repeated)


@given(problems())
def test_mixture_of_two_halves(problem):
    data, queries, weights, kernel, h = problem
    half = len(data) // 2
    if half == 0:
        return
    parts = [slice(None, half), slice(half, None)]
    with np.errstate(divide="ignore"):
        mixed = np.log(
            sum(
                weights[p].sum() * np.exp(scores(data[p], queries, weights[p], kernel, h))
                for p in parts
            )
            / weights.sum()
        )
    whole = scores(*problem)
    visible = mixed > -600  # exp of lower ones has lost digits or is zero
    close(whole[visible], mixed[visible])


@given(problems())
def test_float32_is_near_float64(problem):
    data, queries, weights, kernel, h = problem
    data, queries = data.astype(np.float32), queries.astype(np.float32)
    single = scores(data, queries, weights, kernel, h)
    double = scores(data.astype(np.float64), queries.astype(np.float64), weights, kernel, h)
    assert single.dtype == np.float32
    finite = np.isfinite(single)
    error = np.abs(single[finite] - double[finite])
    assert np.all(error <= 1e-3 * np.maximum(1, np.abs(double[finite])))


@given(problems())
def test_algorithms_and_threads_agree(problem):
    expected = scores(*problem, algorithm="brute")
    for algorithm in ("auto", "kd_tree", "ball_tree"):
        close(scores(*problem, algorithm=algorithm, n_jobs=2), expected, 1e-13)
