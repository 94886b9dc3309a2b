"""Densities by FFT: the stated bound holds, is sharp, and everything bad is refused."""

import numpy as np
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from oracles import log_density

from sklearn_kernelx import KernelDensity, fft_density
from sklearn_kernelx.density import _fft
from sklearn_kernelx.density._fft import aliasing_bound, spacing_for

RNG = np.random.default_rng(0)
BANDWIDTHS = {1: 0.05, 2: [0.1, 0.4], 3: [0.5, 0.4, 0.8]}


def problem(d, n=2000, m=300):
    X = RNG.standard_normal((n, d)) * np.arange(1, d + 1) + 100
    grid = RNG.standard_normal((m, d)) * np.arange(1, d + 1) + 100
    return X, grid, RNG.uniform(0, 3, n)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("rtol", [0, 1e-3, 1e-9])
@pytest.mark.parametrize("weighted", [False, True])
def test_error_is_below_rtol_of_the_peak(d, rtol, weighted):
    if d == 3:
        rtol = max(rtol, 1e-6)  # 1e-9 would take 16 GiB
    X, grid, w = problem(d)
    w = w if weighted else None
    density = fft_density(X, grid, bandwidth=BANDWIDTHS[d], sample_weight=w, rtol=rtol)
    exact = np.exp(log_density(grid, X, bandwidth=BANDWIDTHS[d], weights=w))
    assert np.max(np.abs(density - exact)) <= (rtol or 1e-6) * np.max(exact)


def single_sample_error(spacing, d):
    """Largest error over K(0) for one sample: the worst case, all waves in phase."""
    X = RNG.uniform(0, 1, (1, d))
    box, h = (X[0], X[0]), np.ones(d)
    offsets = RNG.uniform(-2, 2, (400, d))
    bound = aliasing_bound(spacing, d)
    density, _ = _fft._fft_density(X, None, X + offsets, box, h, bound, 1)
    return np.max(np.abs(density - np.exp(-0.5 * np.sum(offsets**2, axis=1))))


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("spacing", [0.2, 0.4, 0.8])
def test_bound_holds_and_is_sharp(d, spacing):
    bound = aliasing_bound(spacing, d)
    error = max(single_sample_error(spacing, d) for _ in range(5))
    assert error <= bound
    assert error > bound / 100


@pytest.mark.parametrize("mutant", ["no deconvolution", "one deconvolution", "order 4"])
def test_a_wrong_response_breaks_the_bound(mutant, monkeypatch):
    power = {"no deconvolution": 0, "one deconvolution": 6, "order 4": 8}[mutant]

    def wrong(frequencies, spacing):
        kernel = np.exp(-0.5 * (2 * np.pi * frequencies / spacing) ** 2)
        return kernel / np.sinc(frequencies) ** power

    monkeypatch.setattr(_fft, "_response", wrong)
    assert single_sample_error(0.4, 1) > 10 * aliasing_bound(0.4, 1)


def test_spacing_meets_the_bound():
    for d in (1, 2, 3):
        for bound in (1e-3, 1e-8, 1e-13):
            spacing = spacing_for(bound, d)
            assert aliasing_bound(spacing, d) <= bound < aliasing_bound(1.01 * spacing, d)


