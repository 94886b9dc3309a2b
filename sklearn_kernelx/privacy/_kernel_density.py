"""Private kernel density estimation."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import DensityMixin

from sklearn_kernelx._compat import StrOptions, fit_context
from sklearn_kernelx._kernel_volumes import log_normalizer
from sklearn_kernelx.privacy._private_sums import PrivateSums

# Names of the kernels whose integral is finite, and those they have in scikit-learn.
_INTEGRABLE = {
    "gaussian": "gaussian",
    "exponential_l2": "exponential",
    "laplacian": "laplacian",
}


class PrivateKernelDensity(DensityMixin, PrivateSums):
    """Kernel density estimate of private records.

    A fit releases one noisy vector [1]_, from which the density anywhere follows by a dot
    product, as often as one likes.

    The guarantee: what a fit makes public is (epsilon, delta)-differentially private with
    respect to adding or removing a record, or to replacing one, as `adjacency` says.

    Read more in the :ref:`User Guide <privacy>`.

    Parameters
    ----------
    [epsilon]

    kernel : {"gaussian", "laplacian", "exponential_l2"}, default="gaussian"
        ``exp(-|x - y|_2^2 / (2 h^2))``, ``exp(-|x - y|_1 / h)`` or
        ``exp(-|x - y|_2 / h)`` with h the bandwidth; the last is "exponential" in
        :class:`~sklearn.neighbors.KernelDensity`.

    [bandwidth]

    [bounds]

    [mechanism]

    Attributes
    ----------
    release_ : ndarray of shape (n_entries,)
        The noisy sum of the vectors of all records: all that is kept of them.

    n_samples_noisy_ : float
        Number of records as the release tells it, or the true one where that is public.

    noise_deviation_ : float
        Standard deviation of the noise of an entry of `release_`.

    [fitted]

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features. Defined only when `X` has feature names that are all strings.

    See Also
    --------
    PrivateSimilarity : Sums of more kernels, and of distances.
    KernelDensity : Without privacy.

    Notes
    -----
    The mean kernel value has an error of about ``4 / (epsilon * n_samples)``, and that of
    the approximation. With ``epsilon * n_samples`` below 1000 it is of the size of the
    density itself, and in the tails it is at any size: there the density is cut below at
    the standard deviation of the noise, the same everywhere, so that it has no finite
    integral over the whole space. Log-densities of rows far off tell nothing.

    [outside]

    References
    ----------
    [references]

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx import PrivateKernelDensity
    >>> X = np.random.default_rng(0).normal(size=(10_000, 2))
    >>> kde = PrivateKernelDensity(epsilon=1.0, bandwidth=0.5, bounds=(-4, 4)).fit(X)
    >>> density = np.exp(kde.score_samples([[0.0, 0.0]])[0])
    >>> bool(abs(density - 1 / (2 * np.pi * 1.25)) < 0.01)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **PrivateSums._parameter_constraints,
        "kernel": [StrOptions(set(_INTEGRABLE))],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> "PrivateKernelDensity":
        """Release the noisy sum of all records.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The private records.

        y : None
            Ignored.

        Returns
        -------
        self : PrivateKernelDensity
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
        kernel = _INTEGRABLE[self.kernel]
        self._log_normalizer = log_normalizer(kernel, self.bandwidth, self.n_features_in_)
        return self

    def score_samples(self, X: ArrayLike) -> NDArray[np.floating]:
        """Return the logarithm of the density.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Where; float32 rows are answered in float32.

        Returns
        -------
        log_density : ndarray of shape (n_queries,)
            Mean kernel values are clipped to between the standard deviation of their noise
            at 0 and 1.
        """
        answers, X, n_threads = self._asked(X)
        means = answers.means(X, n_threads)[:, 0]
        return np.log(np.clip(means, float(answers.floors[0]), 1)) - self._log_normalizer

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Return the total logarithm of the density.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Where.

        y : None
            Ignored.

        Returns
        -------
        log_likelihood : float
            Sum of `score_samples`.
        """
        return float(np.sum(self.score_samples(X), dtype=np.float64))

    def expected_error(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the standard deviation that the noise gives to the density.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Where.

        Returns
        -------
        expected_error : ndarray of shape (n_queries,)
            Of the density, before it is clipped; to first order in the noise of the number
            of records. The error of the features comes on top: see
            :class:`PrivacyUtilityDisplay`, for :class:`PrivateSimilarity`.
        """
        answers, X, n_threads = self._asked(X)
        return answers.mean_deviations(X, n_threads)[:, 0] * np.exp(-self._log_normalizer)
