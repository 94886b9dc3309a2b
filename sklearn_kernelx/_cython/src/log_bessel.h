/* log I_v(x) and log K_v(x), one value, for all v >= 0, x >= 0; NaN elsewhere. */
#ifndef LOG_BESSEL_H
#define LOG_BESSEL_H

#include "bessel_debye.h"
#include "bessel_small.h"

static double log_iv_anywhere(double v, double x) {
  if (isnan(v) || isnan(x)) return v + x;
  if (v < 0 || x < 0 || (isinf(v) && isinf(x))) return NAN;
  if (x == 0 && v == 0) return 0;
  if (x == 0 || isinf(v)) return -INFINITY;
  if (isinf(x)) return INFINITY;
  if (in_debye_reach(v, x, DEBYE_RADIUS)) return log_debye_anywhere(v, x, FIRST_KIND);
  if (x < TINY) return log_iv_tiny(v, x);
  return v_first(log_iv_small(v_set1(v), v_set1(x)));
}

static double log_kv_anywhere(double v, double x) {
  if (isnan(v) || isnan(x)) return v + x;
  if (v < 0 || x < 0 || (isinf(v) && isinf(x))) return NAN;
  if (x == 0 || isinf(v)) return INFINITY;
  if (isinf(x)) return -INFINITY;
  if (in_debye_reach(v, x, DEBYE_RADIUS)) return log_debye_anywhere(v, x, SECOND_KIND);
  if (x < TINY) return log_kv_tiny(v, x);
  return v_first(log_kv_small(v_set1(v), v_set1(x)));
}

#endif