def test_tails_are_exact():
    X = RNG.standard_normal(3000)
    grid = np.concatenate([np.linspace(-12, 12, 400), [1e3, -1e6]])
    kde = KernelDensity(algorithm="fft", bandwidth=0.1).fit(X[:, None])
    scores = kde.score_samples(grid[:, None])
    exact = log_density(grid[:, None], X[:, None], bandwidth=0.1).astype(float)
    tail = exact < np.max(exact) + np.log(0.9e-10)
    assert np.sum(tail) > 50
    assert_allclose(scores[tail], exact[tail], rtol=1e-11)
    assert np.all(np.isfinite(scores))
    body = ~tail & (exact > np.max(exact) + np.log(1e-3))
    assert_allclose(scores[body], exact[body], atol=1e-3)


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_direct_sums_leave_out_only_what_does_not_matter(d, weighted):
    X, _, w = problem(d, n=20000)
    w *= RNG.uniform(size=len(w)) < 0.3
    w[np.argmax(w)] *= 1e6  # far heavier than those that matter
    grid = 100 + RNG.standard_normal((200, d)) * 6
    h = np.full(d, 0.05)
    log_p = _fft._direct_log_density(X, w / w.max() if weighted else None, grid, h, 1)
    expected = log_density(grid, X, bandwidth=h, weights=w if weighted else None)
    assert_allclose(log_p, expected.astype(float), rtol=1e-12, atol=1e-11)
    if d == 1:
        near = _fft._samples_that_matter(X, w if weighted else None, grid[:1] + 20, h)
        assert 0 < len(near) < len(X) / 2


@pytest.mark.parametrize("weighted", [False, True])
def test_moments_are_as_good_as_scatter(weighted):
    X, _, w = problem(1)
    w = w if weighted else None
    line, grid = np.zeros(300), np.zeros((1, 1, 300))
    low, per_unit = X.min(), 280 / np.ptp(X)
    _fft._scatter_line(X, w, low, per_unit, 9.5, line)
    _fft.scatter(X, w, np.array([low]), np.array([per_unit]), 9.5, grid)
    assert_allclose(line, grid[0, 0], atol=1e-13 * np.max(grid))
    assert_allclose(np.sum(line), len(X) if w is None else np.sum(w), rtol=1e-13)


def test_mesh_points_and_one_dimension_agree():
    X, _, w = problem(2)
    axes = np.linspace(97, 103, 15), np.linspace(95, 105, 21)
    mesh = fft_density(X, axes, bandwidth=0.5, sample_weight=w)
    points = np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1)
    assert mesh.shape == (15, 21)
    assert_array_equal(mesh.ravel(), fft_density(X, points, bandwidth=0.5, sample_weight=w))
    flat = fft_density(X[:, 0], axes[0], bandwidth="scott")
    assert_array_equal(flat, fft_density(X[:, :1], axes[0][:, None], bandwidth="scott"))


@pytest.mark.parametrize("scale", [1e-300, 1e-6, 1, 1e100])
@pytest.mark.parametrize("offset", [0, 1e6, 1e12, 1e16, -1e16])
def test_far_from_the_origin(offset, scale):
    # The margin of the grid is lost in the rounding of the samples.
    for spread in (0, 4, 1024):
        X = (offset + np.array([0, 1, 1, 0.5]) * spread) * scale
        grid = np.r_[X, X + 3 * scale, X - 8 * scale]
        for h in (0.01 * scale, 100 * scale):
            with np.errstate(over="ignore"):
                exact = log_density(grid[:, None], X[:, None], bandwidth=h)
            exact = np.exp(exact + np.log(h))
            density = fft_density(X, grid, bandwidth=h) * h
            assert_allclose(density, exact.astype(float), atol=1e-6 * np.max(exact))


def test_densities_beyond_float64():
    X = RNG.standard_normal((50, 3)) * 1e-130
    kde = KernelDensity(algorithm="fft", bandwidth=1e-130).fit(X)
    exact = KernelDensity(bandwidth=1e-130).fit(X).score_samples(X)
    assert_allclose(kde.score_samples(X), exact, rtol=1e-7)


def test_queries_that_are_all_in_the_tails():
    X = RNG.standard_normal(100_000)
    grid = 4.5 + np.linspace(0, 3, 50)
    exact = np.exp(log_density(grid[:, None], X[:, None], bandwidth=0.01))
    assert_allclose(fft_density(X, grid, bandwidth=0.01), exact.astype(float), atol=4e-7)


