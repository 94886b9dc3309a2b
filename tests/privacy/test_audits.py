"""What an attacker can tell from releases: never more than is promised, mutants do.

False alarms have a probability of at most 1e-3 each, and the seeds are fixed.
"""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from privacy_audits import (
    audited_epsilon,
    audited_gaussian_epsilon,
    gaussian_epsilon,
    low_bits_score,
    norm_score,
)

from sklearn_kernelx.privacy._calibration import gaussian_delta
from sklearn_kernelx.privacy._mechanisms import mechanism
from sklearn_kernelx.privacy._noise import SeededBytes

BITS = 30
DELTA = 1e-5
# Both norms of the vector of a record in the plane are reached by it.
HALF = round(2**BITS / math.sqrt(2))
CANARY = np.array([HALF, HALF])
L1, L2_SQUARED = 2 * HALF, 2 * HALF**2
ORDER = {"laplace": 1, "l2": 2}
# Draws for each neighbour, and the least bound that a correct release must show: the audit
# of less would prove nothing.
CHEAP = 20_000
COSTLY = 200_000


def calibrated(name, epsilon=1.0, *, records_changed=1, divisor=1.0):
    """A mechanism for the canary, with its noise divided by a number."""
    one = mechanism(
        name,
        epsilon=epsilon,
        delta=DELTA * (name == "gaussian"),
        l1=L1 * records_changed,
        l2_squared=L2_SQUARED * records_changed**2,
        n_entries=2,
    )
    power = 2 if name == "gaussian" else 1
    return dataclasses.replace(one, scale=int(one.scale / divisor**power))


def released_by(one, seed=0):
    """The release of a record alone, or of none."""
    sources = (SeededBytes(s) for s in itertools.count(1000 * seed))

    def release(record, n_draws):
        drawn = one.noise((n_draws, 2), next(sources))
        return (drawn + (0 if record is None else record)) * 2.0**-BITS

    return release


def audit(release, name, neighbours=(CANARY, None), n_draws=CHEAP):
    one, other = (np.zeros(2) if r is None else r * 2.0**-BITS for r in neighbours)

    def centred(record, n_draws):
        return release(record, n_draws) - other

    if name == "gaussian":
        return audited_gaussian_epsilon(centred, neighbours, one - other, n_draws, DELTA)
    score = norm_score(one - other, ORDER[name])
    return audited_epsilon(centred, neighbours, score, n_draws)


# ------------------------------------------------------------------- correct and mutant

SHOWN = {"laplace": 0.75, "l2": 0.5, "gaussian": 0.6}


@pytest.mark.parametrize("name", SHOWN)
def test_noise(name):
    assert SHOWN[name] < audit(released_by(calibrated(name)), name) <= 1
    for divisor in (1.41, 2):
        assert audit(released_by(calibrated(name, divisor=divisor)), name) > 1


@pytest.mark.parametrize("name", SHOWN)
def test_replacing_a_record(name):
    neighbours = CANARY, -CANARY
    correct = released_by(calibrated(name, records_changed=2))
    assert SHOWN[name] < audit(correct, name, neighbours) <= 1
    assert audit(released_by(calibrated(name)), name, neighbours) > 1


def test_noise_used_twice():
    """Of two releases, the first without the record."""
    one = calibrated("laplace")

    def two_releases(seeds):
        def release(record, n_draws):
            first, second = (released_by(one, next(seeds)) for _ in range(2))
            return second(record, n_draws) - first(None, n_draws)

        return release

    assert audit(two_releases(itertools.count()), "laplace") <= 1
    assert audit(two_releases(itertools.repeat(0)), "laplace") > 1


def test_noise_of_floats():
    """Mironov (2012): sums of floats have no lower bits than their larger term has."""
    rng = np.random.default_rng(0)
    record = np.array([0.7071067811865476] * 2)
    l1 = record.sum()

    def floats(record, n_draws):
        return rng.laplace(scale=l1, size=(n_draws, 2)) + (0 if record is None else record)

    score = low_bits_score(53)
    assert audited_epsilon(floats, (record, None), score, CHEAP) > 1
    exact = released_by(calibrated("laplace"))
    assert audited_epsilon(exact, (CANARY, None), score, CHEAP) <= 1


# ----------------------------------------------------------------------- the audit itself


def test_conversion_of_mu():
    for epsilon, mu in itertools.product([0.1, 1, 4], [0.3, 1]):
        assert gaussian_epsilon(mu, gaussian_delta(epsilon, 1 / mu)) == pytest.approx(
            epsilon
        )


def test_bounds_of_known_events():
    """Randomised response, whose epsilon is the logarithm of the odds."""
    rng = np.random.default_rng(1)

    def response(record, n_draws):
        is_true = rng.random(n_draws) < math.e / (1 + math.e)
        return (is_true if record is None else ~is_true).astype(float)

    bounds = [
        audited_epsilon(response, pair, np.asarray, 20_000)
        for pair in [(1, None), (None, 1)] * 20
    ]
    assert 0.9 < min(bounds) < max(bounds) < 1
    for_delta = audited_epsilon(response, (1, None), np.asarray, 20_000, delta=0.1)
    assert for_delta == pytest.approx(math.log(math.e - 0.1 * (1 + math.e)), abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_noise_with_many_draws(name):
    shown = {"laplace": 0.9, "l2": 0.7, "gaussian": 0.85}[name]
    assert shown < audit(released_by(calibrated(name)), name, n_draws=COSTLY) <= 1
    mutant = released_by(calibrated(name, divisor=1.25))
    assert audit(mutant, name, n_draws=COSTLY) > 1
