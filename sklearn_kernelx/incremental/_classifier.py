"""Classification by ridge regression, one batch after the other."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._compat import Interval, StrOptions, fit_context
from sklearn_kernelx._interrupts import Transaction
from sklearn_kernelx.incremental._base import AnalyticIncremental
from sklearn_kernelx.incremental._batches import Batch
from sklearn_kernelx.incremental._calibration import score_temperature, tempered_softmax
from sklearn_kernelx.incremental._labels import (
    admitted,
    check_class_weight,
    class_factors,
    inserted,
    listed,
    one_hot,
    read_labels,
    refuse_excess,
    refuse_unknown,
    unite,
)
from sklearn_kernelx.incremental._moments import empty_moments
from sklearn_kernelx.incremental._sums import (
    ClassSums,
    JointSums,
    check_memory,
)


class AnalyticIncrementalClassifier(ClassifierMixin, AnalyticIncremental):
    """Classifier that learns batch by batch, new classes too, and forgets nothing.

    Ridge regression in closed form on random features, with a target for each class that
    is 1 in its rows and 0 elsewhere. Batches may hold old and new classes in any mixture.
    After each, the weights are those of one fit to all rows so far, up to rounding, though
    no row is kept: G-ACIL [1]_, solved from sums instead of its recursion.

    Read more in the :ref:`User Guide <incremental>`.

    Parameters
    ----------
    [map]

    [alpha]

    class_weight : dict or "balanced", default=None
        Weights of classes as ``{label: weight}``, 1 for those not named; they multiply
        `sample_weight`. A label that never comes is no error: it might still come.
        "balanced" gives the classes seen so far equal weights, whenever they were seen:
        rows of class k weigh ``W / (c W_k)``, with W and W_k the sums of `sample_weight`
        over all rows and over those of the class, and c the number of classes with rows.
        As these weights change with each batch, that takes a Gram matrix for each class,
        see `max_memory`. The first batch fixes it.

    new_classes : {"extend", "error"}, default="extend"
        Whether labels that were never seen before become new classes, or an error, as
        with other classifiers of scikit-learn.

    [dtype]

    max_memory : float, default=4096
        Most memory in MiB that the Gram matrices of all classes with
        ``class_weight="balanced"`` may take, which is 4 D^2 bytes each. What would take
        more is refused. Calls with many rows need a second set of the classes that are in
        them, for as long as they run.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels seen or declared so far, sorted.

    class_count_ : ndarray of shape (n_classes,)
        Sum of `sample_weight` over the rows of each class.

    classes_seen_in_batch_ : ndarray of shape (n_exposed_classes,)
        Labels in the last batch: the "exposed" classes of G-ACIL. A batch changes the sums
        of features over rows of these classes alone; the coefficients of others change
        through the Gram matrix, and the means, only.

    coef_ : ndarray of shape (n_classes, D)
        Coefficients of the features, a row for each class, also if there are two.

    intercept_ : ndarray of shape (n_classes,)
        Intercepts; zeros without `fit_intercept`.

    [fitted]

    See Also
    --------
    AnalyticIncrementalRegressor : The same for any targets.
    sklearn.linear_model.RidgeClassifier : All rows at once.

    Notes
    -----
    [sums]

    Scores of a regression on one-hot targets are no probabilities: they lie between 0 and 1
    for the most part, and a softmax of them is nearly uniform. :meth:`predict_proba`
    divides them by a temperature first, that of a multinomial logit model [4]_ with errors
    as large as the residuals.

    Relatives of G-ACIL are choices of parameters. GKEAL [2]_ is ``activation="gaussian"``
    with `centers`; here these must be known before the first batch. AIR [3]_ is
    ``class_weight="balanced"``. The second stream of DS-AL, features by tanh fitted to the
    residuals, is best had by a :class:`~sklearn.pipeline.FeatureUnion` of both kinds of
    features as `feature_map`, which minimises over both at once.

    References
    ----------
    .. [1] Zhuang, H., Chen, Y., Fang, D., He, R., Tong, K., Wei, H., Zeng, Z. and Chen, C.
       (2024). G-ACIL: Analytic learning for exemplar-free generalized class incremental
       learning. arXiv:2403.15706.

    .. [2] Zhuang, H., Weng, Z., He, R., Lin, Z. and Zeng, Z. (2023). GKEAL: Gaussian kernel
       embedded analytic learning for few-shot class incremental task. CVPR.

    .. [3] AIR: Analytic imbalance rectifier for continual learning (2024).
       arXiv:2408.10349.

    .. [4] McFadden, D. (1974). Conditional logit analysis of qualitative choice behavior.
       In Frontiers in Econometrics, 105-142. Academic Press.

    Examples
    --------
    Digits come class by class, so that no batch has two classes:

    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_kernelx import AnalyticIncrementalClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X / 16
    >>> train, test = np.arange(1200), np.arange(1200, len(X))
    >>> clf = AnalyticIncrementalClassifier(random_state=0)
    >>> for digit in range(10):
    ...     rows = train[y[train] == digit]
    ...     clf = clf.partial_fit(X[rows], y[rows])
    >>> clf.classes_
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    >>> bool(clf.score(X[test], y[test]) > 0.95)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **AnalyticIncremental._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "new_classes": [StrOptions({"extend", "error"})],
        "max_memory": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        n_components: int = 1000,
        activation: str = "relu",
        alpha: float = 0.1,
        fit_intercept: bool = True,
        class_weight: dict | str | None = None,
        new_classes: str = "extend",
        dtype: DTypeLike = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
        *,
        feature_map: Any = None,
        gamma: float | None = None,
        centers: ArrayLike | None = None,
        projection: str = "orthogonal",
        max_memory: float = 4096,
    ) -> None:
        self.n_components = n_components
        self.activation = activation
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.new_classes = new_classes
        self.dtype = dtype
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.feature_map = feature_map
        self.gamma = gamma
        self.centers = centers
        self.projection = projection
        self.max_memory = max_memory

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "AnalyticIncrementalClassifier":
        """Fit the classifier to these rows alone.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows. With `feature_map`, whatever it takes.

        y : array-like of shape (n_samples,)
            Labels, numbers or strings.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero. A weight of 0 is as good as no row.

        Returns
        -------
        self : AnalyticIncrementalClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If `X` or features are not finite or so large that squares overflow, weights are
            negative or all zero, `y` is not made of labels, or Gram matrices of classes
            take more than `max_memory`. The classifier is then not fitted.
        """
        self._start_anew()
        return self._learn(X, y, sample_weight, self._admit)

    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> "AnalyticIncrementalClassifier":
        """Add rows to those seen so far.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            More rows.

        y : array-like of shape (n_samples,)
            Their labels.

        classes : array-like of shape (n_classes,), default=None
            Labels to declare before they are seen. With ``new_classes="error"`` the first
            call fixes all labels, by `classes` or, if None, by `y`.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero. A weight of 0 is as good as no row.

        Returns
        -------
        self : AnalyticIncrementalClassifier
            The classifier for all rows: that of one `fit` up to rounding.

        Raises
        ------
        ValueError
            As :meth:`fit`, or if `X` has another number of features, labels are of another
            type, or there are new ones with ``new_classes="error"``. The classifier is then
            as before.
        """
        return self._learn(X, y, sample_weight, lambda labels: self._admit(labels, classes))

    def _read_targets(self, y: ArrayLike) -> NDArray:
        return read_labels(y)

    def _empty_sums(self, n_features: int) -> JointSums | ClassSums:
        self.classes_ = None
        self.class_count_ = np.zeros(0)
        self._n_rows_of_class = np.zeros(0, dtype=np.intp)
        self._class_weight = self.class_weight
        if isinstance(self.class_weight, dict):
            self._class_weight = dict(self.class_weight)
            check_class_weight(self._class_weight)
        if self._class_weight == "balanced":
            return ClassSums((), n_features, self._fit_intercept)
        return JointSums(empty_moments(n_features, 0, self._fit_intercept))

    def _admit(self, labels: NDArray, classes: ArrayLike | None = None) -> None:
        """Extend the classes by those declared and those of a batch, or refuse these."""
        declared = None if classes is None else read_labels(classes, "classes")
        is_strict = self.new_classes == "error"
        self._extend(admitted(self.classes_, declared, labels, is_strict=is_strict))

    def _extend(self, classes: NDArray) -> None:
        known = self.classes_
        if known is not None and len(known) == len(classes):
            return
        self.classes_ = classes
        places = np.arange(0) if known is None else self._codes(known)
        self.class_count_ = inserted(self.class_count_, places, len(classes))
        self._n_rows_of_class = inserted(self._n_rows_of_class, places, len(classes))
        self._sums = self._sums.insert(places, len(classes))

    def _codes(self, labels: NDArray) -> NDArray[np.intp]:
        return np.searchsorted(self.classes_, labels.astype(self.classes_.dtype))

    def _count(self, batch: Batch, sign: int) -> None:
        if sign < 0:
            refuse_unknown(
                self.classes_, batch.y, "only rows that were seen can be forgotten"
            )
        codes, n_classes = self._codes(batch.y), len(self.classes_)
        weights = np.bincount(codes, batch.row_weights, n_classes)
        n_rows = np.bincount(codes, minlength=n_classes)
        if sign < 0:
            tolerated = self.class_count_ + self._weight_of_rounding
            refuse_excess(self.classes_, weights, tolerated)
        else:
            exposed = np.flatnonzero(n_rows)
            self.classes_seen_in_batch_ = self.classes_[exposed]
            self._check_memory(exposed)
        count = self.class_count_ + sign * weights
        self._most_weight = max(self._most_weight, count.sum())
        self.class_count_ = np.where(count > self._weight_of_rounding, count, 0)
        self._n_rows_of_class = np.maximum(self._n_rows_of_class + sign * n_rows, 0)
        self.n_samples_seen_ = int(self._n_rows_of_class.sum())

    def _check_memory(self, exposed: NDArray[np.intp]) -> None:
        """Refuse Gram matrices of too many classes before there is one."""
        if not isinstance(self._sums, ClassSums):
            return
        n_grams = self._sums.n_present_with(exposed)
        check_memory(n_grams, self._sums.n_features, self.max_memory)

    def _block_targets(
        self, batch: Batch, block: slice
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.intp]]:
        codes = self._codes(batch.y[block])
        weights = None if batch.weights is None else batch.weights[block]
        if isinstance(self._class_weight, dict):
            factors = class_factors(self._class_weight, self.classes_)
            weights = batch.row_weights[block] * factors[codes]
        indicators, exposed = one_hot(codes)
        return indicators, weights, exposed

    def _without_rounding(self, sums: JointSums | ClassSums) -> JointSums | ClassSums:
        if not np.any(self.class_count_):
            return sums.empty()
        for k in np.flatnonzero(self.class_count_ == 0):
            sums = sums.clear(k)
        return sums

    def _take_over_targets(self, other: Any) -> JointSums | ClassSums:
        if other._class_weight != self._class_weight:
            raise ValueError(
                "other was fitted with another class_weight: fit both with the same"
            )
        if self.new_classes == "error":
            remedy = "set new_classes='extend' to merge classes of both"
            refuse_unknown(self.classes_, other.classes_, remedy)
        self._extend(unite(self.classes_, other.classes_))
        places, n_classes = self._codes(other.classes_), len(self.classes_)
        self._check_memory(places[other.class_count_ > 0])
        for name in ("class_count_", "_n_rows_of_class"):
            added = inserted(getattr(other, name), places, n_classes)
            setattr(self, name, getattr(self, name) + added)
        return other._sums.insert(places, n_classes)

    def forget_class(self, label: Any) -> "AnalyticIncrementalClassifier":
        """Take out a class with all its rows, exactly.

        Parameters
        ----------
        label : label
            One of `classes_`, of which there must be others.

        Returns
        -------
        self : AnalyticIncrementalClassifier
            The classifier for the rows of the other classes.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `label` is not among `classes_` or alone there; or if the class has rows and
            no Gram matrix of its own, as with any `class_weight` but "balanced".
        """
        check_is_fitted(self)
        if np.ndim(label) > 0:
            raise ValueError(f"label must be one of classes_, not several: {label!r}")
        places = np.flatnonzero(self.classes_ == label)
        if len(places) == 0:
            raise ValueError(
                f"label {label!r} is not among classes_: {listed(self.classes_)}"
            )
        if len(self.classes_) == 1:
            raise ValueError(
                f"label {label!r} is the only class: fit the classifier anew instead"
            )
        (k,) = places
        if self._class_weight != "balanced" and self.class_count_[k] > 0:
            raise ValueError(
                f"the Gram matrix of label {label!r} alone is not known: call forget(X, y) "
                "with all rows of the class first, or fit with class_weight='balanced'"
            )
        with Transaction(self) as transaction, transaction.last_step():
            self._sums = self._sums.remove(k)
            for name in ("classes_", "class_count_", "_n_rows_of_class"):
                setattr(self, name, np.delete(getattr(self, name), k))
            is_left = self.classes_seen_in_batch_ != label
            self.classes_seen_in_batch_ = self.classes_seen_in_batch_[is_left]
            self.n_samples_seen_ = int(self._n_rows_of_class.sum())
            self._solutions.drop()
        return self

    def decision_function(self, X: ArrayLike) -> NDArray:
        """Compute the scores of classes: what the ridge regressions predict.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes) or (n_samples,)
            For two classes the score of the second less that of the first. In the type of
            the features.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` has another number of features, or features are not finite.
        """
        scores = self._outputs(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict(self, X: ArrayLike) -> NDArray:
        """Predict labels: those of largest score, the first of equal ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` has another number of features, or features are not finite.
        """
        return self._decide(self._outputs(X))

    def _decide(self, outputs: NDArray) -> NDArray:
        return self.classes_[np.argmax(self._of_seen_classes(outputs), axis=1)]

    def _of_seen_classes(self, scores: NDArray) -> NDArray:
        """Return scores, -inf for classes without rows if others have some."""
        has_rows = self.class_count_ > 0
        return np.where(has_rows | ~np.any(has_rows), scores, -np.inf)

    def _score(self, y: ArrayLike, predicted: NDArray, sample_weight: Any) -> float:
        return accuracy_score(y, predicted, sample_weight=sample_weight)

    def predict_proba(self, X: ArrayLike) -> NDArray:
        """Compute probabilities of classes by a softmax of the scores.

        Scores are divided by a temperature that comes from the sums, no rows being held out
        for it: that of a multinomial logit model whose errors are as large as the residuals
        of the regression, enlarged by W / (W - D - 1) for overfitting, but at most as large
        as they would be if the scores explained nothing. Where features are many for the
        rows, or `alpha` is large, probabilities are too even; hold rows out and use
        :class:`~sklearn.calibration.CalibratedClassifierCV` if they matter. The sum W of
        all weights counts as the number of rows. Up to rounding, the class of highest
        probability is the predicted one; classes without rows have none.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            They sum to 1. In the type of the features.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` has another number of features, or features are not finite.
        """
        scores, solution = self._outputs(X), self._solve()
        temperature = score_temperature(
            solution.residual,
            solution.weight,
            solution.mean_squares,
            solution.coef.shape[1],
        )
        return tempered_softmax(self._of_seen_classes(scores), temperature)
