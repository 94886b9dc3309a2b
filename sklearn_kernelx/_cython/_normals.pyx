"""Normal variates from uniform ones."""

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t


def normals(float64_t[:, ::1] X):
    """Turn uniforms in [0, 1) into normals, by pairs within a row (src/normals.h).

    With an odd number of columns the first one is left as it is.
    """
    cdef intp_t n_pairs = X.shape[1] // 2
    cdef intp_t first = X.shape[1] % 2
    cdef intp_t i
    if n_pairs > 0:
        with nogil:
            for i in range(X.shape[0]):
                _loops.f64.normals(n_pairs, &X[i, first], &X[i, first + n_pairs])
