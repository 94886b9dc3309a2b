/* Cosine and sine of angles in turns, so that the reduction to one turn is exact. */
#ifndef TURNS_H
#define TURNS_H

#include "simd.h"

#ifdef VARIANT_F64
/* sin(2 pi s) / s in s^2 (Remez exchange in 50 digits): relative error 2.6e-19. */
#define SINE_POLYNOMIAL                                                                 \
  {0x1.921fb54442d18p+2, -0x1.4abbce625be52p+5, 0x1.466bc6775aa6ep+6,                   \
   -0x1.32d2cce627542p+6, 0x1.50783485190b6p+5, -0x1.e3074ddd1d2c4p+3,                  \
   0x1.e8f35e9d59d7cp+1, -0x1.6f79770e35db1p-1, 0x1.9d1b86f1b22d8p-4}
#define SINE_DEGREE 8
#else
/* 5.3e-9 */
#define SINE_POLYNOMIAL                                                                 \
  {0x1.921fb6p+2f, -0x1.4abbc2p+5f, 0x1.4668b0p+6f, -0x1.324ccap+6f, 0x1.3daff8p+5f}
#define SINE_DEGREE 4
#endif

INLINE vec v_from_nearest_integer(vec w) {
  const vec magic = v_set1(ROUNDING_MAGIC);
  return v_sub(w, v_sub(v_add(w, magic), magic));
}

/* sin(2 pi s) for |s| <= 1/4. */
INLINE vec v_sine_of_turns(vec s) {
  static const real c[SINE_DEGREE + 1] = SINE_POLYNOMIAL;
  const vec square = v_mul(s, s);
  vec p = v_set1(c[SINE_DEGREE]);
  for (int k = SINE_DEGREE - 1; k >= 0; k--) p = v_fma(p, square, v_set1(c[k]));
  return v_mul(p, s);
}

/* cos(2 pi w) = sin(2 pi (1/4 - a)) for the distance a of w to the nearest integer: both
 * differences are exact where that matters. */
INLINE vec v_cos_of_turns(vec w) {
  /* Turns too many to be counted: anything between -1 and 1. */
  const vec distance = v_min(v_set1((real)0.5), v_abs(v_from_nearest_integer(w)));
  return v_sine_of_turns(v_sub(v_set1((real)0.25), distance));
}

/* A point of the circle, whatever w is: turns too many to be counted, or no number, are 0.
 * Both are right to 2 ulp of 1. */
INLINE vec v_circle(vec w, vec *sine) {
  const vec half = v_set1((real)0.5), zero = v_set1(0);
  const vec offset = v_from_nearest_integer(w);
  const vec r = v_if_less(half, v_abs(offset), zero, offset);
  const vec distance = v_min(half, v_abs(r));
  const vec size = v_sine_of_turns(v_min(distance, v_sub(half, distance)));
  *sine = v_if_less(r, zero, v_sub(zero, size), size);
  return v_sine_of_turns(v_sub(v_set1((real)0.25), distance));
}

#endif
