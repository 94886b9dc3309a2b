"""The five designs: moments that theory gives, stability, and extensions."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._designs import (
    DESIGNS,
    draw_design,
    extend_design,
    resolve_n_samples,
)
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._pool import Pool

FALSE_ALARM = 1e-3
M = 5


def pool_of(n=2000, m=M, seed=0):
    """Rows of very different leverage, none so small that weights have heavy tails."""
    rng = np.random.default_rng(seed)
    scales = 0.3 + rng.gamma(1, size=(n, 1))
    directions = rng.standard_normal((n, m))
    return Pool(Features(directions * scales / np.linalg.norm(directions, axis=1)[:, None]))


def designs_of(pool, design, n, repeats, seed=0):
    rng = generator(seed_from(seed))
    return np.stack([draw_design(pool, design, n, rng).points for _ in range(repeats)])


def weights(pool, points):
    return pool.n_functions / (pool.n_rows * pool.leverage[points])


def grams(pool, points):
    """(1/n) sum w phi phi' of each design."""
    return np.stack(
        [pool.n_functions * (u.T @ u) / len(u) for u in map(pool.unit_rows, points)]
    )


def standard_score(values, expected):
    """Largest deviation of the mean of independent rows, in standard errors."""
    error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return np.abs((values.mean(axis=0) - expected) / error).max()


@pytest.mark.parametrize("design", sorted(set(DESIGNS) - {"iid"}))
@pytest.mark.parametrize("n", [M, 3 * M, 4 * M + 2])
def test_weighted_means_are_those_of_the_pool(design, n):
    if design == "dpp" and n != M:
        return
    pool = pool_of()
    f = np.random.default_rng(1).standard_normal((2000, 3)) + [0, 1, 2]
    points = designs_of(pool, design, n, 4000)
    means = np.mean(weights(pool, points)[..., np.newaxis] * f[points], axis=1)
    # Three means within 4.2 standard errors: false alarm below 1e-4.
    assert standard_score(means, f.mean(axis=0)) < 4.2
    unweighted = np.mean(f[points], axis=1)
    assert standard_score(unweighted * [1, 1, 1.1], f.mean(axis=0)) > 6


def test_iid_means_need_no_weights():
    pool = pool_of()
    f = np.random.default_rng(1).standard_normal(2000)
    points = designs_of(pool, "iid", 20, 4000)
    assert standard_score(f[points].mean(axis=1)[:, np.newaxis], f.mean()) < 4.2


def inverse_traces(design, n):
    pool = pool_of(n=20_000)
    return np.trace(
        np.linalg.inv(grams(pool, designs_of(pool, design, n, 4000))), axis1=1, axis2=2
    )


def test_inverse_gram_of_volume_sampling():
    """E[G^-1] = n / (n - m + 1) I, within 1 % (more than 6 standard errors)."""
    n = 4 * M
    expected = M * n / (n - M + 1)
    assert abs(inverse_traces("volume", n).mean() / expected - 1) < 0.01
    # Other designs must miss it: independent draws above, repetitions below.
    assert inverse_traces("leverage", n).mean() / expected - 1 > 0.015
    assert inverse_traces("repeated_dpp", n).mean() / expected - 1 < -0.03


def estimates(pool, f, points):
    """Coefficients of the weighted least squares of f, design after design."""
    root = np.sqrt(weights(pool, points))
    rows = np.stack([pool.rows(p) for p in points]) * np.sqrt(pool.n_rows)
    return np.stack(
        [
            np.linalg.lstsq(r[:, np.newaxis] * a, r * b, rcond=None)[0]
            for r, a, b in zip(root, rows, f[points], strict=True)
        ]
    )


@pytest.mark.parametrize("n", [M + 3, 2 * M])
def test_volume_sampling_estimates_without_bias(n):
    """E of the estimator is the projection, for a misspecified target too."""
    pool = pool_of(n=300)
    rows = pool.rows(np.arange(300)) * np.sqrt(300)
    f = np.abs(rows[:, 0]) + rows[:, 1] ** 2
    projection = rows.T @ f / 300
    found = estimates(pool, f, designs_of(pool, "volume", n, 20_000))
    assert standard_score(found, projection) < 4.2
    independent = estimates(pool, f, designs_of(pool, "iid", n, 20_000))
    assert standard_score(independent, projection) > 6  # the mutant


