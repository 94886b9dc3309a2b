"""The three regimes of a kernel density estimate in high dimension: theory.

Biroli and Mezard (2024) treat the sum over n points as a random energy model (Derrida
1981), with alpha = log n / d fixed. Above h_CLT it obeys the central limit theorem; between
h_G and h_CLT it is heavy-tailed; below h_G a few points decide (condensation). The formulas
here for Gaussian data and kernel are derived below.

With D = |x - y|^2 / 2 and l = 1/h^2 the sum is sum_i exp(-l D_i). For y normal with
variances s_k, and averaged over a query x of the same distribution,

    Phi(l) = log E_y exp(-l D) = -1/2 sum_k [log(1 + l s_k) + l s_k / (1 + l s_k)].

By Cramer's theorem P(D <= -Phi'(l)) decays as exp(-I(l)), I(l) = l Phi'(l) - Phi(l), and
the nearest of n points is where I = log n. With the factor of Bahadur and Rao (1960), which
is 8 to 13 % in h_G at n = 1e5, it is where

    I(l) + log(l sqrt(2 pi Phi''(l))) = log n.                              (refined)

Both left sides increase with every t_k = l s_k > 0, so that there is one root: the
derivatives of their parts are, up to positive factors, those of

    log(1 + t) - t / (1 + t)^2              (3 + t) t / (1 + t)^3 > 0,
    t^2 / (2 (1 + t)^2) + t^2 / (1 + t)^3   3 t / (1 + t)^4 > 0.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logsumexp
from sklearn.utils import Bunch


class CondensedRegimeWarning(UserWarning):
    """Some log-densities are decided by a few training points each.

    Raised by :meth:`KernelDensity.diagnose`, never by :meth:`KernelDensity.fit`, which does
    not look at regimes.

    Examples
    --------
    >>> import warnings
    >>> from sklearn_kernelx.density import CondensedRegimeWarning
    >>> warnings.simplefilter("ignore", CondensedRegimeWarning)
    """


def name_regimes(tail_index: ArrayLike) -> NDArray[np.str_]:
    """Return the names of the regimes that tail indices belong to.

    Parameters
    ----------
    tail_index : array-like
        Positive.

    Returns
    -------
    regimes : ndarray of str, of the shape of `tail_index`
        "condensed" below 1, "heavy_tailed" from 1 to 2, "clt" above.
    """
    names = np.array(["condensed", "heavy_tailed", "clt"])
    return names[np.digitize(tail_index, [1, 2])]


def gaussian_regimes(
    n_samples: float | None,
    spectrum: ArrayLike,
    refined: bool = True,
    *,
    log_n_samples: float | None = None,
) -> Bunch:
    """Compute the bandwidths between which the regimes of Gaussian data lie.

    For a Gaussian kernel with one bandwidth, and normally distributed data. See the
    :ref:`User Guide <kernel_density_regimes>` for what the regimes mean.

    Parameters
    ----------
    n_samples : float or None
        Number of training points, greater than 1. None if `log_n_samples` is given.
    spectrum : array-like of shape (n_features,)
        Variances along the principal axes of the data: non-negative, not all zero.
    refined : bool, default=True
        Whether to include the correction for finite n (the factor of Bahadur and Rao),
        which simulations of 20 to 200 features follow within a few percent. Without it, the
        limit of n and d to infinity at constant log(n) / d.
    log_n_samples : float, default=None
        Logarithm of the number of training points, positive, for numbers that overflow.

    Returns
    -------
    regimes : :class:`~sklearn.utils.Bunch`
        With the keys

        - `h_G` : float. Below it a few points decide the density (condensation).
        - `h_CLT` : float. Above it the central limit theorem holds. It is
          `sqrt(2) * h_G`.
        - `h_KL` : float. Maximises the expected log-likelihood of a new point in the
          limit of many features, where it is below `h_G`.

    Raises
    ------
    ValueError
        If not exactly one of `n_samples` and `log_n_samples` is given or it is too small,
        or `spectrum` is not a vector of non-negative numbers, not all zero.

    See Also
    --------
    kernel_density_regimes : The same bandwidths, estimated from any data.

    Notes
    -----
    The regimes are those of [1]_. The formulas were derived for this package from the
    random energy model that the paper names, and checked by simulation: with
    ``l = 1 / h_G**2`` and variances s,
    ``h_KL**2 = mean(s / (1 + l s) + s / (1 + l s)**2)``,
    the mean squared distance of the nearest neighbour over the number of features.

    References
    ----------
    .. [1] Biroli, G. and Mezard, M., "Kernel Density Estimators in Large Dimensions",
       arXiv:2408.05807, 2024.
    .. [2] Bahadur, R. R. and Rao, R. R., "On deviations of the sample mean", Annals of
       Mathematical Statistics 31(4), 1960.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.density import gaussian_regimes
    >>> regimes = gaussian_regimes(100_000, np.ones(40))
    >>> round(regimes.h_G, 3), round(regimes.h_CLT, 3), round(regimes.h_KL, 3)
    (0.973, 1.376, 0.85)
    """
    log_n = _log_number(n_samples, log_n_samples)
    variances = np.asarray(spectrum, dtype=np.float64)
    if variances.ndim != 1 or variances.size == 0:
        raise ValueError(
            "spectrum must be a vector of variances of shape (n_features,); got shape "
            f"{variances.shape}"
        )
    if not np.all(np.isfinite(variances)) or np.any(variances < 0):
        raise ValueError("spectrum must be finite and non-negative: variances, not scales")
    highest = np.max(variances)
    if highest == 0:
        raise ValueError("spectrum must have a positive variance")
    # Relative to the highest, and in logarithms: only the results may underflow.
    log_spectrum = np.log(variances[variances > 0]) - np.log(highest)

    def surplus(log_tilt: float) -> float:
        return _log_number_of_nearest(log_spectrum + log_tilt, refined) - log_n

    low = high = 0.0
    while surplus(low) > 0:
        low = 2 * low - 1
    while surplus(high) < 0:
        high = 2 * high + 1
    log_tilt = brentq(surplus, low, high, xtol=1e-14, rtol=1e-14)
    log_unit = np.log(highest) / 2
    log_stays = -np.logaddexp(0, log_spectrum + log_tilt)  # log(1 / (1 + l s))
    log_nearest = logsumexp(log_spectrum + log_stays + np.log1p(np.exp(log_stays)))
    log_h_G = log_unit - log_tilt / 2
    log_h_KL = log_unit + (log_nearest - np.log(variances.size)) / 2
    return Bunch(
        h_G=float(np.exp(log_h_G)),
        h_CLT=float(np.exp(log_h_G + np.log(2) / 2)),
        h_KL=float(np.exp(log_h_KL)),
    )


def _log_number(n_samples: float | None, log_n_samples: float | None) -> float:
    if (n_samples is None) == (log_n_samples is None):
        raise ValueError("give one of n_samples and log_n_samples, and None for the other")
    if log_n_samples is None:
        if not 1 < n_samples < np.inf:
            raise ValueError(
                f"n_samples must be finite and greater than 1; got {n_samples}. Give the "
                "logarithm of a huge number as log_n_samples"
            )
        return math.log(n_samples)  # of integers of any size
    if not 0 < log_n_samples < np.inf:
        raise ValueError(f"log_n_samples must be positive and finite; got {log_n_samples}")
    return float(log_n_samples)


def _log_number_of_nearest(log_t: NDArray, refined: bool) -> float:
    """Return log n of which the nearest is at the tilt l, for log_t = log(l s_k)."""
    stays = expit(-log_t)  # 1 / (1 + t)
    moves = expit(log_t)  # t / (1 + t)
    # log(1 + t) - t / (1 + t)^2 cancels to 3/2 t^2: its power series where t is small.
    t = np.exp(np.minimum(log_t, np.log(1e-3)))
    series = t * t * (3 / 2 - t * (8 / 3 - t * (15 / 4 - t * (24 / 5 - t * 35 / 6))))
    rate = np.where(log_t < np.log(1e-3), series, np.logaddexp(0, log_t) - moves * stays)
    log_n = np.sum(rate) / 2
    if refined:
        curvature = np.sum(moves**2 * (0.5 + stays))  # l^2 Phi''
        with np.errstate(divide="ignore"):
            log_n += np.log(2 * np.pi * curvature) / 2
    return float(log_n)
