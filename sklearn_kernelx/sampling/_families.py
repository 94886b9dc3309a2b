"""Families of orthonormal functions of one variable, numbered from the constant 0 on.

A family evaluates products of its functions, draws from its probability measure and from
that measure times the square of one function.
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx.sampling._index_sets import ProductTree
from sklearn_kernelx.sampling._induced_laws import (
    draw_squared_cosines,
    draw_squared_hermite,
    draw_squared_legendre,
    shift_by_quarter_period,
)
from sklearn_kernelx.sampling._polynomials import (
    Recurrence,
    chebyshev_recurrence,
    hermite_recurrence,
    legendre_recurrence,
    polynomial_directions,
    polynomial_products,
    trigonometric_products,
)


class Family(ABC):
    """Functions of one variable, orthonormal in a probability measure.

    Attributes
    ----------
    n_per_degree : int
        Functions of each degree above 0.
    """

    n_per_degree: int

    @abstractmethod
    def name(self, number: int, feature: str) -> str:
        """Return the name of a function of a feature."""

    @abstractmethod
    def products(self, X: NDArray, max_number: int, tree: ProductTree) -> NDArray:
        """Evaluate products of the functions up to a number."""

    def directions(
        self, X: NDArray[np.float64], indices: NDArray[np.intp], tree: ProductTree
    ) -> NDArray[np.float64]:
        """Evaluate the products of `indices`, those of `tree`, each row over its norm."""
        rows = self.products(X, int(indices.max()), tree)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    @abstractmethod
    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw from the measure."""

    @abstractmethod
    def draw_squares(
        self, numbers: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw from the measure times the square of a function, one for each number."""


class _Polynomials(Family):
    n_per_degree = 1
    symbol: str

    @staticmethod
    @abstractmethod
    def recurrence(degree: int) -> Recurrence:
        """Return that of the polynomials up to a degree."""

    def name(self, number: int, feature: str) -> str:
        return f"{self.symbol}{number}({feature})"

    def products(self, X: NDArray, max_number: int, tree: ProductTree) -> NDArray:
        return polynomial_products(X, self.recurrence(max_number), tree)


class Legendre(_Polynomials):
    """Polynomials, uniform law on [-1, 1]."""

    symbol = "P"
    recurrence = staticmethod(legendre_recurrence)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw from the measure."""
        return rng.uniform(-1, 1, shape)

    def draw_squares(
        self, numbers: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw from the measure times the square of a function, one for each number."""
        return draw_squared_legendre(
            numbers, self.recurrence(int(numbers.max(initial=0))), rng
        )


class Hermite(_Polynomials):
    """Polynomials, standard normal law."""

    symbol = "He"
    recurrence = staticmethod(hermite_recurrence)

    def directions(
        self, X: NDArray[np.float64], indices: NDArray[np.intp], tree: ProductTree
    ) -> NDArray[np.float64]:
        """Evaluate the products of `indices`, each row over its norm."""
        return polynomial_directions(X, self.recurrence(int(indices.max())), indices)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw from the measure."""
        return rng.standard_normal(shape)

    def draw_squares(
        self, numbers: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw from the measure times the square of a function, one for each number."""
        return draw_squared_hermite(
            numbers, self.recurrence(int(numbers.max(initial=0))), rng
        )


class Chebyshev(_Polynomials):
    """Polynomials, arcsine law on [-1, 1]."""

    symbol = "T"
    recurrence = staticmethod(chebyshev_recurrence)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw from the measure."""
        return np.cos(np.pi * rng.random(shape))

    def draw_squares(
        self, numbers: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw from the measure times the square of a function, one for each number."""
        return np.cos(2 * np.pi * draw_squared_cosines(numbers, rng))


class Fourier(Family):
    """Constant, cosine and sine of frequency 1, cosine ..., uniform law on [0, 1)."""

    n_per_degree = 2

    def name(self, number: int, feature: str) -> str:
        """Return the name of a function of a feature."""
        function = "sin" if number % 2 == 0 else "cos"
        return f"{function}(2 pi {(number + 1) // 2} {feature})"

    def products(self, X: NDArray, max_number: int, tree: ProductTree) -> NDArray:
        """Evaluate products of the functions up to a number."""
        return trigonometric_products(X, max_number // 2, tree)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw from the measure."""
        return rng.random(shape)

    def draw_squares(
        self, numbers: NDArray[np.intp], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Draw from the measure times the square of a function, one for each number."""
        frequencies = (numbers + 1) // 2
        t = draw_squared_cosines(frequencies, rng)
        return shift_by_quarter_period(t, np.where(numbers % 2 == 0, frequencies, 0))
