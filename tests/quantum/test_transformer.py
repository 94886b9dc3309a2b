"""QuantumKernelTransformer before estimators of scikit-learn, and what it keeps."""

import pickle
from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.decomposition import KernelPCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_kernelx import (
    QuantumKernelSVC,
    QuantumKernelTransformer,
    ZZFeatureMap,
    bloch_vectors,
    fidelity_kernel,
    projected_kernel,
)
from sklearn_kernelx.quantum import _fidelity, _projected

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 4))
X_NEW = RNG.standard_normal((30, 4))
Y = np.sin(X[:, 0]) + X[:, 1]
MAP = ZZFeatureMap(entanglement="linear", bandwidth=0.3)
FUNCTIONS = {
    "fidelity": fidelity_kernel,
    "projected": partial(projected_kernel, gamma=2.0),
    "bloch": bloch_vectors,
}
KINDS = list(FUNCTIONS)


def transformer(kernel, **parameters):
    return QuantumKernelTransformer(MAP, kernel=kernel, gamma=2.0, **parameters)


def wanted_features(kernel, rows, dtype=np.float64):
    others = () if kernel == "bloch" else (X,)
    return FUNCTIONS[kernel](rows, *others, feature_map=MAP, dtype=dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("kernel", KINDS)
def test_equals_the_function(kernel, dtype):
    fitted = transformer(kernel, dtype=dtype).fit(X)
    found = fitted.transform(X_NEW)
    np.testing.assert_array_equal(found, wanted_features(kernel, X_NEW, dtype))
    assert found.dtype == dtype
    assert found.shape == (30, 12 if kernel == "bloch" else 50)


@pytest.mark.parametrize("kernel", KINDS)
def test_training_rows(kernel):
    fitted = transformer(kernel)
    square = fitted.fit_transform(X)
    np.testing.assert_allclose(fitted.transform(X), square, atol=1e-14)
    np.testing.assert_array_equal(
        transformer(kernel).fit(X).transform(X_NEW[:1]).shape[1], square.shape[1]
    )
    if kernel != "bloch":
        np.testing.assert_allclose(square, square.T, rtol=0, atol=1e-15)
        np.testing.assert_array_equal(np.diag(square), 1)


def test_same_kernel_as_the_classifier():
    y = (Y > 0).astype(int)
    model = make_pipeline(QuantumKernelTransformer(), SVC(kernel="precomputed"))
    clf = QuantumKernelSVC().fit(X, y)
    np.testing.assert_allclose(
        model.fit(X, y).decision_function(X_NEW), clf.decision_function(X_NEW), atol=1e-10
    )


@pytest.mark.parametrize("kernel", KINDS)
def test_names_and_containers(kernel):
    pandas = pytest.importorskip("pandas")
    fitted = transformer(kernel).fit(X)
    names = fitted.get_feature_names_out()
    assert len(names) == len(set(names)) == (12 if kernel == "bloch" else 50)
    assert names[0] == "quantumkerneltransformer0"
    fitted.set_output(transform="pandas")
    for frame in (fitted.transform(X_NEW), fitted.fit_transform(X)):
        assert isinstance(frame, pandas.DataFrame)
        assert list(frame.columns) == list(names)


@pytest.mark.parametrize("kernel", ["fidelity", "projected"])
def test_kernel_ridge_pipeline(kernel):
    """Its solution by hand."""
    ridge = KernelRidge(kernel="precomputed", alpha=0.1)
    model = make_pipeline(transformer(kernel), ridge).fit(X, Y)
    square, rows = wanted_features(kernel, X), wanted_features(kernel, X_NEW)
    wanted = rows @ np.linalg.solve(square + 0.1 * np.eye(50), Y)
    np.testing.assert_allclose(model.predict(X_NEW), wanted, atol=1e-10)


def test_gaussian_process_on_bloch_vectors():
    """Its mean is kernel ridge regression on the projected kernel of gamma 1 / length^2."""
    process = GaussianProcessRegressor(RBF(0.5, "fixed"), alpha=0.1)
    on_vectors = make_pipeline(transformer("bloch"), process).fit(X, Y)
    projected = QuantumKernelTransformer(MAP, kernel="projected", gamma=4.0)
    on_kernel = make_pipeline(projected, KernelRidge(kernel="precomputed", alpha=0.1))
    np.testing.assert_allclose(
        on_vectors.predict(X_NEW), on_kernel.fit(X, Y).predict(X_NEW), atol=1e-9
    )


def test_kernel_pca_pipeline():
    model = make_pipeline(transformer("fidelity"), KernelPCA(3, kernel="precomputed"))
    scores = model.fit_transform(X)
    square = wanted_features("fidelity", X)
    square = square - square.mean(axis=0)
    square = square - square.mean(axis=1, keepdims=True)
    eigenvalues, eigenvectors = np.linalg.eigh(square)
    wanted = eigenvectors[:, :-4:-1] * np.sqrt(eigenvalues[:-4:-1])
    np.testing.assert_allclose(np.abs(scores), np.abs(wanted), atol=1e-9)
    np.testing.assert_allclose(model.transform(X), scores, atol=1e-9)


def test_logistic_regression_on_bloch_vectors():
    data = load_wine(return_X_y=True)
    model = make_pipeline(
        StandardScaler(),
        QuantumKernelTransformer(kernel="bloch"),
        LogisticRegression(C=100),
    )
    assert cross_val_score(model, *data).mean() > 0.93


def test_nystroem_takes_the_functions():
    kernel = partial(fidelity_kernel, feature_map=MAP)
    features = Nystroem(kernel, n_components=50, random_state=0).fit_transform(X)
    np.testing.assert_allclose(features @ features.T, kernel(X), atol=1e-9)


def test_grid_search_in_a_pipeline():
    model = make_pipeline(QuantumKernelTransformer(), KernelRidge(kernel="precomputed"))
    grid = {
        "quantumkerneltransformer__bandwidth": [0.05, 0.2],
        "quantumkerneltransformer__kernel": ["fidelity", "projected"],
        "quantumkerneltransformer__reps": [1, 2],
        "kernelridge__alpha": [0.1, 1.0],
    }
    searches = [
        GridSearchCV(model, grid, cv=2, n_jobs=n_jobs, error_score="raise").fit(X, Y)
        for n_jobs in (None, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    assert len(np.unique(scores)) > 8


@pytest.mark.parametrize("kernel", KINDS)
def test_threads_and_parameters_set_later_change_nothing(kernel):
    fitted = transformer(kernel, n_jobs=1).fit(X)
    wanted = fitted.transform(X_NEW)
    fitted.set_params(n_jobs=3)
    np.testing.assert_array_equal(fitted.transform(X_NEW), wanted)
    fitted.set_params(gamma=9.0, dtype=np.float32, feature_map="z")
    fitted.set_params(kernel="bloch" if kernel != "bloch" else "fidelity")
    np.testing.assert_array_equal(fitted.transform(X_NEW), wanted)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(fitted)).transform(X_NEW), wanted
    )


def test_rows_are_copied_and_only_kept_if_needed():
    rows = X.copy()
    fitted = QuantumKernelTransformer().fit(rows)
    rows[:] = 0
    np.testing.assert_array_equal(fitted.X_fit_, X)
    assert transformer("bloch").fit(X).X_fit_ is None


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"kernel": "rbf"}, "'kernel'"),
        ({"bandwidth": "alignment"}, "'bandwidth'"),
        ({"feature_map": MAP, "reps": 3}, "^reps"),
        ({"gamma": 0.0}, "'gamma'"),
        ({"max_qubits": 3, "entanglement": "full"}, "max_qubits=3"),
        ({"dtype": np.dtype(int)}, "^dtype"),
    ],
)
def test_refused_and_nothing_lost(parameters, message, method):
    fitted = QuantumKernelTransformer(entanglement="full").fit(X)
    before = vars(fitted).copy()
    with pytest.raises(ValueError, match=message):
        getattr(fitted.set_params(**parameters), method)(X[:10])
    after = vars(fitted)
    assert after.keys() == before.keys()
    assert {k for k in before if before[k] is not after[k]} <= set(parameters)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize("kernel", KINDS)
