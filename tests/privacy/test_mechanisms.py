"""Mechanisms: which noise, how much, what it costs, what is refused; OpenDP's samplers."""

import dataclasses
import math
import sys
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from sklearn_kernelx.privacy import _mechanisms as mechanisms
from sklearn_kernelx.privacy._arguments import exact
from sklearn_kernelx.privacy._calibration import discrete_gaussian_delta
from sklearn_kernelx.privacy._mechanisms import mechanism
from sklearn_kernelx.privacy._noise import (
    SeededBytes,
    SystemEntropy,
    discrete_gaussian,
    discrete_laplace,
)
from sklearn_kernelx.privacy._norm_noise import l2_norm_noise

LEVEL = 1e-6
UNIT = 2**30


def of(name="auto", *, delta=0.0, **others):
    """For 64 entries of which all may be equal."""
    arguments = dict(epsilon=0.5, l1=8 * UNIT, l2_squared=UNIT**2, n_entries=64)
    return mechanism(name, delta=delta, **(arguments | others))


# -------------------------------------------------------------------- scales and costs


@pytest.mark.parametrize("epsilon", [1e-3, 0.3, 1.0, 20.0, Fraction(1, 3)])
def test_pure_mechanisms(epsilon):
    laplace, l2 = (of(name, epsilon=epsilon) for name in ("laplace", "l2"))
    assert Fraction(8 * UNIT, laplace.scale) <= exact(epsilon)
    assert Fraction(8 * UNIT, laplace.scale - 1) > exact(epsilon)
    assert Fraction(UNIT, l2.scale) <= exact(epsilon) < Fraction(UNIT, l2.scale - 1)
    for one in laplace, l2:
        assert one.privacy == (epsilon, 0.0)
        assert one.rho == exact(epsilon) ** 2 / 2


@pytest.mark.parametrize("epsilon", [1e-3, 0.3, 1.0, 20.0])
def test_gaussian(epsilon):
    one = of("gaussian", epsilon=epsilon, delta=1e-6)
    assert discrete_gaussian_delta(epsilon, one.scale, UNIT**2, 64) <= 1e-6
    less = one.scale * 99 // 100
    assert discrete_gaussian_delta(epsilon, less, UNIT**2, 64) > 1e-6
    assert one.privacy == (epsilon, 1e-6)
    assert one.rho == Fraction(UNIT**2, 2 * one.scale)


@pytest.mark.parametrize("name", ["laplace", "l2", "gaussian"])
def test_standard_deviations(name):
    one = of(name, delta=1e-6 * (name == "gaussian"))
    drawn = one.noise((1000, 64), SeededBytes(1))
    measured = math.sqrt(np.mean((drawn / UNIT) ** 2)) * UNIT
    assert measured == pytest.approx(one.standard_deviation, rel=0.03)
    mutants = of(name, delta=1e-6 * (name == "gaussian"), epsilon=0.53)
    assert measured != pytest.approx(mutants.standard_deviation, rel=0.03)


def test_noise_is_that_of_the_samplers():
    for one, drawn in [
        (of("laplace"), discrete_laplace(16 * UNIT, (3, 64), SeededBytes(0))),
        (of("l2"), l2_norm_noise(2 * UNIT, (3, 64), SeededBytes(0))),
    ]:
        assert_array_equal(one.noise((3, 64), SeededBytes(0)), drawn)
    one = of("gaussian", delta=1e-6)
    drawn = discrete_gaussian(one.scale, 64, SeededBytes(0))
    assert_array_equal(one.noise(64, SeededBytes(0)), drawn)


# -------------------------------------------------------------------------------- auto


def test_auto_with_delta_is_gaussian():
    assert of(delta=1e-6).name == "gaussian"


@pytest.mark.parametrize(
    ("l1", "name"),
    # sqrt(2) l1 against sqrt(65) l2: equal at l1 = 5.70 l2.
    [(8 * UNIT, "l2"), (5.8 * UNIT, "l2"), (5.6 * UNIT, "laplace"), (UNIT, "laplace")],
)
def test_auto_without_delta_has_the_smaller_deviation(l1, name):
    chosen = of(l1=int(l1))
    assert chosen.name == name
    both = [of(each, l1=int(l1)) for each in ("laplace", "l2")]
    assert chosen.standard_deviation == min(one.standard_deviation for one in both)


def test_auto_for_opendp_is_laplace():
    assert of(noise_source="opendp").name == "laplace"


def test_one_entry():
    assert of(l1=UNIT, n_entries=1).name == "laplace"
    assert of("l2", l1=UNIT, n_entries=1).scale == of("laplace", l1=UNIT).scale


