"""Budgets: sums, threads, clones in searches, pickling, errors."""

import copy
import io
import math
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from sklearn_kernelx.privacy._accountant import BudgetAccountant, BudgetExceededError
from sklearn_kernelx.privacy._calibration import (
    gaussian_rho,
    zcdp_epsilon,
    zcdp_rho,
)


class Spender(ClassifierMixin, BaseEstimator):
    """Spends at every fit, before it looks at anything."""

    def __init__(self, epsilon=0.1, accountant=None):
        self.epsilon = epsilon
        self.accountant = accountant

    def fit(self, X, y):
        self.accountant.spend(self.epsilon)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


X, Y = np.zeros((12, 1)), np.arange(12) % 2


# ------------------------------------------------------------------------ composition


def test_ten_tenths_fit_and_no_more():
    accountant = BudgetAccountant(1.0)
    for _ in range(10):
        accountant.spend(0.1)
    assert accountant.total() == (1.0, 0.0)
    assert accountant.remaining() == (0.0, 0.0)
    for epsilon in [0.1, 1e-300, 5e-324]:
        with pytest.raises(BudgetExceededError):
            accountant.spend(epsilon)


def test_elevenths_as_fractions():
    accountant = BudgetAccountant(1)
    for _ in range(11):
        accountant.spend(Fraction(1, 11))
    assert accountant.remaining() == (0.0, 0.0)


def test_deltas_add_up_exactly():
    accountant = BudgetAccountant(10.0, 1e-6)
    for _ in range(10):
        accountant.spend(0.5, 1e-7)
    assert accountant.total() == (5.0, 1e-6)
    with pytest.raises(BudgetExceededError):
        accountant.spend(0.5, 1e-20)
    accountant.spend(0.5)


def test_a_pure_budget_has_no_delta():
    with pytest.raises(BudgetExceededError, match=r"epsilon=0\.1 and delta=1e-09"):
        BudgetAccountant(1.0).spend(0.1, 1e-9)


def test_what_remains_can_be_spent():
    rng = np.random.default_rng(0)
    for _ in range(200):
        accountant = BudgetAccountant(1.0, 1e-6)
        accountant.spend(rng.uniform(0, 1), rng.uniform(0, 1e-6))
        accountant.spend(*accountant.remaining())
        epsilon, delta = accountant.total()
        assert 1 - 1e-15 < epsilon <= 1.0
        assert 1e-6 * (1 - 1e-15) < delta <= 1e-6


def test_totals_round_up():
    accountant = BudgetAccountant(2.0)
    accountant.spend(1.0)
    accountant.spend(1e-30)
    assert accountant.total()[0] > 1.0
    assert accountant.remaining()[0] < 1.0


def test_zcdp():
    accountant = BudgetAccountant(1.0, 1e-6, composition="zcdp")
    assert accountant.total() == (0.0, 0.0)
    budget = accountant.remaining_rho()
    assert budget == zcdp_rho(1.0, 1e-6)
    for _ in range(10):
        accountant.spend_rho(budget / 16)
    epsilon, delta = accountant.total()
    assert delta == 1e-6
    assert epsilon == pytest.approx(zcdp_epsilon(budget * 10 / 16, 1e-6), rel=1e-9)
    assert accountant.remaining_rho() == pytest.approx(budget * 6 / 16)
    assert accountant.remaining()[0] == pytest.approx(zcdp_epsilon(budget * 6 / 16, 1e-6))
    with pytest.raises(BudgetExceededError, match="rho="):
        accountant.spend_rho(budget * 7 / 16)
    accountant.spend_rho(accountant.remaining_rho())
    assert 1 - 1e-9 < accountant.total()[0] <= 1.0
    with pytest.raises(BudgetExceededError):
        accountant.spend_rho(1e-12)


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 0.7, 1.1, 2.3, 5.9, Fraction(1, 3)])
@pytest.mark.parametrize("delta", [1e-9, 1e-6, 3e-5, 1e-3])
def test_the_whole_rho_is_the_budget(epsilon, delta):
    accountant = BudgetAccountant(epsilon, delta, "zcdp")
    assert accountant.remaining() == (pytest.approx(float(epsilon), rel=1e-9), delta)
    accountant.spend_rho(accountant.remaining_rho())
    assert epsilon * (1 - 1e-9) < accountant.total()[0] <= math.nextafter(epsilon, 9)


def test_zcdp_of_pure_and_gaussian_releases():
    accountant = BudgetAccountant(8.0, 1e-6, composition="zcdp")
    accountant.spend(0.1)
    accountant.spend_rho(gaussian_rho(1, 100))
    assert accountant.total()[0] == pytest.approx(zcdp_epsilon(0.005 + 0.005, 1e-6))


def test_zcdp_is_better_for_many_gaussian_releases():
    """A hundred of sigma = 100: basic composition would need ten times the epsilon."""
    accountant = BudgetAccountant(1.0, 1e-6, composition="zcdp")
    for _ in range(100):
        accountant.spend_rho(gaussian_rho(1, 100**2))
    one = zcdp_epsilon(gaussian_rho(1, 100**2), 1e-8)
    assert accountant.total()[0] < 100 * one / 8


