/* Exact draws of the discrete Laplace and the discrete Gaussian law: C. Canonne, G. Kamath,
 * T. Steinke, "The discrete Gaussian for differential privacy", NeurIPS 2020,
 * arXiv:2004.00010, Algorithms 1 to 3. Integers only: no law is rounded anywhere.
 *
 * Random bytes cost more than arithmetic, so comparisons read as few as decide them.
 *
 * Range: every member of a law up to 2^97, the scale of a proposal up to 2^49, the exponent
 * of a Gaussian draw within 2^13 of those scales below 2^128. Nothing overflows then, and
 * results fit 64 bits, unless a draw exceeds 2^13 times its scale. That has probability
 * exp(-8192) < 10^-3557. */
#ifndef DISCRETE_NOISE_H
#define DISCRETE_NOISE_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 uint128;

#define BYTES_PER_BLOCK 65536

typedef struct {
  uint8_t bytes[BYTES_PER_BLOCK];
  size_t block, n_left;
  /* Fills the block; anything but 0 means that there is no more. */
  int (*refill)(void *source, uint8_t *bytes, size_t n);
  void *source;
  jmp_buf is_dry;
} entropy;

/* Scale numerator / denominator. */
typedef struct {
  uint128 numerator, denominator;
} laplace_law;

/* A draw y of the proposal is kept with probability
 * exp(-(|y| step - centre)^2 factor / divisor). */
typedef struct {
  laplace_law proposal;
  uint128 step, centre, factor, divisor;
} gaussian_law;

static inline uint128 uint128_of(uint64_t high, uint64_t low) {
  return (uint128)high << 64 | low;
}

/* volatile: stores to memory that is about to be freed must not be left out. */
static void wipe(entropy *e) {
  volatile uint8_t *bytes = e->bytes;
  for (size_t i = 0; i < BYTES_PER_BLOCK; i++) bytes[i] = 0;
  e->n_left = 0;
}

static inline uint8_t next_byte(entropy *e) {
  if (e->n_left == 0) {
    if (e->refill(e->source, e->bytes, e->block)) longjmp(e->is_dry, 1);
    e->n_left = e->block;
  }
  return e->bytes[--e->n_left];
}

static inline uint128 next_bytes(entropy *e, int n) {
  uint128 number = 0;
  while (n-- > 0) number = number << 8 | next_byte(e);
  return number;
}

/* For n > 0. */
static inline int n_leading_zeros(uint128 n) {
  const uint64_t high = (uint64_t)(n >> 64);
  return high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)n);
}

static inline uint128 uniform_below(entropy *e, uint128 bound) {
  if (bound == 1) return 0;
  const int n_unused = n_leading_zeros(bound - 1);
  const uint128 mask = ~(uint128)0 >> n_unused;
  uint128 number;
  do number = next_bytes(e, 16 - n_unused / 8) & mask;
  while (number >= bound);
  return number;
}

/* Bernoulli(x / y), x < y: is a uniform number below y, both times a power of two, below x?
 * The first of its bytes nearly always says so, the other 15 are read only if it does not. */
static inline int bernoulli(entropy *e, uint128 x, uint128 y) {
  const int shift = n_leading_zeros(y);
  x <<= shift;
  y <<= shift;
  const uint8_t first_of_x = (uint8_t)(x >> 120), first_of_y = (uint8_t)(y >> 120);
  for (;;) {
    const uint8_t first = next_byte(e);
    if (first == first_of_x || first == first_of_y) {
      const uint128 number = (uint128)first << 120 | next_bytes(e, 15);
      if (number < y) return number < x;
    } else if (first < first_of_y) {
      return first < first_of_x;
    }
  }
}

/* Bernoulli(1 / k). */
static inline int one_in(entropy *e, unsigned k) {
  if (k == 1) return 1;
  if (k > 255) return bernoulli(e, 1, k);
  const unsigned share = 256 / k;
  unsigned byte;
  do byte = next_byte(e);
  while (byte >= share * k);
  return byte < share;
}

/* Bernoulli(exp(-1)), Algorithm 1: the first failure of Bernoulli(1 / k) has an odd k. */
static inline int bernoulli_exp_1(entropy *e) {
  unsigned k = 1;
  while (one_in(e, k)) k++;
  return k & 1;
}

/* Bernoulli(exp(-x / y)), Algorithm 1. Where x > y most calls end in the first loop. */
static inline int bernoulli_exp(entropy *e, uint128 x, uint128 y) {
  for (; x > y; x -= y)
    if (!bernoulli_exp_1(e)) return 0;
  if (x == y) return bernoulli_exp_1(e);
  unsigned k = 1;
  while (one_in(e, k) && bernoulli(e, x, y)) k++;
  return k & 1;
}

/* Algorithm 2: the probability of y is proportional to exp(-|y| / scale). */
static inline int64_t laplace(entropy *e, const laplace_law *law) {
  for (;;) {
    uint128 x = uniform_below(e, law->numerator);
    if (!bernoulli_exp(e, x, law->numerator)) continue;
    while (bernoulli_exp_1(e)) x += law->numerator;
    const int64_t size = (int64_t)(law->denominator == 1 ? x : x / law->denominator);
    const int is_negative = one_in(e, 2);
    /* Zero has one sign only, else it would be drawn twice as often as it should. */
    if (!(is_negative && size == 0)) return is_negative ? -size : size;
  }
}

/* Algorithm 3. */
static inline int64_t gaussian(entropy *e, const gaussian_law *law) {
  for (;;) {
    const int64_t y = laplace(e, &law->proposal);
    const uint128 place = (uint128)(y < 0 ? -y : y) * law->step;
    const uint128 gap = place < law->centre ? law->centre - place : place - law->centre;
    if (bernoulli_exp(e, gap * gap * law->factor, law->divisor)) return y;
  }
}

/* Each of these returns -1 when the source of bytes failed, else 0. */
#define DRAWS(name, type, draw, ...)                                          \
  static int name(entropy *e, type *drawn, ptrdiff_t n, __VA_ARGS__) {        \
    if (setjmp(e->is_dry)) return -1;                                         \
    for (ptrdiff_t i = 0; i < n; i++) drawn[i] = draw;                        \
    return 0;                                                                 \
  }

DRAWS(draw_laplace, int64_t, laplace(e, law), const laplace_law *law)
DRAWS(draw_gaussian, int64_t, gaussian(e, law), const gaussian_law *law)
DRAWS(draw_uniform, uint64_t, (uint64_t)uniform_below(e, bound), uint64_t bound)
DRAWS(draw_bernoulli_exp, uint8_t, (uint8_t)bernoulli_exp(e, x, y), uint128 x, uint128 y)

#endif
