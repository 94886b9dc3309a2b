"""The bandwidth of Botev, Grotowski and Kroese: improved Sheather-Jones."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft
from scipy.optimize import brentq
from scipy.special import factorial2
from sklearn import get_config

from sklearn_kernelx._cython._binning import ORDER, scatter

# The chain starts at ||f^(7)||^2, as in the authors' program, where l = 7.
HIGHEST = 7
# A grid has 6 to 12 nodes in a bandwidth: one for each power of two.
NODES = 6
# At 14 bandwidths the 14th derivative of the Gaussian with twice the variance is 1e-13
# of its peak: pairs farther apart do not count.
REACH = 14
# In reciprocals of the bandwidth: 8.5^14 exp(-8.5^2) is 6e-22 of the peak at 7^(1/2).
HIGHEST_FREQUENCY = 8.5
# Bandwidths over the range of x between which a solution is looked for.
SMALLEST, LARGEST = 1e-140, 1e6
# Least step of the search, in log(t): 5 % of a bandwidth.
STEP = 0.1


def improved_sheather_jones(
    x: NDArray, sample_weight: NDArray[np.float64] | None = None
) -> float:
    """Return the improved Sheather-Jones bandwidth for a Gaussian kernel.

    It estimates the roughness of the density from the data alone, without reference to a
    normal distribution, and so serves densities with several modes.

    Parameters
    ----------
    x : ndarray of shape (n_samples,)
        Finite; computed in float64.
    sample_weight : ndarray of shape (n_samples,), default=None
        Non-negative, in any unit; how far a sample counts, not how often it was seen.

    Returns
    -------
    bandwidth : float
        Standard deviation of the kernel, in the unit of `x`.

    Raises
    ------
    ValueError
        If `x` has fewer than 2 distinct values of positive weight, or no bandwidth solves
        the equation: for an effective number of samples of at most 2.495, or where values
        repeat so often that what the equation wants is a bandwidth below their spacing.
        If the grid would not fit into scikit-learn's ``working_memory``, or the bandwidth
        into float64.

    Notes
    -----
    The squared bandwidth ``t`` solves ``t = xi gamma_1(gamma_2(... gamma_6(t)))``, where
    ``gamma_j`` maps the squared bandwidth for the estimate of ``||f^(j+1)||^2`` to that
    for ``||f^(j)||^2`` ([1]_, Section 5). It is the chain of the authors' program.

    *Number of samples.* `N` is the number of samples, or Kish's effective number
    ``(sum w)^2 / sum w^2`` of the weights. The authors' program has the number of distinct
    values, which makes rounded data too smooth: of 10,000 normal samples with one decimal
    it would know 70, and give 0.58 instead of 0.17. Repetitions thus raise `N` and
    weights do not: the two are the same in the functionals only.

    *Functionals.* ``||f^(j)||^2`` is the sum over all pairs on the whole real line, from
    B-spline binning and an FFT as in ``fft_density``. The authors have a cosine transform
    on a padded range, which adds the pairs of samples and mirror images. Here the padding
    is 14 bandwidths, from which on pairs do not count, and a wider gap between neighbours
    is narrowed to that: the grid has at least 6 nodes in a bandwidth, and its size depends
    on the range no more.

    *Solution.* The right hand side increases with ``t``, so that none lies between ``t``
    and its image. From the normal reference bandwidth the search goes from image to image,
    down to the largest solution below or up to the smallest above, but by no less than 5 %
    of a bandwidth; when the sign of the difference changes, Brent's method does the rest.
    Over ``t``, the right hand side is below 1 in the limit of large ``t`` if
    ``N > 2.495``; for small ``t`` it is 3.5 if no sample repeats, and a solution exists.

    References
    ----------
    .. [1] Botev, Z. I., Grotowski, J. F. and Kroese, D. P., "Kernel density estimation via
       diffusion", Annals of Statistics 38 (2010) 2916-2957.
    """
    x = np.asarray(x, dtype=np.float64)
    if sample_weight is not None:
        # Neither sums nor squares of the weights overflow.
        sample_weight = sample_weight / max(np.max(sample_weight), np.finfo(float).tiny)
    values, weights = _distinct(x, sample_weight)
    n_effective = _effective_number(x, sample_weight)
    _check_number(len(values), n_effective)
    # The range itself may be beyond float64; half of a denormal number may be zero.
    scale = 0.5 if max(-values[0], values[-1]) > 1e300 else 1.0
    values = values * scale
    unit = values[-1] - values[0]
    start = _normal_reference((values - values[0]) / unit, weights, n_effective)
    log_t = _solve(_Pairs(np.diff(values) / unit, weights), n_effective, 2 * np.log(start))
    bandwidth = float(np.exp(log_t / 2)) * float(unit) / scale
    if not 0 < bandwidth < np.inf:
        raise ValueError("X must be rescaled: its bandwidth is beyond float64")
    return bandwidth


def _distinct(
    x: NDArray[np.float64], sample_weight: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the sorted distinct values and their weights; None if these are all one."""
    if sample_weight is None:
        x, weights = np.sort(x), None
    else:
        x, weights = x[sample_weight > 0], sample_weight[sample_weight > 0]
        order = np.argsort(x)
        x, weights = x[order], weights[order]
    first = np.flatnonzero(np.r_[True, x[1:] != x[:-1]][: len(x)])
    if len(first) == len(x):
        return x, weights
    if weights is None:
        return x[first], np.diff(first, append=len(x)).astype(np.float64)
    return x[first], np.add.reduceat(weights, first)