def test_mass():
    X = RNG.standard_normal((500, 2))
    axes = np.linspace(-8, 8, 400), np.linspace(-8, 8, 400)
    density = fft_density(X, axes, bandwidth=[0.2, 0.5])
    assert_allclose(density.sum() * (axes[0][1] - axes[0][0]) ** 2, 1, rtol=1e-9)


def test_one_sample_duplicates_and_constant_columns():
    for X in (np.zeros((1, 2)), np.zeros((50, 2)), np.c_[np.zeros(50), np.arange(50.0)]):
        exact = np.exp(log_density(X[:5], X, bandwidth=0.3))
        assert_allclose(fft_density(X, X[:5], bandwidth=0.3), exact, rtol=2e-6)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(1, 40), st.floats(0.05, 5), st.integers(0, 10**6))
def test_permutation_and_shift(n, h, seed):
    X = np.random.default_rng(seed).standard_normal(n)
    density = fft_density(X, X, bandwidth=h)
    peak = np.max(density)
    assert_allclose(fft_density(X[::-1], X, bandwidth=h), density, atol=1e-12 * peak)
    moved = fft_density(X + 1024, X + 1024, bandwidth=h)
    assert_allclose(moved, density, atol=2e-6 * peak)


def test_dtypes():
    X, grid, _ = problem(1)
    single = fft_density(X.astype(np.float32), grid, bandwidth=0.3)
    assert single.dtype == np.float32
    assert_allclose(single, fft_density(X, grid, bandwidth=0.3), rtol=1e-3)
    kde = KernelDensity(algorithm="fft", bandwidth=0.3)
    assert kde.fit(X.astype(np.float32)).score_samples(grid).dtype == np.float32
    assert_array_equal(kde.fit(X).tree_.data, X)


def test_too_large_a_grid():
    X = RNG.standard_normal((100, 3))
    with sklearn.config_context(working_memory=10):
        with pytest.raises(ValueError, match=r"bandwidth .* MiB.*algorithm='auto'"):
            fft_density(X, X, bandwidth=0.05)
    for h in (1e-12, 1e-300):
        with pytest.raises(ValueError, match="bandwidth"):
            fft_density(X, X, bandwidth=h)


X1 = np.linspace(0, 1, 20)
BAD = {
    "NaN in X": ({"X": np.where(X1 > 0.5, np.nan, X1)}, "X contains NaN"),
    "inf in grid": ({"grid": np.array([0.0, np.inf])}, "grid contains infinity"),
    "empty X": ({"X": np.empty((0, 1))}, "0 sample"),
    "empty grid": ({"grid": np.empty((0, 1))}, "0 sample"),
    "four features": ({"X": np.zeros((5, 4)), "grid": np.zeros((2, 4))}, "at most 3"),
    "wrong width": ({"grid": np.zeros((2, 2))}, "grid must have as many features"),
    "wrong number of axes": ({"grid": (X1, X1)}, "grid must be a tuple of 1"),
    "bandwidth": ({"bandwidth": -1.0}, "bandwidth"),
    "bandwidth array": ({"bandwidth": [1.0, 1.0]}, "bandwidth"),
    "bandwidth rule": ({"bandwidth": "scot"}, "bandwidth"),
    "rtol": ({"rtol": -1.0}, "rtol"),
    "weights": ({"sample_weight": -X1}, "[Ww]eight"),
    "zero weights": ({"sample_weight": 0 * X1}, "[Ww]eight"),
    "number of weights": ({"sample_weight": X1[:3]}, "[Ww]eight"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    arguments, message = BAD[case]
    call = {"X": X1, "grid": X1, "bandwidth": 0.3} | arguments
    with pytest.raises(ValueError, match=message):
        fft_density(call.pop("X"), call.pop("grid"), **call)


def test_estimator_refuses_four_features():
    with pytest.raises(ValueError, match="at most 3 features"):
        KernelDensity(algorithm="fft").fit(np.zeros((5, 4)))
