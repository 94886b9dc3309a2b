/* Activations of random features, in place over rows of a block. */
#ifndef ACTIVATIONS_H
#define ACTIVATIONS_H

#include "loops.h"
#include "turns.h"
#include "vexp.h"

#ifdef VARIANT_F64
#define TANH_ONE_ABOVE 20.0
#else
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
