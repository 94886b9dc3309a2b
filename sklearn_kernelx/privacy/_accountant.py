"""What several private releases spend together, and the budget that limits them."""

import math
import os
import pickle
import threading
from fractions import Fraction
from numbers import Real

from sklearn_kernelx.privacy._arguments import check_delta, check_epsilon, exact
from sklearn_kernelx.privacy._calibration import pure_rho, zcdp_epsilon, zcdp_rho

_COMPOSITIONS = ("basic", "zcdp")


class BudgetExceededError(ValueError):
    """Raised before anything is spent or read, where a release exceeds the budget.

    Examples
    --------
    >>> from sklearn_kernelx import BudgetAccountant, BudgetExceededError
    >>> try:
    ...     BudgetAccountant(1.0).spend(2.0)
    ... except BudgetExceededError:
    ...     print("too much")
    too much
    """


class BudgetAccountant:
    """A privacy budget that all releases given this object share.

    Every release spends from it before it reads any data, and what exceeds the budget is
    refused with :class:`BudgetExceededError`. Copies are the object itself: what
    :func:`~sklearn.base.clone` makes of an estimator, and so every fit of a search or of a
    cross-validation, spends from the same budget. Threads may share it. Processes can not,
    so that pickling it is an error: search with ``n_jobs=1`` or with joblib's threads.

    Parameters
    ----------
    epsilon : float or Fraction
        Budget, positive.

    delta : float or Fraction, default=0.0
        Budget, at least 0 and below 1; positive for "zcdp".

    composition : {"basic", "zcdp"}, default="basic"
        How releases add up. "basic": sums of epsilon and of delta. "zcdp": the sum of the
        rho of zero-concentrated privacy, which must not exceed the rho that implies the
        budget. It is better for many releases with Gaussian noise, and worse for a few
        with Laplace noise, of which the rho is ``epsilon**2 / 2``.

    Notes
    -----
    The guarantee for all releases together is the budget, also if parameters of later
    releases are chosen after a look at earlier ones: [1]_ for "basic", [2]_ for "zcdp",
    where the rho of the budget is fixed in the beginning.

    Sums are exact. A float counts as the shortest decimal that rounds to it, so that ten
    times 0.1 is 1; for parts such as an eleventh, give ``Fraction(1, 11)``.

    References
    ----------
    .. [1] Rogers, R., Roth, A., Ullman, J. and Vadhan, S. (2016). "Privacy odometers and
       filters: pay-as-you-go composition". NeurIPS.
    .. [2] Feldman, V. and Zrnic, T. (2021). "Individual privacy accounting via a Renyi
       filter". NeurIPS.

    Examples
    --------
    >>> from sklearn_kernelx import BudgetAccountant
    >>> accountant = BudgetAccountant(1.0, 1e-6)
    >>> accountant.spend(0.3)
    >>> accountant.spend(0.3, 1e-7)
    >>> accountant.total()
    (0.6, 1e-07)
    >>> accountant.remaining()
    (0.4, 9e-07)
    """

    def __init__(
        self, epsilon: Real, delta: Real = 0.0, composition: str = "basic"
    ) -> None:
        for name, value in (("epsilon", epsilon), ("delta", delta)):
            if not isinstance(value, Real):
                raise TypeError(f"{name} must be a number; got {value!r}.")
        check_epsilon(epsilon)
        if composition == "zcdp" and delta == 0:
            raise ValueError(
                "delta must be above 0 with composition='zcdp'; got 0. Pass 1e-6, say."
            )
        if not 0 <= delta < 1:
            raise ValueError(f"delta must be at least 0 and below 1; got {delta}.")
        if composition not in _COMPOSITIONS:
            raise ValueError(
                f"composition must be one of {_COMPOSITIONS}; got {composition!r}."
            )
        if composition == "zcdp":
            check_delta(delta)
        self._epsilon, self._delta = epsilon, delta
        self._composition = composition
        self._budget = (
            (exact(epsilon), exact(delta))
            if composition == "basic"
            else (exact(zcdp_rho(epsilon, delta)),)
        )
        self._spent = (Fraction(0),) * len(self._budget)
        self._lock = threading.Lock()
        self._process = os.getpid()

    @property
    def epsilon(self) -> Real:
        """The budget for epsilon."""
        return self._epsilon

    @property
    def delta(self) -> Real:
        """The budget for delta."""
        return self._delta

    @property
    def composition(self) -> str:
        """How releases add up."""
        return self._composition

    def spend(self, epsilon: Real, delta: Real = 0.0) -> None:
        """Spend what an (epsilon, delta)-private release costs.

        Parameters
        ----------
        epsilon : float or Fraction
            At least 0.

        delta : float or Fraction, default=0.0
            At least 0 and below 1; 0 for "zcdp", as no rho follows from a positive one.

        Raises
        ------
        BudgetExceededError
            If that is more than remains. Nothing is spent then.
        """
        if not 0 <= epsilon < math.inf:
            raise ValueError(f"epsilon must be at least 0 and finite; got {epsilon}.")
        if not 0 <= delta < 1:
            raise ValueError(f"delta must be at least 0 and below 1; got {delta}.")
        asked = f"epsilon={epsilon} and delta={delta}"
        if self._composition == "basic":
            self._charge((exact(epsilon), exact(delta)), asked)
        elif delta == 0:
            self._charge((pure_rho(epsilon),), asked)
        else:
            raise ValueError(
                f"delta must be 0 with composition='zcdp'; got {delta}. Call spend_rho "
                "with the rho of the release, or take composition='basic'."
            )

    def spend_rho(self, rho: Real) -> None:
        """Spend what a rho-zCDP release costs, such as one with Gaussian noise.

        Parameters
        ----------
        rho : float or Fraction
            At least 0.

        Raises
        ------
        BudgetExceededError
            If that is more than remains. Nothing is spent then.
        """
        if self._composition == "basic":
            raise ValueError(
                "rho can be spent with composition='zcdp' only. Call spend with the "
                "epsilon and the delta of the release."
            )
        if not 0 <= rho < math.inf:
            raise ValueError(f"rho must be at least 0 and finite; got {rho}.")
        self._charge((exact(rho),), f"rho={float(rho)}")

    def total(self) -> tuple[float, float]:
        """What has been spent.

        Returns
        -------
        epsilon : float
            Rounded up. For "zcdp" that of the rho spent, at the delta of the budget.

        delta : float
            Rounded up. For "zcdp" the delta of the budget, and 0 if nothing is spent.
        """
        spent = self._spent
        if self._composition == "basic":
            return _float_up(spent[0]), _float_up(spent[1])
        return self._guarantee_of_rho(_float_up(spent[0]))

    def remaining(self) -> tuple[float, float]:
        """What can be spent yet.

        Returns
        -------
        epsilon : float
            Rounded down, so that it can be spent. For "zcdp" what a single release with
            the rho that remains would guarantee at the delta of the budget.

        delta : float
            Rounded down. For "zcdp" the delta of the budget, and 0 if nothing remains.
        """
        spent = self._spent
        left = [b - s for b, s in zip(self._budget, spent, strict=True)]
        if self._composition == "basic":
            return _float_down(left[0]), _float_down(left[1])
        return self._guarantee_of_rho(_float_down(left[0]))

    def remaining_rho(self) -> float:
        """The rho that can be spent yet, with composition="zcdp" only.

        Returns
        -------
        rho : float
            Rounded down.
        """
        if self._composition == "basic":
            raise ValueError("There is a rho with composition='zcdp' only.")
        return _float_down(self._budget[0] - self._spent[0])

    def _guarantee_of_rho(self, rho: float) -> tuple[float, float]:
        if rho == 0:
            return 0.0, 0.0
        # Both are rounded up, but the whole rho gives the budget.
        budget = _float_up(exact(self._epsilon))
        return min(zcdp_epsilon(rho, self._delta), budget), _float_up(exact(self._delta))

    def _charge(self, cost: tuple[Fraction, ...], asked: str) -> None:
        if os.getpid() != self._process:
            raise RuntimeError(
                "This accountant belongs to another process, which would not see what is "
                "spent here. Use n_jobs=1 or joblib's threading backend."
            )
        with self._lock:
            spent = tuple(s + c for s, c in zip(self._spent, cost, strict=True))
            if any(s > b for s, b in zip(spent, self._budget, strict=True)):
                raise BudgetExceededError(
                    f"A release with {asked} exceeds the budget epsilon={self._epsilon}, "
                    f"delta={self._delta}, of which {self._left()} remains. Nothing was "
                    "spent and nothing released. Ask for less, or make fewer releases."
                )
            self._spent = spent

    def _left(self) -> str:
        if self._composition == "zcdp":
            return f"rho={self.remaining_rho():.6g}"
        epsilon, delta = self.remaining()
        return f"epsilon={epsilon}, delta={delta}"

    def __sklearn_clone__(self) -> "BudgetAccountant":
        return self

    def __copy__(self) -> "BudgetAccountant":
        return self

    def __deepcopy__(self, memo: dict) -> "BudgetAccountant":
        return self

    def __reduce_ex__(self, protocol: int):
        raise pickle.PicklingError(
            "A BudgetAccountant can not be pickled: the copy would spend the budget once "
            "more. To search or cross-validate use n_jobs=1 or joblib's threading backend; "
            "to save an estimator call set_params(accountant=None) first."
        )

    def __repr__(self) -> str:
        return (
            f"BudgetAccountant(epsilon={self._epsilon}, delta={self._delta}, "
            f"composition={self._composition!r})"
        )


def _float_up(value: Fraction) -> float:
    """The least float whose decimal is at least value."""
    nearest = float(value)
    return nearest if exact(nearest) >= value else math.nextafter(nearest, math.inf)


def _float_down(value: Fraction) -> float:
    """The greatest float whose decimal is at most value."""
    nearest = float(value)
    return nearest if exact(nearest) <= value else math.nextafter(nearest, 0.0)
