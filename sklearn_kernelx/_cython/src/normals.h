/* Normal variates from uniform ones (Box and Muller 1958): for u, w in [0, 1),
 * sqrt(-2 log(1 - u)) times the cosine and the sine of 2 pi w. */
#ifndef NORMALS_H
#define NORMALS_H

#include "turns.h"
#include "vlog.h"

#ifdef VARIANT_F64

/* n uniforms u, and n uniforms w, become normals. */
static void normals(ptrdiff_t n, double *u, double *w) {
  double lane_u[LANES], lane_w[LANES];
  for (ptrdiff_t i = 0; i < n; i += LANES) {
    const size_t bytes = sizeof(double) * (size_t)(n - i < LANES ? n - i : LANES);
    memset(lane_u, 0, sizeof lane_u);
    memset(lane_w, 0, sizeof lane_w);
    memcpy(lane_u, u + i, bytes);
    memcpy(lane_w, w + i, bytes);
    vec sine;
    const vec cosine = v_circle(v_load(lane_w), &sine);
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
