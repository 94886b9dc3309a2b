"""The benchmark harness, on contenders that take no time."""

import json
import math
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.distance import cdist

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return pytest.importorskip("_harness")


def trivial_tables(harness, options):
    contenders = [
        harness.Contender("sum", lambda: sum(range(1000)), work=1000),
        harness.Contender("formula", lambda: 499500, work=1000, blas_threads=2),
    ]
    timings = harness.measure(contenders, options.repeats)
    rows = [
        [name, *timing.cells(), timing.rate, timing.value]
        for name, timing in timings.items()
    ]
    rows.append(["none|such", None, math.inf, math.nan, 1, "text"])
    columns = ["contender", *harness.TIMING_COLUMNS, "rate", "value"]
    return [harness.table("Sums", columns, rows, "A note."), harness.table("E", ["a"], [])]


def check_schema(report):
    assert set(report) == {"subject", "date", "machine", "versions", "tables"}
    assert set(report["machine"]) == {"cpu", "cores", "instruction_set"}
    assert isinstance(report["machine"]["cores"], int)
    assert {"python", "numpy", "scipy", "scikit-learn", "sklearn_kernelx"} <= set(
        report["versions"]
    )
    for table in report["tables"]:
        assert set(table) == {"title", "note", "columns", "rows"}
        for row in table["rows"]:
            assert len(row) == len(table["columns"])
            assert all(isinstance(cell, (str, int, float)) for cell in row)


def test_run_writes_json_and_prints_markdown(harness, monkeypatch, tmp_path, capsys):
    import run

    case = SimpleNamespace(tables=lambda options: trivial_tables(harness, options))
    monkeypatch.setitem(sys.modules, "cases.trivial", case)
    run.main(["trivial", "--repeats", "1", "--output", str(tmp_path)])

    report = json.loads((tmp_path / "trivial.json").read_text())
    check_schema(report)
    assert report["subject"] == "trivial"
    rows = report["tables"][0]["rows"]
    assert [row[-1] for row in rows] == [499500, 499500, "text"]
    assert rows[2] == ["none|such", "", "inf", "nan", 1, "text"]

    printed = capsys.readouterr()
    assert "# Benchmarks: trivial" in printed.out
    assert "## Sums" in printed.out and "A note." in printed.out
    assert "| none\\|such |  | inf | nan | 1 | text |" in printed.out
    assert "BLAS threads 2" in printed.err


def test_measure_interleaves_after_a_warm_up(harness):
    order = []
    contenders = [
        harness.Contender(name, lambda name=name: order.append(name)) for name in "ab"
    ]
    timings = harness.measure(contenders, repeats=1)
    n_rounds = 1 + harness.MINIMUM_REPEATS
    assert "".join(order) == ("abba" * n_rounds)[: 2 * n_rounds]
    assert all(len(t.wall) == len(t.cpu) == n_rounds - 1 for t in timings.values())


def test_same_name_twice_is_refused(harness):
    contender = harness.Contender("a", int)
    with pytest.raises(ValueError, match="names"):
        harness.measure([contender, contender], 5)


def test_ragged_table_is_refused(harness):
    with pytest.raises(ValueError, match="Sums: 1 cells in 2 columns"):
        harness.table("Sums", ["a", "b"], [[1]])


