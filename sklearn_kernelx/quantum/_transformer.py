"""Quantum kernels as features."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_kernelx._compat import StrOptions, fit_context
from sklearn_kernelx._interrupts import Transaction
from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx.quantum._entanglement import Entanglement
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._fidelity import Method
from sklearn_kernelx.quantum._row_kernel import QuantumKernelEstimator


class QuantumKernelTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, QuantumKernelEstimator
):
    """Features from quantum states: the kernel with the training rows, or Bloch vectors.

    The kernel is for estimators with ``kernel="precomputed"`` after it in a pipeline,
    such as :class:`~sklearn.kernel_ridge.KernelRidge` or
    :class:`~sklearn.decomposition.KernelPCA`. Bloch vectors are for any estimator.

    Read more in the :ref:`User Guide <quantum>`.

    Parameters
    ----------
    [feature map]

    bandwidth : float, default=None
        [bandwidth]
        It is the parameter that matters most [3]_.

    kernel : {"fidelity", "projected", "bloch"}, default="fidelity"
        :func:`fidelity_kernel` [1]_ or :func:`projected_kernel` [2]_ with the training
        rows, or the :func:`bloch_vectors` of rows.

    gamma : float, default=1.0
        Inverse squared width for ``kernel="projected"``, above 0; not used with others.

    [method]

    [n_jobs]

    Attributes
    ----------
    X_fit_ : ndarray of shape (n_samples, n_features) or None
        The training rows; None with ``kernel="bloch"``, which needs none.

    [fitted]

    See Also
    --------
    QuantumKernelSVC : Classification on the kernel, with predictions from support vectors
        only if the kernel is exact.
    sklearn.svm.SVC : Takes a :func:`functools.partial` of :func:`fidelity_kernel`, too.

    Notes
    -----
    Features should have standard deviation 1, for instance by
    :class:`~sklearn.preprocessing.StandardScaler`.

    A kernel has as many columns as there are training rows.

    References
    ----------
    [references]

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.kernel_ridge import KernelRidge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_kernelx import QuantumKernelTransformer
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = make_pipeline(
    ...     StandardScaler(),
    ...     QuantumKernelTransformer(),
    ...     KernelRidge(kernel="precomputed", alpha=0.1),
    ... )
    >>> model.fit(X[:300], y[:300]).predict(X[300:]).shape
    (142,)
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **QuantumKernelEstimator._parameter_constraints,
        "kernel": [StrOptions({"fidelity", "projected", "bloch"})],
    }

    def __init__(
        self,
        feature_map: str | FeatureMap | StateFunction = "zz",
        *,
        reps: int | None = None,
        entanglement: Entanglement | None = None,
        bandwidth: float | None = None,
        kernel: str = "fidelity",
        gamma: float = 1.0,
        method: Method = "auto",
        max_qubits: int = 20,
        dtype: DTypeLike = np.float64,
        n_jobs: int | None = None,
    ) -> None:
        self.feature_map = feature_map
        self.reps = reps
        self.entanglement = entanglement
        self.bandwidth = bandwidth
        self.kernel = kernel
        self.gamma = gamma
        self.method = method
        self.max_qubits = max_qubits
        self.dtype = dtype
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: Any = None) -> "QuantumKernelTransformer":
        """Keep the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        y : None
            Ignored.

        Returns
        -------
        self : QuantumKernelTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter is not as described, `X` is not finite or so large that phases
            of a feature map overflow, or state vectors are needed of more than
            `max_qubits`. A fitted transformer is then as before.
        """
        with Transaction(self):
            X = self._keep(X)
            # What is wrong with the kernel, then with a row, is told here and not when
            # transforming. Functions of the user's are asked about the first row only.
            first = self._features(X[:1], None)
            if isinstance(self.feature_map_, FeatureMap):
                self.feature_map_.angles(X)
            self._n_features_out = first.shape[1] if self.X_fit_ is None else len(X)
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X: ArrayLike, y: Any = None) -> NDArray:
        """Fit, and transform the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        y : None
            Ignored.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            As :meth:`transform` of the same rows, up to rounding. The diagonal of a kernel
            is exactly 1.

        Raises
        ------
        ValueError
            As :meth:`fit`.
        """
        with Transaction(self):
            features = self._features(self._keep(X), None)
            self._n_features_out = features.shape[1]
        return features

    def transform(self, X: ArrayLike) -> NDArray:
        """Compute the kernel with the training rows, or Bloch vectors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features_out)
            Of the type `dtype`. There are as many columns as training rows, or three for
            each qubit with ``kernel="bloch"``.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If `X` is not finite, or has another number of features.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return self._features(X, self.X_fit_)

    def _keep(self, X: ArrayLike) -> NDArray[np.float64]:
        X = validate_data(self, X, dtype=np.float64, copy=True)
        self._kernel = self._choose_kernel(X.shape[1])
        self.feature_map_ = self._kernel.feature_map
        self.X_fit_ = None if self.kernel == "bloch" else X
        return X

    def _features(
        self, X: NDArray[np.float64], others: NDArray[np.float64] | None
    ) -> NDArray:
        n_threads = effective_n_threads(self.n_jobs)
        if self._kernel.kernel == "bloch":
            return self._kernel.bloch_vectors(X, n_threads=n_threads)
        return self._kernel.between(X, others, n_threads=n_threads)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # The parameter decides, not the input.
        tags.transformer_tags.preserves_dtype = []
        return tags
