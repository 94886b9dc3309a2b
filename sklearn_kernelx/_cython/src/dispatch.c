#include <string.h>

#include "loops.h"

#if defined(HAVE_AVX2) || defined(HAVE_AVX512)
#define HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define HAS_AVX512 \
  (HAS_AVX2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
#endif

#define OFFER(dtype, isa, available)                                                     \
  extern const loops loops_##dtype##_##isa;                                      \
  if ((available) && (wanted == NULL || strcmp(wanted, #isa) == 0))                      \
    return &loops_##dtype##_##isa;

#ifdef HAVE_AVX512
#define OFFER_AVX512(dtype) OFFER(dtype, avx512, HAS_AVX512)
#else
#define OFFER_AVX512(dtype)
#endif
#ifdef HAVE_AVX2
#define OFFER_AVX2(dtype) OFFER(dtype, avx2, HAS_AVX2)
#else
#define OFFER_AVX2(dtype)
#endif

#define GET_LOOPS(dtype)                                                                 \
  const loops *get_loops_##dtype(const char *wanted) {                           \
    OFFER_AVX512(dtype)                                                                  \
    OFFER_AVX2(dtype)                                                                    \
    OFFER(dtype, base, 1)                                                                \
    return NULL;                                                                         \
  }
GET_LOOPS(f64)
GET_LOOPS(f32)
