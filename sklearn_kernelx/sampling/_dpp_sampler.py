"""Designs over a pool of candidates, as an estimator."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._compat import HasMethods, Interval, StrOptions, fit_context
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._designs import Draws
from sklearn_kernelx.sampling._feature_map import (
    adopt_input_tags,
    fit_features,
    validate_candidates,
)
from sklearn_kernelx.sampling._features import Features
from sklearn_kernelx.sampling._implicit_kernels import KERNELS, implicit_kernel
from sklearn_kernelx.sampling._kernel_design import check_kernel_design, draw_by_kernel
from sklearn_kernelx.sampling._orthonormal import Basis
from sklearn_kernelx.sampling._pool import Pool
from sklearn_kernelx.sampling._pool_design import (
    POOL_DESIGNS,
    check_design,
    checked_pool,
    draw_from_pool,
    extend_draws,
    gram_condition,
    sample_weights,
    why_not_extendable,
)

_FITTED = (
    "sample_indices_",
    "sample_weight_",
    "unique_indices_",
    "counts_",
    "leverage_",
    "rank_",
    "gram_condition_",
    "_fit_X",
    "_basis",
    "_law",
    "_reserve",
)


class DPPSampler(BaseEstimator):
    """Choose which rows of a pool to label, for least squares and means over the pool.

    `fit` looks at no labels. The features of all candidates, orthonormalised in the uniform
    measure of the pool, span the functions phi = (phi_1, ..., phi_m) to be fitted. Rows are
    drawn so that weighted least squares on them is stable for these functions and unbiased
    for any: determinantal point processes draw rows that tell different things.

    Read more in the :ref:`User Guide <sampling>`.

    Parameters
    ----------
    feature_map : transformer, default=None
        Makes the features of `X`: :class:`~sklearn.preprocessing.PolynomialFeatures`,
        :class:`~sklearn.kernel_approximation.Nystroem`, a pipeline of transformers. It is
        cloned and fitted on `X`, without labels, and gets `X` as it is. None takes the
        columns of `X` for features. No intercept is added: a constant feature must be among
        them, as PolynomialFeatures has one by default.

    n_samples : int, default=None
        Number of draws n, repeats counted, at least the number m of independent features.
        None stands for m with "dpp" and for 4 m otherwise; with `kernel` for a random
        number.

    design : {"iid", "leverage", "dpp", "volume", "repeated_dpp", "greedy"}, \
            default="repeated_dpp"
        How rows are drawn:

        - "iid": uniformly.
        - "leverage": independently, by leverage ``|phi|^2 / N``; the best independent law.
        - "dpp": one sample of the projection determinantal point process, m different rows.
        - "volume": volume-rescaled sampling [1]_, a sample of the process and independent
          draws by leverage, shuffled.
        - "repeated_dpp": independent samples of the process, the last one cut to a uniform
          subset [2]_. The most stable one for n of 2 m and more.
        - "greedy": nothing is random; the first m rows have nearly the largest determinant,
          each further one the largest leverage among those before it (D-optimality). All
          features are kept in memory. No statement on bias holds.

    alpha : float, default=0.0
        Penalty of the ridge regression that is to follow, as of
        :class:`~sklearn.linear_model.Ridge` without intercept on the whole pool, at least
        0. Leverage becomes ridge leverage, and its sum, the effective dimension, takes the
        place of m. The process then draws a random number of points.

    random_state : int, RandomState instance or None, default=None
        Pass an int for reproducible draws.

    stability : float, default=None
        If given, between 0 and 1: samples are drawn again, 100 times at most, until the
        Gram matrix G of `gram_condition_` has ``||G - I|| <= stability`` in spectral norm;
        then rows are dropped one by one while this remains so. Weights no longer make
        estimates exactly unbiased. Bounds are met late: with the 21 polynomials of degree 5
        in two variables, 1/2 is met by 1 % of the samples of n = 4 m at most, and at
        n = 8 m by 59 % of those of "repeated_dpp" and 2 % of others at most. Not for "dpp"
        and "greedy".

    kernel : str or callable, default=None
        If given, a sample of the determinantal process with this kernel matrix L
        (L-ensemble), of `n_samples` rows (k-DPP) or of a random number. A name that
        :func:`~sklearn.metrics.pairwise.pairwise_kernels` knows, "precomputed" or a
        function of two rows; positive semidefinite. `feature_map`, `alpha` and `stability`
        must be left at their defaults, and `design` must be "dpp", "repeated_dpp" (the same
        here) or "greedy" (Cholesky factorisation with pivoting).

    gamma : float, default=None
        Parameter of the kernels "rbf", "laplacian", "polynomial", "sigmoid" and "chi2".

    degree : float, default=3
        Parameter of the kernel "polynomial".

    coef0 : float, default=1
        Parameter of the kernels "polynomial" and "sigmoid".

    kernel_params : dict, default=None
        Further parameters, those of a callable kernel.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_samples,)
        Rows drawn, repeats kept: the theory allows and needs them.

    unique_indices_ : ndarray of shape (n_unique,)
        The rows to label, in ascending order.

    counts_ : ndarray of shape (n_unique,)
        How often each of these was drawn.

    sample_weight_ : ndarray of shape (n_samples,)
        Weight w of each draw, ``m / |phi|^2`` (1 for "iid" and "greedy"), so that
        ``mean(w * f)`` over the draws estimates the mean of f over the pool. On
        `unique_indices_`, multiply the weights by `counts_`.

    leverage_ : ndarray of shape (n_candidates,)
        Leverage ``|phi|^2 / N`` of each candidate, with `alpha` ridge leverage; they sum to
        m, or to the effective dimension. With `kernel`, the probability to be drawn, and
        not for "greedy".

    rank_ : int
        Number m of independent features, or rank of the kernel matrix. Not for "greedy"
        with `kernel`.

    gram_condition_ : float
        Condition number of ``G = mean(w phi phi')``, with `alpha` the penalty's part
        included: the identity in expectation, singular (infinity) where the draws cannot
        determine the fit. Not with `kernel`.

    feature_map_ : transformer or None
        The fitted feature map.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, when all are strings.

    See Also
    --------
    DPPLeastSquares : Draws, and fits the labels of what was drawn.
    dpp_landmarks : Rows as landmarks of a Nystroem approximation.

    Notes
    -----
    A weight is n / N over the expected number of draws of a row. With it, ``mean(w * f)``
    is unbiased, with f = 0 for rows whose features are all zero: only "iid" draws these.
    With `alpha` > 0, where sizes are random, "repeated_dpp" and a "volume" sample shorter
    than one of the process are exceptions; their bias vanishes as n grows.

    Features are made over blocks of rows within scikit-learn's ``working_memory`` and never
    stored whole beyond it ("greedy" excepted): a pool costs two or three passes, each
    sample O(m^3). A kernel matrix of up to 2000 candidates is decomposed whole, if that
    fits into ``working_memory``. Otherwise it is replaced by a factor from randomly pivoted
    Cholesky of `4 * n_samples` columns (for a random number what fits into
    ``working_memory``), and the law is close to the exact one.

    Dependent features are left out, with a warning.

    References
    ----------
    .. [1] Derezinski, M., Warmuth, M. K. and Hsu, D. (2018). Leveraged volume sampling for
       linear regression. NeurIPS.

    .. [2] Nouy, A. and Michel, B. (2023). Weighted least-squares approximation with
       determinantal point processes and generalized volume sampling. arXiv:2312.14057.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> from sklearn_kernelx.sampling import DPPSampler
    >>> X = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
    >>> sampler = DPPSampler(PolynomialFeatures(5), n_samples=60, random_state=0).fit(X)
    >>> sampler.rank_, len(sampler.sample_indices_)
    (21, 60)
    >>> f = np.exp(X[sampler.sample_indices_, 0])  # labels of the draws
    >>> error = np.mean(sampler.sample_weight_ * f) - np.mean(np.exp(X[:, 0]))
    >>> bool(abs(error) < 0.3)
    True
    >>> sampler.extend(21).sample_indices_.shape
    (81,)
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "feature_map": [HasMethods(["fit", "transform"]), None],
        "n_samples": [Interval(Integral, 1, None, closed="left"), None],
        "design": [StrOptions(set(POOL_DESIGNS))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
        "stability": [Interval(Real, 0, 1, closed="neither"), None],
        "kernel": [StrOptions(KERNELS), callable, None],
        "gamma": [Interval(Real, 0, None, closed="left"), None],
        "degree": [Interval(Real, 0, None, closed="left")],
        "coef0": [Interval(Real, None, None, closed="neither")],
        "kernel_params": [dict, None],
    }

    def __init__(
        self,
        feature_map: Any = None,
        n_samples: int | None = None,
        design: str = "repeated_dpp",
        alpha: float = 0.0,
        random_state: int | np.random.RandomState | None = None,
        *,
        stability: float | None = None,
        kernel: str | Callable[..., float] | None = None,
        gamma: float | None = None,
        degree: float = 3,
        coef0: float = 1,
        kernel_params: dict[str, Any] | None = None,
    ) -> None:
        self.feature_map = feature_map
        self.n_samples = n_samples
        self.design = design
        self.alpha = alpha
        self.random_state = random_state
        self.stability = stability
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: None = None) -> "DPPSampler":
        """Draw rows of a pool of candidates.

        Parameters
        ----------
        X : array-like of shape (n_candidates, n_features)
            The pool. Without `feature_map`, float32 or what becomes float64; with it,
            whatever the map takes. `extend` needs `X` again: a reference is kept, and `X`
            must not change.

        y : None
            Ignored; exists for the sake of pipelines.

        Returns
        -------
        self : DPPSampler
            The fitted sampler.

        Raises
        ------
        ValueError
            If parameters exclude each other, `n_samples` is below the number of independent
            features, all features are zero or some not finite, `alpha` leaves less than
            half a dimension, `stability` is never met, or the kernel is not positive
            semidefinite.

        Warns
        -----
        UserWarning
            If features depend on others.
        """
        for attribute in _FITTED:
            vars(self).pop(attribute, None)
        self._seed = seed_from(self.random_state)
        self._n_rounds = 1
        rng = generator(self._seed, 0)
        return (
            self._fit_features(X, rng) if self.kernel is None else self._fit_kernel(X, rng)
        )

    def _fit_features(self, X: ArrayLike, rng: np.random.Generator) -> "DPPSampler":
        check_design(self.design, self.n_samples, self.alpha, self.stability)
        X = validate_candidates(self, X, reset=True)
        pool = checked_pool(fit_features(self, X), self.alpha)
        draws = draw_from_pool(pool, self.design, self.n_samples, rng, self.stability)
        self._fit_X = X
        self.leverage_ = pool.leverage
        self.rank_ = pool.n_functions
        self._basis = tuple(pool.basis)
        self._law = (self.design, self.alpha)
        self._obstacle = why_not_extendable(self.design, self.stability)
        return self._take(pool, draws)

    def _fit_kernel(self, X: ArrayLike, rng: np.random.Generator) -> "DPPSampler":
        check_kernel_design(self)
        X = validate_candidates(self, X, reset=True)
        self.feature_map_ = None
        matrix = implicit_kernel(
            X, self.kernel, self.gamma, self.degree, self.coef0, self.kernel_params
        )
        draws = draw_by_kernel(matrix, self.design, self.n_samples, rng)
        if draws.inclusion is not None:
            self.leverage_ = draws.inclusion
            self.rank_ = draws.rank
        self._obstacle = "kernel was given: fit with a larger n_samples"
        return self._set_draws(draws.points, draws.sample_weight)

    def extend(self, n_samples: int) -> "DPPSampler":
        """Draw more rows, and keep those drawn so far.

        What was drawn and what is added have together the law of one larger design, so that
        labels may come in rounds. "repeated_dpp" goes on with the rest of the sample that
        was cut. The pool is not passed over again, except for "greedy".

        Parameters
        ----------
        n_samples : int
            Number of further draws, at least 1.

        Returns
        -------
        self : DPPSampler
            The sampler; draws so far come first in `sample_indices_`, in the same order.

        Raises
        ------
        NotFittedError
            If the sampler is not fitted.
        ValueError
            If the sample cannot be extended: of "dpp", with `stability` or `kernel`.
        """
        check_is_fitted(self, "sample_indices_")
        check_scalar(n_samples, "n_samples", Integral, min_val=1)
        if self._obstacle:
            raise ValueError(f"extend is not possible, since {self._obstacle}")
        design, alpha = self._law
        features = Features(self._fit_X, self.feature_map_)
        pool = Pool(features, alpha, (Basis(*self._basis), self.leverage_))
        known = Draws(self.sample_indices_, self._reserve)
        rng = generator(self._seed, self._n_rounds)
        draws = extend_draws(pool, design, known, int(n_samples), rng)
        self._n_rounds += 1
        return self._take(pool, draws)

    def _take(self, pool: Pool, draws: Draws) -> "DPPSampler":
        design, _ = self._law
        self._reserve = draws.reserve
        self.gram_condition_ = gram_condition(pool, design, draws.points)
        return self._set_draws(draws.points, sample_weights(pool, design, draws.points))

    def _set_draws(self, points: NDArray, sample_weight: NDArray) -> "DPPSampler":
        self.sample_indices_ = points
        self.sample_weight_ = sample_weight
        self.unique_indices_, self.counts_ = np.unique(points, return_counts=True)
        return self

    def __sklearn_tags__(self) -> Any:
        tags = adopt_input_tags(super().__sklearn_tags__(), self.feature_map)
        if self.kernel == "precomputed":
            tags.input_tags.pairwise = True
        return tags
