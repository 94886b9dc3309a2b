"""From the parameters of an estimator to a kernel of rows."""

from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_kernelx._compat import Interval, StrOptions
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._fidelity import Method, fidelity_matrix
from sklearn_kernelx.quantum._map_estimator import FeatureMapEstimator
from sklearn_kernelx.quantum._projected import bloch_matrix, projected_matrix
from sklearn_kernelx.quantum._rows import check_float_dtype

KernelFunction = Callable[[NDArray[np.float64], NDArray[np.float64]], ArrayLike]


class RowKernel(NamedTuple):
    """A kernel of rows with its parameters, those of `fit` whatever is set later.

    Attributes
    ----------
    kernel : {"fidelity", "projected", "bloch"} or callable
    feature_map : FeatureMap, callable or None
        None for a callable kernel only.
    gamma : float
    method : {"auto", "statevector", "transfer"}
    dtype : {"float64", "float32"}
    max_qubits : int
    """

    kernel: str | KernelFunction
    feature_map: FeatureMap | StateFunction | None
    gamma: float
    method: Method
    dtype: str
    max_qubits: int

    def between(
        self,
        X: NDArray[np.float64],
        Y: NDArray[np.float64] | None = None,
        *,
        n_threads: int,
    ) -> NDArray:
        """Return the matrix (n_samples_X, n_samples_Y); None for `Y` means `X`."""
        if callable(self.kernel):
            return _values_of(self.kernel, X, X if Y is None else Y)
        dtype = np.dtype(self.dtype)
        if self.kernel == "projected":
            options = (self.gamma, dtype, self.max_qubits, n_threads)
            return projected_matrix(self.feature_map, X, Y, *options)
        return fidelity_matrix(
            self.feature_map,
            X,
            Y,
            dtype=dtype,
            method=self.method,
            max_qubits=self.max_qubits,
            n_threads=n_threads,
        )

    def bloch_vectors(self, X: NDArray[np.float64], *, n_threads: int) -> NDArray:
        """Return the Bloch vectors (n_samples, 3 n_qubits)."""
        options = (np.dtype(self.dtype), self.max_qubits, n_threads)
        return bloch_matrix(self.feature_map, X, *options)


def _values_of(
    kernel: KernelFunction, X: NDArray[np.float64], Y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what a user's kernel makes of rows."""
    values = np.asarray(kernel(X, Y))
    if values.shape != (len(X), len(Y)):
        raise ValueError(
            "kernel must return an array of shape (n_samples_X, n_samples_Y), here "
            f"{(len(X), len(Y))}; its shape is {values.shape}"
        )
    if values.dtype.kind not in "fiub":
        raise ValueError(
            f"kernel must return real numbers; it has returned the dtype {values.dtype}"
        )
    values = values.astype(np.float64)
    if not np.all(np.isfinite(values)):
        raise ValueError(
            "kernel has returned NaN or infinity: it must return finite values"
        )
    return values


class QuantumKernelEstimator(FeatureMapEstimator):
    """Holds the parameters that choose a kernel of rows."""

    _parameter_constraints: dict[str, list[Any]] = {
        **FeatureMapEstimator._parameter_constraints,
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "method": [StrOptions({"auto", "statevector", "transfer"})],
    }

    kernel: str | KernelFunction
    gamma: float
    method: Method

    def _choose_kernel(self, n_features: int) -> RowKernel:
        dtype = check_float_dtype(self.dtype).name
        settings = (float(self.gamma), self.method, dtype, int(self.max_qubits))
        if callable(self.kernel):
            self._refuse_feature_map()
            return RowKernel(self.kernel, None, *settings)
        feature_map = self._choose_feature_map(n_features)
        return RowKernel(self.kernel, feature_map, *settings)

    def _refuse_feature_map(self) -> None:
        """Refuse what a callable kernel would ignore."""
        unused = {
            "feature_map": "zz",
            "reps": None,
            "entanglement": None,
            "bandwidth": None,
        }
        for name, default in unused.items():
            value = getattr(self, name)
            if not (value is default or (isinstance(value, str) and value == default)):
                raise ValueError(
                    f"{name} is not used with a callable kernel: leave it at {default!r}, "
                    "and let the callable prepare its states itself"
                )
