"""Sufficient statistics of directions: sums about a pivot, which keep their digits."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_kernelx._cython import _unit_sums
from sklearn_kernelx.directional._sphere import check_total, inverse_row_norms

# Rows whose sums are added up by themselves: rounding errors grow with the longer of a
# block and the number of blocks, not with the number of rows.
_ROWS_PER_BLOCK = 256
# Below this the call costs more than the loop.
_NUMBERS_PER_BLOCK = 8192


class CentredSums(NamedTuple):
    """Sums over unit rows u about a unit vector, the `pivot`.

    Attributes
    ----------
    pivot : ndarray of shape (n_features,)
        The direction of a row of largest weight.
    offset : ndarray of shape (n_features,)
        Sum of w (u - pivot).
    spread : float
        Sum of w |u - pivot|^2.
    inverse_norms : ndarray of shape (n_samples,)
        As of :class:`UnitRows`. Rows without a direction are in no sum.
    exponent : int
        The w of the sums are the weights times 2^-exponent, at most 1.
    """

    pivot: NDArray[np.float64]
    offset: NDArray[np.float64]
    spread: float
    inverse_norms: NDArray[np.float64]
    exponent: int


class DirectionStatistics(NamedTuple):
    """What a sample of directions u tells about a von Mises-Fisher law.

    Means instead of sums, so that weights of any scale do no harm.

    Attributes
    ----------
    n_samples : int
        Number of rows with a positive weight and a direction.
    weight : float
        Sum of the weights w.
    effective_size : float
        ``(sum w)^2 / sum w^2``.
    pivot : ndarray of shape (n_features,)
        A unit vector amid the data.
    offset : ndarray of shape (n_features,)
        Mean of u - pivot.
    spread : float
        Mean of ``|u - pivot|^2``.
    """

    n_samples: int
    weight: float
    effective_size: float
    pivot: NDArray[np.float64]
    offset: NDArray[np.float64]
    spread: float


class Resultant(NamedTuple):
    """The mean of directions.

    Attributes
    ----------
    direction : ndarray of shape (n_features,)
        Its direction; the pivot where the mean is zero.
    square : float
        Its squared length r^2.
    square_complement : float
        ``1 - r^2``, with digits of its own.
    length : float
        r, in [0, 1].
    """

    direction: NDArray[np.float64]
    square: float
    square_complement: float

    @property
    def length(self) -> float:
        return min(1.0, float(np.sqrt(self.square)))


def centred_sums(X: Any, weights: NDArray[np.float64]) -> CentredSums:
    """Sum unit rows about one of them, in one pass over dense data.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        As of :class:`UnitRows`; may have rows that are not finite.
    weights : ndarray of shape (n_samples,)
        Non-negative weights of any scale.

    Returns
    -------
    sums : CentredSums
        The sums over rows with a direction.
    """
    heaviest = _heaviest_row(X, weights)
    pivot = _unit_row(X, heaviest)
    exponent = int(np.frexp(weights[heaviest])[1])
    weights = _scaled(weights, -exponent)
    add_up = _csr_block_sums if sparse.issparse(X) else _dense_block_sums
    offset, spread = np.zeros_like(pivot), 0.0
    inverse_norms = np.empty(len(weights))
    rows = _block_size(X)
    for start in range(0, len(weights), rows):
        block = slice(start, start + rows)
        part = add_up(X, block, weights[block], pivot, inverse_norms[block])
        offset += part[0]
        spread += part[1]
    return CentredSums(pivot, offset, float(spread), inverse_norms, exponent)


def _heaviest_row(X: Any, weights: NDArray[np.float64]) -> int:
    """Return the place of the largest weight among rows with a direction, if any has."""
    place = int(np.argmax(weights))
    if inverse_row_norms(X[place : place + 1])[0] > 0:
        return place
    return int(np.argmax(np.where(inverse_row_norms(X) > 0, weights, -1)))


def _unit_row(X: Any, place: int) -> NDArray[np.float64]:
    inverse_norm = inverse_row_norms(X[place : place + 1])[0]
    return _dense_row(X, place) * (inverse_norm if inverse_norm > 0 else 0)


def _scaled(weights: NDArray[np.float64], exponent: int) -> NDArray[np.float64]:
    # Weights of rows without a direction may overflow: they are in no sum.
    with np.errstate(over="ignore"):
        return np.ldexp(weights, exponent)


def _block_size(X: Any) -> int:
    if not sparse.issparse(X):
        return max(_ROWS_PER_BLOCK, _NUMBERS_PER_BLOCK // X.shape[1])
    # Adding up a block's offset costs n_features: not more than the block itself.
    return max(_ROWS_PER_BLOCK, X.shape[0] * X.shape[1] // max(1, X.nnz))


def _dense_block_sums(X, block, weights, pivot, inverse_norms):
    offset, spread = np.zeros_like(pivot), np.zeros(1)
    _unit_sums.centred_sums(X[block], weights, pivot, inverse_norms, offset, spread)
    return offset, spread[0]


def _csr_block_sums(X, block, weights, pivot, inverse_norms):
    indptr = X.indptr[block.start : block.stop + 1]
    offset, present, totals = np.zeros_like(pivot), np.zeros_like(pivot), np.zeros(2)
    _unit_sums.csr_inverse_norms(X.data, indptr, inverse_norms)
    _unit_sums.csr_centred_sums(
        X.data, X.indices, indptr, weights, pivot, inverse_norms, offset, present, totals
    )
    spread, weight = totals
    offset -= (weight - present) * pivot
    return offset, spread


def _dense_row(X: Any, place: int) -> NDArray[np.float64]:
    if not sparse.issparse(X):
        return X[place].astype(np.float64)
    row = np.zeros(X.shape[1])
    entries = slice(X.indptr[place], X.indptr[place + 1])
    row[X.indices[entries]] = X.data[entries]
    return row


def direction_statistics(
    sums: CentredSums, weights: NDArray[np.float64]
) -> DirectionStatistics:
    """Turn sums into statistics.

    Parameters
    ----------
    sums : CentredSums
        Sums with these weights.
    weights : ndarray of shape (n_samples,)
        The weights, 0 for rows without a direction.

    Returns
    -------
    statistics : DirectionStatistics
        The statistics.

    Raises
    ------
    ValueError
        If the sum of the weights overflows.
    """
    scaled = np.ldexp(weights, -sums.exponent)
    total = np.sum(scaled)
    weight = float(_scaled(total, sums.exponent))
    check_total(weight)
    return DirectionStatistics(
        n_samples=int(np.count_nonzero(weights)),
        weight=weight,
        effective_size=float(total**2 / np.sum(scaled**2)),
        pivot=sums.pivot,
        offset=sums.offset / total,
        spread=float(sums.spread / total),
    )


def combine(one: DirectionStatistics, two: DirectionStatistics) -> DirectionStatistics:
    """Return the statistics of both samples together.

    Parameters
    ----------
    one, two : DirectionStatistics
        Statistics of samples with as many features.

    Returns
    -------
    statistics : DirectionStatistics
        About the pivot of the heavier sample.

    Raises
    ------
    ValueError
        If the sum of the weights overflows.
    """
    with np.errstate(over="ignore"):
        weight = float(np.float64(one.weight) + two.weight)
    check_total(weight)
    heavy, light = (one, two) if one.weight >= two.weight else (two, one)
    light = about(light, heavy.pivot)
    a, b = heavy.weight / weight, light.weight / weight
    return DirectionStatistics(
        n_samples=one.n_samples + two.n_samples,
        weight=weight,
        effective_size=1 / (a**2 / heavy.effective_size + b**2 / light.effective_size),
        pivot=heavy.pivot,
        offset=a * heavy.offset + b * light.offset,
        spread=a * heavy.spread + b * light.spread,
    )


def about(
    statistics: DirectionStatistics, pivot: NDArray[np.float64]
) -> DirectionStatistics:
    """Return the same statistics about another pivot."""
    step = statistics.pivot - pivot
    spread = statistics.spread + np.sum((2 * statistics.offset + step) * step)
    return statistics._replace(
        pivot=pivot, offset=statistics.offset + step, spread=max(0.0, float(spread))
    )


def resultant(statistics: DirectionStatistics) -> Resultant:
    """Return the mean direction and both the mean's squared length and its complement.

    No dot products: the bits of BLAS's depend on its number of threads.

    Parameters
    ----------
    statistics : DirectionStatistics
        Statistics of a sample.

    Returns
    -------
    resultant : Resultant
        ``1 - r^2`` is the mean of ``|u - mean|^2``, that is `spread` less the square of
        `offset`: small numbers for concentrated data, where 1 less r^2 has no digits.
    """
    offset = statistics.offset
    mean = statistics.pivot + offset
    square = float(np.sum(mean**2))
    direction = mean / np.sqrt(square) if square > 0 else statistics.pivot
    complement = max(0.0, statistics.spread - float(np.sum(offset**2)))
    return Resultant(direction, square, min(1.0, complement))
