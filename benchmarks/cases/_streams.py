"""Labelled data as streams: classes that come in turn, or blur and come again."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from _harness import Options, data_file
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CLASSES_A_TASK = 2
BATCH_SIZE = 32
LARGEST_BATCH = 500
N_PARTS = 10

Tasks = list[list[NDArray[np.intp]]]


class Split(NamedTuple):
    """Rows to learn from and rows held out; labels count from zero."""

    train: NDArray[np.float64]
    labels: NDArray[np.intp]
    test: NDArray[np.float64]
    test_labels: NDArray[np.intp]

    @property
    def n_classes(self) -> int:
        """Return the number of classes."""
        return int(self.labels.max()) + 1


def load(name: str, options: Options) -> tuple[NDArray, NDArray] | None:
    """Return rows scaled to [0, 1] and labels from zero; None if the data are absent.

    The scale is the largest value that the type of data has, so that it depends on no row.
    """
    if name == "digits":
        X, y = load_digits(return_X_y=True)
        return X / 16, y
    file, largest = FILES[name]
    path = data_file(options, file)
    if path is None:
        return None
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            X, names = arrays["X"], arrays["y"]
    else:
        X = np.loadtxt(path, delimiter=",")
        X, names = X[:, 1:], X[:, 0]
    return X / largest, np.unique(names, return_inverse=True)[1]


FILES = {
    "letter": ("classification/letter.data", 15),
    "fashion_mnist_3615": ("classification/fashion_mnist_3615.npz", 255),
}


def split(X: NDArray, y: NDArray, seed: int) -> Split:
    """Hold a fifth of every class out."""
    train, test, labels, test_labels = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=seed
    )
    return Split(train, labels, test, test_labels)


def class_incremental(labels: NDArray, seed: int) -> Tasks:
    """Return rows in batches of 32 by tasks of two classes, in random order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(labels.max() + 1)
    tasks = []
    for first in range(0, len(order), CLASSES_A_TASK):
        of_task = np.isin(labels, order[first : first + CLASSES_A_TASK])
        rows = rng.permutation(np.flatnonzero(of_task))
        tasks.append(np.split(rows, range(BATCH_SIZE, len(rows), BATCH_SIZE)))
    return tasks


def generalised(labels: NDArray, seed: int) -> Tasks:
    """Return batches of 1 to 500 rows in ten parts, of classes that blur and come again.

    Classes begin one after the other at even times. Of the rows of a class, six in ten
    come soon after, three in ten soon after a later time, and one in ten at any time after
    it began. Soon is half a normal law with a standard deviation of the time between two
    beginnings. The logarithms of the batch sizes are uniform, and drawn again if there
    are fewer batches than parts.
    """
    rng = np.random.default_rng(seed)
    n_classes = labels.max() + 1
    begin = rng.permutation(n_classes) / n_classes
    again = rng.uniform(begin, 1)
    kind = rng.choice(3, len(labels), p=(0.6, 0.3, 0.1))
    soon = np.abs(rng.normal(0, 1 / n_classes, len(labels)))
    at_any_time = rng.uniform(begin[labels], 1)
    choices = (begin[labels] + soon, again[labels] + soon, at_any_time)
    rows = np.argsort(np.choose(kind, choices))
    batches = np.split(rows, _batch_ends(len(rows), rng))
    parts = np.linspace(0, len(batches), N_PARTS + 1).astype(int)
    return [batches[i:j] for i, j in pairwise(parts)]


def _batch_ends(n_rows: int, rng: np.random.Generator) -> NDArray[np.intp]:
    while True:
        sizes = np.exp(rng.uniform(0, np.log(LARGEST_BATCH), n_rows)).astype(int)
        ends = np.cumsum(sizes)
        ends = ends[ends < n_rows]
        if len(ends) + 1 >= N_PARTS:
            return ends


STREAMS = {"class-incremental": class_incremental, "generalised": generalised}
