/* log I_v(x) and log K_v(x) where t = sqrt(v^2 + x^2) >= 25 or v >= 20, by the logarithm of
 * Debye's uniform expansion (DLMF 10.41.3-4). With q = v/t,
 *
 *   log I = v eta - log(2 pi t)/2 + sum_k D_k(q)/v^k,
 *   log K = -v eta + log(pi/(2 t))/2 + sum_k (-1)^k D_k(q)/v^k,
 *   v eta = t + v log(x/(v + t)),
 *
 * where D_k(q)/v^k = P_k(q^2)/t^k is bounded for v -> 0 too: one formula holds for small
 * orders with large x and for large orders with any x. 14 terms leave less than 9e-16, at
 * q = 0 where |log I| and |log K| are about 25.
 *
 * v eta is zero near x = 0.66 v: rounding the quotient x/v would leave v 2^-53 there. In
 * |x/v - root| < 0.12 it is d sum_k c_k (d/v)^k, with d = x - root v formed exactly but for
 * a relative 2^-53. Outside it, |eta| > 0.2. */
#ifndef BESSEL_DEBYE_H
#define BESSEL_DEBYE_H

#include "bessel_coefficients.h"
#include "vlog.h"

#define LN2 0.69314718055994531
#define HALF_LOG_2PI 0.91893853320467274
#define HALF_LOG_HALF_PI 0.22579135264472744

/* Squares and quotients of numbers up to this one, and of their inverses, are normal. */
#define MODERATE 1e140
#define ETA_WINDOW 0.12
#define DEBYE_ORDER 20.0
#define DEBYE_RADIUS 25.0

enum { FIRST_KIND, SECOND_KIND };
enum { TAIL_SIZE = 3 * RATIO_TERMS + 1 };

/* The polynomial c[0] + c[1] q + ... of n coefficients, n even. */
typedef struct {
  int n;
  double c[TAIL_SIZE];
} tail;

INLINE vec horner(const double *c, int n, vec x) {
  vec sum = v_set1(c[n - 1]);
  for (int k = n - 2; k >= 0; k--) sum = v_fma(sum, x, v_set1(c[k]));
  return sum;
}

/* Odd and even powers apart, which takes half the time; n is even. */
INLINE vec horner_pairs(const double *c, int n, vec x) {
  const vec square = v_mul(x, x);
  vec even = v_set1(c[n - 2]), odd = v_set1(c[n - 1]);
  for (int k = n - 4; k >= 0; k -= 2) {
    even = v_fma(even, square, v_set1(c[k]));
    odd = v_fma(odd, square, v_set1(c[k + 1]));
  }
  return v_fma(x, odd, even);
}

/* Terms of an expansion in 1/v that exceed 2^-55, when largest[k - 1] bounds the k-th. */
static int n_terms_needed(const double *largest, int n_terms, double v) {
  double scale = 1;
  int k = 0;
  while (k < n_terms && largest[k] * (scale /= v) > 0x1p-55) k++;
  return k;
}

static int even_size(int n) { return n + n % 2; }

/* sum_k D_k(q)/v^k for one order v >= DEBYE_ORDER, as a polynomial in q. */
static tail log_tail(double v) {
  const int n_terms = n_terms_needed(LARGEST_LOG_DEBYE, LOG_TERMS, v);
  tail sum = {even_size(3 * n_terms + 1), {0}};
  double scale = 1;
  for (int k = 1; k <= n_terms; k++) {
    scale /= v;
    for (int j = 0; j <= k; j++)
      sum.c[k + 2 * j] += LOG_DEBYE[k * (k + 1) / 2 - 1 + j] * scale;
  }
  return sum;
}

/* sum_k D_k(q)/v^k = sum_k P_k(q^2) u^k for u = 1/t and any order. */
INLINE vec log_sum(vec q, vec u) {
  const vec square = v_mul(q, q);
  vec sum = v_set1(0);
  for (int k = LOG_TERMS; k > 0; k--) {
    const vec p = horner(LOG_DEBYE + k * (k + 1) / 2 - 1, k + 1, square);
    sum = v_mul(u, v_add(sum, p));
  }
  return sum;
}

