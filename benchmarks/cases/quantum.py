"""Quantum kernels: time against peers and against BLAS, many qubits, memory, accuracy."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from _harness import Contender, Options, measure, peer, say, table
from cases import _quantum_peers as peers
from cases._quantum_accuracy import accuracy_tables
from numpy.typing import NDArray
from scipy.linalg import blas
from threadpoolctl import ThreadpoolController

from sklearn_kernelx.quantum import ZZFeatureMap, fidelity_kernel
from sklearn_kernelx.quantum._ansatz import make_ansatz
from sklearn_kernelx.quantum._losses import Loss, Readout
from sklearn_kernelx.quantum._readout import outcome_classes
from sklearn_kernelx.quantum._states import prepare_states
from sklearn_kernelx.quantum._variational_cost import (
    Cost,
    VariationalCircuit,
    states_of_rows,
)

Table = dict[str, Any]


def tables(options: Options) -> list[Table]:
    """Return the tables of this subject."""
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        return [
            peer_table(options),
            limit_table(options),
            chain_table(options),
            memory_table(options),
            gradient_table(options),
            *accuracy_tables(options),
        ]


def uniform_rows(n_samples: int, n_features: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(0)
    return rng.uniform(0, 2 * np.pi, (n_samples, n_features))


# 1. Against peers.

# By size: at least so many times faster than Qiskit, and than PennyLane.
FASTER = {(300, 4): (1500, 20), (300, 8): (1000, 60), (1000, 8): (None, 10)}
N_SAMPLES_OF_CIRCUITS = 6


def peer_table(options: Options) -> Table:
    """Time the kernel of a whole data set, full entanglement."""
    rows = []
    for n, q in [(40, 4)] if options.quick else FASTER:
        say(f"peers: n={n}, q={q}")
        rows.append([n, q, *peer_row(n, q, options)])
    return table(
        "Fidelity kernel against peers",
        ["n", "qubits", "ours s", "FidelityStatevectorKernel s", "x faster", "at least",
         "PennyLane, batched s", "x faster", "at least", "largest difference",
         "FidelityQuantumKernel s, extrapolated", "x faster"],
        rows,
        "ZZ feature map, full entanglement, 2 reps, one thread. FidelityStatevectorKernel "
        "is qiskit-machine-learning's fast one, FidelityQuantumKernel runs a circuit a "
        f"pair (timed on {N_SAMPLES_OF_CIRCUITS} rows). PennyLane: default.qubit with "
        "parameters broadcast over the rows, then a product of NumPy. The difference is "
        "between ours and any of them.",
    )  # fmt: skip


def peer_row(n: int, q: int, options: Options) -> list[float | None]:
    X = uniform_rows(n, q)
    ours = partial(fidelity_kernel, X, feature_map=ZZFeatureMap())
    # What takes milliseconds is timed by ten calls in a row, as timeit does.
    n_calls = 10 if n <= 300 else 1
    contenders = [Contender("ours", repeated(ours, n_calls), work=n_calls)]
    has_qiskit = peer("qiskit_machine_learning") is not None
    # A million pairs in a Python loop take minutes.
    if has_qiskit and n <= 300:
        contenders.append(Contender("Qiskit", partial(peers.statevector_kernel(q), X)))
    if peer("pennylane") is not None:
        theirs = partial(peers.broadcast_kernel(q), X)
        contenders.append(Contender("PennyLane", repeated(theirs, n_calls), work=n_calls))
    if has_qiskit:
        few = X[:N_SAMPLES_OF_CIRCUITS]
        contenders.append(Contender("circuits", partial(peers.sampler_kernel(q), few)))
    timings = measure(contenders, options.repeats)
    exact = timings["ours"].value
    differences = [
        np.max(np.abs(exact[: len(t.value), : len(t.value)] - t.value))
        for t in timings.values()
    ]

    def seconds_of(name: str) -> float:
        return 1 / timings[name].rate if name in timings else np.nan

    pairs_each = N_SAMPLES_OF_CIRCUITS * (N_SAMPLES_OF_CIRCUITS - 1) / (n * (n - 1))
    circuits = seconds_of("circuits") / pairs_each
    seconds, qiskit, pennylane = map(seconds_of, ("ours", "Qiskit", "PennyLane"))
    asked = FASTER.get((n, q), (None, None))
    return [
        seconds, _or_empty(qiskit), _or_empty(qiskit / seconds), asked[0],
        _or_empty(pennylane), _or_empty(pennylane / seconds), asked[1],
        max(differences), _or_empty(circuits), _or_empty(circuits / seconds),
    ]  # fmt: skip


def repeated(run: Callable[[], NDArray], n_calls: int) -> Callable[[], NDArray]:
    def run_all() -> NDArray:
        for _ in range(n_calls):
            value = run()
        return value

    return run_all


def _or_empty(number: float) -> float | None:
    return None if np.isnan(number) else number


# 2. Against the limits of BLAS.

LIMIT_SIZES = ((300, 8), (1000, 8), (2000, 8), (1000, 10), (1000, 12), (2000, 12))


def limit_table(options: Options) -> Table:
    """Time the kernel beside its states and the bare product of these."""
    rows = []
    for n, q in [(100, 6)] if options.quick else LIMIT_SIZES:
        say(f"limits: n={n}, q={q}")
        X = uniform_rows(n, q)
        feature_map = ZZFeatureMap(reps=2, entanglement="full")
        kernel = partial(fidelity_kernel, X, feature_map=feature_map, method="statevector")
        circuit, angles = feature_map.circuit(q), feature_map.angles(X)
        states = feature_map.statevectors(X).T
        timings = measure(
            [
                Contender("float64", kernel),
                Contender("float32", partial(kernel, dtype=np.float32)),
                Contender("threads", partial(kernel, n_jobs=2), blas_threads=2),
                Contender(
                    "states",
                    partial(prepare_states, circuit, angles, np.dtype(np.float64), 1),
                ),
                Contender("zherk", partial(blas.zherk, 1.0, states, trans=2)),
            ],
            2 * options.repeats,
        )
        ours, single, threads, preparation, product = (
            timing.seconds for timing in timings.values()
        )
        at_least = (1.2 if n >= 1000 and q >= 8 else None, 0.6 if q >= 12 else None)
        rows.append(
            [n, q, ours, preparation, product, ours / (preparation + product), at_least[0],
             single / ours, at_least[1], ours / threads]
        )  # fmt: skip
    return table(
        "Fidelity kernel against the limits of BLAS",
        ["n", "qubits", "ours s", "states s", "zherk s", "ours / (states + zherk)",
         "at most", "float32 / float64", "at most", "x faster on two threads"],
        rows,
        "ZZ feature map, full entanglement, 2 reps; one thread but for the last column. "
        "zherk is the bare complex product of one triangle, without squared moduli.",
    )  # fmt: skip


# 3. Many qubits.

CHAINS = (("linear", 1), ("linear", 2), ("linear", 3), ("circular", 2))
N_QUBITS_OF_CHAINS = 100
BANDWIDTH = 0.01


def chain_table(options: Options) -> Table:
    """Time kernels of 100 qubits, and Aer's matrix product states on the same."""
    n, q = (20 if options.quick else 1000), N_QUBITS_OF_CHAINS
    X = uniform_rows(n, q)
    rows = []
    for entanglement, reps in CHAINS:
        say(f"transfer: n={n}, {entanglement}, reps={reps}")
        feature_map = ZZFeatureMap(reps, entanglement, BANDWIDTH)
        kernel = partial(fidelity_kernel, X, feature_map=feature_map)
        contenders = [
            Contender("ours", kernel),
            Contender("two threads", partial(kernel, n_jobs=2)),
        ]
        is_asked = (entanglement, reps) == ("linear", 2)
        if entanglement == "linear" and reps < 3 and peer("qiskit_aer") is not None:
            overlaps = peers.matrix_product_overlaps(q, reps, BANDWIDTH)
            contenders.append(Contender("Aer", partial(overlaps, X[:4])))
        timings = measure(contenders, options.repeats)
        ours, threads = timings["ours"].seconds, timings["two threads"].seconds
        row = [entanglement, reps, ours, threads, 20 if is_asked else None]
        if "Aer" in timings:
            aer = timings["Aer"]
            row += [
                aer.seconds / 3 * n * (n - 1) / 2,
                np.max(np.abs(aer.value - timings["ours"].value[0, 1:4])),
            ]
        rows.append(row + [None] * (7 - len(row)))
    return table(
        f"Fidelity kernel of {q} qubits, n = {n}",
        ["entanglement", "reps", "one thread s", "two threads s", "at most",
         "Aer, matrix product states s, extrapolated", "largest difference"],
        rows,
        f"By the transfer matrix, bandwidth {BANDWIDTH}. Aer runs the compute-uncompute "
        "circuit of each pair; timed on 3 pairs.",
    )  # fmt: skip


