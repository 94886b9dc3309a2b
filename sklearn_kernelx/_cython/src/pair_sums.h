/* Sums over training points of a kernel of the distance to each query, without any
 * n x m array: a tile of QUERY_TILE queries x 3 vectors of points stays in registers from
 * the first feature to the last addition.
 *
 * Points lie in panels, points[panel][feature][PANEL], as given by the user; queries come
 * in blocks. For each block a panel is centred and scaled once into a buffer that stays in
 * cache, z = (y - center) / bandwidth, and is then met by every tile of the block.
 *
 * Forms of the distance between the scaled query x and point z:
 *   EXPANDED  x.z + (log w - |z|^2/2): Gaussian only, one multiply-add a feature;
 *   EUCLIDEAN, MANHATTAN, CHEBYSHEV   from the differences x - z.
 * Kernels as scikit-learn's. For GAUSSIAN and EXPONENTIAL, result = log sum w K, kept as a
 * shift (near the running maximum) and a sum of exponentials; for the compact kernels,
 * result = sum w K itself. */
#ifndef PAIR_SUMS_H
#define PAIR_SUMS_H

#include <float.h>
#include <stdlib.h>

#include "loops.h"
#include "prune.h"
#include "vexp.h"

#ifdef VARIANT_F64
#define PANEL PANEL_F64
/* exp(300) times any number of points, and its square, are finite. */
#define HEADROOM 300.0
#define LOWEST (-DBL_MAX)
#else
#define PANEL PANEL_F32
#define HEADROOM 25.0f
#define LOWEST (-FLT_MAX)
#endif

#define VECTORS 3
#define STRIP (VECTORS * LANES)
#define QUERY_BLOCK 128
/* Panels after which the running sums, kept in `real`, are added to float64 totals. */
#define FLUSH_INTERVAL 32

/* What is known of one query while the points stream by. */
typedef struct {
  real sum[LANES];
  real count[LANES];   /* compact kernels: points inside the support */
  real margin[LANES];  /* compact kernels: smallest |1 - distance^2| */
  real shift;
  double total, total_count;
} query_state;

INLINE void reset_state(query_state *s) {
  for (int l = 0; l < LANES; l++) {
    s->sum[l] = 0;
    s->count[l] = 0;
    s->margin[l] = 1;
  }
  s->shift = LOWEST;
  s->total = s->total_count = 0;
}

INLINE void flush_state(query_state *s) {
  s->total += v_sum(v_load(s->sum));
  s->total_count += v_sum(v_load(s->count));
  v_store(s->sum, v_set1(0));
  v_store(s->count, v_set1(0));
}

/* ---- distances of a tile ----------------------------------------------------------- */

INLINE void accumulate_tile(const int form, ptrdiff_t n_features, const real *restrict x,
                            const real *restrict z, const vec start[VECTORS],
                            vec acc[QUERY_TILE][VECTORS]) {
#pragma GCC unroll 8
  for (int i = 0; i < QUERY_TILE; i++)
#pragma GCC unroll 3
    for (int j = 0; j < VECTORS; j++)
      acc[i][j] = form == EXPANDED ? start[j] : v_set1(0);
  for (ptrdiff_t k = 0; k < n_features; k++, x += QUERY_TILE, z += PANEL) {
    vec zk[VECTORS];
#pragma GCC unroll 3
    for (int j = 0; j < VECTORS; j++) zk[j] = v_load(z + j * LANES);
#pragma GCC unroll 8
    for (int i = 0; i < QUERY_TILE; i++) {
      const vec xi = v_set1(x[i]);
#pragma GCC unroll 3
      for (int j = 0; j < VECTORS; j++) {
        if (form == EXPANDED) {
          acc[i][j] = v_fma(xi, zk[j], acc[i][j]);
        } else {
          const vec t = v_sub(xi, zk[j]);
          if (form == EUCLIDEAN) acc[i][j] = v_fma(t, t, acc[i][j]);
          if (form == MANHATTAN) acc[i][j] = v_add(v_abs(t), acc[i][j]);
          if (form == CHEBYSHEV) acc[i][j] = v_max(v_abs(t), acc[i][j]);
        }
      }
    }
  }
}

