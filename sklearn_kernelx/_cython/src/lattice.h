/* Sums of vectors rounded to integers, each within a ball of integers.
 *
 * Integers are doubles here, which hold sums of 2^21 of them exactly: they are below 2^32 in
 * size. So sums do not depend on the order of vectors. */
#ifndef LATTICE_H
#define LATTICE_H

#include "simd.h"

#ifdef VARIANT_F64

INLINE double lattice_point(double x, double cap) {
  const double above = x > -cap ? x : -cap;
  const double within = above < cap ? above : cap;
  return within + ROUNDING_MAGIC - ROUNDING_MAGIC;
}

/* Exact: squares are below 2^64 and their halves are added up on their own. */
static int is_in_ball(ptrdiff_t n, const double *features, double scale, double cap,
                      double shrink, uint64_t l2_squared) {
  uint64_t low = 0, high = 0;
  for (ptrdiff_t j = 0; j < n; j++) {
    const double q = trunc(shrink * lattice_point(scale * features[j], cap));
    const uint64_t size = (uint64_t)fabs(q), square = size * size;
    low += square & 0xffffffff;
    high += square >> 32;
  }
  high += low >> 32;
  return high < l2_squared >> 32 ||
         (high == l2_squared >> 32 && (low & 0xffffffff) <= (l2_squared & 0xffffffff));
}

/* Add the nearest integers of scale * features; those of a vector outside of the ball are
 * shrunk, and rounded towards 0, until it is within. No number counts as -infinity. */
static void add_clipped(ptrdiff_t n, const double *features, double scale,
                        uint64_t l2_squared, double *sums) {
  const double cap = floor(sqrt((double)l2_squared));
  const vec factor = v_set1(scale), low = v_set1(-cap), high = v_set1(cap);
  const vec magic = v_set1(ROUNDING_MAGIC);
  vec squares = v_set1(0);
  ptrdiff_t j = 0;
  for (; j + LANES <= n; j += LANES) {
    const vec x = v_min(v_max(v_mul(factor, v_load(features + j)), low), high);
    const vec q = v_sub(v_add(x, magic), magic);
    squares = v_fma(q, q, squares);
    v_store(sums + j, v_add(v_load(sums + j), q));
  }
  double norm = v_sum(squares);
  for (; j < n; j++) {
    const double q = lattice_point(scale * features[j], cap);
    norm += q * q;
    sums[j] += q;
  }
  /* The norm is right to its n roundings, the converted limit to one. */
  if (LIKELY(norm * (1 + ((double)n + 4) * 0x1p-52) <= (double)l2_squared)) return;
  double shrink = 1;
  if (is_in_ball(n, features, scale, cap, shrink, l2_squared)) return;
  for (shrink = sqrt((double)l2_squared / norm);
       !is_in_ball(n, features, scale, cap, shrink, l2_squared);)
    shrink *= 1 - 0x1p-40;
  for (j = 0; j < n; j++) {
    const double q = lattice_point(scale * features[j], cap);
    sums[j] += trunc(shrink * q) - q;
  }
}

#else
#define add_clipped NULL
#endif

#endif
