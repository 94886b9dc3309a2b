"""Products of CSR rows with narrow dense matrices, against dense arithmetic."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_kernelx._cython import _csr_products, _labelled_sums

WIDTHS = [8, 16, 24, 32, 40, 72]


def random_csr(dtype, index_dtype, seed=0):
    rng = np.random.default_rng(seed)
    dense = rng.standard_normal((37, 50)) * (rng.random((37, 50)) < 0.2)
    dense[[3, 36]] = 0
    X = sparse.csr_array(dense.astype(dtype))
    return X.data, X.indices.astype(index_dtype), X.indptr.astype(index_dtype), X.toarray()


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("width", WIDTHS)
def test_csr_times(dtype, index_dtype, width):
    data, indices, indptr, X = random_csr(dtype, index_dtype)
    dense = np.random.default_rng(1).standard_normal((50, width))
    out = np.full((30, width), np.nan)
    _csr_products.csr_times(data, indices, indptr, 7, dense, out, 2)
    np.testing.assert_allclose(out, X[7:].astype(float) @ dense, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("width", WIDTHS)
def test_add_csr_transposed_times(dtype, index_dtype, width):
    data, indices, indptr, X = random_csr(dtype, index_dtype)
    factors = np.random.default_rng(1).standard_normal((20, width))
    sums = np.ones((50, width))
    _csr_products.add_csr_transposed_times(data, indices, indptr, 5, factors, sums, 2)
    expected = 1 + X[5:25].astype(float).T @ factors
    np.testing.assert_allclose(sums, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_same_bits_for_any_number_of_threads(width):
    data, indices, indptr, _ = random_csr(np.float64, np.int32)
    rng = np.random.default_rng(2)
    dense, factors = rng.standard_normal((50, width)), rng.standard_normal((37, width))
    results = []
    for n_threads in (1, 2, 3):
        out, sums = np.empty((37, width)), np.zeros((50, width))
        _csr_products.csr_times(data, indices, indptr, 0, dense, out, n_threads)
        _csr_products.add_csr_transposed_times(
            data, indices, indptr, 0, factors, sums, n_threads
        )
        results.append((out, sums))
    for out, sums in results[1:]:
        np.testing.assert_array_equal(out, results[0][0])
        np.testing.assert_array_equal(sums, results[0][1])


def test_unsorted_and_repeated_indices_add_up():
    data = np.array([1.0, 2.0, 4.0])
    indices, indptr = np.array([2, 0, 2], np.int32), np.array([0, 3], np.int32)
    dense = np.arange(24.0).reshape(3, 8)
    out, sums = np.empty((1, 8)), np.zeros((3, 8))
    _csr_products.csr_times(data, indices, indptr, 0, dense, out, 1)
    np.testing.assert_array_equal(out[0], 2 * dense[0] + 5 * dense[2])
    _csr_products.add_csr_transposed_times(
        data, indices, indptr, 0, np.ones((1, 8)), sums, 1
    )
    np.testing.assert_array_equal(sums[:, 0], [2, 0, 5])


def test_nothing_stored():
    nothing = np.empty(0), np.empty(0, np.int32), np.zeros(3, np.int32)
    out, sums = np.full((2, 8), np.nan), np.zeros((4, 8))
    _csr_products.csr_times(*nothing, 0, np.ones((4, 8)), out, 1)
    _csr_products.add_csr_transposed_times(*nothing, 0, np.ones((2, 8)), sums, 1)
    assert not out.any()
    assert not sums.any()


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_labelled_sums(dtype, index_dtype):
    data, indices, indptr, X = random_csr(dtype, index_dtype)
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, size=25).astype(np.int32)
    factors = rng.random(25) * (rng.random(25) < 0.8)
    expected = np.ones((4, 50))
    for row, factor, label in zip(X[6:31].astype(float), factors, labels, strict=True):
        expected[label] += factor * row
    from_csr, from_dense = np.ones((4, 50)), np.ones((4, 50))
    _labelled_sums.add_csr_rows(data, indices, indptr, 6, factors, labels, from_csr)
    _labelled_sums.add_dense_rows(X[6:31], factors, labels, from_dense)
    np.testing.assert_allclose(from_csr, expected, rtol=1e-13)
    np.testing.assert_allclose(from_dense, expected, rtol=1e-13)
