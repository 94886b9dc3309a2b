"""What an attacker can tell from fitted estimators, and mutants that give more away."""

import dataclasses
import itertools
import pickle

import numpy as np
import pytest
from privacy_audits import audited_epsilon, audited_gaussian_epsilon, norm_score

from sklearn_kernelx.privacy import PrivateSimilarity
from sklearn_kernelx.privacy._answers import Answers
from sklearn_kernelx.privacy._moments import Moments
from sklearn_kernelx.privacy._noise import SeededBytes
from sklearn_kernelx.privacy._private_sums import BITS

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn_kernelx.privacy.PrivacyLeakWarning"
)

DELTA = 1e-5
ORDER = {"laplace": 1, "l2": 2}
DRAWS = 20_000
UNIT = 2.0**-BITS
# Another record, without which a fit has none.
OTHER = 0.0


def private(kernel, mechanism, **parameters):
    """One column and few entries, so that a record can reach the bound of their norm."""
    return PrivateSimilarity(
        kernel=kernel,
        mechanism=mechanism,
        delta=DELTA if mechanism == "gaussian" else 0.0,
        bounds=None if kernel == "gaussian" else (-1.0, 1.0),
        n_components=2,
        **parameters,
    )


def canary(estimator):
    """A record that changes both norms as much as any does, or nearly."""
    if estimator.kernel != "gaussian":
        return 1.0
    # Cosine and sine are equal.
    return np.pi / 4 / fitted(estimator).frequencies_[0, 0]


def rows(*records):
    return np.array([[OTHER], *([r] for r in records if r is not None)])


def fitted(estimator):
    return estimator.set_params(random_state=0).fit(rows())


def integers(estimator, record):
    return fitted(estimator)._summary().integer_sum(rows(record)[1:], BITS, 1)


def released_by(estimator, divisor=1.0):
    """Draws of the release, without all the other work of fits."""
    summary = fitted(estimator)._summary()
    noise = estimator._mechanism(summary)
    power = 2 if noise.name == "gaussian" else 1
    noise = dataclasses.replace(noise, scale=int(noise.scale / divisor**power))
    seeds = itertools.count()

    def release(record, n_draws):
        total = summary.integer_sum(rows(record), BITS, 1)
        shape = n_draws, summary.n_entries
        return (total + noise.noise(shape, SeededBytes(next(seeds)))) * UNIT

    return release


def audit(estimator, release, neighbours, n_draws=DRAWS):
    vectors = [integers(estimator, r) * UNIT for r in neighbours]
    base = vectors[1] + integers(estimator, OTHER) * UNIT
    difference = vectors[0] - vectors[1]

    def centred(record, n_draws):
        return release(record, n_draws) - base

    if estimator.mechanism == "gaussian":
        return audited_gaussian_epsilon(centred, neighbours, difference, n_draws, DELTA)
    score = norm_score(difference, ORDER[estimator.mechanism])
    return audited_epsilon(centred, neighbours, score, n_draws)


@pytest.mark.parametrize("mechanism", ["laplace", "gaussian", "l2"])
@pytest.mark.parametrize("kernel", ["gaussian", "sqeuclidean", "l1"])
def test_releases(kernel, mechanism):
    estimator = private(kernel, mechanism, **({"n_bins": 2} if kernel == "l1" else {}))
    neighbours = canary(estimator), None
    n_draws = DRAWS // 4 if mechanism == "l2" else DRAWS
    assert 0.3 < audit(estimator, released_by(estimator), neighbours, n_draws) <= 1
    assert audit(estimator, released_by(estimator, 3), neighbours, n_draws) > 1


@pytest.mark.parametrize("mechanism", ["laplace", "gaussian"])
def test_replaced_records(mechanism):
    """Opposite phases have opposite features."""
    estimator = private("gaussian", mechanism, adjacency="replace_one")
    x = canary(estimator)
    neighbours = x, -3 * x
    assert 0.6 < audit(estimator, released_by(estimator), neighbours) <= 1
    # The mutant: noise for a record more or less.
    assert audit(estimator, released_by(estimator, 2), neighbours) > 1


def test_records_out_of_bounds(monkeypatch):
    estimator = private("sqeuclidean", "laplace")
    assert audit(estimator, released_by(estimator), (1e9, None)) <= 1

    def unclipped(self, X, bits, n_threads):
        v = (X - self._centre) / self._scale
        ones = np.ones(len(X))
        entries = np.column_stack([v, (v**2 - 0.5).sum(axis=1), self.count_weight * ones])
        return np.rint(entries * 2.0**bits).sum(axis=0).astype(np.int64)

    monkeypatch.setattr(Moments, "integer_sum", unclipped)
    assert audit(estimator, released_by(estimator), (3.0, None)) > 1


def test_quotients():
    """Noise over a count must not show the count."""
    estimator = private("gaussian", "laplace")
    summary = fitted(estimator)._summary()
    x, query = canary(estimator), np.array([[OTHER]])

    def means_over(n_samples):
        releases = released_by(estimator)

        def means(record, n_draws):
            draws = releases(record, n_draws)
            answers = Answers(summary, draws, n_samples(record), estimator.noise_deviation_)
            return answers.means(query, 1)[0]

        return means

    def spread(means):
        return abs(means)

    true = means_over(lambda record: len(rows(record)))
    noisy = means_over(lambda record: None)
    assert audited_epsilon(noisy, (x, None), spread, 4_000) <= 1
    assert audited_epsilon(true, (x, None), spread, 4_000) > 1


# ------------------------------------------------------------------- through whole fits


class Quartered(PrivateSimilarity):
    """The mutant with a quarter of the noise, as fits are few."""

    def _mechanism(self, summary):
        noise = super()._mechanism(summary)
        return dataclasses.replace(noise, scale=noise.scale // 4)


class Counting(PrivateSimilarity):
    """The mutant that keeps what it must not."""

    def _read(self, X, y, box):
        X, groups = super()._read(X, y, box)
        self._n_read = len(X)
        return X, groups


def test_fits():
    seeds = itertools.count()
    n_draws = 600

    def bound(cls):
        estimator = cls(**private("gaussian", "laplace").get_params())
        x = canary(estimator)

        def release(record, n_draws):
            return np.array(
                [
                    estimator.set_params(random_state=next(seeds))
                    .fit(rows(record))
                    .release_
                    for _ in range(n_draws)
                ]
            )

        return audit(estimator, release, (x, None), n_draws)

    assert bound(PrivateSimilarity) <= 1
    assert bound(Quartered) > 1


def kept(estimator, *records):
    """The integers released, and all else that is fitted."""
    state = dict(vars(pickle.loads(pickle.dumps(estimator.fit(rows(*records))))))
    release = np.rint(state.pop("release_") / UNIT)
    state.pop("n_samples_noisy_")
    return release, pickle.dumps(state)


@pytest.mark.parametrize("cls", [PrivateSimilarity, Counting])
@pytest.mark.parametrize("kernel", ["gaussian", "sqeuclidean", "l1", "l2"])
def test_nothing_else_is_kept(cls, kernel):
    """With one seed the noise is the same, and releases differ by the record."""
    estimator = cls(**private(kernel, "laplace", random_state=3).get_params())
    (with_record, one), (without, other) = (kept(estimator, *r) for r in ([0.7], []))
    difference = integers(estimator, 0.7)
    np.testing.assert_array_equal(with_record - without, difference)
    assert np.any(difference != 0)
    assert (one == other) == (cls is PrivateSimilarity)
