/* Normal variates from uniform ones (Box and Muller 1958): for u, w in [0, 1),
 * sqrt(-2 log(1 - u)) times the cosine and the sine of 2 pi w. With the nearest quarter
 * k/4 of w, w - k/4 is exact, sine and cosine are polynomials of its square (Chebyshev
 * fits in 40 digits, errors 1.98e-17 and 7.77e-18), and k turns them. */
#ifndef NORMALS_H
#define NORMALS_H

#include "vlog.h"

#ifdef VARIANT_F64

/* cos(2 pi w) and sin(2 pi w) */
INLINE void v_on_circle(vec w, vec *cosine, vec *sine) {
  static const double s[] = {
      0x1.921fb54442d18p+2, -0x1.4abbce625be41p+5, 0x1.466bc677587f8p+6,
      -0x1.32d2cce2e5b19p+6, 0x1.50782fda12d96p+5, -0x1.e30071afc3e1cp+3,
      0x1.e3f3839953bd9p+1};
  static const double c[] = {
      -0x1.3bd3cc9be45dep+4, 0x1.03c1f081b5ac0p+6, -0x1.55d3c7e3cb241p+6,
      0x1.e1f5068688d5bp+5, -0x1.a6d1eef479be0p+4, 0x1.f9ce245cad9dcp+2,
      -0x1.b2f3eb0549e95p+0};
  const vec magic = v_set1(ROUNDING_MAGIC), zero = v_set1(0), one = v_set1(1);
  const vec k = v_sub(v_fma(w, v_set1(4), magic), magic);
  const vec r = v_fnma(k, v_set1(0.25), w), square = v_mul(r, r);
  vec x = v_set1(c[6]), y = v_set1(s[6]);
  for (int j = 5; j >= 0; j--) {
    x = v_fma(x, square, v_set1(c[j]));
    y = v_fma(y, square, v_set1(s[j]));
  }
  x = v_fma(x, square, one);
  y = v_mul(y, r);
  /* k quarter turns, 0 to 4: odd ones swap; 1 and 2 negate the cosine, 2 and 3 the sine. */
  const vec parity = v_sub(v_abs(v_sub(k, v_set1(2))), one); /* 0 where k is odd */
  const vec is_even = v_abs(parity), half = v_set1(0.5);
  const vec swapped_x = v_if_less(is_even, half, y, x);
  const vec swapped_y = v_if_less(is_even, half, x, y);
  const vec from_1_and_2 = v_abs(v_sub(k, v_set1(1.5)));
  const vec from_2_and_3 = v_abs(v_sub(k, v_set1(2.5)));
  *cosine = v_if_less(from_1_and_2, one, v_sub(zero, swapped_x), swapped_x);
  *sine = v_if_less(from_2_and_3, one, v_sub(zero, swapped_y), swapped_y);
}

/* n uniforms u, and n uniforms w, become normals. */
static void normals(ptrdiff_t n, double *u, double *w) {
  double lane_u[LANES], lane_w[LANES];
  for (ptrdiff_t i = 0; i < n; i += LANES) {
    const size_t bytes = sizeof(double) * (size_t)(n - i < LANES ? n - i : LANES);
    memset(lane_u, 0, sizeof lane_u);
    memset(lane_w, 0, sizeof lane_w);
    memcpy(lane_u, u + i, bytes);
    memcpy(lane_w, w + i, bytes);
    vec cosine, sine;
    v_on_circle(v_load(lane_w), &cosine, &sine);
    const vec log_rest = v_log_normal(v_sub(v_set1(1), v_load(lane_u)));
    const vec radius = v_sqrt(v_mul(v_set1(-2), v_min(log_rest, v_set1(0))));
    v_store(lane_u, v_mul(radius, cosine));
    v_store(lane_w, v_mul(radius, sine));
    memcpy(u + i, lane_u, bytes);
    memcpy(w + i, lane_w, bytes);
  }
}

#else
#define normals NULL
#endif

#endif
