"""Expectation and maximisation for a mixture of von Mises-Fisher laws."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython import _responsibilities
from sklearn_kernelx.directional._assignment import Logits, padded_logits
from sklearn_kernelx.directional._row_blocks import (
    Map,
    add_labelled_rows,
    add_transposed_products,
    blocks_of,
    products,
)
from sklearn_kernelx.directional._sphere import UnitRows
from sklearn_kernelx.special import log_vmf_peak, vmf_kappa

# Smaller shares change no sum, but in float32 would be subnormal and slow.
_NEGLIGIBLE = 1e-20

_SAFE_SQUARE = 1e-280


class Mixture(NamedTuple):
    """Parameters of a mixture.

    Attributes
    ----------
    log_weights : ndarray of shape (n_components,)
        Logarithms of the weights; -inf for a component out of use.
    directions : ndarray of shape (n_components, n_features)
        The mean directions, unit vectors.
    concentrations : ndarray of shape (n_components,)
        Their concentrations.
    """

    log_weights: NDArray[np.float64]
    directions: NDArray[np.float64]
    concentrations: NDArray[np.float64]


class Statistics(NamedTuple):
    """What one pass over the rows knows about them, given a mixture.

    Attributes
    ----------
    masses : ndarray of shape (n_components,)
        Sums of weight times responsibility.
    sums : ndarray of shape (n_components, n_features)
        Sums of weight times responsibility times direction of the row.
    log_densities : ndarray of shape (n_samples,)
        Log-densities of the rows; for ``em="hard"`` those of the component alone that
        takes the row, times its weight.
    labels : ndarray of shape (n_samples,) or None
        Components that took the rows; None for ``em="soft"``.
    """

    masses: NDArray[np.float64]
    sums: NDArray[np.float64]
    log_densities: NDArray[np.float64]
    labels: NDArray[np.int32] | None


def mixture_logits(mixture: Mixture, X: Any) -> Logits:
    """Return the logs of weight times density of each component, as `Logits`."""
    n_features = mixture.directions.shape[1]
    peaks = log_vmf_peak(n_features, mixture.concentrations)
    return padded_logits(
        mixture.directions, mixture.concentrations, mixture.log_weights + peaks, X
    )


def expectation(
    rows: UnitRows,
    logits: Logits,
    n_components: int,
    *,
    em: str,
    map_parts: Map,
    random_state: np.random.RandomState | None = None,
) -> Statistics:
    """Share the rows among the components and add them up.

    Parameters
    ----------
    rows : UnitRows
        The data.
    logits : Logits
        Of the components.
    n_components : int
        Their number, without the padding.
    em : {"soft", "hard", "stochastic"}
        A row goes to all components by their responsibilities, to the most responsible
        one, or to one drawn by responsibility.
    map_parts : callable
        Maps work over parts of the rows, see `parts_of`.
    random_state : RandomState instance, default=None
        For ``em="stochastic"``.

    Returns
    -------
    statistics : Statistics
    """
    n_rows, n_features = rows.X.shape
    log_densities = np.empty(n_rows)
    labels = None if em == "soft" else np.empty(n_rows, dtype=np.int32)
    uniforms = random_state.uniform(size=n_rows) if em == "stochastic" else None

    def share_among_all(part: slice, n_threads: int) -> tuple[NDArray, NDArray]:
        masses = np.zeros(len(logits.slopes))
        sums = np.zeros((n_features, len(logits.slopes)))
        for block in blocks_of(rows.X, part):
            shares = products(rows.X, block, logits.columns, n_threads)
            inverse_norms, weights = rows.inverse_norms[block], rows.weights[block]
            _responsibilities.softmax(
                shares,
                inverse_norms,
                logits.slopes,
                logits.offsets,
                _NEGLIGIBLE,
                log_densities[block],
            )
            masses += weights @ shares
            shares *= (weights * inverse_norms)[:, np.newaxis]
            add_transposed_products(rows.X, block, shares, sums, n_threads)
        return masses[:n_components], sums.T[:n_components]

    def give_to_one(part: slice, n_threads: int) -> tuple[NDArray, NDArray]:
        sums = np.zeros((n_components, n_features))
        for block in blocks_of(rows.X, part):
            found = products(rows.X, block, logits.columns, n_threads)
            scales = rows.inverse_norms[block]
            parameters = scales, logits.slopes, logits.offsets
            logs = log_densities[block]
            if em == "hard":
                _responsibilities.largest(found, *parameters, logs, labels[block])
            else:
                _responsibilities.softmax(found, *parameters, _NEGLIGIBLE, logs)
                _responsibilities.draw(found, uniforms[block], labels[block])
            factors = rows.weights[block] * scales
            add_labelled_rows(rows.X, block, factors, labels[block], sums)
        masses = np.bincount(labels[part], rows.weights[part], minlength=n_components)
        return masses, sums

    parts = map_parts(share_among_all if em == "soft" else give_to_one)
    masses, sums = parts[0]
    for more_masses, more_sums in parts[1:]:
        masses, sums = masses + more_masses, sums + more_sums
    return Statistics(masses, sums, log_densities, labels)


class ConcentrationRule(NamedTuple):
    """How concentrations follow from the data.

    Attributes
    ----------
    kind : {"full", "tied", "fixed"}
        One for each component, one for all, or the one given.
    fixed : float
        That one.
    largest : float
        What an estimate is at most.
    prior_weight : float
        Of imaginary rows that each component has besides its own, for "full".
    prior_length : float
        Length of the mean of these: how close together they are.
    """

    kind: str
    fixed: float
    largest: float
    prior_weight: float = 0.0
    prior_length: float = 1.0


def row_lengths(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Euclidean norms of rows, without an array of squares if those are safe."""
    with np.errstate(over="ignore", under="ignore"):
        squares = np.einsum("ij,ij->i", sums, sums)
    if np.all((squares > _SAFE_SQUARE) & (squares < 1 / _SAFE_SQUARE)):
        return np.sqrt(squares)
    largest = np.max(np.abs(sums), axis=1)
    scaled = sums / np.where(largest > 0, largest, 1)[:, np.newaxis]
    return largest * np.sqrt(np.sum(scaled * scaled, axis=1))


