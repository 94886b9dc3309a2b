"""Improved Sheather-Jones against the formulas of the paper, summed over all pairs."""

import numpy as np
import pytest
import sklearn
from numpy.polynomial.hermite_e import hermeval
from numpy.testing import assert_allclose
from scipy.optimize import brentq
from scipy.stats import norm

from sklearn_kernelx import fft_density
from sklearn_kernelx.density import _isj
from sklearn_kernelx.density._bandwidth import rule_of_thumb
from sklearn_kernelx.density._isj import improved_sheather_jones

RNG = np.random.default_rng(0)
NORMAL = RNG.standard_normal(250)
SAMPLES = {
    "three": np.array([0.0, 1.0, 2.5]),
    "twenty": RNG.standard_normal(20),
    "normal": NORMAL,
    "bimodal": np.r_[RNG.standard_normal(125), 30 + 0.5 * RNG.standard_normal(125)],
    "uniform": RNG.uniform(size=250),
    "exponential": RNG.exponential(size=250),
    "Cauchy": RNG.standard_cauchy(250),
    "lognormal": np.exp(3 * RNG.standard_normal(250)),
    "equally spaced": np.arange(200.0),
    "rounded": np.round(RNG.standard_normal(250), 1),
}


def squared_norm(x, share, j, t):
    """||f^(j)||^2 for the squared bandwidth t, by the sum over all pairs of samples."""
    deviation = np.sqrt(2 * t)
    z = np.clip((x[:, np.newaxis] - x) / deviation, -40, 40)  # exp(-40^2 / 2) is 0
    derivative = hermeval(z, np.eye(15)[2 * j]) * norm.pdf(z) / deviation ** (2 * j + 1)
    return (-1) ** j * (share @ derivative @ share)


def image(t, x, share, n):
    """xi gamma(t) as in the paper: t_6 from ||f^(7)||^2, and so on to ||f''||^2."""
    roughness = squared_norm(x, share, 7, t)
    for j in (6, 5, 4, 3, 2):
        odd = np.prod(np.arange(1.0, 2 * j, 2))
        ratio = odd / (n * np.sqrt(np.pi / 2) * roughness)
        t_j = ((1 + 0.5 ** (j + 0.5)) / 3 * ratio) ** (2 / (3 + 2 * j))
        roughness = squared_norm(x, share, j, t_j)
    return (2 * n * np.sqrt(np.pi) * roughness) ** (-2 / 5)


def solution_near(guess, x, weights=None, n=None):
    w = np.ones(len(x)) if weights is None else weights
    share, n = w / np.sum(w), n or np.sum(w) ** 2 / np.sum(w**2)
    low, high = 2 * np.log(0.8 * guess), 2 * np.log(1.25 * guess)
    log_t = brentq(lambda s: np.log(image(np.exp(s), x, share, n)) - s, low, high)
    return np.exp(log_t / 2)


@pytest.mark.parametrize("name", SAMPLES)
def test_all_pairs(name):
    x = SAMPLES[name]
    h = improved_sheather_jones(x)
    assert_allclose(h, solution_near(h, x), rtol=1e-6)


@pytest.mark.parametrize("name", ["normal", "Cauchy", "bimodal", "rounded"])
def test_all_pairs_weighted(name):
    x, w = SAMPLES[name], RNG.exponential(size=250) * 1e3
    h = improved_sheather_jones(x, w)
    assert_allclose(h, solution_near(h, x, w), rtol=1e-6)
    assert abs(h / improved_sheather_jones(x) - 1) > 0.01


@pytest.mark.parametrize(
    "name, wrong",
    [("HIGHEST", 6), ("REACH", 3), ("HIGHEST_FREQUENCY", 3), ("ORDER", 4), ("LOG_XI", 0)],
)
def test_a_wrong_constant_is_noticed(name, wrong, monkeypatch):
    x = np.r_[NORMAL, np.linspace(20, 400, 40)]
    expected = solution_near(improved_sheather_jones(x), x)
    monkeypatch.setattr(_isj, name, wrong)
    assert abs(improved_sheather_jones(x) / expected - 1) > 1e-5


