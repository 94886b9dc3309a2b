"""What a fitted mixture of von Mises-Fisher distributions says about data."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import DensityMixin
from sklearn.utils import ClassifierTags, check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx.directional._assignment import assign, log_sums
from sklearn_kernelx.directional._expectation_maximization import Mixture, mixture_logits
from sklearn_kernelx.directional._row_blocks import parts_of, within_float32
from sklearn_kernelx.directional._sampling import check_n_samples, sample_von_mises_fisher
from sklearn_kernelx.directional._sphere import unit_rows


class FittedMixture(DensityMixin):
    """Densities, predictions, draws and information criteria of a fitted mixture."""

    weights_: NDArray[np.float64]
    mean_directions_: NDArray[np.float64]
    concentrations_: NDArray[np.float64]
    _dtype: str
    normalize: bool
    n_jobs: int | None
    random_state: Any
    concentration_type: str

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        # scikit-learn's check of sparse input reads them of all that has predict_proba.
        tags.classifier_tags = ClassifierTags()
        return tags

    def _mixture(self) -> Mixture:
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights_)
        return Mixture(log_weights, self.mean_directions_, self.concentrations_)

    def _log_densities(
        self, X: ArrayLike, *, with_shares: bool = False
    ) -> tuple[NDArray[np.float64], NDArray | None]:
        check_is_fitted(self)
        rows = unit_rows(self, X, reset=False, normalize=self.normalize)
        rows = within_float32(rows)
        logits = mixture_logits(self._mixture(), rows.X)
        shares = None
        if with_shares:
            shares = np.empty((rows.X.shape[0], len(self.weights_)), dtype=self._dtype)
        with parts_of(rows, effective_n_threads(self.n_jobs)) as map_parts:
            return log_sums(rows, logits, map_parts, shares), shares

    def score_samples(self, X: ArrayLike) -> NDArray:
        """Compute the log-density of each sample under the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query. Zero rows count as orthogonal to all mean directions.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            With respect to the surface measure of the unit sphere, so that values above 0
            are nothing unusual. In the dtype of the training data.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If `X` has NaN or infinity, another number of features, or rows that are not of
            unit length although `normalize` is False.
        """
        return self._log_densities(X)[0].astype(self._dtype, copy=False)

    def score(self, X: ArrayLike, y: None = None) -> float:
        """Compute the mean log-likelihood of the data under the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query.

        y : None
            Ignored; exists for the sake of pipelines.

        Returns
        -------
        log_likelihood : float
            The mean (not the sum) of the log-densities, as in
            :class:`sklearn.mixture.GaussianMixture`.
        """
        return float(np.mean(self._log_densities(X)[0]))

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:
        """Predict the most responsible component of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The components, counted from 0.
        """
        check_is_fitted(self)
        rows = unit_rows(self, X, reset=False, normalize=self.normalize)
        rows = within_float32(rows)
        logits = mixture_logits(self._mixture(), rows.X)
        with parts_of(rows, effective_n_threads(self.n_jobs)) as map_parts:
            return assign(rows, logits, map_parts)[0]

    def predict_proba(self, X: ArrayLike) -> NDArray:
        """Compute the responsibilities of the components for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query.

        Returns
        -------
        responsibilities : ndarray of shape (n_samples, n_components)
            They add up to 1 in each row. In the dtype of the training data.
        """
        return self._log_densities(X, with_shares=True)[1]

    def sample(
        self,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Draw from the model.

        Parameters
        ----------
        n_samples : int, default=1
            Number of points, at least 0.

        random_state : int, RandomState instance or None, default=None
            None takes the one of the estimator.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Unit vectors, in the order of their components.

        labels : ndarray of shape (n_samples,)
            The components that they come from.
        """
        check_is_fitted(self)
        check_n_samples(n_samples)
        rng = check_random_state(
            self.random_state if random_state is None else random_state
        )
        counts = rng.multinomial(n_samples, self.weights_)
        laws = zip(self.mean_directions_, self.concentrations_, counts, strict=True)
        X = np.concatenate([sample_von_mises_fisher(*law, rng) for law in laws])
        return X, np.repeat(np.arange(len(counts), dtype=np.int32), counts)

    def _n_parameters(self) -> int:
        n_components, n_features = self.mean_directions_.shape
        n_concentrations = {"full": n_components, "tied": 1, "fixed": 0}
        return (
            n_components * (n_features - 1)
            + n_concentrations[self.concentration_type]
            + n_components
            - 1
        )

    def bic(self, X: ArrayLike) -> float:
        """Compute the Bayesian information criterion: less is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data.

        Returns
        -------
        bic : float
            ``-2 log L + m log n`` with m the number of free parameters: n_features - 1 for
            each direction, n_components - 1 weights, and as many concentrations as are
            estimated: n_components, 1 or 0.
        """
        log_densities = self._log_densities(X)[0]
        penalty = self._n_parameters() * np.log(len(log_densities))
        return float(-2 * np.sum(log_densities) + penalty)

    def aic(self, X: ArrayLike) -> float:
        """Compute the Akaike information criterion: less is better.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data.

        Returns
        -------
        aic : float
            ``-2 log L + 2 m`` with m the number of free parameters, as in :meth:`bic`.
        """
        return float(-2 * np.sum(self._log_densities(X)[0]) + 2 * self._n_parameters())
