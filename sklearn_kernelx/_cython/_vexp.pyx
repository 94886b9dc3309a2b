"""The vectorised exponential of src/vexp.h, as a function of arrays."""

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, floating


def exp(const floating[::1] x, floating[::1] out):
    """Write exp(x) to `out`, an array of the same length, within 1 ulp."""
    cdef const _loops.loops *table = _loops.f64 if floating is float64_t else _loops.f32
    if x.shape[0] > 0:
        with nogil:
            table.exp_array(x.shape[0], &x[0], &out[0])
