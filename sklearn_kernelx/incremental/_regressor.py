"""Ridge regression, one batch after the other."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array

from sklearn_kernelx._compat import fit_context
from sklearn_kernelx.incremental._base import AnalyticIncremental
from sklearn_kernelx.incremental._batches import Batch
from sklearn_kernelx.incremental._moments import empty_moments
from sklearn_kernelx.incremental._sums import JointSums


class AnalyticIncrementalRegressor(MultiOutputMixin, RegressorMixin, AnalyticIncremental):
    """Ridge regression on random features that learns batch by batch.

    After each batch the weights are those of one fit to all rows so far, up to rounding,
    though no row is kept. With ``activation="identity"`` it is
    :class:`~sklearn.linear_model.Ridge` with `partial_fit`.

    Read more in the :ref:`User Guide <incremental>`.

    Parameters
    ----------
    [map]

    [alpha]

    [dtype]

    Attributes
    ----------
    coef_ : ndarray of shape (D,) or (n_targets, D)
        Coefficients of the features.

    intercept_ : float or ndarray of shape (n_targets,)
        Intercepts; zeros without `fit_intercept`.

    [fitted]

    See Also
    --------
    AnalyticIncrementalClassifier : The same for labels.
    sklearn.linear_model.Ridge : All rows at once.

    Notes
    -----
    [sums]

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx import AnalyticIncrementalRegressor
    >>> rng = np.random.default_rng(0)
    >>> reg = AnalyticIncrementalRegressor(300, "cos", alpha=1e-3, random_state=0)
    >>> for _ in range(20):
    ...     X = rng.uniform(-2, 2, (100, 2))
    ...     reg = reg.partial_fit(X, np.sin(X[:, 0] * X[:, 1]))
    >>> X = rng.uniform(-2, 2, (100, 2))
    >>> bool(reg.score(X, np.sin(X[:, 0] * X[:, 1])) > 0.99)
    True
    """

    def __init__(
        self,
        n_components: int = 1000,
        activation: str = "relu",
        alpha: float = 0.1,
        fit_intercept: bool = True,
        dtype: DTypeLike = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        *,
        feature_map: Any = None,
        gamma: float | None = None,
        centers: ArrayLike | None = None,
        projection: str = "orthogonal",
    ) -> None:
        self.n_components = n_components
        self.activation = activation
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.dtype = dtype
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.feature_map = feature_map
        self.gamma = gamma
        self.centers = centers
        self.projection = projection

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "AnalyticIncrementalRegressor":
        """Fit the regression to these rows alone.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows. With `feature_map`, whatever it takes.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero. A weight of 0 is as good as no row.

        Returns
        -------
        self : AnalyticIncrementalRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If `X`, `y` or features are not finite or so large that squares overflow, or
            weights are negative or all zero. The regressor is then not fitted.
        """
        self._start_anew()
        return self._learn(X, y, sample_weight, self._admit)

    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "AnalyticIncrementalRegressor":
        """Add rows to those seen so far.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            More rows.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero. A weight of 0 is as good as no row.

        Returns
        -------
        self : AnalyticIncrementalRegressor
            The regressor for all rows: that of one `fit` up to rounding.

        Raises
        ------
        ValueError
            As :meth:`fit`, or if `X` has another number of features or `y` of targets. The
            regressor is then as before.
        """
        return self._learn(X, y, sample_weight, self._admit)

    def _read_targets(self, y: ArrayLike) -> NDArray[np.float64]:
        return check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")

    def _empty_sums(self, n_features: int) -> JointSums:
        self._target_shape = None
        return JointSums(empty_moments(n_features, 0, self._fit_intercept))

    def _admit(self, y: NDArray[np.float64]) -> None:
        """Take the targets of the first batch, and only as many later."""
        if self._target_shape is None:
            self._target_shape = y.shape[1:]
            self._sums = self._sums.insert(np.arange(0), y[:1].size)
        self._check_target_shape(y)

    def _check_target_shape(self, y: NDArray[np.float64]) -> None:
        if y.shape[1:] != self._target_shape:
            raise ValueError(
                f"y has shape {y.shape}, that of the first batch was "
                f"{('n_samples', *self._target_shape)}: give y the same form"
            )

    def _count(self, batch: Batch, sign: int) -> None:
        self._check_target_shape(batch.y)
        weight = batch.row_weights.sum()
        self._most_weight = max(self._most_weight, self._sums.weight + sign * weight)
        if sign < 0 and weight > self._sums.weight + self._weight_of_rounding:
            raise ValueError(
                f"the rows weigh {weight:g}, those seen only {self._sums.weight:g}: forget "
                "rows once, with the weights they had"
            )
        self.n_samples_seen_ = max(0, self.n_samples_seen_ + sign * batch.n_rows)

    def _without_rounding(self, sums: JointSums) -> JointSums:
        return sums if sums.weight > self._weight_of_rounding else sums.empty()

    def _block_targets(
        self, batch: Batch, block: slice
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, None]:
        targets = batch.y[block].reshape(block.stop - block.start, -1)
        weights = None if batch.weights is None else batch.weights[block]
        return targets, weights, None

    def _take_over_targets(self, other: Any) -> JointSums:
        if other._target_shape != self._target_shape:
            raise ValueError("other has another number of targets: fit both to the same")
        return other._sums

    def _squeezed(self, values: NDArray) -> Any:
        return values if self._target_shape else values[0]

    def predict(self, X: ArrayLike) -> NDArray:
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            In the type of the features.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        ValueError
            If `X` has another number of features, or features are not finite.
        """
        return self._decide(self._outputs(X))

    def _decide(self, outputs: NDArray) -> NDArray:
        return outputs if self._target_shape else outputs[:, 0]

    def _score(self, y: ArrayLike, predicted: NDArray, sample_weight: Any) -> float:
        return r2_score(y, predicted, sample_weight=sample_weight)
