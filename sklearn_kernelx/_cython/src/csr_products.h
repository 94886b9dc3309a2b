/* One sparse row times a dense matrix, and its transpose: the innermost loops run over
 * contiguous columns and keep up to 32 sums in registers. All arithmetic is float64,
 * whatever the dtype of the row; multiplications and additions stay unfused, so that every
 * instruction set gives the same bits. Widths are multiples of CSR_COLUMNS. */
#ifndef CSR_PRODUCTS_H
#define CSR_PRODUCTS_H

#include "loops.h"
#include "simd.h"

INLINE ptrdiff_t csr_column(const void *indices, int is_int64, ptrdiff_t i) {
  return is_int64 ? (ptrdiff_t)((const int64_t *)indices)[i]
                  : (ptrdiff_t)((const int32_t *)indices)[i];
}

/* The next columns lie anywhere: ask for them early. A column spans `width` numbers. */
enum { CSR_AHEAD = 16, CSR_LINE = 64 / sizeof(double) };
INLINE void csr_prefetch(csr_row row, int is_int64, ptrdiff_t i, const double *dense,
                         ptrdiff_t stride, int width) {
  if (i + CSR_AHEAD >= row.n_values) return;
  const double *column = dense + csr_column(row.indices, is_int64, i + CSR_AHEAD) * stride;
  for (int j = 0; j < width; j += CSR_LINE) PREFETCH(column + j);
}

INLINE void csr_times_tile(csr_row row, int is_int64, const double *dense,
                           ptrdiff_t stride, int width, double *out) {
  double sums[4 * CSR_COLUMNS] = {0};
  for (ptrdiff_t i = 0; i < row.n_values; i++) {
    const double value = ((const real *)row.values)[i];
    const double *column = dense + csr_column(row.indices, is_int64, i) * stride;
    csr_prefetch(row, is_int64, i, dense, stride, width);
    for (int j = 0; j < width; j++) sums[j] += value * column[j];
  }
  for (int j = 0; j < width; j++) out[j] = sums[j];
}

INLINE void csr_outer_tile(csr_row row, int is_int64, const double *factors,
                           ptrdiff_t stride, int width, double *sums) {
  double factor[4 * CSR_COLUMNS];
  for (int j = 0; j < width; j++) factor[j] = factors[j];
  for (ptrdiff_t i = 0; i < row.n_values; i++) {
    const double value = ((const real *)row.values)[i];
    double *column = sums + csr_column(row.indices, is_int64, i) * stride;
    csr_prefetch(row, is_int64, i, sums, stride, width);
    for (int j = 0; j < width; j++) column[j] += value * factor[j];
  }
}

/* Widths known when compiling are what lets the sums stay in registers. */
#define CSR_TILES(tile, dense, out)                                                     \
  ptrdiff_t j = 0;                                                                      \
  for (; j + 4 * CSR_COLUMNS <= width; j += 4 * CSR_COLUMNS)                            \
    tile(row, is_int64, dense, stride, 4 * CSR_COLUMNS, out);                           \
  if (j + 2 * CSR_COLUMNS <= width) {                                                   \
    tile(row, is_int64, dense, stride, 2 * CSR_COLUMNS, out);                           \
    j += 2 * CSR_COLUMNS;                                                               \
  }                                                                                     \
  if (j < width) tile(row, is_int64, dense, stride, CSR_COLUMNS, out)

INLINE void csr_times_typed(csr_row row, int is_int64, const double *dense,
                            ptrdiff_t stride, ptrdiff_t width, double *out) {
  CSR_TILES(csr_times_tile, dense + j, out + j);
}

INLINE void csr_outer_typed(csr_row row, int is_int64, const double *factors,
                            ptrdiff_t stride, ptrdiff_t width, double *sums) {
  CSR_TILES(csr_outer_tile, factors + j, sums + j);
}

static void csr_times(csr_row row, const double *dense, ptrdiff_t stride,
                      ptrdiff_t width, double *out) {
  if (row.is_int64)
    csr_times_typed(row, 1, dense, stride, width, out);
  else
    csr_times_typed(row, 0, dense, stride, width, out);
}

static void csr_outer(csr_row row, const double *factors, ptrdiff_t stride,
                      ptrdiff_t width, double *sums) {
  if (row.is_int64)
    csr_outer_typed(row, 1, factors, stride, width, sums);
  else
    csr_outer_typed(row, 0, factors, stride, width, sums);
}

#endif
