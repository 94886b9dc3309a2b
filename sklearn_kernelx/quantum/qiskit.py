"""Kernels measured on the samplers of Qiskit, and the states of its circuits.

Nothing here is needed by the rest of the package, and Qiskit is imported only when a
function is called.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from hashlib import blake2b
from numbers import Integral
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array, check_scalar

from sklearn_kernelx.quantum._feature_map import StateFunction
from sklearn_kernelx.quantum._outcome_cache import outcome_cache
from sklearn_kernelx.quantum._pairs import distinct_pairs
from sklearn_kernelx.quantum._rows import check_rows

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.primitives import BaseSamplerV2
    from qiskit.providers import BackendV2
    from qiskit.transpiler import PassManager

__all__ = ["SamplerKernel", "circuit_states"]

# Simulators know these; circuits for one are unrolled to them.
_STANDARD_GATES = (
    *("id", "h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg"),
    *("rx", "ry", "rz", "p", "u", "cx", "cz", "swap"),
)
_REGISTER = "meas"  # QuantumCircuit.measure_all calls it so


@dataclass(frozen=True, eq=False)
class SamplerKernel:
    r"""A fidelity kernel measured on a quantum computer, or on a simulator of one.

    Calling it with rows runs U(x), then the inverse of U(z), and measures all qubits: the
    fraction of outcomes that are zeros only estimates
    :math:`|\langle\Phi(x)|\Phi(z)\rangle|^2`. It is a kernel for estimators that hand over
    all rows at once, such as ``SVC(kernel=SamplerKernel(...))``; see the notes for others.

    Parameters
    ----------
    circuit : qiskit.QuantumCircuit
        U, with a parameter for each feature and without measurements. Features belong to
        parameters in the order of ``circuit.parameters``: by name, and those of a
        ParameterVector by number. It is copied: later changes have no effect.

    sampler : qiskit.primitives.BaseSamplerV2
        What runs the circuits: that of a vendor, of Aer, or
        :class:`qiskit.primitives.StatevectorSampler`.

    shots : int, default=1024
        Number of measurements for each entry, at least 1.

    cache_dir : str or path-like, default=None
        Where entries are kept, in one file that several processes may share. What is in it
        is not measured again, so that a job that was interrupted goes on where it was. None
        keeps nothing.

    chunk_size : int, default=1000
        Number of entries in a job. Each is written to `cache_dir` as soon as it is there.

    pass_manager : qiskit.transpiler.PassManager, default=None
        Transpiles the circuit. None is Qiskit's default for the backend of the sampler, or
        unrolls the circuit to standard gates if `sampler` has no attribute `backend`, which
        is so for Aer's.

    Raises
    ------
    ImportError
        If Qiskit is not installed.
    TypeError, ValueError
        If an argument is not as described.

    See Also
    --------
    circuit_states : The exact states of a circuit.
    sklearn_kernelx.quantum.fidelity_kernel : The exact kernel, and simulated shots, faster.

    Notes
    -----
    The circuit of both rows is built and transpiled once, when the object is made. A job
    has one array of parameters. Pairs of rows are measured once in a call, in one order,
    and equal rows not at all: their entry is 1. The matrix of equal `X` and `Y` is
    therefore symmetric, but shots may give it negative eigenvalues.

    :class:`sklearn.svm.SVC` and :class:`~sklearn_kernelx.quantum.QuantumKernelSVC` call the
    kernel with all rows at once. Estimators that use
    :func:`~sklearn.metrics.pairwise.pairwise_kernels`, such as ``KernelRidge``,
    ``KernelPCA`` and ``Nystroem``, call it with two rows at a time: a job for each entry.
    Measure it first for them, ``K = kernel(X)`` and ``K_test = kernel(X_test, X)``, and
    pass these matrices with ``kernel="precomputed"``. ``Nystroem`` takes them only if
    ``n_components`` is the number of rows.

    Give a grid search `cache_dir`, not the ``memory`` of an estimator: what one candidate
    has measured is there for the others, in `fit` and in predictions.

    Samplers with a whole number as seed draw the same numbers again: Qiskit's for each
    entry, Aer's for each job. The noise of entries is then not independent. Give
    ``StatevectorSampler`` a :class:`numpy.random.Generator`.

    Entries are filed under the gates of `circuit`, the class of `sampler`, the name of its
    backend, `shots` and the two rows. Take another `cache_dir` for another noise model,
    calibration or `pass_manager`.

    The object cannot be changed. Copies, :func:`sklearn.base.clone` among them, are the
    object itself. It can be pickled if its sampler can, as those of simulators can.

    Examples
    --------
    >>> import numpy as np
    >>> from qiskit.circuit.library import zz_feature_map
    >>> from qiskit.primitives import StatevectorSampler
    >>> from sklearn.svm import SVC
    >>> from sklearn_kernelx.quantum.qiskit import SamplerKernel
    >>> sampler = StatevectorSampler(seed=np.random.default_rng(0))
    >>> kernel = SamplerKernel(zz_feature_map(2, reps=1), sampler, shots=100)
    >>> X = np.array([[0.1, 0.2], [0.2, 0.1], [2.0, 1.0], [2.0, 1.2]])
    >>> kernel(X).shape
    (4, 4)
    >>> SVC(kernel=kernel).fit(X, [0, 0, 1, 1]).predict(X)
    array([0, 0, 1, 1])
    """

    circuit: "QuantumCircuit"
    sampler: "BaseSamplerV2"
    _: KW_ONLY
    shots: int = 1024
    cache_dir: str | PathLike | None = None
    chunk_size: int = 1000
    pass_manager: "PassManager | None" = None
    _n_parameters: int = field(init=False, repr=False)
    _program: tuple["QuantumCircuit", list[int]] = field(init=False, repr=False)
    _job_digest: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _check_circuit(self.circuit)
        _check_runs("sampler", self.sampler, "BaseSamplerV2 of qiskit.primitives")
        if self.pass_manager is not None:
            _check_runs(
                "pass_manager", self.pass_manager, "PassManager of qiskit.transpiler"
            )
        check_scalar(self.shots, "shots", Integral, min_val=1)
        check_scalar(self.chunk_size, "chunk_size", Integral, min_val=1)
        check_scalar(self.cache_dir, "cache_dir", (str, PathLike, type(None)))
        self._set("circuit", self.circuit.copy())
        # All that depends on the circuit is made now: what is wrong shows now, and a change
        # in place cannot file outcomes of one circuit under another.
        self._set("_n_parameters", self.circuit.num_parameters)
        self._set("_program", self._transpiled())
        self._set("_job_digest", self._digest_of_job())

    def __call__(
        self, X: ArrayLike, Y: ArrayLike | None = None
    ) -> NDArray[np.float64] | float:
        """Measure the kernel of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples_X, n_parameters)
            Values of the parameters of the circuit.

        Y : array-like of shape (n_samples_Y, n_parameters), default=None
            Other rows; None means `X`.

        Returns
        -------
        kernel : ndarray of shape (n_samples_X, n_samples_Y), or float
            Fractions between 0 and 1. A float if `X` and `Y` are single rows.

        Raises
        ------
        ValueError
            If `X` or `Y` is not as described, or if `cache_dir` cannot be used.
        """
        X, Y, single_rows = check_rows(X, Y)
        _check_n_features(self._n_parameters, X)
        distinct = distinct_pairs(X, Y)
        kernel = distinct.kernel(self._fractions(distinct.rows, distinct.pairs))
        return float(kernel[0, 0]) if single_rows else kernel

    def __copy__(self) -> "SamplerKernel":
        return self

    def __deepcopy__(self, memo: dict) -> "SamplerKernel":
        return self

    def __sklearn_clone__(self) -> "SamplerKernel":
        return self

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the dataclass is frozen

    def _transpiled(self) -> tuple["QuantumCircuit", list[int]]:
        """Return the circuit of both rows, and the columns that its parameters are."""
        both, parameters = _compute_uncompute(self.circuit)
        pass_manager = self.pass_manager
        if pass_manager is None:
            pass_manager = _pass_manager(_backend(self.sampler))
        transpiled = pass_manager.run(both)
        return transpiled, [parameters.index(p) for p in transpiled.parameters]

    def _digest_of_job(self) -> bytes:
        sampler, backend = type(self.sampler), _backend(self.sampler)
        made_of = (
            *(_gates(self.circuit), self.shots),
            *(sampler.__module__, sampler.__qualname__, getattr(backend, "name", None)),
        )
        return _digest(repr(made_of).encode())

    def _fractions(
        self, rows: NDArray[np.float64], pairs: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        """Return the fractions of zeros for pairs, from the cache where it has them."""
        digests = [_digest(row.astype("<f8").tobytes()) for row in rows]
        keys = [(digests[i], digests[j]) for i, j in pairs.tolist()]
        with outcome_cache(self.cache_dir) as cache:
            fractions = cache.look_up(self._job_digest, keys)
            missing = np.flatnonzero(np.isnan(fractions))
            for start in range(0, len(missing), self.chunk_size):
                chunk = missing[start : start + self.chunk_size]
                measured = self._measure(rows[pairs[chunk]].reshape(len(chunk), -1))
                fractions[chunk] = cache.store(
                    self._job_digest, [keys[place] for place in chunk], measured
                )
        return fractions

    def _measure(self, both_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fractions of zeros for rows beside each other, from one job."""
        circuit, columns = self._program
        with _overflow_explained():
            job = self.sampler.run([(circuit, both_rows[:, columns])], shots=self.shots)
            outcomes = getattr(job.result()[0].data, _REGISTER).array
        if outcomes.ndim != 3 or len(outcomes) != len(both_rows) or outcomes.size == 0:
            raise ValueError(
                f"sampler must return outcomes for each of {len(both_rows)} rows of "
                f"parameters; it has returned an array of shape {outcomes.shape}"
            )
        return np.mean(~np.any(outcomes, axis=2), axis=1)


