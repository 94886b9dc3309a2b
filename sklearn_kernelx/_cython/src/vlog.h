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

#if defined(VARIANT_F64) && defined(__AVX512F__) && defined(__AVX512DQ__)
/* No quotient: with the inverse c of the middle of one of 16 intervals and r = m c - 1,
 * log m = -log c + r + r^2 q(r), |r| <= 1/16; c = 1 next to m = 1. q is a Chebyshev fit,
 * error of r^2 q: 5.2e-19 r. */
INLINE vec v_log_normal(vec x) {
  static const double inverse[16] = {
      0x1.0p+0, 0x1.d400000000000p-1, 0x1.bb00000000000p-1, 0x1.a400000000000p-1,
      0x1.9000000000000p-1, 0x1.7d00000000000p-1, 0x1.6c00000000000p-1,
      0x1.5d00000000000p-1, 0x1.4e80000000000p+0, 0x1.4180000000000p+0,
      0x1.3500000000000p+0, 0x1.2a00000000000p+0, 0x1.1f80000000000p+0,
      0x1.1580000000000p+0, 0x1.0c80000000000p+0, 0x1.0p+0};
  static const double minus_log[16] = {
      0x0.0p+0, 0x1.700d30aeac0e1p-4, 0x1.28753bc11aba5p-3, 0x1.95a5adcf7017fp-3,
      0x1.f991c6cb3b379p-3, 0x1.2e9e2bce12286p-2, 0x1.5d5bddf595f30p-2,
      0x1.8873658327ccfp-2, -0x1.11e0e2dad9cb7p-2, -0x1.d293581b6b3e7p-3,
      -0x1.815c0a14357ebp-3, -0x1.371fc201e8f74p-3, -0x1.db5270187d927p-4,
      -0x1.4a50d3aa1b040p-4, -0x1.868a83083f6cfp-5, 0x0.0p+0};
  static const double q[] = {
      -0x1.0p-1, 0x1.5555555555559p-2, -0x1.0000000000e25p-2, 0x1.999999999a9f1p-3,
      -0x1.55555539ef614p-3, 0x1.249247f0f3ae6p-3, -0x1.000087238f1a4p-3,
      0x1.c731985d4b556p-4, -0x1.9847a347b920bp-4, 0x1.46002f0e2c2bbp-4};
  vec m;
  const vec n = v_frexp_normal(x, &m);
  const __m512i place = INT_OP(srli)(BITS(m), 48);
  const vec c = OP(permutex2var)(v_load(inverse), place, v_load(inverse + 8));
  const vec l = OP(permutex2var)(v_load(minus_log), place, v_load(minus_log + 8));
  const vec r = v_fma(m, c, v_set1(-1));
  vec p = v_set1(q[9]);
  for (int k = 8; k >= 0; k--) p = v_fma(p, r, v_set1(q[k]));
  const vec exponent = v_mul(n, v_set1(LN2_HIGH)), high = v_add(exponent, l);
  const vec lost = v_fma(n, v_set1(LN2_LOW), v_add(v_sub(exponent, high), l));
  return v_add(high, v_add(r, v_fma(v_mul(r, r), p, lost)));
}
#else
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

#endif
