/* The special functions over arrays: vectors of lanes where the uniform expansions reach,
 * the other lanes one by one. Float64 only. */
#ifndef BESSEL_ARRAYS_H
#define BESSEL_ARRAYS_H

#include "log_bessel.h"
#include "loops.h"
#include "vmf.h"

/* Making the polynomial of one order costs about as much as this many values. */
#define WORTH_A_TAIL 32

/* What NumPy warns of: an undefined or infinite value of finite arguments. */
static int status_of(double a, double b, double value) {
  if (isnan(value)) return isnan(a) || isnan(b) ? 0 : BESSEL_INVALID;
  if (!isinf(value) || isinf(a) || isinf(b)) return 0;
  return b == 0 || (b == 1 && a < 1e300) ? BESSEL_POLE : BESSEL_OVERFLOW;
}

/* How a pair of arguments is treated: by vectors of its kind, or by itself. */
typedef enum { BY_ITSELF = 0, SMALL = 1, LARGE = 2 } kind_of_pair;
enum { PAIRS = 256 };

typedef struct {
  kind_of_pair (*kind)(double, double);
  vec (*small)(vec, vec);
  vec (*large)(vec, vec, const tail *fixed);
  double (*scalar)(double, double);
  tail (*tail_of)(double);
} function_of_two;

/* The pairs at n places, or the first n without `place`, all of one kind. */
INLINE void one_kind(function_of_two f, kind_of_pair kind, int n, const int *place,
                     const double *a, ptrdiff_t a_step, const double *b, double *out) {
  double lane_a[LANES], lane_b[LANES], value[LANES];
  for (int i = 0; i < n; i += LANES) {
    for (int l = 0; l < LANES; l++) {
      const int k = i + l < n ? i + l : i, from = place ? place[k] : k;
      lane_a[l] = a[a_step * from];
      lane_b[l] = b[from];
    }
    const vec va = v_load(lane_a), vb = v_load(lane_b);
    v_store(value, kind == SMALL ? f.small(va, vb) : f.large(va, vb, NULL));
    for (int l = 0; l < LANES && i + l < n; l++)
      out[place ? place[i + l] : i + l] = value[l];
  }
}

/* At most PAIRS pairs, sorted by kind unless all are large. */
INLINE int all_kinds(function_of_two f, int n, const double *a, ptrdiff_t a_step,
                     const double *b, double *out) {
  int place[LARGE + 1][PAIRS], count[LARGE + 1] = {0}, status = 0, n_large = 0;
  for (int i = 0; i < n; i++) n_large += f.kind(a[a_step * i], b[i]) == LARGE;
  if (f.large && n_large == n) {
    one_kind(f, LARGE, n, NULL, a, a_step, b, out);
    return 0;
  }
  for (int i = 0; i < n; i++) {
    const kind_of_pair kind = f.kind(a[a_step * i], b[i]);
    place[kind][count[kind]++] = i;
  }
  for (int i = 0; i < count[BY_ITSELF]; i++) {
    const int from = place[BY_ITSELF][i];
    const double first = a[a_step * from], second = b[from];
    const double value = f.scalar(first, second);
    status |= status_of(first, second, value);
    out[from] = value;
  }
  if (f.small) one_kind(f, SMALL, count[SMALL], place[SMALL], a, a_step, b, out);
  if (f.large) one_kind(f, LARGE, count[LARGE], place[LARGE], a, a_step, b, out);
  return status;
}

/* One first argument, for which every second one of moderate size is LARGE. */
INLINE int one_order(function_of_two f, ptrdiff_t n, const double *a, const double *b,
                     double *out) {
  const tail fixed = f.tail_of(a[0]);
  const vec first = v_set1(a[0]), least = v_set1(TINY), most = v_set1(MODERATE);
  int status = 0;
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    const vec second = v_load(b + i);
    if (LIKELY(v_all_less(least, second) && v_all_less(second, most)))
      v_store(out + i, f.large(first, second, &fixed));
    else
      status |= all_kinds(f, LANES, a, 0, b + i, out + i);
  }
  return status | all_kinds(f, (int)(n - i), a, 0, b + i, out + i);
}

