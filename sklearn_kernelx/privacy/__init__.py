"""Differentially private similarities, densities and classifiers."""

from sklearn_kernelx.privacy._accountant import BudgetAccountant, BudgetExceededError
from sklearn_kernelx.privacy._classifier import PrivateKernelClassifier
from sklearn_kernelx.privacy._display import PrivacyUtilityDisplay
from sklearn_kernelx.privacy._kernel_density import PrivateKernelDensity
from sklearn_kernelx.privacy._leaks import PrivacyLeakWarning
from sklearn_kernelx.privacy._similarity import PrivateSimilarity

__all__ = [
    "BudgetAccountant",
    "BudgetExceededError",
    "PrivacyLeakWarning",
    "PrivacyUtilityDisplay",
    "PrivateKernelClassifier",
    "PrivateKernelDensity",
    "PrivateSimilarity",
]
