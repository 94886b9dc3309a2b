/* The table of compiled loops: one for each dtype and instruction set. Arrays of the
 * table's dtype are passed as `void *`, so that both dtypes share one interface. */
#ifndef LOOPS_H
#define LOOPS_H

#include <stddef.h>
#include <stdint.h>

enum { PANEL_F64 = 24, PANEL_F32 = 48 };
enum { SPLINE_ORDER = 6, SPLINE_BLOCK = 64 };
enum { EXPANDED, EUCLIDEAN, MANHATTAN, CHEBYSHEV };
enum { CSR_COLUMNS = 8, SOFTMAX_COLUMNS = 8 };
enum { RELU, TANH, COS_OF_TURNS };
enum { CHAIN_PANEL = 16, MAX_CHAIN_REPS = 5 };
enum { GAUSSIAN, TOPHAT, EPANECHNIKOV, EXPONENTIAL, LINEAR, COSINE };

/* Training points in panels: points[n_panels][n_features][PANEL], terms[n_panels][PANEL].
 * The terms are log w - |z|^2/2 for EXPANDED (z the scaled point), else log w for GAUSSIAN
 * and EXPONENTIAL (-inf on the padding), and w for compact kernels (0 on the padding). */
typedef struct {
  ptrdiff_t n_panels, n_features;
  const void *points, *terms, *center, *inverse_bandwidth;
  /* What may be left out, see prune.h: boxes[n_panels][2 n_features + 1], or NULL. */
  const void *boxes;
  double edge, slack, absolute_floor;
} point_set;

/* One row of a CSR matrix. */
typedef struct {
  ptrdiff_t n_values;
  const void *values, *indices;
  int is_int64; /* the indices; else int32 */
} csr_row;

/* Pauli strings, and a row of `stride` angles for each sample, or one for all with stride
 * 0: see pauli_rotations.h. */
typedef struct {
  ptrdiff_t n_strings;
  const int64_t *x_masks, *z_masks;
} pauli_strings;
typedef struct {
  const double *cosines, *sines;
  ptrdiff_t stride;
} rotation_angles;

/* n values of a function of two arguments, see bessel_arrays.h; the first argument moves by
 * `step`, 1 or 0. Returns what NumPy would warn of. */
enum { BESSEL_INVALID = 1, BESSEL_POLE = 2, BESSEL_OVERFLOW = 4 };
typedef int array_function(ptrdiff_t n, const double *a, ptrdiff_t step, const double *b,
                           double *out);
enum {
  LOG_IV,
  LOG_KV,
  IV_RATIO,
  IV_RATIO_COMPLEMENT,
  LOG_VMF_NORMALIZER,
  LOG_VMF_PEAK,
  VMF_KAPPA,
  VMF_KAPPA_COMPLEMENT,
  N_BESSEL
};

