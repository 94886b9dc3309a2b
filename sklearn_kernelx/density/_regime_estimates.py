"""The three regimes of a kernel density estimate, estimated from any data."""

import warnings
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch, check_array, check_random_state

from sklearn_kernelx._compat import check_sample_weight
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx.density._kernels import COMPACT_KERNELS, LOG_KERNELS
from sklearn_kernelx.density._leave_one_out import (
    POWER,
    half_participation_bandwidth,
    leave_one_out,
    maximise_likelihood,
    slope,
)
from sklearn_kernelx.density._neighbourhoods import (
    Neighbourhoods,
    energies,
    near_sums,
    training_set,
)

# Nearest points in Hill's estimate: few for an average over queries, since its bias grows
# with them; more for a single query, since its relative error is 1 / sqrt(k).
K_MEAN, K_QUERY, K_QUERY_AT_LEAST = 3, 20, 5
N_BOOTSTRAP = 200
NO_CONDENSATION = (
    "X has no condensation bandwidth h_G: it takes at least 4 distinct rows, most of them "
    "with a single nearest neighbour. For integer-valued data use bandwidth='kl', or add "
    "uniform noise as wide as their unit"
)


def choose_rows(
    n_samples: int, n_queries: int, random_state: int | np.random.RandomState | None
) -> NDArray[np.intp]:
    """Return all row numbers, or a random subset of `n_queries` of them.

    Parameters
    ----------
    n_samples, n_queries : int
        How many there are, and how many are wanted.
    random_state : int, RandomState instance or None
        Of the permutation whose beginning the subset is.

    Returns
    -------
    rows : ndarray of shape (min(n_samples, n_queries),)
    """
    if n_samples <= n_queries:
        return np.arange(n_samples)
    return check_random_state(random_state).permutation(n_samples)[:n_queries]


def tail_doubling(kernel: str) -> float:
    """Return the ratio of bandwidths that doubles the tail index.

    With q the power of h in the kernel, the tail index is (h / h_G)^q: 1/2 where the mean
    participation ratio is (the random energy model makes it 1 - m on average, and finite n
    disturbs it least there), 1 at h_G, 2 at h_CLT.

    Parameters
    ----------
    kernel : str
        One of the six names.

    Returns
    -------
    ratio : float
        1 for compact kernels: they have no tail, and all three are the bandwidth of the
        half, about the distance of the nearest neighbour.
    """
    return 1.0 if kernel in COMPACT_KERNELS else 2 ** (1 / POWER[kernel])


def tail_indices(hoods: Neighbourhoods, bandwidth: float) -> NDArray[np.float64]:
    """Return the tail index of the terms of each query's sum, by Hill's estimate.

    Parameters
    ----------
    hoods : Neighbourhoods
        Queries.
    bandwidth : float
        In the unit of length.

    Returns
    -------
    tail_index : ndarray of shape (n_queries,)
        From the 20 largest terms above the next one, fewer if there are not as many. NaN
        for fewer than 5, and for compact kernels, whose terms are bounded.
    """
    if hoods.training.kernel in COMPACT_KERNELS:
        return np.full(len(hoods.queries), np.nan)
    terms = log_terms(hoods, bandwidth)
    enough = np.sum(np.isfinite(terms), axis=1) > K_QUERY_AT_LEAST
    with np.errstate(divide="ignore"):
        return np.where(enough, 1 / mean_excess(terms, K_QUERY), np.nan)


def log_terms(hoods: Neighbourhoods, bandwidth: float) -> NDArray[np.float64]:
    """Return the logarithms of the largest terms w K of each query, in descending order.

    Parameters
    ----------
    hoods : Neighbourhoods
        Queries.
    bandwidth : float
        In the unit of length.

    Returns
    -------
    log_terms : ndarray of shape (n_queries, n_neighbours)
    """
    terms = -energies(hoods, bandwidth)
    if hoods.log_share is None:
        return terms
    return -np.sort(-(terms + hoods.log_share), axis=1)


