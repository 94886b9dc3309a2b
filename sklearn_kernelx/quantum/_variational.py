"""Classification by a trained quantum circuit."""

from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy.special import softmax
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_kernelx._compat import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    fit_context,
    with_callbacks,
)
from sklearn_kernelx._interrupts import Transaction
from sklearn_kernelx._parallel import effective_n_threads, single_threaded_blas
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx._warn import warn_user
from sklearn_kernelx.quantum._ansatz import make_ansatz
from sklearn_kernelx.quantum._entanglement import Entanglement
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._losses import (
    Readout,
    calibrated,
    cross_entropy,
    misclassification,
)
from sklearn_kernelx.quantum._map_estimator import (
    FeatureMapEstimator,
    check_two_classes,
)
from sklearn_kernelx.quantum._readout import n_readout_qubits, outcome_classes
from sklearn_kernelx.quantum._rows import check_float_dtype
from sklearn_kernelx.quantum._states import WITH_FEWER_FEATURES, check_n_qubits
from sklearn_kernelx.quantum._training import Training, minimize_lbfgs, minimize_spsa
from sklearn_kernelx.quantum._variational_cost import (
    Cost,
    States,
    VariationalCircuit,
    states_of_rows,
)

_LOSSES = {"cross_entropy": cross_entropy, "misclassification": misclassification}
_START_SCALE = 4.0
# Streams of random numbers.
_START, _PERTURBATIONS, _OUTCOMES = range(3)


