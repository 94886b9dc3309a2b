"""Shares of the components in each row, from its inner products with their directions.

Row i has the logits slopes * (scales[i] * products[i] - 1) + offsets. Components come in a
multiple of SOFTMAX_COLUMNS: the unused ones have offset -inf.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t

from sklearn_kernelx._cython cimport _loops
from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t


def softmax(
    float64_t[:, ::1] products,
    const float64_t[::1] scales,
    const float64_t[::1] slopes,
    const float64_t[::1] offsets,
    float64_t floor,
    float64_t[::1] log_sums,
):
    """Turn `products` into shares in place; write the logs of the sums of exp(logits).

    Shares below `floor` become zero.
    """
    cdef intp_t i
    with nogil:
        for i in range(products.shape[0]):
            log_sums[i] = _loops.f64.softmax_row(
                products.shape[1], scales[i], &slopes[0], &offsets[0], floor,
                &products[i, 0],
            )


def largest(
    const float64_t[:, ::1] products,
    const float64_t[::1] scales,
    const float64_t[::1] slopes,
    const float64_t[::1] offsets,
    float64_t[::1] logits,
    int32_t[::1] labels,
):
    """Write the largest logit of each row and the first component that has it."""
    cdef intp_t i, j
    cdef float64_t logit, best
    with nogil:
        for i in range(products.shape[0]):
            best = -INFINITY
            labels[i] = 0
            for j in range(products.shape[1]):
                logit = slopes[j] * (scales[i] * products[i, j] - 1) + offsets[j]
                if logit > best:
                    best = logit
                    labels[i] = <int32_t> j
            logits[i] = best


def draw(
    const float64_t[:, ::1] shares,
    const float64_t[::1] uniforms,
    int32_t[::1] labels,
):
    """Write the component into which uniforms[i] in [0, 1) falls among the shares."""
    cdef intp_t i, j
    cdef float64_t cumulated
    with nogil:
        for i in range(shares.shape[0]):
            cumulated = 0
            for j in range(shares.shape[1]):
                cumulated = cumulated + shares[i, j]
                if shares[i, j] > 0:
                    # Rounding may leave the last sum below the draw.
                    labels[i] = <int32_t> j
                    if uniforms[i] < cumulated:
                        break
