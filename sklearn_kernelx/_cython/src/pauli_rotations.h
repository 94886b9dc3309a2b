/* Rotations exp(-i angle P) of states about Pauli strings P, and back again with the slopes
 * of a cost by the angles. A state of n amplitudes, a power of 2, is n real parts, then n
 * imaginary parts.
 *
 * P has X where a bit of the mask x is set alone, Z where one of z is, Y where both are:
 * (P state)[j] = (-i)^|x & z| (-1)^|j & z| state[j ^ x]. */
#ifndef PAULI_ROTATIONS_H
#define PAULI_ROTATIONS_H

#include "complex_vec.h"
#include "loops.h"

enum { GATES = 32 };

typedef struct {
  ptrdiff_t partner; /* x among vectors, */
  lane_order order;  /* and within one */
  ptrdiff_t z;
  int is_turn; /* P is imaginary, so that the rotation is real */
  real sign;   /* (-i)^|x & z| is sign, or -i sign */
  vec lane_signs;
} pauli_gate;

INLINE int is_odd(ptrdiff_t bits) {
  uint64_t b = (uint64_t)bits;
  for (int shift = 32; shift >= 4; shift /= 2) b ^= b >> shift;
  return (0x6996 >> (b & 15)) & 1;
}

static pauli_gate make_gate(ptrdiff_t x, ptrdiff_t z) {
  pauli_gate gate;
  real signs[LANES];
  int n_y = 0;
  for (ptrdiff_t both = x & z; both; both &= both - 1) n_y++;
  for (int l = 0; l < LANES; l++) signs[l] = is_odd(l & z) ? (real)-1 : (real)1;
  gate.partner = x & ~(ptrdiff_t)(LANES - 1);
  gate.order = swap_lanes((int)(x & (LANES - 1)));
  gate.z = z;
  gate.is_turn = n_y & 1;
  gate.sign = n_y & 2 ? (real)-1 : (real)1;
  gate.lane_signs = v_load(signs);
  return gate;
}

INLINE complex_vec complex_at(const real *state, ptrdiff_t n, ptrdiff_t place) {
  return (complex_vec){v_load(state + place), v_load(state + n + place)};
}

INLINE complex_vec swapped(complex_vec a, lane_order order) {
  return (complex_vec){v_swap(a.re, order), v_swap(a.im, order)};
}

/* Stores cosine a + sine (-i)^(|x & z| + 1) b, the sine with its signs. */
INLINE void store_rotated(const int is_turn, vec cosine, vec sine, complex_vec a,
                          complex_vec b, real *state, ptrdiff_t n, ptrdiff_t place) {
  const vec re = v_mul(cosine, a.re), im = v_mul(cosine, a.im);
  if (is_turn) {
    v_store(state + place, v_fnma(sine, b.re, re));
    v_store(state + n + place, v_fnma(sine, b.im, im));
  } else {
    v_store(state + place, v_fma(sine, b.im, re));
    v_store(state + n + place, v_fnma(sine, b.re, im));
  }
}

INLINE void rotate_by(const int is_turn, const pauli_gate *gate, real cosine_of, real sine_of,
                      ptrdiff_t n, real *state) {
  const ptrdiff_t partner = gate->partner;
  const vec cosine = v_set1(cosine_of);
  const vec plus = v_mul(gate->lane_signs, v_set1(sine_of * gate->sign));
  const vec sines[2] = {plus, v_sub(v_set1(0), plus)};
  for (ptrdiff_t j = 0; j < n; j += LANES) {
    const ptrdiff_t k = j ^ partner;
    if (k < j) continue;
    const complex_vec a = complex_at(state, n, j), b = complex_at(state, n, k);
    store_rotated(is_turn, cosine, sines[is_odd(j & gate->z)], a, swapped(b, gate->order),
                  state, n, j);
    if (k > j)
      store_rotated(is_turn, cosine, sines[is_odd(k & gate->z)], b,
                    swapped(a, gate->order), state, n, k);
  }
}

INLINE void rotate_state(const pauli_gate *gate, real cosine, real sine, ptrdiff_t n,
                         real *state) {
  if (gate->is_turn) rotate_by(1, gate, cosine, sine, n, state);
  else rotate_by(0, gate, cosine, sine, n, state);
}

