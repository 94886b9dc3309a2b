"""Designs over the whole domain of an orthonormal basis."""

from numbers import Integral

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from sklearn_kernelx._parallel import row_blocks
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.sampling._designs import DESIGNS, draw_design, resolve_n_samples
from sklearn_kernelx.sampling._index_sets import ProductTree
from sklearn_kernelx.sampling._product_basis import ProductBasis


class ChristoffelDomain:
    """The space of a basis with its probability measure.

    Parameters
    ----------
    basis : ProductBasis
        Fitted, or with `n_features`.

    Attributes
    ----------
    n_functions : int
        m.
    n_features : int
        d; a point is a row of d numbers.
    """

    def __init__(self, basis: ProductBasis) -> None:
        basis = _fitted(basis)
        self._family = basis._family
        self._indices = basis.indices_
        self._tree = ProductTree(*basis._tree)
        self.n_functions, self.n_features = basis.indices_.shape

    def draw_uniform(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return `n` independent points from the measure."""
        return self._family.draw((n, self.n_features), rng)

    def draw_leverage(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return `n` independent points from the measure times |phi|^2 / m.

        That is the mixture of the laws of the squares of all functions, each of which has
        independent coordinates.
        """
        numbers = self._indices[rng.integers(self.n_functions, size=n)]
        return self._family.draw_squares(numbers.ravel(), rng).reshape(numbers.shape)

    def unit_rows(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return phi(x) / |phi(x)| of each point, shape (n, m)."""
        return self._family.directions(points, self._indices, self._tree)

    def observed(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return that all are observed."""
        return np.ones(len(points), dtype=bool)

    def weights(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return m / |phi(x)|^2 of each point.

        Raises
        ------
        ValueError
            If that is too small for a double.
        """
        squares = np.empty(len(points))
        for block in row_blocks(len(points), 8 * self.n_functions):
            rows = self._rows(points[block])
            with np.errstate(over="ignore"):
                squares[block] = np.einsum("ij,ij->i", rows, rows)
        weights = self.n_functions / squares
        if np.any(weights < np.finfo(np.float64).tiny):
            raise ValueError(_TOO_SMALL)
        return weights

    def _rows(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        try:
            return self._family.products(points, int(self._indices.max()), self._tree)
        except ValueError as error:
            raise ValueError(_TOO_SMALL) from error


_TOO_SMALL = (
    "sample_weight would be 0 in float64: the polynomials of this basis are too large "
    "where they are drawn, as Hermite polynomials of degrees above about 350 are; lower "
    "the degree of basis"
)


def christoffel_design(
    basis: ProductBasis,
    n_samples: int | None = None,
    *,
    design: str = "repeated_dpp",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw points at which to measure a function that a basis approximates.

    Weighted least squares on these points and weights is nearly as good as the best
    approximation by the m functions of the basis, with few more points than functions
    [1]_ [2]_.

    Parameters
    ----------
    basis : LegendreBasis, HermiteBasis, ChebyshevBasis or FourierBasis
        The basis. One that is not fitted has `n_features` features.

    n_samples : int, default=None
        Number of points n, at least m. None stands for m with the design "dpp", which has
        exactly so many points, and else for 4 m.

    design : {"repeated_dpp", "volume", "dpp", "leverage", "iid"}, default="repeated_dpp"
        How points are drawn. "repeated_dpp": independent samples of the determinantal
        point process of the basis, m points each, the last one cut. "volume": one such
        sample, the rest independent. "dpp": one such sample. "leverage": independent draws
        from ``|phi(x)|^2 / m`` times the measure of the basis. "iid": independent draws
        from the measure.

    random_state : int, RandomState instance or None, default=None
        Pass an int for reproducible points.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The points, in an order that tells nothing.

    sample_weight : ndarray of shape (n_samples,)
        ``m / |phi(x)|^2``, the inverse of the Christoffel function's density; ones for
        "iid". Then ``mean(sample_weight * f(X))`` estimates the mean of f over the measure
        without bias.

    Raises
    ------
    TypeError
        If `basis` is not one of the four, or `n_samples` no integer.
    ValueError
        If `n_samples` is below m, or not m with "dpp", if `design` is unknown, or if a
        weight is too small for float64, as happens for Hermite polynomials of degrees
        above about 350.

    See Also
    --------
    LegendreBasis : Polynomials on a cube.

    Notes
    -----
    All draws are exact, without a grid: a point of the law ``|phi|^2 / m`` is one of the
    law ``phi_j^2`` for a uniform j, whose coordinates are independent and drawn by
    rejection from envelopes with a proof.

    References
    ----------
    .. [1] Cohen, A. and Migliorati, G. (2017). Optimal weighted least-squares methods.
       SMAI Journal of Computational Mathematics 3, 181-203.

    .. [2] Nouy, A. and Michel, B. (2023). Weighted least-squares approximation with
       determinantal point processes and generalized volume sampling. arXiv 2312.14057.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn_kernelx.sampling import LegendreBasis, christoffel_design
    >>> basis = LegendreBasis(degree=5, n_features=2)
    >>> X, sample_weight = christoffel_design(basis, random_state=0)
    >>> X.shape
    (84, 2)
    >>> y = np.exp(X[:, 0] * X[:, 1])
    >>> features = basis.fit_transform(X)
    >>> model = LinearRegression(fit_intercept=False).fit(features, y, sample_weight)
    >>> bool(np.abs(model.predict(features) - y).max() < 0.05)
    True
    """
    domain = ChristoffelDomain(basis)
    if design not in DESIGNS:
        raise ValueError(f"design must be one of {', '.join(DESIGNS)}; got {design!r}")
    if n_samples is not None:
        check_scalar(n_samples, "n_samples", Integral)
    n_samples = resolve_n_samples(n_samples, design, domain.n_functions)
    rng = generator(seed_from(random_state))
    X = draw_design(domain, design, n_samples, rng).points
    if design == "iid":
        return X, np.ones(len(X))
    return X, domain.weights(X)


def _fitted(basis: ProductBasis) -> ProductBasis:
    if not isinstance(basis, ProductBasis):
        raise TypeError(
            "basis must be a LegendreBasis, HermiteBasis, ChebyshevBasis or FourierBasis; "
            f"got {type(basis).__name__}"
        )
    try:
        check_is_fitted(basis)
    except NotFittedError:
        basis._validate_params()
        return clone(basis).fit(np.zeros((1, basis.n_features)))
    return basis
