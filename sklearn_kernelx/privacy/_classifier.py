"""Classification by private mean similarities."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags, column_or_1d

from sklearn_kernelx._compat import StrOptions, fit_context
from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.privacy._accountant import BudgetAccountant
from sklearn_kernelx.privacy._box import Box
from sklearn_kernelx.privacy._construction import DISTANCES
from sklearn_kernelx.privacy._kernels import KERNELS
from sklearn_kernelx.privacy._leaks import PrivacyLeakWarning, validated
from sklearn_kernelx.privacy._private_sums import PrivateSums


class PrivateKernelClassifier(ClassifierMixin, PrivateSums):
    """The class to whose private records a row is most similar in the mean.

    A fit releases a noisy vector for every class [1]_.

    The guarantee: what a fit makes public is (epsilon, delta)-differentially private with
    respect to adding or removing a record with its label, or to replacing one, as
    `adjacency` says, if `classes` are given.

    Read more in the :ref:`User Guide <privacy>`.

    Parameters
    ----------
    [epsilon]

    kernel : str, default="gaussian"
        As for :class:`PrivateSimilarity`, but for "lp". With a distance the smallest mean
        wins, and "sqeuclidean" is the distance to the mean of a class: often the one to
        beat.

    [bandwidth]
        Not used by distances.

    [bounds]

    classes : array-like of shape (n_classes,), default=None
        Public labels that may occur. None reads them from `y`, which tells of labels that
        few records have: a :class:`PrivacyLeakWarning` says so.

    class_prior : "uniform", "counts" or array-like of shape (n_classes,), \
