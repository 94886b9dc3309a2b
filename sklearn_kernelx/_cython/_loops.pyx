"""Choice of the compiled loops: the best instruction set this processor has.

The environment variable SKLEARN_KERNELX_SIMD (``base``, ``avx2`` or ``avx512``), read at
import, names another one: for tests, and to compare results between machines.
"""

import os

wanted = os.environ.get("SKLEARN_KERNELX_SIMD", "").encode()
cdef const char *name = NULL
if wanted:
    name = wanted
f64 = get_loops_f64(name)
f32 = get_loops_f32(name)
if f64 is NULL or f32 is NULL:
    raise ImportError(
        f"SKLEARN_KERNELX_SIMD={wanted.decode()!r} names no loops that this processor "
        "can run; unset it, or choose among 'base', 'avx2' and 'avx512'"
    )

INSTRUCTION_SET = f64.instruction_set.decode()
PANEL_WIDTH = {"float64": PANEL_F64, "float32": PANEL_F32}
FORMS = {
    "expanded": EXPANDED,
    "euclidean": EUCLIDEAN,
    "manhattan": MANHATTAN,
    "chebyshev": CHEBYSHEV,
}
KERNELS = {
    "gaussian": GAUSSIAN,
    "tophat": TOPHAT,
    "epanechnikov": EPANECHNIKOV,
    "exponential": EXPONENTIAL,
    "linear": LINEAR,
    "cosine": COSINE,
}
