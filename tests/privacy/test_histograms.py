"""Distance histograms: exact integers, integrals by quadrature, brute force, mutants."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from privacy_oracles import (
    BITS,
    answers_of,
    assert_additive,
    assert_within_sensitivity,
    climbed,
    hostile_records,
    integers_of,
    released,
    weights_of,
)
from scipy.integrate import quad

from sklearn_kernelx._random import orthogonal_directions
from sklearn_kernelx.privacy import _histograms as histograms
from sklearn_kernelx.privacy._histograms import (
    HatHistograms,
    ProjectedHistograms,
    default_bins,
    mean_projection,
)

LOW, HIGH = np.array([-1.0, 0.0, 2.0, 1e-3]), np.array([2.0, 5e-4, 2.0, 40.0])


def distances(X, Y, power=1.0):
    return (np.abs(X[None] - Y[:, None]) ** power).sum(axis=(1, 2))


def clusters(n, d, seed=0):
    """Ten clusters of eight dimensions in the unit cube."""
    g = np.random.default_rng(seed)
    centres = g.normal(size=(10, 8))
    Z = centres[g.integers(10, size=n)] + 0.3 * g.normal(size=(n, 8))
    X = Z @ g.normal(size=(8, d)) + 0.1 * g.normal(size=(n, d))
    return (X - X.min(axis=0)) / np.ptp(X, axis=0)


def brute_force_integers(record, low, high, n_bins, units):
    """Shares of both nodes, as Fractions, before they are rounded."""
    vector = []
    for x, a, b, unit in zip(record, low, high, units, strict=True):
        a, b = Fraction(a), Fraction(b)
        x = min(max(Fraction(x), a), b)
        u = (x - a) / (b - a) * n_bins if b > a else Fraction(0)
        vector += [max(0, 1 - abs(u - j)) * int(unit) for j in range(n_bins + 1)]
    return vector


class Unclipped(HatHistograms):
    """Lets records extrapolate."""

    def integer_sum(self, X, bits, n_threads=1):
        u = np.clip(
            (X - self.low) / np.where(self.high > self.low, self.high - self.low, 1), -9, 9
        )
        share = np.rint(u * 2.0**bits).astype(np.int64)
        q = np.zeros((len(X), self.n_features, self.n_bins + 1), np.int64)
        q[:, :, 0], q[:, :, -1] = 2**bits - share, share
        return q.sum(axis=0).reshape(-1)


class HalfTheNorm(HatHistograms):
    """Forgets that there are two nodes."""

    def l1(self, bits):
        return super().l1(bits) // 2

    def l2_squared(self, bits):
        return super().l2_squared(bits) // 2


@pytest.mark.parametrize("n_bins", [1, 3, 8])
def test_integers(n_bins):
    summary = HatHistograms(LOW, HIGH, n_bins)
    X = hostile_records(LOW, HIGH, np.random.default_rng(0), 8)
    units = integers_of(summary, X[:1]).reshape(4, -1).sum(axis=1)
    assert units[3] == 2**BITS and units[0] > units[1] > 0
    for record, q in zip(X, integers_of(summary, X), strict=True):
        exact = brute_force_integers(record, LOW, HIGH, n_bins, units)
        assert all(
            abs(int(a) - b) < Fraction(51, 100) for a, b in zip(q, exact, strict=True)
        )
        np.testing.assert_array_equal(q.reshape(4, -1).sum(axis=1), units)


def test_equal_widths_share_equally():
    summary = HatHistograms(np.zeros(3), np.ones(3), 5)
    assert summary.l1(BITS) == 3 * 2**BITS
    assert summary.l2_squared(BITS) == 3 * 4**BITS


@pytest.mark.parametrize("bounds", [(LOW, HIGH), (-np.ones(2), np.ones(2)), ([7.0], [7.0])])
def test_sensitivity(bounds):
    g = np.random.default_rng(1)
    X = hostile_records(*bounds, g, 20)
    summary = HatHistograms(*bounds, 6)
    assert_within_sensitivity(summary, np.concatenate([X, climbed(summary, X, g, 5)]))
    assert_additive(summary, X)
    # The bound is reached.
    corner = integers_of(summary, summary.high[None])[0].tolist()
    assert sum(corner) == summary.l1(BITS)
    assert sum(e * e for e in corner) == summary.l2_squared(BITS)


@pytest.mark.parametrize("mutant", [Unclipped, HalfTheNorm])
def test_sensitivity_mutants(mutant):
    X = hostile_records(-np.ones(2), np.ones(2), np.random.default_rng(1), 20)
    with pytest.raises(AssertionError):
        assert_within_sensitivity(mutant(-np.ones(2), np.ones(2), 6), X)


def test_threads_give_the_same_integers(monkeypatch):
    monkeypatch.setattr(histograms, "worthwhile_threads", lambda n, work: n)
    X = np.random.default_rng(2).uniform(-1, 2, (101, 3))
    assert_additive(HatHistograms(np.zeros(3), np.ones(3), 4), X)
    directions = orthogonal_directions(3, 5, np.random.default_rng(0)).T
    assert_additive(ProjectedHistograms(directions, np.zeros(3), np.ones(3), 4), X)


@pytest.mark.parametrize(
    ("power", "tolerance"),
    [(0.1, 2e-4), (0.5, 5e-5), (1.0, 1e-9), (1.5, 1e-6), (2.0, 1e-7), (3.0, 1e-7)],
)
def test_integral_against_the_density(power, tolerance):
    low, width, n_bins = -1.0, 2.5, 5
    density = np.array([0.3, 1.0, 0.1, 0.7, 0.4, 0.9])
    mass = (
        np.diag(np.r_[1 / 3, np.full(4, 2 / 3), 1 / 3])
        + np.eye(6, k=1) / 6
        + np.eye(6, k=-1) / 6
    )
    counts = mass @ density
    nodes = low + width * np.arange(6) / n_bins
    summary = HatHistograms([low], [low + width], n_bins, power)
    y = np.r_[
        np.linspace(low, low + width, 23),
        low - np.array([1e-9, 0.01, 1, 50, 1e6]),
        low + width + np.array([0.3, 9]),
    ]
    answers = answers_of(summary, counts, y[:, None])

    def integrand(x, y):
        return np.interp(x, nodes, density) * abs(x - y) ** power * n_bins / width

    for query, answer in zip(y, answers, strict=True):
        cuts = np.sort(np.r_[nodes, query if low < query < low + width else []])
        expected = math.fsum(
            quad(integrand, a, b, (query,), epsabs=1e-9, epsrel=1e-9)[0]
            for a, b in pairwise(cuts)
            if b > a
        )
        scale = counts.sum() * max(width, abs(query)) ** power
        assert abs(answer - expected) <= tolerance * scale
    assert math.isclose(summary.count(counts), counts.sum())


def test_bias_falls_with_the_fourth_power():
    x = np.random.default_rng(3).beta(3, 4, (200_000, 1))
    Y = np.linspace(0.05, 0.95, 31)[:, None]
    true = np.array([np.abs(x - y).sum() for y in Y])

    def biases(answers):
        found = []
        for n_bins in (6, 12):
            summary = HatHistograms([0.0], [1.0], n_bins)
            found.append(
                np.abs(answers(summary, released(summary, x)) - true).max() / len(x)
            )
        return found

    def interpolated(summary, release):
        nodes = np.linspace(0, 1, summary.n_bins + 1)
        return np.abs(nodes - Y) @ release

    coarse, fine = biases(lambda s, r: answers_of(s, r, Y))
    assert fine < coarse / 9 and coarse < 1e-3
    coarse, fine = biases(interpolated)
    assert not fine < coarse / 9


@pytest.mark.parametrize("d", [2, 10, 100])
def test_relative_error_on_clusters(d):
    X = clusters(2000, d)
    Y = X[:30]
    summary = HatHistograms(np.zeros(d), np.ones(d), 10)
    true = distances(X, Y)
    answers = answers_of(summary, released(summary, X), Y)
    assert np.abs(answers - true).mean() < 1e-3 * true.mean()


def test_one_place_errs_by_less_than_half_a_cell():
    places = np.linspace(0, 1, 41)
    Y = np.linspace(-0.2, 1.2, 57)[:, None]
    summary = HatHistograms([0.0], [1.0], 5)
    for x in places:
        answers = answers_of(summary, released(summary, [[x]]), Y)
        error = np.abs(answers - np.abs(Y[:, 0] - x))
        assert error.max() < 0.5 / 5
        assert error[np.abs(Y[:, 0] - 0.5) > 0.5].max() < 1e-8


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_equal_bounds_and_far_queries(power):
    X = np.array([[3.0, 0.2, 1.0], [8.0, 0.7, 1.0]])
    low, high = np.array([3.0, 0.0, 1.0]), np.array([3.0, 1.0, 1.0])
    Y = np.array([[3.0, 9.0, 1.0], [4.5, -3.0, 1.0], [-1e8, 1e8, 2.0]])
    summary = HatHistograms(low, high, 20, power)
    answers = answers_of(summary, released(summary, X), Y)
    expected = distances(np.clip(X, low, high), Y, power)
    np.testing.assert_allclose(answers, expected, rtol=1e-3 if power != 1 else 1e-8)
    on_it = answers_of(summary, released(summary, X), low[None], 2)
    assert on_it[0] > 0


def test_widths_beyond_the_range_of_squares():
    low, high = np.array([-4e307, 0.0]), np.array([4e307, 5e-324])
    summary = HatHistograms(low, high, 4)
    release = released(summary, [[1e308, 1.0], [-1e308, -1.0]])
    answers = answers_of(summary, release, np.array([[0.0, 0.0], [4e307, 1e-320]]))
    np.testing.assert_allclose(answers, 8e307, rtol=1e-9)


@pytest.mark.parametrize("n_samples", [None, 3.0])
@pytest.mark.parametrize("power", [1.0, 1.5])
def test_norms_are_those_of_the_weights(n_samples, power):
    low, high = np.array([0.0, -1.0, 2.0]), np.array([1.0, 3.0, 2.0])
    Y = np.array([[0.3, 0.1, 2.0], [-2.0, 3.0, 2.5], [1.0, 9.0, 0.0]])
    check_norms(HatHistograms(low, high, 5, power), Y, n_samples)


def check_norms(summary, Y, n_samples):
    weights, count = weights_of(summary, Y, 0.0 if n_samples else None)
    norms = summary.mean_norms(Y, np.zeros((len(Y), 1)), n_samples is not None)[:, 0]
    np.testing.assert_allclose(norms, np.linalg.norm(weights, axis=0), rtol=1e-9)
    if n_samples is None:
        means = np.array([0.9, 5.0, 8.0])
        residual = weights - np.outer(count, means)
        expected = np.linalg.norm(residual, axis=0)
        norms = summary.mean_norms(Y, np.c_[means, means + 1], False)
        np.testing.assert_allclose(norms[:, 0], expected, rtol=1e-9)
        np.testing.assert_allclose(summary.count_norm, np.linalg.norm(count))
    else:
        known = summary.mean_norms(Y, np.ones((3, 2)), True)
        np.testing.assert_allclose(known, np.c_[norms, norms], rtol=1e-9)


def test_norms_mutant():
    class Forgets(HatHistograms):
        def _weight_norms(self, Y):
            weights = self._weights(Y)
            norms = np.linalg.norm(weights, axis=(1, 2))
            return norms, weights.mean(axis=2).sum(axis=1)

    with pytest.raises(AssertionError):
        check_norms(Forgets(np.zeros(3), np.ones(3), 5), np.full((3, 3), 0.4), 3.0)


def test_columns_count_the_same_records():
    """Least squares: no linear unbiased estimate has less variance."""
    summary = HatHistograms(np.zeros(4), np.array([1.0, 1.0, 0.1, 0.0]), 3)
    release = released(summary, np.random.default_rng(0).uniform(size=(20, 4)))
    assert math.isclose(summary.count(release), 20, rel_tol=1e-8)
    assert math.isclose(summary.count(0.5 * release), 10, rel_tol=1e-8)
    far = np.full((1, 4), 1e6)
    noise = np.random.default_rng(1).normal(size=release.shape)
    answer = answers_of(summary, release + noise, far, 20)
    assert math.isclose(answer[0], 4 * 20e6, rel_tol=1e-5)


def test_float32_and_threads():
    X = clusters(200, 7).astype(np.float32)
    summary = HatHistograms(np.zeros(7), np.ones(7), 6)
    prepared = np.array([summary.prepared(released(summary, x)) for x in (X, X[:9])])
    single = summary.sums(X, prepared)
    double = summary.sums(X.astype(np.float64), prepared)
    assert single.dtype == np.float32 and double.dtype == np.float64
    np.testing.assert_allclose(single, double, rtol=1e-6)
    np.testing.assert_array_equal(summary.sums(X, prepared, 3), single)
    assert summary.sums(X[:0], prepared).shape == (0, 2)
    second = summary.sums(X, prepared[1:])
    np.testing.assert_array_equal(second[:, 0], single[:, 1])


def test_default_bins():
    assert (
        default_bins(100, 1.0) <= default_bins(100, 1.0, 1e-6) <= default_bins(2, 1.0, 1e-6)
    )
    assert default_bins(2, 0.1) <= default_bins(2, 1.0) <= default_bins(2, 10.0)
    assert 6 <= default_bins(10**6, 1e-6) and default_bins(1, 1e9) == 64


@pytest.mark.parametrize(
    ("low", "high"), [([1.0], [0.0]), ([0.0, 1.0], [1.0]), ([-1e308], [1e308]), ([], [])]
)
def test_no_box(low, high):
    with pytest.raises(ValueError, match="low"):
        HatHistograms(low, high, 3)


# ----------------------------------------------------------------------- projections


@pytest.mark.parametrize("d", [1, 2, 3, 10])
def test_directions(d):
    directions = orthogonal_directions(d, 40_000, np.random.default_rng(4)).T
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    for block in directions[: 3 * d].reshape(3, d, d):
        np.testing.assert_allclose(block @ block.T, np.eye(d), atol=1e-12)
    sizes = np.abs(directions[::d])
    error = 5 / math.sqrt(len(sizes))
    assert np.abs(sizes.mean(axis=0) - mean_projection(d)).max() < error or d == 1
    assert np.abs(directions[::d].mean(axis=0)).max() < error


def test_euclidean_distances():
    d = 6
    X = clusters(400, d)
    Y = np.concatenate([X[:10], X[:3] - 2])
    true = np.linalg.norm(X[None] - Y[:, None], axis=2).sum(axis=1)
    errors = []
    for constant in (1.0, math.sqrt(d) * mean_projection(d)):  # a mutant: 1 / sqrt(d)
        directions = orthogonal_directions(d, 1200, np.random.default_rng(5)).T
        summary = ProjectedHistograms(directions, np.zeros(d), np.ones(d), 24)
        answers = constant * answers_of(summary, released(summary, X), Y)
        errors.append(np.abs(answers / true - 1).max())
    assert errors[0] < 0.02 < errors[1]


def test_projections_are_bounded():
    g = np.random.default_rng(6)
    low, high = np.array([-1.0, 0.0, 2.0]), np.array([2.0, 5e-4, 2.0])
    X = hostile_records(low, high, g, 10)
    summary = ProjectedHistograms(orthogonal_directions(3, 7, g).T, low, high, 5)
    assert_within_sensitivity(summary, np.concatenate([X, climbed(summary, X, g, 3)]))
    assert_additive(summary, X)


def test_projected_norms():
    directions = orthogonal_directions(3, 4, np.random.default_rng(7)).T
    summary = ProjectedHistograms(directions, np.zeros(3), np.ones(3), 3)
    Y = np.random.default_rng(8).uniform(-1, 2, (3, 3))
    check_norms(summary, Y, None)
    check_norms(summary, Y, 5.0)
    prepared = summary.prepared(np.ones(summary.n_entries))[None]
    assert summary.sums(Y.astype(np.float32), prepared).dtype == np.float32
