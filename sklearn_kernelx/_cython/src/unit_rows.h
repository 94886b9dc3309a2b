/* Inner loops over one row of data and a vector of unit length. Sums run in eight lanes, in
 * float64: compilers vectorise them without leave to reorder, and the bits do not depend on
 * the instruction set. */
#ifndef UNIT_ROWS_H
#define UNIT_ROWS_H

#include <stddef.h>

/* Chosen by the loader of ELF systems. */
#if defined(__x86_64__) && defined(__ELF__) && defined(__GNUC__) && !defined(__clang__)
#if __GNUC__ >= 12
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
#endif
#ifndef CLONES
#define CLONES
#endif

#define UNIT_LANES 8

/* Runs `step` for each place k with its lane j; the last, incomplete block comes after. */
#define FOR_EACH_LANE(n, step)                                                          \
  const ptrdiff_t whole = (n) - (n) % UNIT_LANES;                                       \
  for (ptrdiff_t first = 0; first < whole; first += UNIT_LANES)                         \
    for (int j = 0; j < UNIT_LANES; j++) {                                              \
      const ptrdiff_t k = first + j;                                                    \
      step                                                                              \
    }                                                                                   \
  for (ptrdiff_t k = whole; k < (n); k++) {                                             \
    const ptrdiff_t j = k - whole;                                                      \
    step                                                                                \
  }

static double sum_of_lanes(const double *lane) {
  return ((lane[0] + lane[1]) + (lane[2] + lane[3])) +
         ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

/* sum_of_squares: of x.
 * add_centred: adds weight * (x * inverse - center) to `sums`, returns the squared norm of
 * what the weight stands before.
 * squared_distance: of x * inverse and center. */
#define DEFINE_UNIT_ROWS(real, suffix)                                                  \
  CLONES static double sum_of_squares_##suffix(const real *restrict x, ptrdiff_t n) {   \
    double lane[UNIT_LANES] = {0};                                                      \
    FOR_EACH_LANE(n, const double value = x[k]; lane[j] += value * value;)              \
    return sum_of_lanes(lane);                                                          \
  }                                                                                     \
  CLONES static double add_centred_##suffix(                                            \
      const real *restrict x, double inverse, double weight,                            \
      const double *restrict center, double *restrict sums, ptrdiff_t n) {              \
    double lane[UNIT_LANES] = {0};                                                      \
    FOR_EACH_LANE(n, const double value = x[k] * inverse - center[k];                   \
                  lane[j] += value * value; sums[k] += weight * value;)                 \
    return sum_of_lanes(lane);                                                          \
  }                                                                                     \
  CLONES static double squared_distance_##suffix(const real *restrict x, double inverse, \
                                                 const double *restrict center,         \
                                                 ptrdiff_t n) {                         \
    double lane[UNIT_LANES] = {0};                                                      \
    FOR_EACH_LANE(n, const double value = x[k] * inverse - center[k];                   \
                  lane[j] += value * value;)                                            \
    return sum_of_lanes(lane);                                                          \
  }

DEFINE_UNIT_ROWS(double, f64)
DEFINE_UNIT_ROWS(float, f32)

#endif
