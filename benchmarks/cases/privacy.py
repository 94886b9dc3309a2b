"""Private kernel sums: errors against published mechanisms, time, noise, accuracy."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from _harness import Contender, Options, Timing, measure, peer, say, table
from cases._privacy_accuracy import accuracy_tables
from cases._privacy_baselines import ExactGaussian, PlainFourier
from cases._privacy_errors import error_tables
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from sklearn_kernelx.privacy import PrivateSimilarity
from sklearn_kernelx.privacy._noise import (
    SystemEntropy,
    discrete_gaussian,
    discrete_laplace,
)

Table = dict[str, Any]


def tables(options: Options) -> list[Table]:
    """Return the tables of this subject."""
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        return [
            exact_table(options),
            plain_table(options),
            sampler_table(options),
            *error_tables(options),
            *accuracy_tables(options),
        ]


# 1. Queries against the exact sum.

N_SINGLE = 20


def fitted(X: NDArray, n_components: int) -> PrivateSimilarity:
    """Fit to a few records: what a query takes does not depend on their number."""
    return PrivateSimilarity(
        bandwidth=math.sqrt(X.shape[1] / 6),
        features="rff",
        n_components=n_components,
        feature_random_state=0,
        n_jobs=1,
    ).fit(X[:1000])


def one_by_one(run: Callable[[NDArray], NDArray], Y: NDArray) -> NDArray:
    return np.concatenate([run(Y[i : i + 1]) for i in range(len(Y))])


def exact_table(options: Options) -> Table:
    """Time queries one by one and in batches, ours and exact."""
    n, m, n_queries = (2000, 128, 64) if options.quick else (100_000, 1024, 64)
    rows = []
    for d in (10,) if options.quick else (10, 100, 784):
        for dtype in (np.float64, np.float32):
            say(f"queries: d={d}, {np.dtype(dtype).name}")
            rng = np.random.default_rng(0)
            X = rng.random((n, d), dtype)
            Y = rng.random((n_queries, d), dtype)
            estimator = fitted(X, m)
            ours = estimator.similarity_sum
            unchecked = partial(estimator._answers.sums, n_threads=1)
            exact = ExactGaussian(X, math.sqrt(d / 6))
            # Ours takes microseconds: several batches in a row.
            batch = rng.random((16 * n_queries, d), dtype)
            timings = measure(
                [
                    Contender("exact, single", partial(one_by_one, exact, Y[:4]), 4),
                    Contender(
                        "ours, single",
                        partial(one_by_one, ours, Y[:N_SINGLE]),
                        N_SINGLE,
                    ),
                    Contender(
                        "ours, single, unchecked",
                        partial(one_by_one, unchecked, Y[:N_SINGLE]),
                        N_SINGLE,
                    ),
                    Contender("exact, batch", partial(exact, Y), n_queries),
                    Contender("ours, batch", partial(ours, batch), len(batch)),
                ],
                options.repeats,
            )
            for kind, theirs, own in (
                ("single", "exact, single", "ours, single"),
                ("single, unchecked", "exact, single", "ours, single, unchecked"),
                ("batch", "exact, batch", "ours, batch"),
            ):
                times = _times(timings[theirs], timings[own])
                rows.append(["A7", d, X.dtype.name, kind, *times, 60, 180])
    return table(
        f"Queries against the exact sum of n = {n} records, m = {m}",
        ["row", "d", "dtype", "queries", "exact us", "ours us", "exact / ours", "floor",
         "good"],
        rows,
        "Microseconds a query, one thread. Exact: a product of BLAS, exp in place and a "
        "sum by NumPy, a block that stays in the cache; a batch has 64 queries, ours 1024. "
        "Single queries go through the public method, one row a call, or, unchecked, leave "
        "out scikit-learn's validation, as the exact sum does. Ours is (1, 1e-6)-"
        "private, the exact sum is not private.",
    )  # fmt: skip


def _times(theirs: Timing, ours: Timing) -> list[float | None]:
    # One thread works: its processor time is what others on the machine disturb least.
    rates = theirs.cpu_rate, ours.cpu_rate
    return [1e6 / rates[0], 1e6 / rates[1], rates[1] / rates[0]]


# 2. Queries against NumPy.


def plain_table(options: Options) -> Table:
    """Time queries against the same features by NumPy."""
    rows = []
    sizes = ((10, 256),) if options.quick else ((10, 4096), (100, 4096), (784, 4096))
    for d, m in sizes:
        for dtype in (np.float64, np.float32):
            say(f"NumPy: d={d}, m={m}, {np.dtype(dtype).name}")
            rng = np.random.default_rng(0)
            X, Y = rng.random((1000, d), dtype), rng.random((500, d), dtype)
            ours = fitted(X, m)
            frequencies = rng.standard_normal((m // 2, d)).astype(dtype)
            plain = PlainFourier(frequencies, rng.standard_normal(m).astype(dtype))
            timings = measure(
                [
                    Contender("NumPy", partial(plain, Y), len(Y)),
                    Contender("ours", partial(ours.similarity_sum, Y), len(Y)),
                ],
                options.repeats,
            )
            is_asked = d == 10 and dtype == np.float64
            rows.append(
                ["A8" if is_asked else "", d, m, X.dtype.name,
                 *_times(timings["NumPy"], timings["ours"]),
                 *((1.5, 3) if is_asked else (None, None))]
            )  # fmt: skip
    return table(
        "Queries against the same features by NumPy",
        ["row", "d", "m", "dtype", "NumPy us", "ours us", "NumPy / ours", "floor", "good"],
        rows,
        "Microseconds a query of 500, one thread. Both (1, 1e-6)-private: they answer from "
        "a released vector.",
    )  # fmt: skip


# 3. Noise.

SCALE = 2**32


def sampler_table(options: Options) -> Table:
    """Time draws of exact noise, ours and OpenDP's."""
    n = 10_000 if options.quick else 1_000_000
    n_theirs = 500 if options.quick else 20_000
    entropy = SystemEntropy()
    contenders = [
        Contender("Laplace", partial(discrete_laplace, SCALE, n, entropy), n),
        Contender("Gaussian", partial(discrete_gaussian, SCALE**2, n, entropy), n),
    ]
    if peer("opendp") is not None:
        for name, draw in opendp_samplers(n_theirs).items():
            contenders.append(Contender(f"OpenDP, {name}", draw, n_theirs))
    timings = measure(contenders, options.repeats)
    rows = []
    for name, asked in (("Laplace", (20, 100)), ("Gaussian", (None, None))):
        ours, theirs = timings[name], timings.get(f"OpenDP, {name}")
        times = [None, 1e6 / ours.cpu_rate, None]
        if theirs is not None:
            times = _times(theirs, ours)
        rows.append(["A9" if asked[0] else "", f"discrete {name}", *times, *asked])
    return table(
        "Exact noise on the integers",
        ["row", "law", "OpenDP s", "ours s", "OpenDP / ours", "floor", "good"],
        rows,
        f"Seconds for 1e6 draws of scale 2^32, bytes of the system; OpenDP timed on "
        f"{n_theirs}. The same law, and so the same guarantee.",
    )  # fmt: skip


def opendp_samplers(n: int) -> dict[str, Callable[[], Any]]:
    """Return OpenDP's mechanisms on vectors of zeros."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    domain = dp.vector_domain(dp.atom_domain(T=int))
    zeros = [0] * n
    laplace = dp.m.make_laplace(domain, dp.l1_distance(T=int), scale=float(SCALE))
    gaussian = dp.m.make_gaussian(domain, dp.l2_distance(T=int), scale=float(SCALE))
    return {"Laplace": partial(laplace, zeros), "Gaussian": partial(gaussian, zeros)}
