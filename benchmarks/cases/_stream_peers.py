"""What learns from streams of labelled batches, under one interface."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

import numpy as np
import sklearn
from _harness import peer
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.blas import dsyrk
from sklearn.linear_model import RidgeClassifier, SGDClassifier
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neural_network import MLPClassifier

from sklearn_kernelx import AnalyticIncrementalClassifier
from sklearn_kernelx._random import seed_from
from sklearn_kernelx.incremental._feature_map import FeatureMap, make_feature_map

ALPHA = 0.1
ALPHAS = np.logspace(-3, 4, 43)
FEW_FEATURES, FEW_INPUTS = 1000, 100
OURS = "ours"
OURS_GCV = "ours, alpha by GCV at the end"
JOINT = "RidgeClassifier, all rows at once"
JOINT_SHUFFLED = "RidgeClassifier, shuffled"
SGD_SHUFFLED = "SGDClassifier, shuffled"
INPUTS, FEATURES = "inputs", "features"
installed = cache(peer)


class Learner(Protocol):
    """Learns batch by batch; knows how many classes there will be, if it must."""

    def partial_fit(self, X: NDArray, y: NDArray) -> Any:
        """Learn from some rows."""

    def predict(self, X: NDArray) -> NDArray:
        """Return labels."""


@dataclass(frozen=True)
class Setting:
    """What a learner is made for: the shape of the problem and a seed."""

    n_features: int
    n_classes: int
    n_components: int
    seed: int

    def feature_map(self) -> FeatureMap:
        """Return the random features that ours draws by itself."""
        return make_feature_map(
            "relu", self.n_features, self.n_components, gamma=None, centers=None,
            projection="orthogonal", dtype=np.float64, seed=seed_from(self.seed),
        )  # fmt: skip


Make = Callable[[Setting], Learner]


def ours(setting: Setting) -> AnalyticIncrementalClassifier:
    """Return our classifier, which is told neither classes nor their number."""
    return AnalyticIncrementalClassifier(
        setting.n_components, alpha=ALPHA, random_state=setting.seed
    )


def learners(setting: Setting) -> dict[tuple[str, str], Make]:
    """Return peers that learn batch by batch, by name and by what they are given.

    Left out are those that would take minutes: with many features avalanche, which spends
    their square on every row, and the predictions of GaussianNB; with many inputs a tree
    in Python.
    """
    few_features = setting.n_components <= FEW_FEATURES
    found: dict[tuple[str, str], Make] = {}
    for name, make in {
        "SGDClassifier": _told(lambda seed: SGDClassifier(random_state=seed)),
        "passive-aggressive": _told(_passive_aggressive),
        "streaming LDA": lambda setting: StreamingLDA(setting.n_classes),
        "MultinomialNB": _told(lambda seed: MultinomialNB()),
        "GaussianNB": _told(lambda seed: GaussianNB()),
    }.items():
        found[name, INPUTS] = make
        if few_features or name != "GaussianNB":
            found[name, FEATURES] = on_features(make)
    found["MLPClassifier", INPUTS] = _told(lambda seed: MLPClassifier(random_state=seed))
    if installed("river"):
        from river.linear_model import SoftmaxRegression
        from river.tree import HoeffdingTreeClassifier

        found["river SoftmaxRegression", INPUTS] = lambda s: River(SoftmaxRegression())
        if setting.n_features <= FEW_INPUTS:
            found["river HoeffdingTree", INPUTS] = lambda s: River(
                HoeffdingTreeClassifier()
            )
    if installed("avalanche.training"):
        found["avalanche StreamingLDA", INPUTS] = avalanche_lda
        if few_features:
            found["avalanche StreamingLDA", FEATURES] = on_features(avalanche_lda)
    return found


def joint(setting: Setting) -> Learner:
    """Return scikit-learn's ridge on our features, to be given all rows at once."""
    return OnFeatures(AllAtOnce(RidgeClassifier(alpha=ALPHA)), setting.feature_map())


def shuffled_sgd(on: str) -> Make:
    """Return SGDClassifier, to be given shuffled rows."""
    make = _told(lambda seed: SGDClassifier(random_state=seed))
    return make if on == INPUTS else on_features(make)


def on_features(make: Make) -> Make:
    """Return a function that makes the same learner on our random features."""

    def make_on_features(setting: Setting) -> Learner:
        behind = replace(setting, n_features=setting.n_components)
        return OnFeatures(make(behind), setting.feature_map())

    return make_on_features


def _told(make: Callable[[int], Any]) -> Make:
    return lambda setting: ToldClasses(make(setting.seed), np.arange(setting.n_classes))


def _passive_aggressive(seed: int) -> Any:
    if tuple(map(int, sklearn.__version__.split(".")[:2])) >= (1, 8):
        return SGDClassifier(penalty=None, learning_rate="pa1", eta0=1.0, random_state=seed)
    from sklearn.linear_model import PassiveAggressiveClassifier

    return PassiveAggressiveClassifier(random_state=seed)


