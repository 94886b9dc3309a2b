"""Which summary answers for a kernel or a distance, from public parameters alone."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx._random import orthogonal_directions
from sklearn_kernelx.privacy._box import Box
from sklearn_kernelx.privacy._centroids import Centroids
from sklearn_kernelx.privacy._fourier import FourierSummary
from sklearn_kernelx.privacy._histograms import (
    HatHistograms,
    ProjectedHistograms,
    default_bins,
)
from sklearn_kernelx.privacy._landmarks import LandmarkSummary, grid
from sklearn_kernelx.privacy._moments import Moments
from sklearn_kernelx.privacy._spectra import frequencies
from sklearn_kernelx.privacy._summary import Summary

DISTANCES = ("l1", "l2", "lp", "sqeuclidean")
_TYPICAL_MEAN = 0.09
_MAX_PURE_DIRECTIONS = 32

SUMMARIES = {
    "rff": FourierSummary,
    "nystroem": LandmarkSummary,
    "histograms": HatHistograms,
    "projections": ProjectedHistograms,
    "moments": Moments,
    "centroids": Centroids,
}


class Construction(NamedTuple):
    """Name and arguments of a summary: plain, public, and all that a query needs."""

    features: str
    arguments: dict[str, Any]

    def summary(self) -> Summary:
        """Make the summary."""
        return SUMMARIES[self.features](**self.arguments)


class Request(NamedTuple):
    """Parameters of an estimator that say what is to be summed, and how."""

    kernel: str
    bandwidth: float
    p: float
    features: str
    n_components: int
    n_bins: int | str
    bounds: Any
    landmarks: ArrayLike | None
    epsilon: float
    delta: float
    # For "sqeuclidean": the distance to the mean, and not the mean of distances.
    to_mean: bool


def count_weight(law: str, n_entries: int) -> float:
    """Return the weight w of the entry of a record that counts it.

    Noise of the Gaussian or the l2 mechanism grows as sqrt(1 + w^2), that of Laplace's as
    sqrt(m) + w for m entries, and the error that the count brings to a mean k is
    k / w times the noise. The w that makes the whole least is sqrt(k) and nearly
    (k^2 sqrt(m))^(1/3); here k is .09.
    """
    if law == "laplace":
        return (_TYPICAL_MEAN**2 * np.sqrt(n_entries)) ** (1 / 3)
    return _TYPICAL_MEAN**0.5


def construction(
    request: Request,
    box: Box | None,
    n_features: int,
    count_weight: float,
    generator: np.random.Generator,
) -> Construction:
    """Choose the summary of a request.

    Parameters
    ----------
    request : Request
        What is to be summed.
    box : tuple of two ndarrays of shape (n_features,), or None
        Public bounds of records.
    n_features : int
        Number of features of a record.
    count_weight : float
        Weight of the entry of a record that counts it; 0 where the number is public.
    generator : Generator
        Draws frequencies and directions, which are public.

    Returns
    -------
    construction : Construction
    """
    if request.kernel in DISTANCES:
        return _for_distance(request, box, n_features, count_weight, generator)
    landmarks = _landmarks(request, box, n_features)
    if landmarks is not None:
        return Construction(
            "nystroem",
            {
                "landmarks": landmarks,
                "kernel": request.kernel,
                "bandwidth": request.bandwidth,
                "count_weight": count_weight,
            },
        )
    drawn = frequencies(
        request.kernel,
        max(1, request.n_components // 2),
        n_features,
        request.bandwidth,
        generator,
    )
    return Construction("rff", {"frequencies": drawn, "count_weight": count_weight})


def _landmarks(
    request: Request, box: Box | None, n_features: int
) -> NDArray[np.float64] | None:
    """Landmarks given, or a grid, or None for random features."""
    features, given = request.features, request.landmarks
    if given is not None:
        if features not in ("auto", "nystroem"):
            raise ValueError(
                f"landmarks are not used with features={features!r}: pass landmarks=None "
                "or features='nystroem'."
            )
        return _checked_landmarks(given, n_features)
    if features == "nystroem":
        raise ValueError("landmarks must be given with features='nystroem'.")
    if features == "rff" or (features == "auto" and (box is None or n_features > 3)):
        return None
    if box is None:
        raise ValueError("bounds must be given with features='grid'.")
    points = grid(*box, request.bandwidth, request.kernel, request.n_components)
    if points is None and features == "grid":
        raise ValueError(
            "features='grid' is for kernel='gaussian' and 'cauchy', with as few features "
            "and as wide a bandwidth as lets n_components="
            f"{request.n_components} points fill the bounds. Take features='rff', or more "
            "points."
        )
    return points


def _checked_landmarks(given: ArrayLike, n_features: int) -> NDArray[np.float64]:
    landmarks = np.array(given, dtype=np.float64, ndmin=1)
    if landmarks.ndim != 2 or landmarks.shape[1] != n_features or len(landmarks) == 0:
        raise ValueError(
            f"landmarks must have the shape (n_landmarks, {n_features}); got "
            f"{landmarks.shape}."
        )
    if not np.all(np.isfinite(landmarks)):
        raise ValueError("landmarks must be finite.")
    return landmarks


def _for_distance(
    request: Request,
    box: Box | None,
    n_features: int,
    count_weight: float,
    generator: np.random.Generator,
) -> Construction:
    if box is None:
        raise ValueError(
            f"bounds must be given with kernel={request.kernel!r}, as a record beyond any "
            "bound would change the sum by as much."
        )
    if request.features != "auto" or request.landmarks is not None:
        raise ValueError(
            f"features and landmarks are for kernels; with kernel={request.kernel!r} pass "
            "features='auto' and landmarks=None."
        )
    arguments: dict[str, Any] = {"low": box[0], "high": box[1]}
    if request.kernel == "sqeuclidean" and request.to_mean:
        return Construction("centroids", {**arguments, "count_weight": count_weight})
    if request.kernel == "sqeuclidean" or (request.kernel == "lp" and request.p == 2):
        if count_weight == 0:
            arguments["count_weight"] = 0.0
        return Construction("moments", arguments)
    if request.kernel == "l2":
        return _projections(request, arguments, n_features, generator)
    arguments["power"] = request.p if request.kernel == "lp" else 1.0
    arguments["n_bins"] = _n_bins(request, n_features, 1)
    return Construction("histograms", arguments)


def _projections(
    request: Request,
    arguments: dict[str, Any],
    n_features: int,
    generator: np.random.Generator,
) -> Construction:
    n_directions = max(1, request.n_components // 2)
    if request.delta == 0:
        # Pure noise in an answer grows as the root of their number.
        n_directions = min(n_directions, _MAX_PURE_DIRECTIONS)
    with single_threaded_blas():
        directions = orthogonal_directions(n_features, n_directions, generator)
    arguments["directions"] = directions.T
    # Projections fill a part of their interval only.
    arguments["n_bins"] = _n_bins(request, n_directions, 2)
    return Construction("projections", arguments)


def _n_bins(request: Request, n_columns: int, factor: int) -> int:
    if request.n_bins != "auto":
        return int(request.n_bins)
    return factor * default_bins(n_columns, request.epsilon, request.delta)
