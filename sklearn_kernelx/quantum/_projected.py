"""Bloch vectors of single qubits, and the Gaussian kernel on them."""

from numbers import Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.metrics.pairwise import rbf_kernel

from sklearn_kernelx._cython import _quantum_states
from sklearn_kernelx._parallel import effective_n_threads, row_blocks, worthwhile_threads
from sklearn_kernelx.quantum._circuit import Circuit
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._feature_maps import make_feature_map
from sklearn_kernelx.quantum._rows import check_float_dtype, check_rows, real_parts_first
from sklearn_kernelx.quantum._states import check_n_qubits, prepare_states


def projected_kernel(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    feature_map: str | FeatureMap | StateFunction = "zz",
    gamma: float = 1.0,
    dtype: DTypeLike = np.float64,
    max_qubits: int = 20,
    n_jobs: int | None = None,
) -> NDArray | float:
    r"""Compute a Gaussian kernel on the states of single qubits.

    :math:`K(x, z) = \exp(-\gamma \sum_k \|\rho_k(x) - \rho_k(z)\|_F^2)` for the one-qubit
    reduced density matrices :math:`\rho_k`. The squared norm is half the squared distance
    of Bloch vectors.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        The data: angles, of order 1.

    Y : array-like of shape (n_samples_Y, n_features), default=None
        Other rows; None, or `X` itself, means `X`.

    feature_map : {"zz", "z", "pauli", "iqp"}, FeatureMap or callable, default="zz"
        What prepares the states, as in :func:`fidelity_kernel`.

    gamma : float, default=1.0
        Inverse squared width, above 0.

    dtype : {numpy.float64, numpy.float32}, default=numpy.float64
        Type of the kernel and of the arithmetic on states.

    max_qubits : int, default=20
        State vectors of more qubits are refused. Maps of Z phases need only those of the
        qubits that one qubit depends on: ``2 * reps + 1`` of them with "linear"
        entanglement, however many features there are.

    n_jobs : int, default=None
        Number of threads: None is 1, -1 all. Results do not depend on it.

    Returns
    -------
    kernel : ndarray of shape (n_samples_X, n_samples_Y), or float
        Between 0 and 1. A float if `X` and `Y` are single rows, of shape (n_features,).

    Raises
    ------
    ValueError
        If state vectors are needed of more than `max_qubits`, if `gamma` is not positive,
        or if `X`, `Y` or another argument is not as described.

    See Also
    --------
    bloch_vectors : What this kernel compares.
    fidelity_kernel : The squared overlap of whole states.

    References
    ----------
    .. [1] H.-Y. Huang, M. Broughton, M. Mohseni, R. Babbush, S. Boixo, H. Neven and
       J. R. McClean, "Power of data in quantum machine learning", Nature Communications
       12, 2021. arXiv:2011.01938.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import projected_kernel
    >>> X = np.array([[0.1, 0.2], [0.3, 0.1], [2.0, 1.0]])
    >>> projected_kernel(X, gamma=0.5).shape
    (3, 3)
    """
    if not (isinstance(gamma, Real) and 0 < gamma < np.inf):
        raise ValueError(f"gamma must be positive and finite; got {gamma!r}")
    X, Y, single_rows = check_rows(X, Y)
    feature_map = make_feature_map(feature_map)
    options = (check_float_dtype(dtype), max_qubits, effective_n_threads(n_jobs))
    kernel = projected_matrix(feature_map, X, Y, gamma, *options)
    return float(kernel[0, 0]) if single_rows else kernel


def bloch_vectors(
    X: ArrayLike,
    *,
    feature_map: str | FeatureMap | StateFunction = "zz",
    dtype: DTypeLike = np.float64,
    max_qubits: int = 20,
    n_jobs: int | None = None,
) -> NDArray:
    """Compute the means of X, Y and Z of each qubit.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The data: angles, of order 1.

    feature_map : {"zz", "z", "pauli", "iqp"}, FeatureMap or callable, default="zz"
        What prepares the states, as in :func:`fidelity_kernel`.

    dtype : {numpy.float64, numpy.float32}, default=numpy.float64
        Type of the result and of the arithmetic on states.

    max_qubits : int, default=20
        As in :func:`projected_kernel`.

    n_jobs : int, default=None
        Number of threads: None is 1, -1 all. Results do not depend on it.

    Returns
    -------
    vectors : ndarray of shape (n_samples, 3 * n_qubits)
        Between -1 and 1: <X> of all qubits, then <Y>, then <Z>.

    Raises
    ------
    ValueError
        If state vectors are needed of more than `max_qubits`, or if `X` or another
        argument is not as described.

    See Also
    --------
    projected_kernel : The Gaussian kernel on these.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import bloch_vectors
    >>> bloch_vectors(np.array([[0.0], [0.4]]), feature_map="z").round(3)
    array([[ 0.   ,  0.   ,  1.   ],
           [ 0.515, -0.5  ,  0.697]])
    """
    X, _, _ = check_rows(X, None)
    n_threads = effective_n_threads(n_jobs)
    dtype = check_float_dtype(dtype)
    return bloch_matrix(make_feature_map(feature_map), X, dtype, max_qubits, n_threads)