/* d = x - root v, exact but for a relative 2^-53 near zero: products of 26-bit heads. */
INLINE vec from_eta_root(vec v, vec x) {
  const vec shifted = v_mul(v, v_set1(0x1p27 + 1));
  const vec head = v_sub(shifted, v_sub(shifted, v)), rest = v_sub(v, head);
  const vec a = v_set1(ETA_ROOT_HEAD), b = v_set1(ETA_ROOT_TAIL);
  const vec d = v_sub(v_sub(x, v_mul(a, head)), v_mul(a, rest));
  return v_sub(d, v_mul(b, v));
}

/* v eta; *t receives sqrt(v^2 + x^2). 1/MODERATE <= x <= MODERATE, 0 <= v <= MODERATE. */
INLINE vec v_eta(vec v, vec x, vec *t) {
  const vec radius = v_root(v_fma(v, v, v_mul(x, x)));
  vec sum = v_fma(v, v_log_normal(v_quotient(x, v_add(v, radius))), radius);
  const vec about = v_abs(v_fnma(v, v_set1(ETA_ROOT), x));
  const vec window = v_mul(v_set1(ETA_WINDOW), v);
  if (UNLIKELY(v_less_bits(about, window))) {
    const vec d = from_eta_root(v, x);
    const vec series = v_mul(d, horner_pairs(ETA_TAYLOR, ETA_TERMS, v_quotient(d, v)));
    sum = v_if_less(about, window, series, sum);
  }
  *t = radius;
  return sum;
}

/* `fixed` is log_tail(v) when all orders are the same, else NULL. */
INLINE vec log_debye(vec v, vec x, int kind, const tail *fixed) {
  vec t;
  const vec leading = v_eta(v, x, &t), u = v_quotient(v_set1(1), t), half = v_set1(0.5);
  const vec sign = v_set1(kind == FIRST_KIND ? 1 : -1);
  const vec signed_u = v_mul(sign, u), q = v_mul(v, u);
  const vec sum = fixed ? horner_pairs(fixed->c, fixed->n, v_mul(v, signed_u))
                        : log_sum(q, signed_u);
  const vec constant = v_set1(kind == FIRST_KIND ? -HALF_LOG_2PI : HALF_LOG_HALF_PI);
  const vec rest = v_sub(v_add(constant, sum), v_mul(half, v_log_normal(t)));
  return v_fma(sign, leading, rest);
}

INLINE int in_debye_reach(double v, double x, double radius) {
  return (v >= DEBYE_ORDER) | (v * v + x * x >= radius * radius);
}

/* One value, numbers of any size: v eta is homogeneous of degree 1 in (v, x). */
static double log_debye_anywhere(double v, double x, int kind) {
  int shift;
  double leading, log_t, sign = kind == FIRST_KIND ? 1 : -1;
  vec t;
  frexp(v > x ? v : x, &shift);
  if (shift < 460) shift = 0;
  const double a = ldexp(v, -shift), b = ldexp(x, -shift);
  if (b > 1 / MODERATE) {
    leading = ldexp(v_first(v_eta(v_set1(a), v_set1(b), &t)), shift);
  } else {
    leading = v * (1 + log(x) - (log(v) + LN2));
    t = v_set1(a);
  }
  log_t = log(v_first(t)) + shift * LN2;
  const double u = ldexp(1 / v_first(t), -shift);
  const double sum = v_first(log_sum(v_set1(a / v_first(t)), v_set1(sign * u)));
  const double constant = kind == FIRST_KIND ? -HALF_LOG_2PI : HALF_LOG_HALF_PI;
  return sign * leading + (constant + sum - 0.5 * log_t);
}

#endif
