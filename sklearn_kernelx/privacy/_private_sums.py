"""What all private estimators do: check, spend, read, round, add noise, forget."""

from contextlib import suppress
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_kernelx._compat import Interval, StrOptions, num_features
from sklearn_kernelx._documentation import fill_marks
from sklearn_kernelx._interrupts import Transaction
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.privacy._accountant import BudgetAccountant
from sklearn_kernelx.privacy._answers import Answers
from sklearn_kernelx.privacy._box import Box, box_of
from sklearn_kernelx.privacy._construction import (
    DISTANCES,
    Construction,
    Request,
    construction,
    count_weight,
)
from sklearn_kernelx.privacy._documented import SHARED
from sklearn_kernelx.privacy._leaks import PrivacyLeakWarning, validated
from sklearn_kernelx.privacy._mechanisms import Mechanism, mechanism
from sklearn_kernelx.privacy._noise import ByteSource, SeededBytes, SystemEntropy
from sklearn_kernelx.privacy._summary import Summary

BITS = 30  # entries are multiples of 2^-30


class PrivateSums(BaseEstimator):
    """Base of the private estimators.

    A fit calibrates the noise from public parameters, spends the budget, and only then
    reads `X`. Nothing of `X` is kept but the noisy sums.
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "epsilon": [Fraction, Interval(Real, 0, None, closed="neither")],
        "delta": [Fraction, Interval(Real, 0, 1, closed="left"), None],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), str],
        "bounds": ["array-like", None],
        "adjacency": [StrOptions({"add_remove", "replace_one"})],
        "features": [StrOptions({"auto", "rff", "grid", "nystroem"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "landmarks": ["array-like", None],
        "mechanism": [StrOptions({"auto", "gaussian", "laplace", "l2"})],
        "noise_source": [StrOptions({"native", "opendp"})],
        "on_out_of_bounds": [StrOptions({"clip", "raise"})],
        "accountant": [BudgetAccountant, None],
        "feature_random_state": ["random_state"],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }
    _has_groups = False  # several, of which a record is in one
    # Where they are no parameters:
    p = 1.0
    n_bins = "auto"

    def __init__(
        self,
        *,
        epsilon: float = 1.0,
        delta: float | None = None,
        kernel: str = "gaussian",
        bandwidth: float = 1.0,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        adjacency: str = "add_remove",
        features: str = "auto",
        n_components: int = 2048,
        landmarks: ArrayLike | None = None,
        mechanism: str = "auto",
        noise_source: str = "native",
        on_out_of_bounds: str = "clip",
        accountant: BudgetAccountant | None = None,
        feature_random_state: int | np.random.RandomState | None = 0,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.bounds = bounds
        self.adjacency = adjacency
        self.features = features
        self.n_components = n_components
        self.landmarks = landmarks
        self.mechanism = mechanism
        self.noise_source = noise_source
        self.on_out_of_bounds = on_out_of_bounds
        self.accountant = accountant
        self.feature_random_state = feature_random_state
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fill_marks(cls, SHARED)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_answers", None)
        return state

    def _fit_sums(self, X: ArrayLike, y: Any = "no_validation") -> None:
        """Spend, then read the data, then keep noisy sums of them."""
        with Transaction(self):
            self.is_private_ = self._is_unseeded()
            self._check_public()
            n_features = self._n_features_of(X)
            box = box_of(self.bounds, n_features)
            made = self._construct(box, n_features)
            summary = made.summary()
            noise = self._mechanism(summary)
            source = self._noise_source(noise)
            n_threads = effective_n_threads(self.n_jobs)
            self._spend(noise)
            X, groups = self._read(X, y, box)
            released = [
                summary.integer_sum(X[group], BITS, n_threads)
                + noise.noise(summary.n_entries, source)
                for group in groups
            ]
            self._n_samples = len(X) if self._count_is_public() else None
            self._publish(made, summary, noise, np.array(released))

    def _check_public(self) -> None:
        """Check and set what else is public, before anything is spent."""

    def _is_unseeded(self) -> bool:
        if self.random_state is None:
            return True
        warn_user(
            "random_state seeds the noise: who knows or guesses the seed can take it off "
            "again, so that nothing is private. Pass random_state=None.",
            PrivacyLeakWarning,
        )
        return False

    def _n_features_of(self, X: Any) -> int:
        """Number of columns, of which validation later says what is wrong with them."""
        with suppress(TypeError, IndexError):
            return num_features(X)
        return validated(self, X).shape[1]

    def _construct(self, box: Box | None, n_features: int) -> Construction:
        if isinstance(self.bandwidth, str):
            raise ValueError(
                f"bandwidth={self.bandwidth!r} would read the private data. Pass a number "
                "that is known without them."
            )
        resolved = {"delta": self._delta(), "to_mean": self._has_groups}
        names = set(Request._fields) - set(resolved)
        request = Request(**{name: getattr(self, name) for name in names}, **resolved)
        if self.on_out_of_bounds == "raise" and box is None:
            raise ValueError("on_out_of_bounds='raise' needs bounds; got bounds=None.")
        is_public = self._count_is_public()
        weight = 0.0 if is_public else count_weight(self._law(), self.n_components)
        rng = generator(seed_from(self.feature_random_state))
        return construction(request, box, n_features, weight, rng)

    def _delta(self) -> float:
        if self.delta is not None:
            return self.delta
        return 0.0 if self.mechanism in ("laplace", "l2") else 1e-6

    def _law(self) -> str:
        """The mechanism; "auto" only where that depends on the summary."""
        if self.mechanism != "auto" or self.kernel in DISTANCES:
            return self.mechanism
        if self._delta() > 0:
            return "gaussian"
        # Of many entries, noise of the Euclidean norm has 1/sqrt(2) of the deviation.
        return "laplace" if self.noise_source == "opendp" else "l2"

    def _mechanism(self, summary: Summary) -> Mechanism:
        factor = 2 if self.adjacency == "replace_one" else 1
        # |q - q'|^2 <= |q|^2 + |q'|^2 where no entry is negative. Not for several groups:
        # two that change have noise of their own, and with the "l2" law |q| + |q'| counts.
        is_less = summary.is_nonnegative and not self._has_groups
        l2_factor = factor if is_less else factor**2
        return mechanism(
            self._law(),
            epsilon=self.epsilon,
            delta=self._delta(),
            l1=factor * summary.l1(BITS),
            l2_squared=l2_factor * summary.l2_squared(BITS),
            n_entries=summary.n_entries,
            n_vectors=2 if self._has_groups and factor == 2 else 1,
            noise_source=self.noise_source,
        )

    def _noise_source(self, noise: Mechanism) -> ByteSource:
        seed = self.random_state
        source = SystemEntropy() if seed is None else SeededBytes(seed)
        noise.check_source(source)
        return source

    def _count_is_public(self) -> bool:
        return self.adjacency == "replace_one" and not self._has_groups

    def _spend(self, noise: Mechanism) -> None:
        if self.accountant is None:
            return
        if self.accountant.composition == "zcdp":
            self.accountant.spend_rho(noise.rho)
        else:
            self.accountant.spend(*noise.privacy)

    def _read(
        self, X: ArrayLike, y: Any, box: Box | None
    ) -> tuple[NDArray[np.float64], list[Any]]:
        """Return the records, within bounds, and those of every group.

        Summaries that have bounds clip once more: what they promise of a record must not
        depend on who calls them.
        """
        X = validated(self, X, dtype=np.float64, order="C")
        return self._bounded(X, box), [slice(None)]

    def _bounded(self, X: NDArray, box: Box | None) -> NDArray[np.float64]:
        if box is None:
            return X
        low, high = box
        if self.on_out_of_bounds == "raise" and np.any((low > X) | (high < X)):
            raise ValueError(
                "A record of X lies beyond bounds: give wider ones, or pass "
                "on_out_of_bounds='clip'."
            )
        return np.clip(X, low, high)

    def _publish(
        self,
        made: Construction,
        summary: Summary,
        noise: Mechanism,
        released: NDArray[np.int64],
    ) -> None:
        unit = 2.0**-BITS
        releases = released * unit
        self.release_ = releases if self._has_groups else releases[0]
        self.granularity_ = unit
        self.mechanism_ = noise.name
        self.noise_scale_ = noise.parameter * unit
        self.noise_deviation_ = noise.standard_deviation * unit
        self.sensitivity_ = noise.sensitivity * unit
        self.privacy_spent_ = (*map(float, noise.privacy), self.adjacency)
        self.features_ = made.features
        for name in ("frequencies", "landmarks", "directions"):
            setattr(self, f"{name}_", made.arguments.get(name))
        self._construction = tuple(made)
        self._answers = self._make_answers(summary)

    def _summary(self) -> Summary:
        return Construction(*self._construction).summary()

    def _make_answers(self, summary: Summary) -> Answers:
        releases = np.atleast_2d(self.release_)
        return Answers(summary, releases, self._n_samples, self.noise_deviation_)

    def _asked(self, Y: ArrayLike) -> tuple[Answers, NDArray, int]:
        """Return what answers, the validated queries, and the number of threads."""
        check_is_fitted(self)
        Y = validate_data(self, Y, dtype=[np.float64, np.float32], order="C", reset=False)
        if not hasattr(self, "_answers"):  # after unpickling
            self._answers = self._make_answers(self._summary())
        return self._answers, Y, effective_n_threads(self.n_jobs)
