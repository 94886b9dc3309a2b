"""Centred rows against NumPy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn_kernelx._cython._centred_rows import add_weighted_rows, centre_rows

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_weighted_sums(dtype):
    rows, weights = RNG.standard_normal((9, 4)).astype(dtype), RNG.random(9)
    sums = np.ones(4)
    add_weighted_rows(rows, weights, sums)
    assert_allclose(sums, 1 + weights @ rows.astype(np.float64), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_centred(dtype):
    rows = RNG.standard_normal((9, 4)).astype(dtype)
    centre, factors = RNG.standard_normal(4), RNG.random(9)
    out = np.empty((9, 4))
    largest = centre_rows(rows, centre, factors, out)
    expected = factors[:, np.newaxis] * (rows.astype(np.float64) - centre)
    assert_allclose(out, expected, rtol=1e-14)
    assert largest == np.abs(out).max()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (4, 2), (8, 3)])
def test_largest_tells_of_what_is_not_finite(bad, place):
    rows = RNG.standard_normal((9, 4))
    rows[place] = bad
    largest = centre_rows(rows, np.zeros(4), np.ones(9), np.empty((9, 4)))
    assert not np.isfinite(largest)
