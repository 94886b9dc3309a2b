"""What the analytic classifier and the analytic regressor have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import deepcopy
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, get_tags, indexable
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_kernelx._compat import HasMethods, Interval, Options, StrOptions, num_samples
from sklearn_kernelx._documentation import fill_marks
from sklearn_kernelx._interrupts import Transaction
from sklearn_kernelx._parallel import effective_n_threads, single_threaded_blas
from sklearn_kernelx._random import seed_from
from sklearn_kernelx.incremental._alpha_search import (
    AlphaSearch,
    best_by_gcv,
    best_of_path,
    check_alphas,
)
from sklearn_kernelx.incremental._batches import Batch, weighted_batch
from sklearn_kernelx.incremental._documented import SHARED
from sklearn_kernelx.incremental._feature_map import (
    ACTIVATIONS,
    PROJECTIONS,
    FeatureMap,
    make_feature_map,
)
from sklearn_kernelx.incremental._features import (
    TransformerMap,
    block_features,
    blocks_of,
    example_of,
    fitted_transformer,
)
from sklearn_kernelx.incremental._lazy_solution import LazySolution
from sklearn_kernelx.incremental._merging import check_mergeable
from sklearn_kernelx.incremental._moments import check_finite
from sklearn_kernelx.incremental._ridge import Solution, in_type
from sklearn_kernelx.incremental._sums import ROUNDING, ClassSums, JointSums


class AnalyticIncremental(BaseEstimator, ABC):
    """Ridge regression on features of X, from sums over all rows ever seen."""

    _parameter_constraints: dict[str, list[Any]] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "dtype": [
            StrOptions({"float32", "float64"}),
            Options(type, {np.float32, np.float64}),
            np.dtype,
            None,
        ],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "feature_map": [HasMethods(["fit", "transform"]), None],
        "gamma": [Interval(Real, 0, None, closed="neither"), None],
        "centers": ["array-like", None],
        "projection": [StrOptions(set(PROJECTIONS))],
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fill_marks(cls, SHARED)

    # What the two kinds of targets do differently.

    @abstractmethod
    def _read_targets(self, y: ArrayLike) -> NDArray:
        """Return validated targets, one a row."""

    @abstractmethod
    def _empty_sums(self, n_features: int) -> JointSums | ClassSums:
        """Return sums over no rows, before the targets of the first batch are known."""

    @abstractmethod
    def _count(self, batch: Batch, sign: int) -> None:
        """Count the rows of a batch that comes or goes, or say why it cannot go."""

    @abstractmethod
    def _block_targets(
        self, batch: Batch, block: slice
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.intp] | None]:
        """Return targets, weights, and the places of the targets among all (None: all)."""

    @abstractmethod
    def _decide(self, outputs: NDArray) -> NDArray:
        """Return predictions, given what the linear models of all targets make of rows."""

    @abstractmethod
    def _score(self, y: ArrayLike, predicted: NDArray, sample_weight: Any) -> float:
        """Return how good predictions are."""

    # Rows come and go.

    def _learn(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        admit: Callable[[NDArray], None],
    ) -> Any:
        """Add rows to those seen so far; an error leaves all as it was.

        `admit` makes room in the sums for the targets of a batch, or refuses them.
        """
        with Transaction(self) as transaction:
            is_first = not self.__sklearn_is_fitted__()
            batch = self._read_batch(X, y, sample_weight, reset=is_first)
            if is_first:
                self._begin(batch.X)
            admit(batch.y)
            self._count(batch, sign=1)
            self._add(batch, transaction)
        return self

    def _start_anew(self) -> None:
        """Forget all rows, for a fit that leaves the estimator unfitted if it fails."""
        vars(self).pop("_sums", None)
        vars(self).pop("_lazy_solution", None)

    def _begin(self, X: Any) -> None:
        """Fix what later batches cannot change."""
        self.n_samples_seen_ = 0
        self._most_weight = 0.0
        self._fit_intercept = bool(self.fit_intercept)
        self.feature_map_ = self._random_map = None
        if self.feature_map is not None:
            self.feature_map_ = fitted_transformer(self.feature_map, X)
            example = example_of(self.feature_map_, X)
            self._dtype = self._dtype_for(example)
            self._n_features_made = example.shape[1]
        else:
            self._dtype = self._dtype_for(X)
            self._random_map = make_feature_map(
                self.activation,
                self.n_features_in_,
                self.n_components,
                gamma=self.gamma,
                centers=self.centers,
                projection=self.projection,
                dtype=self._dtype,
                seed=seed_from(self.random_state),
            )
        self._lazy_solution = LazySolution()
        self._sums = self._empty_sums(self._features.n_features_out)

    def _dtype_for(self, array: Any) -> str:
        default = np.float32 if array.dtype == np.float32 else np.float64
        dtype = np.dtype(default if self.dtype is None else self.dtype)
        if dtype not in (np.float32, np.float64):
            raise ValueError(f"dtype must be float32, float64 or None; got {dtype}")
        return dtype.name

    @property
    def _features(self) -> FeatureMap | TransformerMap:
        if self._random_map is not None:
            return self._random_map
        return TransformerMap(self.feature_map_, self._dtype, self._n_features_made)

    def _read_rows(self, X: Any, *, reset: bool) -> Any:
        """Return X: floats, or what the transformer of the user is to judge."""
        if (self.feature_map if reset else self.feature_map_) is None:
            return validate_data(
                self,
                X,
                reset=reset,
                dtype=[np.float64, np.float32],
                accept_sparse="csr",
                order="C",
            )
        (X,) = indexable(X)
        if num_samples(X) == 0:
            raise ValueError(
                "Found array with 0 sample(s) while a minimum of 1 is required."
            )
        return validate_data(self, X, reset=reset, skip_check_array=True)

    def _read_batch(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None, *, reset: bool
    ) -> Batch:
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        X = self._read_rows(X, reset=reset)
        y = self._read_targets(y)
        check_consistent_length(X, y)
        return weighted_batch(X, y, sample_weight, 0 if reset else self._sums.weight)

    def _add(self, batch: Batch, transaction: Transaction) -> None:
        """Add a batch to the sums: one block directly, several by sums of their own."""
        n_threads = effective_n_threads(self.n_jobs)
        blocks = self._blocks(batch.X)
        if len(blocks) == 1:
            arguments = self._block_arguments(batch, blocks[0], n_threads)
            with transaction.last_step():
                self._sums, rows = self._sums.add(*arguments)
                self._solutions.add(rows)
            return
        added = self._summed(batch, n_threads)
        with transaction.last_step():
            is_alone = self._sums.weight == 0
            self._sums = added if is_alone else self._sums.merge(added, 1, n_threads)
            self._solutions.drop()

    def _summed(self, batch: Batch, n_threads: int) -> JointSums | ClassSums:
        """Return new sums over the rows of a batch."""
        sums = self._sums.empty()
        if isinstance(sums, ClassSums):  # each class of a block takes a pass over its sums
            batch = batch.class_by_class()
        for block in self._blocks(batch.X):
            sums, _ = sums.add(*self._block_arguments(batch, block, n_threads))
        return sums

    def _blocks(self, X: Any) -> list[slice]:
        return list(blocks_of(X, self._features.n_features_out))

    def _block_arguments(self, batch: Batch, block: slice, n_threads: int) -> tuple:
        features = block_features(self._features, batch.X, block, n_threads)
        return features, *self._block_targets(batch, block), n_threads

    def forget(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "AnalyticIncremental":
        """Take out rows that were seen, exactly up to rounding.

        Sums over the rows are subtracted from the sums over all, so that the result is that
        of a fit to the other rows. Whether these very rows were seen is not known: labels
        and weights are checked, and that rows do not spread more than all that were seen.
        Digits are lost in proportion to how much larger the rows were than those left.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,) or, for regression, (n_samples, n_targets)
            Their targets.

        sample_weight : array-like of shape (n_samples,), default=None
            The weights they had, or parts of them: `n_samples_seen_` counts whole rows.

        Returns
        -------
        self : estimator
            The estimator for the other rows. Classes that have lost all rows stay in
            `classes_`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If labels are not known, or the rows weigh or spread more than those seen; the
            estimator is then as before.
        """
        check_is_fitted(self)
        n_threads = effective_n_threads(self.n_jobs)
        with Transaction(self) as transaction:
            batch = self._read_batch(X, y, sample_weight, reset=False)
            self._count(batch, sign=-1)
            removed = self._summed(batch, n_threads)
            with transaction.last_step():
                left = self._sums.merge(removed, -1, n_threads)
                self._sums = self._without_rounding(left)
                self._solutions.drop()
        return self

    @property
    def _weight_of_rounding(self) -> float:
        """Return what rounding may have left of the weight of rows that were taken out."""
        return ROUNDING * self._most_weight

    @abstractmethod
    def _without_rounding(self, sums: JointSums | ClassSums) -> JointSums | ClassSums:
        """Return sums without what only rounding has left after rows were taken out."""

    def merge(self, other: "AnalyticIncremental") -> "AnalyticIncremental":
        """Add the rows that another estimator has seen.

        Parts of the data that were fitted apart, in other processes or on other machines,
        are so brought together: up to rounding, the result is that of one fit to all rows.
        What is sent between machines are sums over rows: they do not hide the rows.

        Parameters
        ----------
        other : estimator
            A fitted estimator of the same class and features, with the same `random_state`,
            an int, if the features are random. It does not change.

        Returns
        -------
        self : estimator
            The estimator for the rows of both, and for the classes of both. The parameters
            of this one decide, not those of the other.

        Raises
        ------
        NotFittedError
            If one of the two is not fitted.
        TypeError
            If `other` is of another class.
        ValueError
            If the two differ in their features, in `fit_intercept` or in the kind of
            `class_weight`; both are then as before.
        """
        check_mergeable(self, other)
        n_threads = effective_n_threads(self.n_jobs)
        with Transaction(self) as transaction:
            added = self._take_over_targets(other)
            self.n_samples_seen_ += other.n_samples_seen_
            self._most_weight += other._most_weight
            with transaction.last_step():
                self._sums = self._sums.merge(added, 1, n_threads)
                self._solutions.drop()
        return self

    @abstractmethod
    def _take_over_targets(self, other: Any) -> JointSums | ClassSums:
        """Make room for targets of another estimator, and return its sums for all."""

    # What follows from the sums.

    @property
    def _solutions(self) -> LazySolution:
        return vars(self).setdefault("_lazy_solution", LazySolution())

    def _solve(self) -> Solution:
        """Return coefficients and intercepts of all targets for the present `alpha`."""
        check_is_fitted(self)
        self._validate_params()
        n_threads = effective_n_threads(self.n_jobs)
        return self._solutions.of(
            lambda: self._sums.joint(n_threads), float(self.alpha), n_threads
        )

    @property
    def coef_(self) -> NDArray[np.float64]:
        """Coefficients of the features for each target, solved for when needed.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted: an AttributeError too.
        """
        return self._squeezed(self._solve().coef)

    @property
    def intercept_(self) -> float | NDArray[np.float64]:
        """Intercept of each target, zero without `fit_intercept`.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted: an AttributeError too.
        """
        return self._squeezed(self._solve().intercept)

    def _squeezed(self, values: NDArray) -> Any:
        """Return values of all targets, without their axis if a single one has none."""
        return values

    def _outputs(self, X: Any) -> NDArray:
        """Return what the linear models make of X, an array (n_samples, n_targets)."""
        check_is_fitted(self)
        X = self._read_rows(X, reset=False)
        (outputs,) = self._each(X, [self._solve()], lambda outputs: outputs)
        return outputs

    def _each(
        self, X: Any, solutions: list[Solution], decide: Callable[[NDArray], NDArray]
    ) -> list[NDArray]:
        """Return what each solution makes of validated rows."""
        n_threads = effective_n_threads(self.n_jobs)
        feature_map = self._features
        models = [in_type(solution, self._dtype) for solution in solutions]
        parts: list[list[NDArray]] = [[] for _ in models]
        with single_threaded_blas(), np.errstate(over="ignore", invalid="ignore"):
            for block in blocks_of(X, feature_map.n_features_out):
                features = block_features(feature_map, X, block, n_threads)
                for part, (coef, intercept) in zip(parts, models, strict=True):
                    outputs = features @ coef + intercept
                    check_finite(outputs)
                    part.append(decide(outputs))
        return [np.concatenate(part) for part in parts]

    def alpha_path(
        self,
        alphas: ArrayLike,
        X_val: ArrayLike,
        y_val: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> AlphaSearch:
        """Score many penalties on rows held out, from one eigendecomposition.

        Parameters
        ----------
        alphas : array-like of shape (n_alphas,)
            Penalties, above 0.

        X_val : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows that were not fitted.

        y_val : array-like of shape (n_samples,) or, for regression, (n_samples, n_targets)
            Their targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the scores.

        Returns
        -------
        search : AlphaSearch
            A named tuple: `alpha`, the best penalty, the first if several are; `alphas`;
            and `scores`, the accuracy or R^2 of each. The estimator does not change:
            ``set_params(alpha=search.alpha)`` makes it predict with the best.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If alphas are not above 0.
        """
        check_is_fitted(self)
        alphas = check_alphas(alphas)
        X_val = self._read_rows(X_val, reset=False)
        check_consistent_length(X_val, y_val)

        def score(solutions: list[Solution]) -> list[float]:
            predictions = self._each(X_val, solutions, self._decide)
            return [self._score(y_val, p, sample_weight) for p in predictions]

        moments = self._sums.joint(effective_n_threads(self.n_jobs))
        return best_of_path(moments, alphas, score)

    def gcv_alpha(self, alphas: ArrayLike) -> AlphaSearch:
        """Score many penalties by generalised cross-validation, from the sums alone.

        No rows are needed. The score of a penalty is ``W RSS / (W - df)^2``, with the sum W
        of all weights, the weighted sum RSS of squared residuals of all targets, and the
        degrees of freedom df, the trace of the matrix that maps targets to predictions. It
        takes a weight of 2 for two rows.

        Parameters
        ----------
        alphas : array-like of shape (n_alphas,)
            Penalties, above 0.

        Returns
        -------
        search : AlphaSearch
            A named tuple: `alpha`, the best penalty, the first if several are; `alphas`;
            and `scores` of each, of which the least is best; inf where no degree of freedom
            is left. The estimator does not change: ``set_params(alpha=search.alpha)``
            makes it predict with the best.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If alphas are not above 0.
        """
        check_is_fitted(self)
        alphas = check_alphas(alphas)
        return best_by_gcv(self._sums.joint(effective_n_threads(self.n_jobs)), alphas)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_sums")

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is solved anew when asked for."""
        state = dict(super().__getstate__())
        state.pop("_lazy_solution", None)
        return state

    def __copy__(self) -> Any:
        """Copy all: rows added to a copy with the same arrays would change this one too."""
        return deepcopy(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        if self.feature_map is not None:
            tags.input_tags = get_tags(self.feature_map).input_tags
        return tags
