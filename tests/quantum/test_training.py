"""Minimisers on costs whose minimum is known."""

import numpy as np
import pytest

from sklearn_kernelx.quantum._training import minimize_lbfgs, minimize_spsa

TARGET = np.array([1.0, -0.5, 0.3, 0.0])


def quadratic(parameters):
    return float(np.sum((parameters - TARGET) ** 2))


def with_gradient(parameters):
    return quadratic(parameters), 2 * (parameters - TARGET)


def go_on(parameters):
    return False


def spsa(cost, *, wants_stop=go_on, max_iter=250, seed=0, start=None):
    start = np.zeros(4) if start is None else start
    rng = np.random.default_rng(seed)
    return minimize_spsa(cost, start, max_iter=max_iter, rng=rng, wants_stop=wants_stop)


def lbfgs(**options):
    options = {"max_iter": 100, "tol": 1e-12, "wants_stop": go_on, **options}
    return minimize_lbfgs(with_gradient, np.zeros(4), **options)


def test_lbfgs_finds_the_minimum():
    found = lbfgs()
    assert found.converged
    np.testing.assert_allclose(found.parameters, TARGET, atol=1e-6)
    assert found.loss_curve == sorted(found.loss_curve, reverse=True)


def test_lbfgs_tells_that_it_was_cut_off():
    found = lbfgs(max_iter=1)
    assert not found.converged
    assert len(found.loss_curve) == 1


def test_lbfgs_stops_when_told():
    seen = []

    def stop(parameters):
        seen.append(parameters.copy())
        return True

    found = lbfgs(wants_stop=stop)
    assert found.converged
    assert len(found.loss_curve) == len(seen) == 1
    np.testing.assert_array_equal(found.parameters, seen[0])


@pytest.mark.parametrize("seed", range(5))
def test_spsa_finds_the_minimum_in_noise(seed):
    noise = np.random.default_rng(seed)
    found = spsa(lambda p: quadratic(p) + 0.01 * noise.standard_normal(), seed=seed)
    assert np.max(np.abs(found.parameters - TARGET)) < 0.1
    assert len(found.loss_curve) == 250


def test_spsa_with_a_wrong_sign_does_not():
    """The mutant: uphill."""
    found = spsa(lambda p: -quadratic(p))
    assert np.max(np.abs(found.parameters - TARGET)) > 1


def test_spsa_calls_the_cost_twice_an_iteration_and_for_25_trials():
    calls = []
    spsa(lambda p: calls.append(p) or quadratic(p), max_iter=40)
    assert len(calls) == 2 * (40 + 25)


def test_spsa_survives_a_flat_start():
    """Where it begins slopes are 10^4 times smaller than a step further."""

    def walled(parameters):
        beyond = max(0.0, np.max(np.abs(parameters)) - 0.15)
        return float(1e-6 * np.sum(parameters) + beyond**2)

    assert np.max(np.abs(spsa(walled).parameters)) < 1
    assert np.all(spsa(lambda p: 0.0).parameters == 0)


def test_spsa_returns_the_mean_of_the_last_tenth():
    seen = []
    noise = np.random.default_rng(0)
    found = spsa(
        lambda p: quadratic(p) + 0.1 * noise.standard_normal(),
        wants_stop=lambda p: seen.append(p.copy()),
    )
    np.testing.assert_allclose(found.parameters, np.mean(seen[-25:], axis=0))


def test_spsa_stops_when_told_and_follows_its_seed():
    assert len(spsa(quadratic, wants_stop=lambda p: True).loss_curve) == 1
    first, second, other = (spsa(quadratic, seed=s).parameters for s in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert np.any(first != other)