typedef struct {
  const char *instruction_set;
  /* out = exp(x), see vexp.h */
  void (*exp_array)(ptrdiff_t n, const void *x, void *out);
  /* in the float64 table only, see softmax.h */
  double (*softmax_row)(ptrdiff_t n, double scale, const double *slopes,
                        const double *offsets, double floor, double *products);
  /* out = row @ dense and sums += outer(row, factors), for `width` of `stride` columns,
   * see csr_products.h */
  void (*csr_times)(csr_row row, const double *dense, ptrdiff_t stride, ptrdiff_t width,
                    double *out);
  void (*csr_outer)(csr_row row, const double *factors, ptrdiff_t stride,
                    ptrdiff_t width, double *sums);
  /* at most 128 queries at a time, see pair_sums.h; non-zero when memory is short */
  int (*pair_sums)(const point_set *set, int form, int kernel, const void *queries,
                   ptrdiff_t n_queries, double *result, double *count);
  /* one query, with log-weights as terms for every kernel, see careful_sums.h */
  int (*careful_sums)(const point_set *set, int form, int kernel,
                      const double *bandwidth, const void *query, double *result);
  /* at most 128 queries at a time, without log-weights in the terms, see nearest.h */
  int (*nearest_points)(const point_set *set, int form, const void *queries,
                        ptrdiff_t n_queries, ptrdiff_t n_wanted, double *half_squares,
                        int32_t *places);
  /* at most 128 queries at a time: three numbers each, see tilted_sums.h */
  int (*tilted_sums)(const point_set *set, int kernel, double sharpness,
                     const void *queries, ptrdiff_t n_queries, double *moments);
  /* float64 whatever the table's dtype, see bspline.h */
  void (*spline_block)(ptrdiff_t n, const double *x, ptrdiff_t stride, double origin,
                       double per_unit, double margin, int *first,
                       double weight[SPLINE_ORDER][SPLINE_BLOCK]);
  /* in the float64 table only: n uniforms twice become normals, see normals.h */
  void (*normals)(ptrdiff_t n, double *u, double *w);
  /* z = activation(z + offset) for rows of z, see activations.h */
  void (*activate)(int activation, ptrdiff_t n_rows, ptrdiff_t n_columns,
                   const void *offset, void *z, ptrdiff_t stride);
  /* at most 128 rows at a time, see gaussian_features.h; non-zero when memory is short */
  int (*gaussian_features)(double gamma, ptrdiff_t n_features, ptrdiff_t n_rows,
                           const void *rows, ptrdiff_t n_centers, const void *centers,
                           ptrdiff_t centers_stride, void *out, ptrdiff_t stride);
  /* float64 sums and results whatever the table's dtype, see centred_rows.h */
  void (*add_weighted)(ptrdiff_t n, const void *row, double weight, double *sums);
  double (*centre)(ptrdiff_t n, const void *row, const double *centre, double factor,
                   double *out);
  /* in the float64 table only: out = rows @ matrix, see row_products.h */
  void (*row_products)(ptrdiff_t n_rows, ptrdiff_t n_features, const double *rows,
                       ptrdiff_t n_columns, const double *matrix, double *out);
  /* cos and sin of 2 pi turns, and sums += their weighted sums for rows of turns, see
   * circle.h */
  void (*circle)(ptrdiff_t n, const void *turns, void *cosines, void *sines);
  void (*circle_sums)(ptrdiff_t n_rows, ptrdiff_t n, const void *turns, ptrdiff_t stride,
                      const void *cosine_weights, const void *sine_weights, double *sums);
  /* in the float64 table only, see lattice.h */
  void (*add_clipped)(ptrdiff_t n, const double *features, double scale,
                      uint64_t l2_squared, double *sums);
  /* one state, see quantum_states.h */
  void (*diagonal_state)(ptrdiff_t n_qubits, ptrdiff_t reps, const void *cosines,
                         const void *sines, void *state, void *work);
  void (*hadamard_layer)(ptrdiff_t n_qubits, void *state);
  void (*bloch_vector)(ptrdiff_t n_qubits, const void *state, void *bloch);
  /* one row against CHAIN_PANEL others, see chain_overlaps.h */
  void (*chain_overlaps)(ptrdiff_t n_qubits, int reps, int closed, const void *x,
                         const void *z, void *out);
  /* in place, states of n_amplitudes a sample, see pauli_rotations.h */
  void (*rotate_states)(const pauli_strings *strings, rotation_angles angles,
                        ptrdiff_t n_samples, ptrdiff_t n_amplitudes, void *states);
  void (*walk_back)(const pauli_strings *strings, rotation_angles angles,
                    ptrdiff_t n_samples, ptrdiff_t n_amplitudes, void *states,
                    void *costates, double *slopes);
  /* in the float64 table only */
  array_function *const *bessel;
} loops;

/* The best table the processor can run, or the one named; NULL if it cannot run that. */
const loops *get_loops_f64(const char *wanted);
const loops *get_loops_f32(const char *wanted);

#endif
