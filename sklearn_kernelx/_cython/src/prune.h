/* Which panels matter to a tile of queries. Points and queries come in an order that keeps
 * neighbours together, so that a panel or a tile fills a small box; the distance between
 * two boxes bounds that of any pair in them.
 *
 * closeness(u) of a squared scaled distance u: the log-kernel (GAUSSIAN, EXPONENTIAL), or
 * -u for compact kernels. A panel is left out where its closeness stays below a floor:
 *   compact kernels: where all pairs are outside the support, by the margin `edge`;
 *   others: `slack` below what one panel is sure to hold, or below `absolute_floor`. */
#ifndef PRUNE_H
#define PRUNE_H

#include "loops.h"
#include "simd.h"

/* A box: lowest coordinates, highest coordinates, then the largest log-weight. */
#define BOX_SIZE(n_features) (2 * (n_features) + 1)

INLINE double combine(int form, double sum, double t) {
  if (form == MANHATTAN) return sum + t;
  if (form == CHEBYSHEV) return t > sum ? t : sum;
  return sum + t * t;
}

static double closeness(int form, int kernel, double distance, double log_weight) {
  const double u =
      form == MANHATTAN || form == CHEBYSHEV ? distance * distance : distance;
  if (kernel == GAUSSIAN) return log_weight - u / 2;
  if (kernel == EXPONENTIAL) return log_weight - sqrt(u);
  return -u;
}

/* Bounds of the closeness over all pairs of two boxes. Rounding is far below the slack of
 * log-kernels, and within `edge` for compact ones. */
static double nearest(const point_set *set, int form, int kernel, const real *a,
                      const real *b) {
  const ptrdiff_t d = set->n_features;
  double distance = 0;
  for (ptrdiff_t k = 0; k < d; k++) {
    const double above = (double)b[k] - (double)a[d + k];
    const double below = (double)a[k] - (double)b[d + k];
    const double t = above > below ? above : below;
    distance = combine(form, distance, t > 0 ? t : 0);
  }
  return closeness(form, kernel, distance, b[2 * d]);
}
static double farthest(const point_set *set, int form, int kernel, const real *a,
                       const real *b) {
  const ptrdiff_t d = set->n_features;
  double distance = 0;
  for (ptrdiff_t k = 0; k < d; k++) {
    const double above = (double)b[d + k] - (double)a[k];
    const double below = (double)a[d + k] - (double)b[k];
    distance = combine(form, distance, above > below ? above : below);
  }
  return closeness(form, kernel, distance, b[2 * d]);
}

/* Below it a panel does not matter, given the closeness of the farthest pair of some panel;
 * that panel itself always stays. */
static double floor_of(const point_set *set, int kernel, double sure) {
  if (kernel != GAUSSIAN && kernel != EXPONENTIAL) return -(1 + set->edge);
  const double low = sure - set->slack;
  const double floor = low > set->absolute_floor ? low : set->absolute_floor;
  return floor < sure ? floor : sure;
}

/* Box around one tile of packed queries. */
static void box_of_tile(ptrdiff_t n_features, const real *x, real *box) {
  for (ptrdiff_t k = 0; k < n_features; k++, x += QUERY_TILE) {
    real low = x[0], high = x[0];
    for (int i = 1; i < QUERY_TILE; i++) {
      low = x[i] < low ? x[i] : low;
      high = x[i] > high ? x[i] : high;
    }
    box[k] = low;
    box[n_features + k] = high;
  }
}

/* What a block of queries needs to decide, tile by tile. */
typedef struct {
  ptrdiff_t n_tiles;
  real *boxes;            /* of the tiles, then of the block */
  double *floors;         /* of the tiles, then of the block */
  unsigned char *meets;   /* of the tiles, for the panel in hand */
} pruning;

static void start_pruning(const point_set *set, int form, int kernel, const real *x,
                          pruning *p) {
  const ptrdiff_t d = set->n_features, size = BOX_SIZE(d);
  const real *panels = set->boxes;
  real *block = p->boxes + p->n_tiles * size;
  for (ptrdiff_t t = 0; t < p->n_tiles; t++) {
    real *box = p->boxes + t * size;
    box_of_tile(d, x + t * QUERY_TILE * d, box);
    for (ptrdiff_t k = 0; k < d; k++) {
      if (t == 0 || box[k] < block[k]) block[k] = box[k];
      if (t == 0 || box[d + k] > block[d + k]) block[d + k] = box[d + k];
    }
  }
  for (ptrdiff_t t = 0; t <= p->n_tiles; t++) p->floors[t] = -INFINITY;
  if (kernel == GAUSSIAN || kernel == EXPONENTIAL)
    for (ptrdiff_t panel = 0; panel < set->n_panels; panel++) {
      const double sure = farthest(set, form, kernel, block, panels + panel * size);
      if (sure > p->floors[p->n_tiles]) p->floors[p->n_tiles] = sure;
    }
  p->floors[p->n_tiles] = floor_of(set, kernel, p->floors[p->n_tiles]);
  for (ptrdiff_t panel = 0; panel < set->n_panels; panel++) {
    const real *box = panels + panel * size;
    if (nearest(set, form, kernel, block, box) < p->floors[p->n_tiles]) continue;
    for (ptrdiff_t t = 0; t < p->n_tiles; t++) {
      const double sure = farthest(set, form, kernel, p->boxes + t * size, box);
      if (sure > p->floors[t]) p->floors[t] = sure;
    }
  }
  for (ptrdiff_t t = 0; t < p->n_tiles; t++)
    p->floors[t] = floor_of(set, kernel, p->floors[t]);
}

/* Whether the panel matters to any tile, and to which. NaN counts as yes. */
static int panel_meets(const point_set *set, int form, int kernel, ptrdiff_t panel,
                       pruning *p) {
  const ptrdiff_t size = BOX_SIZE(set->n_features);
  const real *box = (const real *)set->boxes + panel * size;
  int any = 0;
  if (nearest(set, form, kernel, p->boxes + p->n_tiles * size, box) < p->floors[p->n_tiles])
    return 0;
  for (ptrdiff_t t = 0; t < p->n_tiles; t++) {
    const double value = nearest(set, form, kernel, p->boxes + t * size, box);
    p->meets[t] = !(value < p->floors[t]);
    any |= p->meets[t];
  }
  return any;
}

#endif