def test_the_solution_is_the_largest():
    # Repetitions make a second one, of a bandwidth near the spacing.
    x = SAMPLES["rounded"]
    h = improved_sheather_jones(x)
    t = (np.geomspace(1.01, 20, 40) * h) ** 2
    assert all(image(s, x, np.full(250, 1 / 250), 250) < s for s in t)
    assert solution_near(0.05, x) < h / 2


@pytest.mark.parametrize("scale", [1e-300, 1e-150, -1e-6, 3.0, 1e150, -1e300, 1e307])
def test_scale(scale):
    for x in (NORMAL, SAMPLES["Cauchy"] / 100):
        h = improved_sheather_jones(x)
        # Mirrored samples lie elsewhere between the nodes.
        rtol = 1e-9 if scale > 0 else 1e-7
        assert_allclose(improved_sheather_jones(scale * x) / abs(scale), h, rtol=rtol)


def test_range_beyond_float64():
    x = np.r_[-1.7, 1.7, NORMAL / 3]
    expected = improved_sheather_jones(x)
    assert_allclose(improved_sheather_jones(x * 1e308) / 1e308, expected, rtol=1e-9)


@pytest.mark.parametrize("shift", [1.0, -1e6, 2.0**40])
def test_shift_and_permutation(shift):
    x = np.round(NORMAL * 2**12) / 2**12  # no digit is lost in the sum
    h = improved_sheather_jones(x)
    assert_allclose(improved_sheather_jones(x + shift), h, rtol=1e-9)
    assert_allclose(improved_sheather_jones(RNG.permutation(x)), h, rtol=1e-9)
    assert_allclose(improved_sheather_jones(x.astype(np.float32)), h, rtol=1e-6)


def test_weights_go_with_their_samples():
    w, order = RNG.uniform(size=250), RNG.permutation(250)
    h = improved_sheather_jones(NORMAL, w)
    assert_allclose(improved_sheather_jones(NORMAL[order], w[order]), h, rtol=1e-9)
    for unit in (5e-305, 1e305):
        assert_allclose(improved_sheather_jones(NORMAL, w * unit), h, rtol=1e-9)


@pytest.mark.parametrize("name", ["normal", "rounded"])
@pytest.mark.parametrize("unit", [5e-324, 1.0, 1e308])
def test_equal_weights_are_no_weights(name, unit):
    x = SAMPLES[name]
    h = improved_sheather_jones(x, np.full(250, unit))
    assert_allclose(h, improved_sheather_jones(x), rtol=1e-9)


def test_weight_zero_is_absence():
    w = np.r_[np.ones(200), np.zeros(50)]
    x = np.r_[NORMAL[:200], np.full(50, 1e9)]
    assert_allclose(
        improved_sheather_jones(x, w), improved_sheather_jones(NORMAL[:200]), rtol=1e-9
    )


def test_weights_are_repetitions_but_for_the_number_of_samples():
    x, w = NORMAL[:100], RNG.integers(1, 4, 100).astype(float)
    kish = np.sum(w) ** 2 / np.sum(w**2)
    h = improved_sheather_jones(x, w)
    assert_allclose(h, solution_near(h, np.repeat(x, w.astype(int)), n=kish), rtol=1e-6)
    # Weights say nothing about how many samples there were; repetitions do.
    assert improved_sheather_jones(np.repeat(x, w.astype(int))) < 0.9 * h


def test_rounding_that_is_finer_than_the_bandwidth_does_not_matter():
    x = RNG.standard_normal(10_000)
    h = improved_sheather_jones(x)
    assert_allclose(improved_sheather_jones(np.round(x, 1)), h, rtol=0.01)


def test_many_samples_reach_the_optimum_for_a_normal_density():
    x = RNG.standard_normal(300_000)
    assert_allclose(improved_sheather_jones(x), (4 / 3 / len(x)) ** 0.2, rtol=0.02)


