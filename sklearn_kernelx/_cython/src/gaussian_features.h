/* exp(-gamma |x - c|^2) of rows x and centers c, which stand in columns. Distances come from
 * differences, which lose no digits far from the origin: |x|^2 + |c|^2 - 2 x.c would. */
#ifndef GAUSSIAN_FEATURES_H
#define GAUSSIAN_FEATURES_H

#include "pair_sums.h"

/* Rows as x[tile][feature][QUERY_TILE]; the last one fills the last tile. */
static void pack_rows(ptrdiff_t n_features, ptrdiff_t n_rows, const real *rows, real *x) {
  for (ptrdiff_t first = 0; first < n_rows; first += QUERY_TILE)
    for (int i = 0; i < QUERY_TILE; i++) {
      const ptrdiff_t row = first + i < n_rows ? first + i : n_rows - 1;
      for (ptrdiff_t k = 0; k < n_features; k++)
        x[first * n_features + k * QUERY_TILE + i] = rows[row * n_features + k];
    }
}

/* `width` of the centers as panel[feature][PANEL], zeros behind them. */
static void pack_centers(ptrdiff_t n_features, ptrdiff_t width, const real *centers,
                         ptrdiff_t stride, real *panel) {
  memset(panel, 0, (size_t)(n_features * PANEL) * sizeof(real));
  for (ptrdiff_t k = 0; k < n_features; k++)
    memcpy(panel + k * PANEL, centers + k * stride, (size_t)width * sizeof(real));
}

/* The features of a tile of rows for one panel, as out[QUERY_TILE][PANEL]. */
INLINE void gaussian_tile(vec minus_gamma, ptrdiff_t n_features, const real *x,
                          const real *panel, real *out) {
  for (int strip = 0; strip < PANEL; strip += STRIP) {
    vec acc[QUERY_TILE][VECTORS];
    accumulate_tile(EUCLIDEAN, n_features, x, panel + strip, NULL, acc);
#pragma GCC unroll 8
    for (int i = 0; i < QUERY_TILE; i++)
#pragma GCC unroll 3
      for (int j = 0; j < VECTORS; j++)
        v_store(out + i * PANEL + strip + j * LANES, v_exp(v_mul(minus_gamma, acc[i][j])));
  }
}

static int gaussian_features(double gamma, ptrdiff_t n_features, ptrdiff_t n_rows,
                             const void *rows, ptrdiff_t n_centers, const void *centers,
                             ptrdiff_t centers_stride, void *out_array, ptrdiff_t stride) {
  const vec minus_gamma = v_set1((real)-gamma);
  real tile[QUERY_TILE * PANEL], *out = out_array;
  real *x = malloc((size_t)((QUERY_BLOCK + PANEL) * n_features) * sizeof(real));
  if (x == NULL) return 1;
  real *panel = x + QUERY_BLOCK * n_features;
  pack_rows(n_features, n_rows, rows, x);
  for (ptrdiff_t j = 0; j < n_centers; j += PANEL) {
    const ptrdiff_t width = n_centers - j < PANEL ? n_centers - j : PANEL;
    pack_centers(n_features, width, (const real *)centers + j, centers_stride, panel);
    for (ptrdiff_t i = 0; i < n_rows; i += QUERY_TILE) {
      gaussian_tile(minus_gamma, n_features, x + i * n_features, panel, tile);
      for (ptrdiff_t row = i; row < n_rows && row < i + QUERY_TILE; row++)
        memcpy(out + row * stride + j, tile + (row - i) * PANEL,
               (size_t)width * sizeof(real));
    }
  }
  free(x);
  return 0;
}

#endif
