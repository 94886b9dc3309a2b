"""The tables of compiled loops that fit this processor (src/loops.h)."""

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, int64_t, uint64_t

from sklearn_kernelx._cython._typedefs cimport floating, intp_t

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
        CSR_COLUMNS
        SOFTMAX_COLUMNS
        BESSEL_INVALID
        BESSEL_POLE
        BESSEL_OVERFLOW
        LOG_IV
        LOG_KV
        IV_RATIO
        IV_RATIO_COMPLEMENT
        LOG_VMF_NORMALIZER
        LOG_VMF_PEAK
        VMF_KAPPA
        VMF_KAPPA_COMPLEMENT
        N_BESSEL
        RELU
        TANH
        COS_OF_TURNS
        CHAIN_PANEL
        MAX_CHAIN_REPS

    ctypedef struct csr_row:
        ptrdiff_t n_values
        const void *values
        const void *indices
        int is_int64

    ctypedef struct pauli_strings:
        ptrdiff_t n_strings
        const int64_t *x_masks
        const int64_t *z_masks

    ctypedef struct rotation_angles:
        const double *cosines
        const double *sines
        ptrdiff_t stride

    ctypedef int array_function(
        ptrdiff_t, const double *, ptrdiff_t, const double *, double *
    ) noexcept nogil

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
        double (*softmax_row)(
            ptrdiff_t, double, const double *, const double *, double,
            double *) noexcept nogil
        void (*csr_times)(
            csr_row, const double *, ptrdiff_t, ptrdiff_t, double *) noexcept nogil
        void (*csr_outer)(
            csr_row, const double *, ptrdiff_t, ptrdiff_t, double *) noexcept nogil
        int (*pair_sums)(
            const point_set *, int, int, const void *, ptrdiff_t,
            double *, double *) noexcept nogil
        int (*careful_sums)(
            const point_set *, int, int, const double *, const void *,
            double *) noexcept nogil
        int (*nearest_points)(
            const point_set *, int, const void *, ptrdiff_t, ptrdiff_t, double *,
            int32_t *) noexcept nogil
        int (*tilted_sums)(
            const point_set *, int, double, const void *, ptrdiff_t,
            double *) noexcept nogil
        void (*spline_block)(
            ptrdiff_t, const double *, ptrdiff_t, double, double, double, int *,
            double (*)[SPLINE_BLOCK]) noexcept nogil
        void (*normals)(ptrdiff_t, double *, double *) noexcept nogil
        void (*activate)(
            int, ptrdiff_t, ptrdiff_t, const void *, void *, ptrdiff_t) noexcept nogil
        int (*gaussian_features)(
            double, ptrdiff_t, ptrdiff_t, const void *, ptrdiff_t, const void *, ptrdiff_t,
            void *, ptrdiff_t) noexcept nogil
        void (*add_weighted)(
            ptrdiff_t, const void *, double, double *) noexcept nogil
        double (*centre)(
            ptrdiff_t, const void *, const double *, double, double *) noexcept nogil
        void (*row_products)(
            ptrdiff_t, ptrdiff_t, const double *, ptrdiff_t, const double *,
            double *) noexcept nogil
        void (*circle)(ptrdiff_t, const void *, void *, void *) noexcept nogil
        void (*circle_sums)(
            ptrdiff_t, ptrdiff_t, const void *, ptrdiff_t, const void *, const void *,
            double *) noexcept nogil
        void (*add_clipped)(
            ptrdiff_t, const double *, double, uint64_t, double *) noexcept nogil
        void (*diagonal_state)(
            ptrdiff_t, ptrdiff_t, const void *, const void *, void *, void *) noexcept nogil
        void (*hadamard_layer)(ptrdiff_t, void *) noexcept nogil
        void (*bloch_vector)(ptrdiff_t, const void *, void *) noexcept nogil
        void (*chain_overlaps)(
            ptrdiff_t, int, int, const void *, const void *, void *) noexcept nogil
        void (*rotate_states)(
            const pauli_strings *, rotation_angles, ptrdiff_t, ptrdiff_t,
            void *) noexcept nogil
        void (*walk_back)(
            const pauli_strings *, rotation_angles, ptrdiff_t, ptrdiff_t, void *, void *,
            double *) noexcept nogil
        array_function **bessel

    const loops *get_loops_f64(const char *wanted)
    const loops *get_loops_f32(const char *wanted)

cdef const loops *f64
cdef const loops *f32

cdef enum:
    QUERY_BLOCK = 128  # what src/pair_sums.h has room for


cdef inline point_set describe(
    const floating[:, :, ::1] points,
    const floating[::1] terms,
    const floating[::1] center,
    const floating[::1] inverse_bandwidth,
) noexcept nogil:
    cdef point_set described
    described.n_panels = points.shape[0]
    described.n_features = points.shape[1]
    described.points = &points[0, 0, 0]
    described.terms = &terms[0]
    described.center = &center[0]
    described.inverse_bandwidth = &inverse_bandwidth[0]
    described.boxes = NULL
    return described


cdef inline intp_t queries_per_block(intp_t n_queries, int num_threads) noexcept nogil:
    """Small batches still give every thread a block, of whole tiles."""
    cdef intp_t share = (n_queries + num_threads - 1) // num_threads
    return max(8, min(QUERY_BLOCK, (share + 7) // 8 * 8))
