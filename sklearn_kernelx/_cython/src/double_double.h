/* Numbers as unevaluated sums of two float64 (Dekker 1971): 106 bits. */
#ifndef DOUBLE_DOUBLE_H
#define DOUBLE_DOUBLE_H

#include <math.h>

#include "simd.h"

typedef struct {
  double high, low;
} dd;
static const dd DD_LN2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

INLINE dd dd_sum(double a, double b) {
  const double s = a + b, t = s - a;
  return (dd){s, (a - (s - t)) + (b - t)};
}
INLINE dd dd_normalise(double high, double low) {
  const double s = high + low;
  return (dd){s, low - (s - high)};
}
INLINE dd dd_add(dd a, dd b) {
  const dd s = dd_sum(a.high, b.high), t = dd_sum(a.low, b.low);
  const dd u = dd_normalise(s.high, s.low + t.high);
  return dd_normalise(u.high, u.low + t.low);
}
INLINE dd dd_negative(dd a) { return (dd){-a.high, -a.low}; }
INLINE dd dd_product(dd a, dd b) {
  const double p = a.high * b.high;
  return dd_normalise(p, fma(a.high, b.high, -p) + (a.high * b.low + a.low * b.high));
}
INLINE dd dd_quotient(dd a, dd b) {
  const double q = a.high / b.high;
  const dd rest = dd_add(a, dd_negative(dd_product(b, (dd){q, 0})));
  return dd_normalise(q, rest.high / b.high);
}

INLINE dd dd_sqrt(dd a) {
  const double root = sqrt(a.high);
  if (root == 0) return (dd){0, 0};
  const dd rest = dd_add(a, dd_negative(dd_product((dd){root, 0}, (dd){root, 0})));
  return dd_normalise(root, rest.high / (2 * root));
}

/* a > 0 of moderate size, to 2^-80: a = 2^n m, log m = 2 s + 2 s^3/3 + ... with
 * s = (m - 1)/(m + 1), |s| < 0.172; terms from s^11 on fit in float64. */
INLINE dd dd_log(dd a) {
  static const dd inverse_odd[] = {{0x1.5555555555555p-2, 0x1.5555555555555p-56},
                                   {0x1.999999999999ap-3, -0x1.999999999999ap-57},
                                   {0x1.2492492492492p-3, 0x1.2492492492492p-57},
                                   {0x1.c71c71c71c71cp-4, 0x1.c71c71c71c71cp-58}};
  int n;
  if (frexp(a.high, &n) < 0.70710678118654752) n--;
  const dd m = {ldexp(a.high, -n), ldexp(a.low, -n)};
  const dd s = dd_quotient(dd_add(m, (dd){-1, 0}), dd_add(m, (dd){1, 0}));
  const dd square = dd_product(s, s);
  double tail = 0;
  for (int k = 33; k > 9; k -= 2) tail = (tail + 1.0 / k) * square.high;
  dd sum = {tail, 0};
  for (int k = 3; k >= 0; k--) sum = dd_product(dd_add(sum, inverse_odd[k]), square);
  const dd log_m = dd_product((dd){2 * s.high, 2 * s.low}, dd_add(sum, (dd){1, 0}));
  return dd_add(dd_product((dd){n, 0}, DD_LN2), log_m);
}

#endif
