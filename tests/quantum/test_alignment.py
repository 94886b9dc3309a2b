"""Alignment of kernels with classes against its definition, and of bandwidths."""

from functools import partial

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_kernelx import (
    IQPFeatureMap,
    PauliFeatureMap,
    ZFeatureMap,
    ZZFeatureMap,
    align_bandwidth,
    fidelity_kernel,
    kernel_target_alignment,
    projected_kernel,
)
from sklearn_kernelx.quantum import _alignment
from sklearn_kernelx.quantum._feature_map import FeatureMap

RNG = np.random.default_rng(0)
X = RNG.uniform(0, 2 * np.pi, (20, 2))
KERNEL = fidelity_kernel(X)
BINARY = RNG.integers(0, 2, 20)
THREE = np.repeat([0, 1, 2], [3, 7, 10])


def by_definition(kernel, y, centered):
    n, n_classes = len(y), len(set(y.tolist()))
    target = np.array([[1.0 if a == b else -1 / (n_classes - 1) for b in y] for a in y])
    if centered:
        centring = np.eye(n) - np.full((n, n), 1 / n)
        kernel, target = centring @ kernel @ centring, centring @ target @ centring
    norms = np.linalg.norm(kernel) * np.linalg.norm(target)
    return np.sum(kernel * target) / norms


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("y", [BINARY, THREE, np.arange(20)], ids=["2", "3", "20"])
def test_against_the_definition(y, centered):
    for kernel in (KERNEL, RNG.standard_normal((20, 20)), -KERNEL):
        found = kernel_target_alignment(kernel, y, centered=centered)
        assert found == pytest.approx(by_definition(kernel, y, centered), abs=1e-14)


@pytest.mark.parametrize("centered", [True, False])
def test_extremes(centered):
    for n in range(2, 60):
        y = np.append([0, 1], RNG.integers(0, 2, n - 2))
        ideal = np.where(np.equal.outer(y, y), 0.1, -0.1)
        for kernel, expected in ((ideal, 1), (-ideal, -1)):
            found = kernel_target_alignment(kernel, y, centered=centered)
            assert -1 <= found <= 1
            assert found == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("scale", [1e-300, 1e-3, 7, 1e300])
@pytest.mark.parametrize("centered", [True, False])
def test_scale(scale, centered):
    found = kernel_target_alignment(KERNEL * scale, THREE, centered=centered)
    expected = kernel_target_alignment(KERNEL, THREE, centered=centered)
    assert found == pytest.approx(expected, rel=1e-13)


def test_shifts_and_order():
    shifts = RNG.standard_normal(20)
    shifted = KERNEL + 3 + np.add.outer(shifts, shifts)
    order = RNG.permutation(20)
    for kernel, y in ((shifted, THREE), (KERNEL[np.ix_(order, order)], THREE[order])):
        expected = kernel_target_alignment(KERNEL, THREE)
        assert kernel_target_alignment(kernel, y) == pytest.approx(expected, rel=1e-12)
    uncentered = [
        kernel_target_alignment(k, THREE, centered=False) for k in (KERNEL, shifted)
    ]
    assert abs(uncentered[0] - uncentered[1]) > 0.01


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["b", "a", "c"]),
        np.array(["b", "a", "c"], dtype=object),
        np.array([2.0, -1.0, 0.0]),
        np.array([10, 20, 5], dtype=np.uint8),
    ],
    ids=lambda labels: labels.dtype.str,
)
def test_labels_of_any_type(labels):
    expected = kernel_target_alignment(KERNEL, THREE)
    # Classes in another order: sums may round otherwise.
    for y in (labels[THREE], labels[THREE].tolist()):
        assert kernel_target_alignment(KERNEL, y) == pytest.approx(expected, rel=1e-13)
    booleans = kernel_target_alignment(KERNEL, BINARY == 1)
    assert booleans == kernel_target_alignment(KERNEL, BINARY)


def test_float32():
    low = kernel_target_alignment(KERNEL.astype(np.float32), THREE)
    assert low == pytest.approx(kernel_target_alignment(KERNEL, THREE), rel=1e-6)


