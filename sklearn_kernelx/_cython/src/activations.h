/* Activations of random features, in place over rows of a block. */
#ifndef ACTIVATIONS_H
#define ACTIVATIONS_H

#include "loops.h"
#include "vexp.h"

#ifdef VARIANT_F64
/* sin(2 pi s) / s in s^2 (Remez exchange in 50 digits): relative error 2.6e-19. */
#define SINE_POLYNOMIAL                                                                 \
  {0x1.921fb54442d18p+2, -0x1.4abbce625be52p+5, 0x1.466bc6775aa6ep+6,                   \
   -0x1.32d2cce627542p+6, 0x1.50783485190b6p+5, -0x1.e3074ddd1d2c4p+3,                  \
   0x1.e8f35e9d59d7cp+1, -0x1.6f79770e35db1p-1, 0x1.9d1b86f1b22d8p-4}
#define SINE_DEGREE 8
#define TANH_ONE_ABOVE 20.0
#else
/* 5.3e-9 */
#define SINE_POLYNOMIAL                                                                 \
  {0x1.921fb6p+2f, -0x1.4abbc2p+5f, 0x1.4668b0p+6f, -0x1.324ccap+6f, 0x1.3daff8p+5f}
#define SINE_DEGREE 4
#define TANH_ONE_ABOVE 10.0f
#endif

INLINE vec v_relu(vec x) { return v_max(v_set1(0), x); }

/* With e = exp(-2|x|) - 1, tanh |x| = -e / (2 + e). */
INLINE vec v_tanh(vec x) {
  const vec zero = v_set1(0), one = v_set1(1);
  const vec size = v_min(v_set1(TANH_ONE_ABOVE), v_abs(x));
  vec magic_n;
  const vec mantissa = expm1_mantissa(v_mul(v_set1(-2), size), &magic_n);
  const vec power = v_ldexp_normal(one, magic_n);
  const vec e = v_fma(power, mantissa, v_sub(power, one));
  const vec minus_tanh = v_quotient(e, v_add(v_set1(2), e));
  return v_if_less(x, zero, minus_tanh, v_sub(zero, minus_tanh));
}

/* cos(2 pi w) = sin(2 pi (1/4 - a)) for the distance a of w to the nearest integer: both
 * differences are exact where that matters. */
INLINE vec v_cos_of_turns(vec w) {
  static const real c[SINE_DEGREE + 1] = SINE_POLYNOMIAL;
  const vec magic = v_set1(ROUNDING_MAGIC);
  const vec nearest = v_sub(v_add(w, magic), magic);
  /* Turns too many to be counted: anything between -1 and 1. */
  const vec distance = v_min(v_set1((real)0.5), v_abs(v_sub(w, nearest)));
  const vec s = v_sub(v_set1((real)0.25), distance), square = v_mul(s, s);
  vec p = v_set1(c[SINE_DEGREE]);
  for (int k = SINE_DEGREE - 1; k >= 0; k--) p = v_fma(p, square, v_set1(c[k]));
  return v_mul(p, s);
}

INLINE vec v_activation(const int activation, vec x) {
  if (activation == RELU) return v_relu(x);
  return activation == TANH ? v_tanh(x) : v_cos_of_turns(x);
}

INLINE void activate_row(const int activation, ptrdiff_t n, const real *offset, real *z) {
  ptrdiff_t j = 0;
  real offset_tail[LANES] = {0}, tail[LANES] = {0};
  for (; j + LANES <= n; j += LANES)
    v_store(z + j, v_activation(activation, v_add(v_load(z + j), v_load(offset + j))));
  memcpy(offset_tail, offset + j, (size_t)(n - j) * sizeof(real));
  memcpy(tail, z + j, (size_t)(n - j) * sizeof(real));
  v_store(tail, v_activation(activation, v_add(v_load(tail), v_load(offset_tail))));
  memcpy(z + j, tail, (size_t)(n - j) * sizeof(real));
}

static void activate(int activation, ptrdiff_t n_rows, ptrdiff_t n_columns,
                     const void *offset, void *z_array, ptrdiff_t stride) {
  real *z = z_array;
  for (ptrdiff_t i = 0; i < n_rows; i++, z += stride) {
    if (activation == RELU) activate_row(RELU, n_columns, offset, z);
    else if (activation == TANH) activate_row(TANH, n_columns, offset, z);
    else activate_row(COS_OF_TURNS, n_columns, offset, z);
  }
}

#endif
