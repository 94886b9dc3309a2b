/* The nearest points of each query, by the tiles of pair_sums.h. A query keeps the best
 * candidates seen so far in a buffer of twice as many as asked for; when it is full, the
 * better half stays and the worst of it becomes the bar that newcomers must clear.
 *
 * Closeness of the scaled query x to a point z; `terms` are 0, or -inf on the padding:
 *   EXPANDED   x.z - |z|^2/2;
 *   EUCLIDEAN  -|x - z|^2/2, and points at distance zero are left out. */
#ifndef NEAREST_H
#define NEAREST_H

#include "pair_sums.h"

typedef struct {
  ptrdiff_t n_wanted, n;
  real *closeness;
  int32_t *index;
  real bar;
} candidates;

/* Bring what is above the pivot (at least it, when `inclusive`) to the front; return how
 * much that is. No branch depends on a value. */
INLINE ptrdiff_t partition(real *value, int32_t *index, ptrdiff_t n, real pivot,
                           int inclusive) {
  ptrdiff_t front = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const real v = value[i];
    const int32_t place = index[i];
    value[i] = value[front];
    index[i] = index[front];
    value[front] = v;
    index[front] = place;
    front += inclusive ? v >= pivot : v > pivot;
  }
  return front;
}

static real median_of_three(real a, real b, real c) {
  const real low = a < b ? a : b, high = a < b ? b : a;
  return c < low ? low : (c > high ? high : c);
}

/* Bring the k largest to the front (Hoare 1961). */
static void select_largest(real *value, int32_t *index, ptrdiff_t n, ptrdiff_t k) {
  while (n > 1) {
    const real pivot = median_of_three(value[0], value[n / 2], value[n - 1]);
    const ptrdiff_t above = partition(value, index, n, pivot, 0);
    if (k <= above) {
      n = above;
      continue;
    }
    const ptrdiff_t skipped = above + partition(value + above, index + above, n - above,
                                                pivot, 1);
    if (k <= skipped) return;
    value += skipped;
    index += skipped;
    n -= skipped;
    k -= skipped;
  }
}

static void keep_best(candidates *c) {
  if (c->n <= c->n_wanted) return;
  select_largest(c->closeness, c->index, c->n, c->n_wanted);
  c->n = c->n_wanted;
  c->bar = c->closeness[0];
  for (ptrdiff_t i = 1; i < c->n; i++)
    if (c->closeness[i] < c->bar) c->bar = c->closeness[i];
}

INLINE void offer_strip(const vec closeness[VECTORS], ptrdiff_t first, candidates *c) {
  real lane[LANES];
#pragma GCC unroll 3
  for (int j = 0; j < VECTORS; j++) {
    unsigned better = v_less_bits(v_set1(c->bar), closeness[j]);
    if (!better) continue;
    v_store(lane, closeness[j]);
    for (; better; better &= better - 1) {
      const int l = LOWEST_BIT(better);
      c->closeness[c->n] = lane[l];
      c->index[c->n++] = (int32_t)(first + j * LANES + l);
    }
  }
  if (UNLIKELY(c->n >= 2 * c->n_wanted)) keep_best(c);
}

INLINE void offer_panel(const int form, ptrdiff_t n_features, ptrdiff_t n_queries,
                        const real *x, const real *z, const real *terms, ptrdiff_t first,
                        candidates *found) {
  const vec zero = v_set1(0), never = v_set1((real)-INFINITY), half = v_set1((real)-0.5);
  for (ptrdiff_t q = 0; q < n_queries; q += QUERY_TILE)
    for (int strip = 0; strip < PANEL; strip += STRIP) {
      vec start[VECTORS], acc[QUERY_TILE][VECTORS];
#pragma GCC unroll 3
      for (int j = 0; j < VECTORS; j++) start[j] = v_load(terms + strip + j * LANES);
      accumulate_tile(form, n_features, x + q * n_features, z + strip, start, acc);
#pragma GCC unroll 8
      for (int i = 0; i < QUERY_TILE; i++) {
#pragma GCC unroll 3
        for (int j = 0; j < VECTORS && form == EUCLIDEAN; j++)
          acc[i][j] = v_if_less(zero, acc[i][j], v_fma(acc[i][j], half, start[j]), never);
        offer_strip(acc[i], first + strip, found + q + i);
      }
    }
}

/* The terms of a scaled panel, less |z|^2/2. */
static void subtract_half_squares(ptrdiff_t n_features, const real *restrict z,
                                  const real *restrict terms, real *restrict start) {
  for (int l = 0; l < PANEL; l++) start[l] = 0;
  for (ptrdiff_t k = 0; k < n_features; k++)
    for (int l = 0; l < PANEL; l++) start[l] += z[k * PANEL + l] * z[k * PANEL + l];
  for (int l = 0; l < PANEL; l++) start[l] = terms[l] - start[l] / 2;
}

/* Of up to 128 queries: squared scaled distances, halved, and places in the panels of the
 * n_wanted nearest points, in no order; infinity and -1 where there are not as many. */
static int nearest_points(const point_set *set, int form, const void *queries,
                          ptrdiff_t n_queries, ptrdiff_t n_wanted, double *half_squares,
                          int32_t *places) {
  const ptrdiff_t d = set->n_features, room = 2 * n_wanted + STRIP;
  const real *terms = set->terms;
  candidates *found = malloc(QUERY_BLOCK * sizeof(candidates));
  real *x = malloc((size_t)(QUERY_BLOCK * (d + room) + PANEL * d) * sizeof(real));
  int32_t *index = malloc((size_t)(QUERY_BLOCK * room) * sizeof(int32_t));
  const int failed = found == NULL || x == NULL || index == NULL;
  if (!failed) {
    real *z = x + QUERY_BLOCK * d, *closeness = z + PANEL * d;
    for (ptrdiff_t q = 0; q < QUERY_BLOCK; q++)
      found[q] = (candidates){n_wanted, 0, closeness + q * room, index + q * room,
                              (real)-INFINITY};
    pack_queries(set, queries, n_queries, x);
    for (ptrdiff_t panel = 0; panel < set->n_panels; panel++) {
      const ptrdiff_t first = panel * PANEL;
      real start[PANEL];
      scale_panel(set, panel, z);
      if (form == EXPANDED) {
        subtract_half_squares(d, z, terms + first, start);
        offer_panel(EXPANDED, d, n_queries, x, z, start, first, found);
      } else {
        offer_panel(EUCLIDEAN, d, n_queries, x, z, terms + first, first, found);
      }
    }
    for (ptrdiff_t q = 0; q < n_queries; q++) {
      const double own = form == EXPANDED ? half_square(x, d, q) : 0;
      keep_best(found + q);
      for (ptrdiff_t i = 0; i < n_wanted; i++) {
        const int known = i < found[q].n;
        half_squares[q * n_wanted + i] = known ? own - found[q].closeness[i] : INFINITY;
        places[q * n_wanted + i] = known ? found[q].index[i] : -1;
      }
    }
  }
  free(index);
  free(x);
  free(found);
  return failed;
}

#endif
