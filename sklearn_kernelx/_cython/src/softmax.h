/* Shares of components in rows, from inner products: float64 in every table. */
#ifndef SOFTMAX_H
#define SOFTMAX_H

#include "loops.h"
#include "vexp.h"

#ifdef VARIANT_F64

/* One row of `n` products (a multiple of SOFTMAX_COLUMNS): log of the sum of
 * exp(slopes * (scale * products - 1) + offsets), of which the products become the shares.
 * Shares below `floor` become zero: subnormal numbers would slow down what comes next. */
static double softmax_row(ptrdiff_t n, double scale, const double *slopes,
                          const double *offsets, double floor, double *products) {
  const vec scales = v_set1(scale);
  vec highest = v_set1(-INFINITY), sums = v_set1(0);
  for (ptrdiff_t j = 0; j < n; j += LANES) {
    const vec fall = v_sub(v_mul(v_load(products + j), scales), v_set1(1));
    const vec logit = v_fma(fall, v_load(slopes + j), v_load(offsets + j));
    v_store(products + j, logit);
    highest = v_max(highest, logit);
  }
  const double top = v_highest(highest);
  for (ptrdiff_t j = 0; j < n; j += LANES) {
    const vec share = v_exp(v_sub(v_load(products + j), v_set1(top)));
    v_store(products + j, share);
    sums = v_add(sums, share);
  }
  const double total = v_sum(sums);
  const vec inverse = v_set1(1 / total);
  const vec zero = v_set1(0), floors = v_set1(floor);
  for (ptrdiff_t j = 0; j < n; j += LANES) {
    const vec share = v_mul(v_load(products + j), inverse);
    v_store(products + j, v_if_less(share, floors, zero, share));
  }
  return top + log(total);
}

#else
#define softmax_row NULL
#endif

#endif
