"""Acceptance of proposals one after the other, each given those accepted before it."""

from sklearn_kernelx._cython._typedefs cimport float64_t, intp_t

# Above what rounding leaves of the residual of a proposal that repeats an accepted one.
cdef float64_t REPEATED = 1e-13


def accept_in_order(
    float64_t[:, ::1] gram, const float64_t[::1] thresholds, intp_t[::1] accepted
):
    """Return how many proposals are accepted, and write their places to `accepted`.

    Proposal i is accepted if ``thresholds[i]`` lies below its residual, the squared
    distance from the span of those accepted before it. Residuals are the diagonal of
    `gram`, from whose upper triangle each accepted proposal is eliminated.

    Parameters
    ----------
    gram : (n_proposals, n_proposals)
        Inner products of the proposals; the upper triangle is read and overwritten.
    thresholds : (n_proposals,)
        Uniform on [0, 1) where proposals have unit length.
    accepted : (n_wanted,)
        No more than so many are accepted.
    """
    cdef intp_t n_proposals = gram.shape[0]
    cdef intp_t n_wanted = accepted.shape[0]
    cdef intp_t n_accepted = 0
    cdef intp_t i
    with nogil:
        for i in range(n_proposals):
            if n_accepted == n_wanted:
                break
            if thresholds[i] + REPEATED < gram[i, i]:
                accepted[n_accepted] = i
                n_accepted += 1
                eliminate(&gram[0, 0], n_proposals, i)
    return n_accepted


cdef void eliminate(float64_t *gram, intp_t n, intp_t pivot) noexcept nogil:
    """Take the part along proposal `pivot` out of the inner products of later ones."""
    cdef float64_t *along = gram + pivot * n
    cdef float64_t *row
    cdef float64_t share
    cdef intp_t i, j
    for i in range(pivot + 1, n):
        share = along[i] / along[pivot]
        row = gram + i * n
        for j in range(i, n):
            row[j] -= share * along[j]
