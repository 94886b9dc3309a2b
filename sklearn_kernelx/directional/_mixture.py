"""Mixtures of von Mises-Fisher distributions."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from sklearn_kernelx._compat import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    fit_context,
    with_callbacks,
)
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.directional._assignment import assign
from sklearn_kernelx.directional._expectation_maximization import (
    ConcentrationRule,
    Mixture,
    mixture_logits,
)
from sklearn_kernelx.directional._fitted_mixture import FittedMixture
from sklearn_kernelx.directional._mixture_fit import Run, iterate, start_from
from sklearn_kernelx.directional._row_blocks import Map, parts_of, within_float32
from sklearn_kernelx.directional._seeding import (
    check_init,
    check_n_rows,
    first_directions,
)
from sklearn_kernelx.directional._sphere import UnitRows, unit_rows, with_scaled_weights

# In units of the largest weight: from here on the estimates are those of the prior.
_LARGEST_PRIOR = 1e15


class VonMisesFisherMixture(CallbackSupportMixin, FittedMixture, BaseEstimator):
    """Mixture of von Mises-Fisher distributions: soft clusters of directions.

    Data on the unit sphere, such as embeddings, text or normalised spectra, are to this
    model what points are to :class:`sklearn.mixture.GaussianMixture`. The density of a
    row x is the sum over h of ``weights_[h] C_p(kappa_h) exp(kappa_h mu_h'x)``, fitted by
    expectation-maximisation [1]_. It stays finite in any dimension; sparse rows stay
    sparse.

    Read more in the :ref:`User Guide <directional>`.

    Parameters
    ----------
    n_components : int, default=1
        Number of components, at most the number of rows with a positive weight.

    concentration_type : {"full", "tied", "fixed"}, default="tied"
        Whether each component estimates its own concentration kappa, all share one
        estimate, or all have the value `concentration`. "full" takes components with many
        more rows than there are features, or a few components of very different spread.

    concentration : float, default=None
        The common concentration for ``concentration_type="fixed"``, at least 0.

    concentration_prior : float, default=1.0
        Number of imaginary rows of weight 1 by which the estimates of
        ``concentration_type="full"`` are drawn together: each component has that many more,
        as spread out about its mean direction as the average component of the start. 0
        gives maximum likelihood, but that has no maximum: a component of a single row has
        an unbounded one, and in many dimensions more starts and more components find it.

    em : {"soft", "hard", "stochastic"}, default="soft"
        How the expectation step shares rows: among all components by their
        responsibilities, all to the most responsible component, or all to one drawn by
        responsibility. "hard" maximises the classification likelihood and takes about half
        the time an iteration; "stochastic" leaves poor local maxima more easily, and the
        best of its iterations counts.

    init : {"k-means++", "random"} or array-like of shape (n_components, n_features), \
default="k-means++"
        Directions to begin with: rows far apart, rows drawn by weight, or those given, of
        any length but zero.

    n_init : int, default=1
        Number of starts; the one of largest `lower_bound_` is kept. One start only is made
        if `init` is an array.

    tol : float, default=1e-4
        The iterations end when the lower bound changes by less than this.

    max_iter : int, default=100
        Largest number of iterations of a start.

    min_weight : float, default=1e-6
        A component whose weight falls below it has lost its rows: it is moved to the row
        that the model explains worst, which may lower the likelihood in that iteration.
        Each start allows as many moves as there are components.

    max_concentration : float, default=1e9
        The largest concentration to estimate, above 0. Components of equal rows reach it:
        their likelihood has no maximum.

    normalize : bool, default=True
        Whether to divide each row by its norm. False refuses rows that are not of unit
        length, to 1e-6 in float64 and 1e-3 in float32.

    warm_start : bool, default=False
        Whether `fit` continues from the mixture fitted last.

    random_state : int, RandomState instance or None, default=None
        Determines the starts, the draws of ``em="stochastic"`` and those of
        :meth:`sample`. Pass an int for reproducible results.

    n_jobs : int, default=None
        Number of threads. None means 1 unless in a :func:`joblib.parallel_config` context,
        -1 all processors. Results do not depend on it.

    Attributes
    ----------
    weights_ : ndarray of shape (n_components,)
        The weights of the components, which add up to 1.

    mean_directions_ : ndarray of shape (n_components, n_features)
        The mean directions mu, unit vectors.

    concentrations_ : ndarray of shape (n_components,)
        The concentrations kappa.

    converged_ : bool
        Whether the best start has converged.

    n_iter_ : int
        Number of its iterations.

    lower_bound_ : float
        Mean log-likelihood of the training data under the fitted mixture, weighted by
        `sample_weight` (for ``em="hard"`` the classification likelihood), plus the
        logarithm of the prior of the concentrations over the total weight.

    lower_bounds_ : list of float
        Its value after each iteration of the best start. It never falls for ``em="soft"``
        and ``em="hard"``, but for rounding and for components moved.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of features seen during `fit`, when all are strings.

    See Also
    --------
    VonMisesFisher : A single component, with the bias of the concentration corrected.
    SphericalKMeans : Clusters of directions without a density.
    sklearn.mixture.GaussianMixture : The same for points of a Euclidean space.

    Notes
    -----
    The prior of a concentration is the conjugate one, ``C_p(kappa)^nu exp(nu s kappa)``
    with nu = `concentration_prior` and s the mean length of the components' means at the
    start: the estimate solves ``A_p(kappa) = (|m| + nu s) / (n + nu)`` for a component of
    n rows that add up to m. It leaves one component alone, and several alike.

    Apart from that, concentrations are maximum likelihood estimates, so that the bound
    cannot fall. They are too large where a component has few rows for its number of
    features; :class:`VonMisesFisher` corrects for that. They come from 1 - r with r the
    length of a mean, known to about 1e-16 (in float32 1e-7): a concentration of more than
    1e6 (1e3) times the number of features loses digits accordingly.

    Densities are with respect to the surface of the sphere, so that log-densities in many
    dimensions are often above 0.

    Zero rows have no direction: fitting leaves them out with a warning, and elsewhere
    their cosine with every direction counts as 0.

    References
    ----------
    .. [1] Banerjee, A., Dhillon, I. S., Ghosh, J. and Sra, S., "Clustering on the unit
       hypersphere using von Mises-Fisher distributions", JMLR 6, 2005.
    .. [2] Hornik, K. and Gruen, B., "movMF: an R package for fitting mixtures of von
       Mises-Fisher distributions", Journal of Statistical Software 58(10), 2014.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn_kernelx import VonMisesFisherMixture
    >>> X = load_digits().data
    >>> mixture = VonMisesFisherMixture(10, n_init=3, random_state=0).fit(X)
    >>> mixture.mean_directions_.shape
    (10, 64)
    >>> mixture.predict_proba(X[:2]).shape
    (2, 10)
    >>> bool(mixture.bic(X) < VonMisesFisherMixture(1).fit(X).bic(X))
    True
    """

    _parameter_constraints: dict = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "concentration_type": [StrOptions({"full", "tied", "fixed"})],
        "concentration": [None, Interval(Real, 0, None, closed="left")],
        "concentration_prior": [Interval(Real, 0, None, closed="left")],
        "em": [StrOptions({"soft", "hard", "stochastic"})],
        "init": [StrOptions({"k-means++", "random"}), "array-like"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "min_weight": [Interval(Real, 0, 1, closed="left")],
        "max_concentration": [Interval(Real, 0, None, closed="neither")],
        "normalize": ["boolean"],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        concentration_type: str = "tied",
        concentration: float | None = None,
        concentration_prior: float = 1.0,
        em: str = "soft",
        init: str | ArrayLike = "k-means++",
        n_init: int = 1,
        tol: float = 1e-4,
        max_iter: int = 100,
        min_weight: float = 1e-6,
        max_concentration: float = 1e9,
        normalize: bool = True,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.concentration_type = concentration_type
        self.concentration = concentration
        self.concentration_prior = concentration_prior
        self.em = em
        self.init = init
        self.n_init = n_init
        self.tol = tol
        self.max_iter = max_iter
        self.min_weight = min_weight
        self.max_concentration = max_concentration
        self.normalize = normalize
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> "VonMisesFisherMixture":
        """Fit the mixture by expectation-maximisation.

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
        self : VonMisesFisherMixture
            The fitted estimator.

        Raises
        ------
        ValueError
            If `X` has NaN or infinity, rows are not of unit length although `normalize` is
            False, there are fewer rows with a direction and a positive weight than
            components, `init` has a wrong shape, or `concentration` is missing.

        Warns
        -----
        UserWarning
            If rows of `X` are zero.
        ConvergenceWarning
            If the best start has not converged, or has lost components in the end.
        """
        self.fit_predict(X, sample_weight=sample_weight)
        return self

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit_predict(
        self, X: ArrayLike, y: None = None, sample_weight: ArrayLike | None = None
    ) -> NDArray[np.int32]:
        """Fit the mixture and predict the components of its training data.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data, as in :meth:`fit`.

        y : None
            Ignored; exists for the sake of pipelines.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights, not all zero.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The most responsible component of each row.
        """
        is_warm = self._continues()
        rule = self._concentration_rule()
        rows = unit_rows(
            self,
            X,
            sample_weight,
            reset=not is_warm,
            fitting=True,
            normalize=self.normalize,
        )
        init = check_init(self.init, self.n_components, self.n_features_in_)
        # Weights of any scale: products with them must not leave the range of float32.
        rows, unit = with_scaled_weights(rows)
        check_n_rows(rows, self.n_components, "n_components")
        rule = rule._replace(prior_weight=min(rule.prior_weight / unit, _LARGEST_PRIOR))
        dtype = rows.X.dtype.name
        rows = within_float32(rows)
        with parts_of(rows, effective_n_threads(self.n_jobs)) as map_parts:
            run = self._best_run(
                rows, rule, self._mixture() if is_warm else init, map_parts
            )
            logits = mixture_logits(run.mixture, rows.X)
            labels, _ = assign(rows, logits, map_parts)
        self._store(run, dtype)
        return labels

    def _continues(self) -> bool:
        """Return whether to begin with the mixture fitted last, and forget it if not."""
        if not (self.warm_start and self.__sklearn_is_fitted__()):
            # A fit that fails leaves the estimator unfitted.
            vars(self).pop("weights_", None)
            return False
        if len(self.weights_) != self.n_components:
            raise ValueError(
                f"n_components={self.n_components}, but warm_start=True continues with "
                f"{len(self.weights_)} components. Set warm_start=False to begin anew"
            )
        return True

    def _concentration_rule(self) -> ConcentrationRule:
        if self.concentration_type == "fixed" and self.concentration is None:
            raise ValueError(
                "concentration_type='fixed' needs concentration; give it a number, or use "
                "concentration_type='tied' to estimate one"
            )
        return ConcentrationRule(
            self.concentration_type,
            self.concentration,
            self.max_concentration,
            self.concentration_prior if self.concentration_type == "full" else 0.0,
        )

    def _best_run(
        self,
        rows: UnitRows,
        rule: ConcentrationRule,
        init: str | NDArray[np.float64] | Mixture,
        map_parts: Map,
    ) -> Run:
        """Run the iterations from each start; keep the run of largest likelihood."""
        rng = check_random_state(self.random_state)
        n_starts = self.n_init if isinstance(init, str) else 1
        context = self._init_callback_context(max_subtasks=n_starts)
        context.call_on_fit_task_begin(estimator=self, X=rows.X)
        best = None
        for _ in range(n_starts):
            start = context.subcontext(task_name="start", max_subtasks=self.max_iter)
            start.call_on_fit_task_begin(estimator=self, X=rows.X)
            run = self._run(rows, rule, init, map_parts, rng, start)
            if best is None or run.lower_bound > best.lower_bound:
                best = run
            if start.call_on_fit_task_end(estimator=self, X=rows.X):
                break
        context.call_on_fit_task_end(estimator=self, X=rows.X)
        return best

    def _run(
        self,
        rows: UnitRows,
        rule: ConcentrationRule,
        init: str | NDArray[np.float64] | Mixture,
        map_parts: Map,
        rng: np.random.RandomState,
        context: Any,
    ) -> Run:
        def report(mixture: Mixture) -> bool:
            iteration = context.subcontext(task_name="iteration")
            iteration.call_on_fit_task_begin(estimator=self, X=rows.X)
            return iteration.call_on_fit_task_end(
                estimator=self,
                X=rows.X,
                reconstruction_attributes=lambda: _attributes(mixture, rows.X.dtype.name),
            )

        # The start is in no variable: with many features it would take much of the memory.
        return iterate(
            self._start(rows, rule, init, map_parts, rng),
            rows,
            rule,
            em=self.em,
            tol=self.tol,
            max_iter=self.max_iter,
            min_weight=self.min_weight,
            map_parts=map_parts,
            random_state=rng,
            wants_stop=report,
        )

    def _start(
        self,
        rows: UnitRows,
        rule: ConcentrationRule,
        init: str | NDArray[np.float64] | Mixture,
        map_parts: Map,
        rng: np.random.RandomState,
    ) -> Mixture:
        if isinstance(init, Mixture):
            return init
        directions = first_directions(
            rows, self.n_components, init, random_state=rng, map_parts=map_parts
        )
        return start_from(directions, rows, rule, map_parts)

    def _store(self, run: Run, dtype: str) -> None:
        for name, value in _attributes(run.mixture, dtype).items():
            setattr(self, name, value)
        self.converged_ = run.converged
        self.n_iter_ = run.n_iter
        self.lower_bound_ = run.lower_bound
        self.lower_bounds_ = run.lower_bounds
        if run.n_lost:
            warn_user(
                f"{run.n_lost} of {self.n_components} components have weights below "
                f"min_weight={self.min_weight}. Decrease n_components or min_weight, or "
                "check for duplicate rows",
                ConvergenceWarning,
            )
        elif not run.converged:
            warn_user(
                "The best start did not converge. Increase max_iter or tol, or try another "
                "init",
                ConvergenceWarning,
            )


def _attributes(mixture: Mixture, dtype: str) -> dict[str, Any]:
    return {
        "weights_": np.exp(mixture.log_weights),
        "mean_directions_": np.ascontiguousarray(mixture.directions),
        "concentrations_": mixture.concentrations,
        "_dtype": dtype,
    }
