"""Real data sets that several subjects measure on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from _harness import Options, data_file, peer
from numpy.typing import NDArray
from sklearn.datasets import load_digits, load_sample_images
from sklearn.feature_extraction.image import extract_patches_2d


def load(name: str, options: Options) -> NDArray[np.float64] | None:
    """Return the rows of a data set as they are, without targets; None if absent."""
    if name in BUNDLED:
        return BUNDLED[name]()
    file, read = FILES[name]
    path = data_file(options, file)
    return None if path is None else read(path)


def standardised(points: NDArray) -> NDArray:
    """Return the points with mean 0 and standard deviation 1 in every feature."""
    return (points - points.mean(axis=0)) / points.std(axis=0)


def _without_last(path: Path) -> NDArray:
    return np.loadtxt(path, delimiter=",")[:, :-1]


def _without_first(path: Path) -> NDArray:
    return np.loadtxt(path, delimiter=",")[:, 1:]


def _array_x(path: Path) -> NDArray:
    with np.load(path) as arrays:
        return arrays["X"].astype(np.float64)


FILES: dict[str, tuple[str, Callable[[Path], NDArray]]] = {
    "protein": ("uci/protein.csv.gz", _without_last),
    "bike": ("uci/bike.csv.gz", _without_last),
    "letter": ("classification/letter.data", _without_first),
    "doc_embeddings_a": ("classification/doc_embeddings_a.npz", _array_x),
}


def _digits() -> NDArray:
    return load_digits().data


def _patches() -> NDArray | None:
    if peer("PIL") is None:  # scikit-learn reads the photographs with it
        return None
    patches = [
        extract_patches_2d(image, (4, 4), max_patches=3000, random_state=0)
        for image in load_sample_images().images
    ]
    return np.concatenate(patches).reshape(-1, 48).astype(np.float64)


# Data that come with scikit-learn.
BUNDLED: dict[str, Callable[[], NDArray | None]] = {
    "digits": _digits,
    "patches": _patches,
}
