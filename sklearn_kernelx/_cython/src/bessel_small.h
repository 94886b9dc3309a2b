/* I_v(x) and K_v(x) for 0 <= v < 20 and t = sqrt(v^2 + x^2) <= 25, where bessel_debye.h
 * does not reach.
 *
 * I: the power series (DLMF 10.25.2), all terms positive. With v = n + f, 0 <= f < 1,
 *   I = [prod_{j=1..n} (x/2)/(f + j)] (x/2)^f/Gamma(1 + f) S,  S = 1 + sum_k ...,
 *   the product and S kept together: their logarithm is small where log I is.
 * K: Temme (1975, J. Comput. Phys. 19) for m = v - n, |m| <= 1/2: his series for x <= 2,
 *   else his continued fraction by Miller's algorithm. Then upward recurrence, which is
 *   stable, on (x/2)^n K, which cannot overflow.
 * The errors are below 4e-15 max(|log I|, 1) and 4e-15 max(|log K|, 1). */
#ifndef BESSEL_SMALL_H
#define BESSEL_SMALL_H

#include "bessel_debye.h"

#define PI 3.14159265358979324
/* From here on no product of 20 factors x/2 underflows. */
#define TINY 1e-12

/* The largest integer at most v, 0 <= v < 2^51. */
INLINE vec v_floor(vec v) {
  const vec magic = v_set1(ROUNDING_MAGIC), nearest = v_sub(v_add(v, magic), magic);
  return v_if_less(v, nearest, v_sub(nearest, v_set1(1)), nearest);
}

/* log Gamma(1 + f), 0 <= f <= 1, to a relative 2^-52 at its zeros too. */
INLINE vec log_gamma_1p(vec f) {
  const vec p = horner(LOG_GAMMA_1P, LOG_GAMMA_TERMS, v_sub(f, v_set1(0.5)));
  return v_mul(v_mul(f, v_sub(f, v_set1(1))), p);
}

/* log(1 + s), s >= 0 (Goldberg 1991, theorem 4). */
INLINE vec log_1p(vec s) {
  const vec one = v_set1(1), u = v_add(one, s), excess = v_sub(u, one);
  const vec least = v_set1(0x1p-60);
  const vec log_u = v_quotient(v_mul(s, v_log_normal(u)), v_max(excess, least));
  return v_if_less(excess, least, s, log_u);
}

/* I_v(x) Gamma(v + 1)/(x/2)^v - 1 for -1 < v < 20, x <= DEBYE_RADIUS, as one fraction, since
 * products are cheaper than quotients. 11 + 1.3 x terms leave 2^-57 (worst for v = 0). */
INLINE vec power_series_m1(vec v, vec x) {
  const vec square = v_mul(v_set1(0.25), v_mul(x, x));
  vec above = v_set1(0), below = v_set1(1);
  for (int k = 11 + (int)(1.3 * v_highest(x)); k > 0; k--) {
    const vec order = v_set1(k);
    above = v_fma(square, above, v_mul(square, below));
    below = v_mul(below, v_mul(order, v_add(order, v)));
  }
  return v_quotient(above, below);
}

/* TINY <= x */
INLINE vec log_iv_small(vec v, vec x) {
  const vec n = v_floor(v), f = v_sub(v, n), half = v_mul(v_set1(0.5), x);
  const vec one = v_set1(1);
  vec above = one, below = one;
  for (int j = 1; j <= (int)v_highest(n); j++) {
    const vec before = v_set1(j - 0.5);
    above = v_if_less(before, n, v_mul(above, half), above);
    below = v_if_less(before, n, v_mul(below, v_add(f, v_set1(j))), below);
  }
  const vec s = power_series_m1(v, x), sum = v_add(one, s);
  const vec log_rest = v_log_normal(v_mul(v_quotient(above, below), sum));
  const vec fraction = v_sub(v_mul(f, v_log_normal(half)), log_gamma_1p(f));
  return v_add(fraction, v_if_less(v, one, log_1p(s), log_rest));
}

