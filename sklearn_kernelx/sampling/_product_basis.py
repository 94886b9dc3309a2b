"""What all bases of products of functions of one variable have in common."""

from abc import ABC, abstractmethod
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_kernelx._compat import (
    Interval,
    StrOptions,
    check_feature_names_in,
    fit_context,
)
from sklearn_kernelx._documentation import fill_marks
from sklearn_kernelx.sampling._families import Family
from sklearn_kernelx.sampling._index_sets import (
    INDEX_SETS,
    ProductTree,
    multi_indices,
    product_tree,
)

_SHARED = {
    "[degree]": """\
    degree : int, default=2
        Largest degree p, at least 0.""",
    "[index_set]": """\
    index_set : {"total", "hyperbolic", "tensor"}, default="total"
        The degrees a with ``sum(a_i) <= p``, with ``prod(a_i + 1) <= p + 1``, which are far
        fewer in many features, or with ``max(a_i) <= p``.""",
    "[n_features]": """\
    n_features : int, default=1
        Number of features d of a basis that is not fitted: as a design over the whole
        domain wants it. `fit` takes the number from its data instead.""",
    "[fitted]": """\
    n_output_features_ : int
        Number of functions m.

    n_features_in_ : int
        Number of features seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features,)
        Names of features seen during `fit`. Defined only when `X` has feature names
        that are all strings.""",
    "[order]": """\
    The constant comes first, then the others by total degree; within one, as in
    :class:`~sklearn.preprocessing.PolynomialFeatures`, the higher degrees of the first
    features come first. float32 data give float32 features; the functions of one variable
    are evaluated in float64.""",
}


class ProductBasis(TransformerMixin, BaseEstimator, ABC):
    """Products of functions of one variable, orthonormal in a product measure."""

    _parameter_constraints: dict[str, list[Any]] = {
        "degree": [Interval(Integral, 0, None, closed="left")],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "index_set": [StrOptions(set(INDEX_SETS))],
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        fill_marks(cls, _SHARED)

    @property
    @abstractmethod
    def _family(self) -> Family:
        """The functions of one variable."""

    def __init__(
        self, degree: int = 2, *, n_features: int = 1, index_set: str = "total"
    ) -> None:
        self.degree = degree
        self.n_features = n_features
        self.index_set = index_set

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: None = None) -> "ProductBasis":
        """Take the number of features from the data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data; only their number of features matters.

        y : None
            Ignored; exists for the sake of pipelines.

        Returns
        -------
        self : ProductBasis
            The fitted transformer.

        Raises
        ------
        ValueError
            If `X` has NaN or infinity, or if there are so many functions that the list of
            them would take more than 400 MB.
        """
        X = self._validated(X, reset=True)
        n_per_degree = self._family.n_per_degree
        self.indices_ = multi_indices(self.index_set, self.degree, X.shape[1], n_per_degree)
        self.n_output_features_ = len(self.indices_)
        self._tree = tuple(product_tree(self.indices_, n_per_degree * self.degree + 1))
        return self

    def transform(self, X: ArrayLike) -> NDArray:
        """Evaluate the basis.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points.

        Returns
        -------
        features : ndarray of shape (n_samples, n_output_features)
            The functions at the points, float32 where `X` is float32, else float64.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If `X` has NaN or infinity or another number of features, or lies so far outside
            the domain that a polynomial is too large for the dtype.
        """
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        return self._family.products(X, self._max_number, ProductTree(*self._tree))

    def _validated(self, X: ArrayLike, *, reset: bool) -> NDArray:
        return validate_data(self, X, dtype=[np.float64, np.float32], reset=reset)

    @property
    def _max_number(self) -> int:
        return int(self.indices_.max())

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray:
        """Name the functions.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features. None stands for those seen during `fit`, or for
            ``"x0", "x1", ...``.

        Returns
        -------
        feature_names_out : ndarray of shape (n_output_features,)
            Products such as ``"P2(x0) P1(x1)"``; the constant is ``"1"``.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the names are not those seen during `fit`, or not one for each feature.
        """
        check_is_fitted(self)
        features = check_feature_names_in(self, input_features)
        names = [self._name(row, features) for row in self.indices_]
        return np.array(names, dtype=object)

    def _name(self, numbers: NDArray[np.intp], features: NDArray) -> str:
        factors = [
            self._family.name(int(numbers[k]), features[k]) for k in np.flatnonzero(numbers)
        ]
        return " ".join(factors) or "1"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
