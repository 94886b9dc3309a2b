/* Cosines and sines of rows of angles in turns. */
#ifndef CIRCLE_H
#define CIRCLE_H

#include "loops.h"
#include "turns.h"

/* So many turns have no fraction. */
#define UNCOUNTABLE_TURNS ((real)((real_bits)1 << MANTISSA_BITS))

/* A point of the circle; 0, 0 for turns too many to be counted, or no number: such a point
 * is like no other. */
INLINE vec v_point(vec turns, vec *sine) {
  const vec zero = v_set1(0), limit = v_set1(UNCOUNTABLE_TURNS), size = v_abs(turns);
  const vec cosine = v_circle(turns, sine);
  *sine = v_if_less(size, limit, *sine, zero);
  return v_if_less(size, limit, cosine, zero);
}

static void circle(ptrdiff_t n, const void *turns_array, void *cosine_array,
                   void *sine_array) {
  const real *turns = turns_array;
  real *cosines = cosine_array, *sines = sine_array;
  real tail[LANES] = {0}, sine_tail[LANES];
  ptrdiff_t j = 0;
  vec sine;
  for (; j + LANES <= n; j += LANES) {
    const vec cosine = v_point(v_load(turns + j), &sine);
    v_store(cosines + j, cosine);
    v_store(sines + j, sine);
  }
  const size_t rest = (size_t)(n - j) * sizeof(real);
  memcpy(tail, turns + j, rest);
  v_store(tail, v_point(v_load(tail), &sine));
  v_store(sine_tail, sine);
  memcpy(cosines + j, tail, rest);
  memcpy(sines + j, sine_tail, rest);
}

static void circle_sums(ptrdiff_t n_rows, ptrdiff_t n, const void *turns_array,
                        ptrdiff_t stride, const void *cosine_weights,
                        const void *sine_weights, double *sums) {
  const real *turns = turns_array, *a = cosine_weights, *b = sine_weights;
  const ptrdiff_t whole = n - n % LANES;
  const size_t rest = (size_t)(n - whole) * sizeof(real);
  real tail[LANES] = {0}, a_tail[LANES] = {0}, b_tail[LANES] = {0};
  memcpy(a_tail, a + whole, rest);
  memcpy(b_tail, b + whole, rest);
  for (ptrdiff_t i = 0; i < n_rows; i++, turns += stride) {
    vec sine, cosine, cosine_sum = v_set1(0), sine_sum = v_set1(0);
    for (ptrdiff_t j = 0; j < whole; j += LANES) {
      cosine = v_point(v_load(turns + j), &sine);
      cosine_sum = v_fma(cosine, v_load(a + j), cosine_sum);
      sine_sum = v_fma(sine, v_load(b + j), sine_sum);
    }
    memcpy(tail, turns + whole, rest);
    cosine = v_point(v_load(tail), &sine);
    cosine_sum = v_fma(cosine, v_load(a_tail), cosine_sum);
    sine_sum = v_fma(sine, v_load(b_tail), sine_sum);
    sums[i] += v_sum(cosine_sum) + v_sum(sine_sum);
  }
}

#endif
