"""Noise of the l2 norm: its law, its rounding, the bits it needs. Beside each a mutant."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from sklearn_kernelx.privacy import _norm_noise as norm_noise
from sklearn_kernelx.privacy._noise import SeededBytes, SystemEntropy
from sklearn_kernelx.privacy._norm_noise import l2_norm_noise

LEVEL = 1e-6
# Coarse first bits: nearly every decision then asks for more.
BITS = [(48, 64), (3, 4), (0, 2)]


@pytest.fixture(params=BITS, ids=str)
def bits(request, monkeypatch):
    set_bits(monkeypatch, *request.param)
    return request.param


def set_bits(monkeypatch, first, more):
    monkeypatch.setattr(norm_noise, "FIRST_BITS", first)
    monkeypatch.setattr(norm_noise, "MORE_BITS", more)


def from_floats(scale, shape, degrees):
    """The same in floats; with m + 1 degrees of freedom it is nearly right."""
    rng = np.random.default_rng(0)
    chi = np.sqrt(rng.chisquare(degrees, (*shape[:-1], 1)))
    return np.rint(scale * chi * rng.normal(size=shape)).astype(np.int64)


# ------------------------------------------------------------------------------ the law


@pytest.mark.parametrize("m", [1, 2, 3, 10, 33])
@pytest.mark.parametrize("r", [0.1, 1, 7])
def test_the_mixture(m, r):
    """Normal densities over a chi^2 law of m + 1 degrees have the density of the norm."""

    def density(degrees):
        def at(v):
            chi2 = v ** (mpmath.mpf(degrees) / 2 - 1) * mpmath.exp(-v / 2)
            chi2 /= 2 ** (mpmath.mpf(degrees) / 2) * mpmath.gamma(mpmath.mpf(degrees) / 2)
            return chi2 * mpmath.exp(-(r**2) / (2 * v)) / (2 * mpmath.pi * v) ** (m / 2)

        return mpmath.quad(at, [0, r / 9, r / 3, r, r + 3, r + 9, r + 30, mpmath.inf])

    half = mpmath.mpf(m) / 2
    surface = 2 * mpmath.pi**half / mpmath.gamma(half)
    expected = mpmath.exp(-r) / (surface * mpmath.gamma(m))
    assert density(m + 1) / expected == pytest.approx(1, rel=1e-5)
    assert density(m) / expected != pytest.approx(1, rel=1e-3)


def tail(m, x, scale):
    """P(Z_1 > x), x >= 0, for m = 1 and m = 3, by integrals over the other entries."""
    a = x / float(scale)
    return np.exp(-a) / 2 if m == 1 else (a + 2) * np.exp(-a) / 4


def marginal_pvalue(drawn, m, scale):
    """Chi^2 of single entries; cells beyond the last one are one on each side."""
    reach = int(6 * scale)
    edges = np.arange(0.5, reach + 1)
    above = np.append(tail(m, edges, scale), 0.0)
    one_side = above[:-1] - above[1:]
    chances = np.concatenate([one_side[::-1], [1 - 2 * above[0]], one_side])
    cells = np.clip(drawn, -len(edges), len(edges)) + len(edges)
    counts = np.bincount(cells, minlength=len(chances))
    return stats.chisquare(counts, len(drawn) * chances).pvalue


@pytest.mark.parametrize("m", [1, 3])
@pytest.mark.parametrize("scale", [Fraction(4, 3), 5])
def test_marginal_law(bits, m, scale):
    n = 20_000 if bits == BITS[0] else 1_500
    drawn = l2_norm_noise(scale, (n, m), SeededBytes(m))
    for entry in drawn.T:
        assert marginal_pvalue(entry, m, scale) > LEVEL
        assert marginal_pvalue(entry, m, scale * (1.12 if n > 2_000 else 1.5)) < LEVEL


@pytest.mark.parametrize("m", [1, 3])
def test_degrees_of_freedom(m):
    for degrees in m, m + 1:
        drawn = from_floats(5.0, (20_000, m), degrees)
        assert (marginal_pvalue(drawn[:, 0], m, 5) > LEVEL) == (degrees == m + 1)


def cell_chances(scale, reach):
    """Of the squares around the points of a lattice in the plane, by Gauss' rule."""
    nodes, weights = np.polynomial.legendre.leggauss(10)
    # Cells are cut at 0, where the density has a kink.
    t = np.concatenate([(nodes - 1) / 4, (nodes + 1) / 4])
    w = np.tile(weights / 4, 2)
    x = (np.arange(-reach, reach + 1)[:, np.newaxis] + t).ravel()
    radius = np.hypot.outer(x, x)
    density = np.exp(-radius / scale) / (2 * np.pi * scale**2)
    weighted = density * np.multiply.outer(
        np.tile(w, 2 * reach + 1), np.tile(w, 2 * reach + 1)
    )
    return weighted.reshape(2 * reach + 1, 20, 2 * reach + 1, 20).sum(axis=(1, 3))


