"""Sums over rows that determine a ridge regression, kept about the mean.

Two sets of rows a and b join by the update of Chan, Golub and LeVeque (1983): with weights
W_a, W_b and delta the difference of the means,

    scatter = scatter_a + scatter_b + W_a W_b / (W_a + W_b) delta delta'.

The same formula with -W_b takes rows out. It holds for features against targets too.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

from sklearn_kernelx._cython._centred_rows import add_weighted_rows, centre_rows
from sklearn_kernelx._parallel import single_threaded_blas
from sklearn_kernelx.incremental._packed import (
    EPS,
    add_squares,
    diagonal_places,
    packed_size,
)

# Squares of features below it cannot overflow a sum of 1e28 of them.
SURELY_SUMMABLE = 1e140
# Of a feature that is constant, relative to its value: some ulp.
ROUNDING_OF_MEAN = 64 * EPS
# Rounding of sums that rows are taken out of, of many blocks each.
REMOVAL = 1e-11


class Moments(NamedTuple):
    """Weighted sums over rows of features and targets.

    Attributes
    ----------
    weight : float
        Sum of weights W.
    mean : ndarray of shape (n_features,)
        Of the features; zeros if not `centred`.
    target_mean : ndarray of shape (n_targets,)
        Likewise.
    scatter : ndarray
        Packed sum of w (x - mean)(x - mean)'.
    cross : ndarray of shape (n_targets, n_features)
        Sum of w (y - target_mean)(x - mean)'.
    target_scatter : ndarray of shape (n_targets,)
        Sum of w (y - target_mean)^2.
    centred : bool
        Whether sums are about the means, and not about zero.
    past : ndarray of shape (n_features,)
        The largest diagonal that the scatter had before rows were taken out: its rounding
        is still there.
    target_past : ndarray of shape (n_targets,)
        The same for `target_scatter`, about zero.
    """

    weight: float
    mean: NDArray[np.float64]
    target_mean: NDArray[np.float64]
    scatter: NDArray[np.float64]
    cross: NDArray[np.float64]
    target_scatter: NDArray[np.float64]
    centred: bool
    past: NDArray[np.float64]
    target_past: NDArray[np.float64]

    @property
    def target_squares(self) -> NDArray[np.float64]:
        """Return the sums of w y^2."""
        return self.target_scatter + self.weight * np.square(self.target_mean)

    @property
    def n_features(self) -> int:
        """Return the number of features."""
        return len(self.mean)

    @property
    def n_targets(self) -> int:
        """Return the number of targets."""
        return len(self.target_mean)

    @property
    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal of the scatter, a copy."""
        return self.scatter[diagonal_places(self.n_features)]

    @property
    def noise(self) -> NDArray[np.float64]:
        """Return what rounding may have added to the diagonal.

        Features far from zero have rounding errors in proportion to their mean.
        """
        of_mean = self.weight * np.square(ROUNDING_OF_MEAN * self.mean)
        return of_mean + self.n_features * EPS * np.maximum(self.diagonal, self.past)


def empty_moments(n_features: int, n_targets: int, centred: bool = True) -> Moments:
    """Return the sums over no rows."""
    return Moments(
        weight=0.0,
        mean=np.zeros(n_features),
        target_mean=np.zeros(n_targets),
        scatter=np.zeros(packed_size(n_features)),
        cross=np.zeros((n_targets, n_features)),
        target_scatter=np.zeros(n_targets),
        centred=centred,
        past=np.zeros(n_features),
        target_past=np.zeros(n_targets),
    )


