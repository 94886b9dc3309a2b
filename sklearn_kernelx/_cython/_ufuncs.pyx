"""NumPy ufuncs of two arguments over the array functions of src/bessel_arrays.h."""

from libc.math cimport isinf
from libc.stddef cimport ptrdiff_t

cimport numpy as cnp

from sklearn_kernelx._cython cimport _loops

cnp.import_array()
cnp.import_umath()

cdef extern from "<fenv.h>" nogil:
    enum:
        FE_ALL_EXCEPT
        FE_INVALID
        FE_DIVBYZERO
        FE_OVERFLOW
    int feclearexcept(int)
    int feraiseexcept(int)
    int fetestexcept(int)

cdef enum:
    BLOCK = 512

ctypedef fused real:
    double
    float

cdef list _kept = []  # NumPy keeps a pointer to the docstring, not the docstring
cdef cnp.PyUFuncGenericFunction[2] _inner_loops = [
    <cnp.PyUFuncGenericFunction>double_loop, <cnp.PyUFuncGenericFunction>float_loop,
]
cdef char[6] _types = [
    cnp.NPY_DOUBLE, cnp.NPY_DOUBLE, cnp.NPY_DOUBLE,
    cnp.NPY_FLOAT, cnp.NPY_FLOAT, cnp.NPY_FLOAT,
]
cdef void *_data[_loops.N_BESSEL][2]


_number = {
    "log_iv": _loops.LOG_IV,
    "log_kv": _loops.LOG_KV,
    "iv_ratio": _loops.IV_RATIO,
    "iv_ratio_complement": _loops.IV_RATIO_COMPLEMENT,
    "log_vmf_normalizer": _loops.LOG_VMF_NORMALIZER,
    "log_vmf_peak": _loops.LOG_VMF_PEAK,
    "vmf_kappa": _loops.VMF_KAPPA,
    "vmf_kappa_complement": _loops.VMF_KAPPA_COMPLEMENT,
}


def ufunc(str name, str doc):
    """Return the ufunc over the array function of that name."""
    cdef bytes name_ = name.encode(), doc_ = doc.encode()
    cdef int number = _number[name]
    _kept.append((name_, doc_))
    _data[number][0] = _data[number][1] = <void *>_loops.f64.bessel[number]
    return cnp.PyUFunc_FromFuncAndData(
        _inner_loops, _data[number], _types, 2, 2, 1, cnp.PyUFunc_None, name_, doc_, 0,
    )


cdef void double_loop(
    char **args, cnp.npy_intp *shape, cnp.npy_intp *steps, void *function
) noexcept nogil:
    cdef _loops.array_function *f = <_loops.array_function *>function
    cdef int raised = fetestexcept(FE_ALL_EXCEPT)
    cdef bint first_is_one = steps[0] == 0
    cdef ptrdiff_t size = shape[0] * <ptrdiff_t>sizeof(double)
    if (steps[1] == sizeof(double) and steps[2] == sizeof(double)
            and (first_is_one or steps[0] == sizeof(double))
            and (args[0] == args[2] and not first_is_one or apart(args[0], args[2], size))
            and (args[1] == args[2] or apart(args[1], args[2], size))):
        report(raised, f(shape[0], <double *>args[0], 0 if first_is_one else 1,
                         <double *>args[1], <double *>args[2]))
    else:
        blocks(args, shape[0], steps, f, <double *>NULL)


cdef void float_loop(
    char **args, cnp.npy_intp *shape, cnp.npy_intp *steps, void *function
) noexcept nogil:
    blocks(args, shape[0], steps, <_loops.array_function *>function, <float *>NULL)


cdef bint apart(char *a, char *b, ptrdiff_t size) noexcept nogil:
    """No overlap: the array functions do not write in the order in which they read."""
    return a + size <= b or b + size <= a


cdef bint feeds_itself(char **args, cnp.npy_intp *steps) noexcept nogil:
    """Each value is the next first argument: reduce and accumulate."""
    cdef ptrdiff_t distance = args[2] - args[0]
    return steps[0] == steps[2] and distance == steps[2]


cdef void blocks(
    char **args, ptrdiff_t n, cnp.npy_intp *steps, _loops.array_function *f,
    real *dtype,
) noexcept nogil:
    """Any strides and dtype, by way of contiguous float64 blocks."""
    cdef double[BLOCK] a, b, value
    cdef ptrdiff_t j, count, n_first, i = 0
    cdef ptrdiff_t block = 1 if feeds_itself(args, steps) else BLOCK
    cdef int status = 0
    cdef int raised = fetestexcept(FE_ALL_EXCEPT)
    cdef real rounded
    while i < n:
        count = min(n - i, block)
        n_first = 1 if steps[0] == 0 else count
        for j in range(n_first):
            a[j] = (<real *>(args[0] + (i + j) * steps[0]))[0]
        for j in range(count):
            b[j] = (<real *>(args[1] + (i + j) * steps[1]))[0]
        status |= f(count, a, 0 if steps[0] == 0 else 1, b, value)
        for j in range(count):
            rounded = <real>value[j]
            (<real *>(args[2] + (i + j) * steps[2]))[0] = rounded
            if isinf(rounded) and not isinf(value[j]):
                status |= _loops.BESSEL_OVERFLOW
        i += count
    report(raised, status)


cdef void report(int raised, int status) noexcept nogil:
    """Leave the flags as NumPy's own functions would, those raised before included."""
    feclearexcept(FE_ALL_EXCEPT)
    feraiseexcept(raised)
    if status & _loops.BESSEL_INVALID:
        feraiseexcept(FE_INVALID)
    if status & _loops.BESSEL_POLE:
        feraiseexcept(FE_DIVBYZERO)
    if status & _loops.BESSEL_OVERFLOW:
        feraiseexcept(FE_OVERFLOW)