class VariationalQuantumClassifier(
    CallbackSupportMixin, ClassifierMixin, FeatureMapEstimator
):
    """Classifier by measuring a quantum circuit whose rotations are trained.

    The variational classifier of [1]_: a feature map prepares the state of a row, layers of
    rotations by trained angles follow, all qubits are measured, and each outcome stands for
    a class. The circuit is simulated exactly, with gradients by adjoint differentiation, or
    trained by values of the cost from simulated shots.

    Read more in the :ref:`User Guide <quantum>`.

    Parameters
    ----------
    [feature map]

    bandwidth : float, default=None
        [bandwidth]
        Features that are angles already, as those of :func:`make_ad_hoc`, take 1.

    n_layers : int, default=4
        Number of trained layers after the first rotations, at least 0.

    loss : {"cross_entropy", "misclassification"}, default="cross_entropy"
        What is minimised. "cross_entropy" is minus the mean logarithm of the probability
        that :meth:`predict_proba` gives to the class of a row. "misclassification" is that
        of [1]_: the mean chance that a vote of 200 measurements goes against the class of a
        row. It does not see differences of probabilities that are far below
        ``1 / sqrt(200)``, which a small `bandwidth` makes.

    alpha : float, default=0.01
        Penalty on the scale of scores, at least 0: the cost has ``alpha scale_^2 / 2`` for
        all rows together. Without one the scale grows for ever where classes can be
        separated.

    solver : {"lbfgs", "spsa"}, default="lbfgs"
        "lbfgs" follows exact gradients. "spsa", of [2]_, needs only values of the cost, two
        for each step, and stands noise: what can be done with a quantum computer.

    shots : int, default=None
        Number of measurements of each row for each value of the cost, with
        ``solver="spsa"`` only. None takes exact probabilities. Predictions are exact
        always.

    max_iter : int, default=500
        Largest number of iterations; "spsa" takes all of them.

    tol : float, default=1e-5
        "lbfgs" stops when an iteration lowers the cost by no more than that, or by that
        share of a cost above 1. "spsa" does not use it.

    max_qubits : int, default=20
        More qubits are refused, unless they come from a function that returns states.

    dtype : {numpy.float64, numpy.float32}, default=numpy.float64
        Type of the arithmetic on states. What `X` is does not matter.

    random_state : int, RandomState instance or None, default=None
        Draws the angles to start from, the perturbations of "spsa" and outcomes of `shots`.

    [n_jobs]

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    angles_ : ndarray of shape (n_layers + 1, 2, n_qubits)
        Trained angles of the gates ``exp(-i angle Z)`` and ``exp(-i angle Y)``.

    scale_ : float
        What probabilities of outcomes are multiplied by in scores; it may be negative.

    bias_ : ndarray of shape (n_classes,)
        What is added to the scores of classes.

    loss_curve_ : list of float
        The cost after each iteration. With "spsa" the mean of the two values it has used.

    n_iter_ : int
        Number of iterations.

    [fitted]

    See Also
    --------
    QuantumKernelSVC : Support vectors on the same states, without a circuit to train.

    Notes
    -----
    The circuit rotates each qubit about Z, then Y, and has `n_layers` layers of CZ gates on
    neighbours, the last and the first included, followed by such rotations. These are the
    circuits of [1]_ with a rotation about Z at the start in place of the last one, which
    would change no outcome. There are as many qubits as features, and more, in state 0, if
    these have fewer outcomes than there are classes.

    Two classes are the even and odd parity of the outcome. For c classes, b bits are the
    parities of every b-th qubit, b being the bits of c - 1, and the class is their number
    modulo c. The score of a class is ``scale_ * p + bias_`` with its probability p; the
    softmax of scores is the probability that :meth:`predict_proba` returns. The scale is
    trained with the angles, or for "misclassification" fitted to them afterwards by
    cross-entropy on the training rows.

    The cost has local minima, so that results depend on `random_state`. States of rows are
    kept during `fit` if they fit into scikit-learn's ``working_memory``, and are prepared
    for every value of the cost if not.

    References
    ----------
    .. [1] Havlicek, V. et al. (2019). Supervised learning with quantum-enhanced feature
       spaces. Nature 567, 209-212. arXiv:1804.11326.

    .. [2] Spall, J. C. (1998). Implementation of the simultaneous perturbation algorithm
       for stochastic optimization. IEEE Transactions on Aerospace and Electronic Systems
       34, 817-823.

    Examples
    --------
    >>> from sklearn_kernelx.quantum import VariationalQuantumClassifier, make_ad_hoc
    >>> X, y = make_ad_hoc(140, n_qubits=2, random_state=0)
    >>> clf = VariationalQuantumClassifier(bandwidth=1.0, random_state=0)
    >>> clf = clf.fit(X[:40], y[:40])
    >>> bool(clf.score(X[40:], y[40:]) > 0.95)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **FeatureMapEstimator._parameter_constraints,
        "n_layers": [Interval(Integral, 0, None, closed="left")],
        "loss": [StrOptions(set(_LOSSES))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"lbfgs", "spsa"})],
        "shots": [Interval(Integral, 1, None, closed="left"), None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        feature_map: str | FeatureMap | StateFunction = "zz",
        *,
        reps: int | None = None,
        entanglement: Entanglement | None = None,
        bandwidth: float | None = None,
        n_layers: int = 4,
        loss: str = "cross_entropy",
        alpha: float = 0.01,
        solver: str = "lbfgs",
        shots: int | None = None,
        max_iter: int = 500,
        tol: float = 1e-5,
        max_qubits: int = 20,
        dtype: DTypeLike = np.float64,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.feature_map = feature_map
        self.reps = reps
        self.entanglement = entanglement
        self.bandwidth = bandwidth
        self.n_layers = n_layers
        self.loss = loss
        self.alpha = alpha
        self.solver = solver
        self.shots = shots
        self.max_iter = max_iter
        self.tol = tol
        self.max_qubits = max_qubits
        self.dtype = dtype
        self.random_state = random_state
        self.n_jobs = n_jobs

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike) -> "VariationalQuantumClassifier":
        """Train the circuit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,)
            Labels, numbers or strings, of at least two classes.

        Returns
        -------
        self : VariationalQuantumClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If a parameter is not as described, `X` is not finite, `y` is not made of
            labels or of a single one, or more than `max_qubits` are needed. A fitted
            classifier is then as before.
        """
        with Transaction(self), single_threaded_blas():
            self._fit(X, y)
        return self

    def _fit(self, X: ArrayLike, y: ArrayLike) -> None:
        if self.shots is not None and self.solver != "spsa":
            raise ValueError(
                'shots are for solver="spsa": leave shots at None with '
                f"solver={self.solver!r}, which follows exact gradients"
            )
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        check_two_classes(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.feature_map_ = self._choose_feature_map(X.shape[1])
        self._dtype = check_float_dtype(self.dtype).name
        self._check_n_qubits(X.shape[1])
        states = self._prepare_states(X, keep=True)
        circuit = self._circuit(states.n_qubits, self.n_layers)
        cost = Cost(
            circuit,
            states,
            codes,
            _LOSSES[self.loss],
            trains_scale=self.loss == "cross_entropy",
            alpha=float(self.alpha),
        )
        training = self._train(cost, X, y)
        for name, value in _attributes(cost, training.parameters).items():
            setattr(self, name, value)
        self.loss_curve_ = training.loss_curve
        self.n_iter_ = len(training.loss_curve)
        if not training.converged:
            warn_user(
                f"lbfgs did not converge within max_iter={self.max_iter} iterations. "
                "Increase max_iter or tol, or scale the data",
                ConvergenceWarning,
            )

    def _check_n_qubits(self, n_features: int) -> None:
        n_classes = len(self.classes_)
        n_qubits = n_readout_qubits(n_classes)
        if n_qubits > self.max_qubits:
            raise ValueError(
                f"{n_classes} classes need {n_qubits} qubits to be told apart, more than "
                f"max_qubits={self.max_qubits}: raise max_qubits"
            )
        if isinstance(self.feature_map_, FeatureMap):
            check_n_qubits(n_features, self.max_qubits, WITH_FEWER_FEATURES)

    def _prepare_states(self, X: NDArray[np.float64], *, keep: bool) -> States:
        n_qubits = n_readout_qubits(len(self.classes_))
        if isinstance(self.feature_map_, FeatureMap):
            n_qubits = max(n_qubits, X.shape[1])
        options = (n_qubits, self._dtype, effective_n_threads(self.n_jobs))
        return states_of_rows(self.feature_map_, X, *options, keep=keep)

    def _circuit(self, n_qubits: int, n_layers: int) -> VariationalCircuit:
        n_classes = len(self.classes_)
        return VariationalCircuit(
            make_ansatz(n_qubits, n_layers),
            outcome_classes(n_qubits, n_classes),
            n_classes,
            effective_n_threads(self.n_jobs),
        )

    def _train(self, cost: Cost, X: NDArray[np.float64], y: NDArray) -> Training:
        seed = seed_from(self.random_state)
        n_angles = len(cost.circuit.ansatz.x_masks)
        scale = [_START_SCALE] if cost.trains_scale else []
        angles = generator(seed, _START).uniform(0, np.pi, n_angles)
        start = np.concatenate([angles, np.zeros(len(self.classes_)), scale])

        context = self._init_callback_context(max_subtasks=self.max_iter)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)

        def wants_stop(parameters: NDArray[np.float64]) -> bool:
            iteration = context.subcontext(task_name="iteration")
            iteration.call_on_fit_task_begin(estimator=self, X=X, y=y)
            return iteration.call_on_fit_task_end(
                estimator=self,
                X=X,
                y=y,
                reconstruction_attributes=lambda: _attributes(cost, parameters),
            )

        options = {"max_iter": self.max_iter, "wants_stop": wants_stop}
        if self.solver == "lbfgs":
            training = minimize_lbfgs(
                cost.value_and_gradient, start, tol=self.tol, **options
            )
        else:
            sampled = partial(
                cost.sampled, shots=self.shots, rng=generator(seed, _OUTCOMES)
            )
            rng = generator(seed, _PERTURBATIONS)
            training = minimize_spsa(sampled, start, rng=rng, **options)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return training

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute scores of classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the score of ``classes_[1]`` minus that of ``classes_[0]``,
            which is the logarithm of the ratio of their probabilities.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` is not finite or has another number of features.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: ArrayLike) -> NDArray:
        """Predict the class of largest score.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Labels from `classes_`.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` is not finite or has another number of features.
        """
        best = np.argmax(self._scores(X), axis=1)
        return self.classes_[best]

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute probabilities of classes, the softmax of scores.

        They are those of a logistic model on what is measured, not shares of measurements:
        `scale_` and `bias_` are in them. As of any model that fits its training rows
        closely, they may be too sure of themselves for others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            They sum to 1.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` is not finite or has another number of features.
        """
        return softmax(self._scores(X), axis=1)

    def _scores(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        n_layers, _, n_qubits = self.angles_.shape
        with single_threaded_blas():
            states = self._prepare_states(X, keep=False)
            if states.n_qubits != n_qubits:
                raise ValueError(
                    "feature_map must return as many amplitudes as in fit, at most "
                    f"{2**n_qubits}; it returned {2**states.n_qubits}"
                )
            circuit = self._circuit(n_qubits, n_layers - 1)
            probabilities = circuit.probabilities(states, self.angles_)
        return Readout(self.scale_, self.bias_).scores(probabilities)


def _attributes(cost: Cost, parameters: NDArray[np.float64]) -> dict[str, Any]:
    """Return the fitted attributes that parameters of a cost stand for."""
    angles, readout = cost.split(parameters)
    if not cost.trains_scale:
        probabilities = cost.circuit.probabilities(cost.states, angles)
        readout = calibrated(probabilities, cost.codes, readout.bias, cost.alpha)
    return {
        "angles_": angles.reshape(cost.circuit.ansatz.shape),
        "scale_": readout.scale,
        "bias_": readout.bias,
    }
