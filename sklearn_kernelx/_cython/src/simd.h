/* One vector type `vec` of LANES numbers of type `real`, and the operations the loops
 * need. VARIANT_F64 / VARIANT_F32 choose `real`; the flags this file is compiled with
 * choose the instruction set. Everything above this header is written once. */
#ifndef SIMD_H
#define SIMD_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__) || defined(__clang__)
#define INLINE static inline __attribute__((always_inline))
#define LOWEST_BIT(bits) __builtin_ctz(bits)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define PREFETCH(address) __builtin_prefetch(address)
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#else
#define INLINE static inline
static inline int LOWEST_BIT(unsigned bits) {
  int place = 0;
  for (; !(bits & 1); bits >>= 1) place++;
  return place;
}
#define UNLIKELY(condition) (condition)
#define PREFETCH(address) ((void)(address))
#define LIKELY(condition) (condition)
#endif

#ifdef VARIANT_F64
typedef double real;
typedef uint64_t real_bits;
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
/* Adding it leaves the nearest integer in the low mantissa bits. */
#define ROUNDING_MAGIC 0x1.8p52
/* Its low mantissa bits count ones. */
#define COUNTING_MAGIC 0x1p52
#else
typedef float real;
typedef uint32_t real_bits;
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#define ROUNDING_MAGIC 0x1.8p23f
#define COUNTING_MAGIC 0x1p23f
#endif

/* v_max(a, b) and v_min(a, b) return b when either is NaN, as x86 does.
 * v_less_bits(a, b): bit l is set where a < b in lane l.
 * v_ldexp_normal(p, t): p * 2^n for t = n + ROUNDING_MAGIC, the result being normal.
 * v_quotient(a, b), v_root(a): v_div and v_sqrt but for 1 ulp, for float64 between
 * 2^-1000 and 2^1000; many times faster where the hardware has first guesses.
 * v_frexp_normal(a, &m): n of a = m * 2^n with 3/4 <= m < 3/2, a being positive and
 * normal.
 * v_swap(a, swap_lanes(mask)): lane l ^ mask of a in lane l. */

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#include <immintrin.h>
#ifdef VARIANT_F64
typedef __m512d vec;
#define OP(name) _mm512_##name##_pd
#define INT_OP(name) _mm512_##name##_epi64
#define BITS(x) _mm512_castpd_si512(x)
#define FROM_BITS(x) _mm512_castsi512_pd(x)
#define LESS_MASK(a, b) _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ)
#define LANES 8
#else
typedef __m512 vec;
#define OP(name) _mm512_##name##_ps
#define INT_OP(name) _mm512_##name##_epi32
#define BITS(x) _mm512_castps_si512(x)
#define FROM_BITS(x) _mm512_castsi512_ps(x)
#define LESS_MASK(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define LANES 16
#endif
#define QUERY_TILE 8
INLINE vec v_abs(vec a) { return OP(abs)(a); }
INLINE vec v_fma(vec a, vec b, vec c) { return OP(fmadd)(a, b, c); }
INLINE vec v_fnma(vec a, vec b, vec c) { return OP(fnmadd)(a, b, c); }
INLINE vec v_if_less(vec a, vec b, vec x, vec y) {
  return OP(mask_blend)(LESS_MASK(a, b), y, x);
}
INLINE unsigned v_less_bits(vec a, vec b) { return LESS_MASK(a, b); }
typedef __m512i lane_order;
INLINE lane_order swap_lanes(int mask) {
  real_bits lanes[LANES];
  for (int l = 0; l < LANES; l++) lanes[l] = (real_bits)(l ^ mask);
  return _mm512_loadu_si512(lanes);
}
INLINE vec v_swap(vec a, lane_order order) { return OP(permutexvar)(order, a); }

