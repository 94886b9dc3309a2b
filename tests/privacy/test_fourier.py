"""Fourier summaries against plain sums, and the norms that privacy rests on."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx.privacy._fourier import FourierSummary
from sklearn_kernelx.privacy._kernels import kernel_values
from sklearn_kernelx.privacy._spectra import frequencies

BITS = 30
UNIT = 2.0**-BITS


def summary_of(n_frequencies, n_features, weight=0.3, kernel="gaussian"):
    rng = np.random.default_rng(0)
    drawn = frequencies(kernel, n_frequencies, n_features, 0.8, rng)
    return FourierSummary(drawn, weight)


def released(summary, X, n_threads=1):
    return summary.integer_sum(X, BITS, n_threads) * UNIT


def plain_sums(summary, X, Y):
    d = Y[:, np.newaxis] - X
    return np.mean(np.cos(d @ summary.frequencies.T), axis=2).sum(axis=1)


def sums(summary, X, Y, n_threads=1):
    weights = summary.prepared(released(summary, X), None)
    return summary.sums(Y, weights[np.newaxis], n_threads)[:, 0]


@pytest.mark.parametrize("n_frequencies", [1, 3, 8, 100, 257, 600])
@pytest.mark.parametrize("n_features", [1, 2, 7])
def test_plain_sums(n_frequencies, n_features):
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((20, n_features)), rng.standard_normal((9, n_features))
    summary = summary_of(n_frequencies, n_features)
    exact = plain_sums(summary, X, Y)
    assert_allclose(sums(summary, X, Y), exact, atol=20 * 1e-8)
    found = sums(summary, X, Y.astype(np.float32))
    assert found.dtype == np.float32
    assert_allclose(found, exact, atol=20 * 1e-4)


def test_is_near_the_kernel():
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((50, 2)), rng.standard_normal((9, 2))
    exact = kernel_values("gaussian", Y, X, 0.8).sum(axis=1)
    assert_allclose(sums(summary_of(2048, 2), X, Y), exact, atol=50 * 2e-3)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_groups_and_threads(dtype):
    rng = np.random.default_rng(2)
    summary = summary_of(300, 3)
    Y = rng.standard_normal((500, 3)).astype(dtype)
    releases = [released(summary, rng.standard_normal((n, 3))) for n in (5, 9, 0)]
    prepared = np.stack([summary.prepared(r, None) for r in releases])
    together = summary.sums(Y, prepared, 1)
    assert together.shape == (500, 3)
    alone = [summary.sums(Y, p[np.newaxis], 1)[:, 0] for p in prepared]
    bound = 1e-12 if dtype == "float64" else 2e-5
    assert_allclose(together, np.stack(alone, axis=1), atol=bound)
    assert_array_equal(together[:, 2], 0)
    for n_threads in (2, 3):
        assert_allclose(summary.sums(Y, prepared, n_threads), together, atol=bound)


def test_integers_for_any_threads():
    X = np.random.default_rng(3).standard_normal((5000, 4))
    summary = summary_of(500, 4)
    total = summary.integer_sum(X, BITS, 1)
    assert total.dtype == np.int64
    for n_threads in (2, 3):
        assert_array_equal(summary.integer_sum(X, BITS, n_threads), total)
    parts = [summary.integer_sum(X[i:j], BITS) for i, j in ((0, 1), (1, 5000), (9, 9))]
    assert_array_equal(sum(parts), total)


def test_counts():
    summary = summary_of(10, 2, weight=0.3)
    assert summary.n_entries == 21
    X = np.zeros((7, 2))
    assert summary.count(released(summary, X)) == pytest.approx(7, rel=1e-12)
    assert summary.count_norm == pytest.approx(1 / 0.3, rel=1e-4)
    public = summary_of(10, 2, weight=0)
    assert public.n_entries == 20
    assert len(public.integer_sum(X, BITS)) == 20
    with pytest.raises(ValueError, match="count_weight"):
        summary_of(10, 2, weight=1e-9)


def test_norms_are_those_of_the_noise():
    rng = np.random.default_rng(4)
    summary = summary_of(40, 2)
    X, Y = rng.standard_normal((4000, 2)), rng.standard_normal((5, 2))
    release = released(summary, X)

    def answers(z):
        weights = summary.prepared(z, None)[np.newaxis]
        return summary.sums(Y, weights)[:, 0], summary.count(z)

    exact, n = answers(release)
    noise = rng.standard_normal((3000, summary.n_entries))
    drawn = np.array([np.append(*answers(release + z)) for z in noise])
    deviation = np.std(drawn[:, :-1], axis=0)
    assert_allclose(deviation, summary.mean_norms(Y, 0 * Y[:, :1])[:, 0], rtol=0.08)
    of_means = np.std(drawn[:, :-1] / drawn[:, -1:], axis=0) * n
    means = (exact / n)[:, np.newaxis]
    norms = summary.mean_norms(Y, means, False)
    assert norms.shape == means.shape
    assert_allclose(of_means, norms[:, 0], rtol=0.08)
    assert_array_equal(summary.mean_norms(Y, means, True), np.ones_like(means))


# What one record adds at most: adversarial, random and improved ones.


def records(n_features):
    rng = np.random.default_rng(5)
    sizes = [0, 5e-324, 1e-300, 1e-8, 1, 1e3, 1e15, 1e19, 1e100, 1e300, 1.7e308]
    signs = rng.choice([-1.0, 1.0], (len(sizes), n_features))
    return np.vstack(
        [
            np.array(sizes)[:, np.newaxis] * signs,
            rng.standard_normal((50, n_features)),
            1e4 * rng.standard_normal((50, n_features)),
        ]
    )


def integers(summary, x, tampered=1.0):
    summary._scale *= tampered
    try:
        return [int(q) for q in summary.integer_sum(np.atleast_2d(x), BITS)]
    finally:
        summary._scale /= tampered


def l1(q):
    return sum(abs(v) for v in q)


def l2_squared(q):
    return sum(v * v for v in q)


def climbed(summary, norm, seed):
    """A record whose norm has been made great by trial."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(summary.frequencies.shape[1])
    best = norm(integers(summary, x))
    for step in np.geomspace(1, 1e-4, 100):
        tried = x + step * rng.standard_normal(len(x))
        found = norm(integers(summary, tried))
        if found > best:
            x, best = tried, found
    return x


