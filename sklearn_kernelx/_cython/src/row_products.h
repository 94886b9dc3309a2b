/* Rows times a matrix, where the bits for a row depend on that row alone.
 *
 * Terms are added in the order of the features, whatever tile an entry is in: those of a
 * BLAS product depend on where a row stands among others. */
#ifndef ROW_PRODUCTS_H
#define ROW_PRODUCTS_H

#include "simd.h"

#ifdef VARIANT_F64

enum { PRODUCT_ROWS = 4, PRODUCT_VECS = 3 };

/* What is known when this is inlined: numbers of rows and of vectors, and whether the last
 * vector is cut to `width` entries. */
INLINE void product_tile(const int n_rows, const int n_vecs, ptrdiff_t width,
                         ptrdiff_t n_features, const real *rows, ptrdiff_t n_columns,
                         const real *matrix, real *out) {
  vec sums[PRODUCT_ROWS][PRODUCT_VECS], entries[PRODUCT_VECS];
  real cut[LANES] = {0};
  for (int i = 0; i < n_rows; i++)
    for (int j = 0; j < n_vecs; j++) sums[i][j] = v_set1(0);
  for (ptrdiff_t k = 0; k < n_features; k++, matrix += n_columns) {
    if (width < LANES) {
      memcpy(cut, matrix, (size_t)width * sizeof(real));
      entries[0] = v_load(cut);
    } else {
      for (int j = 0; j < n_vecs; j++) entries[j] = v_load(matrix + j * LANES);
    }
    for (int i = 0; i < n_rows; i++) {
      const vec feature = v_set1(rows[i * n_features + k]);
      for (int j = 0; j < n_vecs; j++)
        sums[i][j] = v_fma(feature, entries[j], sums[i][j]);
    }
  }
  for (int i = 0; i < n_rows; i++, out += n_columns) {
    if (width < LANES) {
      v_store(cut, sums[i][0]);
      memcpy(out, cut, (size_t)width * sizeof(real));
    } else {
      for (int j = 0; j < n_vecs; j++) v_store(out + j * LANES, sums[i][j]);
    }
  }
}

INLINE void product_columns(const int n_vecs, ptrdiff_t width, ptrdiff_t n_rows,
                            ptrdiff_t n_features, const real *rows, ptrdiff_t n_columns,
                            const real *matrix, real *out) {
  ptrdiff_t i = 0;
  for (; i + PRODUCT_ROWS <= n_rows; i += PRODUCT_ROWS)
    product_tile(PRODUCT_ROWS, n_vecs, width, n_features, rows + i * n_features, n_columns,
                 matrix, out + i * n_columns);
  for (; i < n_rows; i++)
    product_tile(1, n_vecs, width, n_features, rows + i * n_features, n_columns, matrix,
                 out + i * n_columns);
}

/* out = rows @ matrix, all contiguous */
static void row_products(ptrdiff_t n_rows, ptrdiff_t n_features, const double *rows,
                         ptrdiff_t n_columns, const double *matrix, double *out) {
  ptrdiff_t j = 0;
  for (; j + PRODUCT_VECS * LANES <= n_columns; j += PRODUCT_VECS * LANES)
    product_columns(PRODUCT_VECS, LANES, n_rows, n_features, rows, n_columns, matrix + j,
                    out + j);
  for (; j + LANES <= n_columns; j += LANES)
    product_columns(1, LANES, n_rows, n_features, rows, n_columns, matrix + j, out + j);
  if (j < n_columns)
    product_columns(1, n_columns - j, n_rows, n_features, rows, n_columns, matrix + j,
                    out + j);
}

#else
#define row_products NULL
#endif

#endif
