"""Gaussian densities in up to three dimensions, by binning and FFT."""

from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import fftfreq as full_fftfreq
from scipy.fft import irfftn, next_fast_len, rfftfreq, rfftn
from sklearn import get_config
from sklearn.utils import check_array

from sklearn_kernelx._compat import check_sample_weight
from sklearn_kernelx._cython._binning import ORDER, gather, moments, scatter
from sklearn_kernelx._kernel_volumes import log_normalizer
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx.density._bandwidth import resolve_bandwidth
from sklearn_kernelx.density._kernel_sums import log_kernel_sums
from sklearn_kernelx.density._points import log_shares, pack_points

MAX_FEATURES = 3
DEFAULT_RTOL = 1e-6
# Below this share of the peak, the tails of an FFT are round-off, even negative.
DIRECT_BELOW = 1e-10
# exp(-9^2 / 2) = 3e-18: how far, in bandwidths, the Gaussian reaches.
REACH = 9.0
# First guess of K(0) / peak; a grid that this guess made too coarse is made again.
SHARPNESS = 30.0


def fft_density(
    X: ArrayLike,
    grid: ArrayLike | tuple[ArrayLike, ...],
    *,
    bandwidth: float | str | ArrayLike = 1.0,
    sample_weight: ArrayLike | None = None,
    rtol: float = 0.0,
    n_jobs: int | None = None,
) -> NDArray:
    """Gaussian kernel density at many points, in time linear in their number.

    Samples are spread over a regular grid, convolved with the kernel by FFT and
    interpolated at the requested points.

    Parameters
    ----------
    X : array-like of shape (n_samples,) or (n_samples, n_features)
        Samples, with at most 3 features.

    grid : array-like of shape (n_points,) or (n_points, n_features), or tuple
        Where to evaluate: any points, or a tuple of n_features arrays, the axes of a
        regular or irregular mesh.

    bandwidth : float, str or array-like of shape (n_features,), default=1.0
        A number, one for each feature, or a rule, as in
        :class:`~sklearn_kernelx.density.KernelDensity`.

    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights, not all zero.

    rtol : float, default=0
        Largest error, as a fraction of the largest density anywhere; 0 means 1e-6. At
        least 1e-12 is used.

    n_jobs : int, default=None
        Number of threads of the FFT.

    Returns
    -------
    density : ndarray of shape (n_points,), or (len(axis), ...) for a tuple of axes
        Not its logarithm, so that it may overflow; float32 if `X` is, else float64.

    Raises
    ------
    ValueError
        If an argument is not as described, or the internal grid would not fit into
        scikit-learn's ``working_memory``.

    See Also
    --------
    KernelDensity : Exact, for every kernel and any number of features.

    Notes
    -----
    The scheme is that of the non-uniform FFT [1]_: binning with B-splines of order 6,
    division by their Fourier transform, ``sinc(s)^6`` at ``s`` cycles a node, once for
    the binning and once for the interpolation. All that remains is aliasing: a wave with
    ``s`` cycles a node is off by a factor of at most ``(1 + a(s))^2`` with
    ``a(s) = sum over m != 0 of (s / (s + m))^6``. Averaged over the spectrum of the
    kernel, this bounds the error as a fraction of ``K(0)``, the density that a single
    sample has on itself; the spacing follows from the bound. Where the density is below
    1e-10 of its peak the exact sum answers.

    Linear binning, the usual choice [2]_, has an error of second order in the spacing:
    for 1e-6 it needs more than 1e9 nodes where this one needs 2e5 (2 features, range 10,
    bandwidth 0.2).

    References
    ----------
    .. [1] Dutt, A. and Rokhlin, V., "Fast Fourier transforms for nonequispaced data",
       SIAM J. Sci. Comput. 14 (1993) 1368-1393.
    .. [2] Silverman, B. W., "Kernel density estimation using the fast Fourier transform",
       Applied Statistics 31 (1982) 93-99.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.density import fft_density
    >>> X = np.random.RandomState(0).normal(size=100_000)
    >>> fft_density(X, [0.0, 1.0, 2.0], bandwidth=0.1).round(4)
    array([0.4   , 0.2462, 0.0531])
    """
    X = _as_columns(X, "X")
    points, shape = _as_points(grid, X.shape[1])
    if not rtol >= 0:
        raise ValueError(f"rtol must be at least 0; got {rtol!r}")
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, X, dtype=np.float64)
        if not np.any(sample_weight > 0):
            raise ValueError("sample_weight must not be zero for all samples")
    n_threads = effective_n_threads(n_jobs)
    h = resolve_bandwidth(bandwidth, X, sample_weight=sample_weight, n_threads=n_threads)
    log_density = fft_log_density(
        X.astype(np.float64, copy=False),
        points,
        bandwidth=np.broadcast_to(h, X.shape[1]),
        sample_weight=sample_weight,
        rtol=rtol,
        n_threads=n_threads,
    )
    return np.exp(log_density).astype(X.dtype, copy=False).reshape(shape)