def circuit_states(circuit: "QuantumCircuit") -> StateFunction:
    """Make a function that computes the exact states of a circuit of Qiskit.

    It is a feature map of :func:`~sklearn_kernelx.quantum.fidelity_kernel`, for circuits
    that the package has no class for.

    Parameters
    ----------
    circuit : qiskit.QuantumCircuit
        As in :class:`SamplerKernel`, and copied too.

    Returns
    -------
    states : callable
        From rows of shape (n_samples, n_parameters) to complex128 states of shape
        (n_samples, 2 ** n_qubits), with qubit k in bit k of the index. It can be pickled.

    Raises
    ------
    ImportError
        If Qiskit is not installed.
    TypeError, ValueError
        If `circuit` is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from qiskit.circuit.library import real_amplitudes
    >>> from sklearn_kernelx.quantum import fidelity_kernel
    >>> from sklearn_kernelx.quantum.qiskit import circuit_states
    >>> circuit = real_amplitudes(2, reps=1)
    >>> X = np.array([[0.1, 0.2, 0.3, 0.4], [1.0, 1.0, 0.0, 0.0]])
    >>> fidelity_kernel(X, feature_map=circuit_states(circuit)).round(3)
    array([[1.   , 0.842],
           [0.842, 1.   ]])
    """
    _check_circuit(circuit)
    return partial(_states_of_rows, circuit.copy())


