/* The exponential of a vector, at most 1 ulp from the truth over the whole line.
 *
 * x = n ln 2 + r with |r| <= ln(2)/2 (Cody and Waite 1980: ln 2 in two parts, so that
 * n * LN2_HIGH is exact), exp(x) = 2^n (1 + r + r^2 q(r)). q is the minimax polynomial
 * for the relative error of exp (Remez exchange in 50 digits): 3.5e-18 at degree 9 for
 * float64, 3.2e-9 at degree 4 for float32; rounding makes the rest of the ulp. */
#ifndef VEXP_H
#define VEXP_H

#include "simd.h"

#ifdef VARIANT_F64
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
#define LOG2_E 0x1.71547652b82fep0
#define EXP_POLYNOMIAL                                                                  \
  {0x1.000000000000cp-1,  0x1.5555555555561p-3,  0x1.555555554ffeap-5,                  \
   0x1.111111110d61bp-7,  0x1.6c16c185b70d2p-10, 0x1.a01a01baebecdp-13,                 \
   0x1.a0199667e1863p-16, 0x1.71dddfb751f49p-19, 0x1.28b072bbbac70p-22,                 \
   0x1.af85a76502f4cp-26}
#define EXP_DEGREE 9
#define EXP_LOWEST_NORMAL -708.0  /* exp of it is a normal number, about 3e-308 */
#define EXP_ZERO_BELOW -746.0
#define EXP_INF_ABOVE 710.0
#else
#define LN2_HIGH 0x1.63p-1f
#define LN2_LOW -0x1.bd0106p-13f
#define LOG2_E 0x1.715476p0f
#define EXP_POLYNOMIAL                                                                  \
  {0x1.000000p-1f, 0x1.55548ep-3f, 0x1.55545ep-5f, 0x1.123b92p-7f, 0x1.6db47cp-10f}
#define EXP_DEGREE 4
#define EXP_LOWEST_NORMAL -87.0f  /* about 2e-38 */
#define EXP_ZERO_BELOW -105.0f
#define EXP_INF_ABOVE 89.0f
#endif

/* exp(r) - 1 for x = n ln 2 + r; *magic_n receives n + ROUNDING_MAGIC. */
INLINE vec expm1_mantissa(vec x, vec *magic_n) {
  static const real q[EXP_DEGREE + 1] = EXP_POLYNOMIAL;
  const vec magic = v_set1(ROUNDING_MAGIC);
  *magic_n = v_fma(x, v_set1(LOG2_E), magic);
  const vec n = v_sub(*magic_n, magic);
  const vec r = v_fnma(n, v_set1(LN2_LOW), v_fnma(n, v_set1(LN2_HIGH), x));
  vec p = v_set1(q[EXP_DEGREE]);
  for (int k = EXP_DEGREE - 1; k >= 0; k--) p = v_fma(p, r, v_set1(q[k]));
  return v_fma(v_mul(p, r), r, r);
}

INLINE vec exp_mantissa(vec x, vec *magic_n) {
  const vec rest = expm1_mantissa(x, magic_n);
  return v_add(v_set1(1), rest);
}

/* For sums: x below EXP_LOWEST_NORMAL, -inf too, counts as EXP_LOWEST_NORMAL; x must be
 * below EXP_INF_ABOVE - 1 and not NaN. */
INLINE vec v_exp_clamped(vec x) {
  vec magic_n;
  const vec p = exp_mantissa(v_max(x, v_set1(EXP_LOWEST_NORMAL)), &magic_n);
  return v_ldexp_normal(p, magic_n);
}

/* 2^n is applied in two factors, the first of which is exact: subnormal results are
 * rounded once. 0 below, inf above, NaN kept. */
INLINE vec exp_outside(vec x) {
  vec magic_n;
  const vec inside = v_max(v_set1(EXP_ZERO_BELOW), v_min(v_set1(EXP_INF_ABOVE), x));
  const vec p = exp_mantissa(inside, &magic_n);
  const vec magic = v_set1(ROUNDING_MAGIC), one = v_set1(1);
  const vec half = v_fma(v_sub(magic_n, magic), v_set1((real)0.5), magic);
  const vec rest = v_add(v_sub(magic_n, half), magic);
  return v_mul(v_mul(p, v_ldexp_normal(one, half)), v_ldexp_normal(one, rest));
}

/* The whole line. */
INLINE vec v_exp(vec x) {
  vec magic_n;
  if (UNLIKELY(!v_all_less(v_abs(x), v_set1(-EXP_LOWEST_NORMAL)))) return exp_outside(x);
  const vec p = exp_mantissa(x, &magic_n);
  return v_ldexp_normal(p, magic_n);
}

static void exp_array(ptrdiff_t n, const void *x_array, void *out_array) {
  const real *x = x_array;
  real *out = out_array;
  ptrdiff_t i = 0;
  real tail[LANES] = {0};
  for (; i + LANES <= n; i += LANES) v_store(out + i, v_exp(v_load(x + i)));
  memcpy(tail, x + i, (size_t)(n - i) * sizeof(real));
  v_store(tail, v_exp(v_load(tail)));
  memcpy(out + i, tail, (size_t)(n - i) * sizeof(real));
}

#endif
