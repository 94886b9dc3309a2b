"""Elementary symmetric polynomials of positive numbers by their ratios.

With e(k, n) the sum over all sets of k of the first n numbers of their products, which soon
over- or underflows, the ratio r(k, n) = e(k, n) / e(k - 1, n) stays between the smallest
number over n and n times the largest. From e(k, n) = e(k, n - 1) + x[n] e(k - 1, n - 1)

    r(k, n) = (r(k, n - 1) + x[n]) r(k - 1, n - 1) / (r(k - 1, n - 1) + x[n]),

without a subtraction. Of the sets of k of the first n numbers, drawn in proportion to their
products, x[n] / (x[n] + r(k, n - 1)) hold the last number.
"""

from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t


def polynomial_ratios(const float64_t[::1] numbers, float64_t[:, ::1] ratios):
    """Write e(k, n) / e(k - 1, n) of the first n numbers to ratios[n, k - 1]; 0 for k > n.

    Parameters
    ----------
    numbers : (n_numbers,)
        Positive; their sum and the sum of their inverses must not overflow.
    ratios : (n_numbers, size)
        For n from 0 to n_numbers - 1 and k from 1 to `size`.
    """
    cdef intp_t size = ratios.shape[1]
    cdef intp_t n, k
    cdef float64_t x, total, below, larger, smaller
    cdef float64_t *old
    cdef float64_t *new
    if ratios.shape[0] == 0 or size == 0:
        return
    ratios[0, :] = 0
    with nogil:
        for n in range(1, ratios.shape[0]):
            x = numbers[n - 1]
            old = &ratios[n - 1, 0]
            new = &ratios[n, 0]
            new[0] = old[0] + x
            for k in range(1, size):
                below = old[k - 1]
                total = old[k] + x
                # Of two factors the one that may be far below the denominator comes last.
                larger = below if x <= below else total
                smaller = total if x <= below else below
                new[k] = smaller * (larger / (below + x))


def choose_by_product(
    const float64_t[::1] numbers,
    const float64_t[:, ::1] ratios,
    const float64_t[::1] uniforms,
    intp_t[::1] chosen,
):
    """Write the places of a set of numbers, drawn in proportion to its product.

    Parameters
    ----------
    numbers : (n_numbers,)
        Positive.
    ratios : (n_numbers, size)
        Of `polynomial_ratios`.
    uniforms : (n_numbers,)
        On [0, 1).
    chosen : (size,)
        The places, in increasing order. At most n_numbers of them.
    """
    cdef intp_t n_wanted = chosen.shape[0]
    cdef intp_t n = numbers.shape[0]
    cdef float64_t ratio
    with nogil:
        while n_wanted > 0:
            n -= 1
            ratio = ratios[n, n_wanted - 1]
            if ratio == 0 or uniforms[n] * (numbers[n] + ratio) < numbers[n]:
                n_wanted -= 1
                chosen[n_wanted] = n


def shares_by_product(
    const float64_t[::1] numbers,
    const float64_t[:, ::1] ratios,
    float64_t[::1] n_left,
    float64_t[::1] shares,
):
    """Write the probability of each number to be in the set of `choose_by_product`.

    Parameters
    ----------
    numbers : (n_numbers,)
        Positive.
    ratios : (n_numbers, size)
        Of `polynomial_ratios`.
    n_left : (size + 1,)
        Work space: the law of how many are still wanted.
    shares : (n_numbers,)
        They sum to `size`.
    """
    cdef intp_t size = ratios.shape[1]
    cdef intp_t n, k
    cdef float64_t x, taken, flow, share
    n_left[:] = 0
    n_left[size] = 1
    with nogil:
        for n in range(numbers.shape[0] - 1, -1, -1):
            x = numbers[n]
            share = 0
            for k in range(1, size + 1):
                flow = n_left[k]
                if flow == 0:
                    continue
                taken = flow * (x / (x + ratios[n, k - 1]))
                share += taken
                n_left[k] = flow * (ratios[n, k - 1] / (x + ratios[n, k - 1]))
                n_left[k - 1] += taken
            shares[n] = share