def test_kernels_constant_to_rounding_have_none():
    noise = 1 + 1e-15 * RNG.standard_normal((20, 20))
    for kernel in (np.full((20, 20), 0.3), np.zeros((20, 20)), noise):
        assert kernel_target_alignment(kernel, BINARY) == 0
    assert kernel_target_alignment(np.zeros((20, 20)), BINARY, centered=False) == 0
    # Variation that is small, and none by rounding, counts.
    ideal = np.equal.outer(BINARY, BINARY)
    found = kernel_target_alignment(1 + 1e-9 * ideal, BINARY)
    assert found == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(20), "y has the single class 0.0.*two classes"),
        (BINARY[:19], "y has 19 labels.*20 rows"),
        (RNG.uniform(size=20), "continuous"),
        (np.where(BINARY == 1, np.nan, 0), "y contains NaN"),
        (np.array([1, "a"] * 10, dtype=object), "label"),
        (np.ones((20, 2)), "1d array"),
    ],
)
def test_bad_labels(y, message):
    with pytest.raises(ValueError, match=message):
        kernel_target_alignment(KERNEL, y)
    with pytest.raises(ValueError, match=message):
        align_bandwidth(X, y)


def test_bad_kernels():
    with pytest.raises(ValueError, match="kernel must be square"):
        kernel_target_alignment(KERNEL[:, :3], BINARY)
    with pytest.raises(ValueError, match="kernel contains NaN"):
        kernel_target_alignment(KERNEL * np.nan, BINARY)


def reduced(load, n_components):
    rows, y = load(return_X_y=True)
    steps = (StandardScaler(), PCA(n_components, whiten=True))
    return make_pipeline(*steps).fit_transform(rows), y