# ----------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(name="laplace", delta=1e-6), "delta=1e-06. Set delta=0"),
        (dict(name="l2", delta=1e-6), "mechanism='gaussian'"),
        (dict(name="gaussian"), "mechanism='gaussian' needs a delta"),
        (dict(name="normal"), "mechanism must be one of"),
        (dict(noise_source="numpy"), "noise_source must be one of"),
        (dict(name="l2", noise_source="opendp"), "mechanism='laplace', or"),
        (dict(epsilon=0.0), "epsilon must be positive"),
        (dict(epsilon=math.inf), "epsilon must be positive"),
        (dict(epsilon=math.nan, delta=1e-6), "epsilon must be positive"),
        (dict(delta=1.0), "delta must be between"),
        (dict(delta=-1e-9), "delta must be between"),
        (dict(delta=math.nan), "delta must be between"),
        (dict(name="laplace", epsilon=1e-5), "epsilon=1e-05 is so small"),
        (dict(name="l2", epsilon=1e-6), "epsilon=1e-06 is so small"),
        (dict(epsilon=1e-300), "epsilon=1e-300 is so small"),
        (dict(epsilon=1e-7, delta=1e-9), "epsilon=1e-07 is so small"),
        (dict(l1=0), "l1 must be positive"),
        (dict(l2_squared=-1), "l2_squared must be positive"),
    ],
    ids=str,
)
def test_refused_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        of(**arguments)


@pytest.mark.parametrize("size", [63, 1, (64, 2), 0])
def test_noise_is_for_whole_vectors(size):
    with pytest.raises(ValueError, match="n_entries=64"):
        of().noise(size, SystemEntropy())


def test_large_noise_is_an_error():
    """No scale in range comes near, so the limit is lowered."""
    one = of("laplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mechanisms, "MAX_NOISE", one.scale // 2)
        with pytest.raises(OverflowError, match="epsilon"):
            one.noise(64, SystemEntropy())
    assert one.noise((0, 64), SystemEntropy()).shape == (0, 64)


@pytest.mark.parametrize("name", ["laplace", "l2", "gaussian"])
def test_the_largest_scales_are_far_from_overflow(name):
    one = of(name, n_entries=2000, delta=1e-6 * (name == "gaussian"))
    largest = 2**96 if name == "gaussian" else 2**48
    drawn = dataclasses.replace(one, scale=largest).noise(2000, SystemEntropy())
    assert abs(drawn).max() < 2**61


# ------------------------------------------------------------------------------ opendp


def test_opendp_has_no_seed():
    one = of("laplace", noise_source="opendp")
    with pytest.raises(ValueError, match="random_state=None"):
        one.noise(64, SeededBytes(0))


def test_opendp_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "opendp", None)
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(ImportError, match=r"pip install .*privacy.*native"):
        of("laplace", noise_source="opendp").noise(64, SystemEntropy())


def two_samples_pvalue(one, other):
    """Chi^2 of equal laws, in cells of the pooled draws."""
    edges = np.unique(np.quantile([*one, *other], np.linspace(0, 1, 16)[1:-1]))
    counts = [
        np.bincount(np.digitize(x, edges), minlength=len(edges) + 1) for x in (one, other)
    ]
    counts = np.array(counts)
    return stats.chi2_contingency(counts[:, counts.sum(axis=0) > 0]).pvalue


class TestOpenDP:
    """Its draws are not seeded: a false alarm once in a hundred thousand runs."""

    @pytest.fixture(autouse=True)
    def installed(self):
        pytest.importorskip("opendp")

    @pytest.mark.parametrize(("name", "delta"), [("laplace", 0.0), ("gaussian", 1e-6)])
    @pytest.mark.parametrize("unit", [3, UNIT])
    def test_the_law(self, name, delta, unit):
        n = 4_000
        given = dict(delta=delta, l1=unit, l2_squared=unit**2, n_entries=n)
        theirs = of(name, noise_source="opendp", **given).noise(n, SystemEntropy())
        assert theirs.dtype == np.int64
        ours = of(name, **given)
        assert two_samples_pvalue(theirs, ours.noise(n, SeededBytes(0))) > LEVEL
        more = dataclasses.replace(ours, scale=ours.scale * 3 // 2)
        assert two_samples_pvalue(theirs, more.noise(n, SeededBytes(0))) < LEVEL

    def test_shapes_and_large_scales(self):
        one = of("laplace", noise_source="opendp", epsilon=1e-4)
        drawn = one.noise((3, 64), SystemEntropy())
        assert drawn.shape == (3, 64)
        assert abs(drawn).max() > 2**46
