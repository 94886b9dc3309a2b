"""Special functions as NumPy ufuncs: log-Bessel functions and what is made of them."""

from sklearn_kernelx.special._log_bessel import (
    iv_ratio,
    iv_ratio_complement,
    log_iv,
    log_kv,
)
from sklearn_kernelx.special._von_mises_fisher import (
    log_vmf_normalizer,
    log_vmf_peak,
    vmf_kappa,
    vmf_kappa_complement,
)

__all__ = [
    "iv_ratio",
    "iv_ratio_complement",
    "log_iv",
    "log_kv",
    "log_vmf_normalizer",
    "log_vmf_peak",
    "vmf_kappa",
    "vmf_kappa_complement",
]