def test_clusters_of_any_distance():
    h = improved_sheather_jones(np.r_[NORMAL - 200, NORMAL + 200])
    for gap in (1e3, 1e9):
        x = np.r_[np.round(NORMAL * 2**14) / 2**14 - gap, NORMAL + gap]
        assert_allclose(improved_sheather_jones(x), h, rtol=1e-4)
    # A far sample alone must not hide what the others look like.
    x = np.r_[-1.0, NORMAL * 1e-15, 1.0]
    assert_allclose(improved_sheather_jones(x), solution_near(1e-15 * h, x), rtol=1e-6)


def squared_error(x, h, truth):
    grid = np.linspace(-15, 15, 6001)
    difference = fft_density(x, grid, bandwidth=h) - truth(grid)
    return np.trapezoid(difference**2, grid)


def test_separated_modes():
    def truth(grid):
        return (norm.pdf(grid, -6) + norm.pdf(grid, 6, 0.5)) / 2

    x = np.r_[RNG.normal(-6, 1, 1000), RNG.normal(6, 0.5, 1000)]
    scott = rule_of_thumb("scott", 2000, 1) * np.std(x)
    error = squared_error(x, improved_sheather_jones(x), truth)
    best = min(squared_error(x, h, truth) for h in np.geomspace(0.02, 2, 60))
    assert error < 1.5 * best
    assert squared_error(x, scott, truth) > 20 * error


@pytest.mark.parametrize("name", ["normal", "twenty", "equally spaced"])
def test_kdepy(name):
    selection = pytest.importorskip("KDEpy.bw_selection")
    x = SAMPLES[name]
    # KDEpy 1.1.12 multiplies by the range of the data where it means the length of its
    # grid, which is padded by half the range or 6 (its issues 199 and 201).
    n_nodes, extent = 1024, np.ptp(x)
    length = (extent + 2 * max(6.0, extent / 2)) * n_nodes / (n_nodes - 1)
    peer = selection.improved_sheather_jones(x[:, np.newaxis])
    h = improved_sheather_jones(x)
    ratios = np.array([peer, peer * length / extent]) / h
    assert np.min(np.abs(ratios - 1)) < 1e-3  # either is right, once they have repaired it


@pytest.mark.parametrize(
    "x, w, message",
    [
        ([1.0], None, "X must have at least 2 distinct values .*got 1.* number"),
        ([3.0] * 50, None, "X must have at least 2 distinct values .*got 1.* number"),
        ([1.0, 2.0], [0.0, 0.0], "X must have at least 2 distinct values .*got 0"),
        ([1.0, 2.0, 3.0], [0.0, 0.0, 1.0], "X must have at least 2 distinct .*got 1"),
        ([0.0, 1.0], None, "above 2.495.*got 2.*'normal_reference', 'kl' or a number"),
        ([0.0, 1.0, 2.0], [1.0, 1.0, 0.2], "sample_weight .*got 2.37.*normal_reference"),
        (np.repeat([0.0, 1.0], 99), None, "X has too many equal .*normal_reference"),
        (np.r_[NORMAL, np.zeros(50)], None, "X has too many equal .*normal_reference"),
        (np.round(NORMAL), None, "X has too many equal .*normal_reference"),
        (np.array([0, 1.0, 1.7]) * 1e308, None, "X must be rescaled"),
    ],
)
def test_no_bandwidth(x, w, message):
    with pytest.raises(ValueError, match=message):
        improved_sheather_jones(np.asarray(x), None if w is None else np.asarray(w))


def test_the_least_number_of_samples():
    x = np.array([0.0, 1.0, 2.0])
    for third, solvable in [(0.36, True), (0.25, False)]:
        w = np.array([1, 1, third])
        n = np.sum(w) ** 2 / np.sum(w**2)
        t = 1e8  # all pairs agree
        assert (image(t, x, w / np.sum(w), n) < t) == solvable
        if solvable:
            h = improved_sheather_jones(x, w)
            assert_allclose(h, solution_near(h, x, w), rtol=1e-5)
        else:
            with pytest.raises(ValueError, match=r"2\.495"):
                improved_sheather_jones(x, w)


def test_too_large_a_grid():
    x = np.exp(RNG.uniform(-50, 50, 2000))
    with sklearn.config_context(working_memory=1):
        with pytest.raises(ValueError, match=r"X has too many scales.*MiB.*'kl'"):
            improved_sheather_jones(x)