def block_rows(n_features: int) -> int:
    """Return how many rows to add at once.

    Enough for matrix products at full speed, few enough for the cache and for less than a
    second of work between chances of an interruption.
    """
    return max(64, min(2**34 // n_features**2, max(512, 2**19 // n_features)))


def add_rows(
    moments: Moments,
    features: NDArray,
    targets: NDArray,
    weights: NDArray | None = None,
    exposed: NDArray | None = None,
    n_threads: int = 1,
) -> tuple[Moments, NDArray[np.float64]]:
    """Add a block of rows; the arrays `scatter` and `cross` are changed, last of all.

    Parameters
    ----------
    moments : Moments
        To add to; not to be used afterwards.
    features : ndarray of shape (n_rows, n_features)
        C-ordered float32 or float64.
    targets : ndarray of shape (n_rows, n_exposed)
        float64.
    weights : ndarray of shape (n_rows,), default=None
        Non-negative; None stands for ones.
    exposed : ndarray of shape (n_exposed,), default=None
        Places of the targets that are not zero throughout; None stands for all.
    n_threads : int, default=1
        Number of threads.

    Returns
    -------
    moments : Moments
        With the rows.
    squares : ndarray of shape (n_rows, n_features)
        The rows whose squares were added to the scatter.

    Raises
    ------
    ValueError
        If features are not finite, or squares of features or targets, or weights, overflow
        in sum. `moments` is then unchanged.
    """
    weights = np.ones(len(features)) if weights is None else weights
    exposed = np.arange(moments.n_targets) if exposed is None else exposed
    block = _without_products(moments, features, targets, weights, exposed)
    if block.weight == 0:
        return moments, np.empty((0, moments.n_features))
    with np.errstate(over="ignore", invalid="ignore"):
        joint, shift = _joined(moments, block)
    _check_sums_of_targets(joint)
    # About these centres the sums over the block are those about its mean, and what the
    # shift of means adds.
    nearness = np.sqrt(moments.weight / joint.weight)
    centre = block.mean - nearness * shift.features
    target_centre = block.target_mean - nearness * shift.targets
    roots = np.sqrt(weights)
    squares = np.empty(features.shape)
    largest = centre_rows(features, centre, roots, squares)
    _check_summable(moments, largest, len(features))

    totals = block.weight * nearness * target_centre
    of_shift = np.multiply.outer(totals, shift.features)
    with single_threaded_blas():
        products = _products(squares, roots[:, np.newaxis] * targets)
        of_shift[exposed] -= products
        moments.cross[...] -= of_shift
        add_squares(moments.scatter, squares, n_threads=n_threads)
    return joint, squares


def _without_products(
    moments: Moments,
    features: NDArray,
    targets: NDArray,
    weights: NDArray,
    exposed: NDArray,
) -> Moments:
    """Return the moments of a block of rows, those of pairs of features left out."""
    mean, target_mean = np.zeros(moments.n_features), np.zeros(moments.n_targets)
    target_scatter = np.zeros(moments.n_targets)
    none = np.empty(0)
    with np.errstate(over="ignore", invalid="ignore"):
        weight = float(np.sum(weights))
        _check_weight(moments.weight + weight)
        if moments.centred and weight > 0:
            add_weighted_rows(features, weights / weight, mean)
            check_finite(mean)
            target_mean[exposed] = weights @ targets / weight
        target_scatter[exposed] = weights @ np.square(targets - target_mean[exposed])
    return Moments(
        weight, mean, target_mean, none, none, target_scatter, moments.centred, none, none
    )


def merge_moments(
    moments: Moments, other: Moments, sign: int = 1, n_threads: int = 1
) -> Moments:
    """Add the rows of other moments, or take them out; the arrays of `moments` change.

    Parameters
    ----------
    moments : Moments
        To add to; not to be used afterwards.
    other : Moments
        Of the same features and targets; left as it is.
    sign : {1, -1}, default=1
        -1 takes the rows out, exactly but for rounding.
    n_threads : int, default=1
        Number of threads.

    Returns
    -------
    moments : Moments
        Of both, or of what remains.

    Raises
    ------
    ValueError
        If sums overflow, or rows are taken out that spread more than all that there are.
        `moments` is then unchanged.
    """
    if other.weight == 0:
        return moments
    if _takes_all(moments, other, sign):
        return empty_moments(moments.n_features, moments.n_targets, moments.centred)
    joint, shift = _checked_join(moments, other, sign)
    row = np.sqrt(abs(shift.factor)) * shift.features
    added = np.multiply.outer(shift.factor * shift.targets, shift.features)
    added += sign * other.cross
    blas.daxpy(other.scatter, moments.scatter, a=sign)
    add_squares(moments.scatter, row[np.newaxis], sign, n_threads)
    moments.cross[...] += added
    return joint


def check_merge(moments: Moments, other: Moments, sign: int = 1) -> None:
    """Raise what `merge_moments` would raise, without a change."""
    if other.weight > 0 and not _takes_all(moments, other, sign):
        _checked_join(moments, other, sign)


def insert_targets(moments: Moments, places: NDArray, n_targets: int) -> Moments:
    """Return moments with targets moved to `places` of `n_targets`, new ones being zero."""
    arrays = {}
    for name in ("target_mean", "cross", "target_scatter", "target_past"):
        old = getattr(moments, name)
        arrays[name] = np.zeros((n_targets, *old.shape[1:]))
        arrays[name][places] = old
    return moments._replace(**arrays)


def combine_classes(
    classes: Sequence[Moments],
    factors: NDArray,
    centred: bool = True,
    n_threads: int = 1,
) -> Moments:
    """Return the moments of all classes, with one-hot targets and a factor for each class.

    Parameters
    ----------
    classes : sequence of Moments
        One a class, centred and without targets; left as they are.
    factors : ndarray of shape (n_classes,)
        What the weights of each class are multiplied by.
    centred : bool, default=True
        Whether the sums are to be about the common mean, and not about zero.
    n_threads : int, default=1
        Number of threads.

    Returns
    -------
    moments : Moments
        With as many targets as classes.
    """
    weights = np.array([m.weight for m in classes]) * factors
    means = np.array([m.mean for m in classes])
    total = empty_moments(classes[0].n_features, len(classes), centred)
    weight = float(np.sum(weights))
    if weight == 0:
        return total
    if centred:
        total.mean[...] = weights @ means / weight
        total.target_mean[...] = weights / weight
    deviations = means - total.mean
    for moments, factor in zip(classes, factors, strict=True):
        blas.daxpy(moments.scatter, total.scatter, a=factor)
    rows = np.sqrt(weights)[:, np.newaxis] * deviations
    add_squares(total.scatter, rows, n_threads=n_threads)
    total.cross[...] = weights[:, np.newaxis] * deviations
    total.past[...] = sum(m.past * f for m, f in zip(classes, factors, strict=True))
    total.target_scatter[...] = weights * (1 - total.target_mean)
    return total._replace(weight=weight)


class _Shift(NamedTuple):
    """What joining two sets of rows adds to the sums of each about its own mean."""

    factor: float
    features: NDArray[np.float64]
    targets: NDArray[np.float64]


def _joined(moments: Moments, other: Moments, sign: int = 1) -> tuple[Moments, _Shift]:
    """Return the moments of both, `scatter` and `cross` not yet changed, and the shift."""
    weight = moments.weight + sign * other.weight
    share = sign * other.weight / weight
    shift = _Shift(
        factor=moments.weight * share,
        features=other.mean - moments.mean,
        targets=other.target_mean - moments.target_mean,
    )
    target_scatter = moments.target_scatter + sign * other.target_scatter
    joint = moments._replace(
        weight=weight,
        mean=moments.mean + share * shift.features,
        target_mean=moments.target_mean + share * shift.targets,
        target_scatter=target_scatter + shift.factor * np.square(shift.targets),
    )
    return joint, shift


def _takes_all(moments: Moments, other: Moments, sign: int) -> bool:
    return sign < 0 and moments.weight - other.weight <= EPS * moments.weight


def _checked_join(moments: Moments, other: Moments, sign: int) -> tuple[Moments, _Shift]:
    """Return what `_joined` does, or raise if no rows can have such sums."""
    with np.errstate(over="ignore", invalid="ignore"):
        joint, shift = _joined(moments, other, sign)
        diagonal = moments.diagonal + sign * other.diagonal
        diagonal += shift.factor * np.square(shift.features)
    if sign < 0:
        _check_removable(moments, joint, diagonal)
        past = np.maximum(moments.past, moments.diagonal)
        target_past = np.maximum(moments.target_past, moments.target_squares)
    else:
        _check_weight(joint.weight)
        _check_sums_of_targets(joint)
        _check_sums_of_features(diagonal)
        past = np.maximum(moments.past, other.past)
        target_past = np.maximum(moments.target_past, other.target_past)
    return joint._replace(past=past, target_past=target_past), shift


def _products(rows: NDArray, targets: NDArray) -> NDArray[np.float64]:
    """Return ``targets.T @ rows`` by SciPy's BLAS: NumPy's is another pool of threads."""
    return blas.dgemm(1.0, rows.T, targets.T, trans_b=True).T


def check_finite(found: NDArray | float) -> None:
    """Raise if what was computed from features is not finite, as these are not."""
    if not np.all(np.isfinite(found)):
        raise ValueError(
            "features of X are not finite: scale X, for example by a StandardScaler, or "
            "choose a feature_map that does not overflow"
        )


def _check_summable(moments: Moments, largest: float, n_rows: int) -> None:
    if largest <= SURELY_SUMMABLE:
        return
    check_finite(largest)
    with np.errstate(over="ignore"):
        _check_sums_of_features(moments.diagonal + n_rows * np.square(largest))


def _check_sums_of_features(diagonal: NDArray) -> None:
    if not np.all(np.isfinite(diagonal)):
        raise ValueError(
            "squares of the features of X overflow in sum: scale X or the weights"
        )


def _check_weight(weight: float) -> None:
    if not np.isfinite(weight):
        raise ValueError(
            "weights overflow in sum: scale sample_weight, or class_weight if it is a dict"
        )


def _check_sums_of_targets(joint: Moments) -> None:
    if not np.all(np.isfinite(joint.target_scatter)):
        raise ValueError("squares of y overflow in sum: scale y or the weights")


def _check_removable(moments: Moments, left: Moments, diagonal: NDArray) -> None:
    """Refuse to take rows out that leave less than nothing, beyond rounding."""
    weight = moments.weight
    about_means = weight * (np.square(moments.mean) + np.square(left.mean))
    features = np.maximum(moments.diagonal, moments.past) + about_means
    targets = np.maximum(moments.target_squares, moments.target_past)
    targets = targets + weight * np.square(left.target_mean)
    if np.any(diagonal < -REMOVAL * features) or np.any(
        left.target_scatter < -REMOVAL * targets
    ):
        raise ValueError(
            "the rows spread more than all that were seen: forget rows once, with the X, y "
            "and weights they had"
        )
