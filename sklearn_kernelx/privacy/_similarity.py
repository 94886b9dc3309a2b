"""Private sums of similarities and distances."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._compat import Interval, StrOptions, fit_context
from sklearn_kernelx.privacy._accountant import BudgetAccountant
from sklearn_kernelx.privacy._construction import DISTANCES
from sklearn_kernelx.privacy._kernels import KERNELS
from sklearn_kernelx.privacy._private_sums import PrivateSums


class PrivateSimilarity(PrivateSums):
    """Sums of similarities, or distances, to the records of a private dataset.

    A fit releases one noisy vector, from which the sum over all records of a kernel or a
    distance to any row follows by a dot product, as often as one likes [1]_.

    The guarantee: what a fit makes public is (epsilon, delta)-differentially private with
    respect to adding or removing a record, or to replacing one, as `adjacency` says.

    Read more in the :ref:`User Guide <privacy>`.

    Parameters
    ----------
    [epsilon]

    kernel : str, default="gaussian"
        What is summed over the records x for a row y, with h the bandwidth:

        - "gaussian": ``exp(-|x - y|_2^2 / (2 h^2))``
        - "laplacian": ``exp(-|x - y|_1 / h)``
        - "exponential_l2": ``exp(-|x - y|_2 / h)``
        - "cauchy": ``1 / (1 + |x - y|_2^2 / h^2)``
        - "rational": ``1 / (1 + |x - y|_2 / h)``
        - "rational_l1": ``1 / (1 + |x - y|_1 / h)``
        - "l1", "l2", "sqeuclidean": the distances ``|x - y|_1``, ``|x - y|_2`` and
          ``|x - y|_2^2``, which need `bounds`
        - "lp": ``sum_k |x_k - y_k|^p``, which needs `bounds`

    [bandwidth]
        Not used by distances.

    p : float, default=1.0
        Power for "lp", above 0 and at most 2; not used by others.

    [bounds]

    n_bins : int, default="auto"
        For "l1", "l2" and "lp": number of cells between the bounds of every feature or
        direction. "auto" takes few, see the :ref:`User Guide <privacy>`: more lower the
        bias as 1 / n_bins^2 or faster, and raise the noise as its root.

    [mechanism]

    Attributes
    ----------
    release_ : ndarray of shape (n_entries,)
        The noisy sum of the vectors of all records: all that is kept of them.

    n_samples_noisy_ : float
        Number of records as the release tells it, or the true one where that is public.
        Means are sums over it, or over the deviation of its noise or 1 if that is more.

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
    PrivateKernelDensity : The same as a normalised density.
    PrivateKernelClassifier : The class of the greatest mean similarity.

    Notes
    -----
    [outside]

    References
    ----------
    [references]

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx import PrivateSimilarity
    >>> X = np.random.default_rng(0).normal(size=(10_000, 5))
    >>> private = PrivateSimilarity(epsilon=1.0, bandwidth=2.0).fit(X)
    >>> private.similarity(X[:3]).shape
    (3,)
    >>> exact = np.exp(-((X[:3, None] - X) ** 2).sum(axis=-1) / 8).mean(axis=1)
    >>> bool(np.all(abs(private.similarity(X[:3]) - exact) < 0.05))
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **PrivateSums._parameter_constraints,
        "kernel": [StrOptions({*KERNELS, *DISTANCES})],
        "p": [Interval(Real, 0, 2, closed="right")],
        "n_bins": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        *,
        epsilon: float = 1.0,
        delta: float | None = None,
        kernel: str = "gaussian",
        bandwidth: float = 1.0,
        p: float = 1.0,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        n_bins: int | str = "auto",
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
        self.p = p
        self.n_bins = n_bins

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> "PrivateSimilarity":
        """Release the noisy sum of all records.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The private records.

        y : None
            Ignored.

        Returns
        -------
        self : PrivateSimilarity
            The fitted estimator.

        Raises
        ------
        BudgetExceededError
            If the accountant has less left than the fit costs; `X` has not been read.

        ValueError
            If a parameter is not as described, or `X` is not finite. The message has
            nothing of `X`.
        """
        self._fit_sums(X)
        self.n_samples_noisy_ = float(self._answers.counts[0])
        return self

    def similarity(self, Y: ArrayLike) -> NDArray[np.floating]:
        """Estimate the mean of the kernel or distance over the records.

        Parameters
        ----------
        Y : array-like of shape (n_queries, n_features)
            Rows; float32 ones are answered in float32.

        Returns
        -------
        similarity : ndarray of shape (n_queries,)
            Not clipped: a mean of a kernel may come out below 0.
        """
        answers, Y, n_threads = self._asked(Y)
        return answers.means(Y, n_threads)[:, 0]

    def score_samples(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return `similarity`, under the name that pipelines pass on.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        similarity : ndarray of shape (n_queries,)
            As `similarity`.
        """
        return self.similarity(X)

    def similarity_sum(self, Y: ArrayLike) -> NDArray[np.floating]:
        """Estimate the sum of the kernel or distance over the records.

        Parameters
        ----------
        Y : array-like of shape (n_queries, n_features)
            Rows; float32 ones are answered in float32.

        Returns
        -------
        similarity_sum : ndarray of shape (n_queries,)
            Not clipped.
        """
        answers, Y, n_threads = self._asked(Y)
        return answers.sums(Y, n_threads)[:, 0]

    def expected_error(self, Y: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation that the noise gives to `similarity`.

        Parameters
        ----------
        Y : array-like of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        expected_error : ndarray of shape (n_queries,)
            To first order in the noise of the number of records. The error of the
            features, or of cells, comes on top: see :class:`PrivacyUtilityDisplay`.
        """
        answers, Y, n_threads = self._asked(Y)
        return answers.mean_deviations(Y, n_threads)[:, 0]
