"""Landmark summaries against plain sums, and the norms that privacy rests on."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx.privacy._kernels import KERNELS, kernel_values
from sklearn_kernelx.privacy._landmarks import LandmarkSummary, grid

BITS = 30
UNIT = 2.0**-BITS


def released(summary, X):
    return summary.integer_sum(X, BITS, 1) * UNIT


def sums(summary, X, Y):
    return summary.sums(Y, summary.prepared(released(summary, X), None)[np.newaxis], 1)[
        :, 0
    ]


@pytest.mark.parametrize(
    "kernel, low, high, bandwidth",
    [
        ("gaussian", [0.0], [1.0], 0.05),
        ("gaussian", [-1.0, 2.0], [1.0, 3.0], 0.4),
        ("gaussian", [0.0, 0.0, 0.0], [1.0, 1.0, 0.0], 0.5),
        ("gaussian", [3.0], [3.0], 0.5),
        ("cauchy", [0.0], [1.0], 0.1),
        ("cauchy", [0.0, 0.0], [1.0, 1.0], 0.5),
    ],
)
def test_grids_give_the_kernel(kernel, low, high, bandwidth):
    rng = np.random.default_rng(0)
    low, high = np.array(low), np.array(high)
    points = grid(low, high, bandwidth, kernel, 2000)
    X = np.vstack([rng.uniform(low, high, (200, len(low))), low, high])
    Y = np.vstack([rng.uniform(low, high, (50, len(low))), low, high])
    exact = kernel_values(kernel, Y, X, bandwidth).sum(axis=1)
    summary = LandmarkSummary(points, kernel, bandwidth)
    assert_allclose(sums(summary, X, Y), exact, atol=len(X) * 2e-5)
    coarse = grid(low, high, 2.5 * bandwidth, kernel, 2000)
    if len(coarse) < len(points):
        mutant = LandmarkSummary(coarse, kernel, bandwidth)
        assert np.max(np.abs(sums(mutant, X, Y) - exact)) > len(X) * 2e-5


def test_grids_that_are_too_large():
    low, high = np.zeros(2), np.ones(2)
    assert grid(low, high, 0.1, "gaussian", 440) is None
    assert len(grid(low, high, 0.1, "gaussian", 441)) == 441
    assert grid(low, high, 1e-300, "gaussian", 10**6) is None
    assert grid(low, high, 1.0, "laplacian", 10**6) is None
    assert len(grid(low, low, 1.0, "gaussian", 1)) == 1


@pytest.mark.parametrize("kernel", KERNELS)
def test_records_among_landmarks(kernel):
    rng = np.random.default_rng(1)
    Z = rng.standard_normal((30, 6))
    summary = LandmarkSummary(np.vstack([Z, Z[:3]]), kernel, 2.0, 0.3)
    X, Y = Z[:20], rng.standard_normal((9, 6))
    # Exact for any queries, as the records are among the landmarks.
    exact = kernel_values(kernel, Y, X, 2.0).sum(axis=1)
    assert_allclose(sums(summary, X, Y), exact, atol=1e-4)
    single = summary.prepared(released(summary, X), None)
    found = summary.sums(Y.astype(np.float32), np.stack([single, 0 * single]), 1)
    assert found.dtype == np.float32
    assert_allclose(found[:, 0], exact, rtol=1e-5, atol=1e-4)
    assert_array_equal(found[:, 1], 0)
    assert summary.count(released(summary, X)) == pytest.approx(20, rel=1e-12)


def test_norms_are_those_of_the_features():
    rng = np.random.default_rng(2)
    Z, Y = rng.standard_normal((15, 2)), rng.standard_normal((6, 2))
    summary = LandmarkSummary(Z, "gaussian", 1.0, 0.3)
    unit_vectors = np.eye(summary.n_entries)
    prepared = np.stack([summary.prepared(e, None) for e in unit_vectors])
    weights = summary.sums(Y, prepared, 1)
    norms = summary.mean_norms(Y, np.zeros((6, 1)), False)[:, 0]
    assert_allclose(np.linalg.norm(weights, axis=1), norms, rtol=1e-6)
    assert np.all(norms <= 1 + 1e-9)
    means = rng.random((6, 2))
    found = summary.mean_norms(Y, means, False)
    assert_allclose(found, np.hypot(norms[:, np.newaxis], means * summary.count_norm))
    assert_allclose(summary.mean_norms(Y, means, True)[:, 0], norms)


def landmarks():
    rng = np.random.default_rng(3)
    cloud = rng.standard_normal((20, 2))
    return {
        "grid": grid(np.zeros(2), np.ones(2), 0.3, "gaussian", 500),
        "cloud": cloud,
        "equal": np.ones((5, 2)),
        "nearly equal": 1 + 1e-9 * cloud,
        "far": 1e300 * cloud,
    }


def records():
    rng = np.random.default_rng(4)
    sizes = np.array([0, 5e-324, 1e-300, 1, 1e3, 1e100, 1e300, 1.7e308])
    corners = np.array([[0, 0], [0, 1], [1, 1], [0.5, 0.5]])
    return np.vstack(
        [np.outer(sizes, [1, -1]), corners, rng.random((40, 2)), rng.normal(size=(40, 2))]
    )


def norms_squared(summary, rows):
    for row in rows:
        q = [int(v) for v in summary.integer_sum(row[np.newaxis], BITS)]
        yield sum(v * v for v in q), sum(abs(v) for v in q)


@pytest.mark.parametrize("name", landmarks())
@pytest.mark.parametrize("kernel", ["gaussian", "laplacian"])
def test_sensitivity(name, kernel):
    summary = LandmarkSummary(landmarks()[name], kernel, 0.3, 0.3)
    rows = np.vstack([records(), landmarks()[name]])
    for l2_squared, l1 in norms_squared(summary, rows):
        assert l2_squared <= summary.l2_squared(BITS)
        assert l1 <= summary.l1(BITS)


def test_features_that_are_too_long_are_clipped(monkeypatch):
    summary = LandmarkSummary(landmarks()["cloud"], "gaussian", 0.3)
    bound = summary.l2_squared(BITS)
    summary._whitening = 1.5 * summary._whitening
    rows = landmarks()["cloud"]
    assert all(found <= bound for found, _ in norms_squared(summary, rows))
    monkeypatch.setattr(
        "sklearn_kernelx.privacy._counted.lattice_l2_squared", lambda *_: 2**62
    )
    assert all(found > bound for found, _ in norms_squared(summary, rows))


def test_any_threads():
    summary = LandmarkSummary(landmarks()["grid"], "gaussian", 0.3, 0.3)
    X = np.random.default_rng(5).random((30_000, 2))
    total = summary.integer_sum(X, BITS, 1)
    assert_array_equal(summary.integer_sum(X, BITS, 2), total)
    assert_array_equal(summary.integer_sum(X[:0], BITS, 2), np.zeros_like(total))
