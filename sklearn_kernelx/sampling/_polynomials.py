"""Orthonormal functions of one variable and their products."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_kernelx._cython import _product_basis
from sklearn_kernelx.sampling._index_sets import ProductTree

# Ctrl-C is heard between blocks, and their check for overflow finds them in cache.
_BYTES_PER_BLOCK = 2**18
# An integer below 2^26 times a multiple of 2^-26 below 1 is exact.
_GRID = 2.0**26


class Recurrence(NamedTuple):
    """``p[k+1](x) = slopes[k] x p[k](x) - lags[k] p[k-1](x)``, from ``p[0] = 1``.

    Of polynomials orthonormal for an even probability measure, by their Jacobi
    coefficients: ``slopes[k] = 1 / s[k+1]`` and ``lags[k] = s[k] / s[k+1]``, with
    ``x p[k] = s[k+1] p[k+1] + s[k] p[k-1]`` and k up to the largest degree.
    """

    slopes: NDArray[np.float64]
    lags: NDArray[np.float64]


def legendre_recurrence(degree: int) -> Recurrence:
    """Return that of the polynomials of the uniform law on [-1, 1], up to a degree."""
    k = np.arange(degree + 2.0)
    return _recurrence(k**2 / (4 * k**2 - 1))


def hermite_recurrence(degree: int) -> Recurrence:
    """Return that of the polynomials of the standard normal law, up to a degree."""
    return _recurrence(np.arange(degree + 2.0))


def chebyshev_recurrence(degree: int) -> Recurrence:
    """Return that of the polynomials of the arcsine law on [-1, 1], up to a degree."""
    squares = np.full(degree + 2, 0.25)
    squares[:2] = 0, 0.5
    return _recurrence(squares)


def _recurrence(squares: NDArray[np.float64]) -> Recurrence:
    """From the squares of s[0], s[1], ..., of which the first is 0."""
    return Recurrence(1 / np.sqrt(squares[1:]), np.sqrt(squares[:-1] / squares[1:]))


def polynomial_products(X: NDArray, recurrence: Recurrence, tree: ProductTree) -> NDArray:
    """Evaluate products of polynomials.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, float32 or float64.
    recurrence : Recurrence
        Of the polynomials of one variable.
    tree : ProductTree
        The products.

    Returns
    -------
    out : ndarray of shape (n_samples, n_products)
        Of the dtype of `X`.

    Raises
    ------
    ValueError
        If a value is too large for the dtype of `X`.
    """
    out = np.empty((len(X), len(tree.parents)), dtype=X.dtype)
    space = _working_space(X.shape[1] * len(recurrence.slopes), tree)
    for block in _blocks(out):
        rows = np.ascontiguousarray(X[block])
        _product_basis.polynomial_products(rows, *recurrence, *tree, *space, out[block])
        if not np.isfinite(out[block]).all():
            raise ValueError(
                f"X is so far outside the domain of the basis that its polynomials are too "
                f"large for {out.dtype}: rescale X into the domain, or lower the degree"
            )
    return out


def trigonometric_products(X: NDArray, max_frequency: int, tree: ProductTree) -> NDArray:
    """Evaluate products of sines and cosines.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points, float32 or float64, of any size: the functions have period 1.
    max_frequency : int
        The functions of one variable are ``1, sqrt(2) cos(2 pi x), sqrt(2) sin(2 pi x),
        sqrt(2) cos(4 pi x), ...`` up to this frequency.
    tree : ProductTree
        The products.

    Returns
    -------
    out : ndarray of shape (n_samples, n_products)
        Of the dtype of `X`.
    """
    out = np.empty((len(X), len(tree.parents)), dtype=X.dtype)
    space = _working_space(X.shape[1] * (2 * max_frequency + 1), tree)
    for block in _blocks(out):
        values = _trigonometric_values(X[block].astype(np.float64), max_frequency)
        _product_basis.table_products(values, *tree, *space, out[block])
    return out


def _working_space(n_entries: int, tree: ProductTree) -> tuple[NDArray, NDArray]:
    n_lanes = _product_basis.N_LANES
    return np.empty((n_entries, n_lanes)), np.empty((len(tree.parents), n_lanes))


def _blocks(out: NDArray) -> Iterator[slice]:
    rows = max(_product_basis.N_LANES, _BYTES_PER_BLOCK // (out.itemsize * out.shape[1]))
    return (slice(i, i + rows) for i in range(0, len(out), rows))


def _trigonometric_values(
    X: NDArray[np.float64], max_frequency: int
) -> NDArray[np.float64]:
    """Return the values of each feature, one after the other, for each row."""
    frequencies = np.arange(1.0, max_frequency + 1)
    angles = 2 * np.pi * _turns(X[..., np.newaxis], frequencies)
    values = np.empty((*X.shape, 2 * max_frequency + 1))
    values[..., 0] = 1
    np.multiply(np.sqrt(2), np.cos(angles), out=values[..., 1::2])
    np.multiply(np.sqrt(2), np.sin(angles), out=values[..., 2::2])
    return values.reshape(len(X), -1)


def _turns(x: NDArray[np.float64], frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``frequencies * x`` less whole turns, exact to rounding of the result."""
    x = x - np.rint(x)
    coarse = np.rint(x * _GRID) / _GRID
    turns = frequencies * coarse
    return turns - np.rint(turns) + frequencies * (x - coarse)


def polynomial_directions(
    X: NDArray[np.float64], recurrence: Recurrence, indices: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Evaluate products of polynomials, each row over its norm.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Points.
    recurrence : Recurrence
        Of the polynomials of one variable.
    indices : ndarray of shape (n_products, n_features)
        The products' degrees.

    Returns
    -------
    out : ndarray of shape (n_samples, n_products)
        Unit rows, also where the products themselves are too large for a double.
    """
    out = np.empty((len(X), len(indices)))
    table = np.empty(X.shape[1] * len(recurrence.slopes))
    for block in _blocks(out):
        _product_basis.polynomial_directions(
            np.ascontiguousarray(X[block]), *recurrence, indices, table, out[block]
        )
    return out


def log_magnitudes(
    x: NDArray[np.float64], degrees: NDArray[np.intp], recurrence: Recurrence
) -> NDArray[np.float64]:
    """Evaluate the logarithm of the magnitude of one polynomial at each point.

    Parameters
    ----------
    x : ndarray of shape (n_points,)
        Points.
    degrees : ndarray of shape (n_points,)
        Which polynomial.
    recurrence : Recurrence
        Of the polynomials.

    Returns
    -------
    logs : ndarray of shape (n_points,)
        Also where the polynomial is too large for a double.
    """
    values, exponents = np.empty_like(x), np.empty_like(x)
    for block in _blocks(x[:, np.newaxis]):
        _product_basis.polynomial_values(
            x[block], degrees[block], *recurrence, values[block], exponents[block]
        )
    with np.errstate(divide="ignore"):
        return np.log(np.abs(values)) + np.log(2) * exponents
