"""The concentration of a von Mises-Fisher law from the mean of its directions."""

import math

import numpy as np

from sklearn_kernelx.special import vmf_kappa, vmf_kappa_complement


def corrected_square(
    square: float, complement: float, effective_size: float
) -> tuple[float, float]:
    """Remove the bias of the squared length of a mean of directions.

    For n directions of a law whose mean has length rho, E[r^2] is rho^2 + (1 - rho^2) / n:
    the n diagonal terms of the double sum are 1, the others rho^2. Hence
    ``(n r^2 - 1) / (n - 1)`` is unbiased for rho^2; below zero it becomes zero.

    Parameters
    ----------
    square, complement : float
        r^2 and 1 - r^2, each with its own digits.
    effective_size : float
        n > 1; with weights ``(sum w)^2 / sum w^2``, for which the same expectation holds.

    Returns
    -------
    square, complement : float
        The corrected numbers, in [0, 1].
    """
    corrected = effective_size * complement / (effective_size - 1)
    if corrected >= 1:
        return 0.0, 1.0
    if complement < 0.5:
        return 1 - corrected, corrected
    return max(0.0, (effective_size * square - 1) / (effective_size - 1)), corrected


def length_and_complement(square: float, complement: float) -> tuple[float, float]:
    """Return r and 1 - r from r^2 and 1 - r^2."""
    length = math.sqrt(1 - complement) if complement < 0.5 else math.sqrt(square)
    return min(1.0, length), complement / (1 + length)


def estimate_concentration(
    n_features: int,
    square: float,
    complement: float,
    *,
    effective_size: float | None,
    max_concentration: float,
) -> float:
    """Estimate the concentration kappa: the root of ``A_p(kappa) = r``.

    Parameters
    ----------
    n_features : int
        The dimension p of the space around the sphere.
    square, complement : float
        r^2 and 1 - r^2 of the mean of the sample, each with its own digits.
    effective_size : float or None
        Size of the sample, at least 1, for the correction of the bias; None leaves it out,
        which gives the maximum likelihood estimate.
    max_concentration : float
        What the result is at most: a single row, or equal rows, have no finite one.

    Returns
    -------
    concentration : float
        In [0, `max_concentration`].
    """
    if effective_size is not None:
        if effective_size <= 1:
            return float(max_concentration)
        square, complement = corrected_square(square, complement, effective_size)
    length, length_complement = length_and_complement(square, complement)
    if length < 0.5:
        concentration = vmf_kappa(n_features, length)
    else:
        with np.errstate(divide="ignore", over="ignore"):  # equal rows: infinity
            concentration = vmf_kappa_complement(n_features, length_complement)
    return min(float(concentration), float(max_concentration))
