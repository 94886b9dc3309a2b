"""Orthonormal bases as transformers."""

from sklearn_kernelx.sampling._families import (
    Chebyshev,
    Family,
    Fourier,
    Hermite,
    Legendre,
)
from sklearn_kernelx.sampling._product_basis import ProductBasis


class LegendreBasis(ProductBasis):
    """Legendre polynomials, orthonormal in the uniform law on [-1, 1]^d.

    The features are ``phi_a(x) = prod_i sqrt(2 a_i + 1) P_{a_i}(x_i)``, so that the mean of
    ``phi_a phi_b`` over the cube is 1 for a = b and else 0.

    Parameters
    ----------
    [degree]

    [n_features]

    [index_set]

    Attributes
    ----------
    indices_ : ndarray of shape (n_output_features, n_features)
        The degrees a of each function.

    [fitted]

    See Also
    --------
    ChebyshevBasis : The same polynomials, orthonormal in another measure.
    christoffel_design : Points at which to measure a function of this basis.
    sklearn.preprocessing.PolynomialFeatures : Monomials, nearly dependent for high degrees.

    Notes
    -----
    [order]

    By the three-term recurrence of the orthonormal polynomials [1]_. At the ends of the
    interval its error is that of points moved by about one unit in the last place. Points
    outside are evaluated too: polynomials grow fast there.

    References
    ----------
    .. [1] Gautschi, W. (2004). Orthogonal Polynomials: Computation and Approximation,
       section 1.3. Oxford University Press.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.sampling import LegendreBasis
    >>> X = np.random.default_rng(0).uniform(-1, 1, (1000, 2))
    >>> basis = LegendreBasis(degree=2).fit(X)
    >>> print(*basis.get_feature_names_out(), sep=", ")
    1, P1(x0), P1(x1), P2(x0), P1(x0) P1(x1), P2(x1)
    >>> basis.transform(X).shape
    (1000, 6)
    """

    @property
    def _family(self) -> Family:
        return Legendre()


class HermiteBasis(ProductBasis):
    """Hermite polynomials, orthonormal in the standard normal law.

    The features are ``phi_a(x) = prod_i He_{a_i}(x_i) / sqrt(a_i!)`` with the probabilists'
    polynomials He, so that the mean of ``phi_a phi_b`` over independent standard normal
    features is 1 for a = b and else 0.

    Parameters
    ----------
    [degree]

    [n_features]

    [index_set]

    Attributes
    ----------
    indices_ : ndarray of shape (n_output_features, n_features)
        The degrees a of each function.

    [fitted]

    See Also
    --------
    LegendreBasis : For features in an interval.
    christoffel_design : Points at which to measure a function of this basis.

    Notes
    -----
    [order]

    By the three-term recurrence of the orthonormal polynomials [1]_. Standardize features
    first: the polynomials are as large as ``exp(|x|^2 / 4)``.

    References
    ----------
    .. [1] Gautschi, W. (2004). Orthogonal Polynomials: Computation and Approximation,
       section 1.3. Oxford University Press.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.sampling import HermiteBasis
    >>> X = np.random.default_rng(0).standard_normal((100_000, 1))
    >>> features = HermiteBasis(degree=3).fit_transform(X)
    >>> bool(np.allclose(features.T @ features / len(X), np.eye(4), atol=0.1))
    True
    """

    @property
    def _family(self) -> Family:
        return Hermite()


class ChebyshevBasis(ProductBasis):
    """Chebyshev polynomials, orthonormal in the arcsine law on [-1, 1]^d.

    The features are ``phi_a(x) = prod_i c_{a_i} T_{a_i}(x_i)`` with c_0 = 1 and else
    c = sqrt(2), so that the mean of ``phi_a phi_b`` is 1 for a = b and else 0 when each
    feature has the density ``1 / (pi sqrt(1 - x^2))``.

    Parameters
    ----------
    [degree]

    [n_features]

    [index_set]

    Attributes
    ----------
    indices_ : ndarray of shape (n_output_features, n_features)
        The degrees a of each function.

    [fitted]

    See Also
    --------
    LegendreBasis : The same polynomials, orthonormal in the uniform law.
    christoffel_design : Points at which to measure a function of this basis.

    Notes
    -----
    [order]

    By the three-term recurrence [1]_, also outside the interval, where polynomials grow
    fast. At its ends the error is that of points moved by about one unit in the last place.

    References
    ----------
    .. [1] Gautschi, W. (2004). Orthogonal Polynomials: Computation and Approximation,
       section 1.3. Oxford University Press.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.sampling import ChebyshevBasis
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> ChebyshevBasis(degree=2).fit_transform(X).round(3)
    array([[ 1.   , -1.414,  1.414],
           [ 1.   ,  0.   , -1.414],
           [ 1.   ,  1.414,  1.414]])
    """

    @property
    def _family(self) -> Family:
        return Chebyshev()


class FourierBasis(ProductBasis):
    """Sines and cosines, orthonormal in the uniform law on [0, 1)^d.

    The functions of one variable are the constant 1 and, for each frequency k,
    ``sqrt(2) cos(2 pi k x)`` and ``sqrt(2) sin(2 pi k x)``; the features are products of
    them.

    Parameters
    ----------
    degree : int, default=2
        Largest frequency p, at least 0.

    [n_features]

    index_set : {"total", "hyperbolic", "tensor"}, default="total"
        The frequencies k with ``sum(k_i) <= p``, with ``prod(k_i + 1) <= p + 1``, which are
        far fewer in many features, or with ``max(k_i) <= p``.

    Attributes
    ----------
    indices_ : ndarray of shape (n_output_features, n_features)
        Which function of each feature: 0 is the constant, 2 k - 1 the cosine and 2 k the
        sine of frequency k.

    [fitted]

    See Also
    --------
    ChebyshevBasis : For functions that are not periodic.
    christoffel_design : Points at which to measure a function of this basis.
    sklearn.kernel_approximation.RBFSampler : Random frequencies instead of all.

    Notes
    -----
    [order] Here the degree is the frequency, and the cosine stands before the sine.

    The features have period 1. Points are reduced to one period without rounding [1]_, so
    that the error does not grow with the frequency.

    References
    ----------
    .. [1] Muller, J.-M. (2016). Elementary Functions, chapter 11: Range reduction.
       Birkhauser.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.sampling import FourierBasis
    >>> basis = FourierBasis(degree=1).fit(np.zeros((1, 2)))
    >>> print(*basis.get_feature_names_out(), sep=", ")
    1, cos(2 pi 1 x0), sin(2 pi 1 x0), cos(2 pi 1 x1), sin(2 pi 1 x1)
    """

    @property
    def _family(self) -> Family:
        return Fourier()