@pytest.mark.parametrize("row", [0, 9])
def test_phases_of_any_row_that_overflow_are_refused(row, kernel, method):
    fitted = transformer(kernel).fit(X)
    before = vars(fitted).copy()
    rows = X[:10].copy()
    rows[row] = 1e200
    with pytest.raises(ValueError, match=r"phases of X overflow.*scale X"):
        getattr(fitted, method)(rows)
    assert vars(fitted).keys() == before.keys()
    assert all(value is before[name] for name, value in vars(fitted).items())


def test_functions_are_asked_about_one_row_when_fitting():
    asked = []

    def states(rows):
        asked.append(len(rows))
        return MAP.statevectors(rows)

    QuantumKernelTransformer(states).fit(X)
    assert asked == [1]


@pytest.mark.parametrize("kernel", KINDS)
def test_many_qubits_are_refused_before_any_state(kernel, monkeypatch):
    def no_states(*_):
        raise AssertionError

    for module in (_fidelity, _projected):
        monkeypatch.setattr(module, "prepare_states", no_states)
    rows = RNG.standard_normal((5, 40))
    with pytest.raises(ValueError, match=r'entanglement="linear".*kernel="projected"'):
        QuantumKernelTransformer(entanglement="full", kernel=kernel).fit(rows)
    monkeypatch.undo()
    QuantumKernelTransformer(kernel=kernel).fit_transform(rows)