def _effective_number(x: NDArray, sample_weight: NDArray | None) -> float:
    if sample_weight is None:
        return len(x)
    squares = sample_weight @ sample_weight
    return np.sum(sample_weight) ** 2 / squares if squares > 0 else 0.0


def _check_number(n_values: int, n_effective: float) -> None:
    if n_values < 2:
        raise ValueError(
            "X must have at least 2 distinct values of positive weight for improved "
            f"Sheather-Jones; got {n_values}. Use a number as bandwidth"
        )
    # The agreement is at most 1: with fewer samples gamma(t) exceeds t everywhere.
    if _log_growth(n_effective) >= 0:
        raise _too_few(n_effective)


def _too_few(n_effective: float) -> ValueError:
    return ValueError(
        "X and sample_weight must have an effective number of samples above 2.495 for "
        f"improved Sheather-Jones; got {n_effective:.6g}. Use "
        "bandwidth='normal_reference', 'kl' or a number"
    )


def _normal_reference(u: NDArray, weights: NDArray | None, n: float) -> float:
    mean = np.average(u, weights=weights)
    deviation = np.sqrt(np.average((u - mean) ** 2, weights=weights))
    return max(deviation, SMALLEST) * (4 / (3 * n)) ** 0.2


class _Pairs:
    """Sums over all pairs of samples, on a grid for each power of two of the bandwidth.

    Parameters
    ----------
    gaps : ndarray of shape (n_values - 1,)
        Differences of neighbours, in units of the range. Not the values themselves: close
        neighbours far from the origin would lose their digits.
    weights : ndarray of shape (n_values,) or None
        Positive; None for equal weights.
    """

    def __init__(self, gaps: NDArray, weights: NDArray | None):
        self.gaps, self.weights = gaps, weights
        # The agreement if no two distinct values agree.
        self.least = 1 / (len(gaps) + 1)
        if weights is not None:
            self.least = (weights @ weights) / np.sum(weights) ** 2
        self.spectra = {}

    def agreement(self, j: int, log_t: float) -> float:
        """Return ||f^(j)||^2 over what it were if all samples were equal.

        It is at most 1, and overflows for no bandwidth. By Parseval's theorem
        ``||f^(j)||^2`` is the integral of ``w^(2j) exp(-w^2 t) |phi(w)|^2 / (2 pi)``, and
        ``(2j-1)!! / (2^(j+1) pi^(1/2) t^(j+1/2))`` for ``|phi| = 1``.

        Parameters
        ----------
        j : int
            Order of the derivative, from 1 to 7.
        log_t : float
            Logarithm of the squared bandwidth.

        Returns
        -------
        agreement : float
        """
        level = int(np.floor(log_t / np.log(4)))
        if level not in self.spectra:
            self.spectra[level] = self._spectrum(2.0**level)
        step, power = self.spectra[level]
        step *= np.exp(log_t / 2)
        square = (step * np.arange(1, 1 + int(HIGHEST_FREQUENCY / step))) ** 2
        total = np.sum(square**j * np.exp(-square) * power[: len(square)])
        return step * total * 2 ** (j + 1) / (np.sqrt(np.pi) * factorial2(2 * j - 1))

    def only_repetitions(self, n_effective: float, log_t: float) -> bool:
        """Tell whether repetitions rule out a solution here and for all smaller t.

        Without other pairs the agreement is that of equal samples, whatever the order and
        t. Elsewhere that of order 2 is far above that of order 7, or both below it.
        """
        if _log_growth(n_effective * self.least) >= 0:
            return False
        agreements = np.array([self.agreement(j, log_t) for j in (2, HIGHEST)])
        return bool(np.all(np.abs(agreements / self.least - 1) < 0.01))

    def _spectrum(self, smallest: float) -> tuple[float, NDArray[np.float64]]:
        """Return |phi|^2 at multiples of a frequency, for bandwidths up to twice this."""
        spacing, reach = smallest / NODES, 2 * REACH * smallest
        x = np.zeros((len(self.gaps) + 1, 1))
        np.cumsum(np.minimum(self.gaps, reach), out=x[1:, 0])
        n_nodes = _fitting_length((x[-1, 0] + reach) / spacing + 2 * ORDER)
        grid = np.zeros((1, 1, n_nodes))
        scatter(x, self.weights, np.zeros(1), np.array([1 / spacing]), ORDER, grid)
        total = len(x) if self.weights is None else np.sum(self.weights)
        last = int(HIGHEST_FREQUENCY * n_nodes / (2 * np.pi * NODES))
        phi = rfft(grid[0, 0])[1 : last + 1] / total
        # The spectrum of the B-spline, as in fft_density.
        phi /= np.sinc(np.arange(1, last + 1) / n_nodes) ** ORDER
        return 2 * np.pi / (n_nodes * spacing), phi.real**2 + phi.imag**2