#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#ifdef VARIANT_F64
typedef __m256d vec;
#define OP(name) _mm256_##name##_pd
#define INT_OP(name) _mm256_##name##_epi64
#define BITS(x) _mm256_castpd_si256(x)
#define FROM_BITS(x) _mm256_castsi256_pd(x)
#define LANES 4
#else
typedef __m256 vec;
#define OP(name) _mm256_##name##_ps
#define INT_OP(name) _mm256_##name##_epi32
#define BITS(x) _mm256_castps_si256(x)
#define FROM_BITS(x) _mm256_castsi256_ps(x)
#define LANES 8
#endif
#define QUERY_TILE 4
INLINE vec v_abs(vec a) { return OP(andnot)(OP(set1)((real)-0.0), a); }
INLINE vec v_fma(vec a, vec b, vec c) { return OP(fmadd)(a, b, c); }
INLINE vec v_fnma(vec a, vec b, vec c) { return OP(fnmadd)(a, b, c); }
INLINE vec v_if_less(vec a, vec b, vec x, vec y) {
  return OP(blendv)(y, x, OP(cmp)(a, b, _CMP_LT_OQ));
}
INLINE unsigned v_less_bits(vec a, vec b) {
  return (unsigned)OP(movemask)(OP(cmp)(a, b, _CMP_LT_OQ));
}
typedef __m256i lane_order;
INLINE lane_order swap_lanes(int mask) {
  enum { WORDS = (int)sizeof(real) / 4 };
  uint32_t words[8];
  for (int i = 0; i < 8; i++) words[i] = (uint32_t)(i ^ (mask * WORDS));
  return _mm256_loadu_si256((const __m256i *)words);
}
INLINE vec v_swap(vec a, lane_order order) {
  const __m256i words = _mm256_permutevar8x32_epi32(BITS(a), order);
  return FROM_BITS(words);
}
#endif

#if defined(VARIANT_F64) && defined(__AVX512F__) && defined(__AVX512DQ__)
/* 14 bits, 28 by one Newton step, all of them by the exact remainder. */
INLINE vec v_quotient(vec a, vec b) {
  const vec two = OP(set1)(2), guess = _mm512_rcp14_pd(b);
  const vec inverse = OP(mul)(guess, v_fnma(b, guess, two)), q = OP(mul)(a, inverse);
  return v_fma(v_fnma(b, q, a), inverse, q);
}
INLINE vec v_root(vec a) {
  const vec guess = _mm512_rsqrt14_pd(a), half = OP(set1)(0.5);
  const vec root = OP(mul)(a, guess), half_inverse = OP(mul)(half, guess);
  const vec rest = v_fnma(root, half_inverse, half);
  const vec better = v_fma(root, rest, root);
  const vec slope = v_fma(half_inverse, rest, half_inverse);
  return v_fma(v_fnma(better, better, a), slope, better);
}
#else
#define v_quotient v_div
#define v_root v_sqrt
#endif

