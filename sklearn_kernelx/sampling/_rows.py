"""Finitely many points as a domain: the rows of a matrix with orthonormal columns."""

from abc import ABC, abstractmethod
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_scalar

from sklearn_kernelx._random import generator, places_at, seed_from
from sklearn_kernelx.sampling._projection_dpp import projection_dpp


class Rows(ABC):
    """Rows by number, with the uniform measure.

    Parameters
    ----------
    leverage : ndarray of shape (n_rows,)
        Squared length of each row.
    n_functions : int
        Number m of columns.
    """

    def __init__(self, leverage: NDArray[np.float64], n_functions: int) -> None:
        self.n_functions = n_functions
        self.n_rows = len(leverage)
        self._cumulated = np.cumsum(leverage)

    @abstractmethod
    def rows(self, points: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return a new array of these rows, shape (n_points, m), C-ordered."""

    def draw_uniform(self, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return `n` independent rows."""
        return rng.integers(self.n_rows, size=n)

    def draw_leverage(self, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Return `n` independent rows, by leverage."""
        return places_at(self._cumulated, rng.random(n))

    def unit_rows(self, points: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows, scaled to unit length."""
        rows = self.rows(points)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    def observed(self, points: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return that all are observed."""
        return np.ones(len(points), dtype=bool)


class OrthonormalRows(Rows):
    """Rows of a matrix at hand.

    Parameters
    ----------
    Q : ndarray of shape (n_rows, m)
        Floats, with orthonormal columns.
    """

    def __init__(self, Q: NDArray) -> None:
        super().__init__(np.einsum("ij,ij->i", Q, Q, dtype=np.float64), Q.shape[1])
        self._Q = Q

    def rows(self, points: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return a new array of these rows."""
        return self._Q[points].astype(np.float64, order="C", copy=False)


def sample_projection_dpp(
    Q: ArrayLike,
    *,
    n_repetitions: int = 1,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.intp]:
    """Sample the determinantal point process of a projection matrix, exactly.

    The process draws the set S of m rows with probability ``det(Q[S])**2``, so that rows
    come together that are far from dependent. Row i belongs to S with probability
    ``sum(Q[i]**2)``.

    Parameters
    ----------
    Q : array-like of shape (n_rows, m)
        Orthonormal columns, ``Q.T @ Q`` = I; computed in float64.
    n_repetitions : int, default=1
        Number of independent samples, at least 1.
    random_state : int, RandomState instance or None, default=None
        An int makes the samples reproducible.

    Returns
    -------
    indices : ndarray of shape (n_repetitions, m)
        Rows of each sample, all different, in exchangeable order: the first k are a
        uniform subset.

    Raises
    ------
    ValueError
        If the columns of `Q` are not orthonormal.

    Notes
    -----
    Rejection sampling from the leverage scores [1]_ with blocks of proposals:
    O(n_rows m) operations once and O(m^3) for each sample.

    References
    ----------
    .. [1] S. Barthelme, N. Tremblay and P.-O. Amblard (2023). A faster sampler for
       discrete determinantal point processes. AISTATS.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.sampling import sample_projection_dpp
    >>> features = np.random.default_rng(0).standard_normal((1000, 5))
    >>> Q, _ = np.linalg.qr(features)
    >>> sample_projection_dpp(Q, n_repetitions=2, random_state=0).shape
    (2, 5)
    """
    check_scalar(n_repetitions, "n_repetitions", Integral, min_val=1)
    Q = check_array(Q, dtype=[np.float64, np.float32], order="C", input_name="Q")
    _check_orthonormal(Q)
    rng = generator(seed_from(random_state))
    domain = OrthonormalRows(Q)
    return np.stack([projection_dpp(domain, rng) for _ in range(n_repetitions)])


def _check_orthonormal(Q: NDArray) -> None:
    """Try one vector of no particular direction: less work than all of Q'Q.

    Columns may have been rounded to the type of Q.
    """
    vector = np.random.default_rng(0).standard_normal(Q.shape[1]).astype(Q.dtype)
    error = float(np.linalg.norm(Q.T @ (Q @ vector) - vector) / np.linalg.norm(vector))
    if not error <= np.sqrt(np.finfo(Q.dtype).eps):
        raise ValueError(
            f"the columns of Q are not orthonormal (Q.T @ Q differs from I by {error:.1e})"
            ": take them from numpy.linalg.qr or numpy.linalg.eigh"
        )