def _as_columns(X: ArrayLike, name: str) -> NDArray:
    X = check_array(
        X, dtype=[np.float64, np.float32], order="C", ensure_2d=False, input_name=name
    )
    if X.ndim == 1:
        X = X[:, np.newaxis]
    if X.shape[1] == 0:
        raise ValueError(f"{name} has 0 features; at least 1 is needed")
    if X.shape[1] > MAX_FEATURES:
        raise ValueError(
            f"{name} must have at most {MAX_FEATURES} features for the FFT; got "
            f"{X.shape[1]}. Use KernelDensity(algorithm='auto')"
        )
    return X


def _as_points(
    grid: ArrayLike | tuple[ArrayLike, ...], n_features: int
) -> tuple[NDArray[np.float64], tuple[int, ...]]:
    if isinstance(grid, tuple):
        if len(grid) != n_features or any(np.ndim(axis) != 1 for axis in grid):
            raise ValueError(f"grid must be a tuple of {n_features} one-dimensional arrays")
        mesh = np.meshgrid(*grid, indexing="ij")
        grid = np.stack([axis.ravel() for axis in mesh], axis=1)
        shape = mesh[0].shape
    else:
        shape = np.shape(grid)[:1]
    points = _as_columns(grid, "grid").astype(np.float64, copy=False)
    if points.shape[1] != n_features:
        raise ValueError(
            f"grid must have as many features as X, {n_features}; got {points.shape[1]}"
        )
    return points, shape


def fft_log_density(
    X: NDArray[np.float64],
    queries: NDArray[np.float64],
    *,
    bandwidth: NDArray[np.float64],
    sample_weight: NDArray[np.float64] | None,
    rtol: float,
    n_threads: int,
) -> NDArray[np.float64]:
    """Return the logarithm of `fft_density` at the queries.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), C-ordered
        Finite, at most 3 features.
    queries : ndarray of shape (n_queries, n_features), C-ordered
        Finite.
    bandwidth : ndarray of shape (n_features,)
        Positive.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative, not all zero.
    rtol : float
        Error over the largest density anywhere; 0 means 1e-6.
    n_threads : int
        At least 1.

    Returns
    -------
    log_density : ndarray of shape (n_queries,)
    """
    rtol = max(rtol, 1e-12) if rtol > 0 else DEFAULT_RTOL
    share = None if sample_weight is None else np.exp(log_shares(sample_weight))
    box = X.min(axis=0), X.max(axis=0)
    outside = np.abs(queries - np.clip(queries, *box)) > REACH * bandwidth
    direct = np.any(outside, axis=1)
    density, peak = np.zeros(len(queries)), 0.0
    if not np.all(direct):
        inside = queries if not np.any(direct) else queries[~direct]
        density[~direct], peak = _to_tolerance(
            X, share, inside, box, bandwidth, rtol, n_threads
        )
    direct |= ~(density > DIRECT_BELOW * peak)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_density = np.log(density) - log_normalizer("gaussian", bandwidth, X.shape[1])
    if np.any(direct):
        log_density[direct] = _direct_log_density(
            X, share, queries[direct], bandwidth, n_threads
        )
    return log_density


def _to_tolerance(
    X: NDArray,
    share: NDArray | None,
    queries: NDArray,
    box: tuple[NDArray, NDArray],
    bandwidth: NDArray,
    rtol: float,
    n_threads: int,
) -> tuple[NDArray[np.float64], float]:
    bound = rtol / SHARPNESS
    density, peak = _fft_density(X, share, queries, box, bandwidth, bound, n_threads)
    # The bound is a fraction of K(0): the grid must be finer the flatter the density is.
    needed = rtol * peak
    if needed < bound:
        density, peak = _fft_density(
            X, share, queries, box, bandwidth, 0.9 * needed, n_threads
        )
    return density, peak