def counts_of_multisets(pool, design, split, extension, seed):
    """Count 20,000 designs of four draws, of which `split` are drawn first."""
    counts = Counter()
    rng = generator(seed_from(seed))
    for _ in range(20_000):
        points, reserve = draw_design(pool, design, split, rng)
        if split < 4:
            more = extension(pool, design, 4 - split, reserve, rng)
            points = np.concatenate([points, more.points])
        counts[tuple(sorted(points))] += 1
    return counts


def p_value_of_same_law(first, second):
    keys = [k for k in first | second if first[k] + second[k] >= 10]
    return chi2_contingency([[c[k] for k in keys] for c in (first, second)]).pvalue


def forgetful(pool, design, n_more, reserve, rng):
    """A mutant: begins a new repetition, and takes the wrong independent law."""
    other = {"iid": "leverage", "leverage": "iid", "volume": "iid"}
    return extend_design(pool, other.get(design, design), n_more, None, rng)


@pytest.mark.parametrize("design", ["repeated_dpp", "volume", "leverage", "iid"])
def test_extension_has_the_law_of_one_design(design):
    pool = pool_of(n=6, m=2)
    whole = counts_of_multisets(pool, design, 4, None, seed=0)
    extended = counts_of_multisets(pool, design, 3, extend_design, seed=1)
    assert p_value_of_same_law(whole, extended) > FALSE_ALARM
    mutant = counts_of_multisets(pool, design, 3, forgetful, seed=2)
    assert p_value_of_same_law(whole, mutant) < FALSE_ALARM / 1000


def test_extension_begins_with_the_reserve():
    pool = pool_of()
    rng = generator(seed_from(0))
    first = draw_design(pool, "repeated_dpp", 2 * M + 2, rng)
    assert len(first.points) == 2 * M + 2 and len(first.reserve) == M - 2
    more = extend_design(pool, "repeated_dpp", M, first.reserve, rng)
    np.testing.assert_array_equal(more.points[: M - 2], first.reserve)
    last = np.concatenate([first.points[2 * M :], first.reserve])
    assert len(set(last)) == M


def test_condition_of_repeated_dpp():
    """As a pool of 20 Legendre polynomials: dpp 3.1, volume 6.6, leverage 8.4 at 4 m."""
    x = np.linspace(-1, 1, 20_001)
    pool = Pool(Features(np.polynomial.legendre.legvander(x, 19)))
    conditions = {
        design: np.median(np.linalg.cond(grams(pool, designs_of(pool, design, 80, 200))))
        for design in ("leverage", "volume", "repeated_dpp")
    }
    np.testing.assert_allclose(conditions["leverage"], 8.4, rtol=0.1)
    np.testing.assert_allclose(conditions["volume"], 6.6, rtol=0.1)
    np.testing.assert_allclose(conditions["repeated_dpp"], 3.1, rtol=0.1)


def test_number_of_draws():
    assert resolve_n_samples(None, "dpp", 7) == 7
    assert resolve_n_samples(None, "volume", 7) == 28
    assert resolve_n_samples(9, "iid", 7) == 9
    assert resolve_n_samples(None, "leverage", 2.3) == 12
    with pytest.raises(ValueError, match="n_samples=6 is too few"):
        resolve_n_samples(6, "leverage", 7)
    with pytest.raises(ValueError, match="repeated_dpp"):
        resolve_n_samples(8, "dpp", 7)


def test_draws_under_a_penalty():
    pool = Pool(Features(np.random.default_rng(0).standard_normal((300, 8))), 100.0)
    assert 2 < pool.dimension < 7
    rng = generator(seed_from(0))
    for design in DESIGNS:
        points = draw_design(pool, design, 25, rng).points
        assert np.all(points < 300)
        assert design == "dpp" or len(points) == 25
