/* One query against all points when pair_sums.h cannot vouch for its digits: points a
 * thousand bandwidths from the centre, scaled coordinates that overflow, pairs at the edge
 * of a compact kernel. Differences of the coordinates as given, in float64 whatever the
 * dtype; near the edge in double-double (Dekker 1971), where 1 - distance^2 keeps 1e-28. */
#ifndef CAREFUL_SUMS_H
#define CAREFUL_SUMS_H

#include "double_double.h"
#include "pair_sums.h"

/* Below this gap float64 distances would leave fewer than 13 digits in the kernel. */
#define WIDE_EDGE 1e-3

/* 1 - distance^2 in units of the bandwidth. Distances are brought to the unit of the first
 * feature, exactly so where the bandwidths are equal: a tie with the edge stays a tie. */
static double exact_gap(const point_set *set, int form, const double *bandwidth,
                        const real *query, const real *point) {
  int first_exponent;
  const dd edge = {frexp(bandwidth[0], &first_exponent), 0};
  dd distance = {0, 0};
  for (ptrdiff_t k = 0; k < set->n_features; k++) {
    int exponent;
    const dd unit = {frexp(bandwidth[k], &exponent), 0};
    dd t = dd_sum(query[k], -(double)point[k * PANEL]);
    t = (dd){ldexp(t.high, -exponent), ldexp(t.low, -exponent)};
    if (unit.high != edge.high) t = dd_product(dd_quotient(t, unit), edge);
    if (t.high < 0) t = dd_negative(t);
    if (form == EUCLIDEAN) distance = dd_add(distance, dd_product(t, t));
    if (form == MANHATTAN) distance = dd_add(distance, t);
    if (form == CHEBYSHEV && dd_add(t, dd_negative(distance)).high > 0) distance = t;
  }
  if (form != EUCLIDEAN) distance = dd_product(distance, distance);
  const dd edge_squared = dd_product(edge, edge);
  return dd_quotient(dd_add(edge_squared, dd_negative(distance)), edge_squared).high;
}

/* Squared scaled distances of the query to a panel, from the uncentred differences. */
static void panel_distances(const point_set *set, int form, const double *inverse,
                            const real *query, const real *panel, double u[PANEL]) {
  for (int l = 0; l < PANEL; l++) u[l] = 0;
  for (ptrdiff_t k = 0; k < set->n_features; k++)
    for (int l = 0; l < PANEL; l++) {
      const double t = fabs(((double)query[k] - (double)panel[k * PANEL + l]) * inverse[k]);
      if (form == EUCLIDEAN) u[l] += t * t;
      else if (form == MANHATTAN) u[l] += t;
      else u[l] = t > u[l] ? t : u[l];
    }
  if (form != EUCLIDEAN)
    for (int l = 0; l < PANEL; l++) u[l] *= u[l];
}

/* The logarithm of a kernel at u = distance^2. */
static double log_kernel(const point_set *set, int form, int kernel,
                         const double *bandwidth, const real *query, const real *point,
                         double u) {
  double gap = 1 - u;
  if (kernel == GAUSSIAN) return -u / 2;
  if (kernel == EXPONENTIAL) return -sqrt(u);
  if (fabs(gap) < WIDE_EDGE) gap = exact_gap(set, form, bandwidth, query, point);
  if (!(gap > 0)) return -INFINITY;
  if (kernel == TOPHAT) return 0;
  if (kernel == EPANECHNIKOV) return log(gap);
  gap /= 1 + sqrt(1 - gap); /* now 1 - distance */
  return log(kernel == LINEAR ? gap : sin(1.5707963267948966 * gap));
}

/* A compact kernel ends before this panel (see prune.h); NaN counts as no. */
static int out_of_reach(const point_set *set, int form, int kernel, const real *query_box,
                        ptrdiff_t panel) {
  const real *boxes = set->boxes;
  if (boxes == NULL || kernel == GAUSSIAN || kernel == EXPONENTIAL) return 0;
  return nearest(set, form, kernel, query_box, boxes + panel * BOX_SIZE(set->n_features)) <
         -(1 + set->edge);
}

/* log sum w K, with `set->terms` the log-weights for every kernel. */
static int careful_sums(const point_set *set, int form, int kernel, const double *bandwidth,
                        const void *query_row, double *log_sum) {
  const ptrdiff_t d = set->n_features;
  const real *query = query_row;
  double *inverse = malloc((size_t)d * sizeof(double));
  real *query_box = malloc((size_t)BOX_SIZE(d) * sizeof(real));
  double highest = -INFINITY, sum = 0;
  const int failed = inverse == NULL || query_box == NULL;
  for (ptrdiff_t k = 0; k < d && !failed; k++) {
    inverse[k] = 1 / bandwidth[k];
    query_box[k] = query_box[d + k] = scale(set, k, query[k]);
  }
  for (ptrdiff_t p = 0; p < set->n_panels && !failed; p++) {
    const real *panel = (const real *)set->points + p * d * PANEL;
    const real *log_weight = (const real *)set->terms + p * PANEL;
    double u[PANEL];
    if (out_of_reach(set, form, kernel, query_box, p)) continue;
    panel_distances(set, form, inverse, query, panel, u);
    for (int l = 0; l < PANEL; l++) {
      if (!(log_weight[l] > -INFINITY)) continue;
      const double e = log_weight[l] + log_kernel(set, form, kernel, bandwidth, query,
                                                  panel + l, u[l]);
      if (e > highest) {
        sum *= exp(highest - e);
        highest = e;
      }
      if (e > -INFINITY) sum += exp(e - highest);
    }
  }
  free(inverse);
  free(query_box);
  *log_sum = highest + log(sum);
  return failed;
}

#endif