/* ---- kernels and their sums -------------------------------------------------------- */

/* Rare: the exponents of this strip rise above what the shift can hold. */
static void raise_shift(query_state *s, real highest) {
  const double factor = exp((double)s->shift - (double)highest);
  for (int l = 0; l < LANES; l++) s->sum[l] = (real)(s->sum[l] * factor);
  s->total *= factor;
  s->shift = highest;
}

INLINE void add_exponentials(const vec exponent[VECTORS], query_state *s) {
  vec highest = exponent[0];
#pragma GCC unroll 3
  for (int j = 1; j < VECTORS; j++) highest = v_max(exponent[j], highest);
  if (UNLIKELY(!v_all_less(highest, v_set1(s->shift + HEADROOM))))
    raise_shift(s, v_highest(highest));
  const vec shift = v_set1(s->shift);
  vec sum = v_load(s->sum);
#pragma GCC unroll 3
  for (int j = 0; j < VECTORS; j++)
    sum = v_add(sum, v_exp_clamped(v_sub(exponent[j], shift)));
  v_store(s->sum, sum);
}

/* cos(pi/2 sqrt(u)) / (1 - u) on [0, 1]; relative error 1.8e-17 (Remez exchange). */
INLINE vec cosine_over_gap(vec u) {
  static const real c[8] = {
      (real)1.0,                    (real)-0x1.de9e64df22ea4p-3,
      (real)0x1.472be122401f8p-6,   (real)-0x1.d4fcd82df91bdp-11,
      (real)0x1.9f05c97e0b2f9p-16,  (real)-0x1.f3091c42bc669p-22,
      (real)0x1.b22c9c0c1b9ebp-28,  (real)-0x1.154844524ad5ap-34};
  vec p = v_set1(c[7]);
  for (int k = 6; k >= 0; k--) p = v_fma(p, u, v_set1(c[k]));
  return p;
}

/* A compact kernel at the squared scaled distance u < 1: gap = 1 - u times a factor away
 * from zero, so that it keeps its digits at the edge of the support. */
INLINE vec compact_kernel(const int kernel, vec u, vec gap) {
  const vec one = v_set1(1);
  if (kernel == TOPHAT) return one;
  if (kernel == LINEAR) return v_div(gap, v_add(one, v_sqrt(u)));
  if (kernel == COSINE) return v_mul(gap, cosine_over_gap(u));
  return gap;
}

INLINE void add_compact(const int kernel, vec u, vec weight, query_state *s) {
  const vec zero = v_set1(0), one = v_set1(1);
  const vec gap = v_sub(one, u);
  v_store(s->margin, v_min(v_abs(gap), v_load(s->margin)));
  if (v_all_less(gap, zero)) return;
  const vec value = v_mul(weight, compact_kernel(kernel, u, gap));
  v_store(s->sum, v_add(v_load(s->sum), v_if_less(zero, gap, value, zero)));
  v_store(s->count, v_add(v_load(s->count), v_if_less(zero, gap, one, zero)));
}

INLINE void add_kernel(const int form, const int kernel, const vec acc[VECTORS],
                       const vec start[VECTORS], query_state *s) {
  if (form == EXPANDED) {
    add_exponentials(acc, s);
    return;
  }
  const int squared = form == EUCLIDEAN;
  if (kernel == GAUSSIAN || kernel == EXPONENTIAL) {
    vec exponent[VECTORS];
#pragma GCC unroll 3
    for (int j = 0; j < VECTORS; j++) {
      const vec u = squared ? acc[j] : v_mul(acc[j], acc[j]);
      if (kernel == GAUSSIAN) exponent[j] = v_fma(u, v_set1((real)-0.5), start[j]);
      else exponent[j] = v_sub(start[j], squared ? v_sqrt(acc[j]) : acc[j]);
    }
    add_exponentials(exponent, s);
  } else {
#pragma GCC unroll 3
    for (int j = 0; j < VECTORS; j++)
      add_compact(kernel, squared ? acc[j] : v_mul(acc[j], acc[j]), start[j], s);
  }
}

