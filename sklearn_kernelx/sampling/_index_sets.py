"""Sets of multi-indices: which products of functions of one variable a basis has."""

from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Each one within the next.
INDEX_SETS = ("hyperbolic", "total", "tensor")

# Of the table of multi-indices: 400 MB.
_MAX_ENTRIES = 50_000_000


class ProductTree(NamedTuple):
    """How each product comes from one with a factor less.

    Product j is product ``parents[j]`` times entry ``entries[j]`` of the table of all
    functions of one variable, feature by feature; the first product is the constant 1.
    """

    parents: NDArray[np.intp]
    entries: NDArray[np.intp]


def count_multi_indices(
    index_set: str, degree: int, n_features: int, n_per_degree: int = 1
) -> int:
    """Count the multi-indices of a set, which may be far too many to list.

    Parameters
    ----------
    index_set : {"total", "hyperbolic", "tensor"}
        See :func:`multi_indices`.
    degree : int
        Largest degree, at least 0.
    n_features : int
        d, at least 1.
    n_per_degree : int, default=1
        Functions of one variable of each degree above 0.

    Returns
    -------
    n_indices : int
    """
    patterns = _counts_without_zeros(index_set, degree, n_features)
    return sum(
        comb(n_features, s) * n_per_degree**s * count for s, count in enumerate(patterns)
    )


def _counts_without_zeros(index_set: str, degree: int, n_features: int) -> list[int]:
    """Count the degrees (a_1, ..., a_s), all above 0, for s = 0, 1, ..., n_features."""
    if index_set == "total":
        return [comb(degree, s) for s in range(min(degree, n_features) + 1)]
    if index_set == "tensor":
        return [degree**s for s in range(n_features + 1)]
    return _counts_of_factorizations(degree + 1, n_features)


def _counts_of_factorizations(bound: int, n_factors: int) -> list[int]:
    """Count the ways to write a number up to `bound` as s factors above 1, by s."""
    counts = []
    ways = {1: 1}  # number -> factorizations with s factors
    while ways and len(counts) <= n_factors:
        counts.append(sum(ways.values()))
        products: dict[int, int] = {}
        for number, n_ways in ways.items():
            for product in range(2 * number, bound + 1, number):
                products[product] = products.get(product, 0) + n_ways
        ways = products
    return counts


def multi_indices(
    index_set: str, degree: int, n_features: int, n_per_degree: int = 1
) -> NDArray[np.intp]:
    """List the multi-indices of a set.

    Parameters
    ----------
    index_set : {"total", "hyperbolic", "tensor"}
        The degrees (a_1, ..., a_d) with ``sum(a_i) <= degree``, those with
        ``prod(a_i + 1) <= degree + 1``, or those with ``max(a_i) <= degree``.
    degree : int
        Largest degree, at least 0.
    n_features : int
        d, at least 1.
    n_per_degree : int, default=1
        r, the functions of one variable of each degree above 0. Those of degree a are
        numbered from ``r (a - 1) + 1`` to ``r a``.

    Returns
    -------
    indices : ndarray of shape (n_indices, n_features)
        Numbers of functions of one variable. In ascending order of the total degree, and
        for one total degree as :class:`~sklearn.preprocessing.PolynomialFeatures` has them:
        the higher degrees of the first features come first.

    Raises
    ------
    ValueError
        If they are too many.
    """
    _refuse_too_many(index_set, degree, n_features, n_per_degree)
    is_product = index_set == "hyperbolic"
    budgets = np.array([degree + 1 if is_product else degree])
    choices = []
    for _ in range(n_features):
        limits = budgets - 1 if is_product else budgets
        parents, numbers = _choices(limits, n_per_degree)
        choices.append((parents, numbers))
        budgets = _left(index_set, budgets[parents], degrees_of(numbers, n_per_degree))
    indices = _followed_back(choices)
    total = degrees_of(indices, n_per_degree).sum(axis=1)
    return np.ascontiguousarray(indices[np.argsort(total, kind="stable")])


def _refuse_too_many(
    index_set: str, degree: int, n_features: int, n_per_degree: int
) -> None:
    count = count_multi_indices(index_set, degree, n_features, n_per_degree)
    if _fits(count, n_features):
        return
    smaller = [
        name
        for name in INDEX_SETS[: INDEX_SETS.index(index_set)]
        if _fits(count_multi_indices(name, degree, n_features, n_per_degree), n_features)
    ]
    remedy = "".join(f" or index_set='{name}'" for name in smaller)
    m = count if count < 10**15 else "more than 1e15"
    raise ValueError(
        f"index_set='{index_set}' with degree={degree} has m = {m} functions of "
        f"{n_features} features, too many for memory; use a lower degree{remedy}"
    )


def _fits(n_indices: int, n_features: int) -> bool:
    return n_indices * n_features <= _MAX_ENTRIES


def degrees_of(indices: NDArray[np.intp], n_per_degree: int) -> NDArray[np.intp]:
    """Return the degrees of numbered functions of one variable."""
    return (indices + n_per_degree - 1) // n_per_degree


def _choices(
    limits: NDArray[np.intp], n_per_degree: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """List the functions of degree up to each limit, from the highest to the constant.

    Returns the position of the limit and the number of the function.
    """
    n_choices = n_per_degree * limits + 1
    parents = np.repeat(np.arange(len(limits)), n_choices)
    ends = np.cumsum(n_choices)
    ranks = np.arange(ends[-1]) - np.repeat(ends - n_choices, n_choices)
    degrees = limits[parents] - ranks // n_per_degree
    numbers = n_per_degree * (degrees - 1) + 1 + ranks % n_per_degree
    return parents, np.maximum(numbers, 0)


def _left(
    index_set: str, budgets: NDArray[np.intp], degrees: NDArray[np.intp]
) -> NDArray[np.intp]:
    if index_set == "total":
        return budgets - degrees
    if index_set == "hyperbolic":
        return budgets // (degrees + 1)
    return budgets


def _followed_back(
    choices: list[tuple[NDArray[np.intp], NDArray[np.intp]]],
) -> NDArray[np.intp]:
    """Collect the numbers that led to each of the last choices."""
    positions = np.arange(len(choices[-1][0]))
    indices = np.empty((len(positions), len(choices)), dtype=np.intp)
    for k, (parents, numbers) in reversed(list(enumerate(choices))):
        indices[:, k] = numbers[positions]
        positions = parents[positions]
    return indices


def product_tree(indices: NDArray[np.intp], n_values: int) -> ProductTree:
    """Find for each multi-index the one without its last factor.

    Parameters
    ----------
    indices : ndarray of shape (n_indices, n_features)
        A set that has with each multi-index those with a zero in place of an entry, in an
        order of ascending degree, as :func:`multi_indices` gives it.
    n_values : int
        Functions of one variable, with the constant.

    Returns
    -------
    tree : ProductTree
    """
    rows = np.arange(len(indices))
    last = indices.shape[1] - 1 - np.argmax(indices[:, ::-1] != 0, axis=1)
    entries = last * n_values + indices[rows, last]
    shortened = indices.copy()
    shortened[rows, last] = 0
    position = {row.tobytes(): j for j, row in enumerate(indices)}
    parents = np.array([position[row.tobytes()] for row in shortened], dtype=np.intp)
    return ProductTree(parents, entries)
