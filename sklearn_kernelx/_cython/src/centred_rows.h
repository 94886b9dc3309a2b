/* Rows about their mean, in float64 whatever the dtype of the rows. */
#ifndef CENTRED_ROWS_H
#define CENTRED_ROWS_H

#include "simd.h"

/* sums += weight * row */
static void add_weighted(ptrdiff_t n, const void *row, double weight, double *sums) {
  const real *entries = row;
  for (ptrdiff_t j = 0; j < n; j++) sums[j] += weight * (double)entries[j];
}

/* out = factor * (row - centre). Returns the largest size of an entry, NaN if there is
 * one: sizes are compared as integers, which puts NaN last and leaves the loop to SIMD. */
static double centre(ptrdiff_t n, const void *row, const double *centre, double factor,
                     double *out) {
  const real *entries = row;
  int64_t largest = 0;
  double size;
  for (ptrdiff_t j = 0; j < n; j++) {
    const double entry = factor * ((double)entries[j] - centre[j]);
    int64_t bits;
    memcpy(&bits, &entry, sizeof bits);
    bits &= INT64_MAX;
    largest = bits > largest ? bits : largest;
    out[j] = entry;
  }
  memcpy(&size, &largest, sizeof size);
  return size;
}

#endif
