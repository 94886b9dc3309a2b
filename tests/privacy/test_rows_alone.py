"""What a record adds depends on that record alone, so that sensitivities are exact."""

import numpy as np
import pytest
from privacy_oracles import assert_additive, integers_of

from sklearn_kernelx.privacy._fourier import FourierSummary
from sklearn_kernelx.privacy._histograms import HatHistograms, ProjectedHistograms
from sklearn_kernelx.privacy._landmarks import LandmarkSummary
from sklearn_kernelx.privacy._moments import Moments
from sklearn_kernelx.privacy._spectra import frequencies, sphere_directions

RNG = np.random.default_rng(0)
D = 37
X = RNG.uniform(size=(203, D))
BOX = np.zeros(D), np.ones(D)
SUMMARIES = {
    "rff": FourierSummary(frequencies("gaussian", 517, D, 2.0, RNG), 0.3),
    "nystroem": LandmarkSummary(RNG.uniform(size=(101, D)), "gaussian", 2.0, 0.3),
    "histograms": HatHistograms(*BOX, 7),
    "projections": ProjectedHistograms(sphere_directions(51, D, RNG), *BOX, 7),
    "moments": Moments(*BOX),
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_integers_add_up(name):
    assert_additive(SUMMARIES[name], X)


def test_blas_is_a_mutant():
    """Its product rounds a row by where it stands, at least for one of these sizes."""
    turns = SUMMARIES["rff"].frequencies.T / (2 * np.pi)
    whole = X @ turns
    assert any(np.any(X[:n] @ turns != whole[:n]) for n in range(1, 40))


def test_a_record_adds_the_same_among_any_others():
    for summary in SUMMARIES.values():
        alone = integers_of(summary, X[:1])[0]
        for n in (2, 5, 64, 203):
            rest = summary.integer_sum(X[1:n], 30, 1)
            np.testing.assert_array_equal(summary.integer_sum(X[:n], 30, 1) - rest, alone)
