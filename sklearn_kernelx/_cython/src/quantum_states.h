/* State vectors of q qubits: all real parts, then all imaginary parts, N = 2^q each. */
#ifndef QUANTUM_STATES_H
#define QUANTUM_STATES_H

#include "complex_vec.h"
#include "loops.h"

/* Transforms of this many numbers are done level by level, longer ones by quarters, so
 * that each stays in the first-level cache. */
#define RESIDENT 2048

typedef struct {
  real *re, *im;
} amplitudes;

/* low = x y and high = x conj(y), the four products shared; x may be low, y may be high. */
INLINE void times_phase(ptrdiff_t n, amplitudes x, amplitudes y, amplitudes low,
                        amplitudes high) {
  ptrdiff_t s = 0;
  for (; s + LANES <= n; s += LANES) {
    const vec xr = v_load(x.re + s), xi = v_load(x.im + s);
    const vec yr = v_load(y.re + s), yi = v_load(y.im + s);
    const vec rr = v_mul(xr, yr), ii = v_mul(xi, yi);
    const vec ri = v_mul(xr, yi), ir = v_mul(xi, yr);
    v_store(low.re + s, v_sub(rr, ii));
    v_store(low.im + s, v_add(ir, ri));
    v_store(high.re + s, v_add(rr, ii));
    v_store(high.im + s, v_sub(ir, ri));
  }
  for (; s < n; s++) {
    const real rr = x.re[s] * y.re[s], ii = x.im[s] * y.im[s];
    const real ri = x.re[s] * y.im[s], ir = x.im[s] * y.re[s];
    low.re[s] = rr - ii, low.im[s] = ir + ri;
    high.re[s] = rr + ii, high.im[s] = ir - ri;
  }
}

/* The same with one y for all. */
INLINE void times_one_phase(ptrdiff_t n, amplitudes x, real re, real im, amplitudes high) {
  ptrdiff_t s = 0;
  const vec yr = v_set1(re), yi = v_set1(im);
  for (; s + LANES <= n; s += LANES) {
    const vec xr = v_load(x.re + s), xi = v_load(x.im + s);
    const vec rr = v_mul(xr, yr), ii = v_mul(xi, yi);
    const vec ri = v_mul(xr, yi), ir = v_mul(xi, yr);
    v_store(x.re + s, v_sub(rr, ii));
    v_store(x.im + s, v_add(ir, ri));
    v_store(high.re + s, v_add(rr, ii));
    v_store(high.im + s, v_sub(ir, ri));
  }
  for (; s < n; s++) {
    const real rr = x.re[s] * re, ii = x.im[s] * im;
    const real ri = x.re[s] * im, ir = x.im[s] * re;
    x.re[s] = rr - ii, x.im[s] = ir + ri;
    high.re[s] = rr + ii, high.im[s] = ir - ri;
  }
}

INLINE void multiply(ptrdiff_t n, amplitudes x, amplitudes y) {
  ptrdiff_t s = 0;
  for (; s + LANES <= n; s += LANES) {
    const complex_vec a = {v_load(x.re + s), v_load(x.im + s)};
    const complex_vec b = {v_load(y.re + s), v_load(y.im + s)};
    const complex_vec ab = complex_product(a, b);
    v_store(x.re + s, ab.re);
    v_store(x.im + s, ab.im);
  }
  for (; s < n; s++) {
    const real re = x.re[s] * y.re[s] - x.im[s] * y.im[s];
    x.im[s] = x.re[s] * y.im[s] + x.im[s] * y.re[s];
    x.re[s] = re;
  }
}

INLINE amplitudes part(amplitudes x, ptrdiff_t first) {
  const amplitudes moved = {x.re + first, x.im + first};
  return moved;
}

/* scale * exp(-i sum phi_k z_k - i sum phi_jk z_j z_k) for z_k = 1 - 2 (bit k of the
 * index), one qubit after another: qubit k doubles what is there, times the phases that
 * it has beside the earlier ones, which double likewise. About 4 N complex products, no
 * cosine but those of the angles. They come as phi_0, phi_1, phi_01, phi_2, phi_02, ... */
static void phase_diagonal(ptrdiff_t n_qubits, real scale, const real *cosines,
                           const real *sines, amplitudes diagonal, amplitudes phases) {
  diagonal.re[0] = scale, diagonal.im[0] = 0;
  for (ptrdiff_t k = 0; k < n_qubits; k++) {
    const ptrdiff_t size = (ptrdiff_t)1 << k;
    phases.re[0] = *cosines++, phases.im[0] = -*sines++;
    for (ptrdiff_t j = 0; j < k; j++)
      times_one_phase((ptrdiff_t)1 << j, phases, *cosines++, -*sines++,
                      part(phases, (ptrdiff_t)1 << j));
    times_phase(size, diagonal, phases, diagonal, part(diagonal, size));
  }
}

/* One level, of distance h, of an unscaled Walsh-Hadamard transform. */
INLINE void butterflies(ptrdiff_t n, ptrdiff_t h, real *x) {
  for (ptrdiff_t first = 0; first < n; first += 2 * h)
    for (ptrdiff_t s = first; s < first + h; s++) {
      const real a = x[s], b = x[s + h];
      x[s] = a + b, x[s + h] = a - b;
    }
}