/* Im <costate| P |state> */
INLINE double overlap_by(const int is_turn, const pauli_gate *gate, ptrdiff_t n,
                         const real *state, const real *costate) {
  const vec minus = v_sub(v_set1(0), gate->lane_signs);
  const vec signs[2] = {gate->lane_signs, minus};
  vec sum = v_set1(0);
  for (ptrdiff_t j = 0; j < n; j += LANES) {
    const complex_vec a = complex_at(costate, n, j);
    const complex_vec b = swapped(complex_at(state, n, j ^ gate->partner), gate->order);
    const vec term = is_turn ? v_fnma(a.re, b.re, v_mul(v_sub(v_set1(0), a.im), b.im))
                             : v_fnma(a.im, b.re, v_mul(a.re, b.im));
    sum = v_fma(signs[is_odd(j & gate->z)], term, sum);
  }
  return gate->sign * v_sum(sum);
}

INLINE double overlap(const pauli_gate *gate, ptrdiff_t n, const real *state,
                      const real *costate) {
  return gate->is_turn ? overlap_by(1, gate, n, state, costate)
                       : overlap_by(0, gate, n, state, costate);
}

/* A state of fewer complex_vec than a vector has lanes is worked on in a copy. */
INLINE real *widened(ptrdiff_t n, real *state, real *copy) {
  if (n >= LANES) return state;
  memset(copy, 0, 2 * LANES * sizeof(real));
  memcpy(copy, state, (size_t)n * sizeof(real));
  memcpy(copy + LANES, state + n, (size_t)n * sizeof(real));
  return copy;
}

INLINE void narrow(ptrdiff_t n, const real *copy, real *state) {
  if (n >= LANES) return;
  memcpy(state, copy, (size_t)n * sizeof(real));
  memcpy(state + n, copy + LANES, (size_t)n * sizeof(real));
}

static void rotate_states(const pauli_strings *strings, rotation_angles angles,
                          ptrdiff_t n_samples, ptrdiff_t n, void *states) {
  const ptrdiff_t width = n < LANES ? LANES : n;
  pauli_gate gates[GATES];
  real copy[2 * LANES];
  for (ptrdiff_t first = 0; first < strings->n_strings; first += GATES) {
    const ptrdiff_t rest = strings->n_strings - first;
    const ptrdiff_t n_gates = rest < GATES ? rest : GATES;
    for (ptrdiff_t g = 0; g < n_gates; g++)
      gates[g] = make_gate(strings->x_masks[first + g], strings->z_masks[first + g]);
    for (ptrdiff_t i = 0; i < n_samples; i++) {
      real *given = (real *)states + 2 * n * i, *state = widened(n, given, copy);
      const double *cosines = angles.cosines + i * angles.stride + first;
      const double *sines = angles.sines + i * angles.stride + first;
      for (ptrdiff_t g = 0; g < n_gates; g++)
        rotate_state(gates + g, (real)cosines[g], (real)sines[g], width, state);
      narrow(n, copy, given);
    }
  }
}

/* From the last string to the first: adds 2 Im <costate| P |state> to its slope, and undoes
 * its rotation. */
static void walk_back(const pauli_strings *strings, rotation_angles angles,
                      ptrdiff_t n_samples, ptrdiff_t n, void *states, void *costates,
                      double *slopes) {
  const ptrdiff_t width = n < LANES ? LANES : n;
  pauli_gate gates[GATES];
  real copy[2 * LANES], cocopy[2 * LANES];
  for (ptrdiff_t end = strings->n_strings; end > 0; end -= GATES) {
    const ptrdiff_t first = end < GATES ? 0 : end - GATES;
    for (ptrdiff_t g = 0; g < end - first; g++)
      gates[g] = make_gate(strings->x_masks[first + g], strings->z_masks[first + g]);
    for (ptrdiff_t i = 0; i < n_samples; i++) {
      real *given = (real *)states + 2 * n * i, *state = widened(n, given, copy);
      real *cogiven = (real *)costates + 2 * n * i;
      real *costate = widened(n, cogiven, cocopy);
      const double *cosines = angles.cosines + i * angles.stride + first;
      const double *sines = angles.sines + i * angles.stride + first;
      for (ptrdiff_t g = end - first - 1; g >= 0; g--) {
        slopes[first + g] += 2 * overlap(gates + g, width, state, costate);
        rotate_state(gates + g, (real)cosines[g], (real)-sines[g], width, state);
        rotate_state(gates + g, (real)cosines[g], (real)-sines[g], width, costate);
      }
      narrow(n, copy, given);
      narrow(n, cocopy, cogiven);
    }
  }
}

#endif