class ToldClasses:
    """A classifier of scikit-learn, told the classes with the first batch."""

    def __init__(self, estimator: Any, classes: NDArray):
        self.estimator, self.classes = estimator, classes

    def partial_fit(self, X: NDArray, y: NDArray) -> None:
        self.estimator.partial_fit(X, y, classes=self.classes)

    def predict(self, X: NDArray) -> NDArray:
        return self.estimator.predict(X)


class AllAtOnce:
    """A classifier that cannot learn batch by batch."""

    def __init__(self, estimator: Any):
        self.estimator = estimator

    def partial_fit(self, X: NDArray, y: NDArray) -> None:
        self.estimator.fit(X, y)

    def predict(self, X: NDArray) -> NDArray:
        return self.estimator.predict(X)

    def decision_function(self, X: NDArray) -> NDArray:
        return self.estimator.decision_function(X)


class OnFeatures:
    """A learner behind a feature map."""

    def __init__(self, learner: Any, feature_map: FeatureMap):
        self.learner, self.feature_map = learner, feature_map

    def partial_fit(self, X: NDArray, y: NDArray) -> None:
        self.learner.partial_fit(self.feature_map.transform(X), y)

    def predict(self, X: NDArray) -> NDArray:
        return self.learner.predict(self.feature_map.transform(X))

    def decision_function(self, X: NDArray) -> NDArray:
        return self.learner.decision_function(self.feature_map.transform(X))


class River:
    """A classifier of river, which takes rows as dictionaries, one by one."""

    def __init__(self, model: Any):
        self.model = model

    def partial_fit(self, X: NDArray, y: NDArray) -> None:
        for row, label in zip(X.tolist(), y.tolist(), strict=True):
            self.model.learn_one(dict(enumerate(row)), label)

    def predict(self, X: NDArray) -> NDArray:
        rows = (dict(enumerate(row)) for row in X.tolist())
        return np.array([self.model.predict_one(row) for row in rows])


class StreamingLDA:
    """Class means and one covariance of all classes (Hayes and Kanan 2020).

    As published, a row's deviation is from the mean its class had before that row, and
    counts n / (n + 1) after n rows. Only classes that have been seen are predicted.
    """

    SHRINKAGE = 1e-4

    def __init__(self, n_classes: int):
        self.counts = np.zeros(n_classes)
        self.n_rows = 0
        self.scatter: Any = None  # lower triangle
        self.means: Any = None

    def partial_fit(self, X: NDArray, y: NDArray) -> None:
        if self.means is None:
            n_features = X.shape[1]
            self.means = np.zeros((len(self.counts), n_features))
            self.scatter = np.zeros((n_features, n_features), order="F")
        deviations = np.empty_like(X)
        for row, label, deviation in zip(X, y, deviations, strict=True):
            deviation[:] = row - self.means[label]
            self.counts[label] += 1
            self.means[label] += deviation / self.counts[label]
            deviation *= np.sqrt(self.n_rows / (self.n_rows + 1))
            self.n_rows += 1
        dsyrk(1, deviations.T, beta=1, c=self.scatter, overwrite_c=True, lower=True)

    def predict(self, X: NDArray) -> NDArray:
        matrix = self.scatter * ((1 - self.SHRINKAGE) / self.n_rows)
        matrix[np.diag_indices_from(matrix)] += self.SHRINKAGE
        directions = cho_solve(
            cho_factor(matrix, lower=True, overwrite_a=True), self.means.T
        )
        scores = X @ directions - 0.5 * np.einsum("kj,jk->k", self.means, directions)
        scores[:, self.counts == 0] = -np.inf
        return scores.argmax(axis=1)


def avalanche_lda(setting: Setting) -> Learner:
    """Return avalanche's streaming LDA."""
    import torch
    from avalanche.training import StreamingLDA as Strategy

    strategy = Strategy(
        slda_model=torch.nn.Identity(), criterion=None, input_size=setting.n_features,
        num_classes=setting.n_classes, evaluator=None,
    )  # fmt: skip
    return Avalanche(strategy)


class Avalanche:
    """A strategy of avalanche, fed row by row; classes not seen are not predicted."""

    def __init__(self, strategy: Any):
        self.strategy = strategy

    def partial_fit(self, X: NDArray, y: NDArray) -> None:
        import torch

        rows, labels = torch.from_numpy(X).float(), torch.from_numpy(y)
        for i in range(len(rows)):
            self.strategy.fit(rows[i : i + 1], labels[i : i + 1])

    def predict(self, X: NDArray) -> NDArray:
        import torch

        scores = self.strategy.predict(torch.from_numpy(X).float()).numpy()
        scores[:, self.strategy.cK.numpy() == 0] = -np.inf
        return scores.argmax(axis=1)