/* ---- a block of queries against all points ----------------------------------------- */

INLINE void add_panel(const int form, const int kernel, ptrdiff_t n_features,
                      ptrdiff_t n_queries, const real *x, const real *z,
                      const real *terms, const unsigned char *meets,
                      query_state *states) {
  for (ptrdiff_t q = 0; q < n_queries; q += QUERY_TILE) {
    if (!meets[q / QUERY_TILE]) continue;
    for (int strip = 0; strip < PANEL; strip += STRIP) {
      vec start[VECTORS], acc[QUERY_TILE][VECTORS];
#pragma GCC unroll 3
      for (int j = 0; j < VECTORS; j++) start[j] = v_load(terms + strip + j * LANES);
      accumulate_tile(form, n_features, x + q * n_features, z + strip, start, acc);
#pragma GCC unroll 8
      for (int i = 0; i < QUERY_TILE; i++)
        add_kernel(form, kernel, acc[i], start, states + q + i);
    }
  }
}

typedef void panel_function(ptrdiff_t n_features, ptrdiff_t n_queries, const real *x,
                            const real *z, const real *terms,
                            const unsigned char *meets, query_state *states);

#define PANEL_FUNCTION(form, kernel)                                                     \
  static void panel_##form##_##kernel(ptrdiff_t n_features, ptrdiff_t n_queries,         \
                                      const real *x, const real *z, const real *terms,   \
                                      const unsigned char *meets,                        \
                                      query_state *states) {                             \
    add_panel(form, kernel, n_features, n_queries, x, z, terms, meets, states);          \
  }
#define KERNELS_OF_FORM(use, form)                                                      \
  use(form, GAUSSIAN) use(form, TOPHAT) use(form, EPANECHNIKOV)                          \
      use(form, EXPONENTIAL) use(form, LINEAR) use(form, COSINE)
PANEL_FUNCTION(EXPANDED, GAUSSIAN)
KERNELS_OF_FORM(PANEL_FUNCTION, EUCLIDEAN)
KERNELS_OF_FORM(PANEL_FUNCTION, MANHATTAN)
KERNELS_OF_FORM(PANEL_FUNCTION, CHEBYSHEV)

static panel_function *choose_panel_function(int form, int kernel) {
#define CHOICE(FORM, KERNEL)                                                            \
  if (form == FORM && kernel == KERNEL) return panel_##FORM##_##KERNEL;
  CHOICE(EXPANDED, GAUSSIAN)
  KERNELS_OF_FORM(CHOICE, EUCLIDEAN)
  KERNELS_OF_FORM(CHOICE, MANHATTAN)
  KERNELS_OF_FORM(CHOICE, CHEBYSHEV)
  return NULL;
}

INLINE real scale(const point_set *set, ptrdiff_t k, real value) {
  const real *center = set->center, *inverse_bandwidth = set->inverse_bandwidth;
  return (value - center[k]) * inverse_bandwidth[k];
}

/* Scaled queries as x[tile][feature][QUERY_TILE]; the last row fills the last tile. */
static void pack_queries(const point_set *set, const real *queries, ptrdiff_t n_queries,
                         real *x) {
  const ptrdiff_t d = set->n_features;
  for (ptrdiff_t first = 0; first < n_queries; first += QUERY_TILE)
    for (int i = 0; i < QUERY_TILE; i++) {
      const ptrdiff_t q = first + i < n_queries ? first + i : n_queries - 1;
      for (ptrdiff_t k = 0; k < d; k++)
        x[first * d + k * QUERY_TILE + i] = scale(set, k, queries[q * d + k]);
    }
}