def test_joint_law_in_the_plane(bits):
    scale, reach = Fraction(3, 2), 4
    chances = cell_chances(float(scale), reach)
    chances = np.append(chances.ravel(), 1 - chances.sum())

    def pvalue(drawn):
        is_near = (abs(drawn) <= reach).all(axis=1)
        cells = (drawn + reach) @ [2 * reach + 1, 1]
        cells = np.where(is_near, cells, len(chances) - 1)
        counts = np.bincount(cells, minlength=len(chances))
        return stats.chisquare(counts, len(drawn) * chances).pvalue

    n = 20_000
    n_drawn = n if bits == BITS[0] else 1_500
    assert pvalue(l2_norm_noise(scale, (n_drawn, 2), SeededBytes(1))) > LEVEL
    # Of the mutants one has a wrong number of degrees, one independent entries.
    deviation = 1.5 * math.sqrt(1.5)
    laplace = np.random.default_rng(2).laplace(scale=deviation, size=(n, 2))
    for mutant in [from_floats(1.5, (n, 2), 2), np.rint(laplace).astype(int)]:
        assert pvalue(mutant) < LEVEL


@pytest.mark.parametrize("m", [1, 2, 3, 8, 65])
@pytest.mark.parametrize("scale", [2**20, 2**48])
def test_radius_and_direction(m, scale):
    drawn = l2_norm_noise(scale, (max(4_000 // m, 200), m), SeededBytes(m)) / scale

    def pvalue(z):
        return stats.kstest(np.linalg.norm(z, axis=1), stats.gamma(m).cdf).pvalue

    assert pvalue(drawn) > LEVEL
    assert pvalue(1.25 * drawn) < LEVEL
    signs, n_signs = (drawn > 0).sum(), drawn.size
    assert stats.binomtest(int(signs), n_signs).pvalue > LEVEL
    # The square of one entry of a uniform direction.
    cosines = drawn[:, 0] ** 2 / (drawn**2).sum(axis=1)
    assert m == 1 or stats.kstest(cosines, stats.beta(0.5, (m - 1) / 2).cdf).pvalue > LEVEL


def test_standard_deviation_of_a_long_vector():
    m = 5000
    drawn = l2_norm_noise(2**34, m, SeededBytes(3)) / 2.0**34
    # The norm has the law Gamma(m), so a relative deviation of 1 / sqrt(m).
    assert np.linalg.norm(drawn) == pytest.approx(m, rel=5 / math.sqrt(m))
    assert drawn.std() == pytest.approx(math.sqrt(m + 1), rel=6 / math.sqrt(m))


def test_low_bits_are_uniform():
    drawn = l2_norm_noise(2**48, (2, 20_000), SeededBytes(7)).ravel()
    assert stats.chisquare(np.bincount(drawn & 255)).pvalue > LEVEL
    rounded = drawn.astype(np.float32).astype(np.int64)
    assert stats.chisquare(np.bincount(rounded & 255, minlength=256)).pvalue < LEVEL


# ----------------------------------------------------------------------- normal numbers


def test_half_normals(bits):
    n = 100_000 if bits == BITS[0] else 3_000
    moduli, n_bits = norm_noise._half_normals(n, SeededBytes(5))
    assert n_bits >= sum(bits)
    # Bits beyond those that are known are uniform.
    rng = np.random.default_rng(6)
    x = (moduli.astype(float) + rng.random(n)) / 2.0**n_bits
    assert stats.kstest(x, stats.halfnorm.cdf).pvalue > LEVEL
    assert stats.kstest(1.2 * x, stats.halfnorm.cdf).pvalue < LEVEL


def test_candidates_that_are_all_kept_would_be_seen(monkeypatch):
    set_bits(monkeypatch, 0, 2)
    monkeypatch.setattr(norm_noise, "_keeps", lambda *_: True)
    moduli, n_bits = norm_noise._half_normals(3_000, SeededBytes(5))
    x = moduli.astype(float) / 2.0**n_bits
    assert stats.kstest(x, stats.halfnorm.cdf).pvalue < LEVEL


@pytest.mark.parametrize("step", [0, 1, 3])
def test_acceptance(monkeypatch, step):
    """Steps of 1, for which there are up to four factors."""
    set_bits(monkeypatch, 0, 2)
    n, source = 3_000, SeededBytes(step)
    uniform = norm_noise._Uniform
    x = [uniform(source) for _ in range(n)]
    is_kept = np.array([norm_noise._keeps(step, u, uniform(source)) for u in x])

    def pvalue(exponent):
        chance = mpmath.quad(lambda x: mpmath.exp(-exponent(x)), [0, 1])
        return stats.binomtest(int(is_kept.sum()), n, float(chance)).pvalue

    assert pvalue(lambda x: x * (2 * step + x) / 2) > LEVEL
    assert pvalue(lambda x: x * (3 * step + x)) < LEVEL
    # Bits that no decision has read are uniform.
    rng = np.random.default_rng(step)
    values = np.array([(u.numerator + rng.random()) / 2**u.bits for u in x])[is_kept]
    law = stats.truncnorm(step, step + 1)
    assert stats.kstest(values + step, law.cdf).pvalue > LEVEL
    assert stats.kstest(step + values**1.5, law.cdf).pvalue < LEVEL


def test_few_decisions_ask_for_more(monkeypatch):
    """With the bits of the module no candidate of a thousand vectors is looked at twice."""
    monkeypatch.setattr(norm_noise, "_keeps", None)
    l2_norm_noise(2**40, (1000, 9), SeededBytes(0))


# -------------------------------------------------------------------------- refinement


class GivenBits:
    """The words that `_extended` asks for, cut from numbers that are known in advance."""

    def __init__(self, numbers, n_bits, known):
        self.numbers, self.left = numbers, n_bits - known

    def __call__(self, n_bytes):
        more = norm_noise.MORE_BITS
        self.left -= more
        words = [(x >> self.left) % 2**more << 64 - more for x in self.numbers]
        return np.array(words, np.uint64).tobytes()


@pytest.mark.parametrize("more", [1, 5, 64])
@pytest.mark.parametrize(
    "scale", [Fraction(50, 3), 1000, 2**30 + 1, Fraction(2**60 + 1, 2**12)]
)
def test_refined_numbers_are_those_of_many_bits(monkeypatch, more, scale):
    monkeypatch.setattr(norm_noise, "MORE_BITS", more)
    m, many = 4, 320
    rng = np.random.default_rng(more)
    n_refined = 0
    for _ in range(10):
        fine = [int(abs(g) * 2**60) << many - 60 for g in rng.normal(size=2 * m + 1)]
        fine = [x + int.from_bytes(rng.bytes(33)) for x in fine]
        with mpmath.workdps(120):
            values = [mpmath.mpf(x) / 2**many for x in fine]
            radius = mpmath.sqrt(sum(v**2 for v in values[m:]))
            scaled = [v * radius * scale.numerator / scale.denominator for v in values[:m]]
            expected = [int(mpmath.nint(v)) for v in scaled]
        known = 4
        moduli = np.array([x >> many - known for x in fine], object)
        source = GivenBits(fine, many, known)
        n_bits = known
        while (got := norm_noise._rounded(Fraction(scale), moduli[None], n_bits)) is None:
            moduli, n_bits = norm_noise._extended(moduli, source), n_bits + more
            n_refined += 1
        assert got.tolist() == [expected]
        assert_array_equal(moduli, [x >> many - n_bits for x in fine])
    assert n_refined >= 10


def test_bounds_hold_and_are_close():
    """Never an integer that the numbers within the bounds do not all have."""
    rng = np.random.default_rng(0)
    n_decided = 0
    for scale, n_bits in itertools.product([Fraction(1, 3), 4, 90], [4, 8, 12]):
        for _ in range(30):
            moduli = (abs(rng.normal(size=(1, 7))) * 2**n_bits).astype(int).astype(object)
            rounded = norm_noise._rounded(Fraction(scale), moduli, n_bits)
            if rounded is None:
                continue
            n_decided += 1
            corners = (moduli.astype(float) + rng.integers(0, 2, (50, 7))) / 2**n_bits
            exact = (
                float(scale)
                * corners[:, :3]
                * np.linalg.norm(corners[:, 3:], axis=1, keepdims=True)
            )
            assert (abs(exact - rounded.astype(float)) <= 0.5 + 1e-9).all()
    assert n_decided > 60


# -------------------------------------------------------------------- arguments, sources


def test_seeds_and_entropy():
    one, same, other = (l2_norm_noise(2**40, (5, 40), SeededBytes(s)) for s in (3, 3, 4))
    assert one.dtype == np.int64
    assert_array_equal(one, same)
    assert not (one == other).any()
    source = SystemEntropy()
    assert not (l2_norm_noise(2**40, 99, source) == l2_norm_noise(2**40, 99, source)).any()


@pytest.mark.parametrize("shape", [0, 1, 7, (3, 0), (0, 3), (2, 3, 4)])
def test_shapes(shape):
    assert l2_norm_noise(5, shape, SystemEntropy()).shape == np.empty(shape).shape


@pytest.mark.parametrize(
    ("scale", "error"), [(1.5, TypeError), (0, ValueError), (2**48 + 1, ValueError)]
)
def test_refused_scales(scale, error):
    with pytest.raises(error, match="scale"):
        l2_norm_noise(scale, 3, SystemEntropy())


def test_short_answers():
    with pytest.raises(ValueError, match="source must return"):
        l2_norm_noise(5, 3, lambda n: bytes(n - 1))