default="uniform"
        Factors of the mean similarities: equal, the noisy numbers of records, or public
        ones in the order of `classes_`, which is sorted. "counts" compares sums, in which
        there is no noise of a number of records. Kernels only.

    [mechanism]

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    release_ : ndarray of shape (n_classes, n_entries)
        The noisy sums of the vectors of records: all that is kept of them.

    class_count_noisy_ : ndarray of shape (n_classes,)
        Numbers of records as the release tells them.

    noise_deviation_ : float
        Standard deviation of the noise of an entry of `release_`.

    [fitted]

    directions_ : ndarray of shape (n_directions, n_features) or None
        For "projections": directions on which "l2" is projected.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    PrivateSimilarity : The mean similarities themselves.

    Notes
    -----
    A record is in one class, so that with "add_remove" every class has the whole epsilon
    (parallel composition). A replaced record may change two classes, or one class twice:
    noise is twice as large then.

    [outside]

    References
    ----------
    [references]

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_kernelx import PrivateKernelClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = PrivateKernelClassifier(
    ...     epsilon=2.0, delta=1e-5, bandwidth=20.0, classes=range(10)
    ... )
    >>> classifier.fit(X[:1400], y[:1400]).score(X[1400:], y[1400:]) > 0.7
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **PrivateSums._parameter_constraints,
        "kernel": [StrOptions({*KERNELS, *DISTANCES} - {"lp"})],
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"uniform", "counts"}), "array-like"],
    }
    _has_groups = True

    def __init__(
        self,
        *,
        epsilon: float = 1.0,
        delta: float | None = None,
        kernel: str = "gaussian",
        bandwidth: float = 1.0,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "uniform",
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
        super().__init__(
            epsilon=epsilon,
            delta=delta,
            kernel=kernel,
            bandwidth=bandwidth,
            bounds=bounds,
            adjacency=adjacency,
            features=features,
            n_components=n_components,
            landmarks=landmarks,
            mechanism=mechanism,
            noise_source=noise_source,
            on_out_of_bounds=on_out_of_bounds,
            accountant=accountant,
            feature_random_state=feature_random_state,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        self.classes = classes
        self.class_prior = class_prior

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        # scikit-learn's checks have so few records that noise is all there is.
        tags.classifier_tags.poor_score = True
        return tags

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> "PrivateKernelClassifier":
        """Release the noisy sums of the records of every class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The private records.

        y : array-like of shape (n_samples,)
            Their labels.

        Returns
        -------
        self : PrivateKernelClassifier
            The fitted classifier.

        Raises
        ------
        BudgetExceededError
            If the accountant has less left than the fit costs; `X` and `y` have not been
            read.

        ValueError
            If a parameter is not as described, `X` is not finite or `y` has a label that
            is not in `classes`. The message has nothing of `X` and `y`.
        """
        if y is None:
            raise ValueError(
                "PrivateKernelClassifier requires y to be passed, but the target y is None."
            )
        self._fit_sums(X, y)
        self.class_count_noisy_ = self._answers.counts
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return what `predict` compares.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Rows; float32 ones are answered in float32.

        Returns
        -------
        scores : ndarray of shape (n_queries,) or (n_queries, n_classes)
            Mean similarities times `class_prior`, or negative mean distances, or those to
            the mean for "sqeuclidean". With two classes that of the second less that of
            the first. Where the number of records of a class is below two deviations of
            its noise, the class has one less than the lowest score of others.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the labels of the best scores.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        labels : ndarray of shape (n_queries,)
            One of `classes_` each.
        """
        best = np.argmax(self._scores(X), axis=1)
        return self.classes_[best]

    def expected_error(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation that the noise gives to mean similarities.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        expected_error : ndarray of shape (n_queries, n_classes)
            To first order in the noise of the numbers of records, without `class_prior`;
            a bound for ``kernel="sqeuclidean"``.
        """
        answers, X, n_threads = self._asked(X)
        return answers.mean_deviations(X, n_threads)

    def _check_public(self) -> None:
        is_uniform = isinstance(self.class_prior, str) and self.class_prior == "uniform"
        if self.kernel in DISTANCES and not is_uniform:
            raise ValueError(
                f"class_prior is for kernels; kernel={self.kernel!r} is a distance: pass "
                "class_prior='uniform'."
            )
        if self.classes is not None:
            self._set_classes(column_or_1d(self.classes))
            return
        warn_user(
            "classes=None reads the labels from y, which tells of labels that few records "
            "have. Pass all labels that may occur.",
            PrivacyLeakWarning,
        )
        self.is_private_ = False

    def _set_classes(self, labels: NDArray) -> None:
        self.classes_ = np.unique(labels)
        self._prior = self.class_prior
        if isinstance(self._prior, str):
            return
        self._prior = np.array(self.class_prior, dtype=np.float64)
        if self._prior.shape != self.classes_.shape or not np.all(
            np.isfinite(self._prior) & (self._prior >= 0)
        ):
            raise ValueError(
                "class_prior must be a number of at least 0 for each of the "
                f"{len(self.classes_)} classes, in sorted order."
            )

    def _read(
        self, X: ArrayLike, y: Any, box: Box | None
    ) -> tuple[NDArray[np.float64], list[Any]]:
        X, y = validated(self, X, y, dtype=np.float64, order="C")
        if self.classes is None:
            self._set_classes(y)
        places = self._places_of(y)
        groups = [np.flatnonzero(places == k) for k in range(len(self.classes_))]
        return self._bounded(X, box), groups

    def _places_of(self, y: NDArray) -> NDArray[np.intp]:
        """Return one place in `classes_` for each label, so that no record counts twice."""
        places = np.searchsorted(self.classes_, y)
        places = np.minimum(places, len(self.classes_) - 1)
        if not np.all(self.classes_[places] == y):
            raise ValueError(
                "y has a label that is not in classes: name all labels there, or leave "
                "their records out."
            )
        common = np.result_type(self.classes_, y)
        if len(np.unique(self.classes_.astype(common))) < len(self.classes_):
            raise ValueError(
                f"classes are of type {self.classes_.dtype}, and some of them are equal in "
                f"the type {y.dtype} of y: give y in the type of classes."
            )
        return places

    def _scores(self, X: ArrayLike) -> NDArray[np.floating]:
        answers, X, n_threads = self._asked(X)
        if isinstance(self._prior, str) and self._prior == "counts":
            return answers.sums(X, n_threads)
        scores = answers.means(X, n_threads)
        if self.features_ not in ("rff", "nystroem"):
            scores = -np.maximum(scores, 0)
        elif not isinstance(self._prior, str):
            # A mean below its noise, which may be negative, must not turn the prior around.
            floors = answers.floors.astype(scores.dtype)
            scores = np.maximum(scores, floors) * self._prior.astype(scores.dtype)
        # What is noise must not win.
        known = answers.is_known
        scores[:, ~known] = np.min(scores[:, known], axis=1, keepdims=True) - 1
        return scores
