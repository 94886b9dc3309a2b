"""Modified Bessel functions in the log domain; the formulas are in
_cython/src/bessel_debye.h, bessel_small.h and bessel_ratio.h.
"""

from sklearn_kernelx.special._documented import documented_ufunc

log_iv = documented_ufunc(
    "log_iv",
    """Logarithm of the modified Bessel function of the first kind, log I_v(x).

[ufunc]

Parameters
----------
v : array_like, float
    Order, at least 0.
x : array_like, float
    Argument, at least 0.
[keywords]

Returns
-------
log_iv : ndarray or scalar
    float32 if both arguments are, else float64. -inf where x = 0 < v.

See Also
--------
scipy.special.ive : I_v(x) exp(-x), which underflows for large orders.
log_kv : The same for the second kind.

Notes
-----
Debye's uniform expansion in logarithms [1]_ where v^2 + x^2 > 625 or v >= 20, with the
Taylor series of its leading term around the root of that term; the power series elsewhere.
The error is below 7e-15 max(abs(log I), 1), where log I is zero too, and below 2e-15 but
for a few orders above 20: the largest of many searches over v up to 1e6 and x from 1e-300
to 1e9. The median is 6e-17. The last digit of a value may depend on its neighbours in the
array.

References
----------
.. [1] `NIST Digital Library of Mathematical Functions, section 10.41
   <https://dlmf.nist.gov/10.41>`_.
.. [2] Plesner, A., Sorensen, H. H. B. and Hauberg, S. (2024). "Accurate computation of the
   logarithm of modified Bessel functions on GPUs". `arXiv:2409.08729
   <https://arxiv.org/abs/2409.08729>`_.

Examples
--------
>>> from sklearn_kernelx.special import log_iv
>>> print(log_iv(1023, [1.0, 1000.0, 1e6]))
[-6.78036973e+03  5.07830228e+02  9.99991650e+05]
""",
)

log_kv = documented_ufunc(
    "log_kv",
    """Logarithm of the modified Bessel function of the second kind, log K_v(x).

[ufunc]

Parameters
----------
v : array_like, float
    Order, at least 0.
x : array_like, float
    Argument, at least 0.
[keywords]

Returns
-------
log_kv : ndarray or scalar
    float32 if both arguments are, else float64. inf where x = 0.

See Also
--------
scipy.special.kve : K_v(x) exp(x), which overflows for large orders.
log_iv : The same for the first kind.

Notes
-----
Debye's uniform expansion in logarithms [1]_ where v^2 + x^2 > 625 or v >= 20; elsewhere
Temme's series and continued fraction [2]_ and upward recurrence. The error is below
5e-15 max(abs(log K), 1), the largest of many searches over v up to 1e6 and x from 1e-300 to
1e9; the median is 6e-17. The last digit of a value may depend on its neighbours in the
array.

References
----------
.. [1] `NIST Digital Library of Mathematical Functions, section 10.41
   <https://dlmf.nist.gov/10.41>`_.
.. [2] Temme, N. M. (1975). "On the numerical evaluation of the modified Bessel function of
   the third kind". Journal of Computational Physics, 19(3), 324-337.

Examples
--------
>>> from sklearn_kernelx.special import log_kv
>>> print(log_kv(1023, [1.0, 1000.0, 1e6]))
[ 6.77274609e+03 -5.15789203e+02 -1.00000616e+06]
""",
)

iv_ratio = documented_ufunc(
    "iv_ratio",
    """Ratio of modified Bessel functions of the first kind, I_{v+1}(x)/I_v(x).

With v = p/2 - 1 it is the mean resultant length of the von Mises-Fisher distribution with
concentration x on the unit sphere of p dimensions.

[ufunc]

Parameters
----------
v : array_like, float
    Order, at least 0.
x : array_like, float
    Argument, at least 0.
[keywords]

Returns
-------
ratio : ndarray or scalar
    From 0 at x = 0 to 1 at infinity. float32 if both arguments are, else float64.

See Also
--------
iv_ratio_complement : One minus this, without cancellation.
vmf_kappa : Its inverse.

Notes
-----
An expansion in 1/(v + 1/2) from the Riccati equation of the ratio, with neither logarithm
nor exponential, and downward recurrence for small orders. The relative error is below
5e-16.

Examples
--------
>>> from sklearn_kernelx.special import iv_ratio
>>> print(iv_ratio(1023, [100, 1000, 10000]))
[0.04871237 0.40732522 0.90286954]
""",
)

iv_ratio_complement = documented_ufunc(
    "iv_ratio_complement",
    """One minus a ratio of modified Bessel functions, 1 - I_{v+1}(x)/I_v(x).

Nothing cancels: the relative error is that of rounding for large x too.

[ufunc]

Parameters
----------
v : array_like, float
    Order, at least 0.
x : array_like, float
    Argument, at least 0.
[keywords]

Returns
-------
complement : ndarray or scalar
    From 1 at x = 0 to 0 at infinity. float32 if both arguments are, else float64.

See Also
--------
iv_ratio : The ratio.
vmf_kappa_complement : The inverse of this function.

Notes
-----
The relative error is below 8e-15.

Examples
--------
>>> from sklearn_kernelx.special import iv_ratio_complement
>>> print(iv_ratio_complement(0.5, 1e12))
1e-12
""",
)