static void scale_panel(const point_set *set, ptrdiff_t panel, real *restrict z) {
  const real *restrict points =
      (const real *)set->points + panel * set->n_features * PANEL;
  for (ptrdiff_t k = 0; k < set->n_features; k++)
    for (int l = 0; l < PANEL; l++)
      z[k * PANEL + l] = scale(set, k, points[k * PANEL + l]);
}

/* |x|^2 / 2 of query q of a packed block. */
static double half_square(const real *x, ptrdiff_t n_features, ptrdiff_t q) {
  const real *row = x + (q - q % QUERY_TILE) * n_features + q % QUERY_TILE;
  double sum = 0;
  for (ptrdiff_t k = 0; k < n_features; k++)
    sum += (double)row[k * QUERY_TILE] * (double)row[k * QUERY_TILE];
  return sum / 2;
}

static void add_all_panels(const point_set *set, int form, int kernel,
                           ptrdiff_t n_queries, const real *x, real *z, pruning *p,
                           query_state *states) {
  panel_function *add = choose_panel_function(form, kernel);
  const real *terms = set->terms;
  if (set->boxes) start_pruning(set, form, kernel, x, p);
  else memset(p->meets, 1, (size_t)p->n_tiles);
  for (ptrdiff_t panel = 0; panel < set->n_panels; panel++) {
    if (!set->boxes || panel_meets(set, form, kernel, panel, p)) {
      scale_panel(set, panel, z);
      add(set->n_features, n_queries, x, z, terms + panel * PANEL, p->meets, states);
    }
    if (panel % FLUSH_INTERVAL == FLUSH_INTERVAL - 1)
      for (ptrdiff_t q = 0; q < n_queries; q++) flush_state(states + q);
  }
}

/* A compact query that meets a point with |1 - distance^2| < edge gets an infinite count,
 * and otherwise the number of points inside. */
static void finish_query(const point_set *set, int form, int kernel, const real *x,
                         ptrdiff_t q, query_state *s, double *result, double *count) {
  flush_state(s);
  if (kernel == GAUSSIAN || kernel == EXPONENTIAL) {
    *result = s->shift + log(s->total);
    if (form == EXPANDED) *result -= half_square(x, set->n_features, q);
    *count = 0;
  } else {
    const double margin = -v_highest(v_sub(v_set1(0), v_load(s->margin)));
    *result = s->total;
    *count = margin < set->edge ? INFINITY : s->total_count;
  }
}

static int pair_sums(const point_set *set, int form, int kernel, const void *queries,
                     ptrdiff_t n_queries, double *result, double *count) {
  const ptrdiff_t d = set->n_features, max_tiles = QUERY_BLOCK / QUERY_TILE;
  const size_t n_boxes = set->boxes ? (size_t)(max_tiles + 1) : 0;
  double floors[QUERY_BLOCK / QUERY_TILE + 1];
  unsigned char meets[QUERY_BLOCK / QUERY_TILE];
  query_state *states = malloc(QUERY_BLOCK * sizeof(query_state));
  real *x = malloc(((size_t)(QUERY_BLOCK * d + PANEL * d) + n_boxes * BOX_SIZE(d)) *
                   sizeof(real));
  const int failed = x == NULL || states == NULL;
  if (!failed) {
    real *z = x + QUERY_BLOCK * d;
    pruning p = {(n_queries + QUERY_TILE - 1) / QUERY_TILE, z + PANEL * d, floors, meets};
    for (ptrdiff_t q = 0; q < QUERY_BLOCK; q++) reset_state(states + q);
    pack_queries(set, queries, n_queries, x);
    add_all_panels(set, form, kernel, n_queries, x, z, &p, states);
    for (ptrdiff_t q = 0; q < n_queries; q++)
      finish_query(set, form, kernel, x, q, states + q, result + q, count + q);
  }
  free(x);
  free(states);
  return failed;
}

#endif