def pooled_length(statistics: Statistics) -> float:
    """Return the mean length of the components' mean directions, by their masses."""
    lengths = row_lengths(statistics.sums)
    return min(1.0, float(np.sum(lengths) / np.sum(statistics.masses)))


def log_prior(mixture: Mixture, rule: ConcentrationRule) -> float:
    """Return the logarithm of the prior density of the concentrations, unnormalised.

    It is the likelihood of the imaginary rows, ``C_p(kappa)^nu exp(nu s kappa)`` with nu
    their weight and s the length of their mean, and so conjugate.
    """
    if rule.prior_weight == 0:
        return 0.0
    kappas, n_features = mixture.concentrations, mixture.directions.shape[1]
    of_a_row = log_vmf_peak(n_features, kappas) - (1 - rule.prior_length) * kappas
    return rule.prior_weight * float(np.sum(of_a_row))


def maximization(
    statistics: Statistics, previous: Mixture, rule: ConcentrationRule
) -> Mixture:
    """Return the mixture of largest posterior density for given responsibilities.

    Parameters
    ----------
    statistics : Statistics
        Sums over the rows.
    previous : Mixture
        Keeps the direction of components whose rows have none in common.
    rule : ConcentrationRule
        How to choose the concentrations.

    Returns
    -------
    mixture : Mixture
    """
    masses, sums = statistics.masses, statistics.sums
    lengths = row_lengths(sums)
    directions = sums / np.where(lengths > 0, lengths, 1)[:, np.newaxis]
    directions[lengths == 0] = previous.directions[lengths == 0]
    with np.errstate(divide="ignore"):
        log_weights = np.log(masses / np.sum(masses))
    return Mixture(log_weights, directions, _concentrations(masses, lengths, sums, rule))


def _concentrations(
    masses: NDArray[np.float64],
    lengths: NDArray[np.float64],
    sums: NDArray[np.float64],
    rule: ConcentrationRule,
) -> NDArray[np.float64]:
    n_components, n_features = sums.shape
    if rule.kind == "fixed":
        return np.full(n_components, float(rule.fixed))
    if rule.kind == "tied":
        mean_lengths = np.full(n_components, np.sum(lengths) / np.sum(masses))
    else:
        masses = np.maximum(masses + rule.prior_weight, np.finfo(float).tiny)
        mean_lengths = (lengths + rule.prior_weight * rule.prior_length) / masses
    with np.errstate(divide="ignore"):  # equal rows: infinite
        estimates = vmf_kappa(n_features, np.minimum(mean_lengths, 1.0))
    return np.minimum(estimates, rule.largest)
