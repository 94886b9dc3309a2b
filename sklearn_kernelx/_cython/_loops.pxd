"""The tables of compiled loops that fit this processor (src/loops.h)."""

from libc.stddef cimport ptrdiff_t

cdef extern from "loops.h" nogil:
    enum:
        PANEL_F64
        PANEL_F32
        SPLINE_ORDER
        SPLINE_BLOCK
        EXPANDED
        EUCLIDEAN
        MANHATTAN
        CHEBYSHEV
        GAUSSIAN
        TOPHAT
        EPANECHNIKOV
        EXPONENTIAL
        LINEAR
        COSINE

    ctypedef struct point_set:
        ptrdiff_t n_panels
        ptrdiff_t n_features
        const void *points
        const void *terms
        const void *center
        const void *inverse_bandwidth
        const void *boxes
        double edge
        double slack
        double absolute_floor

    ctypedef struct loops:
        const char *instruction_set
        void (*exp_array)(ptrdiff_t, const void *, void *) noexcept nogil
        int (*pair_sums)(
            const point_set *, int, int, const void *, ptrdiff_t,
            double *, double *) noexcept nogil
        int (*careful_sums)(
            const point_set *, int, int, const double *, const void *,
            double *) noexcept nogil
        void (*spline_block)(
            ptrdiff_t, const double *, ptrdiff_t, double, double, double, int *,
            double (*)[SPLINE_BLOCK]) noexcept nogil

    const loops *get_loops_f64(const char *wanted)
    const loops *get_loops_f32(const char *wanted)

cdef const loops *f64
cdef const loops *f32
