"""Accuracy of private classifiers by class means of a kernel, and of diffprivlib's."""

import json
import math
import os
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from _harness import Options, data_file, say, table
from cases._privacy_baselines import ExactGaussian
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sklearn_kernelx.privacy import PrivateKernelClassifier

Table = dict[str, Any]

N_SPLITS = 5
DELTA = 1e-5
EPSILONS = (0.5, 1.0, 2.0, 5.0)
ASKED = {("digits", 1.0): (0.86, 0.885)}

BENCHMARKS = Path(__file__).resolve().parent.parent
STORED = BENCHMARKS / "results" / "diffprivlib.json"
PYTHON = "SKLEARN_KERNELX_DIFFPRIVLIB_PYTHON"


class Labelled(NamedTuple):
    """A data set with what is public about it.

    Attributes
    ----------
    X, y : ndarray
        Rows and classes.
    square : float
        Mean squared distance of two rows drawn uniformly from where rows can be; the
        bandwidth is half its root.
    low, high, norm : float
        Bounds of the entries of a row, and of its norm.
    """

    X: NDArray[np.float64]
    y: NDArray[Any]
    square: float
    low: float
    high: float
    norm: float

    @property
    def bandwidth(self) -> float:
        return math.sqrt(self.square) / 2

    @property
    def tests(self) -> NDArray[np.intp]:
        """Return the test rows of each split."""
        rows = np.arange(len(self.X))
        return np.array(
            [
                train_test_split(rows, test_size=0.25, stratify=self.y, random_state=s)[1]
                for s in range(N_SPLITS)
            ]
        )


def labelled(options: Options) -> dict[str, Labelled]:
    """Return the data sets that are there."""
    X, y = load_digits(return_X_y=True)
    found = {"digits": Labelled(X, y, 64 * 16**2 / 6, 0, 16, 128)}
    path = None if options.quick else data_file(
        options, "classification/doc_embeddings_a.npz"
    )  # fmt: skip
    if path is not None:
        with np.load(path) as arrays:
            X, y = arrays["X"].astype(np.float64), arrays["y"]
        # Rows have norm 1; entries of a uniform one rarely exceed 3 / sqrt(d).
        bound = 3 / math.sqrt(X.shape[1])
        found["documents"] = Labelled(X, y, 2, -bound, bound, 1)
    return found


def accuracy_tables(options: Options) -> list[Table]:
    """Return the tables of accuracy."""
    data = labelled(options)
    theirs = diffprivlib_rows(data, options)
    rows = []
    for name, problem in data.items():
        for epsilon in EPSILONS[1:2] if options.quick else EPSILONS:
            say(f"accuracy: {name}, epsilon={epsilon}")
            ours = [
                accuracy(problem, options, **parameters)
                for parameters in our_parameters(problem, epsilon)
            ]
            rows.append(
                [name, epsilon, *ours,
                 *(theirs.get((name, epsilon, c)) for c in DIFFPRIVLIB),
                 *ASKED.get((name, epsilon), (None, None))]
            )  # fmt: skip
    return [
        table(
            "Accuracy of private classifiers",
            ["data", "epsilon", *OURS, *(f"diffprivlib {c}, pure" for c in DIFFPRIVLIB),
             "A10, floor", "A10, good"],
            rows,
            f"Mean of {N_SPLITS} splits, a quarter to test. Kernel: a Gaussian one whose "
            "bandwidth is half the root mean squared distance of two rows drawn uniformly "
            "from where rows can be, which is public: 26 for digits in [0, 16]^64, 0.71 on "
            "the unit sphere, where the documents are, sentence embeddings; 4096 "
            "components, 512 where pure. Counts, as class_prior, compare sums instead of "
            "means. Means: the nearest class mean, bounds [0, 16], or +-3 / sqrt(384) for "
            "the documents. diffprivlib has its best of a few public settings in "
            "hindsight; it is pure, to be compared with our pure columns. "
            + DIFFPRIVLIB_NOTE,
        ),
        limits_table(data),
    ]  # fmt: skip


