/* The von Mises-Fisher distribution on the unit sphere of p dimensions, v = p/2 - 1:
 * density C_p(kappa) exp(kappa mu'x), mean resultant length A_p = I_{v+1}/I_v (kappa).
 *
 * log C_p = v log kappa - (p/2) log 2 pi - log I_v(kappa); in it the powers of kappa
 * cancel. With t = sqrt(v^2 + kappa^2) and bessel_debye.h, t >= 25 or v >= 20,
 *
 *   log C_p = v log((v + t)/(2 pi)) - t + log(t/(2 pi))/2 - sum_k D_k(v/t)/v^k,
 *
 * the first two terms in double-double: they are v times numbers near 1 and cancel where
 * C_p = 1. Else the power series, from C_p(0) = Gamma(p/2)/(2 pi^(p/2)). The error is below
 * 1.5e-15 max(|log C_p|, 1). */
#ifndef VMF_H
#define VMF_H

#include "bessel_ratio.h"
#include "double_double.h"
#include "bessel_small.h"

static double log_vmf_normalizer_series(double v, double kappa) {
  const double log_pi = 1.1447298858494002;
  const int n = (int)floor(v);
  const double f = v - n;
  double product = n < 0 ? PI / f : 1;
  for (int j = 1; j <= n; j++) product *= (f + j) / PI;
  const double s = v_first(power_series_m1(v_set1(v), v_set1(kappa)));
  return log(product / (2 * PI * (1 + s))) + (v_first(log_gamma_1p(v_set1(f))) - f * log_pi);
}

/* log C_p(kappa), or with `peak` log C_p(kappa) + kappa, where kappa cancels. */
static double log_vmf_debye(double v, double kappa, int peak) {
  static const dd inverse_2pi = {0x1.45f306dc9c883p-3, -0x1.6b01ec5417056p-57};
  int shift;
  frexp(v > kappa ? v : kappa, &shift);
  const dd a = {ldexp(v, -shift), 0}, b = {ldexp(kappa, -shift), 0};
  const dd t = dd_sqrt(dd_add(dd_product(a, a), dd_product(b, b)));
  const dd log_scale = dd_product((dd){shift, 0}, DD_LN2);
  const dd log_share = dd_add(dd_log(dd_product(dd_add(a, t), inverse_2pi)), log_scale);
  const dd exponent = dd_add((dd){peak ? b.high : 0, 0}, dd_negative(t));
  const dd leading = dd_add(dd_product(a, log_share), exponent);
  const double log_t = log(t.high) + log_scale.high, u = ldexp(1 / t.high, -shift);
  const double sum = v_first(log_sum(v_set1(a.high / t.high), v_set1(u)));
  return ldexp(leading.high, shift) +
         (ldexp(leading.low, shift) + (0.5 * log_t - HALF_LOG_2PI - sum));
}

static double log_vmf_anywhere(double p, double kappa, int peak) {
  if (isnan(p) || isnan(kappa)) return p + kappa;
  if (p < 1 || kappa < 0 || (isinf(p) && isinf(kappa))) return NAN;
  if (isinf(p)) return INFINITY;
  if (isinf(kappa)) return !peak ? -INFINITY : p > 1 ? INFINITY : 0;
  if (p == 1) return -log1p(exp(-2 * kappa)) - (peak ? 0 : kappa);
  const double v = 0.5 * p - 1;
  if (in_debye_reach(v, kappa, DEBYE_RADIUS)) return log_vmf_debye(v, kappa, peak);
  return log_vmf_normalizer_series(v, kappa) + (peak ? kappa : 0);
}
static double log_vmf_normalizer_anywhere(double p, double kappa) {
  return log_vmf_anywhere(p, kappa, 0);
}
static double log_vmf_peak_anywhere(double p, double kappa) {
  return log_vmf_anywhere(p, kappa, 1);
}

/* The concentration whose mean resultant length is r = 1 - c: Newton's method on A, or on
 * 1 - A above r = 1/2, from the inverse of w (bessel_ratio.h) at r (1 + q^2/(2 nu)), which
 * is w but for 1/nu^2. */
INLINE vec vmf_kappa_start(vec nu, vec r, vec c) {
  const vec one = v_set1(1), twice = v_add(nu, nu);
  const vec q = v_div(v_mul(c, v_add(one, r)), v_fma(r, r, one));
  const vec shift = v_div(v_mul(r, v_mul(q, q)), twice), w = v_add(r, shift);
  const vec rest = v_max(v_sub(c, shift), v_mul(v_set1(0.25), c));
  return v_div(v_mul(twice, w), v_mul(rest, v_sub(v_set1(2), rest)));
}

#define KAPPA_STEP 1e-9 /* a step this small leaves an error of its square */
#define KAPPA_STEPS 60

/* 1 < p < 1e30 and 1e-20 < r, c. */
INLINE vec vmf_kappa_vector(vec p, vec r, vec c) {
  const vec half = v_set1(0.5), v = v_fma(half, p, v_set1(-1));
  vec kappa = vmf_kappa_start(v_add(v, half), r, c), step;
  int n_steps = 0;
  do {
    const ratio_parts a = bessel_ratio(v, kappa);
    const vec error = v_if_less(r, half, v_sub(a.ratio, r), v_sub(c, a.complement));
    step = v_min(v_quotient(error, a.slope), v_mul(v_set1(0.875), kappa));
    kappa = v_sub(kappa, step);
  } while (!v_all_less(v_abs(step), v_mul(v_set1(KAPPA_STEP), kappa)) &&
           ++n_steps < KAPPA_STEPS);
  return kappa;
}

/* r and c = 1 - r, one of them given exactly. Tiny r: A = kappa/p; tiny c:
 * 1 - A = nu/kappa; huge p: A = w. */
static double kappa_anywhere(double p, double r, double c) {
  const double nu = 0.5 * (p - 1);
  if (isnan(p) || isnan(r)) return p + r;
  if (p < 1 || r < 0 || c < 0 || (isinf(p) && r > 0)) return NAN;
  if (r == 0 || c == 0) return r == 0 ? 0 : INFINITY;
  if (p == 1) return 0.5 * log1p(2 * r / c);
  if (c < 1e-15) return nu / c;
  if (r < 1e-15) return p * r;
  if (p > 1e30) return (p - 1) * (r / (c * (1 + r)));
  return v_first(vmf_kappa_vector(v_set1(p), v_set1(r), v_set1(c)));
}
static double vmf_kappa_anywhere(double p, double r) {
  return kappa_anywhere(p, r, 1 - r);
}
static double vmf_kappa_complement_anywhere(double p, double c) {
  return kappa_anywhere(p, 1 - c, c);
}

#endif
