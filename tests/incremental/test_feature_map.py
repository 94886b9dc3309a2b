"""Random features: formulas, laws of the directions, input of every kind, errors."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats

from sklearn_kernelx import _random
from sklearn_kernelx._random import seed_from
from sklearn_kernelx.incremental._feature_map import (
    ACTIVATIONS,
    PROJECTIONS,
    make_feature_map,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 4))
FALSE_ALARM = 1e-4


def made(activation="relu", n_features=4, n_components=10, dtype=np.float64, **changes):
    options = {"gamma": None, "centers": None, "projection": "orthogonal", "seed": 0}
    options |= changes
    options["seed"] = seed_from(options["seed"])
    return make_feature_map(activation, n_features, n_components, dtype=dtype, **options)


def by_formula(feature_map, X):
    W, offset = feature_map.directions, feature_map.offset
    if feature_map.activation == "identity":
        return X
    if feature_map.activation == "gaussian":
        squares = np.sum((X[:, :, np.newaxis] - W) ** 2, axis=1)
        return np.exp(-feature_map.gamma * squares)
    z = X @ W + offset
    functions = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}
    functions["cos"] = lambda z: np.cos(2 * np.pi * z)
    return functions[feature_map.activation](z)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_formula(activation, projection, dtype):
    feature_map = made(activation, dtype=dtype, projection=projection)
    features = feature_map.transform(X)
    assert features.dtype == feature_map.dtype == dtype
    assert features.shape == (30, feature_map.n_features_out)
    assert feature_map.n_features_out == (4 if activation == "identity" else 10)
    assert features.flags.c_contiguous
    tolerance = 50 * np.finfo(dtype).eps
    assert_allclose(features, by_formula(feature_map, X), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_any_input_and_number_of_threads(activation, dtype):
    rows = np.random.default_rng(1).standard_normal((300, 5)).astype(np.float32)
    rows[rows < 0] = 0
    feature_map = made(activation, 5, 600, dtype=dtype)
    expected = feature_map.transform(rows)
    for n_threads in (2, 3):
        assert_array_equal(feature_map.transform(rows, n_threads), expected)
    read_only = rows.astype(np.float64)
    read_only.flags.writeable = False
    for same in (read_only, np.asfortranarray(rows), np.repeat(rows, 2, axis=0)[::2]):
        assert_array_equal(feature_map.transform(same), expected)
    tolerance = 50 * np.finfo(dtype).eps
    for kind in (sparse.csr_array, sparse.csr_matrix):
        found = feature_map.transform(kind(rows))
        assert type(found) is np.ndarray and found.dtype == dtype
        assert found.flags.c_contiguous
        assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
        assert_array_equal(feature_map.transform(kind(rows), 2), found)
    assert feature_map.transform(rows[:0]).shape == (0, feature_map.n_features_out)
    assert feature_map.transform(sparse.csr_array(rows[:0])).shape[0] == 0


@pytest.mark.parametrize("activation", ["relu", "tanh", "cos"])
@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_orthogonal_blocks(activation, n_features, n_components, seed):
    W = made(activation, n_features, n_components, seed=seed).directions
    W = W / np.linalg.norm(W, axis=0)
    for first in range(0, n_components, n_features):
        block = W[:, first : first + n_features]
        assert_allclose(block.T @ block, np.eye(block.shape[1]), atol=1e-12)


def unit_entries(n_features, n_components, seed, **changes):
    feature_map = made("relu", n_features, n_components, gamma=0.5, seed=seed, **changes)
    return feature_map.directions


def law_is_normal(draw, n_features):
    """Whether entries, sums and lengths of columns have the law of a Gaussian matrix."""
    W = np.hstack(
        [draw(n_features, n_features, seed) for seed in range(3000 // n_features)]
    )
    first, sums = W[0], np.sum(W, axis=0) / np.sqrt(n_features)
    squares = np.sum(W**2, axis=0)
    p_values = [stats.kstest(z, "norm").pvalue for z in (first, sums)]
    p_values.append(stats.kstest(squares, stats.chi2(n_features).cdf).pvalue)
    # Columns of one block depend on each other: one of each.
    p_values.append(stats.kstest(W[-1, ::n_features], "norm").pvalue)
    return min(p_values) > FALSE_ALARM


@pytest.mark.parametrize("projection", PROJECTIONS)
@pytest.mark.parametrize("n_features", [1, 2, 3, 20])
def test_law_of_the_directions(projection, n_features):
    # False-alarm rate at most 4e-4 for a fresh seed; columns of one block being orthogonal
    # makes it smaller.
    def draw(*args):
        return unit_entries(*args, projection=projection)

    assert law_is_normal(draw, n_features)


def test_other_laws_of_the_directions_fail(monkeypatch):
    def signs_of_lapack(n_rows, n_columns, rng):
        return np.linalg.qr(rng.standard_normal((n_rows, n_columns)))[0]

    def of_mean_length(*args):
        W = unit_entries(*args)
        return W / np.linalg.norm(W, axis=0) * np.sqrt(len(W))

    assert not law_is_normal(of_mean_length, 3)
    monkeypatch.setattr(_random, "_orthonormal_columns", signs_of_lapack)
    assert not law_is_normal(unit_entries, 3)


def test_scale_of_gamma():
    default, wide = made(n_features=4), made(n_features=4, gamma=1.0)
    assert default.gamma == 0.25
    assert_allclose(wide.directions, 2 * default.directions)
    assert_allclose(wide.offset, 2 * default.offset)
    cos, cos_wide = made("cos"), made("cos", gamma=1.0)
    assert_allclose(cos_wide.directions, 2 * cos.directions)
    assert_array_equal(cos_wide.offset, cos.offset)


def kernel_error(scale):
    """Largest error of cosine features as an approximation of the Gaussian kernel."""
    errors = []
    for seed in range(20):
        cosines = made("cos", n_components=2000, gamma=0.3 * scale, seed=seed).transform(X)
        squares = np.sum((X[:, np.newaxis] - X) ** 2, axis=2)
        errors.append(cosines @ cosines.T / 1000 - np.exp(-0.3 * squares))
    return np.max(np.abs(np.mean(errors, axis=0)))


def test_cosines_approximate_the_gaussian_kernel():
    # The mean of 40 000 products 2 cos cos, of variance below 1: a false alarm in fewer
    # than 1e-6 of seeds, by 900 pairs at 6.5 standard deviations. A scale in error by 10 %
    # must fail.
    assert kernel_error(1) < 6.5 / np.sqrt(40_000)
    assert kernel_error(1.21) > 6.5 / np.sqrt(40_000)


def test_features_do_not_depend_on_the_data_or_on_the_batch():
    feature_map = made("tanh")
    assert_allclose(
        np.vstack([feature_map.transform(X[:7]), feature_map.transform(X[7:])]),
        feature_map.transform(X),
        rtol=1e-13,
    )


def test_one_column_gives_a_full_basis():
    # Without offset relu would give two functions only.
    line = np.linspace(-2, 2, 200)[:, np.newaxis]
    features = made("relu", 1, 50).transform(line)
    assert np.linalg.matrix_rank(features - features.mean(axis=0)) > 20


def test_centers():
    feature_map = made("gaussian", centers=X[:3].tolist(), gamma=2, n_components=99)
    assert feature_map.n_features_out == 3
    assert_array_equal(np.diag(feature_map.transform(X[:3])), 1)
    drawn = made("gaussian", n_components=2000).directions
    assert stats.kstest(drawn.ravel(), "norm").pvalue > FALSE_ALARM


def test_same_seed_same_map():
    for activation in ACTIVATIONS:
        one, same = made(activation), made(activation)
        assert_array_equal(one.directions, same.directions)
        assert_array_equal(one.offset, same.offset)
        copied = pickle.loads(pickle.dumps(one))
        assert one.agrees_with(same) and one.agrees_with(copied)


def test_agreement_is_up_to_rounding():
    one = made()
    assert one.agrees_with(one._replace(directions=one.directions * (1 + 1e-12)))
    others = [
        made(seed=1),
        made("tanh"),
        made(n_components=11),
        made(n_features=5),
        made(gamma=0.3),
        made(dtype=np.float32),
        one._replace(directions=one.directions * (1 + 1e-6)),
        one._replace(offset=one.offset + 1e-6),
    ]
    assert not any(one.agrees_with(other) for other in others)
    some = made("gaussian", centers=X[:3])
    assert not some.agrees_with(made("gaussian", centers=X[1:4]))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"activation": "sigmoid"}, "activation='sigmoid' is unknown: choose among 'relu'"),
        ({"projection": "sparse"}, "projection='sparse' is unknown: choose among 'orth"),
        ({"n_components": 0}, "n_components=0 must be at least 1"),
        ({"gamma": 0}, "gamma=0 must be finite and above 0, or None"),
        ({"gamma": np.nan}, "gamma=nan must be"),
        ({"gamma": np.inf}, "gamma=inf must be"),
        ({"centers": X}, "centers are used by activation='gaussian' only.*centers=None"),
        ({"activation": "gaussian", "centers": X[0]}, r"centers has shape \(4,\): give"),
        ({"activation": "gaussian", "centers": X[:, :3]}, r"centers has shape \(30, 3\)"),
        ({"activation": "gaussian", "centers": X[:0]}, r"centers has shape \(0, 4\)"),
        (
            {"activation": "gaussian", "centers": X * np.nan},
            "centers must be finite in float64",
        ),
        ({"activation": "gaussian", "centers": sparse.csr_array(X)}, "[Ss]parse.*centers"),
        (
            {"activation": "gaussian", "centers": X * 1e300, "dtype": np.float32},
            "centers must be finite in float32",
        ),
    ],
)
def test_errors_name_argument_and_remedy(changes, message):
    with pytest.raises((TypeError, ValueError), match=message):
        made(**changes)
