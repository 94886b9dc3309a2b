/* Complex numbers with real and imaginary parts apart. */
#ifndef COMPLEX_VEC_H
#define COMPLEX_VEC_H

#include "simd.h"

typedef struct {
  vec re, im;
} complex_vec;

INLINE complex_vec complex_product(complex_vec x, complex_vec y) {
  return (complex_vec){v_fnma(x.im, y.im, v_mul(x.re, y.re)),
                       v_fma(x.im, y.re, v_mul(x.re, y.im))};
}

#endif
