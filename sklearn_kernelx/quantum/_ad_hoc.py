"""Data that a quantum kernel separates."""

from collections.abc import Callable
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_scalar

from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.quantum._entanglement import Entanglement
from sklearn_kernelx.quantum._feature_maps import ZZFeatureMap

MAX_QUBITS = 12
N_POINTS_PER_BLOCK = 500
N_POINTS_IN_VAIN = 10_000


def make_ad_hoc(
    n_samples: int = 100,
    n_qubits: int = 2,
    *,
    gap: float = 0.3,
    entanglement: Entanglement = "full",
    reps: int = 2,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Make two classes that are a linear problem for the kernel of a `ZZFeatureMap`.

    The data set of [1]_: points are uniform, and labelled by the sign of the expectation of
    a random observable in the state that the feature map makes of them. Points where it is
    small are rejected.

    Parameters
    ----------
    n_samples : int, default=100
        Number of points, at least 2.

    n_qubits : int, default=2
        Number of features, from 1 to 12.

    gap : float, default=0.3
        Smallest absolute value of the expectation, at least 0 and below 1. The share of
        points kept falls fast with `n_qubits`, see the notes.

    entanglement : {"full", "linear", "circular", "none"} or list of pairs, default="full"
        Pairs of qubits with a gate, as in :class:`ZZFeatureMap`.

    reps : int, default=2
        Number of equal blocks, as in :class:`ZZFeatureMap`.

    random_state : int, RandomState instance or None, default=None
        Draws the observable, the points and their order. Pass an int for reproducible data.

    Returns
    -------
    X : ndarray of shape (n_samples, n_qubits)
        Points in [0, 2 pi).

    y : ndarray of shape (n_samples,)
        1 where the expectation is at least `gap`, 0 where it is at most `-gap`. There are
        ``n_samples // 2`` zeros and as many ones, or one more; the order is random.

    Raises
    ------
    TypeError
        If a number has the wrong type.
    ValueError
        If an argument is not as described, or if 10000 points in a row bring none of a
        class that is not complete.

    See Also
    --------
    ZZFeatureMap : The feature map.
    sklearn.datasets.make_moons : Two classes for other kernels.

    Notes
    -----
    The observable is ``O = V' (Z ... Z) V`` with a unitary matrix V of Haar's law: its
    eigenvalues are 1 and -1, and the space of each is uniformly random among those of half
    the dimension. For a kernel of the same `entanglement` and `reps` and of bandwidth 1 the
    classes are linearly separable, with `gap` between them in the values of O.

    Over the points, ``<O>`` has a standard deviation of about ``2^(-n_qubits / 2)``. With
    the default gap about half of the points are kept for two qubits, one in 11 for five and
    one in 70 for six. From seven on choose a smaller gap, of about that deviation.

    References
    ----------
    .. [1] Havlicek, V. et al. (2019). Supervised learning with quantum-enhanced feature
       spaces. Nature 567, 209-212. arXiv:1804.11326.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import make_ad_hoc
    >>> X, y = make_ad_hoc(40, n_qubits=2, random_state=0)
    >>> X.shape, np.bincount(y)
    ((40, 2), array([20, 20]))
    """
    check_scalar(n_samples, "n_samples", Integral, min_val=2)
    check_scalar(n_qubits, "n_qubits", Integral, min_val=1, max_val=MAX_QUBITS)
    check_scalar(gap, "gap", Real)
    if not 0 <= gap < 1:
        raise ValueError(f"gap must be at least 0 and below 1; got {gap}")
    feature_map = ZZFeatureMap(reps=reps, entanglement=entanglement)
    rng = generator(seed_from(random_state))
    subspace = draw_subspace(n_qubits, rng)

    def draw() -> tuple[NDArray, NDArray]:
        X = rng.uniform(0, 2 * np.pi, (N_POINTS_PER_BLOCK, n_qubits))
        return X, expectations(feature_map.statevectors(X), subspace)

    n_zeros = n_samples // 2
    classes = _collect(draw, gap, (n_zeros, n_samples - n_zeros))
    order = rng.permutation(n_samples)
    return np.vstack(classes)[order], np.repeat([0, 1], [len(c) for c in classes])[order]


def _collect(
    draw: Callable[[], tuple[NDArray, NDArray]], gap: float, n_wanted: tuple[int, int]
) -> list[NDArray[np.float64]]:
    """Draw points with their expectations until there are enough below -gap and above."""
    kept: list[list[NDArray]] = [[], []]
    n_missing, n_in_vain, largest = list(n_wanted), [0, 0], 0.0
    while any(n_missing):
        X, values = draw()
        largest = max(largest, np.max(np.abs(values)))
        for label, is_beyond in enumerate([values <= -gap, values >= gap]):
            rows = X[is_beyond][: n_missing[label]]
            kept[label].append(rows)
            is_in_vain = n_missing[label] > 0 and len(rows) == 0
            n_in_vain[label] = n_in_vain[label] + len(X) if is_in_vain else 0
            n_missing[label] -= len(rows)
        if max(n_in_vain) >= N_POINTS_IN_VAIN:
            raise ValueError(
                f"gap={gap} rejects nearly all points: {N_POINTS_IN_VAIN} in a row brought "
                f"none for one of the classes. Lower gap, well below {largest:.2g}, the "
                "largest absolute value seen, or n_qubits"
            )
    return [np.vstack(rows) for rows in kept]


def draw_subspace(n_qubits: int, rng: np.random.Generator) -> NDArray[np.complex128]:
    """Return an orthonormal basis of a uniformly random subspace of half the dimension.

    Its columns are those of V' that V takes to the basis states of even parity.
    """
    shape = (2**n_qubits, 2 ** (n_qubits - 1))
    return np.linalg.qr(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))[0]


def expectations(states: NDArray, subspace: NDArray) -> NDArray[np.float64]:
    """Return those of the observable that is 1 on a subspace and -1 on its complement."""
    amplitudes = states @ subspace.conj()
    return 2 * np.sum(np.square(amplitudes.view(np.float64)), axis=1) - 1