def test_a_refusal_spends_nothing():
    accountant = BudgetAccountant(1.0, 1e-6)
    accountant.spend(0.5, 5e-7)
    before = accountant.total()
    for cost in [(0.6, 0.0), (0.1, 6e-7), (2.0, 0.5)]:
        with pytest.raises(BudgetExceededError, match="remains"):
            accountant.spend(*cost)
    assert accountant.total() == before


# ----------------------------------------------------------------- sharing and copies


def test_threads_spend_what_there_is():
    accountant = BudgetAccountant(1.0)

    def attempt(_):
        try:
            accountant.spend(0.01)
        except BudgetExceededError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(400))) == 100
    assert accountant.total() == (1.0, 0.0)


def test_the_sum_is_made_under_the_lock():
    """Deterministic: the comparison with the budget looks whether the lock is taken."""
    accountant = BudgetAccountant(1.0)
    locked = []

    class Watched(Fraction):
        def __lt__(self, other):
            locked.append(accountant._lock.locked())
            return super().__lt__(other)

    accountant._budget = (Watched(1), Watched(0))
    accountant.spend(0.5)
    assert locked == [True, True]


def test_copies_are_the_accountant():
    accountant = BudgetAccountant(1.0)
    assert copy.copy(accountant) is accountant
    assert copy.deepcopy({"a": [accountant]})["a"][0] is accountant
    assert clone(accountant) is accountant
    assert clone(Spender(accountant=accountant)).accountant is accountant


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_spends_every_fit(n_jobs):
    accountant = BudgetAccountant(10.0)
    search = GridSearchCV(
        Spender(accountant=accountant), {"epsilon": [0.1, 0.2]}, cv=3, n_jobs=n_jobs
    )
    with joblib.parallel_config("threading"):
        search.fit(X, Y)
    # Three folds of each, and the refit of the best, which is the first of equals.
    assert accountant.total() == (1.0, 0.0)
    assert search.best_estimator_.accountant is accountant


def test_cross_validation_stops_at_the_budget():
    accountant = BudgetAccountant(0.3)
    with pytest.raises(BudgetExceededError):
        cross_val_score(Spender(accountant=accountant), X, Y, cv=5, error_score="raise")
    assert accountant.total() == (0.3, 0.0)


@pytest.mark.parametrize("dumps", [pickle.dumps, lambda x: joblib.dump(x, io.BytesIO())])
def test_pickling_is_an_error(dumps):
    accountant = BudgetAccountant(1.0)
    for holder in [accountant, Spender(accountant=accountant)]:
        with pytest.raises(pickle.PicklingError, match="set_params"):
            dumps(holder)
    pickle.dumps(Spender(accountant=accountant).set_params(accountant=None))


def test_another_process_cannot_spend(monkeypatch):
    accountant = BudgetAccountant(1.0)
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)
    with pytest.raises(RuntimeError, match="another process"):
        accountant.spend(0.1)
    assert accountant.total() == (0.0, 0.0)


def test_repr_and_properties():
    accountant = BudgetAccountant(1.0, 1e-6, "zcdp")
    assert (
        repr(accountant) == "BudgetAccountant(epsilon=1.0, delta=1e-06, composition='zcdp')"
    )
    assert (accountant.epsilon, accountant.delta) == (1.0, 1e-6)
    assert accountant.composition == "zcdp"
    assert "BudgetAccountant(" in repr(Spender(accountant=accountant))


# ----------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((0.0,), "epsilon"),
        ((-1.0,), "epsilon"),
        ((math.inf,), "epsilon"),
        ((math.nan,), "epsilon"),
        ((1.0, -1e-9), "delta"),
        ((1.0, 1.0), "delta"),
        ((1.0, math.nan), "delta"),
        ((1.0, 0.0, "zcdp"), "delta"),
        ((1.0, 0.0, "advanced"), "composition"),
    ],
)
def test_refused_budgets(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        BudgetAccountant(*arguments)


@pytest.mark.parametrize("bad", [-0.1, math.inf, math.nan])
def test_refused_spending(bad):
    basic = BudgetAccountant(1.0, 1e-6)
    zcdp = BudgetAccountant(1.0, 1e-6, "zcdp")
    with pytest.raises(ValueError, match="epsilon must be"):
        basic.spend(bad)
    with pytest.raises(ValueError, match="delta must be"):
        basic.spend(0.1, bad)
    with pytest.raises(ValueError, match="rho must be"):
        zcdp.spend_rho(bad)
    assert basic.total() == zcdp.total() == (0.0, 0.0)


def test_the_wrong_currency():
    with pytest.raises(ValueError, match="Call spend with"):
        BudgetAccountant(1.0, 1e-6).spend_rho(0.1)
    with pytest.raises(ValueError, match="composition='zcdp' only"):
        BudgetAccountant(1.0, 1e-6).remaining_rho()
    with pytest.raises(ValueError, match="spend_rho"):
        BudgetAccountant(1.0, 1e-6, "zcdp").spend(0.1, 1e-9)
