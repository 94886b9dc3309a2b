"""Ufuncs, and the parts of their docstrings that all of them share."""

import numpy as np

from sklearn_kernelx._cython._ufuncs import ufunc

_SHARED = {
    "[ufunc]": """\
A NumPy ufunc: it broadcasts, takes `out`, `where` and the other keywords of ufuncs, and
computes in float64, whatever the dtype. Outside its domain it is NaN.""",
    "[keywords]": """\
out : ndarray, None, or tuple of ndarray and None, optional
    Where to write the result.
**kwargs
    The keywords of :class:`numpy.ufunc`.""",
}


def documented_ufunc(name: str, doc: str) -> np.ufunc:
    """Return the compiled ufunc of that name, `doc` completed by the shared parts."""
    for mark, text in _SHARED.items():
        doc = doc.replace(mark, text)
    return ufunc(name, doc)
