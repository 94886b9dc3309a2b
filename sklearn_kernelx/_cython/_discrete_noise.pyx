"""Exact draws of discrete laws from random bytes (src/discrete_noise.h).

A source of bytes is called with their number, at most 65536, and returns so many. What a
call leaves over is not kept for the next one, so a forked process cannot draw it again, and
the copy here is wiped. Numbers that are not those of an array are Python's integers.
"""

from libc.stddef cimport ptrdiff_t, size_t
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcpy

cdef extern from "discrete_noise.h" nogil:
    const size_t BYTES_PER_BLOCK

    # The width is the header's: Cython only hands such numbers on.
    ctypedef unsigned long long uint128

    ctypedef struct entropy:
        size_t block
        int (*refill)(void *source, uint8_t *bytes, size_t n) except -1
        void *source

    ctypedef struct laplace_law:
        uint128 numerator, denominator

    ctypedef struct gaussian_law:
        laplace_law proposal
        uint128 step, centre, factor, divisor

    uint128 uint128_of(uint64_t high, uint64_t low)
    void wipe(entropy *e)
    int draw_laplace(
        entropy *e, int64_t *drawn, ptrdiff_t n, const laplace_law *law
    ) except -1
    int draw_gaussian(
        entropy *e, int64_t *drawn, ptrdiff_t n, const gaussian_law *law
    ) except -1
    int draw_uniform(
        entropy *e, uint64_t *drawn, ptrdiff_t n, uint64_t bound
    ) except -1
    int draw_bernoulli_exp(
        entropy *e, uint8_t *drawn, ptrdiff_t n, uint128 x, uint128 y
    ) except -1


cdef class Entropy:
    cdef entropy state
    cdef object source

    def __cinit__(self, source, ptrdiff_t n_draws):
        self.source = source
        # About as much as so many draws take.
        self.state.block = min(BYTES_PER_BLOCK, 64 + 32 * <size_t> n_draws)
        self.state.refill = refill
        self.state.source = <void *> self

    def __dealloc__(self):
        wipe(&self.state)


cdef int refill(void *owner, uint8_t *place, size_t n) except -1 with gil:
    data = (<Entropy> owner).source(n)
    if not isinstance(data, bytes) or len(data) != n:
        raise ValueError(f"source must return the {n} bytes that it is asked for")
    memcpy(place, <const char *> data, n)
    return 0


cdef uint128 wide(number):
    return uint128_of(number >> 64, number & 0xFFFFFFFFFFFFFFFF)


cdef laplace_law law_of(numerator, denominator):
    cdef laplace_law law
    law.numerator = wide(numerator)
    law.denominator = wide(denominator)
    return law


def laplace(int64_t[::1] drawn, source, numerator, denominator):
    """Draw from the discrete Laplace law of scale numerator / denominator."""
    cdef Entropy bits = Entropy(source, drawn.shape[0])
    cdef laplace_law law = law_of(numerator, denominator)
    if drawn.shape[0] > 0:
        with nogil:
            draw_laplace(&bits.state, &drawn[0], drawn.shape[0], &law)


def gaussian(
    int64_t[::1] drawn, source, numerator, denominator, step, centre, factor, divisor
):
    """Draw y from `laplace`, keep exp(-(|y| step - centre)^2 factor / divisor) of them."""
    cdef Entropy bits = Entropy(source, drawn.shape[0])
    cdef gaussian_law law
    law.proposal = law_of(numerator, denominator)
    law.step = wide(step)
    law.centre = wide(centre)
    law.factor = wide(factor)
    law.divisor = wide(divisor)
    if drawn.shape[0] > 0:
        with nogil:
            draw_gaussian(&bits.state, &drawn[0], drawn.shape[0], &law)


def uniform(uint64_t[::1] drawn, source, uint64_t bound):
    """Draw integers from 0 to bound - 1."""
    cdef Entropy bits = Entropy(source, drawn.shape[0])
    if drawn.shape[0] > 0:
        with nogil:
            draw_uniform(&bits.state, &drawn[0], drawn.shape[0], bound)


def bernoulli_exp(uint8_t[::1] drawn, source, x, y):
    """Draw 1 with probability exp(-x / y), else 0."""
    cdef Entropy bits = Entropy(source, drawn.shape[0])
    cdef uint128 wide_x = wide(x), wide_y = wide(y)
    if drawn.shape[0] > 0:
        with nogil:
            draw_bernoulli_exp(&bits.state, &drawn[0], drawn.shape[0], wide_x, wide_y)