OURS = (
    f"kernel, delta = {DELTA:g}",
    f"kernel, counts, delta = {DELTA:g}",
    "kernel, counts, pure",
    f"means, delta = {DELTA:g}",
    "means, pure",
)
DIFFPRIVLIB = ("GaussianNB", "LogisticRegression")
DIFFPRIVLIB_NOTE = (
    "Measured by benchmarks/diffprivlib_accuracy.py in an environment of its own, on the "
    "same splits, and quoted from results/diffprivlib.json unless "
    f"{PYTHON} names a Python that has it."
)


def our_parameters(problem: Labelled, epsilon: float) -> list[dict[str, Any]]:
    kernel = partial(dict, kernel="gaussian", bandwidth=problem.bandwidth)
    means = partial(dict, kernel="sqeuclidean", bounds=(problem.low, problem.high))
    sums = {"class_prior": "counts"}
    return [
        kernel(epsilon=epsilon, delta=DELTA, n_components=4096),
        kernel(epsilon=epsilon, delta=DELTA, n_components=4096, **sums),
        kernel(epsilon=epsilon, delta=0, n_components=512, **sums),
        means(epsilon=epsilon, delta=DELTA),
        means(epsilon=epsilon, delta=0),
    ]


def accuracy(problem: Labelled, options: Options, **parameters: Any) -> float:
    scores = []
    for split, test in enumerate(problem.tests[: 1 if options.quick else N_SPLITS]):
        train = np.setdiff1d(np.arange(len(problem.X)), test)
        classifier = PrivateKernelClassifier(
            classes=np.unique(problem.y), feature_random_state=split, **parameters
        )
        classifier.fit(problem.X[train], problem.y[train])
        scores.append(classifier.score(problem.X[test], problem.y[test]))
    return float(np.mean(scores))


def limits_table(data: dict[str, Labelled]) -> Table:
    """Score the classifiers without privacy."""
    rows = []
    for name, problem in data.items():
        scores = []
        for test in problem.tests:
            train = np.setdiff1d(np.arange(len(problem.X)), test)
            X, y, Y = problem.X[train], problem.y[train], problem.X[test]
            classes = np.unique(y)
            groups = [X[y == c] for c in classes]
            kernel = np.stack(
                [ExactGaussian(x, problem.bandwidth)(Y) / len(x) for x in groups]
            )
            distances = np.stack([((Y - x.mean(axis=0)) ** 2).sum(axis=1) for x in groups])
            scores.append(
                [
                    np.mean(classes[kernel.argmax(axis=0)] == problem.y[test]),
                    np.mean(classes[distances.argmin(axis=0)] == problem.y[test]),
                ]
            )
        rows.append([name, len(train), *np.mean(scores, axis=0)])
    return table(
        "Accuracy without privacy",
        ["data", "training rows", "kernel", "means"],
        rows,
        "The limits of the columns above.",
    )


Accuracies = dict[tuple[str, float, str], float]


def diffprivlib_rows(data: dict[str, Labelled], options: Options) -> Accuracies:
    """Return accuracies of diffprivlib: measured if its Python is known, or stored."""
    python = None if options.quick else os.environ.get(PYTHON)
    if python:
        STORED.write_text(_measured(python, data))
    if not STORED.is_file():
        say(f"SKIPPED: diffprivlib ({PYTHON} is not set)")
        return {}
    (stored,) = json.loads(STORED.read_text())["tables"]
    return {
        (name, epsilon, classifier): accuracy
        for name, epsilon, classifier, accuracy, _ in stored["rows"]
    }


def _measured(python: str, data: dict[str, Labelled]) -> str:
    arrays: dict[str, Any] = {"epsilons": EPSILONS}
    for name, problem in data.items():
        arrays[f"{name}_X"] = problem.X
        arrays[f"{name}_y"] = problem.y
        arrays[f"{name}_tests"] = problem.tests
        arrays[f"{name}_range"] = (problem.low, problem.high, problem.norm)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "problems.npz"
        np.savez(path, **arrays)
        script = BENCHMARKS / "diffprivlib_accuracy.py"
        done = subprocess.run(
            [python, script, path], stdout=subprocess.PIPE, text=True, check=True
        )
    return done.stdout