# 4. Memory.

_PEAK_OF_A_KERNEL = """
from pathlib import Path
import numpy as np
import sklearn
from sklearn_kernelx.quantum import ZZFeatureMap, fidelity_kernel
def peak_kib():  # not getrusage, which counts the parent process too
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
X = np.random.default_rng(0).uniform(0, 6, ({n}, {q}))
fidelity_kernel(X[:50], feature_map=ZZFeatureMap())
before = peak_kib()
with sklearn.config_context(working_memory={working_memory}):
    fidelity_kernel(X, feature_map=ZZFeatureMap())
print((peak_kib() - before) / 1024)
"""


def memory_table(options: Options) -> Table:
    """Measure the peak of a kernel whose states do not fit."""
    n, q = (400, 8) if options.quick else (4000, 12)
    rows = []
    for working_memory in (100, 25):
        say(f"memory: working_memory={working_memory}")
        script = _PEAK_OF_A_KERNEL.format(n=n, q=q, working_memory=working_memory)
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        mib = 2.0**-20
        rows.append(
            [n, q, working_memory, float(done.stdout), 256, 8 * n * n * mib,
             16 * n * 2**q * mib]
        )  # fmt: skip
    return table(
        "Peak memory of a fidelity kernel",
        ["n", "qubits", "working_memory MiB", "peak MiB", "at most", "result MiB",
         "all states MiB"],
        rows,
        "What a process of its own takes beyond the imports and the data.",
    )  # fmt: skip