def _fft_density(
    X: NDArray,
    share: NDArray | None,
    queries: NDArray,
    box: tuple[NDArray, NDArray],
    bandwidth: NDArray,
    bound: float,
    n_threads: int,
) -> tuple[NDArray[np.float64], float]:
    """Return the density with an error of at most `bound`, and its peak, over K(0).

    Queries lie within `REACH` bandwidths of `box`, the lowest and highest of X.
    """
    d, (low, high) = X.shape[1], box
    ratio = spacing_for(max(bound, 1e-14), d)
    spacing = ratio * bandwidth
    # In nodes, not in units of X, where rounding could lose it.
    margin = REACH / ratio + ORDER
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        per_unit = 1 / spacing
        shape = _grid_shape((high - low) * per_unit + 2 * margin)
    grid = np.zeros((1,) * (3 - d) + shape)
    if d == 1:
        _scatter_line(X, share, low[0], per_unit[0], margin, grid[0, 0])
    else:
        scatter(X, share, low, per_unit, margin, grid)

    spectrum = rfftn(grid, axes=range(3 - d, 3), workers=n_threads)
    for axis, n in enumerate(shape):
        frequencies = rfftfreq(n) if axis == d - 1 else full_fftfreq(n)
        response = _response(frequencies, spacing[axis] / bandwidth[axis])
        spectrum *= response.reshape((-1,) + (1,) * (d - 1 - axis))
    grid = irfftn(spectrum, s=shape, axes=range(3 - d, 3), workers=n_threads)

    density = np.empty(len(queries))
    gather(grid, queries, low, per_unit, margin, density)
    total = len(X) if share is None else np.sum(share)
    # K(0) of a sample, in units of a node's mass.
    kernel_peak = (ratio / np.sqrt(2 * np.pi)) ** d * total
    return density / kernel_peak, np.max(grid) / kernel_peak


def _scatter_line(
    X: NDArray,
    share: NDArray | None,
    origin: float,
    per_unit: float,
    margin: float,
    grid: NDArray,
) -> None:
    """Do as `scatter`, by the moments of the samples behind each node."""
    sums = np.zeros((len(grid), ORDER))
    moments(X, share, origin, per_unit, margin, sums)
    behind = slice(ORDER, len(grid) - ORDER)  # the margin is empty
    for j, polynomial in enumerate(_spline_polynomials()):
        first = behind.start - ORDER // 2 + 1 + j
        grid[first : first + behind.stop - behind.start] += sums[behind] @ polynomial


@cache
def _spline_polynomials() -> list[NDArray[np.float64]]:
    """Return the weights of src/bspline.h as coefficients of t^0, t^1, ..."""
    weights = [np.eye(ORDER)[0]]
    for k in range(1, ORDER):
        padded = [np.zeros(ORDER), *weights, np.zeros(ORDER)]
        weights = [
            ((k - j) * left + np.roll(left, 1) + (1 + j) * right - np.roll(right, 1)) / k
            for j, (left, right) in enumerate(pairwise(padded))
        ]
    return weights


def _grid_shape(nodes: NDArray[np.float64]) -> tuple[int, ...]:
    budget = get_config()["working_memory"]
    # The grid, its spectrum, and the result; on a line the moments.
    numbers = 3 + (ORDER if len(nodes) == 1 else 0)
    with np.errstate(over="ignore"):
        megabytes = 8 * numbers * np.prod(nodes) / 2**20
    if not megabytes <= budget:
        raise ValueError(
            f"bandwidth is too small for the range of X: the grid would take "
            f"{megabytes:.3g} MiB, and working_memory is {budget} MiB. Use "
            "algorithm='auto', a larger rtol or sklearn.set_config(working_memory=...)"
        )
    return tuple(next_fast_len(int(np.ceil(n)), real=True) for n in nodes)


def _response(frequencies: NDArray, spacing: float) -> NDArray:
    """Return what each wave is multiplied by: the kernel over the two B-splines.

    Frequencies are in cycles a node, the spacing of the nodes in bandwidths.
    """
    kernel = np.exp(-0.5 * (2 * np.pi * frequencies / spacing) ** 2)
    return kernel / np.sinc(frequencies) ** (2 * ORDER)


