"""Kernel methods that scikit-learn lacks, as scikit-learn estimators."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_kernelx.density import (
        CondensedRegimeWarning,
        KernelDensity,
        RegimeDisplay,
        fft_density,
        gaussian_regimes,
        kernel_density_regimes,
    )
    from sklearn_kernelx.directional import (
        SphericalKMeans,
        VonMisesFisher,
        VonMisesFisherMixture,
    )
    from sklearn_kernelx.incremental import (
        AnalyticIncrementalClassifier,
        AnalyticIncrementalRegressor,
    )
    from sklearn_kernelx.quantum import (
        IQPFeatureMap,
        PauliFeatureMap,
        VariationalQuantumClassifier,
        ZFeatureMap,
        ZZFeatureMap,
        bloch_vectors,
        fidelity_kernel,
        make_ad_hoc,
        projected_kernel,
    )
    from sklearn_kernelx.sampling import (
        ChebyshevBasis,
        DPPLeastSquares,
        DPPSampler,
        FourierBasis,
        HermiteBasis,
        LegendreBasis,
        christoffel_design,
        dpp_landmarks,
        sample_projection_dpp,
    )

__version__: str

# Public name -> the subject that holds it; imported when first asked for.
_SUBJECT_OF = {
    "AnalyticIncrementalClassifier": "incremental",
    "AnalyticIncrementalRegressor": "incremental",
    "ChebyshevBasis": "sampling",
    "CondensedRegimeWarning": "density",
    "DPPLeastSquares": "sampling",
    "DPPSampler": "sampling",
    "FourierBasis": "sampling",
    "HermiteBasis": "sampling",
    "IQPFeatureMap": "quantum",
    "KernelDensity": "density",
    "LegendreBasis": "sampling",
    "PauliFeatureMap": "quantum",
    "RegimeDisplay": "density",
    "SphericalKMeans": "directional",
    "VariationalQuantumClassifier": "quantum",
    "VonMisesFisher": "directional",
    "VonMisesFisherMixture": "directional",
    "ZFeatureMap": "quantum",
    "ZZFeatureMap": "quantum",
    "bloch_vectors": "quantum",
    "christoffel_design": "sampling",
    "dpp_landmarks": "sampling",
    "fft_density": "density",
    "fidelity_kernel": "quantum",
    "gaussian_regimes": "density",
    "kernel_density_regimes": "density",
    "make_ad_hoc": "quantum",
    "projected_kernel": "quantum",
    "sample_projection_dpp": "sampling",
}
__all__ = [
    "AnalyticIncrementalClassifier",
    "AnalyticIncrementalRegressor",
    "ChebyshevBasis",
    "CondensedRegimeWarning",
    "DPPLeastSquares",
    "DPPSampler",
    "FourierBasis",
    "HermiteBasis",
    "IQPFeatureMap",
    "KernelDensity",
    "LegendreBasis",
    "PauliFeatureMap",
    "RegimeDisplay",
    "SphericalKMeans",
    "VariationalQuantumClassifier",
    "VonMisesFisher",
    "VonMisesFisherMixture",
    "ZFeatureMap",
    "ZZFeatureMap",
    "__version__",
    "bloch_vectors",
    "christoffel_design",
    "dpp_landmarks",
    "fft_density",
    "fidelity_kernel",
    "gaussian_regimes",
    "kernel_density_regimes",
    "make_ad_hoc",
    "projected_kernel",
    "sample_projection_dpp",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("sklearn-kernelx")
    if name in {*_SUBJECT_OF.values(), "special", "utils"}:
        return import_module(f"sklearn_kernelx.{name}")
    if name not in _SUBJECT_OF:
        raise AttributeError(f"module 'sklearn_kernelx' has no attribute {name!r}")
    return getattr(import_module(f"sklearn_kernelx.{_SUBJECT_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
