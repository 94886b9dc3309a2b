"""Regimes estimated from data, against theory and brute force."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_kernelx.density import gaussian_regimes, kernel_density_regimes
from sklearn_kernelx.density._regime_estimates import mean_excess

RNG = np.random.default_rng(0)
SPECTRA = {
    "isotropic 20": np.ones(20),
    "isotropic 40": np.ones(40),
    "isotropic 60": np.ones(60),
    "isotropic 200": np.ones(200),
    "1/k 40": 1 / np.arange(1, 41),
    "1/k 200": 1 / np.arange(1, 201),
    "spiked": np.r_[[25.0] * 5, [1.0] * 45],
}
FAST = [("isotropic 20", 3000), ("isotropic 40", 20000), ("1/k 40", 20000)]
SLOW = [
    ("isotropic 20", 20000),
    ("isotropic 20", 100_000),
    ("isotropic 40", 100_000),
    ("isotropic 60", 20000),
    ("isotropic 60", 100_000),
    ("isotropic 200", 20000),
    ("1/k 200", 20000),
    ("spiked", 20000),
]
ROWS = [*FAST, *(pytest.param(*row, marks=pytest.mark.slow) for row in SLOW)]


def sample(name, n, seed=0):
    spectrum = SPECTRA[name]
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, len(spectrum))) * np.sqrt(spectrum)


@pytest.mark.parametrize("name, n", ROWS)
def test_gaussian_data_follow_the_refined_theory(name, n):
    found = kernel_density_regimes(sample(name, n), random_state=0, n_jobs=2)
    theory = gaussian_regimes(n, SPECTRA[name])
    assert found.h_G == pytest.approx(theory.h_G, rel=0.1)
    assert found.h_G_nearest == pytest.approx(theory.h_G, rel=0.1)
    assert found.h_CLT == pytest.approx(np.sqrt(2) * found.h_G, rel=1e-12)
    if len(SPECTRA[name]) >= 40:
        assert found.h_KL == pytest.approx(theory.h_KL, rel=0.05)
    for key in ("h_G", "h_CLT", "h_KL", "h_G_nearest"):
        low, high = found[f"{key}_interval"]
        assert low < found[key] < high


@pytest.mark.parametrize("name, n", FAST[:1])
def test_the_unrefined_theory_fails_the_same_test(name, n):
    found = kernel_density_regimes(sample(name, n), random_state=0)
    limit = gaussian_regimes(n, SPECTRA[name], refined=False)
    assert found.h_G != pytest.approx(limit.h_G, rel=0.1)


def test_participation_is_one_less_the_tail_index_when_condensed():
    """At half of h_G and less, where finite n hardly disturbs it."""
    found = kernel_density_regimes(sample("isotropic 200", 5000), random_state=0)
    m = (found.h_KL / found.h_G) ** 2
    assert m < 0.5
    assert np.mean(found.participation_ratio) == pytest.approx(1 - m, abs=0.05)
    assert_allclose(found.n_effective, 1 / found.participation_ratio)
    # Hill's estimate is low by up to 20 %, as documented.
    assert 0.75 * m < np.median(found.tail_index) < 1.05 * m


def test_intervals_cover_what_all_rows_say():
    """h of 150 rows against that of all 2000, 40 draws: a false alarm in 1e4."""
    X = sample("isotropic 20", 2000)
    every = kernel_density_regimes(X, n_queries=2000, random_state=0)
    inside = {"h_G": 0, "h_KL": 0, "h_G_nearest": 0}
    for seed in range(40):
        some = kernel_density_regimes(X, n_queries=150, random_state=seed)
        for key in inside:
            low, high = some[f"{key}_interval"]
            inside[key] += low < every[key] < high
    assert min(inside.values()) >= 32  # P(Binomial(40, 0.95) < 32) = 2e-4
    width = np.log(np.divide(*some.h_G_interval[::-1]))
    assert width < 0.3  # not by being useless


def test_hill_estimate_of_pareto_terms():
    """Exact law: k / m times the estimate is a Gamma(k) variable."""
    terms = -np.sort(-RNG.exponential(size=(4000, 200)) / 1.7, axis=1)
    estimate = mean_excess(terms, 20)
    assert np.mean(estimate) == pytest.approx(1 / 1.7, rel=5 / np.sqrt(20 * 4000))
    assert np.std(estimate) == pytest.approx(1 / 1.7 / np.sqrt(20), rel=0.06)
    few = np.where(np.arange(200) < 4, terms, -np.inf)
    assert_allclose(mean_excess(few, 20), mean_excess(terms, 3))
    assert np.isnan(mean_excess(terms[:, :1], 20)).all()


def test_exponential_kernel():
    """m = h / h_G there, so that the bandwidths follow from those of the distances."""
    X = sample("isotropic 40", 5000)
    gaussian = kernel_density_regimes(X, random_state=0)
    found = kernel_density_regimes(X, kernel="exponential", random_state=0)
    nearest = gaussian.h_KL * np.sqrt(40)  # h_KL^2 = r^2 / d, nearly
    assert found.h_G == pytest.approx(gaussian.h_G**2 / nearest, rel=0.1)
    assert found.h_CLT == pytest.approx(2 * found.h_G, rel=1e-12)
    assert found.h_KL == pytest.approx(nearest / 40, rel=0.1)


@pytest.mark.parametrize("kernel", ["tophat", "epanechnikov", "linear", "cosine"])
def test_compact_kernels(kernel):
    found = kernel_density_regimes(sample("isotropic 20", 1000), kernel=kernel)
    assert found.h_G == found.h_CLT > 0
    assert np.isnan([found.h_KL, found.h_G_nearest]).all()
    assert np.isnan(found.tail_index).all()
    assert np.mean(found.participation_ratio) == pytest.approx(0.5, abs=0.05)


def test_queries_weights_and_seeds():
    X = sample("isotropic 20", 1200)
    one = kernel_density_regimes(X, random_state=3, n_jobs=1)
    two = kernel_density_regimes(X, random_state=3, n_jobs=3)
    assert all(np.array_equal(one[key], two[key]) for key in one)
    assert len(np.unique(one.queries)) == len(one.tail_index) == 500
    assert one.h_G != kernel_density_regimes(X, random_state=4).h_G
    some = np.arange(1200) % 3 > 0
    weighted = kernel_density_regimes(X, sample_weight=some, random_state=3)
    part = kernel_density_regimes(X[some], random_state=3)
    assert weighted.h_KL == pytest.approx(part.h_KL, rel=1e-9)
    assert_array_equal(weighted.queries, np.flatnonzero(some)[part.queries])
    constant = kernel_density_regimes(X, sample_weight=np.full(1200, 5.0), random_state=3)
    assert constant.h_G == pytest.approx(one.h_G, rel=1e-9)


def test_lattice_has_no_h_G():
    lattice = np.stack(np.meshgrid(*[np.arange(6.0)] * 3), axis=-1).reshape(-1, 3)
    with pytest.warns(UserWarning, match="no condensation bandwidth"):
        found = kernel_density_regimes(lattice)
    assert np.isnan([found.h_G, found.h_CLT]).all() and found.h_KL > 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"kernel": "square"}, "kernel must be one of"),
        ({"n_queries": 1}, "n_queries must be an integer"),
        ({"n_queries": 2.5}, "n_queries must be an integer"),
        ({"sample_weight": np.zeros(30)}, "must not be zero|non-zero"),
        ({"sample_weight": -np.ones(30)}, "[Nn]egative"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        kernel_density_regimes(RNG.standard_normal((30, 2)), **arguments)
    with pytest.raises(ValueError, match="2 distinct rows"):
        kernel_density_regimes(np.ones((30, 2)))
    with pytest.raises(ValueError, match="NaN"):
        kernel_density_regimes(np.full((30, 2), np.nan))