def mean_excess(log_terms: NDArray, k: int) -> NDArray[np.float64]:
    """Return the mean excess of the k largest terms over the next one (Hill 1975).

    Parameters
    ----------
    log_terms : ndarray of shape (n_queries, n_terms)
        In descending order; fewer than k serve where others are -inf.
    k : int
        At least 1.

    Returns
    -------
    excess : ndarray of shape (n_queries,)
        An estimate of the inverse of the tail index; NaN for fewer than two terms.
    """
    n_finite = np.sum(np.isfinite(log_terms), axis=1)
    last = np.clip(n_finite - 1, 0, k)[:, np.newaxis]
    above = np.arange(log_terms.shape[1]) < last
    with np.errstate(invalid="ignore"):
        mean = np.sum(log_terms, axis=1, where=above) / last[:, 0]
        return mean - np.take_along_axis(log_terms, last, axis=1)[:, 0]


def kernel_density_regimes(
    X: ArrayLike,
    *,
    kernel: str = "gaussian",
    sample_weight: ArrayLike | None = None,
    n_queries: int = 500,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
) -> Bunch:
    """Estimate the bandwidths between which the regimes of a kernel density lie.

    For data of any distribution. Some rows are queries against all the others, in one pass
    over their distances; rows equal to a query are left out with it. See the
    :ref:`User Guide <kernel_density_regimes>`.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Training points, of which at least 4 should differ.
    kernel : {"gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"}, \
            default="gaussian"
        The kernel, of the Euclidean distance.
    sample_weight : array-like of shape (n_samples,), default=None
        Non-negative weights, not all zero.
    n_queries : int, default=500
        Number of rows drawn as queries, at least 2; all rows if there are not as many.
    random_state : int, RandomState instance or None, default=None
        Of that draw and of the bootstrap.
    n_jobs : int, default=None
        Number of threads. None means 1 unless in a :func:`joblib.parallel_config` context,
        -1 all processors. The result does not depend on it.

    Returns
    -------
    regimes : :class:`~sklearn.utils.Bunch`
        With the keys

        - `h_G`, `h_CLT`, `h_KL` : float. Below `h_G` a few points decide the density;
          above `h_CLT` the central limit theorem holds; `h_KL` maximises the leave-one-out
          likelihood of the queries.
        - `h_G_interval`, `h_CLT_interval`, `h_KL_interval` : ndarrays of shape (2,).
          Percentile intervals of 95 %, by a one-step bootstrap over the queries.
        - `h_G_nearest`, `h_G_nearest_interval` : a second estimate of `h_G`, from the
          distances of the four nearest points alone.
        - `queries` : ndarray of shape (n_queries,). Row numbers.
        - `tail_index`, `participation_ratio`, `n_effective` : ndarrays of shape
          (n_queries,). Of each query at `h_KL`: the tail index m of the terms of its sum
          (relative standard error 22 %), the sum of the squared shares of its terms, and
          the inverse of that.

        For a compact kernel, whose terms have no tail, `h_CLT` equals `h_G`, both are about
        the distance of a nearest neighbour, the last three are evaluated there, and
        `h_KL`, `h_G_nearest` and `tail_index` are NaN.

    Raises
    ------
    ValueError
        If an argument is not as above, or all rows of `X` are equal.

    Warns
    -----
    UserWarning
        If there is no `h_G`, which is NaN then: with fewer than 4 distinct rows, or where
        most nearest neighbours are ties, as in integer-valued data of few features.

    See Also
    --------
    gaussian_regimes : The same bandwidths for normally distributed data, in theory.
    KernelDensity.diagnose : The regimes of new points.

    Notes
    -----
    `h_G` follows from the bandwidth at which the mean participation ratio is 1/2, where the
    tail index is 1/2: the random energy model behind [1]_ makes the ratio 1 - m on average.
    `h_G_nearest` is Hill's estimate from the logarithms of the three largest terms. `h_KL`
    is the fixed point of an EM algorithm; in many features it is in the condensed phase.

    References
    ----------
    .. [1] Biroli, G. and Mezard, M., "Kernel Density Estimators in Large Dimensions",
       arXiv:2408.05807, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.density import gaussian_regimes, kernel_density_regimes
    >>> X = np.random.default_rng(0).standard_normal((20_000, 40))
    >>> regimes = kernel_density_regimes(X, random_state=0)
    >>> theory = gaussian_regimes(20_000, np.ones(40))
    >>> abs(regimes.h_G / theory.h_G - 1) < 0.1, abs(regimes.h_KL / theory.h_KL - 1) < 0.05
    (True, True)
    """
    if kernel not in LOG_KERNELS:
        raise ValueError(f"kernel must be one of {sorted(LOG_KERNELS)}; got {kernel!r}")
    if not isinstance(n_queries, Integral) or n_queries < 2:
        raise ValueError(f"n_queries must be an integer of at least 2; got {n_queries!r}")
    X = check_array(X, dtype=[np.float64, np.float32], order="C", input_name="X")
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, X, dtype=np.float64)
        if not np.any(sample_weight > 0):
            raise ValueError("sample_weight must not be zero for all samples")
    rng = check_random_state(random_state)
    training = training_set(
        X,
        kernel=kernel,
        sample_weight=sample_weight,
        n_threads=effective_n_threads(n_jobs),
    )
    rows = choose_rows(len(training.X), n_queries, rng)
    hoods = leave_one_out(training, rows)
    if sample_weight is not None:
        rows = np.flatnonzero(sample_weight)[rows]
    resamples = rng.randint(len(rows), size=(N_BOOTSTRAP, len(rows)))
    lengths = _half_rule(hoods, resamples)
    if kernel in COMPACT_KERNELS:
        lengths |= {"h_KL": np.nan, "h_KL_interval": (np.nan, np.nan)}
        lengths |= {"h_G_nearest": np.nan, "h_G_nearest_interval": (np.nan, np.nan)}
        bandwidth = lengths["h_G"]
        sums = near_sums(hoods, bandwidth)
    else:
        maximum = maximise_likelihood(hoods)
        bandwidth, sums = maximum.bandwidth, maximum.sums
        interval = _bootstrap(
            hoods, resamples, bandwidth, lambda h: maximum.gradient(hoods, h)
        )
        lengths |= {"h_KL": bandwidth, "h_KL_interval": interval}
        lengths |= _nearest_rule(hoods, resamples)
    return Bunch(
        **{key: _in_units(value, training.unit) for key, value in lengths.items()},
        queries=rows,
        tail_index=tail_indices(hoods, bandwidth),
        participation_ratio=sums.participation,
        n_effective=1 / sums.participation,
    )


