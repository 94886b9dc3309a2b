/* Moments of a kernel sum over all points but those equal to the query (leave-one-out):
 * with E = -log K and the shares p = w K / sum w K of the points,
 *   log sum w K,   the mean energy sum p E,   the participation ratio sum p^2.
 * From differences of coordinates: uncentred, and in a unit that is a power of two, a point
 * is at distance zero if and only if it equals the query. The bandwidth comes afterwards, as
 * the factor `sharpness` = 1 / h^2 of squared distances. For compact kernels, with weights instead of their logarithms as terms, no mean energy. */
#ifndef TILTED_SUMS_H
#define TILTED_SUMS_H

#include "pair_sums.h"

typedef struct {
  real sum[LANES], energy[LANES], square[LANES];
  real shift;
  double total, total_energy, total_square;
} tilted_state;

INLINE void reset_tilted(tilted_state *s) {
  v_store(s->sum, v_set1(0));
  v_store(s->energy, v_set1(0));
  v_store(s->square, v_set1(0));
}

static void flush_tilted(tilted_state *s) {
  s->total += v_sum(v_load(s->sum));
  s->total_energy += v_sum(v_load(s->energy));
  s->total_square += v_sum(v_load(s->square));
  reset_tilted(s);
}

/* Rare, as in pair_sums.h. */
static void raise_tilted_shift(tilted_state *s, real highest) {
  const double factor = exp((double)s->shift - (double)highest);
  flush_tilted(s);
  s->total *= factor;
  s->total_energy *= factor;
  s->total_square *= factor * factor;
  s->shift = highest;
}

INLINE void add_tilted_exponentials(const int kernel, const vec squared[VECTORS],
                                    real sharpness, const vec start[VECTORS],
                                    tilted_state *s) {
  const vec zero = v_set1(0), never = v_set1((real)-INFINITY);
  vec energy[VECTORS], exponent[VECTORS], highest = never;
#pragma GCC unroll 3
  for (int j = 0; j < VECTORS; j++) {
    const vec u = v_mul(squared[j], v_set1(sharpness));
    energy[j] = kernel == GAUSSIAN ? v_mul(u, v_set1((real)0.5)) : v_sqrt(u);
    exponent[j] = v_if_less(zero, squared[j], v_sub(start[j], energy[j]), never);
    highest = v_max(exponent[j], highest);
  }
  if (UNLIKELY(!v_all_less(highest, v_set1(s->shift + HEADROOM))))
    raise_tilted_shift(s, v_highest(highest));
  const vec shift = v_set1(s->shift);
  vec sum = v_load(s->sum), mean = v_load(s->energy), square = v_load(s->square);
#pragma GCC unroll 3
  for (int j = 0; j < VECTORS; j++) {
    const vec term = v_exp_clamped(v_sub(exponent[j], shift));
    sum = v_add(sum, term);
    mean = v_fma(term, energy[j], mean);
    square = v_fma(term, term, square);
  }
  v_store(s->sum, sum);
  v_store(s->energy, mean);
  v_store(s->square, square);
}

INLINE void add_tilted_compact(const int kernel, vec squared, real sharpness, vec weight,
                               tilted_state *s) {
  const vec u = v_mul(squared, v_set1(sharpness));
  const vec zero = v_set1(0), gap = v_sub(v_set1(1), u);
  if (v_all_less(gap, zero)) return;
  vec term = v_mul(weight, compact_kernel(kernel, u, gap));
  term = v_if_less(zero, gap, v_if_less(zero, squared, term, zero), zero);
  v_store(s->sum, v_add(v_load(s->sum), term));
  v_store(s->square, v_fma(term, term, v_load(s->square)));
}

INLINE void add_tilted_panel(const int kernel, real sharpness, ptrdiff_t n_features,
                             ptrdiff_t n_queries, const real *x, const real *z,
                             const real *terms, tilted_state *states) {
  for (ptrdiff_t q = 0; q < n_queries; q += QUERY_TILE)
    for (int strip = 0; strip < PANEL; strip += STRIP) {
      vec start[VECTORS], acc[QUERY_TILE][VECTORS];
#pragma GCC unroll 3
      for (int j = 0; j < VECTORS; j++) start[j] = v_load(terms + strip + j * LANES);
      accumulate_tile(EUCLIDEAN, n_features, x + q * n_features, z + strip, start, acc);
#pragma GCC unroll 8
      for (int i = 0; i < QUERY_TILE; i++) {
        if (kernel == GAUSSIAN || kernel == EXPONENTIAL) {
          add_tilted_exponentials(kernel, acc[i], sharpness, start, states + q + i);
          continue;
        }
#pragma GCC unroll 3
        for (int j = 0; j < VECTORS; j++)
          add_tilted_compact(kernel, acc[i][j], sharpness, start[j], states + q + i);
      }
    }
}

static void add_tilted_panel_of(int kernel, real sharpness, ptrdiff_t n_features,
                                ptrdiff_t n_queries, const real *x, const real *z,
                                const real *terms, tilted_state *states) {
#define TILTED_CASE(KERNEL)                                                             \
  case KERNEL:                                                                          \
    add_tilted_panel(KERNEL, sharpness, n_features, n_queries, x, z, terms, states);     \
    break;
  switch (kernel) {
    TILTED_CASE(GAUSSIAN)
    TILTED_CASE(EXPONENTIAL)
    TILTED_CASE(TOPHAT)
    TILTED_CASE(EPANECHNIKOV)
    TILTED_CASE(LINEAR)
    TILTED_CASE(COSINE)
  }
}

/* Of up to 128 queries: three numbers each, as above; -inf and two NaN where no point but
 * the query's equals is in reach. */
static int tilted_sums(const point_set *set, int kernel, double sharpness,
                       const void *queries, ptrdiff_t n_queries, double *moments) {
  const ptrdiff_t d = set->n_features;
  const real *terms = set->terms;
  tilted_state *states = calloc(QUERY_BLOCK, sizeof(tilted_state));
  real *x = malloc((size_t)(QUERY_BLOCK * d + PANEL * d) * sizeof(real));
  const int failed = x == NULL || states == NULL;
  if (!failed) {
    real *z = x + QUERY_BLOCK * d;
    for (ptrdiff_t q = 0; q < QUERY_BLOCK; q++) {
      reset_tilted(states + q);
      states[q].shift = kernel == GAUSSIAN || kernel == EXPONENTIAL ? LOWEST : 0;
    }
    pack_queries(set, queries, n_queries, x);
    for (ptrdiff_t panel = 0; panel < set->n_panels; panel++) {
      scale_panel(set, panel, z);
      add_tilted_panel_of(kernel, (real)sharpness, d, n_queries, x, z, terms + panel * PANEL,
                          states);
      if (panel % FLUSH_INTERVAL == FLUSH_INTERVAL - 1)
        for (ptrdiff_t q = 0; q < n_queries; q++) flush_tilted(states + q);
    }
    for (ptrdiff_t q = 0; q < n_queries; q++, moments += 3) {
      tilted_state *s = states + q;
      flush_tilted(s);
      if (s->shift == LOWEST) s->total = 0;
      moments[0] = s->shift + log(s->total);
      moments[1] = s->total_energy / s->total;
      moments[2] = s->total_square / (s->total * s->total);
    }
  }
  free(x);
  free(states);
  return failed;
}

#endif
