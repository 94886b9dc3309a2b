"""Sums of distances from histograms with hat-shaped bins.

An interval has nodes at the ends of equal cells. A record x shares one unit between the
two nodes next to it, as linear interpolation does: it adds hat_j(x) to node j. What a query
y gets from the counts c is ``sum_j w_j(y) c_j``: the function sum_j w_j(y) hat_j(x) of x in
the place of f(x) = abs(x - y)^p. Of all such functions, continuous and linear on the cells,
the weights here are those of the nearest one to f in L2:

    w(y) = M^-1 m(y),    M_ij = int hat_i hat_j,    m_j(y) = int hat_j(x) f(x) dx.

- No other choice has a smaller root mean square of the error over records anywhere in the
  interval. The error is orthogonal to all hats: an answer is exact in expectation for each
  density that is continuous and linear on the cells.
- So for records from a smooth density r the bias is the integral of (f - Pf) (r - Pr) with
  the projection P. In the width h of cells r - Pr is O(h^2), f - Pf is O(h^2) in the mean,
  and O(h^(1 + p)) for p < 1 because of its kink: the bias is O(h^4) for p >= 1 and
  O(h^(3 + p)) below. With w_j(y) = f(node_j), which interpolates, it is O(h^2).
- In terms of the density M^-1 c on the nodes, the answer is the integral of f against it.
  For p = 1 that is a cubic in y on every cell, and linear in y outside.
- One record moves an answer from the truth by O(h^min(p, 1)) at most, so that the bias for
  records in fewer places than there are bins is of that order.

A query costs a cubic a column, whatever the number of bins and of records.
"""

import math
from collections.abc import Iterator
from functools import cached_property
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicHermiteSpline, CubicSpline
from scipy.linalg import solveh_banded

from sklearn_kernelx._cython import _hat_histograms
from sklearn_kernelx._cython._row_products import multiply_rows
from sklearn_kernelx._parallel import row_blocks, worthwhile_threads
from sklearn_kernelx.privacy._arguments import check_positive, positive_int
from sklearn_kernelx.privacy._box import centre_and_half, checked_box, half_diagonal
from sklearn_kernelx.privacy._calibration import gaussian_sigma

Array = NDArray[np.float64]

# Columns share the noise in parts of 2^-16, so that units are integers for 16 bits or more.
_SHARE_BITS = 16
# Cubic pieces a cell, and outside the interval; for p = 1 the cubics are exact.
_PIECES_A_CELL = 16
_PIECES_OUTSIDE = 64
# A projection further from the centre is clipped: three standard deviations of that of a
# corner of the box on a random direction.
_REACH = 3.0


