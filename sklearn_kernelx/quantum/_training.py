"""Minimisers of the cost of a variational classifier: L-BFGS and SPSA."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

# Called after each iteration with the parameters; true to stop.
Report = Callable[[NDArray[np.float64]], bool]

# Slopes that are none.
_FLAT = 1e-9

# Exponents and the share of iterations by which gains are delayed: Spall (1998).
_GAIN_DECAY = 0.602
_PERTURBATION_DECAY = 0.101
_DELAY = 0.1
# Of each parameter, in units of angles, by measurement: perturbations and the first step.
_PERTURBATION = 0.1
_FIRST_STEP = 0.1
_N_TRIALS = 25
_SHARE_AVERAGED = 0.1
# In units of that at the start, which may be in a flat part.
_LARGEST_SLOPE = 2.0


class Training(NamedTuple):
    """What a minimiser has come to.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
    loss_curve : list of float
        The cost after each iteration, or an estimate.
    converged : bool
        Whether it has ended for another reason than `max_iter`.
    """

    parameters: NDArray[np.float64]
    loss_curve: list[float]
    converged: bool


def minimize_lbfgs(
    value_and_gradient: Callable[[NDArray], tuple[float, NDArray]],
    start: NDArray[np.float64],
    *,
    max_iter: int,
    tol: float,
    wants_stop: Report,
) -> Training:
    """Minimise by L-BFGS until an iteration lowers the cost by no more than `tol`.

    Where the cost is above 1, by that share of it.
    """
    loss_curve = []

    def after_iteration(intermediate_result: OptimizeResult) -> None:
        loss_curve.append(float(intermediate_result.fun))
        if wants_stop(intermediate_result.x):
            raise StopIteration

    found = minimize(
        value_and_gradient,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=after_iteration,
        options={
            "maxiter": max_iter,
            "maxfun": 20 * max_iter,
            "ftol": tol,
            "gtol": _FLAT,
        },
    )
    return Training(found.x, loss_curve, found.status != 1)


def minimize_spsa(
    cost: Callable[[NDArray], float],
    start: NDArray[np.float64],
    *,
    max_iter: int,
    rng: np.random.Generator,
    wants_stop: Report,
) -> Training:
    """Minimise a noisy cost by simultaneous perturbation stochastic approximation.

    J. C. Spall, "Implementation of the simultaneous perturbation algorithm for stochastic
    optimization", IEEE Transactions on Aerospace and Electronic Systems 34, 1998. Two
    values of the cost at random opposite perturbations give a slope. Gains are such that
    the first step is of the size given above, by the mean of slopes at the start. The
    result is the mean over the last iterations.
    """
    parameters, averaged, loss_curve = start, [], []

    def slope_along(size: float) -> tuple[float, float, NDArray]:
        signs = rng.choice([-1.0, 1.0], len(parameters))
        above, below = cost(parameters + size * signs), cost(parameters - size * signs)
        return (above - below) / (2 * size), (above + below) / 2, signs

    slopes = [abs(slope_along(_PERTURBATION)[0]) for _ in range(_N_TRIALS)]
    delay = 1 + _DELAY * max_iter
    typical = max(float(np.mean(slopes)), np.finfo(np.float64).tiny)
    for k in range(max_iter):
        slope, loss, signs = slope_along(_PERTURBATION / (k + 1) ** _PERTURBATION_DECAY)
        slope = np.clip(slope / typical, -_LARGEST_SLOPE, _LARGEST_SLOPE)
        step = _FIRST_STEP * (delay / (delay + k)) ** _GAIN_DECAY
        parameters = parameters - step * slope * signs
        loss_curve.append(loss)
        if k >= (1 - _SHARE_AVERAGED) * max_iter:
            averaged.append(parameters)
        if wants_stop(parameters):
            break
    return Training(np.mean(averaged or [parameters], axis=0), loss_curve, True)