def test_missing_peer_and_data_are_skipped_aloud(harness, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SKLEARN_KERNELX_DATA", str(tmp_path))
    assert harness.peer("no_such_peer") is None
    assert harness.data_file(harness.Options(), "no/such.csv") is None
    said = capsys.readouterr().err
    assert "SKIPPED: no_such_peer" in said
    assert "SKIPPED: no no/such.csv" in said


def test_every_case_file_is_a_subject(harness):
    import run

    assert {"density", "density_regimes"} <= set(run.subjects())
    assert not any(name.startswith("_") for name in run.subjects())


def test_estimated_regimes_meet_theory_in_a_rehearsal(harness):
    from cases import density_regimes

    options = harness.Options(jobs=1, repeats=1, quick=True)
    table = density_regimes.theory_table(options)
    check_schema(harness.report("density_regimes", [table]))
    (row,) = table["rows"]
    assert dict(zip(table["columns"], row, strict=True))["h_G within 10%"] == "yes"


def test_long_contenders_run_less_often(harness):
    from cases import density_regimes

    calls = []
    contenders = [
        harness.Contender("long", lambda: calls.append(time.sleep(0.02))),
        harness.Contender("short", int),
    ]
    timings = density_regimes.measure_within(contenders, repeats=7, seconds=0.01)
    assert len(calls) == len(timings["long"].wall) == 1
    assert len(timings["short"].wall) == 7


@pytest.fixture
def streams(harness):
    from cases import _streams

    return _streams


def sizes(tasks):
    return np.array([len(batch) for batches in tasks for batch in batches])


def all_rows(tasks):
    return np.concatenate([batch for batches in tasks for batch in batches])


def test_class_incremental_streams_show_two_classes_a_task(streams):
    labels = np.random.default_rng(0).integers(5, size=400)
    tasks = streams.class_incremental(labels, seed=1)
    shown = [np.unique(labels[np.concatenate(batches)]).tolist() for batches in tasks]
    assert [len(classes) for classes in shown] == [2, 2, 1]
    assert np.array_equal(np.sort(np.concatenate(shown)), np.arange(5))
    assert sorted(all_rows(tasks)) == list(range(400))
    assert all(set(sizes([batches])[:-1]) <= {32} for batches in tasks)


def test_generalised_streams_blur_classes_that_come_again(streams):
    labels = np.random.default_rng(0).integers(10, size=5000)
    tasks = streams.generalised(labels, seed=1)
    assert len(tasks) == streams.N_PARTS
    assert sorted(all_rows(tasks)) == list(range(5000))
    assert sizes(tasks).min() == 1 and 200 < sizes(tasks).max() <= 500
    arrivals = labels[all_rows(tasks)]
    begins = np.array([np.flatnonzero(arrivals == k)[0] for k in range(10)])
    assert np.ptp(begins) > 2500  # not all classes are there from the beginning
    runs = np.count_nonzero(np.diff(arrivals)) + 1
    assert runs > 1000  # of 10 if classes came one after the other


def test_streaming_lda_sums_what_was_published(harness):
    from cases._stream_peers import StreamingLDA

    rng = np.random.default_rng(0)
    y = rng.integers(3, size=50)
    X = rng.standard_normal((50, 4)) + 2 * y[:, np.newaxis]
    learner = StreamingLDA(n_classes=4)
    for batch in np.split(np.arange(50), (7, 8, 30)):
        learner.partial_fit(X[batch], y[batch])

    means, counts, covariance = np.zeros((4, 4)), np.zeros(4), np.zeros((4, 4))
    for n, (row, label) in enumerate(zip(X, y, strict=True)):
        deviation = row - means[label]
        change = np.outer(deviation, deviation) * n / (n + 1)
        covariance = (n * covariance + change) / (n + 1)
        means[label] += deviation / (counts[label] + 1)
        counts[label] += 1
    inverse = np.linalg.pinv((1 - 1e-4) * covariance + 1e-4 * np.eye(4))
    scores = X @ inverse @ means.T - 0.5 * np.diag(means @ inverse @ means.T)
    assert np.array_equal(learner.predict(X), scores[:, :3].argmax(axis=1))
    triangle = np.tril_indices(4)
    np.testing.assert_allclose(learner.scatter[triangle] / 50, covariance[triangle])


def test_streams_end_as_the_joint_fit_in_a_rehearsal(harness, monkeypatch):
    from cases import _incremental_accuracy

    monkeypatch.setattr(_incremental_accuracy, "QUICK_PROBLEMS", {"digits": (50, 1)})
    options = harness.Options(jobs=1, repeats=1, quick=True)
    tables = _incremental_accuracy.accuracy_tables(options)
    check_schema(harness.report("incremental", tables))
    (verdict,) = (t for t in tables if t["title"].endswith("against the joint fit"))
    for row in verdict["rows"]:
        cells = dict(zip(verdict["columns"], row, strict=True))
        assert cells["same label as joint"] == 1
        assert cells["largest difference of scores"] < 1e-9


@pytest.fixture
def kernel_sums(harness):
    from cases import _privacy_baselines

    return _privacy_baselines


@pytest.fixture
def clusters(harness):
    from cases._privacy_data import Problem

    return Problem(10, 300, seed=0)


def test_exact_sums_are_those_of_brute_force(clusters):
    X, Y = clusters.X, clusters.Y
    squares = cdist(Y, X, "sqeuclidean")
    kernel = np.exp(-squares / (2 * clusters.bandwidth**2))
    np.testing.assert_allclose(clusters.density, kernel.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(clusters.distances, cdist(Y, X, "cityblock").sum(axis=1))


@pytest.mark.parametrize("centred", [False, True])
def test_tree_of_distances(kernel_sums, clusters, centred):
    tree = kernel_sums.BinaryTree(clusters.X, centred)
    rng = np.random.default_rng(0)
    sums = tree.sums(tree.released(np.inf, rng), clusters.Y)
    # Records in the leaf of a query are as near as its width.
    leaf = 2.0**-kernel_sums.DEPTH
    np.testing.assert_allclose(sums, clusters.distances, atol=300 * 10 * leaf / 5)

    corner = np.vstack([clusters.X, np.ones(10)])
    change = 0.0
    for level, other in zip(
        tree.levels, kernel_sums.BinaryTree(corner, centred).levels, strict=True
    ):
        change += np.sum(np.abs(other - level).sum(axis=(1, 2)) / tree.scales(0.5))
    assert 0.49 < change <= 0.5  # a corner reaches what the noise is for


def test_published_fourier_features(kernel_sums, clusters):
    rng = np.random.default_rng(0)
    lsq = kernel_sums.LSQFourier(clusters.X, clusters.bandwidth, 20_000, rng)
    features = lsq.features(clusters.Y)
    (means,) = lsq.estimates(features, np.inf, 20_000, 1, rng)
    assert np.max(np.abs(means - clusters.density)) < 4 / np.sqrt(20_000)
    m, epsilon = 64, 0.1
    noisy = lsq.estimates(features, epsilon, m, 4000, rng)
    # Of an entry 2 m / (epsilon n), which m products with unit variance average.
    deviation = 2 * np.sqrt(m) / (epsilon * 300)
    np.testing.assert_allclose(noisy.std(axis=0).mean(), deviation, rtol=0.05)


def test_diffprivlib_figures_are_a_report(harness):
    path = BENCHMARKS / "results" / "diffprivlib.json"
    (table,) = json.loads(path.read_text())["tables"]
    assert table["columns"][:4] == ["data", "epsilon", "classifier", "accuracy"]
    assert {row[2] for row in table["rows"]} == {"GaussianNB", "LogisticRegression"}


def test_private_sums_beat_the_published_in_a_rehearsal(harness):
    from cases import _privacy_errors

    options = harness.Options(jobs=1, repeats=1, quick=True)
    tables = [
        _privacy_errors.distance_table(options),
        _privacy_errors.noise_table(options),
    ]
    check_schema(harness.report("privacy", tables))
    distances, noise = ([dict(zip(t["columns"], r, strict=True)) for r in t["rows"]]
                        for t in tables)  # fmt: skip
    assert all(row["tree / ours"] > 3 for row in distances)
    assert all(row["off by"] < 0.05 for row in noise)
