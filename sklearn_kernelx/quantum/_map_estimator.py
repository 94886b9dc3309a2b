"""What estimators on the states of a feature map have in common."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.base import BaseEstimator, clone

from sklearn_kernelx._compat import Interval, Options, StrOptions
from sklearn_kernelx._documentation import fill_marks
from sklearn_kernelx.quantum._documented import SHARED
from sklearn_kernelx.quantum._entanglement import ENTANGLEMENTS, Entanglement
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._feature_maps import (
    FEATURE_MAPS,
    defaults_for,
    make_feature_map,
)


class FeatureMapEstimator(BaseEstimator):
    """Holds the parameters that choose a feature map and the arithmetic on its states."""

    _parameter_constraints: dict[str, list[Any]] = {
        "feature_map": [StrOptions(set(FEATURE_MAPS)), FeatureMap, callable],
        "reps": [Interval(Integral, 1, None, closed="left"), None],
        "entanglement": [StrOptions(set(ENTANGLEMENTS)), "array-like", None],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
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
    max_qubits: int
    dtype: DTypeLike
    n_jobs: int | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fill_marks(cls, SHARED)

    def _choose_feature_map(self, n_features: int) -> FeatureMap | StateFunction:
        """Return the map with all its parameters, a clone if it is an object."""
        feature_map = make_feature_map(
            self.feature_map,
            reps=self.reps,
            entanglement=self.entanglement,
            bandwidth=self.bandwidth,
            defaults=defaults_for(self.feature_map, n_features),
        )
        return clone(feature_map) if isinstance(feature_map, FeatureMap) else feature_map


def check_two_classes(y: NDArray, where: str = "") -> None:
    """Refuse labels of fewer than two classes; `where` says which labels these are."""
    n_classes = len(np.unique(y))
    if n_classes < 2:
        raise ValueError(
            f"y has {n_classes} class{where}: give rows of at least two classes"
        )
