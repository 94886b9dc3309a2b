"""Support vector classification on quantum kernels."""

from numbers import Integral, Real
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.svm import SVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_memory, validate_data

from sklearn_kernelx._compat import (
    HasMethods,
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
)
from sklearn_kernelx._interrupts import Transaction
from sklearn_kernelx._parallel import effective_n_threads, row_blocks
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.quantum._alignment import align_bandwidth
from sklearn_kernelx.quantum._diagnostics import warn_of_concentration
from sklearn_kernelx.quantum._entanglement import Entanglement
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._fidelity import Method
from sklearn_kernelx.quantum._map_estimator import check_two_classes
from sklearn_kernelx.quantum._one_vs_one import (
    class_scores,
    pair_coefficients,
    pair_winners,
)
from sklearn_kernelx.quantum._row_kernel import (
    KernelFunction,
    QuantumKernelEstimator,
    RowKernel,
)
from sklearn_kernelx.quantum._shots import psd_projection, sample_kernel

# Streams of random numbers.
TRAINING, PREDICTION = range(2)


class QuantumKernelSVC(ClassifierMixin, QuantumKernelEstimator):
    """Support vector classifier on the kernel of quantum states.

    A feature map prepares a quantum state for each row, the kernel compares two states, and
    libsvm finds the support vectors [1]_. States are simulated, exactly or as measured with
    `shots`; a callable `kernel` can come from a quantum computer.

    Read more in the :ref:`User Guide <quantum>`.

    Parameters
    ----------
    [feature map]

    bandwidth : float or "alignment", default=None
        [bandwidth]
        "alignment" takes that of :func:`align_bandwidth`, to which all positive values of
        `sample_weight` are alike. It is the parameter that matters most [3]_: where it is
        large, all rows look orthogonal to each other, and what is learnt on one says
        nothing about the next.

    kernel : {"fidelity", "projected"} or callable, default="fidelity"
        :func:`fidelity_kernel`, :func:`projected_kernel` [2]_, or a function of two arrays
        of rows that returns an array of shape (n_samples_X, n_samples_Y). In `fit` both
        arrays are the same object. With a callable the parameters of the feature map must
        be left alone.

    gamma : float, default=1.0
        Inverse squared width for ``kernel="projected"``, above 0; not used with others.

    C : float, default=1.0
        Inverse strength of the squared L2 penalty, above 0.

    shots : int, default=None
        Number of measurements that each entry of the fidelity kernel is estimated from, in
        `fit` and when predicting. None computes it exactly.

    psd : {"clip"} or None, default="clip"
        What is done about negative eigenvalues of a training kernel that comes from `shots`
        or a callable: "clip" sets them to zero by :func:`psd_projection`, and maps kernel
        rows of predictions the same way. It takes ``O(n_samples ** 3)`` operations, and
        predictions the kernel with all training rows. Exact kernels have none.

    [method]

    shrinking : bool, default=True
        Whether libsvm uses the shrinking heuristic.

    tol : float, default=1e-3
        Tolerance of libsvm, above 0.

    cache_size : float, default=200
        Size of libsvm's cache of kernel rows in MB.

    class_weight : dict or "balanced", default=None
        Factors of `C` for each class, as in :class:`~sklearn.svm.SVC`.

    max_iter : int, default=-1
        Most iterations of libsvm; -1 for no limit.

    decision_function_shape : {"ovr", "ovo"}, default="ovr"
        Whether :meth:`decision_function` has a score for each class or for each pair; for
        two classes there is a single one.

    break_ties : bool, default=False
        Whether :meth:`predict` takes the largest score instead of the first class with
        most votes. Needs "ovr"; not used for two classes.

    memory : str or object with the joblib.Memory interface, default=None
        Caches exact training kernels. Then a grid search over parameters that do not change
        the kernel, such as `C`, computes each kernel once. Kernel rows of predictions are
        not cached. It must be None with functions of your own, as `kernel`, `feature_map`
        or its `data_map`: a cache could not tell when one has changed.

    random_state : int, RandomState instance or None, default=None
        Draws the outcomes of `shots`, and rows for ``bandwidth="alignment"``: see the
        notes.

    [n_jobs]

    Attributes
    ----------
    bandwidth_ : float or None
        That of the feature map; None if it has none.

    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.

    class_weight_ : ndarray of shape (n_classes,)
        Factors of `C` for each class.

    dual_coef_ : ndarray of shape (n_classes - 1, n_support_vectors)
        As in :class:`~sklearn.svm.SVC`, for the kernel that libsvm is given. If `psd` has
        clipped that one, decisions are not these coefficients times kernel rows: the rows
        are mapped first.

    intercept_ : ndarray of shape (n_classes * (n_classes - 1) / 2,)
        Constants of the decisions between pairs of classes.

    fit_status_ : int
        0 if libsvm has converged, else 1, with a warning.

    n_iter_ : ndarray of shape (n_classes * (n_classes - 1) / 2,)
        Numbers of iterations of libsvm.

    n_support_ : ndarray of shape (n_classes,)
        Numbers of support vectors of each class.

    shape_fit_ : tuple of int
        Shape of the training data.

    support_ : ndarray of shape (n_support_vectors,)
        Indices of the support vectors, class by class.

    support_vectors_ : ndarray of shape (n_support_vectors, n_features)
        The support vectors.

    [fitted]

    See Also
    --------
    QuantumKernelTransformer : The kernel alone, for other estimators.
    sklearn.svm.SVC : The same on classical kernels.
    sklearn.calibration.CalibratedClassifierCV : Probabilities from decisions.

    Notes
    -----
    Features should have standard deviation 1, for instance by
    :class:`~sklearn.preprocessing.StandardScaler`. `fit` warns when the training kernel of
    a feature map is nearly the identity.

    Predictions take the kernel with support vectors only, and only these are kept, unless
    ``psd="clip"`` is at work, with `shots` or a callable `kernel`: that takes all training
    rows.

    Choose `C` with the `shots` there will be: a large one fits the noise.

    With `shots`, predictions are measurements too. If `random_state` is an int, two calls
    with the same rows give the same result, but that of a row depends on the rows before
    it; else each call measures anew.

    Rows of weight 0 are left out before anything is computed, and the kernel of the others
    takes ``n_samples ** 2`` numbers.

    References
    ----------
    [references]

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.model_selection import train_test_split
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_kernelx import QuantumKernelSVC
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> clf = make_pipeline(StandardScaler(), QuantumKernelSVC())
    >>> bool(clf.fit(X_train, y_train).score(X_test, y_test) > 0.93)
    True
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **QuantumKernelEstimator._parameter_constraints,
        "bandwidth": [
            *QuantumKernelEstimator._parameter_constraints["bandwidth"],
            StrOptions({"alignment"}),
        ],
        "kernel": [StrOptions({"fidelity", "projected"}), callable],
        "C": [Interval(Real, 0, None, closed="neither")],
        "shots": [Interval(Integral, 1, None, closed="left"), None],
        "psd": [StrOptions({"clip"}), None],
        "shrinking": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "cache_size": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "max_iter": [Interval(Integral, -1, None, closed="left")],
        "decision_function_shape": [StrOptions({"ovr", "ovo"})],
        "break_ties": ["boolean"],
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        feature_map: str | FeatureMap | StateFunction = "zz",
        *,
        reps: int | None = None,
        entanglement: Entanglement | None = None,
        bandwidth: float | str | None = None,
        kernel: str | KernelFunction = "fidelity",
        gamma: float = 1.0,
        C: float = 1.0,
        shots: int | None = None,
        psd: str | None = "clip",
        method: Method = "auto",
        max_qubits: int = 20,
        dtype: DTypeLike = np.float64,
        shrinking: bool = True,
        tol: float = 1e-3,
        cache_size: float = 200,
        class_weight: dict | str | None = None,
        max_iter: int = -1,
        decision_function_shape: str = "ovr",
        break_ties: bool = False,
        memory: str | joblib.Memory | None = None,
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.feature_map = feature_map
        self.reps = reps
        self.entanglement = entanglement
        self.bandwidth = bandwidth
        self.kernel = kernel
        self.gamma = gamma
        self.C = C
        self.shots = shots
        self.psd = psd
        self.method = method
        self.max_qubits = max_qubits
        self.dtype = dtype
        self.shrinking = shrinking
        self.tol = tol
        self.cache_size = cache_size
        self.class_weight = class_weight
        self.max_iter = max_iter
        self.decision_function_shape = decision_function_shape
        self.break_ties = break_ties
        self.memory = memory
        self.random_state = random_state
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> "QuantumKernelSVC":
        """Fit the classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,)
            Labels, numbers or strings, of at least two classes.

        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative factors of `C`. A weight of 0 is as good as no row.

        Returns
        -------
        self : QuantumKernelSVC
            The fitted classifier.

        Raises
        ------
        ValueError
            If a parameter is not as described, `X` or a weight is not finite, `y` is not
            made of labels or of a single one, `memory` is given with functions of your own,
            or state vectors are needed of more than `max_qubits`. A fitted classifier is
            then as before.
        """
        with Transaction(self):
            self._fit(X, y, sample_weight)
        return self

    def _fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None) -> None:
        self._check_shots()
        self._check_alignment()
        self._check_memory()
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        weights = check_sample_weight(sample_weight, X, dtype=np.float64)
        rows = np.flatnonzero(weights)
        among = "" if sample_weight is None else " in rows of positive sample_weight"
        check_two_classes(y[rows], among)
        self.shape_fit_ = X.shape
        X, y, weights = X[rows], y[rows], weights[rows]

        seed = seed_from(self.random_state)
        self._kernel, self._shots = self._choose_kernel_for(X, y), self.shots
        kernel = self._training_kernel(X, generator(seed, TRAINING))
        row_map = None
        if self.psd == "clip" and (self.shots is not None or callable(self.kernel)):
            kernel, row_map = psd_projection(kernel)
        svc = self._fit_libsvm(kernel, y, weights)

        self.feature_map_ = self._kernel.feature_map
        self.bandwidth_ = getattr(self.feature_map_, "bandwidth", None)
        self.support_ = rows[svc.support_]
        self.support_vectors_ = X[svc.support_]
        coefficients = pair_coefficients(svc.dual_coef_, svc.n_support_)
        if row_map is None:
            self._kept, self._coefficients = self.support_vectors_, coefficients
        else:
            self._kept, self._coefficients = X, row_map[:, svc.support_] @ coefficients

    def _check_shots(self) -> None:
        if self.shots is not None and self.kernel != "fidelity":
            raise ValueError(
                'shots are measurements of kernel="fidelity": leave shots at None with '
                f"kernel={self.kernel!r}"
            )

    def _check_alignment(self) -> None:
        if self.bandwidth == "alignment" and not isinstance(self.feature_map, str):
            raise ValueError(
                'bandwidth="alignment" is for named feature maps: give feature_map by '
                "name, or call align_bandwidth, set the bandwidth of a feature map object "
                "to what it returns, and leave bandwidth at None"
            )

    def _check_memory(self) -> None:
        """Refuse functions of the user's, which a cache knows by their names only."""
        functions = {
            "kernel": callable(self.kernel),
            "feature_map": callable(self.feature_map),
            "the data_map of feature_map": getattr(self.feature_map, "data_map", None),
        }
        for name, is_function in functions.items():
            if self.memory is not None and is_function:
                raise ValueError(
                    f"memory cannot tell when a function has changed, and {name} is one: "
                    "leave memory at None (a SamplerKernel keeps its own results by its "
                    "cache_dir)"
                )

    def _choose_kernel_for(self, X: NDArray[np.float64], y: NDArray) -> RowKernel:
        kernel = self._choose_kernel(X.shape[1])
        if self.bandwidth == "alignment":
            kernel.feature_map.bandwidth = align_bandwidth(
                X,
                y,
                feature_map=kernel.feature_map,
                kernel=kernel.kernel,
                gamma=kernel.gamma,
                method=kernel.method,
                max_qubits=kernel.max_qubits,
                random_state=self.random_state,
                n_jobs=self.n_jobs,
            )
        return kernel

    def _training_kernel(self, X: NDArray[np.float64], rng: np.random.Generator) -> NDArray:
        compute = check_memory(self.memory).cache(kernel_matrix, ignore=["n_threads"])
        kernel = compute(self._kernel, X, n_threads=effective_n_threads(self.n_jobs))
        if self.shots is not None:
            kernel = sample_kernel(kernel, self.shots, rng, symmetric=True)
        if not callable(self.kernel):
            warn_of_concentration(kernel, self.shots)
        return kernel

    def _fit_libsvm(self, kernel: NDArray, y: NDArray, weights: NDArray[np.float64]) -> SVC:
        svc = SVC(
            kernel="precomputed",
            C=self.C,
            shrinking=self.shrinking,
            tol=self.tol,
            cache_size=self.cache_size,
            class_weight=self.class_weight,
            max_iter=self.max_iter,
        )
        svc.fit(kernel, y, sample_weight=weights)
        self.classes_ = svc.classes_
        self.class_weight_ = svc.class_weight_
        self.dual_coef_ = svc.dual_coef_
        self.intercept_ = svc.intercept_
        self.fit_status_ = svc.fit_status_
        self.n_iter_ = svc.n_iter_
        self.n_support_ = svc.n_support_
        return svc

    def _pair_decisions(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return decisions between classes, an array (n_samples, n_pairs)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        n_threads = effective_n_threads(self.n_jobs)
        rng = generator(seed_from(self.random_state), PREDICTION)
        decisions = []
        for block in row_blocks(len(X), self._kept.shape[0] * X.itemsize):
            kernel = self._kernel.between(X[block], self._kept, n_threads=n_threads)
            if self._shots is not None:
                kernel = sample_kernel(kernel, self._shots, rng, symmetric=False)
            decisions.append(kernel @ self._coefficients + self.intercept_)
        return np.concatenate(decisions)

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Compute scores of classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_scores)
            For two classes, above 0 for the second. For more, a score for each class, or
            for each pair with ``decision_function_shape="ovo"``.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` is not finite, or has another number of features.
        """
        decisions = self._pair_decisions(X)
        if len(self.classes_) == 2:
            return decisions[:, 0]
        if self.decision_function_shape == "ovr":
            return class_scores(decisions, len(self.classes_))
        return decisions

    def predict(self, X: ArrayLike) -> NDArray:
        """Predict the class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels out of `classes_`.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If `X` is not finite, or has another number of features, or for `break_ties`
            with ``decision_function_shape="ovo"``.
        """
        if self.break_ties and self.decision_function_shape == "ovo":
            raise ValueError(
                "break_ties needs a score for each class: set "
                'decision_function_shape="ovr", or break_ties=False'
            )
        decisions = self._pair_decisions(X)
        n_classes = len(self.classes_)
        if self.break_ties and n_classes > 2:
            return self.classes_[np.argmax(class_scores(decisions, n_classes), axis=1)]
        return self.classes_[pair_winners(decisions, n_classes)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Outcomes for a row depend on those before it.
        tags.non_deterministic = self.shots is not None
        return tags


def kernel_matrix(kernel: RowKernel, X: NDArray[np.float64], n_threads: int) -> NDArray:
    """Return the kernel of rows among themselves: what `memory` keeps."""
    return kernel.between(X, n_threads=n_threads)