def _in_units(length: float | NDArray, unit: float) -> float | NDArray[np.float64]:
    return np.multiply(length, unit) if np.ndim(length) else float(length * unit)


def _half_rule(hoods: Neighbourhoods, resamples: NDArray) -> dict[str, Any]:
    half, interval = half_participation_bandwidth(hoods), (np.nan, np.nan)
    if half is None:
        warnings.warn(NO_CONDENSATION, UserWarning, stacklevel=3)
        half = np.nan
    else:
        interval = _bootstrap(
            hoods, resamples, half, lambda h: near_sums(hoods, h).participation - 0.5
        )
    ratio = tail_doubling(hoods.training.kernel)
    return {
        "h_G": ratio * half,
        "h_G_interval": np.multiply(ratio, interval),
        "h_CLT": ratio**2 * half,
        "h_CLT_interval": np.multiply(ratio**2, interval),
    }


def _nearest_rule(hoods: Neighbourhoods, resamples: NDArray) -> dict[str, Any]:
    # Hill's estimate of 1 / m = (h_G / h)^q, averaged over the queries at h = 1.
    inverse = mean_excess(-energies(hoods, 1.0), K_MEAN)
    power = POWER[hoods.training.kernel]
    h_G = hoods.mean(inverse) ** (1 / power)
    interval = _bootstrap(hoods, resamples, h_G, lambda h: inverse / h**power - 1)
    return {"h_G_nearest": h_G, "h_G_nearest_interval": interval}


def _bootstrap(
    hoods: Neighbourhoods,
    resamples: NDArray,
    bandwidth: float,
    curve: Callable[[float], NDArray],
) -> NDArray[np.float64]:
    """Return a 95 % interval for the bandwidth at which the mean of `curve` is zero.

    From it each bootstrap sample makes one Newton step in log h, with the slope of the
    whole sample; a row of `resamples` numbers the queries in one of them.
    """
    weights = None if hoods.weight is None else hoods.weight[resamples]
    means = np.average(curve(bandwidth)[resamples], weights=weights, axis=1)
    log_steps = -means / slope(hoods, curve, bandwidth)
    return bandwidth * np.exp(np.quantile(log_steps, [0.025, 0.975]))
