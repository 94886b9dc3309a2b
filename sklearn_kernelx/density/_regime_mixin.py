"""The regime that a fitted KernelDensity is in."""

import warnings
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx.density._bandwidth import condensation_bandwidth
from sklearn_kernelx.density._diagnosis import diagnose_queries, without_units
from sklearn_kernelx.density._kernels import COMPACT_KERNELS
from sklearn_kernelx.density._leave_one_out import POWER
from sklearn_kernelx.density._regime_estimates import tail_doubling
from sklearn_kernelx.density._regimes import CondensedRegimeWarning, name_regimes


class RegimeMixin:
    """Attributes and a method of KernelDensity: they look at the training points again.

    What is computed is kept in `_regimes`, by kernel, until the next fit.
    """

    @property
    def bandwidth_condensation_(self) -> float | NDArray[np.float64]:
        """Below it a few training points decide the density."""
        return self._condensation_ratio() * self.bandwidth_

    @property
    def bandwidth_clt_(self) -> float | NDArray[np.float64]:
        """Above it the central limit theorem holds for the sum of kernels."""
        return self.bandwidth_condensation_ * tail_doubling(self.kernel)

    @property
    def tail_index_(self) -> float:
        """Tail index of the terms of the sum, typical of the training points."""
        ratio = self._condensation_ratio()
        return np.nan if self.kernel in COMPACT_KERNELS else ratio ** -POWER[self.kernel]

    @property
    def regime_(self) -> str:
        """Where the bandwidth lies: "clt", "heavy_tailed" or "condensed"."""
        if self.kernel in COMPACT_KERNELS:
            return "clt" if self._condensation_ratio() < 1 else "condensed"
        return str(name_regimes(self.tail_index_))

    def _condensation_ratio(self) -> float:
        """Return h_G over the bandwidth."""
        arguments = self._regime_arguments()
        if self.kernel not in self._regimes:
            X = self._rows(np.arange(self._n_samples))
            X, _, unit = without_units(X, X[:0], self.bandwidth_)
            try:
                h_G = condensation_bandwidth(X, **arguments)
            except ValueError as error:
                raise AttributeError(str(error)) from error
            self._regimes[self.kernel] = h_G / unit
        return self._regimes[self.kernel]

    def _regime_arguments(self) -> dict[str, Any]:
        check_is_fitted(self)
        if self._metric != "euclidean":
            raise AttributeError(
                "regimes are known for the Euclidean metric only; got "
                f"metric={self.metric!r}"
            )
        return {
            "kernel": self.kernel,
            "sample_weight": self._sample_weight,
            "n_threads": effective_n_threads(self.n_jobs),
        }

    def diagnose(self, X: ArrayLike, *, confidence_level: float = 0.95) -> Bunch:
        """Tell for each query how many training points decide its density.

        Training points equal to a query are left out, so that the training data can be
        diagnosed too: leave-one-out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points to query.

        confidence_level : float, default=0.95
            Of `log_density_interval`, between 0 and 1.

        Returns
        -------
        diagnosis : :class:`~sklearn.utils.Bunch`
            Arrays of shape (n_samples,), float64 but for `regime`:

            - `log_density` : as `score_samples`, but for the points left out.
            - `tail_index` : index m of the terms of the sum, by Hill's estimate from the 20
              largest (relative standard error 22 %; low by up to 20 % for Gaussian data).
              NaN for fewer than 5 terms above another, and for compact kernels, whose
              terms are bounded.
            - `participation_ratio` : sum of the squared shares of the terms.
            - `n_effective` : its inverse, the number of points that decide.
            - `regime` : "clt" (m > 2), "heavy_tailed" or "condensed" (m < 1 or not
              known). With a compact kernel "condensed" where the participation ratio
              exceeds 1/2, else "clt".
            - `standard_error` : of `log_density`, from the variance of the terms. NaN
              outside the regime "clt", where it would be too small.
            - `log_density_interval` : shape (n_samples, 2), for the logarithm of the
              expected density at this bandwidth (not of the true density: the bias of
              smoothing comes on top). From the normal law in the regime "clt", a
              self-normalised stable law if "heavy_tailed", NaN if "condensed": no interval
              exists there.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        AttributeError
            If the metric is not the Euclidean one.
        ValueError
            If `X` has NaN or infinity, or another number of features.

        Warns
        -----
        CondensedRegimeWarning
            If any query is in the condensed regime.
        """
        arguments = self._regime_arguments()
        if not isinstance(confidence_level, Real) or not 0 < confidence_level < 1:
            raise ValueError(
                f"confidence_level must be between 0 and 1; got {confidence_level!r}"
            )
        diagnosis = diagnose_queries(
            self._rows(np.arange(self._n_samples)),
            self._validate_queries(X),
            bandwidth=self.bandwidth_,
            confidence_level=confidence_level,
            **arguments,
        )
        share = np.mean(diagnosis.regime == "condensed")
        if share > 0:
            warnings.warn(
                f"the log-densities of {share:.1%} of the queries are decided by a few "
                "training points each (condensed regime): they are good for comparing "
                "models, but no confidence interval exists. Remedies: a larger bandwidth, "
                "more samples, or fewer features",
                CondensedRegimeWarning,
                stacklevel=2,
            )
        return Bunch(**diagnosis._asdict())
