"""Accuracy of quantum kernels and of the variational classifier beside a tuned RBF SVC."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from _harness import Options, say, table
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_kernelx.quantum import (
    QuantumKernelSVC,
    VariationalQuantumClassifier,
    ZZFeatureMap,
    make_ad_hoc,
)

Table = dict[str, Any]
Split = tuple[NDArray, NDArray, NDArray, NDArray]
MakeClassifier = Callable[[int], BaseEstimator]


def accuracy_tables(options: Options) -> list[Table]:
    """Return the tables of accuracy."""
    return [ad_hoc_table(options), variational_table(options), *real_tables(options)]


# 1. Data that the feature map was made for.


def ad_hoc_splits(n_qubits: int, options: Options) -> Iterator[Split]:
    """Make 20 rows a class to learn from and 50 a class to test, ten times."""
    for seed in range(2 if options.quick else 10):
        X, y = make_ad_hoc(140, n_qubits, gap=0.3, random_state=seed)
        yield tuple(train_test_split(X, y, train_size=40, stratify=y, random_state=seed))  # type: ignore[misc]


def quantum_svc(**parameters: Any) -> MakeClassifier:
    def make(seed: int) -> BaseEstimator:
        return QuantumKernelSVC(ZZFeatureMap(), C=10, random_state=seed, **parameters)

    return make


def rbf_svc(_: int) -> BaseEstimator:
    return GridSearchCV(SVC(), RBF_GRID)


RBF_GRID = {"C": [0.1, 1, 10, 100, 1000], "gamma": np.geomspace(1e-3, 10, 9)}
AD_HOC_CONTENDERS: dict[str, MakeClassifier] = {
    "QuantumKernelSVC, exact": quantum_svc(),
    "QuantumKernelSVC, 1024 shots": quantum_svc(shots=1024),
    "QuantumKernelSVC, projected": quantum_svc(kernel="projected"),
    "SVC, RBF, tuned": rbf_svc,
}
AD_HOC_TARGETS = {
    ("QuantumKernelSVC, exact", 2): 0.99,
    ("QuantumKernelSVC, 1024 shots", 2): 0.98,
    ("QuantumKernelSVC, exact", 3): 0.95,
    ("QuantumKernelSVC, exact", 4): 0.87,
}


def ad_hoc_table(options: Options) -> Table:
    """Score classifiers on data that a quantum kernel separates."""
    rows = []
    for name, make in AD_HOC_CONTENDERS.items():
        say(f"ad hoc data: {name}")
        for q in (2, 3, 4):
            scores = scores_of(make, ad_hoc_splits(q, options))
            rows.append([name, q, *scores, AD_HOC_TARGETS.get((name, q))])
    return table(
        "Accuracy on ad hoc data",
        ["classifier", "qubits", "mean", "least", "at least"],
        rows,
        "make_ad_hoc with gap 0.3, ten times 20 rows a class to learn from and 50 a class "
        "to test. The kernel is that of the data, C = 10; the RBF SVC is tuned by "
        "cross-validation.",
    )


def scores_of(make: MakeClassifier, splits: Iterator[Split]) -> tuple[float, float]:
    scores = []
    for seed, (X, X_test, y, y_test) in enumerate(splits):
        scores.append(make(seed).fit(X, y).score(X_test, y_test))
    return float(np.mean(scores)), float(np.min(scores))


def variational_table(options: Options) -> Table:
    """Score the variational classifier by its depth, solver and shots."""
    rows = []
    for n_layers in range(5):
        say(f"variational classifier: {n_layers} layers")
        rows.append([n_layers, "lbfgs", "", *variational_scores(options, n_layers)])
    say("variational classifier: 1024 shots")
    scores = variational_scores(options, 4, solver="spsa", shots=1024)
    rows.append([4, "spsa", 1024, *scores])
    return table(
        "Accuracy of VariationalQuantumClassifier on ad hoc data of two qubits",
        ["layers", "solver", "shots", "train, mean", "test, mean", "test, least"],
        rows,
        "The same ten data sets.",
    )


def variational_scores(
    options: Options, n_layers: int, **parameters: Any
) -> tuple[float, float, float]:
    train, test = [], []
    for seed, (X, X_test, y, y_test) in enumerate(ad_hoc_splits(2, options)):
        classifier = VariationalQuantumClassifier(
            ZZFeatureMap(), n_layers=n_layers, random_state=seed, **parameters
        ).fit(X, y)
        train.append(classifier.score(X, y))
        test.append(classifier.score(X_test, y_test))
    return float(np.mean(train)), float(np.mean(test)), float(np.min(test))


# 2. Real data.

DATA = {"breast cancer": load_breast_cancer, "wine": load_wine, "digits": load_digits}
PENALTIES = [1, 10, 100]
BANDWIDTHS = [0.003, 0.01, 0.03, 0.1]
WITH_BANDWIDTH = {"C": PENALTIES, "bandwidth": BANDWIDTHS}
REAL_CONTENDERS: dict[str, tuple[BaseEstimator, dict[str, Any]]] = {
    "SVC, RBF": (SVC(), {"C": PENALTIES, "gamma": np.geomspace(1e-3, 1, 7)}),
    "fidelity, linear": (QuantumKernelSVC(entanglement="linear"), WITH_BANDWIDTH),
    "fidelity, full": (QuantumKernelSVC(entanglement="full"), WITH_BANDWIDTH),
    "projected, linear": (
        QuantumKernelSVC(entanglement="linear", kernel="projected", gamma=10),
        WITH_BANDWIDTH,
    ),
    "fidelity, full, bandwidth by alignment": (
        QuantumKernelSVC(entanglement="full", bandwidth="alignment", random_state=0),
        {"C": PENALTIES},
    ),
    "fidelity, full, bandwidth 1": (
        QuantumKernelSVC(entanglement="full", bandwidth=1.0),
        {"C": PENALTIES},
    ),
}


def real_tables(options: Options) -> list[Table]:
    """Score kernels on principal components of real data."""
    rows = []
    for data, read in DATA.items():
        X, y = read(return_X_y=True)
        for q in (4,) if options.quick else (4, 7, 10):
            say(f"real data: {data}, q={q}")
            rows.append(
                [data, q, *(real_score(X, y, q, name, options) for name in REAL_CONTENDERS)]
            )
    return [
        table(
            "Accuracy on principal components of real data",
            ["data", "qubits", *REAL_CONTENDERS],
            rows,
            "Mean of three splits, 70 % of the rows to learn from. Features are "
            "standardised, then rotated to as many components as there are qubits; C and, "
            "where it is not given, the bandwidth, are chosen on the training rows by "
            "3-fold cross-validation, C and gamma for the RBF kernel. gamma = 10 for "
            "the projected kernel.",
        )
    ]


def real_score(X: NDArray, y: NDArray, n_qubits: int, name: str, options: Options) -> float:
    classifier, grid = REAL_CONTENDERS[name]
    steps = [("scale", StandardScaler()), ("pca", PCA(n_qubits, random_state=0))]
    pipeline = Pipeline([*steps, ("svc", classifier)])
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    search = GridSearchCV(
        pipeline,
        {f"svc__{key}": values for key, values in grid.items()},
        cv=folds,
        n_jobs=options.jobs,
    )
    scores = []
    for seed in range(1 if options.quick else 3):
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, train_size=0.7, stratify=y, random_state=seed
        )
        scores.append(search.fit(X_train, y_train).score(X_test, y_test))
    return float(np.mean(scores))
