"""From the parameters of an estimator to a kernel of rows."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import BaseEstimator, clone

from sklearn_kernelx._compat import Interval, Options, StrOptions
from sklearn_kernelx.quantum._documented import share_documentation
from sklearn_kernelx.quantum._entanglement import ENTANGLEMENTS, Entanglement
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._feature_maps import (
    FEATURE_MAPS,
    defaults_for,
    make_feature_map,
)
from sklearn_kernelx.quantum._fidelity import Method, fidelity_matrix
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


class QuantumKernelEstimator(BaseEstimator):
    """Holds the parameters that choose a kernel of rows."""

    _parameter_constraints: dict[str, list[Any]] = {
        "feature_map": [StrOptions(set(FEATURE_MAPS)), FeatureMap, callable],
        "reps": [Interval(Integral, 1, None, closed="left"), None],
        "entanglement": [StrOptions(set(ENTANGLEMENTS)), "array-like", None],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
        "gamma": [Interval(Real, 0, None, closed="neither")],
        "method": [StrOptions({"auto", "statevector", "transfer"})],
        "max_qubits": [Interval(Integral, 1, None, closed="left")],
        "dtype": [
            StrOptions({"float64", "float32"}),
            Options(type, {np.float64, np.float32}),
            np.dtype,
        ],
        "n_jobs": [Integral, None],
    }

    feature_map: str | FeatureMap | StateFunction
    reps: int | None
    entanglement: Entanglement | None
    bandwidth: float | str | None
    kernel: str | KernelFunction
    gamma: float
    method: Method
    max_qubits: int
    dtype: DTypeLike
    n_jobs: int | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        share_documentation(cls)

    def _choose_kernel(self, n_features: int) -> RowKernel:
        dtype = check_float_dtype(self.dtype).name
        settings = (float(self.gamma), self.method, dtype, int(self.max_qubits))
        if callable(self.kernel):
            self._refuse_feature_map()
            return RowKernel(self.kernel, None, *settings)
        feature_map = make_feature_map(
            self.feature_map,
            reps=self.reps,
            entanglement=self.entanglement,
            bandwidth=self.bandwidth,
            defaults=defaults_for(self.feature_map, n_features),
        )
        if isinstance(feature_map, FeatureMap):
            feature_map = clone(feature_map)
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
