/* The cardinal B-spline of order 6 (degree 5), centred, for a block of coordinates: with
 * x = node + t, 0 <= t < 1, node - 2 + j gets weight w[j], j = 0..5. The weights are not
 * negative and add up to one. By de Boor's recurrence (1978, ch. IX) over orders 2 to 6,
 * each step a loop over the block. */
#ifndef BSPLINE_H
#define BSPLINE_H

#include "loops.h"

/* Coordinates are x[0], x[stride], ...; (x - origin) * per_unit + margin must be at least 2. */
static void spline_block(ptrdiff_t n, const double *x, ptrdiff_t stride, double origin,
                         double per_unit, double margin, int *first,
                         double weight[SPLINE_ORDER][SPLINE_BLOCK]) {
  double t[SPLINE_BLOCK];
  for (ptrdiff_t i = 0; i < n; i++) {
    const double position = (x[i * stride] - origin) * per_unit + margin;
    const int node = (int)position;
    first[i] = node - 2;
    t[i] = position - node;
  }
  for (ptrdiff_t i = 0; i < n; i++) {
    weight[0][i] = 1 - t[i];
    weight[1][i] = t[i];
  }
  for (int k = 2; k < SPLINE_ORDER; k++) {
    const double share = 1.0 / k;
    for (ptrdiff_t i = 0; i < n; i++) weight[k][i] = share * t[i] * weight[k - 1][i];
    for (int j = k - 1; j > 0; j--)
      for (ptrdiff_t i = 0; i < n; i++)
        weight[j][i] = share * ((t[i] + (k - j)) * weight[j - 1][i] +
                                ((1 + j) - t[i]) * weight[j][i]);
    for (ptrdiff_t i = 0; i < n; i++) weight[0][i] *= share * (1 - t[i]);
  }
}

#endif
