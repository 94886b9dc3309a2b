"""A picture of what privacy costs."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_array

from sklearn_kernelx.privacy._answers import Answers
from sklearn_kernelx.privacy._box import box_of
from sklearn_kernelx.privacy._exact_sums import exact_means
from sklearn_kernelx.privacy._private_sums import BITS
from sklearn_kernelx.privacy._similarity import PrivateSimilarity

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class PrivacyUtilityDisplay:
    """Error of a private similarity against epsilon, with the error of approximation.

    Made by :meth:`from_estimator`; see the :ref:`User Guide <privacy>`.

    Parameters
    ----------
    epsilons : ndarray of shape (n_epsilons,)
        Privacy losses.
    errors : ndarray of shape (n_epsilons,)
        Root mean squared error of mean similarities, measured.
    expected_errors : ndarray of shape (n_epsilons,)
        The part of it that `expected_error` tells, from noise.
    approximation_error : float
        Root mean squared error without noise, below which no epsilon leads.

    Attributes
    ----------
    ax_ : matplotlib Axes
        With the curves.
    figure_ : matplotlib Figure
        Of them.
    line_, line_expected_, line_approximation_ : matplotlib Line2D
        The curves.

    See Also
    --------
    PrivateSimilarity : What is measured.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx import PrivacyUtilityDisplay, PrivateSimilarity
    >>> public = np.random.default_rng(0).normal(size=(2000, 4))
    >>> display = PrivacyUtilityDisplay.from_estimator(
    ...     PrivateSimilarity(bandwidth=2.0), public[:1900], public[1900:]
    ... )
    >>> bool(display.errors[0] > display.errors[-1])
    True
    """

    def __init__(
        self,
        *,
        epsilons: NDArray[np.float64],
        errors: NDArray[np.float64],
        expected_errors: NDArray[np.float64],
        approximation_error: float,
    ) -> None:
        self.epsilons = epsilons
        self.errors = errors
        self.expected_errors = expected_errors
        self.approximation_error = approximation_error

    @classmethod
    def from_estimator(
        cls,
        estimator: PrivateSimilarity,
        X: ArrayLike,
        Y: ArrayLike,
        *,
        epsilons: ArrayLike = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
        n_repeats: int = 5,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> "PrivacyUtilityDisplay":
        """Fit clones to public data that resemble the private ones, and draw their errors.

        Parameters
        ----------
        estimator : PrivateSimilarity
            Its parameters are taken, but for `epsilon` and `accountant`.
        X : array-like of shape (n_samples, n_features)
            Public or made up records, as many as there will be private ones. Errors are
            against exact means, so that the picture is not private.
        Y : array-like of shape (n_queries, n_features)
            Rows of which the similarity is asked.
        epsilons : array-like of shape (n_epsilons,), default=(0.05, 0.1, ..., 10)
            Privacy losses, positive.
        n_repeats : int, default=5
            Number of fits for each.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Passed to `plot` of matplotlib for the measured errors.

        Returns
        -------
        display : PrivacyUtilityDisplay
            The display drawn.

        Raises
        ------
        TypeError
            If `estimator` is not a PrivateSimilarity.
        ValueError
            If `X`, `Y`, `epsilons` or `n_repeats` do not fit.
        """
        if not isinstance(estimator, PrivateSimilarity):
            raise TypeError(
                f"estimator must be a PrivateSimilarity; got {type(estimator).__name__}."
            )
        if n_repeats < 1:
            raise ValueError(f"n_repeats must be at least 1; got {n_repeats}.")
        epsilons = np.sort(np.asarray(epsilons, dtype=np.float64), axis=None)
        if len(epsilons) == 0 or not np.all((epsilons > 0) & np.isfinite(epsilons)):
            raise ValueError("epsilons must be positive, finite numbers.")
        X, Y = (check_array(rows, dtype=np.float64, order="C") for rows in (X, Y))
        probe = clone(estimator).set_params(accountant=None)
        exact = exact_means(X, Y, probe.kernel, probe.bandwidth, probe.p)
        errors, expected = np.empty((2, len(epsilons), n_repeats))
        for i, epsilon in enumerate(epsilons):
            for j in range(n_repeats):
                fitted = probe.set_params(epsilon=epsilon).fit(X)
                errors[i, j] = _root_mean_square(fitted.similarity(Y) - exact)
                expected[i, j] = _root_mean_square(fitted.expected_error(Y))
        without_noise = _means_without_noise(fitted, X, Y)
        display = cls(
            epsilons=epsilons,
            errors=_root_mean_square(errors, axis=1),
            expected_errors=_root_mean_square(expected, axis=1),
            approximation_error=float(_root_mean_square(without_noise - exact)),
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, *, ax: "Axes | None" = None, **kwargs: Any) -> "PrivacyUtilityDisplay":
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Passed to `plot` of matplotlib for the measured errors.

        Returns
        -------
        display : PrivacyUtilityDisplay
            The display itself.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        style = {"marker": "o", "color": "#1d5fa8", "label": "measured", **kwargs}
        (self.line_,) = ax.plot(self.epsilons, self.errors, **style)
        (self.line_expected_,) = ax.plot(
            self.epsilons,
            self.expected_errors,
            color="#b03a37",
            linestyle="--",
            label="from noise, expected",
        )
        self.line_approximation_ = ax.axhline(
            self.approximation_error,
            color="#6b7280",
            linestyle=":",
            label="from approximation",
        )
        ax.set(xscale="log", yscale="log", xlabel="epsilon")
        ax.set_ylabel("error of the mean similarity")
        ax.legend()
        return self


def _means_without_noise(
    fitted: PrivateSimilarity, X: NDArray[np.float64], Y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what a fit to public rows would answer if its noise were 0."""
    summary = fitted._summary()
    X = fitted._bounded(X, box_of(fitted.bounds, X.shape[1]))
    sums = summary.integer_sum(X, BITS) * 2.0**-BITS
    return Answers(summary, sums[np.newaxis], len(X), 0.0).means(Y, 1)[:, 0]


def _root_mean_square(
    values: NDArray[np.float64], axis: int | None = None
) -> NDArray[np.float64]:
    return np.sqrt(np.mean(values * values, axis=axis))
