"""Rules that choose a bandwidth."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def rule_of_thumb(rule: str, n_samples: int, n_features: int) -> float:
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


def resolve_bandwidth(
    bandwidth: Any, n_samples: int, n_features: int
) -> float | NDArray[np.float64]:
    """Return the bandwidth that the parameter stands for.

    Parameters
    ----------
    bandwidth : float, {"scott", "silverman"} or array-like of shape (n_features,)
        The parameter.
    n_samples, n_features : int
        Size of the data.

    Returns
    -------
    bandwidth : float or ndarray of shape (n_features,)

    Raises
    ------
    ValueError
        If an array has the wrong shape, or an entry is not a positive number whose
        reciprocal is finite.
    """
    if isinstance(bandwidth, str):
        if bandwidth not in ("scott", "silverman"):
            raise ValueError(
                f"bandwidth must be a number, 'scott' or 'silverman'; got {bandwidth!r}"
            )
        return rule_of_thumb(bandwidth, n_samples, n_features)
    h = np.asarray(bandwidth, dtype=np.float64)
    if h.ndim > 1 or (h.ndim == 1 and h.shape != (n_features,)):
        raise ValueError(
            f"bandwidth must be a number, 'scott', 'silverman' or an array of shape "
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