def violations(summary, l1_bound, l2_bound, rows):
    found = [integers(summary, x) for x in rows]
    return sum(l1(q) > l1_bound or l2_squared(q) > l2_bound for q in found)


@pytest.mark.parametrize("n_frequencies, n_features", [(1, 1), (2, 3), (37, 2), (512, 10)])
@pytest.mark.parametrize("weight", [0, 0.3])
def test_sensitivity(n_frequencies, n_features, weight):
    summary = summary_of(n_frequencies, n_features, weight)
    bounds = summary.l1(BITS), summary.l2_squared(BITS)
    rows = [*records(n_features), *(climbed(summary, f, 0) for f in (l1, l2_squared))]
    assert violations(summary, *bounds, rows) == 0
    # The bounds are no wider than rounding makes them.
    unit = int(summary.count_weight * 2**BITS)
    m = 2 * n_frequencies
    assert bounds[1] <= (1 + 1e-15) * ((2**BITS + math.sqrt(m) / 2) ** 2 + unit**2)
    assert bounds[0] <= math.sqrt(m) * 2**BITS + m / 2 + unit
    assert l2_squared(integers(summary, rows[20])) > 0.999999 * bounds[1]


def test_l1_is_reached():
    summary = FourierSummary([[math.pi / 4]], 0.3)
    q = integers(summary, [1.0])
    assert summary.l1(BITS) - 2 <= l1(q) <= summary.l1(BITS)
    # Half the sensitivity, as of unpaired features, is found out.
    assert violations(summary, summary.l1(BITS) / 1.41, summary.l2_squared(BITS), [[1.0]])


def test_features_that_are_too_long_are_clipped():
    summary = summary_of(37, 2)
    bounds = summary.l1(BITS), summary.l2_squared(BITS)
    rows = records(2)
    long = [integers(summary, x, tampered=math.sqrt(2)) for x in rows]
    assert all(l2_squared(q) <= bounds[1] for q in long)


def test_an_unclipped_summary_is_found_out(monkeypatch):
    summary = summary_of(37, 2)
    bounds = summary.l1(BITS), summary.l2_squared(BITS)
    unpaired = math.sqrt(2)
    monkeypatch.setattr(
        "sklearn_kernelx.privacy._counted.lattice_l2_squared", lambda *_: 2**62
    )
    assert violations(summary, *bounds, records(2)) == 0
    summary._scale *= unpaired
    assert violations(summary, *bounds, records(2)) > 0.7 * len(records(2))


def test_far_queries():
    summary = summary_of(20, 2)
    weights = summary.prepared(released(summary, np.zeros((3, 2))), None)[np.newaxis]
    far = np.array([[1e308, -1e308], [1e300, 0]])
    np.testing.assert_array_equal(summary.sums(far, weights), 0)
    assert np.all(np.isfinite(released(summary, far)))
    assert np.all(summary.sums(np.zeros((1, 2)), weights) > 2.9)
