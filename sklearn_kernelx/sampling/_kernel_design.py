"""Samples of the determinantal process of a kernel matrix, whole or by a factor."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.sampling._greedy import pivoted_cholesky, randomly_pivoted_cholesky
from sklearn_kernelx.sampling._implicit_kernels import (
    columns_in_memory,
    whole_kernel,
)
from sklearn_kernelx.sampling._k_dpp import (
    LEnsemble,
    draw_l_ensemble,
    inclusion_probabilities,
    l_ensemble_from_factor,
    l_ensemble_from_kernel,
)
from sklearn_kernelx.sampling._partial_cholesky import ImplicitKernel

# Up to so many points, all eigenvectors take a few seconds.
MOST_WHOLE = 2000
# Columns of the factor for each point of a sample: the law is then close to that of all.
COLUMNS_PER_SAMPLE = 4


class KernelDraws(NamedTuple):
    """A sample.

    Attributes
    ----------
    points : ndarray of shape (n_points,)
        All different.
    sample_weight : ndarray of shape (n_points,)
        n over N times the probability of the point; 1 for a greedy selection.
    inclusion : ndarray of shape (N,) or None
        Probability of each candidate to be drawn; None for a greedy selection.
    rank : int
        Of the kernel matrix, or its factor.
    """

    points: NDArray[np.intp]
    sample_weight: NDArray[np.float64]
    inclusion: NDArray[np.float64] | None
    rank: int


def check_kernel_design(sampler: Any) -> None:
    """Raise ValueError if parameters of a DPPSampler are not for a kernel."""
    for name, default in (("feature_map", None), ("alpha", 0), ("stability", None)):
        if (value := getattr(sampler, name)) != default:
            raise ValueError(
                f"{name}={value!r} is not for a kernel: leave it at {default}, or leave "
                "kernel at None"
            )
    if sampler.design not in ("dpp", "repeated_dpp", "greedy"):
        raise ValueError(
            f"design={sampler.design!r} is not for a kernel: choose 'dpp' or 'greedy', or "
            "leave kernel at None"
        )
    if sampler.design == "greedy" and sampler.n_samples is None:
        raise ValueError("design='greedy' with a kernel needs n_samples: give a number")


def draw_by_kernel(
    kernel: ImplicitKernel, design: str, n_samples: int | None, rng: np.random.Generator
) -> KernelDraws:
    """Return one sample.

    Parameters
    ----------
    kernel : ImplicitKernel
        Of N candidates.
    design : {"dpp", "repeated_dpp", "greedy"}
        The first two are one sample of the process.
    n_samples : int or None
        Its size; None for a random one.
    rng : Generator
        Where the draws come from.
    """
    if design == "greedy":
        points, _ = pivoted_cholesky(kernel, min(n_samples, len(kernel.diagonal)))
        warn_of_rank(len(points), n_samples, "n_samples")
        return KernelDraws(points, np.ones(len(points)), None, len(points))
    if decomposed_whole(kernel):
        ensemble = whole_ensemble(kernel)
    else:
        ensemble = factored_ensemble(kernel, n_samples, rng)
    points = draw_l_ensemble(ensemble, n_samples, rng)
    inclusion = inclusion_probabilities(ensemble, n_samples)
    weights = len(points) / (len(inclusion) * inclusion[points])
    return KernelDraws(points, weights, inclusion, ensemble.rank)


def warn_of_rank(n_found: int, n_wanted: int, name: str) -> None:
    """Warn if a kernel matrix had no more points to offer."""
    if n_found < n_wanted:
        warn_user(
            f"Only {n_found} could be chosen instead of {name}={n_wanted}: this is the "
            "numerical rank of the kernel matrix, and more would add nothing",
            UserWarning,
        )


def decomposed_whole(kernel: ImplicitKernel) -> bool:
    """Return whether all eigenvectors are affordable."""
    n_candidates = len(kernel.diagonal)
    return n_candidates <= min(MOST_WHOLE, columns_in_memory(n_candidates))


def whole_ensemble(kernel: ImplicitKernel) -> LEnsemble:
    """Return the ensemble of the kernel."""
    return l_ensemble_from_kernel(whole_kernel(kernel))


def factored_ensemble(
    kernel: ImplicitKernel,
    n_samples: int | None,
    rng: np.random.Generator,
    *,
    n_threads: int = 1,
) -> LEnsemble:
    """Return the ensemble of a factor, fit for samples of this size.

    For samples of random size it is as large as the working memory allows.
    """
    n_candidates = len(kernel.diagonal)
    n_columns = columns_in_memory(n_candidates)
    if n_samples is not None:
        n_columns = COLUMNS_PER_SAMPLE * n_samples
    n_columns = min(n_columns, n_candidates)
    _, factor = randomly_pivoted_cholesky(kernel, n_columns, rng, n_threads=n_threads)
    return l_ensemble_from_factor(factor)
