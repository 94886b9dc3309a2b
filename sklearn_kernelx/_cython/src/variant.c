/* Compiled once for each dtype and instruction set: the table of that variant. */
#include "activations.h"
#include "bspline.h"
#ifdef VARIANT_F64
#include "bessel_arrays.h"
#endif
#include "careful_sums.h"
#include "centred_rows.h"
#include "chain_overlaps.h"
#include "circle.h"
#include "csr_products.h"
#include "gaussian_features.h"
#include "lattice.h"
#include "nearest.h"
#include "normals.h"
#include "pauli_rotations.h"
#include "quantum_states.h"
#include "row_products.h"
#include "softmax.h"
#include "tilted_sums.h"

#define JOIN(a, b) a##b
#define NAME(prefix, isa) JOIN(prefix, isa)
#define STRING(a) #a
#define QUOTE(a) STRING(a)

#ifdef VARIANT_F64
#define TABLE NAME(loops_f64_, ISA)
#else
#define TABLE NAME(loops_f32_, ISA)
#endif

#ifdef VARIANT_F64
static array_function *const BESSEL[N_BESSEL] = {
    log_iv_array,
    log_kv_array,
    iv_ratio_array,
    iv_ratio_complement_array,
    log_vmf_normalizer_array,
    log_vmf_peak_array,
    vmf_kappa_array,
    vmf_kappa_complement_array,
};
#else
#define BESSEL NULL
#endif

extern const loops TABLE;
const loops TABLE = {QUOTE(ISA),     exp_array,   softmax_row,  csr_times, csr_outer,
                     pair_sums,      careful_sums, nearest_points, tilted_sums,
                     spline_block,   normals,      activate,      gaussian_features,
                     add_weighted,   centre,       row_products,  circle,
                     circle_sums,    add_clipped,  diagonal_state, hadamard_layer,
                     bloch_vector,   chain_overlaps, rotate_states, walk_back,
                     BESSEL};
