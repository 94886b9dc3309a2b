/* A = I_{v+1}(x)/I_v(x) and 1 - A. With nu = v + 1/2, t = sqrt(nu^2 + x^2), q = nu/t and
 * w = x/(nu + t), A = w (1 + e), e = sum_k e_k(q)/nu^k. The e_k follow from the Riccati
 * equation A' = 1 - A^2 - 2 nu A/x, which w satisfies without its left-hand side:
 *
 *   e_0 = 1, e_k = -(q^2/2)(e_{k-1} - (1 - q^2) e_{k-1}') - ((1 - q)/2) sum e_i e_{k-i}.
 *
 * e_k/nu^k = q R_k(q)/t^k, so that the sum holds for small orders with large x too: 15
 * terms leave 1.2e-16 from t >= 30 or v >= 20 on. Nothing cancels in
 * 1 - A = (nu + nu^2/(t + x))/(nu + t) - w e, nor in A' = -w e (w (2 + e) + 2 nu/x).
 *
 * For t < 30 and v < 20: from an order in reach down by A_v = x/(2 (v+1) + x A_{v+1}), a
 * contraction by A^2 < 1 a step. Errors: A 4 eps, 1 - A 36 eps. */
#ifndef BESSEL_RATIO_H
#define BESSEL_RATIO_H

#include "bessel_debye.h"

#define RATIO_RADIUS 30.0

/* sum_k e_k(q)/(q nu^k) for one order v >= DEBYE_ORDER, as a polynomial in q. */
static tail ratio_tail(double v) {
  const double nu = v + 0.5;
  const int n_terms = n_terms_needed(LARGEST_RICCATI, RATIO_TERMS, nu);
  tail sum = {even_size(3 * n_terms + 1), {0}};
  double scale = 1;
  for (int k = 1; k <= n_terms; k++) {
    scale /= nu;
    for (int j = 0; j < 2 * k - 1; j++)
      sum.c[k + j] += RICCATI[(k - 1) * (k - 1) + j] * scale;
  }
  return sum;
}

INLINE vec ratio_sum(vec q, vec u) {
  vec sum = v_set1(0);
  for (int k = RATIO_TERMS; k > 0; k--) {
    const vec p = horner(RICCATI + (k - 1) * (k - 1), 2 * k - 1, q);
    sum = v_mul(u, v_add(sum, p));
  }
  return sum;
}

typedef struct {
  vec ratio, complement, slope;
} ratio_parts;

/* Within RATIO_RADIUS of in_debye_reach, v and x up to MODERATE; `fixed` is ratio_tail(v)
 * or NULL. */
INLINE ratio_parts ratio_debye(vec v, vec x, const tail *fixed) {
  const vec nu = v_add(v, v_set1(0.5)), t = v_root(v_fma(nu, nu, v_mul(x, x)));
  const vec sum = v_add(nu, t), share = v_quotient(v_set1(1), v_mul(t, sum));
  const vec u = v_mul(sum, share), inverse = v_mul(t, share);
  const vec q = v_mul(nu, u), w = v_mul(x, inverse);
  const vec e = v_mul(q, fixed ? horner_pairs(fixed->c, fixed->n, q) : ratio_sum(q, u));
  const vec we = v_mul(w, e);
  const vec rest = v_fma(nu, v_quotient(nu, v_add(t, x)), nu);
  const vec steepness = v_fma(w, v_add(e, v_set1(2)), v_quotient(v_add(nu, nu), x));
  return (ratio_parts){v_add(w, we), v_sub(v_mul(rest, inverse), we),
                       v_sub(v_set1(0), v_mul(we, steepness))};
}

INLINE ratio_parts ratio_small(vec v, vec x) {
  const vec zero = v_set1(0);
  const double lowest = -v_highest(v_sub(zero, v));
  const int n_steps = (int)ceil(DEBYE_ORDER - lowest);
  ratio_parts a = ratio_debye(v_add(v, v_set1(n_steps)), x, NULL);
  vec twice = zero;
  for (int k = n_steps; k > 0; k--) {
    twice = v_add(v_add(v, v), v_set1(2 * k));
    const vec below = v_fma(x, a.ratio, twice);
    a.complement = v_quotient(v_fnma(x, a.complement, twice), below);
    a.ratio = v_quotient(x, below);
  }
  const vec both = v_add(v_set1(1), a.ratio), drift = v_sub(twice, v_set1(1));
  a.slope = v_fnma(v_quotient(drift, x), a.ratio, v_mul(a.complement, both));
  return a;
}

typedef struct {
  double ratio, complement;
} ratio_values;

/* v >= -1/2, x > 0, both up to MODERATE, near and far lanes mixed. */
INLINE ratio_parts bessel_ratio(vec v, vec x) {
  const vec limit = v_set1(RATIO_RADIUS * RATIO_RADIUS), order = v_set1(DEBYE_ORDER);
  const vec square = v_if_less(v, order, v_fma(v, v, v_mul(x, x)), limit);
  const unsigned near = v_less_bits(square, limit), all = (1u << LANES) - 1;
  if (LIKELY(!near)) return ratio_debye(v, x, NULL);
  if (near == all) return ratio_small(v, x);
  const vec far_v = v_if_less(square, limit, order, v);
  const vec near_v = v_if_less(square, limit, v, order);
  const ratio_parts a = ratio_small(near_v, x), b = ratio_debye(far_v, x, NULL);
  return (ratio_parts){v_if_less(square, limit, a.ratio, b.ratio),
                       v_if_less(square, limit, a.complement, b.complement),
                       v_if_less(square, limit, a.slope, b.slope)};
}

/* One value of any size. Tiny x: A = x/(2 v + 2); huge v or x: A = w, both to a relative
 * 1e-24. */
static ratio_values ratio_anywhere(double v, double x) {
  if (isnan(v) || isnan(x)) return (ratio_values){v + x, v + x};
  if (v < 0 || x < 0 || (isinf(v) && isinf(x))) return (ratio_values){NAN, NAN};
  if (isinf(v) || isinf(x)) return (ratio_values){isinf(x), isinf(v)};
  if (x < TINY) return (ratio_values){0.5 * x / (v + 1), 1 - 0.5 * x / (v + 1)};
  if (v < MODERATE && x < MODERATE) {
    const ratio_parts a = bessel_ratio(v_set1(v), v_set1(x));
    return (ratio_values){v_first(a.ratio), v_first(a.complement)};
  }
  const double nu = ldexp(v + 0.5, -600), y = ldexp(x, -600), t = hypot(nu, y);
  return (ratio_values){y / (nu + t), (nu + nu * (nu / (t + y))) / (nu + t)};
}
static double iv_ratio_anywhere(double v, double x) { return ratio_anywhere(v, x).ratio; }
static double iv_ratio_complement_anywhere(double v, double x) {
  return ratio_anywhere(v, x).complement;
}

#endif