/* sinh(s)/s, where exp(s) and exp(-s) are known. */
INLINE vec sinh_ratio(vec s, vec exp_s, vec exp_minus_s) {
  static const double inverse_factorial[] = {
      1,           1.0 / 6,        1.0 / 120,         1.0 / 5040,
      1.0 / 362880, 1.0 / 39916800, 1.0 / 6227020800, 1.0 / 1307674368000};
  const vec series = horner(inverse_factorial, 8, v_mul(s, s));
  const vec difference = v_sub(exp_s, exp_minus_s), one = v_set1(1);
  const vec safe = v_if_less(v_abs(s), one, one, s);
  return v_if_less(v_abs(s), one, series, v_quotient(difference, v_add(safe, safe)));
}

#define TEMME_TERMS 14

/* K_m(x) and (x/2) K_{m+1}(x) for |m| <= 1/2, x <= 2, log_half = log(x/2). */
INLINE void temme_series(vec m, vec x, vec log_half, vec *k_m, vec *k_next) {
  const vec square = v_mul(m, m), half = v_set1(0.5), one = v_set1(1);
  const vec quarter_square = v_mul(v_set1(0.25), v_mul(x, x));
  const vec log_inverse = v_sub(v_set1(0), log_half);
  vec even = v_set1(0), odd = v_set1(0); /* Gamma_2 and -Gamma_1 of Temme */
  for (int k = GAMMA_TERMS - 1; k > 0; k -= 2) {
    odd = v_fma(odd, square, v_set1(RECIPROCAL_GAMMA[k]));
    even = v_fma(even, square, v_set1(RECIPROCAL_GAMMA[k - 1]));
  }
  /* 1/Gamma(1 + m), 1/Gamma(1 - m); pi m/sin(pi m) is one over their product */
  const vec plus = v_fma(m, odd, even), minus = v_fnma(m, odd, even);
  const vec sigma = v_mul(m, log_inverse), power = v_exp(sigma);
  const vec inverse_power = v_quotient(one, power);
  const vec cosh_sigma = v_mul(half, v_add(power, inverse_power));
  const vec ratio = sinh_ratio(sigma, power, inverse_power);
  vec f = v_quotient(v_fnma(cosh_sigma, odd, v_mul(v_mul(ratio, log_inverse), even)),
                     v_mul(plus, minus));
  vec p = v_mul(half, v_quotient(power, plus));
  vec q = v_mul(half, v_quotient(inverse_power, minus));
  vec c = one, sum = f, sum_next = p;
  for (int k = 1; k <= TEMME_TERMS; k++) {
    const vec order = v_set1(k);
    const vec inverse = v_quotient(one, v_fnma(m, m, v_set1(k * k)));
    f = v_mul(v_fma(order, f, v_add(p, q)), inverse);
    p = v_mul(p, v_mul(v_add(order, m), inverse));
    q = v_mul(q, v_mul(v_sub(order, m), inverse));
    c = v_mul(c, v_mul(quarter_square, v_set1(1.0 / k)));
    sum = v_fma(c, f, sum);
    sum_next = v_fma(c, v_fnma(order, f, p), sum_next);
  }
  *k_m = sum;
  *k_next = sum_next;
}

/* The same times sqrt(2 x/pi) exp(x), x >= 2. With a_k = (k - 1/2)^2 - m^2 and
 * b_k = 2 (k + x), K_m ~ z_0/sum C_k z_k where C_k = C_{k-1} a_k/k and the z_k are the
 * minimal solution of z_{k-1} = b_k z_k - a_{k+1} z_{k+1}: Miller's algorithm, from
 * 9 + 145/x terms on, leaves 3e-17. Only z and the sum grow: no quotients. */
