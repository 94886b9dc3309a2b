"""Spherical k-means."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._compat import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    fit_context,
    with_callbacks,
)
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.directional._lloyd import (
    Clusters,
    Partition,
    divide,
    lloyd,
    mean_variance,
    mini_batch_step,
)
from sklearn_kernelx.directional._row_blocks import Map, parts_of, within_float32
from sklearn_kernelx.directional._seeding import (
    check_init,
    check_n_rows,
    cosine_distances,
    first_directions,
)
from sklearn_kernelx.directional._sphere import (
    UnitRows,
    unit_rows,
    with_scaled_weights,
)


class SphericalKMeans(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    ClusterMixin,
    BaseEstimator,
):
    """K-means for directions: clusters of largest cosine.

    Minimises the sum of ``1 - cos`` between rows and the nearest of `n_clusters` unit
    vectors [1]_. Lengths of rows do not matter, zeros of sparse rows cost nothing.

    Read more in the :ref:`User Guide <directional>`.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters, at most the number of rows with a positive weight.

    init : {"k-means++", "random"} or array-like of shape (n_clusters, n_features), \
default="k-means++"
        Directions to begin with: rows far apart, rows drawn by weight, or those given, of
        any length but zero.

    n_init : int or "auto", default="auto"
        Number of starts; the one of smallest `inertia_` is kept. "auto" is 10 for
        ``init="random"`` and else 1. One start only is made if `init` is an array.

    max_iter : int, default=300
        Largest number of iterations of a start.

    tol : float, default=1e-4
        The iterations end when the squared shifts of the centers add up to at most
        ``tol * (1 - r ** 2) / n_features``, with r the length of the mean of the rows on
        the sphere: `tol` times the mean variance of a feature, as in
        :class:`sklearn.cluster.KMeans`.

    normalize : bool, default=True
        Whether to divide each row by its norm. False refuses rows that are not of unit
        length, to 1e-6 in float64 and 1e-3 in float32.

    random_state : int, RandomState instance or None, default=None
        Determines the starts. Pass an int for reproducible results: they depend neither on
        the order of the rows nor on whether a row is repeated or has a larger weight, but
        for rounding.

    n_jobs : int, default=None
        Number of threads. None means 1 unless in a :func:`joblib.parallel_config` context,
        -1 all processors. Results do not depend on it.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, n_features)
        The centers, unit vectors.

    labels_ : ndarray of shape (n_samples,)
        Cluster of each row of the training data, or of the last batch.

    inertia_ : float
        Sum of ``1 - cos`` between rows and their centers, weighted by `sample_weight`.

    n_iter_ : int
        Number of iterations of the best start, or of batches.

    n_steps_ : int
        Number of batches seen by :meth:`partial_fit`, 0 after `fit`.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of features seen during `fit`, when all are strings.

    See Also
    --------
    VonMisesFisherMixture : Soft clusters with a size and a concentration each.
    sklearn.cluster.KMeans : Clusters of points by Euclidean distance.

    Notes
    -----
    ``2 - 2 cos`` is the squared Euclidean distance on the unit sphere. What sets this apart
    from :class:`sklearn.cluster.KMeans` on normalised rows are the centers, which stay on
    the sphere: a spread-out cluster is not at a disadvantage for its short mean.

    Clusters that lose all rows get the rows farthest from their centers. Zero rows have no
    direction: fitting leaves them out with a warning, and elsewhere their cosine with
    every center counts as 0.

    References
    ----------
    .. [1] Dhillon, I. S. and Modha, D. S., "Concept decompositions for large sparse text
       data using clustering", Machine Learning 42, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx import SphericalKMeans
    >>> X = np.array([[1, 0], [10, 1], [0, 1], [1, 8]])
    >>> kmeans = SphericalKMeans(2, random_state=0).fit(X)
    >>> bool(kmeans.labels_[0] == kmeans.labels_[1] != kmeans.labels_[2])
    True
    >>> print(f"{kmeans.inertia_:.4f}")
    0.0063
    """

    _parameter_constraints: dict = {
        "n_clusters": [Interval(Integral, 1, None, closed="left")],
        "init": [StrOptions({"k-means++", "random"}), "array-like"],
        "n_init": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "normalize": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: str | ArrayLike = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        normalize: bool = True,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.normalize = normalize
        self.random_state = random_state
        self.n_jobs = n_jobs

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> "SphericalKMeans":
        """Find clusters.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data, one direction a row. float32 data stay float32, all else becomes
            float64.

        y : None
            Ignored; exists for the sake of pipelines.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero.

        Returns
        -------
        self : SphericalKMeans
            The fitted estimator.

        Raises
        ------
        ValueError
            If `X` has NaN or infinity, rows are not of unit length although `normalize` is
            False, there are fewer rows with a direction and a positive weight than
            clusters, or `init` has a wrong shape.

        Warns
        -----
        UserWarning
            If rows of `X` are zero.
        ConvergenceWarning
            If the best start has not converged, or fewer directions differ than there are
            clusters.
        """
        # A fit that fails leaves the estimator unfitted.
        vars(self).pop("cluster_centers_", None)
        rows = unit_rows(
            self, X, sample_weight, reset=True, fitting=True, normalize=self.normalize
        )
        init = check_init(self.init, self.n_clusters, self.n_features_in_)
        rows, unit = with_scaled_weights(rows)
        check_n_rows(rows, self.n_clusters, "n_clusters")
        dtype, rows = rows.X.dtype.name, within_float32(rows)
        with parts_of(rows, effective_n_threads(self.n_jobs)) as map_parts:
            best = self._best_partition(rows, init, map_parts)
        self.n_steps_ = 0
        self.n_iter_ = best.n_iter
        self._store(best.times(unit), dtype)
        self._warn(best)
        return self

    def _best_partition(
        self, rows: UnitRows, init: str | NDArray[np.float64], map_parts: Map
    ) -> Partition:
        """Run the iterations from each start; keep the partition of least inertia."""
        rng = check_random_state(self.random_state)
        n_starts = self._n_starts(init)
        tol = self.tol * mean_variance(rows, map_parts)
        context = self._init_callback_context(max_subtasks=n_starts)
        context.call_on_fit_task_begin(estimator=self, X=rows.X)
        best = None
        for _ in range(n_starts):
            start = context.subcontext(task_name="start", max_subtasks=self.max_iter)
            start.call_on_fit_task_begin(estimator=self, X=rows.X)
            found = self._partition(rows, init, tol, map_parts, rng, start)
            if best is None or found.inertia < best.inertia:
                best = found
            if start.call_on_fit_task_end(estimator=self, X=rows.X):
                break
        context.call_on_fit_task_end(estimator=self, X=rows.X)
        return best

    def _n_starts(self, init: str | NDArray[np.float64]) -> int:
        if not isinstance(init, str):
            return 1
        return (
            {"k-means++": 1, "random": 10}[init] if self.n_init == "auto" else self.n_init
        )

    def _partition(
        self,
        rows: UnitRows,
        init: str | NDArray[np.float64],
        tol: float,
        map_parts: Map,
        rng: np.random.RandomState,
        context: Any,
    ) -> Partition:
        def report(centers: NDArray[np.float64]) -> bool:
            iteration = context.subcontext(task_name="iteration")
            iteration.call_on_fit_task_begin(estimator=self, X=rows.X)
            return iteration.call_on_fit_task_end(
                estimator=self,
                X=rows.X,
                reconstruction_attributes={
                    "cluster_centers_": centers.astype(rows.X.dtype, copy=False)
                },
            )

        centers = first_directions(
            rows, self.n_clusters, init, random_state=rng, map_parts=map_parts
        )
        return lloyd(
            centers,
            rows,
            tol=tol,
            max_iter=self.max_iter,
            map_parts=map_parts,
            wants_stop=report,
        )

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> "SphericalKMeans":
        """Update the clusters with a batch of rows.

        The first batch makes the start. Each row goes to the nearest center, which becomes
        the direction of the sum of all rows that it has got so far, those of `fit`
        included.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The batch; the first has at least as many rows with a direction and a positive
            weight as there are clusters.

        y : None
            Ignored; exists for the sake of pipelines.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero.

        Returns
        -------
        self : SphericalKMeans
            The updated estimator.

        Raises
        ------
        ValueError
            As :meth:`fit`, or if `X` has another number of features; the estimator is then
            as before.

        Warns
        -----
        UserWarning
            If rows of `X` are zero.
        """
        before = vars(self).copy()
        is_first = not self.__sklearn_is_fitted__()
        try:
            self._check_n_clusters()
            rows = unit_rows(
                self,
                X,
                sample_weight,
                reset=is_first,
                fitting=True,
                normalize=self.normalize,
            )
            init = check_init(self.init, self.n_clusters, self.n_features_in_)
            dtype, rows = rows.X.dtype.name, within_float32(rows)
            with parts_of(rows, effective_n_threads(self.n_jobs)) as map_parts:
                clusters = self._first_clusters(rows, init, map_parts)
                found = mini_batch_step(clusters, rows, map_parts)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise
        self.n_steps_ = 1 if is_first else self.n_steps_ + 1
        self.n_iter_ = self.n_steps_
        self._store(found, dtype if is_first else self._dtype)
        return self

    def _check_n_clusters(self) -> None:
        if self.__sklearn_is_fitted__() and len(self.cluster_centers_) != self.n_clusters:
            raise ValueError(
                f"n_clusters={self.n_clusters}, but partial_fit continues with "
                f"{len(self.cluster_centers_)} clusters. Use fit to begin anew"
            )

    def _first_clusters(
        self, rows: UnitRows, init: str | NDArray[np.float64], map_parts: Map
    ) -> Clusters:
        if self.__sklearn_is_fitted__():
            return Clusters(self.cluster_centers_.astype(float), self._sums, self._masses)
        check_n_rows(rows, self.n_clusters, "n_clusters")
        centers = first_directions(
            rows,
            self.n_clusters,
            init,
            random_state=check_random_state(self.random_state),
            map_parts=map_parts,
        )
        return Clusters(centers, np.zeros_like(centers), np.zeros(len(centers)))

    def _store(self, found: Partition, dtype: str) -> None:
        self._dtype = dtype
        self._sums = found.clusters.sums
        self._masses = found.clusters.masses
        self.cluster_centers_ = found.clusters.centers.astype(dtype, copy=False)
        self.labels_ = found.labels
        self.inertia_ = found.inertia

    def _warn(self, found: Partition) -> None:
        n_found = len(np.unique(found.labels))
        if n_found < self.n_clusters:
            warn_user(
                f"Only {n_found} of n_clusters={self.n_clusters} clusters have rows: too "
                "few directions differ. Decrease n_clusters",
                ConvergenceWarning,
            )
        elif not found.converged:
            warn_user(
                "The best start did not converge. Increase max_iter or tol",
                ConvergenceWarning,
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "cluster_centers_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return len(self.cluster_centers_)

    def _partition_of(
        self, X: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Partition:
        check_is_fitted(self)
        rows = unit_rows(self, X, sample_weight, reset=False, normalize=self.normalize)
        rows = within_float32(rows)
        centers = self.cluster_centers_.astype(np.float64, copy=False)
        with parts_of(rows, effective_n_threads(self.n_jobs)) as map_parts:
            return divide(
                Clusters(centers, centers, np.ones(len(centers))), rows, map_parts
            )

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:
        """Predict the nearest cluster of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The clusters, counted from 0; 0 for zero rows.
        """
        return self._partition_of(X).labels

    def transform(self, X: ArrayLike) -> NDArray:
        """Compute the cosine distances of samples and centers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query.

        Returns
        -------
        distances : ndarray of shape (n_samples, n_clusters)
            ``1 - cos``, half the squared Euclidean distance on the sphere: from 0 to 2, 1
            for zero rows. In the dtype of `X`.
        """
        check_is_fitted(self)
        rows = unit_rows(self, X, reset=False, normalize=self.normalize)
        dtype, rows = rows.X.dtype.name, within_float32(rows)
        centers = self.cluster_centers_.astype(np.float64, copy=False)
        with parts_of(rows, effective_n_threads(self.n_jobs)) as map_parts:
            distances = cosine_distances(rows, centers, map_parts)
        return distances.astype(dtype, copy=False)

    def score(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return minus the inertia of the data: more is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query.

        y : None
            Ignored; exists for the sake of pipelines.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero.

        Returns
        -------
        score : float
            Minus the weighted sum of ``1 - cos`` between samples and nearest centers.
        """
        return -self._partition_of(X, sample_weight).inertia