def best_of_dense_grid(rows, y, feature_map, compute):
    grid = np.geomspace(0.01, 3, 400)

    def alignment(bandwidth):
        candidate = clone(feature_map).set_params(bandwidth=bandwidth)
        return kernel_target_alignment(compute(rows, feature_map=candidate), y)

    alignments = [alignment(bandwidth) for bandwidth in grid]
    return grid[np.argmax(alignments)], max(alignments), alignment


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine])
@pytest.mark.parametrize(
    ("feature_map", "kernel", "options"),
    [
        (ZZFeatureMap(), "fidelity", {}),
        (ZZFeatureMap(), "projected", {}),
        (ZFeatureMap(), "fidelity", {}),
        (ZFeatureMap(), "projected", {"gamma": 0.1}),
        (IQPFeatureMap(), "fidelity", {"method": "statevector"}),
        (PauliFeatureMap(["Y", "ZZ"]), "projected", {"gamma": 5.0}),
    ],
    ids=str,
)
def test_against_a_dense_grid(load, feature_map, kernel, options):
    rows, y = reduced(load, 3)
    rows, y = rows[:: len(rows) // 80], y[:: len(rows) // 80]
    compute = {"fidelity": fidelity_kernel, "projected": projected_kernel}[kernel]
    best, highest, alignment = best_of_dense_grid(
        rows, y, feature_map, partial(compute, **options)
    )
    found = align_bandwidth(rows, y, feature_map=feature_map, kernel=kernel, **options)
    assert isinstance(found, float)
    assert found == pytest.approx(best, rel=0.03)
    assert alignment(found) > highest - 1e-5


def test_all_features_without_states():
    rows, y = load_breast_cancer(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    feature_map = ZZFeatureMap(entanglement="linear")
    options = {"feature_map": feature_map, "max_samples": 60, "random_state": 0}
    found = align_bandwidth(rows, y, **options)
    assert 0.01 < found < 0.3
    assert feature_map.bandwidth == 1
    assert align_bandwidth(rows, y, n_jobs=2, **options) == found
    projected = align_bandwidth(rows, y, kernel="projected", **options)
    assert 0.01 < projected < 3
    by_name = align_bandwidth(rows, y, max_samples=60, random_state=0)
    assert by_name == found
    with pytest.raises(ValueError, match=r'max_qubits=20 .*entanglement="linear"'):
        align_bandwidth(rows, y, feature_map=ZZFeatureMap())


def test_units_of_features_and_bounds():
    rows, y = reduced(load_wine, 2)
    found = align_bandwidth(rows, y, feature_map="z")
    scaled = align_bandwidth(10 * rows, y, feature_map="z", bounds=(0.001, 0.3))
    assert scaled == pytest.approx(found / 10, rel=0.01)
    below = align_bandwidth(rows, y, feature_map="z", bounds=(0.01, found / 2))
    assert below == pytest.approx(found / 2, rel=0.01)
    assert below <= found / 2


def test_equal_rows_take_the_lower_bound():
    for kernel in ("fidelity", "projected"):
        found = align_bandwidth(np.ones((6, 2)), [0, 1] * 3, kernel=kernel)
        assert found == pytest.approx(0.01, rel=1e-12)


def test_chosen_rows():
    """Each class in proportion to within a row, none left out, and all rows at random."""
    y = np.repeat([0, 1, 2, 3], [1, 3, 96, 900])
    memberships = np.equal.outer(y, np.arange(4)).astype(float)
    often = np.zeros(len(y))
    for seed in range(200):
        rows = _alignment._stratified_rows(memberships, 100, seed)
        counts = np.bincount(y[rows], minlength=4)
        assert len(rows) == 100
        assert np.all(np.diff(rows) > 0)
        assert np.all(np.abs(counts - [1, 1, 9.5, 89]) <= 1.5)
        often[rows] += 1
    assert np.all(often[1:] > 0)
    again = _alignment._stratified_rows(memberships, 100, 199)
    np.testing.assert_array_equal(again, rows)
    few = _alignment._stratified_rows(memberships, 4, 0)
    np.testing.assert_array_equal(y[few], [0, 1, 2, 3])


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames(library):
    frames = pytest.importorskip(library)
    series = frames.Series(np.where(BINARY, "b", "a"))
    expected = align_bandwidth(X, BINARY)
    for y in (series, series.astype("category") if library == "pandas" else series):
        assert align_bandwidth(frames.DataFrame(X), y) == expected


def test_other_containers():
    expected = align_bandwidth(X, BINARY)
    assert align_bandwidth(X.astype(object), np.where(BINARY, "b", "a")) == expected
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        align_bandwidth(sparse.csr_array(X), BINARY)


def test_number_of_rows(monkeypatch):
    sizes = []

    def spy(rows, **options):
        sizes.append(len(rows))
        return fidelity_kernel(rows, **options)

    monkeypatch.setattr(_alignment, "fidelity_kernel", spy)
    for max_samples, expected in ((None, 20), (7, 7), (20, 20), (500, 20)):
        align_bandwidth(X, BINARY, max_samples=max_samples, random_state=0)
        assert set(sizes) == {expected}
        assert len(sizes) < 40
        sizes.clear()


class OfOnePhase(FeatureMap):
    """A feature map without a parameter `bandwidth`."""

    paulis = ("Z",)
    reps = 1
    bandwidth = 1.0

    def _phases(self, columns):
        return columns[..., 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"feature_map": ZZFeatureMap().statevectors},
            "feature_map must be.*with a bandwidth",
        ),
        ({"feature_map": OfOnePhase()}, "feature_map must be.*with a bandwidth"),
        ({"feature_map": "xx"}, "feature_map must be one of"),
        ({"kernel": "rbf"}, 'kernel must be "fidelity" or "projected"'),
        ({"kernel": "projected", "gamma": 0}, "gamma"),
        ({"method": "fast"}, "method"),
        ({"max_samples": 1}, "max_samples must be at least the number of classes, 2"),
        ({"kernel": "projected", "max_qubits": 1}, "max_qubits"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"bounds": (0.1, 0.1)}, "bounds"),
        ({"bounds": (0, 1)}, "bounds"),
        ({"bounds": (1, 0.1)}, "bounds"),
        ({"bounds": (1, np.inf)}, "bounds"),
        ({"bounds": (np.nan, 1)}, "bounds"),
        ({"bounds": 0.1}, "bounds"),
        ({"bounds": None}, "bounds"),
        ({"bounds": ("a", "b")}, "bounds"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        align_bandwidth(X, BINARY, **arguments)


def test_bad_types():
    with pytest.raises(TypeError, match="max_samples"):
        align_bandwidth(X, BINARY, max_samples=2.5)