/* a_step is 1, or 0 for one first argument. */
INLINE int over_array(function_of_two f, ptrdiff_t n, const double *a, ptrdiff_t a_step,
                      const double *b, double *out) {
  int status = 0;
  if (f.tail_of && a_step == 0 && n >= WORTH_A_TAIL && a[0] >= DEBYE_ORDER &&
      a[0] < MODERATE)
    return one_order(f, n, a, b, out);
  for (ptrdiff_t i = 0; i < n; i += PAIRS) {
    const int n_pairs = n - i < PAIRS ? (int)(n - i) : PAIRS;
    status |= all_kinds(f, n_pairs, a + a_step * i, a_step, b + i, out + i);
  }
  return status;
}

/* Arithmetic instead of branches, which nobody could predict. */
INLINE kind_of_pair kind_within(double v, double x, double radius) {
  const int moderate = (v >= 0) & (v < MODERATE) & (x > TINY) & (x < MODERATE);
  return (kind_of_pair)(moderate * (SMALL + in_debye_reach(v, x, radius)));
}

static kind_of_pair log_kind(double v, double x) {
  return kind_within(v, x, DEBYE_RADIUS);
}
INLINE vec log_iv_large(vec v, vec x, const tail *fixed) {
  return log_debye(v, x, FIRST_KIND, fixed);
}
INLINE vec log_kv_large(vec v, vec x, const tail *fixed) {
  return log_debye(v, x, SECOND_KIND, fixed);
}

static kind_of_pair ratio_kind(double v, double x) {
  return kind_within(v, x, RATIO_RADIUS);
}
INLINE vec iv_ratio_small(vec v, vec x) { return ratio_small(v, x).ratio; }
INLINE vec iv_ratio_large(vec v, vec x, const tail *fixed) {
  return ratio_debye(v, x, fixed).ratio;
}
INLINE vec iv_complement_small(vec v, vec x) { return ratio_small(v, x).complement; }
INLINE vec iv_complement_large(vec v, vec x, const tail *fixed) {
  return ratio_debye(v, x, fixed).complement;
}

static kind_of_pair normalizer_kind(double p, double kappa) {
  (void)p, (void)kappa;
  return BY_ITSELF;
}

static kind_of_pair kappa_kind(double p, double r) {
  return p > 1 && p < 1e30 && r > 1e-20 && 1 - r > 1e-15 ? LARGE : BY_ITSELF;
}
INLINE vec kappa_vector(vec p, vec r, const tail *fixed) {
  (void)fixed;
  return vmf_kappa_vector(p, r, v_sub(v_set1(1), r));
}
static kind_of_pair kappa_complement_kind(double p, double c) {
  return p > 1 && p < 1e30 && c > 1e-20 && 1 - c > 1e-15 ? LARGE : BY_ITSELF;
}
INLINE vec kappa_complement_vector(vec p, vec c, const tail *fixed) {
  (void)fixed;
  return vmf_kappa_vector(p, v_sub(v_set1(1), c), c);
}

#define ARRAY_FUNCTION(name, kind, small, large, tail_of)                               \
  static int name##_array(ptrdiff_t n, const double *a, ptrdiff_t a_step,               \
                          const double *b, double *out) {                               \
    const function_of_two f = {kind, small, large, name##_anywhere, tail_of};           \
    return over_array(f, n, a, a_step, b, out);                                         \
  }
ARRAY_FUNCTION(log_iv, log_kind, log_iv_small, log_iv_large, log_tail)
ARRAY_FUNCTION(log_kv, log_kind, log_kv_small, log_kv_large, log_tail)
ARRAY_FUNCTION(iv_ratio, ratio_kind, iv_ratio_small, iv_ratio_large, ratio_tail)
ARRAY_FUNCTION(iv_ratio_complement, ratio_kind, iv_complement_small, iv_complement_large,
               ratio_tail)
ARRAY_FUNCTION(log_vmf_normalizer, normalizer_kind, NULL, NULL, NULL)
ARRAY_FUNCTION(log_vmf_peak, normalizer_kind, NULL, NULL, NULL)
ARRAY_FUNCTION(vmf_kappa, kappa_kind, NULL, kappa_vector, NULL)
ARRAY_FUNCTION(vmf_kappa_complement, kappa_complement_kind, NULL, kappa_complement_vector,
               NULL)

#endif
