"""Rows as points of the unit sphere."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator
from sphere_oracles import directions

from sklearn_kernelx.directional._sphere import inverse_row_norms, unit_rows

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 13)) * (RNG.random((30, 13)) < 0.5)
X[:, 0] += 0.1


def read(data, *args, reset=True, **kwargs):
    return unit_rows(BaseEstimator(), data, *args, reset=reset, fitting=True, **kwargs)


def as_csr(data, dtype=np.int32):
    data = sparse.csr_array(data)
    data.indices, data.indptr = data.indices.astype(dtype), data.indptr.astype(dtype)
    return data


FORMS = {"dense": np.asarray, "CSR": as_csr, "CSR64": lambda X: as_csr(X, np.int64)}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


@pytest.mark.parametrize("scale", [1, 1e150, 1e-150, 1e306, 1e-300])
@pytest.mark.parametrize("n_features", [1, 7, 8, 9, 13])
def test_inverse_norms_at_any_scale(form, scale, n_features):
    data = X[:, :n_features] * scale
    expected = 1 / np.linalg.norm(X[:, :n_features].astype(np.longdouble), axis=1)
    actual = inverse_row_norms(form(data)).astype(np.longdouble) * scale
    assert_allclose(actual.astype(float), expected.astype(float), rtol=4e-15)


def test_rows_of_many_scales(form):
    scales = 10.0 ** RNG.integers(-300, 300, size=len(X))
    inverse = inverse_row_norms(form(X * scales[:, np.newaxis]))
    assert_allclose(inverse * scales, inverse_row_norms(X), rtol=4e-15)


def test_float32_rows_have_float64_norms(form):
    data = X.astype(np.float32)
    assert_array_equal(
        inverse_row_norms(form(data)), inverse_row_norms(form(data.astype(float)))
    )


@pytest.mark.parametrize("value", [0, 1e-310])
def test_rows_without_a_direction(form, value):
    data = X.copy()
    data[3] = value
    inverse = inverse_row_norms(form(data))
    assert inverse[3] == 0
    assert np.all(np.delete(inverse, 3) > 0)


@pytest.mark.parametrize("value, message", [(np.nan, "NaN"), (np.inf, "infinity")])
@pytest.mark.parametrize("reset", [True, False])
def test_not_finite(form, value, message, reset):
    data = X.copy()
    data[7, 5] = value
    estimator = BaseEstimator()
    unit_rows(estimator, X, reset=True)
    with pytest.raises(ValueError, match=f"Input X contains {message}"):
        unit_rows(estimator, form(data), reset=reset)


def test_huge_rows_are_finite(form):
    assert np.all(read(form(np.full((3, 13), 1e308))).inverse_norms > 0)


def test_zero_rows_weigh_nothing_and_are_listed(form):
    data = X.copy()
    data[[2, 5]] = 0
    with pytest.warns(UserWarning, match="rows 2, 5 are left out"):
        rows = read(form(data), np.arange(1.0, 31))
    assert_array_equal(np.flatnonzero(rows.weights == 0), [2, 5])
    assert_array_equal(np.flatnonzero(rows.inverse_norms == 0), [2, 5])
    data[2:12] = 0
    with pytest.warns(UserWarning, match="rows 2, 3, 4, 5, 6 and 5 more are left out"):
        read(form(data))
    data[:] = X
    data[4] = 0
    with pytest.warns(UserWarning, match="row 4 is left out"):
        read(form(data))


def test_zero_rows_are_quiet_in_prediction(form):
    estimator = BaseEstimator()
    unit_rows(estimator, X, reset=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = unit_rows(estimator, form(np.zeros((2, 13))), reset=False)
    assert_array_equal(rows.inverse_norms, 0)
    assert_array_equal(rows.weights, 0)


def test_nothing_to_learn_from(form):
    with pytest.raises(ValueError, match="no row with a direction"):
        read(form(np.zeros((3, 4))))
    with pytest.raises(ValueError, match="no row with a direction"):
        read(form(np.diag([0.0, 1, 1])), [1, 0, 0])
    with pytest.raises(ValueError, match=r"[Ss]ample.weight"):
        read(form(X), np.zeros(30))
    with pytest.raises(ValueError, match="sample_weight"):
        read(form(X), -np.ones(30))


@pytest.mark.parametrize("dtype, off", [(np.float64, 1e-5), (np.float32, 1e-2)])
def test_without_normalize_rows_must_be_of_unit_length(form, dtype, off):
    units = directions(X).astype(dtype)
    read(form(units), normalize=False)
    units[4] *= 1 + off
    with pytest.raises(ValueError, match=r"normalize=False.* row 4 is not.*normalize=True"):
        read(form(units), normalize=False)
    units[9] = 0
    with pytest.raises(ValueError, match="rows 4, 9 are not"):
        read(form(units), normalize=False)


def test_csr_is_made_canonical_in_a_copy():
    data = sparse.csr_matrix(
        (np.array([1.0, 2, 3, 5]), np.array([2, 0, 2, 1]), np.array([0, 3, 4])), (2, 3)
    )
    rows = read(data)
    assert_array_equal(data.data, [1, 2, 3, 5])
    assert_array_equal(rows.X.toarray(), [[2, 0, 4], [0, 5, 0]])
    assert_allclose(rows.inverse_norms, [20**-0.5, 0.2])


def test_dense_data_are_not_copied():
    assert np.shares_memory(read(X).X, X)
