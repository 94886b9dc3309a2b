/* Overlaps of states whose qubits are coupled to their neighbours only, without states.
 *
 * With r blocks the overlap <x|z> is a sum over 2 r - 1 replicas of a chain of bits: r - 1
 * with the phases of x, one with those of both, r - 1 with those of z. The Hadamard gates
 * between two blocks give a sign where neighbouring replicas are both 1. So a vector of
 * 2^(2 r - 1) numbers is carried from qubit to qubit: O(n_qubits r 4^r) a pair. */
#ifndef CHAIN_OVERLAPS_H
#define CHAIN_OVERLAPS_H

#include "complex_vec.h"
#include "loops.h"

/* The step of a replica from one qubit to the next, for the angles p of the pair and s of
 * the next qubit: the matrix (a b; conj a, conj b), a = exp(-i(s + p)), b = exp(-i(s - p)). */
typedef struct {
  complex_vec a, b;
} step;

INLINE step conjugate(step x) {
  const vec zero = v_set1(0);
  x.a.im = v_sub(zero, x.a.im);
  x.b.im = v_sub(zero, x.b.im);
  return x;
}

INLINE step broadcast_step(const real *x) {
  const step loaded = {{v_set1(x[0]), v_set1(x[1])}, {v_set1(x[2]), v_set1(x[3])}};
  return loaded;
}

INLINE step load_step(const real *z) {
  const step loaded = {{v_load(z), v_load(z + CHAIN_PANEL)},
                       {v_load(z + 2 * CHAIN_PANEL), v_load(z + 3 * CHAIN_PANEL)}};
  return loaded;
}

/* Real and imaginary products are shared by the two rows of the matrix. */
INLINE void step_replica(const int n_states, const int bit, step m, complex_vec *v) {
  for (int c = 0; c < n_states; c++) {
    if (c & bit) continue;
    const complex_vec v0 = v[c], v1 = v[c | bit];
    const vec even_re = v_fma(m.b.re, v1.re, v_mul(m.a.re, v0.re));
    const vec even_im = v_fma(m.b.re, v1.im, v_mul(m.a.re, v0.im));
    const vec odd_re = v_fma(m.b.im, v1.im, v_mul(m.a.im, v0.im));
    const vec odd_im = v_fma(m.b.im, v1.re, v_mul(m.a.im, v0.re));
    v[c].re = v_sub(even_re, odd_re);
    v[c].im = v_add(even_im, odd_im);
    v[c | bit].re = v_add(even_re, odd_re);
    v[c | bit].im = v_sub(even_im, odd_im);
  }
}

INLINE void step_all(const int reps, const real *x, const real *z, complex_vec *v) {
  const int n_states = 1 << (2 * reps - 1);
  const step bra = conjugate(broadcast_step(x)), ket = load_step(z);
  const step both = {complex_product(bra.a, ket.a), complex_product(bra.b, ket.b)};
  for (int r = 0; r < reps - 1; r++) {
    step_replica(n_states, 1 << r, bra, v);
    step_replica(n_states, 1 << (reps + r), ket, v);
  }
  step_replica(n_states, 1 << (reps - 1), both, v);
}

/* Bits that both replicas of a pair of neighbours have: odd when the sign is -1. */
INLINE int has_minus(int state) {
  int odd = 0;
  for (int shared = state & state >> 1; shared; shared &= shared - 1) odd ^= 1;
  return odd;
}

INLINE void hadamard_signs(const int reps, complex_vec *v) {
  const real scale = (real)1 / (real)(1 << reps);
  for (int c = 0; c < 1 << (2 * reps - 1); c++) {
    const vec factor = v_set1(has_minus(c) ? -scale : scale);
    v[c].re = v_mul(v[c].re, factor);
    v[c].im = v_mul(v[c].im, factor);
  }
}

/* The sum over all chains that begin with `first`; over all chains if it is negative. */
INLINE complex_vec chain_sum(const int reps, ptrdiff_t n_qubits, int first, const real *x,
                           const real *z) {
  const int n_states = 1 << (2 * reps - 1);
  const complex_vec zero = {v_set1(0), v_set1(0)}, one = {v_set1(1), v_set1(0)};
  complex_vec v[1 << (2 * MAX_CHAIN_REPS - 1)], sum = zero;
  for (int c = 0; c < n_states; c++) v[c] = zero;
  v[0] = one;
  for (ptrdiff_t k = 0; k < n_qubits; k++, x += 4, z += 4 * CHAIN_PANEL) {
    step_all(reps, x, z, v);
    hadamard_signs(reps, v);
    for (int c = 0; k == 0 && first >= 0 && c < n_states; c++)
      if (c != first) v[c] = zero;
  }
  if (first >= 0) {
    step_all(reps, x, z, v);
    return v[first];
  }
  for (int c = 0; c < n_states; c++) {
    sum.re = v_add(sum.re, v[c].re);
    sum.im = v_add(sum.im, v[c].im);
  }
  return sum;
}

INLINE void chain_row(const int reps, ptrdiff_t n_qubits, int closed, const real *x,
                      const real *z, real *out) {
  for (int lane = 0; lane < CHAIN_PANEL; lane += LANES) {
    complex_vec sum = chain_sum(reps, n_qubits, closed ? 0 : -1, x, z + lane);
    for (int first = 1; closed && first < 1 << (2 * reps - 1); first++) {
      const complex_vec more = chain_sum(reps, n_qubits, first, x, z + lane);
      sum.re = v_add(sum.re, more.re);
      sum.im = v_add(sum.im, more.im);
    }
    v_store(out + lane, v_min(v_set1(1), v_fma(sum.im, sum.im, v_mul(sum.re, sum.re))));
  }
}

/* out[CHAIN_PANEL] = |<x|z>|^2 for one x and a panel of z. Steps of x lie at
 * x[n_qubits + 1][4], of z at z[n_qubits + 1][4][CHAIN_PANEL]: real and imaginary part of
 * a and b; first those into qubit 0, with p = 0, last those from the last qubit to
 * qubit 0, with s = 0, which only closed chains read. */
static void chain_overlaps(ptrdiff_t n_qubits, int reps, int closed, const void *x,
                           const void *z, void *out) {
  if (reps == 1) chain_row(1, n_qubits, closed, x, z, out);
  else if (reps == 2) chain_row(2, n_qubits, closed, x, z, out);
  else if (reps == 3) chain_row(3, n_qubits, closed, x, z, out);
  else chain_row(reps, n_qubits, closed, x, z, out);
}

#endif