class HatHistograms:
    """Estimates sums of ``sum_k abs(x_k - y_k)^power`` over records in a box.

    Parameters
    ----------
    low, high : (n_features,) array-like
        Public bounds. Records outside count as the nearest point inside. They may be equal.

    n_bins : int
        Number of cells a column; `default_bins` has a number for it.

    power : float, default=1.0
        Positive. For 2, `Moments` is exact and has less noise.

    Notes
    -----
    A record's unit in a column is 1 for the widest columns and less for narrower ones, in
    proportion to the root of width^power: that minimises the variance of a sum for noise
    calibrated to the l2 norm, and nearly for that to the l1 norm. All columns count the
    same records, hence before use the counts of each column are moved to the common
    number, by least squares.
    """

    is_nonnegative = True

    def __init__(
        self, low: ArrayLike, high: ArrayLike, n_bins: int, power: Real = 1.0
    ) -> None:
        check_positive(power=power)
        self.low, self.high = checked_box(low, high)
        self.n_bins, self.power = positive_int("n_bins", n_bins), float(power)
        self._units = _units(self.high - self.low, self.power)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.low)

    @property
    def n_entries(self) -> int:
        """Length of the released vector."""
        return self.n_features * (self.n_bins + 1)

    def l1(self, bits: int) -> int:
        """Return the l1 norm of the integers of a record, the same for all records."""
        return sum(_lattice(self._units, bits).tolist())

    def l2_squared(self, bits: int) -> int:
        """Return the greatest squared l2 norm of integers, that of a record on nodes."""
        return sum(u * u for u in _lattice(self._units, bits).tolist())

    def integer_sum(self, X: Array, bits: int, n_threads: int = 1) -> NDArray[np.int64]:
        """Add up the integers of records, whatever number of threads there is."""
        n_threads = worthwhile_threads(n_threads, X.size)
        parts = np.zeros((n_threads, self.n_features, self.n_bins + 1), np.int64)
        units = _lattice(self._units, bits)
        for block in _audible_blocks(X):
            _hat_histograms.add_hats(X[block], self.low, self.high, units, parts, n_threads)
        return parts.sum(axis=0).reshape(-1)

    def prepared(
        self, release: Array, n_samples: float | None = None, noise_deviation: float = 0.0
    ) -> Array:
        """Return the cubics that answers are read from, (n_features, n_pieces, 4)."""
        counts = self._counts(release)
        n = self.count(release) if n_samples is None else n_samples
        counts += ((n - counts.sum(axis=1)) / (self.n_bins + 1))[:, None]
        _, basis = self._basis
        pieces = counts @ basis.reshape(self.n_bins + 1, -1)
        return pieces.reshape(self.n_features, *basis.shape[1:])

    def count(self, release: Array) -> float:
        """Estimate the number of records, with the least variance."""
        sums = self._counts(release).sum(axis=1)
        return float(self._shares**2 @ sums / np.sum(self._shares**2))

    @property
    def count_norm(self) -> float:
        """Factor from the deviation of the noise of an entry to that of `count`."""
        return math.sqrt((self.n_bins + 1) / float(np.sum(self._shares**2)))

    def sums(self, Y: NDArray, prepared: Array, n_threads: int = 1) -> NDArray:
        """Estimate the sum over the records of every group for every row of `Y`."""
        answers = np.empty((len(Y), len(prepared)), Y.dtype)
        n_threads = worthwhile_threads(n_threads, 16 * Y.size * len(prepared))
        for block in _audible_blocks(Y):
            _hat_histograms.evaluate(
                Y[block],
                self.low,
                self.high,
                prepared,
                self._basis[0],
                self.power,
                answers[block],
                n_threads,
            )
        return answers

    def mean_norms(self, Y: NDArray, means: NDArray, n_samples_known: bool) -> Array:
        """Return the factors for sums over counts, times the count, to first order."""
        centred, total = self._weight_norms(Y)
        count_norm = 0.0 if n_samples_known else self.count_norm
        return np.hypot(centred[:, None], count_norm * (total[:, None] - means))

    @property
    def _shares(self) -> Array:
        return self._units / 2.0**_SHARE_BITS

    def _counts(self, release: Array) -> Array:
        return release.reshape(self.n_features, -1) / self._shares[:, None]

    @cached_property
    def _basis(self) -> tuple[int, Array]:
        return _basis(self.n_bins, self.power)

    def _weight_norms(self, Y: NDArray) -> tuple[Array, Array]:
        """Norms of the weights less their means, and sums of those means.

        Of the weights on what is released: `prepared` takes the noise of the mean out of
        every column, which leaves the former, and gives it the noise of the count.
        """
        centred, total = np.empty(len(Y)), np.empty(len(Y))
        for block in row_blocks(len(Y), 40 * self.n_entries):
            weights = self._weights(Y[block])
            means = weights.mean(axis=2)
            weights -= means[:, :, None]
            squares = np.einsum("ijk,ijk->ij", weights, weights)
            centred[block] = np.sqrt(squares @ self._shares**-2.0)
            total[block] = means.sum(axis=1)
        return centred, total

    def _weights(self, Y: NDArray) -> Array:
        """The weights of every node, (n_queries, n_features, n_nodes)."""
        n_outside, basis = self._basis
        piece, place = np.empty(Y.shape, np.intp), np.empty(Y.shape)
        span = np.empty(Y.shape)
        n_inside = basis.shape[1] - 2 * n_outside
        _hat_histograms.locate_all(
            Y, self.low, self.high, n_outside, n_inside, piece, place, span
        )
        weights = np.zeros((*Y.shape, self.n_bins + 1))
        for coefficient in np.moveaxis(basis, 0, 2).swapaxes(0, 1):
            weights *= place[:, :, None]
            weights += coefficient[piece]
        weights *= (span**self.power)[:, :, None]
        return weights