# 5. Gradients of the variational classifier.

GRADIENT_SIZES = ((300, 4), (300, 8), (1000, 10))
N_LAYERS = 4


def gradient_table(options: Options) -> Table:
    """Time one gradient by all angles, the states of rows being given."""
    rows = []
    for n, q in [(40, 3)] if options.quick else GRADIENT_SIZES:
        say(f"gradient: n={n}, q={q}")
        X = uniform_rows(n, q)
        angles = np.random.default_rng(1).uniform(0, np.pi, (N_LAYERS + 1, 2, q))
        parameters = np.append(angles, [0.0, 0.0])  # no bias
        contenders = [
            Contender("ours", partial(mean_parity_cost(X).value_and_gradient, parameters)),
            Contender(
                "two threads",
                partial(mean_parity_cost(X, n_threads=2).value_and_gradient, parameters),
            ),
        ]
        if peer("pennylane") is not None:
            states = ZZFeatureMap().statevectors(X)
            gradient = peers.parity_gradient(states, N_LAYERS)
            contenders.append(Contender("PennyLane", partial(gradient, angles)))
        timings = measure(contenders, options.repeats)
        row = [n, q, timings["ours"].seconds, timings["two threads"].seconds]
        if "PennyLane" in timings:
            theirs = timings["PennyLane"]
            found = timings["ours"].value[1][:-2].reshape(angles.shape)
            row += [
                theirs.seconds,
                theirs.seconds / row[2],
                np.max(np.abs(found - theirs.value)),
            ]
        rows.append(row + [None] * (7 - len(row)))
    return table(
        "A gradient of VariationalQuantumClassifier",
        ["n", "qubits", "ours s", "two threads s", "PennyLane s", "x faster",
         "largest difference"],
        rows,
        f"Mean parity of all rows by the angles of {N_LAYERS} layers, states of the "
        "feature map given. PennyLane: default.qubit, all rows at once, backpropagation.",
    )  # fmt: skip


def mean_parity_cost(X: NDArray[np.float64], n_threads: int = 1) -> Cost:
    """Return the cost whose value is the mean of parities, by all angles."""
    n, q = X.shape
    states = states_of_rows(ZZFeatureMap(), X, q, np.float64, n_threads, keep=True)
    circuit = VariationalCircuit(
        make_ansatz(q, N_LAYERS), outcome_classes(q, 2), 2, n_threads
    )
    return Cost(circuit, states, np.zeros(n, np.intp), parity, False, 0.0)


def parity(probabilities: NDArray, codes: NDArray, readout: Readout) -> Loss:
    """Return the sum of p(even) - p(odd) over rows."""
    signs = np.broadcast_to([1.0, -1.0], probabilities.shape)
    return Loss(float(np.sum(signs * probabilities)), signs, np.zeros(2), 0.0)
