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
    from sklearn_kernelx.privacy import (
        BudgetAccountant,
        BudgetExceededError,
        PrivacyLeakWarning,
        PrivacyUtilityDisplay,
        PrivateKernelClassifier,
        PrivateKernelDensity,
        PrivateSimilarity,
    )
    from sklearn_kernelx.quantum import (
        FeatureMap,
        IQPFeatureMap,
        KernelDiagnostics,
        PauliFeatureMap,
        QuantumKernelSVC,
        QuantumKernelTransformer,
        VariationalQuantumClassifier,
        ZFeatureMap,
        ZZFeatureMap,
        align_bandwidth,
        bloch_vectors,
        fidelity_kernel,
        kernel_diagnostics,
        kernel_target_alignment,
        make_ad_hoc,
        projected_kernel,
        psd_projection,
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
    "BudgetAccountant": "privacy",
    "BudgetExceededError": "privacy",
    "ChebyshevBasis": "sampling",
    "CondensedRegimeWarning": "density",
    "DPPLeastSquares": "sampling",
    "DPPSampler": "sampling",
    "FeatureMap": "quantum",
    "FourierBasis": "sampling",
    "HermiteBasis": "sampling",
    "IQPFeatureMap": "quantum",
    "KernelDensity": "density",
    "KernelDiagnostics": "quantum",
    "LegendreBasis": "sampling",
    "PauliFeatureMap": "quantum",
    "PrivacyLeakWarning": "privacy",
    "PrivacyUtilityDisplay": "privacy",
    "PrivateKernelClassifier": "privacy",
    "PrivateKernelDensity": "privacy",
    "PrivateSimilarity": "privacy",
    "QuantumKernelSVC": "quantum",
    "QuantumKernelTransformer": "quantum",
    "RegimeDisplay": "density",
    "SphericalKMeans": "directional",
    "VariationalQuantumClassifier": "quantum",
    "VonMisesFisher": "directional",
    "VonMisesFisherMixture": "directional",
    "ZFeatureMap": "quantum",
    "ZZFeatureMap": "quantum",
    "align_bandwidth": "quantum",
    "bloch_vectors": "quantum",
    "christoffel_design": "sampling",
    "dpp_landmarks": "sampling",
    "fft_density": "density",
    "fidelity_kernel": "quantum",
    "gaussian_regimes": "density",
    "kernel_density_regimes": "density",
    "kernel_diagnostics": "quantum",
    "kernel_target_alignment": "quantum",
    "make_ad_hoc": "quantum",
    "projected_kernel": "quantum",
    "psd_projection": "quantum",
    "sample_projection_dpp": "sampling",
}
__all__ = [
    "AnalyticIncrementalClassifier",
    "AnalyticIncrementalRegressor",
    "BudgetAccountant",
    "BudgetExceededError",
    "ChebyshevBasis",
    "CondensedRegimeWarning",
    "DPPLeastSquares",
    "DPPSampler",
    "FeatureMap",
    "FourierBasis",
    "HermiteBasis",
    "IQPFeatureMap",
    "KernelDensity",
    "KernelDiagnostics",
    "LegendreBasis",
    "PauliFeatureMap",
    "PrivacyLeakWarning",
    "PrivacyUtilityDisplay",
    "PrivateKernelClassifier",
    "PrivateKernelDensity",
    "PrivateSimilarity",
    "QuantumKernelSVC",
    "QuantumKernelTransformer",
    "RegimeDisplay",
    "SphericalKMeans",
    "VariationalQuantumClassifier",
    "VonMisesFisher",
    "VonMisesFisherMixture",
    "ZFeatureMap",
    "ZZFeatureMap",
    "__version__",
    "align_bandwidth",
    "bloch_vectors",
    "christoffel_design",
    "dpp_landmarks",
    "fft_density",
    "fidelity_kernel",
    "gaussian_regimes",
    "kernel_density_regimes",
    "kernel_diagnostics",
    "kernel_target_alignment",
    "make_ad_hoc",
    "projected_kernel",
    "psd_projection",
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