def projected_matrix(
    feature_map: FeatureMap | StateFunction,
    X: NDArray[np.float64],
    Y: NDArray[np.float64] | None,
    gamma: float,
    dtype: np.dtype,
    max_qubits: int,
    n_threads: int,
) -> NDArray:
    """Return the kernel of rows that are checked; None for `Y` means `X`."""
    vectors = bloch_matrix(feature_map, X, dtype, max_qubits, n_threads)
    if Y is None:
        return rbf_kernel(vectors, gamma=gamma / 2)
    others = bloch_matrix(feature_map, Y, dtype, max_qubits, n_threads)
    return rbf_kernel(vectors, others, gamma=gamma / 2)


def bloch_matrix(
    feature_map: FeatureMap | StateFunction,
    X: NDArray[np.float64],
    dtype: np.dtype,
    max_qubits: int,
    n_threads: int,
) -> NDArray:
    """Return the Bloch vectors of rows that are checked."""
    if not isinstance(feature_map, FeatureMap):
        return _of_states(real_parts_first(feature_map(X), len(X), dtype), n_threads)
    circuit = feature_map.circuit(X.shape[1])
    angles = feature_map.angles(X)
    cones = _light_cones(circuit)
    check_n_qubits(max(cone.circuit.n_qubits for cone in cones), max_qubits)
    out = np.empty((len(X), 3, circuit.n_qubits), dtype)

    def write(cone: _LightCone, block: slice) -> None:
        states = prepare_states(
            cone.circuit, angles[block][:, cone.terms], dtype, n_threads
        )
        vectors = _of_states(states, n_threads).reshape(len(states), 3, -1)
        out[block][:, :, cone.qubits] = vectors[:, :, cone.places]

    for cone in cones:
        size = 2 * 2**cone.circuit.n_qubits * out.itemsize
        for block in row_blocks(len(X), size):
            write(cone, block)
    return out.reshape(len(X), -1)


def _of_states(states: NDArray, n_threads: int) -> NDArray:
    n_amplitudes = states.shape[2]
    n_qubits = n_amplitudes.bit_length() - 1
    if n_amplitudes != 2**n_qubits or n_qubits == 0:
        raise ValueError(
            "feature_map must return 2 ** n_qubits amplitudes a row for Bloch vectors; it "
            f"returned {n_amplitudes}"
        )
    out = np.empty((len(states), 3 * n_qubits), states.dtype)
    n_threads = worthwhile_threads(n_threads, 4 * states.size * n_qubits)
    _quantum_states.bloch_vectors(states, out, n_threads)
    return out


class _LightCone(NamedTuple):
    """A circuit on part of the qubits, in which some have the same Bloch vectors.

    Attributes
    ----------
    circuit : Circuit
    terms : list of int
        Its terms, as columns of angles.
    qubits : list of int
        Those whose Bloch vectors are right.
    places : list of int
        And what they are called in the circuit.
    """

    circuit: Circuit
    terms: list[int]
    qubits: list[int]
    places: list[int]


def _light_cones(circuit: Circuit) -> list[_LightCone]:
    """Return small circuits that have all Bloch vectors between them; or the whole one.

    Phases commute with each other and with Z, and a gate on qubits that an observable
    does not touch cancels between bra and ket. So from the last block to the first an
    observable of one qubit spreads to the next neighbours once a block.
    """
    everything = list(range(circuit.n_qubits))
    whole = _LightCone(circuit, list(range(len(circuit.qubits))), everything, everything)
    if not circuit.is_diagonal:
        return [whole]
    cones = [_light_cone(circuit, qubit) for qubit in everything]
    cost = sum(cone.circuit.n_qubits * 2**cone.circuit.n_qubits for cone in cones)
    return cones if cost < circuit.n_qubits * 2**circuit.n_qubits else [whole]


def _light_cone(circuit: Circuit, qubit: int) -> _LightCone:
    inside = {qubit}
    for _ in range(circuit.reps):
        inside = inside.union(*(pair for pair in circuit.qubits if inside & set(pair)))
    kept = sorted(inside)
    place = {k: i for i, k in enumerate(kept)}
    terms = [t for t, qubits in enumerate(circuit.qubits) if inside >= set(qubits)]
    part = Circuit(
        len(kept),
        circuit.reps,
        tuple(circuit.paulis[t] for t in terms),
        tuple(tuple(place[k] for k in circuit.qubits[t]) for t in terms),
    )
    return _LightCone(part, terms, [qubit], [place[qubit]])
