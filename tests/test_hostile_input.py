"""One table of hostile input, run against every estimator: an error that names what is
wrong, or finite output; never a crash, never a silent NaN."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from sklearn_kernelx.utils.discovery import all_estimators


def for_few_rows(estimator):
    """As many clusters as a single row allows, the same at each fit."""
    parameters = estimator.get_params()
    few = {"n_clusters": 1, "random_state": 0}
    return estimator.set_params(**{k: v for k, v in few.items() if k in parameters})


ESTIMATORS = [for_few_rows(estimator()) for _, estimator in all_estimators()]
RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 4))
TAKE_SPARSE = [e for e in ESTIMATORS if get_tags(e).input_tags.sparse]


def with_entry(value):
    bad = X.copy()
    bad[3, 2] = value
    return bad


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def with_indices_of(dtype):
    array = sparse.csr_array(X)
    array.indices, array.indptr = array.indices.astype(dtype), array.indptr.astype(dtype)
    return array


REFUSED = {
    "nan": (with_entry(np.nan), "NaN"),
    "inf": (with_entry(np.inf), "infinity"),
    "empty": (np.empty((0, 4)), "0 sample"),
    "no features": (np.empty((5, 0)), "0 feature"),
    "one dimension": (X[:, 0], "2D array"),
    "three dimensions": (X[np.newaxis], "dim 3|3D"),
    "strings": (X.astype(str).astype(object) + "x", "could not convert"),
    "complex": (X + 1j, "Complex data"),
    "sparse": (sparse.csr_array(X), "[Ss]parse"),
}
ACCEPTED = {
    "one row": X[:1],
    "one column": X[:, :1],
    "constant column": np.hstack([X, np.ones((40, 1))]),
    "all equal": np.ones((40, 4)),
    "huge": X * 1e150,
    "tiny": X * 1e-150,
    "far from the origin": X + 1e9,
    "fewer rows than columns": X[:3],
    "duplicates": np.repeat(X[:4], 10, axis=0),
    "integers": (10 * X).astype(int),
    "booleans": X > 0,
    "float32": X.astype(np.float32),
    "float16": X.astype(np.float16),
    "objects": X.astype(object),
    "lists": X.tolist(),
    "read-only": read_only(X),
    "F-ordered": np.asfortranarray(X),
    "non-contiguous": np.repeat(X, 2, axis=0)[::2, ::-1],
    "byte-swapped": X.astype(">f8"),
}
SPARSE = {
    "CSR": sparse.csr_array(X),
    "CSC": sparse.csc_matrix(X),
    "float32 CSR": sparse.csr_array(X.astype(np.float32)),
    "64-bit indices": with_indices_of(np.int64),
    "mostly zeros": sparse.csr_array(np.where(X > 1, X, 0)),
    "unsorted duplicates": sparse.csr_array(
        (np.ones(120), (np.tile(np.arange(40), 3), np.repeat([2, 1, 2], 40))), (40, 4)
    ),
}


NEED_TWO_CLASSES = ("QuantumKernelSVC", "VariationalQuantumClassifier")
METHODS = ("score_samples", "predict", "transform", "decision_function")


def fit(estimator, data):
    """A fitted clone, with labels if it needs them."""
    n_rows = data.shape[0] if hasattr(data, "shape") else len(data)
    y = np.arange(n_rows) % 3 - 1.0 if get_tags(estimator).target_tags.required else None
    return clone(estimator).fit(data, y)


def outputs(fitted, data):
    """What methods make of data; without such methods, what `fit` found for each row."""
    if not any(hasattr(fitted, method) for method in METHODS):
        yield fitted.leverage_
    for method in METHODS:
        if hasattr(fitted, method):
            yield np.asarray(getattr(fitted, method)(data))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("case", REFUSED)
def test_refused(estimator, case):
    data, message = REFUSED[case]
    if case == "sparse" and estimator in TAKE_SPARSE:
        return
    with pytest.raises((ValueError, TypeError), match=message):
        fit(estimator, data)
    judges_rows = any(hasattr(estimator, method) for method in METHODS)
    if judges_rows and np.ndim(data) == 2 and data.shape[1] == 4 and case != "empty":
        fitted = fit(estimator, X)
        before = next(outputs(fitted, X))
        with pytest.raises((ValueError, TypeError), match=message):
            list(outputs(fitted, data))
        np.testing.assert_array_equal(next(outputs(fitted, X)), before)


@pytest.mark.filterwarnings("ignore:Zero rows of X", "ignore:Only .* independent")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(estimator, case):
    data = ACCEPTED[case]
    if case == "one row" and type(estimator).__name__ in NEED_TWO_CLASSES:
        with pytest.raises(ValueError, match="at least two classes"):
            fit(estimator, data)
        return
    results = list(outputs(fit(estimator, data), data))
    assert results
    for result in results:
        assert len(result) == len(data)
        assert not np.any(np.isnan(result))


@pytest.mark.filterwarnings("ignore:Zero rows of X")
@pytest.mark.parametrize("estimator", TAKE_SPARSE, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("case", SPARSE)
def test_sparse(estimator, case):
    data = SPARSE[case]
    before = data.copy()
    dense = data.toarray()
    results = list(outputs(fit(estimator, data), data))
    expected = list(outputs(fit(estimator, dense), dense))
    assert results
    for result, wanted in zip(results, expected, strict=True):
        assert result.dtype == wanted.dtype
        tolerance = 1e-4 if dense.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(result, wanted, rtol=tolerance, atol=tolerance)
    assert (before != data).nnz == 0


@pytest.mark.parametrize("estimator", TAKE_SPARSE, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("value, message", [(np.nan, "NaN"), (np.inf, "infinity")])
def test_sparse_refused(estimator, value, message):
    with pytest.raises(ValueError, match=message):
        fit(estimator, sparse.csr_array(with_entry(value)))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_data_frames(estimator):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    expected = next(outputs(fit(estimator, X), X))
    names = [f"column {k}" for k in range(4)]
    for make in (pandas.DataFrame, polars.DataFrame):
        frame = make({name: X[:, k] for k, name in enumerate(names)})
        fitted = fit(estimator, frame)
        np.testing.assert_array_equal(next(outputs(fitted, frame)), expected)
        # What scikit-learn itself makes of this kind of frame: its older versions do not
        # know the names of all of them.
        theirs = StandardScaler().fit(frame)
        wanted = names if hasattr(theirs, "feature_names_in_") else None
        found = getattr(fitted, "feature_names_in_", None)
        assert (None if found is None else list(found)) == wanted
