"""What a record adds depends on that record alone, so that sensitivities are exact."""

import numpy as np
import pytest
from privacy_oracles import assert_additive, integers_of
from sklearn_kernelx._cython._lattice_sums import MAX_ROWS

from sklearn_kernelx._random import orthogonal_directions
from sklearn_kernelx.privacy._centroids import Centroids
from sklearn_kernelx.privacy._fourier import FourierSummary
from sklearn_kernelx.privacy._histograms import HatHistograms, ProjectedHistograms
from sklearn_kernelx.privacy._landmarks import LandmarkSummary
from sklearn_kernelx.privacy._moments import Moments
from sklearn_kernelx.privacy._spectra import frequencies

RNG = np.random.default_rng(0)
D = 37
X = RNG.uniform(size=(203, D))
BOX = np.zeros(D), np.ones(D)
SUMMARIES = {
    "rff": FourierSummary(frequencies("gaussian", 517, D, 2.0, RNG), 0.3),
    "nystroem": LandmarkSummary(RNG.uniform(size=(101, D)), "gaussian", 2.0, 0.3),
    "histograms": HatHistograms(*BOX, 7),
    "projections": ProjectedHistograms(orthogonal_directions(D, 51, RNG).T, *BOX, 7),
    "moments": Moments(*BOX),
    "centroids": Centroids(*BOX, 0.3),
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


@pytest.mark.parametrize("name", ["rff", "nystroem", "centroids"])
def test_blocks_are_no_larger_than_sums_are_exact(name):
    """However few features there are: sums of a block are in floating point."""
    small = {
        "rff": FourierSummary(np.ones((1, 1))),
        "nystroem": LandmarkSummary(np.ones((1, 1)), "gaussian", 1.0),
        "centroids": Centroids([0.0], [1.0], 0.0),
    }
    for summary in (small[name], SUMMARIES[name]):
        blocks = list(summary._blocks(10**8))
        assert blocks[0].start == 0 and blocks[-1].stop >= 10**8
        assert max(block.stop - block.start for block in blocks) <= MAX_ROWS
