"""The fidelity kernel |<Phi(x)|Phi(z)>|^2, and which route computes it."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from sklearn_kernelx._parallel import effective_n_threads
from sklearn_kernelx._random import generator, seed_from
from sklearn_kernelx.quantum._chain import (
    chain_kernel,
    is_chain,
    multiplications_per_pair,
)
from sklearn_kernelx.quantum._circuit import Circuit
from sklearn_kernelx.quantum._feature_map import FeatureMap, StateFunction
from sklearn_kernelx.quantum._feature_maps import make_feature_map
from sklearn_kernelx.quantum._overlaps import cross_overlaps, symmetric_overlaps
from sklearn_kernelx.quantum._rows import check_float_dtype, check_rows, real_parts_first
from sklearn_kernelx.quantum._shots import check_shots, sample_kernel
from sklearn_kernelx.quantum._states import (
    check_max_qubits,
    check_n_qubits,
    prepare_states,
)

Method = Literal["auto", "statevector", "transfer"]


def fidelity_kernel(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    feature_map: str | FeatureMap | StateFunction = "zz",
    dtype: DTypeLike = np.float64,
    method: Method = "auto",
    shots: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    max_qubits: int = 20,
    n_jobs: int | None = None,
) -> NDArray | float:
    r"""Compute the squared overlaps of the quantum states of rows.

    :math:`K(x, z) = |\langle\Phi(x)|\Phi(z)\rangle|^2`: the probability that a quantum
    computer measures zeros only after it has prepared x and undone z.

    Parameters
    ----------
    X : array-like of shape (n_samples_X, n_features)
        The data: angles, of order 1.

    Y : array-like of shape (n_samples_Y, n_features), default=None
        Other rows; None, or `X` itself, means `X`.

    feature_map : {"zz", "z", "pauli", "iqp"}, FeatureMap or callable, default="zz"
        What prepares the states. A name stands for an object with its default parameters,
        for instance :class:`ZZFeatureMap`, which are not those of estimators such as
        :class:`QuantumKernelSVC`. A callable is called once with all rows of `X`, and of
        `Y`, and returns complex unit vectors of shape (n_samples, n_amplitudes).

    dtype : {numpy.float64, numpy.float32}, default=numpy.float64
        Type of the kernel and of the arithmetic on states. Entries are right to about
        1e-14, and to 5e-6 in float32; "transfer" loses a digit in hundreds of features.

    method : {"auto", "statevector", "transfer"}, default="auto"
        "statevector" multiplies state vectors of ``2 ** n_features`` amplitudes.
        "transfer" needs none: it follows the chain of qubits, for diagonal maps that couple
        neighbours only ("linear", "circular" and "none" entanglement) and up to 5 `reps`,
        at ``O(n_features * reps * 4 ** reps)`` a pair, ``2 ** (2 * reps - 1)`` times that
        for "circular". "auto" takes the cheaper one, or the one within `max_qubits`.

    shots : int, default=None
        Number of measurements each entry is estimated from, at least 1: binomial noise,
        the same for (x, z) and (z, x) if `Y` is `X`. None gives exact values.

    random_state : int, RandomState instance or None, default=None
        Draws the outcomes of `shots`. An int draws the same noise in each call: what calls
        this pair by pair, see the notes, needs a RandomState instance.

    max_qubits : int, default=20
        State vectors of more qubits are refused.

    n_jobs : int, default=None
        Number of threads: None is 1, -1 all. Results do not depend on it.

    Returns
    -------
    kernel : ndarray of shape (n_samples_X, n_samples_Y), or float
        Between 0 and 1, and exactly 1 on the diagonal if `Y` is `X`. A float if `X` and `Y`
        are single rows, of shape (n_features,), as
        :func:`~sklearn.metrics.pairwise.pairwise_kernels` hands them to a callable.

    Raises
    ------
    TypeError
        If `shots` is not an integer.
    ValueError
        If state vectors are needed of more than `max_qubits`, if "transfer" does not fit
        the feature map, if a callable does not return unit vectors, or if `X`, `Y` or
        another argument is not as described.

    See Also
    --------
    projected_kernel : A kernel on single qubits, which does not fade with their number.
    psd_projection : Makes a kernel of an estimate from `shots` again.
    QuantumKernelSVC : A classifier on these kernels.

    Notes
    -----
    State vectors are built in blocks within scikit-learn's ``working_memory``, and more
    than once if they do not fit together.

    :class:`~sklearn.svm.SVC` calls a kernel once with all rows. Estimators that use
    :func:`~sklearn.metrics.pairwise.pairwise_kernels`, such as
    :class:`~sklearn.kernel_ridge.KernelRidge` and
    :class:`~sklearn.kernel_approximation.Nystroem`, call it pair by pair, a millisecond
    each: for them :class:`QuantumKernelTransformer` is much faster.

    References
    ----------
    .. [1] V. Havlicek, A. D. Corcoles, K. Temme, A. W. Harrow, A. Kandala, J. M. Chow and
       J. M. Gambetta, "Supervised learning with quantum enhanced feature spaces", Nature
       567, 2019. arXiv:1804.11326.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_kernelx.quantum import ZZFeatureMap, fidelity_kernel
    >>> X = np.array([[0.1, 0.2], [0.3, 0.1], [2.0, 1.0]])
    >>> fidelity_kernel(X, feature_map=ZZFeatureMap(reps=1)).round(3)
    array([[1.   , 0.866, 0.07 ],
           [0.866, 1.   , 0.011],
           [0.07 , 0.011, 1.   ]])
    """
    shots = check_shots(shots)
    X, Y, single_rows = check_rows(X, Y)
    kernel = fidelity_matrix(
        make_feature_map(feature_map),
        X,
        Y,
        dtype=dtype,
        method=method,
        max_qubits=max_qubits,
        n_threads=effective_n_threads(n_jobs),
    )
    if shots is not None:
        rng = generator(seed_from(random_state))
        kernel = sample_kernel(kernel, shots, rng, symmetric=Y is None)
    return float(kernel[0, 0]) if single_rows else kernel


def fidelity_matrix(
    feature_map: FeatureMap | StateFunction,
    X: NDArray[np.float64],
    Y: NDArray[np.float64] | None,
    *,
    dtype: DTypeLike,
    method: Method,
    max_qubits: int,
    n_threads: int,
) -> NDArray:
    """Return the exact kernel of rows that are checked; None for `Y` means `X`."""
    dtype = check_float_dtype(dtype)
    check_max_qubits(max_qubits)
    if not isinstance(feature_map, FeatureMap):
        if method == "transfer":
            raise ValueError(_TRANSFER_NEEDS.format("feature_map is a function"))
        return _overlaps_of_given_states(feature_map, X, Y, dtype, n_threads)
    circuit = feature_map.circuit(X.shape[1])
    if _takes_transfer(circuit, method, max_qubits):
        other_angles = None if Y is None else feature_map.angles(Y)
        return chain_kernel(circuit, feature_map.angles(X), other_angles, dtype, n_threads)
    check_n_qubits(circuit.n_qubits, max_qubits)

    def states_of(rows: NDArray[np.float64]) -> Callable[[slice], NDArray]:
        angles = feature_map.angles(rows)
        return lambda block: prepare_states(circuit, angles[block], dtype, n_threads)

    size = 2**circuit.n_qubits
    if Y is None:
        return symmetric_overlaps(states_of(X), len(X), size, dtype, n_threads)
    return cross_overlaps(
        states_of(X), len(X), states_of(Y), len(Y), size, dtype, n_threads
    )


_TRANSFER_NEEDS = (
    'method="transfer" needs a feature map of Z phases that couples neighbours only and '
    'has at most 5 reps, but {}: use entanglement="linear", or method="auto"'
)
# Multiplications along the chain take so much longer than those of matrix products.
_CHAIN_HANDICAP = 1.5


def _takes_transfer(circuit: Circuit, method: Method, max_qubits: int) -> bool:
    if method not in ("auto", "statevector", "transfer"):
        raise ValueError(
            f'method must be "auto", "statevector" or "transfer"; got {method!r}'
        )
    if method == "transfer" and not is_chain(circuit):
        raise ValueError(_TRANSFER_NEEDS.format("this one does not"))
    if method != "auto" or not is_chain(circuit):
        return method == "transfer"
    cheaper = _CHAIN_HANDICAP * multiplications_per_pair(circuit) < 3 * 2**circuit.n_qubits
    return cheaper or circuit.n_qubits > max_qubits


def _overlaps_of_given_states(
    state_function: StateFunction,
    X: NDArray[np.float64],
    Y: NDArray[np.float64] | None,
    dtype: DTypeLike,
    n_threads: int,
) -> NDArray:
    states = real_parts_first(state_function(X), len(X), dtype)
    size = states.shape[2]
    if Y is None:
        return symmetric_overlaps(states.__getitem__, len(X), size, dtype, n_threads)
    others = real_parts_first(state_function(Y), len(Y), dtype)
    if others.shape[2] != size:
        raise ValueError(
            "feature_map must return as many amplitudes for each row; it returned "
            f"{size} for X and {others.shape[2]} for Y"
        )
    return cross_overlaps(
        states.__getitem__, len(X), others.__getitem__, len(Y), size, dtype, n_threads
    )
