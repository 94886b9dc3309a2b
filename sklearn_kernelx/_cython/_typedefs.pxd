"""The C types of all compiled loops, in one place."""

ctypedef double float64_t
ctypedef float float32_t
ctypedef Py_ssize_t intp_t

ctypedef fused floating:
    float64_t
    float32_t
