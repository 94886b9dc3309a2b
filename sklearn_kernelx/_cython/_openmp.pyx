"""What the compiler said about OpenMP."""

cdef extern from *:
    """
    #ifdef _OPENMP
    #define COMPILED_WITH_OPENMP 1
    #else
    #define COMPILED_WITH_OPENMP 0
    #endif
    """
    int COMPILED_WITH_OPENMP

ENABLED = bool(COMPILED_WITH_OPENMP)