def aliasing_bound(spacing: float, n_features: int) -> float:
    """Bound the error of the FFT as a fraction of K(0).

    Parameters
    ----------
    spacing : float
        Distance of the nodes in bandwidths, positive.
    n_features : int
        Number of features.

    Returns
    -------
    bound : float
        ``E[(1 + a(s))^2]^d - 1`` for s normal with the spectrum of the kernel, plus the
        part of that spectrum beyond half a cycle a node, which the grid cannot hold.
    """
    nyquist = np.pi / spacing
    g = np.linspace(0, min(nyquist, 12.0), 401)
    s = g * spacing / (2 * np.pi)
    m = np.arange(1, 9)[:, np.newaxis]
    alias = np.sum((s / (s + m)) ** ORDER + (s / (s - m)) ** ORDER, axis=0)
    excess = np.trapezoid((2 * alias + alias**2) * np.exp(-0.5 * g * g), g)
    lost = np.exp(-0.5 * nyquist**2)
    return float((1 + 2 * excess / np.sqrt(2 * np.pi) + lost) ** n_features - 1)


@lru_cache(maxsize=128)
def spacing_for(bound: float, n_features: int) -> float:
    """Return the widest spacing, in bandwidths, whose aliasing stays below `bound`.

    Parameters
    ----------
    bound : float
        Between 1e-14 and 0.1.
    n_features : int
        Number of features.

    Returns
    -------
    spacing : float
    """
    low, high = 1e-3, 3.0
    for _ in range(40):
        middle = np.sqrt(low * high)
        if aliasing_bound(middle, n_features) <= bound:
            low = middle
        else:
            high = middle
    return low


def _direct_log_density(
    X: NDArray,
    share: NDArray | None,
    queries: NDArray,
    bandwidth: NDArray,
    n_threads: int,
) -> NDArray[np.float64]:
    common = {"kernel": "gaussian", "metric": "euclidean", "bandwidth": bandwidth}
    total = len(X) if share is None else np.sum(share)
    log_norm = log_normalizer("gaussian", bandwidth, X.shape[1]) + np.log(total)
    near = _samples_that_matter(X, share, queries, bandwidth)
    X, share = X[near], None if share is None else share[near]
    # Sorting the samples pays when it saves more sums than that.
    prune = len(X) * len(queries) > 5e8
    points = pack_points(X, sample_weight=share, rtol=0.0, prune=prune, **common)
    log_unit = 0.0 if share is None else np.log(np.max(share))
    sums = log_kernel_sums(
        points,
        queries,
        log_normalizer=log_norm - log_unit,
        n_threads=n_threads,
        **common,
    )
    return sums + log_unit - log_norm


def _samples_that_matter(
    X: NDArray, share: NDArray | None, queries: NDArray, bandwidth: NDArray
) -> NDArray[np.intp]:
    """Return which samples may matter to the last digit at some query.

    The nearest of a few samples bounds the sum of a query from below, and so the distance
    from which on all others are less than exp(-40) of it. Queries on one side of the
    samples, tails most often, share a box.
    """
    step = max(1, len(X) // 16)
    some = np.r_[np.argmin(X, axis=0), np.argmax(X, axis=0), 0 : len(X) : step]
    lower = np.full(len(queries), -np.inf)
    for i in some if share is None else some[share[some] > 0]:
        exponent = -0.5 * np.sum(((queries - X[i]) / bandwidth) ** 2, axis=1)
        lower = np.maximum(lower, exponent + (0 if share is None else np.log(share[i])))
    reach = np.sqrt(2 * (np.log(len(X)) + 40 - lower))[:, np.newaxis] * bandwidth
    sides = (queries > np.mean(X, axis=0)) @ (1 << np.arange(X.shape[1]))
    near = []
    for side in np.unique(sides):
        low = np.min((queries - reach)[sides == side], axis=0)
        high = np.max((queries + reach)[sides == side], axis=0)
        inside = [(x >= a) & (x <= b) for x, a, b in zip(X.T, low, high, strict=True)]
        near.append(np.flatnonzero(np.logical_and.reduce(inside)))
    return near[0] if len(near) == 1 else np.unique(np.concatenate(near))