INLINE void wide_butterflies(ptrdiff_t n, ptrdiff_t h, real *x) {
  for (ptrdiff_t first = 0; first < n; first += 2 * h)
    for (ptrdiff_t s = first; s < first + h; s += LANES) {
      const vec a = v_load(x + s), b = v_load(x + s + h);
      v_store(x + s, v_add(a, b));
      v_store(x + s + h, v_sub(a, b));
    }
}

/* The levels h and 2 h in one pass. */
INLINE void two_wide_levels(ptrdiff_t n, ptrdiff_t h, real *x) {
  for (ptrdiff_t first = 0; first < n; first += 4 * h)
    for (ptrdiff_t s = first; s < first + h; s += LANES) {
      const vec a = v_load(x + s), b = v_load(x + s + h);
      const vec c = v_load(x + s + 2 * h), d = v_load(x + s + 3 * h);
      const vec ab = v_add(a, b), a_b = v_sub(a, b), cd = v_add(c, d), c_d = v_sub(c, d);
      v_store(x + s, v_add(ab, cd));
      v_store(x + s + h, v_add(a_b, c_d));
      v_store(x + s + 2 * h, v_sub(ab, cd));
      v_store(x + s + 3 * h, v_sub(a_b, c_d));
    }
}

/* All levels within vectors. */
INLINE void levels_within_vectors(ptrdiff_t n, real *x) {
  for (int h = 1; h < LANES; h *= 2) {
    real signs[LANES];
    for (int l = 0; l < LANES; l++) signs[l] = l & h ? (real)-1 : (real)1;
    const vec sign = v_load(signs);
    const lane_order order = swap_lanes(h);
    for (ptrdiff_t s = 0; s < n; s += LANES) {
      const vec a = v_load(x + s);
      v_store(x + s, v_fma(sign, a, v_swap(a, order)));
    }
  }
}

static void walsh_hadamard(ptrdiff_t n, real *x) {
  ptrdiff_t h = LANES;
  if (n < LANES) {
    for (h = 1; h < n; h *= 2) butterflies(n, h, x);
    return;
  }
  if (n <= RESIDENT) levels_within_vectors(n, x);
  else {
    h = n / 4;
    for (int quarter = 0; quarter < 4; quarter++) walsh_hadamard(h, x + quarter * h);
  }
  for (; 4 * h <= n; h *= 4) two_wide_levels(n, h, x);
  if (h < n) wide_butterflies(n, h, x);
}

static void hadamard_layer(ptrdiff_t n_qubits, void *state) {
  const ptrdiff_t n = (ptrdiff_t)1 << n_qubits;
  real *x = state;
  const real scale = (real)pow(0.5, 0.5 * (double)n_qubits);
  walsh_hadamard(n, x);
  walsh_hadamard(n, x + n);
  for (ptrdiff_t s = 0; s < 2 * n; s++) x[s] *= scale;
}

/* `reps` times a Hadamard layer, then the diagonal, on |0>; work holds a state. */
static void diagonal_state(ptrdiff_t n_qubits, ptrdiff_t reps, const void *cosines,
                           const void *sines, void *state, void *work) {
  const ptrdiff_t n = (ptrdiff_t)1 << n_qubits;
  const amplitudes out = {state, (real *)state + n};
  const amplitudes diagonal = {work, (real *)work + n};
  phase_diagonal(n_qubits, (real)pow(0.5, 0.5 * (double)n_qubits), cosines, sines,
                 diagonal, out);
  memcpy(state, work, 2 * (size_t)n * sizeof(real));
  for (ptrdiff_t repeat = 1; repeat < reps; repeat++) {
    walsh_hadamard(n, out.re);
    walsh_hadamard(n, out.im);
    multiply(n, out, diagonal);
  }
}

/* <X_k>, <Y_k> and <Z_k> at bloch[k], bloch[q + k] and bloch[2 q + k]. */
static void bloch_vector(ptrdiff_t n_qubits, const void *state, void *bloch) {
  const ptrdiff_t n = (ptrdiff_t)1 << n_qubits;
  const real *re = state, *im = re + n;
  real *out = bloch;
  for (ptrdiff_t k = 0; k < n_qubits; k++) {
    const ptrdiff_t h = (ptrdiff_t)1 << k;
    vec xs = v_set1(0), ys = v_set1(0), zs = v_set1(0);
    double x = 0, y = 0, z = 0;
    for (ptrdiff_t first = 0; first < n; first += 2 * h) {
      const real *ar = re + first, *ai = im + first, *br = ar + h, *bi = ai + h;
      ptrdiff_t s = 0;
      for (; s + LANES <= h; s += LANES) {
        const vec a = v_load(ar + s), c = v_load(ai + s);
        const vec b = v_load(br + s), d = v_load(bi + s);
        xs = v_fma(a, b, v_fma(c, d, xs));
        ys = v_fma(a, d, v_fnma(c, b, ys));
        zs = v_fma(a, a, v_fma(c, c, v_fnma(b, b, v_fnma(d, d, zs))));
      }
      for (; s < h; s++) {
        x += (double)(ar[s] * br[s] + ai[s] * bi[s]);
        y += (double)(ar[s] * bi[s] - ai[s] * br[s]);
        z += (double)(ar[s] * ar[s] + ai[s] * ai[s] - br[s] * br[s] - bi[s] * bi[s]);
      }
    }
    out[k] = (real)(2 * (x + v_sum(xs)));
    out[n_qubits + k] = (real)(2 * (y + v_sum(ys)));
    out[2 * n_qubits + k] = (real)(z + v_sum(zs));
  }
}

#endif