#ifdef OP
INLINE vec v_set1(real a) { return OP(set1)(a); }
INLINE vec v_load(const real *p) { return OP(loadu)(p); }
INLINE void v_store(real *p, vec a) { OP(storeu)(p, a); }
INLINE vec v_add(vec a, vec b) { return OP(add)(a, b); }
INLINE vec v_sub(vec a, vec b) { return OP(sub)(a, b); }
INLINE vec v_mul(vec a, vec b) { return OP(mul)(a, b); }
INLINE vec v_div(vec a, vec b) { return OP(div)(a, b); }
INLINE vec v_max(vec a, vec b) { return OP(max)(a, b); }
INLINE vec v_min(vec a, vec b) { return OP(min)(a, b); }
INLINE vec v_sqrt(vec a) { return OP(sqrt)(a); }
INLINE vec v_ldexp_normal(vec p, vec t) {
  return FROM_BITS(INT_OP(add)(BITS(p), INT_OP(slli)(BITS(t), MANTISSA_BITS)));
}
#if defined(__AVX512F__) && defined(__AVX512DQ__)
INLINE vec v_frexp_normal(vec a, vec *m) {
  *m = OP(getmant)(a, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
  return OP(sub)(OP(getexp)(a), OP(getexp)(*m));
}
#else
INLINE vec v_frexp_normal(vec a, vec *m) {
  const vec exponent = FROM_BITS(INT_OP(srli)(BITS(a), MANTISSA_BITS));
  const vec one = v_set1(1), counting = v_set1(COUNTING_MAGIC);
  const vec bias = v_set1(COUNTING_MAGIC + EXPONENT_BIAS), limit = v_set1((real)1.5);
  const vec mantissa = OP(or)(OP(andnot)(v_set1((real)INFINITY), a), one);
  const vec n = v_sub(OP(or)(exponent, counting), bias);
  *m = v_if_less(mantissa, limit, mantissa, v_mul(mantissa, v_set1((real)0.5)));
  return v_if_less(mantissa, limit, n, v_add(n, one));
}
#endif
#else
/* Plain C: short loops over two or four lanes, which compilers turn into SSE2 or NEON. */
#define LANES ((int)(16 / sizeof(real)))
#define QUERY_TILE 4
typedef struct {
  real lane[LANES];
} vec;
#define LANEWISE(expression)                                                            \
  vec r;                                                                                \
  for (int l = 0; l < LANES; l++) r.lane[l] = (real)(expression);                       \
  return r
INLINE vec v_set1(real a) { LANEWISE(a); }
INLINE vec v_load(const real *p) { LANEWISE(p[l]); }
INLINE void v_store(real *p, vec a) { memcpy(p, a.lane, sizeof a.lane); }
INLINE vec v_add(vec a, vec b) { LANEWISE(a.lane[l] + b.lane[l]); }
INLINE vec v_sub(vec a, vec b) { LANEWISE(a.lane[l] - b.lane[l]); }
INLINE vec v_mul(vec a, vec b) { LANEWISE(a.lane[l] * b.lane[l]); }
INLINE vec v_div(vec a, vec b) { LANEWISE(a.lane[l] / b.lane[l]); }
INLINE vec v_max(vec a, vec b) { LANEWISE(a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l]); }
INLINE vec v_min(vec a, vec b) { LANEWISE(a.lane[l] < b.lane[l] ? a.lane[l] : b.lane[l]); }
INLINE vec v_sqrt(vec a) { LANEWISE(sqrt((double)a.lane[l])); }
INLINE vec v_abs(vec a) { LANEWISE(fabs((double)a.lane[l])); }
/* Unfused: the Cody-Waite constants of vexp.h are split so that this loses nothing. */
INLINE vec v_fma(vec a, vec b, vec c) { LANEWISE(a.lane[l] * b.lane[l] + c.lane[l]); }
INLINE vec v_fnma(vec a, vec b, vec c) { LANEWISE(c.lane[l] - a.lane[l] * b.lane[l]); }
INLINE vec v_if_less(vec a, vec b, vec x, vec y) {
  LANEWISE(a.lane[l] < b.lane[l] ? x.lane[l] : y.lane[l]);
}
INLINE unsigned v_less_bits(vec a, vec b) {
  unsigned bits = 0;
  for (int l = 0; l < LANES; l++) bits |= (unsigned)(a.lane[l] < b.lane[l]) << l;
  return bits;
}
typedef int lane_order;
INLINE lane_order swap_lanes(int mask) { return mask; }
INLINE vec v_swap(vec a, lane_order mask) { LANEWISE(a.lane[l ^ mask]); }
INLINE vec v_ldexp_normal(vec p, vec t) {
  for (int l = 0; l < LANES; l++) {
    real_bits bits, shift;
    memcpy(&bits, &p.lane[l], sizeof bits);
    memcpy(&shift, &t.lane[l], sizeof shift);
    bits += shift << MANTISSA_BITS;
    memcpy(&p.lane[l], &bits, sizeof bits);
  }
  return p;
}
INLINE vec v_frexp_normal(vec a, vec *m) {
  vec n;
  for (int l = 0; l < LANES; l++) {
    const real_bits one = (real_bits)EXPONENT_BIAS << MANTISSA_BITS;
    const real_bits fraction = ((real_bits)1 << MANTISSA_BITS) - 1;
    real_bits bits;
    real mantissa;
    memcpy(&bits, &a.lane[l], sizeof bits);
    const int exponent = (int)(bits >> MANTISSA_BITS) - EXPONENT_BIAS;
    bits = (bits & fraction) | one;
    memcpy(&mantissa, &bits, sizeof bits);
    const int high = mantissa >= (real)1.5;
    m->lane[l] = high ? mantissa * (real)0.5 : mantissa;
    n.lane[l] = (real)(exponent + high);
  }
  return n;
}
#endif

INLINE int v_all_less(vec a, vec b) { return v_less_bits(a, b) == (1u << LANES) - 1; }

INLINE real v_first(vec a) {
  real lane[LANES];
  v_store(lane, a);
  return lane[0];
}

/* Horizontal reductions, in the order of the lanes. */
INLINE double v_sum(vec a) {
  real lane[LANES];
  double sum = 0;
  v_store(lane, a);
  for (int l = 0; l < LANES; l++) sum += lane[l];
  return sum;
}
INLINE real v_highest(vec a) {
  real lane[LANES], highest;
  v_store(lane, a);
  highest = lane[0];
  for (int l = 1; l < LANES; l++) highest = lane[l] > highest ? lane[l] : highest;
  return highest;
}

#endif