def _fitting_length(n_nodes: float) -> int:
    budget = get_config()["working_memory"]
    megabytes = 16 * n_nodes / 2**20  # the grid and its spectrum
    if not megabytes <= budget:
        raise ValueError(
            f"X has too many scales for improved Sheather-Jones: the grid would take "
            f"{megabytes:.3g} MiB, and working_memory is {budget} MiB. Transform X, use "
            "bandwidth='normal_reference', 'kl' or a number, or "
            "sklearn.set_config(working_memory=...)"
        )
    return next_fast_len(int(np.ceil(n_nodes)), real=True)


def _log_step(j: int, agreeing: float) -> float:
    """Return log(gamma_j(t) / t), given N times the agreement at t.

    With ``A = (2j-1)!! / ((2 pi)^(1/2) N)`` and ``R = ||f^(j+1)||^2``, the bias of
    ``||f_t^(j)||^2`` is ``2^(-j-1/2) A t^(-j-1/2) - t R``. That of the average of
    ``(-1)^j f_t^(2j)`` over the samples, which estimates the same, is
    ``A t^(-j-1/2) - t R / 2``. They cancel at
    ``t^(j+3/2) = 2/3 (1 + 2^(-j-1/2)) A / R``, which is gamma_j.
    """
    constant = (2 ** (j + 2.5) + 4) / (3 * (2 * j + 1))
    return np.log(constant / agreeing) * 2 / (2 * j + 3)


# The t that minimises the asymptotic error, (2 N pi^(1/2) ||f''||^2)^(-2/5), over gamma_1.
LOG_XI = 0.4 * np.log((6 * np.sqrt(2) - 3) / 7)


def _log_growth(agreeing: float) -> float:
    """Return log(xi gamma(t) / t) where the agreement does not depend on t."""
    return LOG_XI + sum(_log_step(j, agreeing) for j in range(1, HIGHEST))


def _solve(pairs: _Pairs, n_effective: float, start: float) -> float:
    """Return log(t) with t = xi gamma(t), searching down or up from log(t) = start."""

    def excess(log_t):
        image = log_t
        for j in range(HIGHEST - 1, 0, -1):
            image += _log_step(j, n_effective * pairs.agreement(j + 1, image))
        return image + LOG_XI - log_t

    low = high = start
    difference = excess(start)
    while difference < 0:
        if low < 2 * np.log(SMALLEST) or pairs.only_repetitions(n_effective, low):
            raise _too_many_repetitions()
        high, low = low, low + min(difference, -STEP)
        difference = excess(low)
    if low == start:
        while difference >= 0:
            if high > 2 * np.log(LARGEST):
                raise _too_few(n_effective)
            low, high = high, high + max(difference, STEP)
            difference = excess(high)
    return brentq(excess, low, high, xtol=1e-10)


def _too_many_repetitions() -> ValueError:
    return ValueError(
        "X has too many equal or nearly equal values: improved Sheather-Jones has no "
        "bandwidth above their spacing. Use bandwidth='normal_reference' or a number, or "
        "less rounded values"
    )
