"""Rules that choose a bandwidth."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.density._isj import improved_sheather_jones
from sklearn_kernelx.density._leave_one_out import (
    half_participation_bandwidth,
    leave_one_out,
    maximise_likelihood,
)
from sklearn_kernelx.density._neighbourhoods import Neighbourhoods, training_set
from sklearn_kernelx.density._regime_estimates import (
    NO_CONDENSATION,
    choose_rows,
    tail_doubling,
)

# Rules that look at the distances between points: for the Euclidean metric only.
DISTANCE_RULES = frozenset({"normal_reference", "kl", "clt", "condensation", "isj"})
RULES = frozenset({"scott", "silverman"}) | DISTANCE_RULES
# Rows that stand for all in leave-one-out rules: where the permutation of the rows by
# RandomState(SEED) begins.
SEED = 0
N_CONDENSATION_ROWS = 500
# "kl" takes more rows than the first few until their choice changes the bandwidth by no
# more than this relative standard error, or until rows times points are too many.
N_FIRST_ROWS, STANDARD_ERROR, MAX_PAIRS = 200, 0.05, 1e9


def resolve_bandwidth(
    bandwidth: Any,
    X: NDArray,
    *,
    kernel: str = "gaussian",
    sample_weight: NDArray | None = None,
    n_threads: int = 1,
) -> float | NDArray[np.float64]:
    """Return the bandwidth that the parameter stands for.

    Parameters
    ----------
    bandwidth : float, str or array-like of shape (n_features,)
        The parameter.
    X : ndarray of shape (n_samples, n_features), dtype float64 or float32
        Training points, finite.
    kernel : str, default="gaussian"
        One of the six names.
    sample_weight : ndarray of shape (n_samples,), default=None
        Non-negative, not all zero.
    n_threads : int, default=1
        The result does not depend on it.

    Returns
    -------
    bandwidth : float or ndarray of shape (n_features,)

    Raises
    ------
    ValueError
        If an array has the wrong shape, an entry is not a positive number whose reciprocal
        is finite, or a rule does not apply to the data or the kernel.
    """
    if isinstance(bandwidth, str):
        return _from_rule(bandwidth, X, kernel, sample_weight, n_threads)
    n_features = X.shape[1]
    h = np.asarray(bandwidth, dtype=np.float64)
    if h.ndim > 1 or (h.ndim == 1 and h.shape != (n_features,)):
        raise ValueError(
            f"bandwidth must be a number, one of {sorted(RULES)} or an array of shape "
            f"(n_features,) = ({n_features},); got shape {h.shape}"
        )
    with np.errstate(divide="ignore", over="ignore"):
        usable = (h > 0) & np.isfinite(h) & np.isfinite(1 / h)
    if not np.all(usable):
        raise ValueError(
            "bandwidth must be positive and finite, and no smaller than 1e-307; got "
            f"{bandwidth!r}. Rescale X if its unit is that small or that large"
        )
    return h if h.ndim else float(h)


def _from_rule(
    rule: str, X: NDArray, kernel: str, sample_weight: NDArray | None, n_threads: int
) -> float | NDArray[np.float64]:
    if rule in ("scott", "silverman"):
        return rule_of_thumb(rule, *X.shape)
    if rule == "normal_reference":
        return normal_reference(X, sample_weight)
    if rule in ("clt", "condensation"):
        h_G = condensation_bandwidth(
            X, kernel=kernel, sample_weight=sample_weight, n_threads=n_threads
        )
        return h_G if rule == "condensation" else h_G * tail_doubling(kernel)
    if rule not in RULES:
        raise ValueError(
            f"bandwidth must be a number, an array or one of {sorted(RULES)}; got {rule!r}"
        )
    if kernel != "gaussian":
        raise ValueError(
            f"bandwidth={rule!r} needs kernel='gaussian'; got kernel={kernel!r}. Use "
            "'clt', 'condensation' or a number"
        )
    if rule == "kl":
        return likelihood_bandwidth(X, sample_weight, n_threads)
    if X.shape[1] != 1:
        raise ValueError(
            f"bandwidth='isj' needs 1 feature; X has {X.shape[1]}. Use bandwidth='kl'"
        )
    return improved_sheather_jones(X[:, 0].astype(np.float64), sample_weight)


def rule_of_thumb(rule: str, n_samples: float, n_features: int) -> float:
    """Return Scott's or Silverman's factor, as scikit-learn's KernelDensity uses it.

    The factor is not multiplied by the spread of the data: it fits standardised features.

    Parameters
    ----------
    rule : {"scott", "silverman"}
        Scott (1992), eq. 6.42: n^(-1/(d+4)); Silverman (1986), p. 86:
        (n (d+2) / 4)^(-1/(d+4)).
    n_samples, n_features : int
        Size of the data.

    Returns
    -------
    bandwidth : float
    """
    n = n_samples if rule == "scott" else n_samples * (n_features + 2) / 4
    return n ** (-1 / (n_features + 4))


def normal_reference(X: NDArray, sample_weight: NDArray | None) -> NDArray[np.float64]:
    """Return Scott's factor times the standard deviation of each feature.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Training points, finite.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative, not all zero. The number of samples is then Kish's effective one,
        (sum w)^2 / sum w^2.

    Returns
    -------
    bandwidth : ndarray of shape (n_features,)

    Raises
    ------
    ValueError
        If a feature is constant.
    """
    share = np.full(len(X), 1 / len(X))
    if sample_weight is not None:
        share = sample_weight / np.max(sample_weight)
        share /= np.sum(share)
    n_effective = 1 / np.sum(share**2)
    # In units of the largest deviation, whose squares neither over- nor underflow.
    offsets = X.astype(np.float64, copy=False) - share @ X
    unit = np.max(np.abs(offsets), axis=0, initial=0)
    constant = np.flatnonzero((unit == 0) | (np.ptp(X[share > 0], axis=0) == 0))
    if len(constant):
        raise ValueError(
            "bandwidth='normal_reference' needs features that vary; of X these do not: "
            f"{constant.tolist()}. Leave them out (VarianceThreshold), or give bandwidth "
            "as an array"
        )
    variance = share @ (offsets / unit) ** 2 * n_effective / (n_effective - 1)
    factor = rule_of_thumb("scott", n_effective, X.shape[1])
    return factor * unit * np.sqrt(variance)


def likelihood_bandwidth(
    X: NDArray, sample_weight: NDArray | None, n_threads: int
) -> float:
    """Return the bandwidth of maximum leave-one-out likelihood, for the Gaussian kernel.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Training points, finite.
    sample_weight : ndarray of shape (n_samples,) or None
        Non-negative, not all zero.
    n_threads : int
        The result does not depend on it.

    Returns
    -------
    bandwidth : float

    Raises
    ------
    ValueError
        If there are fewer than 2 distinct rows.
    """
    training = training_set(
        X, kernel="gaussian", sample_weight=sample_weight, n_threads=n_threads
    )
    n_samples = len(training.X)
    rows = np.random.RandomState(SEED).permutation(n_samples)
    affordable = min(n_samples, max(int(MAX_PAIRS / n_samples), 10 * N_FIRST_ROWS))
    n_rows, maximum = N_FIRST_ROWS, None
    while True:
        hoods = leave_one_out(training, rows[:n_rows])
        guess = None if maximum is None else maximum.bandwidth
        maximum = maximise_likelihood(hoods, guess)
        if n_rows >= affordable:
            break
        error = maximum.log_standard_error(hoods)
        if error <= STANDARD_ERROR:
            break
        # At most ten times as many: a flat likelihood makes the error itself a guess.
        wanted = n_rows * min(1.1 * (error / STANDARD_ERROR) ** 2, 10)
        n_rows = min(int(wanted) + 1, affordable)
    _warn_of_duplicates(hoods)
    return maximum.bandwidth * training.unit


def _warn_of_duplicates(hoods: Neighbourhoods) -> None:
    share = np.mean(hoods.has_equal)
    if share > 0:
        warnings.warn(
            f"bandwidth='kl': {share:.1%} of the rows looked at have duplicates in X. "
            "These are left out of each other's likelihood, which would have no maximum "
            "otherwise. If X is rounded or integer-valued, this makes the bandwidth too "
            "large: add uniform noise as wide as the rounding",
            UserWarning,
            stacklevel=7,  # the caller of fit
        )


def condensation_bandwidth(
    X: NDArray, *, kernel: str, sample_weight: NDArray | None = None, n_threads: int = 1
) -> float:
    """Return h_G, the bandwidth below which a few points decide the density.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Training points, finite.
    kernel : str
        One of the six names.
    sample_weight : ndarray of shape (n_samples,), default=None
        Non-negative, not all zero.
    n_threads : int, default=1
        The result does not depend on it.

    Returns
    -------
    bandwidth : float

    Raises
    ------
    ValueError
        If there is none.
    """
    training = training_set(
        X, kernel=kernel, sample_weight=sample_weight, n_threads=n_threads
    )
    rows = choose_rows(len(training.X), N_CONDENSATION_ROWS, SEED)
    half = half_participation_bandwidth(leave_one_out(training, rows))
    if half is None:
        raise ValueError(NO_CONDENSATION)
    return half * training.unit * tail_doubling(kernel)