def _states_of_rows(circuit: "QuantumCircuit", X: ArrayLike) -> NDArray[np.complex128]:
    from qiskit.quantum_info import Statevector

    X = check_array(X, dtype=np.float64, input_name="X")
    _check_n_features(circuit.num_parameters, X)
    states = np.empty((len(X), 2**circuit.num_qubits), complex)
    with _overflow_explained():
        for state, row in zip(states, X, strict=True):
            state[:] = Statevector(circuit.assign_parameters(row)).data
    return states


def _compute_uncompute(circuit: "QuantumCircuit") -> tuple["QuantumCircuit", list[Any]]:
    """Return U(x), the inverse of U(z) and measurements; and the parameters, x before z."""
    from qiskit.circuit import ParameterVector

    x, z = (ParameterVector(name, circuit.num_parameters) for name in "xz")
    both = circuit.assign_parameters(list(x))
    both.compose(circuit.assign_parameters(list(z)).inverse(), inplace=True)
    both.measure_all()
    return both, [*x, *z]


def _backend(sampler: "BaseSamplerV2") -> "BackendV2 | None":
    """Return the backend, an attribute in Qiskit and a method in IBM's runtime."""
    backend = getattr(sampler, "backend", None)
    return backend() if callable(backend) else backend


def _pass_manager(backend: "BackendV2 | None", **options: Any) -> "PassManager":
    from qiskit.transpiler import generate_preset_pass_manager

    if backend is None:
        return generate_preset_pass_manager(basis_gates=list(_STANDARD_GATES), **options)
    return generate_preset_pass_manager(backend=backend, **options)


def _gates(circuit: "QuantumCircuit") -> list[tuple]:
    """Return the gates in plain values, which names given at random do not change."""
    from qiskit.circuit import ParameterVector

    x = ParameterVector("x", circuit.num_parameters)
    unrolled = _pass_manager(None, optimization_level=0).run(
        circuit.assign_parameters(list(x))
    )
    return [
        (
            instruction.operation.name,
            [unrolled.find_bit(qubit).index for qubit in instruction.qubits],
            [str(parameter) for parameter in instruction.operation.params],
        )
        for instruction in unrolled.data
    ]


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


@contextmanager
def _overflow_explained() -> Iterator[None]:
    try:
        yield
    except ZeroDivisionError as error:  # so says Qiskit
        raise ValueError(
            f"X overflows in the gates of circuit, {error}: scale X to order 1"
        ) from error


def _check_circuit(circuit: "QuantumCircuit") -> None:
    try:
        from qiskit import QuantumCircuit
        from qiskit.circuit.exceptions import CircuitError
    except ImportError as error:
        raise ImportError(
            "circuits need Qiskit: pip install sklearn-kernelx[qiskit]"
        ) from error
    if not isinstance(circuit, QuantumCircuit):
        raise TypeError(f"circuit must be a qiskit.QuantumCircuit; got {type(circuit)}")
    if circuit.num_clbits:
        raise ValueError(
            "circuit has measurements, or classical bits for them: leave them out, for "
            "instance by circuit.remove_final_measurements(inplace=False)"
        )
    if not circuit.num_parameters:
        raise ValueError(
            "circuit has no parameters: put a qiskit.circuit.Parameter where a feature goes"
        )
    try:
        circuit.inverse()
    except CircuitError as error:
        raise ValueError(
            f"circuit has no inverse, {error}: leave out resets and other operations that "
            "are not unitary"
        ) from error


def _check_runs(name: str, value: Any, described: str) -> None:
    if isinstance(value, type) or not callable(getattr(value, "run", None)):
        raise TypeError(f"{name} must be an object like a {described}; got {value!r}")


def _check_n_features(n_parameters: int, X: NDArray[np.float64]) -> None:
    if X.shape[1] != n_parameters:
        raise ValueError(
            f"X has {X.shape[1]} features and circuit has {n_parameters} "
            "parameters: give a column for each, in the order of circuit.parameters"
        )
