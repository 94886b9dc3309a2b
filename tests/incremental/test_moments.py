"""Moments against sums over all rows, and the formulas by which they join."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx.incremental._moments import (
    add_rows,
    block_rows,
    combine_classes,
    empty_moments,
    insert_targets,
    merge_moments,
)
from sklearn_kernelx.incremental._packed import to_square

N_FEATURES, N_TARGETS = 6, 3
NOT_SUMS = ("centred", "past", "target_past")


def random_rows(n_rows=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, N_FEATURES)) * 3 + 5
    return X, rng.standard_normal((n_rows, N_TARGETS)) + 1, rng.random(n_rows) * 4


def moments_of(X, Y, weights=None, centred=True, exposed=None, n_targets=N_TARGETS):
    moments = empty_moments(X.shape[1], n_targets, centred)
    return add_rows(moments, X, Y, weights, exposed)[0]


def direct(X, Y, weights, centred):
    """The defining sums, in extended precision."""
    X, Y, weights = (np.asarray(a, dtype=np.longdouble) for a in (X, Y, weights))
    total = weights.sum()
    mean = weights @ X / total * centred
    target_mean = weights @ Y / total * centred
    weighted = (X - mean) * weights[:, np.newaxis]
    return {
        "weight": total,
        "mean": mean,
        "target_mean": target_mean,
        "scatter": weighted.T @ (X - mean),
        "cross": (Y - target_mean).T @ weighted,
        "target_scatter": weights @ np.square(Y - target_mean),
    }


def as_dict(moments):
    values = moments._asdict()
    values["scatter"] = to_square(moments.scatter, moments.n_features)
    return {k: value for k, value in values.items() if k not in NOT_SUMS}


def assert_same(moments, expected, tolerance=1e-13):
    found = as_dict(moments)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        value = np.asarray(value, dtype=np.float64)
        scale = np.abs(value).max(initial=0)
        bound = tolerance * scale + 1e-30
        assert_allclose(found[name], value, rtol=0, atol=bound, err_msg=name)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("n_rows", [1, 2, 60])
def test_one_block(centred, n_rows):
    X, Y, weights = random_rows(n_rows)
    expected = direct(X, Y, weights, centred)
    assert_same(moments_of(X, Y, weights, centred), expected)
    expected = direct(X, Y, np.ones(n_rows), centred)
    assert_same(moments_of(X, Y, None, centred), expected)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 60), max_size=5), st.booleans(), st.integers(0, 100))
def test_any_cut_into_blocks_and_merges(cuts, centred, seed):
    X, Y, weights = random_rows(seed=seed)
    expected = direct(X, Y, weights, centred)
    stream = empty_moments(N_FEATURES, N_TARGETS, centred)
    merged = empty_moments(N_FEATURES, N_TARGETS, centred)
    for first, last in zip([0, *sorted(cuts)], [*sorted(cuts), 60], strict=True):
        part = X[first:last], Y[first:last], weights[first:last]
        stream, squares = add_rows(stream, *part)
        assert squares.shape[1] == N_FEATURES
        merged = merge_moments(merged, moments_of(*part, centred=centred))
    assert_same(stream, expected)
    assert_same(merged, expected)


@pytest.mark.parametrize("centred", [True, False])
def test_squares_are_what_the_scatter_grew_by(centred):
    X, Y, weights = random_rows()
    before = moments_of(X[:20], Y[:20], weights[:20], centred)
    old = to_square(before.scatter, N_FEATURES)
    after, squares = add_rows(before, X[20:], Y[20:], weights[20:])
    new = to_square(after.scatter, N_FEATURES)
    assert_allclose(squares.T @ squares, new - old, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("centred", [True, False])
def test_take_rows_out(centred):
    X, Y, weights = random_rows()
    other = moments_of(X[:25], Y[:25], weights[:25], centred)
    kept = as_dict(other)
    rest = merge_moments(moments_of(X, Y, weights, centred), other, sign=-1)
    assert_same(rest, direct(X[25:], Y[25:], weights[25:], centred), 1e-12)
    for name, value in as_dict(other).items():
        assert_array_equal(value, kept[name])
    nothing = merge_moments(rest, moments_of(X[25:], Y[25:], weights[25:], centred), -1)
    assert_same(nothing, as_dict(empty_moments(N_FEATURES, N_TARGETS, centred)))


def test_float32_features_are_summed_in_float64():
    X, Y, weights = random_rows(3000)
    X = X.astype(np.float32)
    assert_same(moments_of(X, Y, weights), direct(X, Y, weights, True))


def test_digits_survive_far_from_the_origin():
    X, Y, weights = random_rows(seed=1)
    expected = direct(X, Y, weights, True)
    X += 2.0**30
    moments = empty_moments(N_FEATURES, N_TARGETS)
    for start in range(0, 60, 7):
        rows = slice(start, start + 7)
        moments, _ = add_rows(moments, X[rows], Y[rows], weights[rows])
    expected["mean"] = expected["mean"] + 2.0**30
    assert_same(moments, expected, 1e-6)
    uncentred = np.abs(X.T @ X - np.outer(X.sum(axis=0), X.mean(axis=0)))
    assert np.abs(uncentred / expected["scatter"] - 1).max() > 1e-2  # the textbook formula


@pytest.mark.parametrize("centred", [True, False])
def test_exposed_targets(centred):
    X, Y, weights = random_rows()
    Y[:, 1] = 0
    half = slice(0, 30), slice(30, 60)
    moments = empty_moments(N_FEATURES, N_TARGETS, centred)
    for rows in half:
        moments, _ = add_rows(
            moments, X[rows], Y[rows][:, [2, 0]], weights[rows], np.array([2, 0])
        )
    assert_same(moments, direct(X, Y, weights, centred))
    assert not moments.cross[1].any()


@pytest.mark.parametrize("centred", [True, False])
def test_inserted_targets_are_zero_targets(centred):
    X, Y, weights = random_rows()
    moments = moments_of(X, Y[:, :2], weights, centred, n_targets=2)
    moments = insert_targets(moments, np.array([0, 2]), 3)
    with_zeros = np.column_stack([Y[:, 0], np.zeros(60), Y[:, 1]])
    assert_same(moments, direct(X, with_zeros, weights, centred))


@pytest.mark.parametrize("centred", [True, False])
def test_classes_combined(centred):
    X, _, weights = random_rows()
    labels, factors = np.arange(60) % 3, np.array([0.5, 2.0, 0.0])
    classes = [
        moments_of(X[labels == k], np.empty((20, 0)), weights[labels == k], n_targets=0)
        for k in range(3)
    ]
    expected = direct(X, np.eye(3)[labels], weights * factors[labels], centred)
    assert_same(combine_classes(classes, factors, centred), expected)


@pytest.mark.parametrize(
    "bad, message", [(np.nan, "not finite"), (np.inf, "not finite"), (1e160, "overflow")]
)
def test_a_block_that_is_refused_changes_nothing(bad, message):
    X, Y, weights = random_rows()
    moments = moments_of(X, Y, weights)
    before = {name: np.copy(value) for name, value in as_dict(moments).items()}
    X[7, 3] = bad
    with pytest.raises(ValueError, match=message):
        add_rows(moments, X, Y, weights)
    for name, value in as_dict(moments).items():
        assert_array_equal(value, before[name])


@pytest.mark.parametrize(
    "factor, weight, message",
    [(1e160, 1.0, "squares of y"), (1e120, 1e80, "squares of y"), (1, 1e308, "weights")],
)
def test_targets_and_weights_that_overflow_change_nothing(factor, weight, message):
    X, Y, weights = random_rows()
    moments = moments_of(X, Y, weights)
    before = {name: np.copy(value) for name, value in as_dict(moments).items()}
    with pytest.raises(ValueError, match=message):
        add_rows(moments, X, factor * Y, np.full(60, weight))
    for name, value in as_dict(moments).items():
        assert_array_equal(value, before[name])


@pytest.mark.parametrize(
    "name, message",
    [
        ("weight", "weights overflow"),
        ("target_scatter", "squares of y"),
        ("scatter", "squares of the features"),
    ],
)
def test_merges_that_overflow_change_nothing(name, message):
    X, Y, _ = random_rows()
    huge = 0 * getattr(moments_of(X, Y), name) + 1.5e308
    moments, other = (moments_of(X, Y)._replace(**{name: huge}) for _ in range(2))
    before = {name: np.copy(value) for name, value in as_dict(moments).items()}
    with pytest.raises(ValueError, match=message):
        merge_moments(moments, other)
    for name, value in as_dict(moments).items():
        assert_array_equal(value, before[name])


def test_zero_weights():
    X, Y, _ = random_rows()
    moments = moments_of(X, Y)
    before = as_dict(moments)
    after, squares = add_rows(moments, X, Y, np.zeros(60))
    assert squares.shape == (0, N_FEATURES)
    assert_same(after, before, 0)


@pytest.mark.parametrize("n_features", [1, 64, 1000, 4096, 16384])
def test_blocks_take_less_than_a_second(n_features):
    n_rows = block_rows(n_features)
    assert n_rows >= 64
    assert n_rows * n_features**2 <= 2**34  # a third of a second at 50 Gflop/s
    assert 8 * n_rows * n_features <= 2**25  # 32 MiB
