/* The natural logarithm of a vector of positive normal numbers, within 1 ulp.
 *
 * x = 2^n (1 + f) with 3/4 <= 1 + f < 3/2, and with s = f/(2 + f)
 * log(1 + f) = 2 s + s R(s^2) = f - (f^2/2 - s (f^2/2 + R)), as in fdlibm (Sun 1993).
 * R(z)/z is a Chebyshev fit in 50 digits: 5.1e-19 at degree 7 for float64, 8.1e-11 at
 * degree 3 for float32; rounding makes the rest of the ulp. */
#ifndef VLOG_H
#define VLOG_H

#include "vexp.h"

#ifdef VARIANT_F64
#define LOG_POLYNOMIAL                                                                  \
  {0x1.5555555555555p-1, 0x1.9999999999f17p-2, 0x1.24924923de6edp-2,                    \
   0x1.c71c72df580fcp-3, 0x1.745cac43cc003p-3, 0x1.3b29d0452d426p-3,                    \
   0x1.0e8c55b42945fp-3, 0x1.169c38cc826bep-3}
#define LOG_DEGREE 7
#else
#define LOG_POLYNOMIAL                                                                  \
  {0x1.5555560000000p-1f, 0x1.999a6a0000000p-2f, 0x1.242ce00000000p-2f,                 \
   0x1.e6587a0000000p-3f}
#define LOG_DEGREE 3
#endif

INLINE vec v_log_normal(vec x) {
  static const real r[LOG_DEGREE + 1] = LOG_POLYNOMIAL;
  const vec one = v_set1(1), half = v_set1((real)0.5);
  vec m;
  const vec n = v_frexp_normal(x, &m);
  const vec f = v_sub(m, one), s = v_quotient(f, v_add(f, v_set1(2)));
  const vec z = v_mul(s, s), half_square = v_mul(half, v_mul(f, f));
  vec p = v_set1(r[LOG_DEGREE]);
  for (int k = LOG_DEGREE - 1; k >= 0; k--) p = v_fma(p, z, v_set1(r[k]));
  const vec rest = v_fma(s, v_fma(p, z, half_square), v_mul(n, v_set1(LN2_LOW)));
  return v_fma(n, v_set1(LN2_HIGH), v_sub(f, v_sub(half_square, rest)));
}

#endif
