"""The von Mises-Fisher distribution."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._compat import Interval, fit_context
from sklearn_kernelx.directional._concentration import estimate_concentration
from sklearn_kernelx.directional._density import entropy, half_squared_distances
from sklearn_kernelx.directional._sampling import sample_von_mises_fisher
from sklearn_kernelx.directional._sphere import (
    check_norms,
    drop_zero_rows,
    validate_rows,
    validate_weights,
)
from sklearn_kernelx.directional._statistics import (
    DirectionStatistics,
    centred_sums,
    combine,
    direction_statistics,
    resultant,
)
from sklearn_kernelx.special import log_vmf_peak


class VonMisesFisher(DensityMixin, BaseEstimator):
    """The von Mises-Fisher distribution, the normal law of the unit sphere.

    Its density on the sphere of p = `n_features_in_` dimensions is
    ``C_p(kappa) exp(kappa mu'x)`` with the mean direction mu and the concentration kappa:
    0 is the uniform law, and for large kappa the law is close to a Gaussian of variance
    1 / kappa around mu. Everything is exact to rounding in tens of thousands of
    dimensions, for concentrations from 0 to 1e9.

    Read more in the :ref:`User Guide <directional>`.

    Parameters
    ----------
    bias_correction : bool, default=True
        Whether to correct the squared length r^2 of the mean for its bias before solving
        for the concentration. As ``E[r^2] = rho^2 + (1 - rho^2) / n``, with rho the length
        of the law's mean (of the n^2 products in r^2, n are 1 and the others rho^2 in the
        mean), it is replaced by ``max(0, (n r^2 - 1) / (n - 1))``. With weights
        ``n = (sum w)^2 / sum w^2``, for which a row of weight 2 is one row, not two. False
        gives the maximum likelihood estimate, which is
        far too large when n is not well above p.

    max_concentration : float, default=1e9
        The largest concentration, above 0. It is reached by equal rows, and with
        `bias_correction` by a single row: neither has a finite estimate.

    normalize : bool, default=True
        Whether to divide each row by its norm. False refuses rows that are not of unit
        length, to 1e-6 in float64 and 1e-3 in float32.

    Attributes
    ----------
    mean_direction_ : ndarray of shape (n_features,)
        The unit vector mu. Where the mean of the data is exactly zero, the direction of a
        row of largest weight.

    concentration_ : float
        The concentration kappa, between 0 and `max_concentration`.

    mean_resultant_length_ : float
        The length r of the mean of the rows on the sphere, uncorrected, between 0 and 1.

    n_samples_seen_ : int
        Number of rows with a direction and a positive weight, over all calls.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of features seen during `fit`. Defined only when `X` has feature names
        that are all strings.

    See Also
    --------
    sklearn_kernelx.KernelDensity : A density of any shape, in the space around the sphere.

    Notes
    -----
    Densities are with respect to the surface measure of the sphere, whose total in p
    dimensions is ``2 pi^(p/2) / Gamma(p/2)``. That is tiny for large p, so log-densities
    are often above 0 (the uniform law has one of 4898 for p = 2048), and only differences
    between models of as many features mean something. With one feature the sphere is
    {-1, 1} and the density a probability. Draws are by rejection [2]_ [3]_.

    The maximum likelihood estimate solves ``A_p(kappa) = r`` with
    ``A_p = I_{p/2} / I_{p/2-1}`` [1]_. The sums that determine it are kept about one of
    the rows, so that 1 - r has digits of its own: they bound the accuracy of a large
    kappa. They add up over samples, so that :meth:`partial_fit` and :meth:`merge` give
    what one fit on all rows would.

    Zero rows have no direction: in training they are left out with a warning, in scoring
    their cosine with the mean direction is 0. So are rows with a norm below 2.2e-308.
    Sparse input is never made dense. Float32 data give float32 log-densities; all sums are
    in float64.

    References
    ----------
    .. [1] Mardia, K. V. and Jupp, P. E. (2000). Directional Statistics, sections 9.3 and
       10.3. Wiley.

    .. [2] Ulrich, G. (1984). Computer generation of distributions on the m-sphere. Applied
       Statistics 33, 158-163.

    .. [3] Wood, A. T. A. (1994). Simulation of the von Mises Fisher distribution.
       Communications in Statistics - Simulation and Computation 23, 157-164.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_kernelx import VonMisesFisher
    >>> X, y = load_digits(return_X_y=True)
    >>> zeros = VonMisesFisher().fit(X[y == 0])
    >>> print(f"{zeros.concentration_:.0f}")
    579
    >>> images = zeros.sample(5, random_state=0)
    >>> images.shape
    (5, 64)
    >>> ones = VonMisesFisher().fit(X[y == 1])
    >>> bool(zeros.score(X[y == 0]) > ones.score(X[y == 0]))
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "bias_correction": ["boolean"],
        "max_concentration": [Interval(Real, 0, None, closed="neither")],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        *,
        bias_correction: bool = True,
        max_concentration: float = 1e9,
        normalize: bool = True,
    ) -> None:
        self.bias_correction = bias_correction
        self.max_concentration = max_concentration
        self.normalize = normalize

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> "VonMisesFisher":
        """Fit the distribution to the data.

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
        self : VonMisesFisher
            The fitted estimator.

        Raises
        ------
        ValueError
            If `X` has NaN or infinity or no row with a direction, if rows are not of unit
            length although `normalize` is False, or if a weight is negative, all are zero
            or their sum overflows.

        Warns
        -----
        UserWarning
            If rows of `X` are zero.
        """
        # A fit that fails leaves the estimator unfitted.
        vars(self).pop("_statistics", None)
        statistics, dtype = self._summarize(X, sample_weight, reset=True)
        return self._update(statistics, dtype)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> "VonMisesFisher":
        """Add rows to those seen so far.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            More data.

        y : None
            Ignored; exists for the sake of pipelines.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero.

        Returns
        -------
        self : VonMisesFisher
            The estimator for all rows: that of one `fit` up to rounding.

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
        is_first = not self.__sklearn_is_fitted__()
        known = vars(self).copy()
        try:
            statistics, dtype = self._summarize(X, sample_weight, reset=is_first)
        except BaseException:
            vars(self).clear()
            vars(self).update(known)
            raise
        return self._update(statistics, dtype) if is_first else self._add(statistics, dtype)

    def merge(self, other: "VonMisesFisher") -> "VonMisesFisher":
        """Add the rows that another estimator has seen.

        Chunks of data fitted apart, in other processes or on other machines, are so
        brought together: up to rounding in the order of the merges, the result is that of
        one fit. The parameters of this estimator decide, not those of the other.

        Parameters
        ----------
        other : VonMisesFisher
            A fitted estimator of the same features. It does not change.

        Returns
        -------
        self : VonMisesFisher
            The estimator for the rows of both.

        Raises
        ------
        NotFittedError
            If one of the two is not fitted.
        TypeError
            If `other` is no VonMisesFisher.
        ValueError
            If the features differ or the sum of all weights overflows.
        """
        if not isinstance(other, VonMisesFisher):
            raise TypeError(f"other must be a VonMisesFisher; got {type(other).__name__}")
        check_is_fitted(self)
        check_is_fitted(other)
        if other.n_features_in_ != self.n_features_in_:
            raise ValueError(
                f"other has {other.n_features_in_} features, this estimator "
                f"{self.n_features_in_}; fit both to the same features"
            )
        names = [getattr(e, "feature_names_in_", None) for e in (self, other)]
        if all(n is not None for n in names) and list(names[0]) != list(names[1]):
            raise ValueError(
                "other was fitted to features of other names; fit both to the same features"
            )
        return self._add(DirectionStatistics(*other._statistics), other._dtype)

    def _summarize(
        self, X: ArrayLike, sample_weight: ArrayLike | None, *, reset: bool
    ) -> tuple[DirectionStatistics, str]:
        X = validate_rows(self, X, reset=reset)
        weights = validate_weights(sample_weight, X)
        sums = centred_sums(X, weights)
        check_norms(self, X, sums.inverse_norms, normalize=self.normalize)
        weights = drop_zero_rows(weights, sums.inverse_norms)
        return direction_statistics(sums, weights), X.dtype.name

    def _add(self, statistics: DirectionStatistics, dtype: str) -> "VonMisesFisher":
        known = DirectionStatistics(*self._statistics)
        dtype = np.promote_types(self._dtype, dtype).name
        return self._update(combine(known, statistics), dtype)

    def _update(self, statistics: DirectionStatistics, dtype: str) -> "VonMisesFisher":
        mean = resultant(statistics)
        self.concentration_ = estimate_concentration(
            len(mean.direction),
            mean.square,
            mean.square_complement,
            effective_size=statistics.effective_size if self.bias_correction else None,
            max_concentration=self.max_concentration,
        )
        self.mean_direction_ = mean.direction
        self.mean_resultant_length_ = mean.length
        self.n_samples_seen_ = statistics.n_samples
        self._dtype = dtype
        self._statistics = tuple(statistics)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_statistics")

    def score_samples(self, X: ArrayLike) -> NDArray:
        """Compute the log-density of each sample under the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Points to query. Zero rows count as orthogonal to the mean direction.

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
        check_is_fitted(self)
        X = validate_rows(self, X, reset=False)
        half_squares, inverse_norms = half_squared_distances(X, self.mean_direction_)
        check_norms(self, X, inverse_norms, normalize=self.normalize)
        peak = float(log_vmf_peak(self.n_features_in_, self.concentration_))
        return (peak - self.concentration_ * half_squares).astype(self._dtype, copy=False)

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
        return float(np.mean(self.score_samples(X), dtype=np.float64))

    def entropy(self) -> float:
        """Compute the differential entropy of the model.

        Returns
        -------
        entropy : float
            The mean of minus the log-density, ``-log C_p(kappa) - kappa A_p(kappa)``; far
            below 0 in many dimensions, as the sphere has so little surface.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        return entropy(self.n_features_in_, self.concentration_)

    def sample(
        self,
        n_samples: int = 1,
        random_state: int | np.random.RandomState | None = None,
    ) -> NDArray[np.float64]:
        """Draw from the model: exact, by rejection and one reflection.

        Parameters
        ----------
        n_samples : int, default=1
            Number of points, at least 0.

        random_state : int, RandomState instance or None, default=None
            Pass an int for reproducible draws.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            Unit vectors.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        check_is_fitted(self)
        return sample_von_mises_fisher(
            self.mean_direction_, self.concentration_, n_samples, random_state
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
