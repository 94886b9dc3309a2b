"""Least squares on the labels of few rows, chosen by a design."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._compat import (
    HasMethods,
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
    safe_indexing,
)
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.sampling._feature_map import (
    adopt_input_tags,
    fit_features,
    validate_candidates,
)
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._least_squares import (
    coefficients,
    predict_blocks,
    solve_rows,
    solve_weighted,
)
from sklearn_kernelx.sampling._orthonormal import Basis
from sklearn_kernelx.sampling._pool_design import (
    POOL_DESIGNS,
    check_design,
    checked_pool,
    design_rows,
    draw_from_pool,
    expected_error,
)

_FITTED = ("coef_", "selected_indices_", "n_labels_", "rank_", "gram_condition_")


class DPPLeastSquares(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Linear least squares on features, from the labels of few rows that it chooses.

    `fit` draws rows of `X` without regard to `y`, as :class:`DPPSampler` does, and fits the
    labels of these rows alone by least squares with the weights of the design [2]_. The
    result estimates the fit on all labels; that of "volume" and of "dpp" is unbiased [1]_.

    Read more in the :ref:`User Guide <sampling>`.

    Parameters
    ----------
    feature_map : transformer, default=None
        Makes the features of `X`. It is cloned and fitted on `X`, without labels, and gets
        `X` as it is. None takes the columns of `X` for features. No intercept is fitted: a
        constant feature must be among them.

    n_samples : int, default=None
        Number of draws n, repeats counted, at least the number m of independent features.
        None stands for m with "dpp" and for 4 m otherwise. Not used by "given".

    design : {"iid", "leverage", "dpp", "volume", "repeated_dpp", "greedy", "given"}, \
            default="repeated_dpp"
        How rows are drawn, see :class:`DPPSampler`. "given" draws nothing and fits all rows
        with the `sample_weight` of `fit`, for labels that came after the design.

    alpha : float, default=0.0
        Ridge penalty, at least 0: that of :class:`~sklearn.linear_model.Ridge` without
        intercept on all rows of `X`, of whose objective that of the draws is an estimate.

    y_missing : {"error", "allow"}, default="error"
        Whether labels of rows that are not selected may be NaN. They are never used.

    random_state : int, RandomState instance or None, default=None
        Pass an int for reproducible draws: those of a :class:`DPPSampler` with the same.

    weight_power : float, default=1.0
        Power of the design's weights in the fit, between 0 and 1. With 1 the error of
        "leverage" exceeds the least possible one by about m / n of it, whatever the labels;
        that of "repeated_dpp" by as much under noise, never by more than twice as much.
        With 0 all draws weigh the same: a smaller error if labels deviate from the features
        by noise, a bias that does not vanish if they do so more where leverage is high. 0.5
        lies between. "iid" and "greedy" have equal weights anyway; not used by "given".

    Attributes
    ----------
    coef_ : ndarray of shape (n_features_out,) or (n_targets, n_features_out)
        Coefficients of the features that the feature map makes; 0 for those left out as
        dependent on others. float64.

    selected_indices_ : ndarray of shape (n_labels,)
        Rows whose labels were used, in ascending order.

    n_labels_ : int
        Number of these rows.

    rank_ : int
        Number m of independent features.

    gram_condition_ : float
        Condition number of ``G = mean(w phi phi')`` of the draws, see :class:`DPPSampler`,
        w the weights to the power of `weight_power`. Not for "given".

    expected_error_ : float or ndarray of shape (n_targets,)
        See the notes.

    feature_map_ : transformer or None
        The fitted feature map.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, when all are strings.

    See Also
    --------
    DPPSampler : The design alone, before any label is known.

    Notes
    -----
    With N rows and the draws s, ``(N / n) sum_s w_s (y_s - a_s'b)^2 + alpha |b|^2`` is
    minimised, w the weights to the power of `weight_power`, for "given"
    ``sum_i w_i (y_i - a_i'b)^2 + alpha |b|^2``. So a design is fitted later by the weights
    ``sample_weight_ * N / n`` on the rows `sample_indices_`; without penalty the factor
    does not matter. Since "given" sees the rows with labels only, the feature map is then
    to be the `feature_map_` of the sampler, kept as it is by
    :class:`~sklearn.frozen.FrozenEstimator`.

    Least squares are solved by Householder QR, in coordinates that are orthonormal over all
    rows. If the draws do not determine all coefficients, as independent ones may not, the
    function of least mean square over `X` is taken, with a warning.

    `expected_error_` estimates the expected mean squared error over all rows of `X`. For
    "volume" it is ``L (n + 1) / (n - m + 1)``. Here ``L = sum(w r^2) / (n - m)``, from the
    residuals r, is an estimate without bias of the least mean squared error that the
    features allow, for any labels. The factor is exact for n = m if any m rows are
    independent [1]_, where L is unknown and the result NaN, and to first order in m / n. In
    between it is an approximation: in simulations with m = 5, errors differ by up to 8 % at
    n = 2 m and 2 % at n = 4 m. With several rows of a leverage near 1 errors are smaller,
    by half at worst. It is not available if the features of a row are all zero: such rows
    are never drawn, and nothing is known of their labels.

    References
    ----------
    .. [1] Derezinski, M. and Warmuth, M. K. (2017). Unbiased estimates for linear
       regression via volume sampling. NeurIPS.

    .. [2] Nouy, A. and Michel, B. (2023). Weighted least-squares approximation with
       determinantal point processes and generalized volume sampling. arXiv:2312.14057.

    Examples
    --------
    A polynomial of degree 5 in two features from 63 of 1000 labels:

    >>> import numpy as np
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> from sklearn_kernelx.sampling import DPPLeastSquares
    >>> X = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
    >>> y = np.exp(X[:, 0]) * np.sin(2 * X[:, 1])
    >>> model = DPPLeastSquares(PolynomialFeatures(5), n_samples=63, random_state=0)
    >>> model.fit(X, y).n_labels_ <= 63
    True
    >>> bool(model.score(X, y) > 0.999)
    True
    """

    # sample_weight is routed, but no parameter of its own: most designs take none.
    __metadata_request__fit = {"sample_weight": None}

    _parameter_constraints: dict[str, list[Any]] = {
        "feature_map": [HasMethods(["fit", "transform"]), None],
        "n_samples": [Interval(Integral, 1, None, closed="left"), None],
        "design": [StrOptions({*POOL_DESIGNS, "given"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "y_missing": [StrOptions({"error", "allow"})],
        "random_state": ["random_state"],
        "weight_power": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        feature_map: Any = None,
        n_samples: int | None = None,
        design: str = "repeated_dpp",
        alpha: float = 0.0,
        y_missing: str = "error",
        random_state: int | np.random.RandomState | None = None,
        *,
        weight_power: float = 1.0,
    ) -> None:
        self.feature_map = feature_map
        self.n_samples = n_samples
        self.design = design
        self.alpha = alpha
        self.y_missing = y_missing
        self.random_state = random_state
        self.weight_power = weight_power

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, **params: Any) -> "DPPLeastSquares":
        """Select rows and fit their labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            All rows, with and without labels. Without `feature_map`, float32 or what
            becomes float64; with it, whatever the map takes.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Labels. Those of rows that are not selected are not used, and may be NaN with
            ``y_missing="allow"``.

        **params : dict
            For ``design="given"`` there may be `sample_weight`, an array-like of shape
            (n_samples,) with non-negative weights. A weight of 0 is as good as no row; such
            rows may have NaN for a label with ``y_missing="allow"``.

        Returns
        -------
        self : DPPLeastSquares
            The fitted regressor.

        Raises
        ------
        TypeError
            If there is a further parameter.
        ValueError
            If the label of a selected row is not finite, a `sample_weight` comes with
            another design, parameters exclude each other, `n_samples` is below the number
            of independent features, all features are zero or some not finite, or `alpha`
            leaves less than half a dimension.

        Warns
        -----
        UserWarning
            If features depend on others, or the draws do not determine all coefficients.
        """
        for attribute in _FITTED:
            vars(self).pop(attribute, None)
        sample_weight = self._sample_weight_of(params)
        check_design(self.design, self.n_samples, self.alpha, stability=None)
        X = validate_candidates(self, X, reset=True)
        targets = self._validate_targets(X, y)
        self._expected_error = None
        if self.design == "given":
            self._fit_given(X, targets, check_sample_weight(sample_weight, X))
        else:
            self._fit_design(X, targets)
        self.n_labels_ = len(self.selected_indices_)
        return self

    def _sample_weight_of(self, params: dict[str, Any]) -> ArrayLike | None:
        for name in params:
            if name != "sample_weight":
                raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
        sample_weight = params.get("sample_weight")
        if sample_weight is not None and self.design != "given":
            raise ValueError(
                f"sample_weight is not for design={self.design!r}, which has weights of "
                "its own: leave it at None, or choose design='given'"
            )
        return sample_weight

    def _validate_targets(self, X: Any, y: ArrayLike) -> NDArray[np.float64]:
        """Return the labels as columns."""
        if y is None:
            raise ValueError(
                "DPPLeastSquares requires y to be passed, but the target y is None"
            )
        is_strict = self.y_missing == "error"
        targets = check_array(
            y,
            dtype=np.float64,
            ensure_2d=False,
            ensure_all_finite="allow-nan" if is_strict else False,
            input_name="y",
        )
        if is_strict and np.any(np.isnan(targets)):
            raise ValueError(
                "Input y contains NaN: leave these rows out, or set y_missing='allow' if "
                "they are not to be selected"
            )
        check_consistent_length(X, targets)
        self._has_one_target = targets.ndim == 1
        return targets[:, np.newaxis] if self._has_one_target else targets

    def _fit_design(self, X: Any, targets: NDArray) -> None:
        pool = checked_pool(fit_features(self, X), self.alpha)
        rng = generator(seed_from(self.random_state), 0)
        draws = draw_from_pool(pool, self.design, self.n_samples, rng).points
        self.selected_indices_, rows, scales = design_rows(
            pool, self.design, draws, self.weight_power
        )
        equations = np.vstack([rows, pool.penalty])
        sides = np.zeros((len(equations), targets.shape[1]))
        sides[: len(rows)] = scales[:, np.newaxis] * self._labels(targets)
        solution = solve_rows(equations, sides)
        if solution.rank < pool.n_functions:
            warn_user(
                f"The {len(rows)} selected rows determine only {solution.rank} of "
                f"{pool.n_functions} coefficients: raise n_samples or alpha, or choose "
                "design='repeated_dpp'",
                UserWarning,
            )
        self.gram_condition_ = solution.gram_condition
        self._set_coefficients(pool.features, pool.basis, solution.coordinates)
        if self.alpha == 0 and self.weight_power == 1 and np.all(pool.leverage > 0):
            residuals = sides - equations @ solution.coordinates
            self._expected_error = expected_error(
                self.design,
                len(draws),
                pool.n_functions,
                np.sum(residuals**2, axis=0) / pool.n_candidates,
            )

    def _fit_given(self, X: Any, targets: NDArray, sample_weight: NDArray) -> None:
        self.selected_indices_ = np.flatnonzero(sample_weight)
        if len(self.selected_indices_) == 0:
            raise ValueError("sample_weight is zero for all rows: give a positive weight")
        features = fit_features(self, safe_indexing(X, self.selected_indices_))
        weights = sample_weight[self.selected_indices_].astype(np.float64)
        labels = self._labels(targets)
        basis, coordinates = solve_weighted(features, weights, labels, self.alpha)
        self._set_coefficients(features, basis, coordinates)

    def _labels(self, targets: NDArray) -> NDArray:
        """Return the labels of the rows selected."""
        labels = targets[self.selected_indices_]
        missing = self.selected_indices_[~np.all(np.isfinite(labels), axis=1)]
        if len(missing):
            remedy = (
                "leave these rows out, or give them a sample_weight of 0"
                if self.design == "given"
                else "ask a DPPSampler of the same parameters for its unique_indices_ and "
                "label these, or fit only rows with labels by design='given'"
            )
            raise ValueError(
                f"y is not finite for {len(missing)} of the {len(labels)} rows selected, "
                f"the first of which is {missing[0]}: {remedy}"
            )
        return labels

    def _set_coefficients(
        self, features: Features, basis: Basis, coordinates: NDArray
    ) -> None:
        coef = coefficients(basis, coordinates, features.n_features)
        self.coef_ = coef[0] if self._has_one_target else coef
        self.rank_ = basis.rank

    @property
    def expected_error_(self) -> float | NDArray[np.float64]:
        """Expected mean squared error over the rows of `fit`, see the notes.

        Raises
        ------
        AttributeError
            Where the theory gives none: only for "volume", and as NaN for "dpp", without
            penalty, with the weights as they are and features not all zero in any row.
        NotFittedError
            If the regressor is not fitted.
        """
        check_is_fitted(self, "coef_")
        error = self._expected_error
        if error is None:
            raise AttributeError(
                "expected_error_ is known only for design='volume' or 'dpp', alpha=0, "
                "weight_power=1 and features that are not all zero in any row"
            )
        return float(error[0]) if self._has_one_target else error

    def predict(self, X: ArrayLike) -> NDArray:
        """Predict labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            In the type of the features, float32 or float64.

        Raises
        ------
        NotFittedError
            If the regressor is not fitted.
        """
        check_is_fitted(self, "coef_")
        X = validate_candidates(self, X, reset=False)
        return predict_blocks(Features(X, self.feature_map_), self.coef_)

    def __sklearn_tags__(self) -> Any:
        return adopt_input_tags(super().__sklearn_tags__(), self.feature_map)