class ProjectedHistograms:
    """Estimates sums of Euclidean distances to records in a box.

    For a direction u uniform on the sphere ``abs(u.v)`` has the mean c norm(v) with
    c = Gamma(d / 2) / (sqrt(pi) Gamma((d + 1) / 2)). So distances are means, over c, of
    those between projections, which `HatHistograms` takes.

    Parameters
    ----------
    directions : (n_directions, n_features) array-like
        Public unit vectors, each uniform on the sphere, as of `orthogonal_directions`.

    low, high : (n_features,) array-like
        Public bounds. Records outside count as the nearest point inside.

    n_bins : int
        Number of cells a direction. More than for columns, as projections of records lie
        closer together than bounds allow: 20 or so.

    Notes
    -----
    The projection of a point at the distance r from the centre has the deviation
    r / sqrt(d) over directions. So it is clipped at three of those of a corner of the box,
    or at the greatest projection if that is less: for a record in a corner this takes less
    than 0.001 of a distance on average, and nothing to speak of nearer to the centre.

    With noise calibrated to the l2 norm answers have the same noise for any number of
    directions, so that many are best: the error of a sum of distances falls with the root
    of their number. With Laplace noise it grows with that root, and few are best.
    """

    is_nonnegative = True

    def __init__(
        self, directions: ArrayLike, low: ArrayLike, high: ArrayLike, n_bins: int
    ) -> None:
        self.low, self.high = checked_box(low, high)
        self.directions = np.ascontiguousarray(directions, np.float64)
        self._centre, half = centre_and_half(self.low, self.high)
        reach = _REACH * half_diagonal(self.low, self.high) / math.sqrt(len(half))
        ends = np.minimum(np.abs(self.directions) @ half, reach)
        self._histograms = HatHistograms(-ends, ends, n_bins)
        self._factor = 1 / (len(self.directions) * mean_projection(len(half)))

    @property
    def n_entries(self) -> int:
        """Length of the released vector."""
        return self._histograms.n_entries

    def l1(self, bits: int) -> int:
        """Return the l1 norm of the integers of a record, the same for all records."""
        return self._histograms.l1(bits)

    def l2_squared(self, bits: int) -> int:
        """Return the greatest squared l2 norm of integers, that of a record on nodes."""
        return self._histograms.l2_squared(bits)

    def integer_sum(self, X: Array, bits: int, n_threads: int = 1) -> NDArray[np.int64]:
        """Add up the integers of records, whatever number of threads there is."""
        columns = np.ascontiguousarray(self.directions.T)
        total = np.zeros(self.n_entries, np.int64)
        for block in row_blocks(len(X), 16 * sum(columns.shape)):
            rows = np.clip(X[block], self.low, self.high) - self._centre
            projections = np.empty((len(rows), columns.shape[1]))
            n = worthwhile_threads(n_threads, len(rows) * columns.size)
            multiply_rows(rows, columns, projections, n)
            total += self._histograms.integer_sum(projections, bits, n_threads)
        return total

    def prepared(
        self, release: Array, n_samples: float | None = None, noise_deviation: float = 0.0
    ) -> Array:
        """Return the cubics that answers are read from, (n_directions, n_pieces, 4)."""
        return self._histograms.prepared(release, n_samples, noise_deviation)

    def count(self, release: Array) -> float:
        """Estimate the number of records."""
        return self._histograms.count(release)

    @property
    def count_norm(self) -> float:
        """Factor from the deviation of the noise of an entry to that of `count`."""
        return self._histograms.count_norm

    def sums(self, Y: NDArray, prepared: Array, n_threads: int = 1) -> NDArray:
        """Estimate the sum over the records of every group for every row of `Y`."""
        answers = np.empty((len(Y), len(prepared)), Y.dtype)
        for block in row_blocks(len(Y), 8 * len(self.directions)):
            projected = self._projected(Y[block])
            answers[block] = self._histograms.sums(projected, prepared, n_threads)
        return answers * Y.dtype.type(self._factor)

    def mean_norms(self, Y: NDArray, means: NDArray, n_samples_known: bool) -> Array:
        """Return the factors for sums over counts, times the count, to first order."""
        means = np.asarray(means) / self._factor
        projected = self._projected(Y)
        norms = self._histograms.mean_norms(projected, means, n_samples_known)
        return self._factor * norms

    def _projected(self, Y: NDArray) -> NDArray:
        directions = self.directions.astype(Y.dtype, copy=False)
        return np.ascontiguousarray((Y - self._centre.astype(Y.dtype)) @ directions.T)


def mean_projection(n_features: int) -> float:
    """Return the mean size of an entry of a vector that is uniform on the sphere."""
    d = n_features
    return math.exp(math.lgamma(d / 2) - math.lgamma((d + 1) / 2)) / math.sqrt(math.pi)


def default_bins(n_features: int, epsilon: Real, delta: Real = 0.0) -> int:
    """Return a number of bins for `HatHistograms`, from public numbers alone.

    It balances two relative errors of a sum of distances. That from noise of deviation s in
    every entry is about s sqrt(n_bins) / (n sqrt(d)); that from bins, for records in a few
    clusters, up to 8 n_bins^-4. The n is 10 000, and as the number is proportional to
    n^(2/9), it does not matter much.
    """
    deviation = (
        math.sqrt(2) * n_features / float(epsilon)
        if delta == 0
        else gaussian_sigma(epsilon, delta, math.sqrt(n_features))
    )
    relative = deviation / (1e4 * math.sqrt(n_features))
    return math.ceil(min(max((512 / relative**2) ** (1 / 9), 6), 64))


