"""A picture of the regimes of a kernel density estimate."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx.density._diagnosis import bandwidth_profile, without_units
from sklearn_kernelx.density._kde import KernelDensity
from sklearn_kernelx.density._regime_estimates import kernel_density_regimes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"condensed": "#b03a37", "heavy_tailed": "#9c6a00", "clt": "#37795a"}
LABELS = {"condensed": "condensed", "heavy_tailed": "heavy-tailed", "clt": "CLT"}


class RegimeDisplay:
    """Log-likelihood and participation ratio against the bandwidth, regimes shaded.

    Made by :meth:`from_estimator`; see the :ref:`User Guide <kernel_density_regimes>`.

    Parameters
    ----------
    bandwidths : ndarray of shape (n_bandwidths,)
        Where the curves were computed.
    log_likelihood : ndarray of shape (n_bandwidths,)
        Mean log-density of the points.
    participation_ratio : ndarray of shape (n_bandwidths,)
        Mean over the points of the sum of the squared shares of the terms.
    h_G, h_CLT, h_KL : float
        See :func:`kernel_density_regimes`; NaN leaves one out.
    bandwidth : float, default=None
        The bandwidth in use, to be marked.

    Attributes
    ----------
    ax_ : matplotlib Axes
        With the log-likelihood.
    ax_participation_ : matplotlib Axes
        With the participation ratio, on the right.
    line_, line_participation_ : matplotlib Line2D
        The curves.
    figure_ : matplotlib Figure
        Of both.

    See Also
    --------
    kernel_density_regimes : The bandwidths that bound the regimes.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn_kernelx.density import KernelDensity, RegimeDisplay
    >>> known, unseen = train_test_split(load_digits().data, random_state=0)
    >>> kde = KernelDensity(bandwidth="kl").fit(known)
    >>> display = RegimeDisplay.from_estimator(kde, unseen)
    >>> display.h_KL < display.h_G < display.h_CLT
    True
    """

    def __init__(
        self,
        *,
        bandwidths: NDArray[np.float64],
        log_likelihood: NDArray[np.float64],
        participation_ratio: NDArray[np.float64],
        h_G: float,
        h_CLT: float,
        h_KL: float,
        bandwidth: float | None = None,
    ) -> None:
        self.bandwidths = bandwidths
        self.log_likelihood = log_likelihood
        self.participation_ratio = participation_ratio
        self.h_G = h_G
        self.h_CLT = h_CLT
        self.h_KL = h_KL
        self.bandwidth = bandwidth

    @classmethod
    def from_estimator(
        cls,
        estimator: KernelDensity,
        X: ArrayLike,
        *,
        bandwidths: ArrayLike | None = None,
        ax: "Axes | None" = None,
        **kwargs: Any,
    ) -> "RegimeDisplay":
        """Compute the curves of a fitted estimator and draw them.

        Parameters
        ----------
        estimator : KernelDensity
            Fitted, with the Euclidean metric. Its kernel, training points and weights
            serve all bandwidths.
        X : array-like of shape (n_samples, n_features)
            Points whose density is wanted. Training points equal to one of them do not
            count for it, so that the training data may be given too.
        bandwidths : array-like of shape (n_bandwidths,), default=None
            Positive. None for 30 on a logarithmic scale around the regimes. Multiples of
            `bandwidth_`, if that is an array.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Passed to `plot` of matplotlib for both curves.

        Returns
        -------
        display : RegimeDisplay
            The display drawn.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If `estimator` is not a KernelDensity of this package.
        AttributeError
            If its metric is not the Euclidean one.
        ValueError
            If `X` or `bandwidths` do not fit.
        """
        if not isinstance(estimator, KernelDensity):
            raise TypeError(
                "estimator must be a KernelDensity of sklearn_kernelx; got "
                f"{type(estimator).__module__}.{type(estimator).__name__}"
            )
        check_is_fitted(estimator)
        arguments = estimator._regime_arguments()
        X, known, bandwidth = without_units(
            estimator._validate_queries(X),
            estimator._rows(np.arange(estimator._n_samples)),
            estimator.bandwidth_,
        )
        regimes = kernel_density_regimes(
            known,
            kernel=estimator.kernel,
            sample_weight=estimator._sample_weight,
            random_state=0,
            n_jobs=estimator.n_jobs,
        )
        bounds = {key: regimes[key] for key in ("h_G", "h_CLT", "h_KL")}
        if bandwidths is None:
            around = [h for h in (*bounds.values(), bandwidth) if np.isfinite(h)]
            bandwidths = np.geomspace(0.5 * min(around), 2 * max(around), 30)
        bandwidths = np.sort(np.asarray(bandwidths, dtype=np.float64), axis=None)
        usable = (bandwidths > 0) & np.isfinite(bandwidths)
        if len(bandwidths) < 2 or not np.all(usable):
            raise ValueError("bandwidths must be at least two positive, finite numbers")
        log_likelihood, participation = bandwidth_profile(known, X, bandwidths, **arguments)
        display = cls(
            bandwidths=bandwidths,
            log_likelihood=log_likelihood,
            participation_ratio=participation,
            bandwidth=bandwidth,
            **bounds,
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, *, ax: "Axes | None" = None, **kwargs: Any) -> "RegimeDisplay":
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **kwargs : dict
            Passed to `plot` of matplotlib for both curves.

        Returns
        -------
        display : RegimeDisplay
            The display itself.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.ax_participation_, self.figure_ = ax, ax.twinx(), ax.figure
        (self.line_,) = ax.plot(
            self.bandwidths,
            self.log_likelihood,
            **{"color": "#1f2937", "label": "log-likelihood", **kwargs},
        )
        (self.line_participation_,) = self.ax_participation_.plot(
            self.bandwidths,
            self.participation_ratio,
            **{"color": "#1f2937", "linestyle": "--", "label": "participation", **kwargs},
        )
        self._limit_likelihood()
        self._shade_regimes()
        self._mark_bandwidths()
        ax.set(xscale="log", xlabel="bandwidth h", ylabel="mean log-density (solid)")
        ax.set_xlim(self.bandwidths[0], self.bandwidths[-1])
        self._label_bandwidths()
        # Above both curves there is room for the names of the regimes.
        self.ax_participation_.set(ylim=(0, 1.15), yticks=np.linspace(0, 1, 6))
        self.ax_participation_.set_ylabel("participation ratio (dashed)")
        return self

    def _limit_likelihood(self) -> None:
        """Keep the fall of the likelihood at small bandwidths from hiding all the rest."""
        finite = self.log_likelihood[np.isfinite(self.log_likelihood)]
        if len(finite) > 1:
            top, bottom = (
                np.max(finite),
                max(np.min(finite), 2 * finite[-1] - np.max(finite)),
            )
            margin = 0.05 * (top - bottom) or 1.0
            self.ax_.set_ylim(bottom - margin, top + 4 * margin)

    def _label_bandwidths(self) -> None:
        from matplotlib.ticker import LogLocator, NullFormatter

        self.ax_.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        self.ax_.xaxis.set_major_formatter("{x:g}")
        self.ax_.xaxis.set_minor_formatter(NullFormatter())

    def _shade_regimes(self) -> None:
        edges = [self.bandwidths[0], self.h_G, self.h_CLT, self.bandwidths[-1]]
        if not np.all(np.isfinite(edges)):
            return
        edges = np.clip(edges, self.bandwidths[0], self.bandwidths[-1])
        for name, left, right in zip(COLOURS, edges[:-1], edges[1:], strict=True):
            if left < right:
                self.ax_.axvspan(left, right, color=COLOURS[name], alpha=0.15, linewidth=0)
                # The middle one a line lower: it has the least room.
                height = 0.92 if name == "heavy_tailed" else 0.985
                self._write(np.sqrt(left * right), height, name)

    def _mark_bandwidths(self) -> None:
        # The first wide and pale, so that both are seen where they are equal.
        marks = []
        for name, h, style in (
            ("in use", self.bandwidth, {"linewidth": 4, "alpha": 0.35}),
            ("h_KL", self.h_KL, {"linestyle": ":"}),
        ):
            if h is not None and self.bandwidths[0] <= h <= self.bandwidths[-1]:
                marks.append(self.ax_.axvline(h, color="#1d5fa8", label=name, **style))
        if marks:
            self.ax_.legend(handles=marks, loc="lower left", fontsize="small")

    def _write(self, x: float, height: float, regime: str) -> None:
        self.ax_.text(
            x,
            height,
            LABELS[regime],
            color=COLOURS[regime],
            fontsize="small",
            ha="center",
            va="top",
            transform=self.ax_.get_xaxis_transform(),
        )
