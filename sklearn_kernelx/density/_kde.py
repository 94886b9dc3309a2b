"""Kernel density estimation."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import BallTree, KDTree
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_kernelx._compat import (
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
)
from sklearn_kernelx._kernel_volumes import log_normalizer
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx._random import places_at
from sklearn_kernelx.density._bandwidth import DISTANCE_RULES, RULES, resolve_bandwidth
from sklearn_kernelx.density._distance_sums import log_distance_sums, log_neighbour_sums
from sklearn_kernelx.density._fft import MAX_FEATURES, fft_log_density
from sklearn_kernelx.density._kernel_sums import log_kernel_sums
from sklearn_kernelx.density._kernels import (
    COMPACT_KERNELS,
    LOG_KERNELS,
    sample_kernel,
)
from sklearn_kernelx.density._points import Points, log_shares, pack_points, unpack_rows
from sklearn_kernelx.density._regime_mixin import RegimeMixin

_TREES = {"kd_tree": KDTree, "ball_tree": BallTree}
_METRICS = {*KDTree.valid_metrics, *BallTree.valid_metrics}
# Metrics with compiled loops, under every name scikit-learn has for them.
_COMPILED_METRICS = {
    "euclidean": "euclidean",
    "l2": "euclidean",
    "manhattan": "manhattan",
    "cityblock": "manhattan",
    "l1": "manhattan",
    "chebyshev": "chebyshev",
    "infinity": "chebyshev",
}
_MINKOWSKI = {1: "manhattan", 2: "euclidean", np.inf: "chebyshev"}


class KernelDensity(RegimeMixin, DensityMixin, BaseEstimator):
    """Kernel density estimation, exact in any dimension and parallel.

    A drop-in for :class:`sklearn.neighbors.KernelDensity`: the same parameters, defaults
    and seeds. Log-densities equal the sum over all training points to an error of
    ``1e-11 * max(1, |log p|)`` in float64, whatever the dimension and the bandwidth.

    Read more in the :ref:`User Guide <kernel_density>`.

    Parameters
    ----------
    bandwidth : float, {"scott", "silverman", "normal_reference", "kl", "clt", \
            "condensation", "isj"} or array-like of shape (n_features,), default=1.0
        The bandwidth h > 0; an array gives one to each feature (metrics "euclidean",
        "manhattan", "chebyshev" and their other names). The rules:

        - "scott", "silverman" : scikit-learn's. They look at the numbers of samples and
          features only, not at the spread of the data, so standardise first.
        - "normal_reference" : Scott's factor times the standard deviation of each feature.
        - "kl" : maximises the leave-one-out likelihood, that is minimises an estimate of
          the Kullback-Leibler divergence. Gaussian kernel only.
        - "clt", "condensation" : above the first the central limit theorem holds for the
          sum of kernels; below the second a few points decide it.
        - "isj" : improved Sheather-Jones [3]_, for one feature and the Gaussian kernel.

        All but the first two need the Euclidean metric. "kl", "clt" and "condensation"
        look at some of the rows only when there are many: at the first of the permutation
        by ``RandomState(0)``. "clt" and "condensation" take 500; "kl" takes 200, then as
        many as bring the error of the bandwidth by their choice to 5 % (standard error),
        or as keep rows times samples within 1e9.

    algorithm : {"auto", "kd_tree", "ball_tree", "brute", "fft"}, default="auto"
        All but "fft" give the exact sum. "kd_tree" and "ball_tree" are accepted for
        scikit-learn's sake and checked against `metric`. "fft" interpolates from a grid
        (Gaussian kernel, Euclidean metric, at most 3 features); see
        :func:`~sklearn_kernelx.density.fft_density` for its error.

    kernel : {"gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"}, \
            default="gaussian"
        All but "gaussian" and "exponential" vanish beyond h: far from the data the
        log-density is then exactly -inf.

    metric : str, default="euclidean"
        Any metric of :class:`sklearn.neighbors.KDTree` or
        :class:`sklearn.neighbors.BallTree`. The density integrates to one for the
        Euclidean metric only.

    atol, rtol : float, default=0
        Tolerated errors of the density, absolute and relative, at least 0. They may only
        buy speed: the exact sum meets all of them, and `rtol` sets the grid of "fft".

    breadth_first : bool, default=True
        Has no effect; kept for scikit-learn's sake.

    leaf_size : int, default=40
        Of `tree_`, at least 1.

    metric_params : dict, default=None
        Further arguments of the metric.

    n_jobs : int, default=None
        Number of threads of `score_samples`. None means 1 unless in a
        :func:`joblib.parallel_config` context, -1 all processors. The result does not
        depend on it.

    Attributes
    ----------
    bandwidth_ : float or ndarray of shape (n_features,)
        The bandwidth in use.

    bandwidth_clt_, bandwidth_condensation_ : float or ndarray of shape (n_features,)
        What "clt" and "condensation" would choose (in proportion to `bandwidth_`, if that
        is an array). Like the next two, computed when first asked for.

    tail_index_ : float
        Tail index of the terms of the sum, typical of the training points: 1 at
        `bandwidth_condensation_`, 2 at `bandwidth_clt_`. NaN for compact kernels.

    regime_ : {"clt", "heavy_tailed", "condensed"}
        Where `bandwidth_` lies among the two.

    tree_ : KDTree or BallTree
        Built when first asked for, and left out of pickles: nothing here needs it.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during `fit`, when all are strings.

    See Also
    --------
    fft_density : Density on a grid by FFT, for up to 3 features.
    kernel_density_regimes : The bandwidths between which the regimes lie, with intervals.
    sklearn.neighbors.KernelDensity : The estimator this one stands in for.

    Notes
    -----
    Two deviations from scikit-learn: float32 data are computed and returned in float32
    (error at most ``1e-3 * max(1, |log p|)``), and all six kernels can be sampled.

    scikit-learn's trees refine a bound of the sum by additions and subtractions, which
    cancel in high dimension: at 64 features and h = 0.6 standard deviations its
    log-densities are wrong by tens of nats.

    References
    ----------
    .. [1] Silverman, B. W., "Density Estimation for Statistics and Data Analysis",
       Chapman and Hall, 1986.
    .. [2] Scott, D. W., "Multivariate Density Estimation", Wiley, 1992.
    .. [3] Botev, Z. I., Grotowski, J. F. and Kroese, D. P., "Kernel density estimation via
       diffusion", Annals of Statistics 38(5), 2010.
    .. [4] Biroli, G. and Mezard, M., "Kernel Density Estimators in Large Dimensions",
       arXiv:2408.05807, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx import KernelDensity
    >>> X = np.random.RandomState(42).random_sample((100, 3))
    >>> kde = KernelDensity(kernel="gaussian", bandwidth=0.5).fit(X)
    >>> kde.score_samples(X[:3])
    array([-1.52955942, -1.51462041, -1.60244657])
    """

    _parameter_constraints: dict = {
        "bandwidth": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions(set(RULES)),
            "array-like",
        ],
        "algorithm": [StrOptions({"auto", "brute", "fft", *_TREES})],
        "kernel": [StrOptions(set(LOG_KERNELS))],
        "metric": [StrOptions(_METRICS)],
        "atol": [Interval(Real, 0, None, closed="left")],
        "rtol": [Interval(Real, 0, None, closed="left")],
        "breadth_first": ["boolean"],
        "leaf_size": [Interval(Integral, 1, None, closed="left")],
        "metric_params": [None, dict],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        *,
        bandwidth: float | str | ArrayLike = 1.0,
        algorithm: str = "auto",
        kernel: str = "gaussian",
        metric: str = "euclidean",
        atol: float = 0,
        rtol: float = 0,
        breadth_first: bool = True,
        leaf_size: int = 40,
        metric_params: dict[str, Any] | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.bandwidth = bandwidth
        self.algorithm = algorithm
        self.kernel = kernel
        self.metric = metric
        self.atol = atol
        self.rtol = rtol
        self.breadth_first = breadth_first
        self.leaf_size = leaf_size
        self.metric_params = metric_params
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> "KernelDensity":
        """Fit the kernel density to the data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training points. float32 data stay float32, all else becomes float64.

        y : None
            Ignored; exists for the sake of pipelines.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero.

        Returns
        -------
        self : KernelDensity
            The fitted estimator.

        Raises
        ------
        ValueError
            If `X` has NaN or infinity, a weight is negative or all are zero, or
            `algorithm`, `kernel`, `metric` and `bandwidth` do not go together.

        Warns
        -----
        UserWarning
            If `bandwidth` is "kl" and rows of `X` are duplicates: they are left out of
            each other's likelihood.
        """
        # A fit that fails must not leave half of an older one behind.
        vars(self).pop("bandwidth_", None)
        metric = self._check_algorithm()
        X = validate_data(self, X, order="C", dtype=[np.float64, np.float32])
        if self.algorithm == "fft" and X.shape[1] > MAX_FEATURES:
            raise ValueError(
                f"algorithm='fft' takes at most {MAX_FEATURES} features; X has "
                f"{X.shape[1]}. Use algorithm='auto'"
            )
        if sample_weight is not None:
            sample_weight = check_sample_weight(sample_weight, X, dtype=np.float64).copy()
            if not np.any(sample_weight > 0):
                raise ValueError("sample_weight must not be zero for all samples")
        bandwidth = resolve_bandwidth(
            self.bandwidth,
            X,
            kernel=self.kernel,
            sample_weight=sample_weight,
            n_threads=effective_n_threads(self.n_jobs),
        )
        if metric is None and np.ndim(bandwidth):
            raise ValueError(
                f"bandwidth must be a number for metric={self.metric!r}; an array needs "
                f"one of {sorted(_COMPILED_METRICS)}"
            )
        self._metric = metric
        self._sample_weight = sample_weight
        self._n_samples = len(X)
        self._tree = None
        self._regimes = {}
        # The data once: in panels for the compiled loops, else as they are.
        self._fit_X = self._points = None
        if metric is None or self.algorithm == "fft":
            self._fit_X = X.copy()
        else:
            self._points = tuple(
                pack_points(
                    X,
                    bandwidth=bandwidth,
                    kernel=self.kernel,
                    metric=metric,
                    sample_weight=sample_weight,
                    rtol=self.rtol,
                    prune=self.algorithm != "brute",
                )
            )
        self.bandwidth_ = bandwidth
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "bandwidth_")

    def _check_algorithm(self) -> str | None:
        """Return the metric's name among the compiled loops, None when it has none."""
        tree = _TREES.get(self.algorithm)
        if tree is not None and self.metric not in tree.valid_metrics:
            raise ValueError(f"invalid metric for {tree.__name__}: '{self.metric}'")
        metric = _COMPILED_METRICS.get(self.metric)
        params = self.metric_params or {}
        DistanceMetric.get_metric(self.metric, **params)  # refuses what it does not take
        if self.metric in ("minkowski", "p") and params.get("w") is None:
            metric = _MINKOWSKI.get(params.get("p", 2))
        if self.algorithm == "fft" and (self.kernel, metric) != ("gaussian", "euclidean"):
            raise ValueError(
                "algorithm='fft' needs kernel='gaussian' and metric='euclidean'; got "
                f"kernel={self.kernel!r}, metric={self.metric!r}. Use algorithm='auto'"
            )
        is_rule = isinstance(self.bandwidth, str)
        if is_rule and self.bandwidth in DISTANCE_RULES and metric != "euclidean":
            raise ValueError(
                f"bandwidth={self.bandwidth!r} needs metric='euclidean'; got "
                f"metric={self.metric!r}. Give bandwidth as a number"
            )
        return metric

    def _rows(self, indices: NDArray[np.intp]) -> NDArray:
        """Return training points as rows."""
        if self._fit_X is not None:
            return self._fit_X[indices]
        return unpack_rows(Points(*self._points), indices)

    @property
    def tree_(self) -> KDTree | BallTree:
        """The tree that scikit-learn would have built."""
        check_is_fitted(self)
        if self._tree is None:
            use_kd_tree = self.metric in KDTree.valid_metrics
            tree = KDTree if use_kd_tree and self.algorithm != "ball_tree" else BallTree
            self._tree = tree(
                self._rows(np.arange(self._n_samples)),
                metric=self.metric,
                leaf_size=self.leaf_size,
                sample_weight=self._sample_weight,
                **(self.metric_params or {}),
            )
        return self._tree

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__().copy()
        if "_tree" in state:
            state["_tree"] = None
        return state

    def score_samples(self, X: ArrayLike) -> NDArray:
        """Compute the log-density of each sample under the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points to query.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In the dtype of the training data. -inf is the exact answer where a compact
            kernel reaches no training point.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `X` has NaN or infinity, or another number of features.
        """
        check_is_fitted(self)
        X = self._validate_queries(X)
        if self._metric is None:
            log_density = self._distance_log_density(X)
        elif self._points is None:
            log_density = self._fft_log_density(X)
        else:
            log_density = self._exact_log_density(X)
        return log_density.astype(X.dtype, copy=False)

    def _validate_queries(self, X: ArrayLike) -> NDArray:
        dtype = (self._points[0] if self._fit_X is None else self._fit_X).dtype
        return validate_data(self, X, order="C", dtype=dtype, reset=False)

    def _exact_log_density(self, X: NDArray) -> NDArray[np.float64]:
        points = Points(*self._points)
        log_normalizer_ = points.log_total_weight + log_normalizer(
            self.kernel, self.bandwidth_, X.shape[1]
        )
        log_sums = log_kernel_sums(
            points,
            X,
            kernel=self.kernel,
            metric=self._metric,
            bandwidth=self.bandwidth_,
            log_normalizer=log_normalizer_,
            atol=self.atol,
            rtol=self.rtol,
            n_threads=effective_n_threads(self.n_jobs),
        )
        return log_sums - log_normalizer_

    def _distance_log_density(self, X: NDArray) -> NDArray[np.float64]:
        weight = self._sample_weight
        log_share = None if weight is None else log_shares(weight)
        total = self._n_samples if weight is None else np.sum(np.exp(log_share))
        common = {
            "kernel": self.kernel,
            "bandwidth": self.bandwidth_,
            "log_share": log_share,
        }
        if self.kernel in COMPACT_KERNELS:
            log_sums = log_neighbour_sums(self.tree_, X, **common)
        else:
            log_sums = log_distance_sums(
                self._fit_X,
                X,
                metric=self.metric,
                metric_params=self.metric_params,
                **common,
            )
        log_normalizer_ = log_normalizer(self.kernel, self.bandwidth_, X.shape[1])
        return log_sums - np.log(total) - log_normalizer_

    def _fft_log_density(self, X: NDArray) -> NDArray[np.float64]:
        if self.kernel != "gaussian":
            raise ValueError(
                f"kernel={self.kernel!r} was set after a fit with algorithm='fft', which "
                "needs kernel='gaussian'. Fit again with algorithm='auto'"
            )
        return fft_log_density(
            self._fit_X.astype(np.float64, copy=False),
            X.astype(np.float64, copy=False),
            bandwidth=np.broadcast_to(self.bandwidth_, X.shape[1]),
            sample_weight=self._sample_weight,
            rtol=self.rtol,
            n_threads=effective_n_threads(self.n_jobs),
        )

    def score(self, X: ArrayLike, y: None = None) -> float:
        """Compute the total log-likelihood under the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points to query.

        y : None
            Ignored; exists for the sake of pipelines.

        Returns
        -------
        log_likelihood : float
            The sum (not the mean) of the log-densities, as in scikit-learn.
        """
        return float(np.sum(self.score_samples(X), dtype=np.float64))

    def sample(
        self,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
    ) -> NDArray[np.float64]:
        """Draw from the model, for every kernel.

        With the Gaussian and tophat kernels a seed draws the same points as scikit-learn.
        The metric is ignored: offsets follow the Euclidean one.

        Parameters
        ----------
        n_samples : int, default=1
            Number of points, at least 0.

        random_state : int, RandomState instance or None, default=None
            Pass an int for reproducible draws.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The points drawn.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        u = rng.uniform(0, 1, size=n_samples)
        if self._sample_weight is None:
            indices = (u * self._n_samples).astype(np.intp)
        else:
            with np.errstate(over="ignore"):
                cumulated = np.cumsum(self._sample_weight)
            if not np.isfinite(cumulated[-1]):
                cumulated = np.cumsum(self._sample_weight / np.max(self._sample_weight))
            indices = places_at(cumulated, u)
        offsets = sample_kernel(self.kernel, n_samples, self.n_features_in_, rng)
        return self._rows(indices) + offsets * self.bandwidth_