INLINE void temme_miller(vec m, vec x, vec *k_m, vec *k_next) {
  const vec square = v_mul(m, m), zero = v_set1(0), half = v_set1(0.5);
  const double lowest = -v_highest(v_sub(zero, x));
  vec z1 = zero, z0 = v_set1(1e-100), sum = z0, a_next = zero;
  for (int k = 9 + (int)(145 / lowest); k > 0; k--) {
    const vec a = v_sub(v_set1((k - 0.5) * (k - 0.5)), square), order = v_set1(k);
    const vec b = v_add(v_add(order, order), v_add(x, x));
    const vec z = v_fnma(a_next, z1, v_mul(b, z0));
    sum = v_fma(v_mul(a, v_set1(1.0 / k)), sum, z);
    z1 = z0;
    z0 = z;
    a_next = a;
  }
  const vec ratio = v_quotient(z1, z0);
  *k_m = v_quotient(z0, sum);
  *k_next = v_mul(v_mul(half, *k_m), v_fnma(a_next, ratio, v_add(v_add(m, x), half)));
}

/* (x/2)^n K_v(x) times the factor whose logarithm *shift receives. */
INLINE vec kv_scaled(vec v, vec n, vec x, vec log_half, vec *shift) {
  const vec m = v_sub(v, n), two = v_set1(2), one = v_set1(1);
  const vec quarter_square = v_mul(v_set1(0.25), v_mul(x, x));
  const unsigned large = v_less_bits(two, x), all = (1u << LANES) - 1;
  vec k0 = one, k1 = one, k0_large, k1_large;
  vec factor = one;
  *shift = v_set1(0);
  if (large != all) temme_series(m, v_min(x, two), v_min(log_half, v_set1(0)), &k0, &k1);
  if (large) {
    temme_miller(m, v_max(x, two), &k0_large, &k1_large);
    k0 = large == all ? k0_large : v_if_less(two, x, k0_large, k0);
    k1 = large == all ? k1_large : v_if_less(two, x, k1_large, k1);
    factor = v_if_less(two, x, v_root(v_quotient(v_set1(PI / 2), x)), one);
    *shift = v_if_less(two, x, x, *shift);
  }
  for (int j = 1; j <= (int)v_highest(n); j++) {
    const vec before = v_set1(j - 0.5);
    const vec k2 = v_fma(quarter_square, k0, v_mul(v_add(v_set1(j), m), k1));
    k0 = v_if_less(before, n, k1, k0);
    k1 = v_if_less(before, n, k2, k1);
  }
  return v_mul(factor, k0);
}

/* TINY <= x */
INLINE vec log_kv_small(vec v, vec x) {
  const vec n = v_floor(v_add(v, v_set1(0.5))), inverse = v_quotient(v_set1(2), x);
  const vec log_half = v_log_normal(v_mul(v_set1(0.5), x));
  vec shift, value = kv_scaled(v, n, x, log_half, &shift);
  for (int j = 1; j <= (int)v_highest(n); j++)
    value = v_if_less(v_set1(j - 0.5), n, v_mul(value, inverse), value);
  return v_sub(v_log_normal(value), shift);
}

/* 0 < x < TINY: two terms of the power series; the powers of x/2 have logarithms only. */
static double log_iv_tiny(double v, double x) {
  const int n = (int)v;
  double product = 1;
  for (int j = 1; j <= n; j++) product *= v - n + j;
  const double log_gamma = log(product) + v_first(log_gamma_1p(v_set1(v - n)));
  return v * (log(x) - LN2) - log_gamma + 0.25 * x * x / (v + 1);
}
static double log_kv_tiny(double v, double x) {
  const double n = floor(v + 0.5), log_half = log(x) - LN2;
  vec shift;
  const vec value =
      kv_scaled(v_set1(v), v_set1(n), v_set1(x), v_set1(log_half), &shift);
  return log(v_first(value)) - n * log_half;
}

#endif