def _units(widths: Array, power: float) -> NDArray[np.int64]:
    """Units of columns in 2^-16, at least 1 so that they can be divided by."""
    widest = widths.max()
    relative = widths / widest if widest > 0 else np.ones_like(widths)
    units = np.rint(2.0**_SHARE_BITS * relative ** (power / 2))
    return np.maximum(units, 1).astype(np.int64)


def _lattice(units: NDArray[np.int64] | int, bits: int) -> NDArray[np.int64]:
    return units << np.int64(bits - _SHARE_BITS)


def _audible_blocks(rows: NDArray) -> Iterator[slice]:
    """Blocks that take some tenths of a second, so that Ctrl-C is heard between them."""
    size = max(1, 2**25 // rows.shape[1])
    return (slice(i, i + size) for i in range(0, len(rows), size))


# --------------------------------------------- weights of nodes, as functions of a query


def _basis(n_bins: int, power: float) -> tuple[int, Array]:
    """Number of pieces on either side, and cubics for one count at each of the nodes.

    The cubics are (n_nodes, n_pieces, 4), as `_hat_histograms.evaluate` takes them, for an
    interval of width 1. For p other than 1 they interpolate the weights and their slopes,
    with an error below 2e-4 for p = 0.1, 5e-5 for p = 0.5 and 1e-6 for p = 1.5.
    """
    a_cell, n_outside = (1, 1) if power == 1 else (_PIECES_A_CELL, _PIECES_OUTSIDE)
    n_inside = a_cell * n_bins
    places = np.arange(n_inside + 1)
    values, slopes = _hat_integrals(places / a_cell, n_bins, power)
    inside = (
        CubicHermiteSpline(
            places, _projected_weights(values), _projected_weights(slopes) / a_cell
        ).c
        / float(n_bins) ** power
    )
    z = np.arange(n_outside + 1) / n_outside
    far = _projected_weights(_far_hat_integrals(z, n_bins, power))
    below = CubicSpline(np.arange(n_outside + 1), far).c
    above = below[:, :, ::-1]
    pieces = np.concatenate([below, inside, above], axis=1)
    return n_outside, np.ascontiguousarray(pieces.transpose(2, 1, 0))


def _projected_weights(integrals: Array) -> Array:
    """Solve with the matrix of the inner products of hats, for cells of width 1."""
    n_nodes = integrals.shape[1]
    bands = np.full((2, n_nodes), 1 / 6)
    bands[1] = 2 / 3
    bands[1, [0, -1]] = 1 / 3
    return solveh_banded(bands, integrals.T).T


def _hat_integrals(u: Array, n_bins: int, power: float) -> tuple[Array, Array]:
    """Integrals of hat_j(x) abs(x - u)^p over x, and their slopes in u; cells have width 1.

    Hats are second differences of a kink, so that with the functions Q'' = P' = abs(v)^p
    inner integrals are second differences of Q; half hats have a term in P.
    """
    p = power
    v = u[:, None] - np.arange(-1, n_bins + 2)
    size = np.abs(v)
    once = np.sign(v) * size ** (p + 1) / (p + 1)
    twice = size ** (p + 2) / ((p + 1) * (p + 2))
    values, slopes = np.diff(twice, n=2), np.diff(once, n=2)
    # Columns of v are those of nodes -1, 0, ..., n_bins + 1.
    values[:, 0] = once[:, 1] + twice[:, 2] - twice[:, 1]
    slopes[:, 0] = size[:, 1] ** p + once[:, 2] - once[:, 1]
    values[:, -1] = -once[:, -2] + twice[:, -3] - twice[:, -2]
    slopes[:, -1] = -(size[:, -2] ** p) + once[:, -3] - once[:, -2]
    return values, slopes


def _far_hat_integrals(z: Array, n_bins: int, power: float) -> Array:
    """Integrals of hat_j(x) (1 - z + z x / n_bins)^p over x, by Gauss' rule on cells."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    t, w = (nodes + 1) / 2, weights / 2
    x = np.arange(n_bins)[:, None] + t
    f = (1 - z[:, None, None] + z[:, None, None] * (x / n_bins)) ** power
    integrals = np.zeros((len(z), n_bins + 1))
    integrals[:, :-1] += f @ (w * (1 - t))
    integrals[:, 1:] += f @ (w * t)
    return integrals
