"""What a measured kernel needs besides a sampler: pairs of rows, results on disk."""

import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sklearn_kernelx.quantum._outcome_cache import FILE_NAME, outcome_cache
from sklearn_kernelx.quantum._pairs import distinct_pairs

JOB, OTHER_JOB = b"job", b"other"
KEYS = [(b"a", b"b"), (b"a", b"c"), (b"b", b"c")]
FRACTIONS = np.array([0.0, 0.25, 1.0])

few_angles = st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324])


def rows(max_rows=6):
    return arrays(
        float, st.tuples(st.integers(1, max_rows), st.just(2)), elements=few_angles
    )


@given(rows(), st.none() | rows())
def test_pairs_are_different_rows_once(X, Y):
    distinct = distinct_pairs(X, Y)
    pairs = [tuple(map(tuple, distinct.rows[list(pair)])) for pair in distinct.pairs]
    assert all(x < z for x, z in pairs)
    others = X if Y is None else Y
    wanted = {
        tuple(sorted([tuple(x), tuple(z)]))
        for x in X
        for z in others
        if tuple(x) != tuple(z)
    }
    assert sorted(wanted) == pairs


@given(rows(), st.none() | rows())
def test_values_of_pairs_go_to_their_entries(X, Y):
    def product(x, z):
        return 1.0 if np.array_equal(x, z) else 2.0 + (1 + x) @ (1 + z)

    distinct = distinct_pairs(X, Y)
    values = np.array([product(*distinct.rows[pair]) for pair in distinct.pairs])
    others = X if Y is None else Y
    expected = [[product(x, z) for z in others] for x in X]
    np.testing.assert_array_equal(distinct.kernel(values), expected)


def test_pairs_do_not_depend_on_the_rows_beside_them():
    X = np.random.default_rng(0).normal(size=(6, 3))

    def pairs(rows):
        distinct = distinct_pairs(rows, None)
        return {distinct.rows[pair].tobytes() for pair in distinct.pairs}

    assert pairs(X[[4, 1]]) | pairs(X[[1, 3, 5]]) <= pairs(X)
    assert pairs(-X[:2]) & pairs(X) == set()


@pytest.mark.parametrize("on_disk", [True, False])
def test_what_is_stored_is_found(tmp_path, on_disk):
    with outcome_cache(tmp_path / "new" / "folder" if on_disk else None) as cache:
        assert np.isnan(cache.look_up(JOB, KEYS)).all()
        cache.store(JOB, KEYS[1:], FRACTIONS[1:])
        np.testing.assert_array_equal(cache.look_up(JOB, KEYS), [np.nan, 0.25, 1.0])
        assert np.isnan(cache.look_up(OTHER_JOB, KEYS)).all()
        assert len(cache.look_up(JOB, [])) == 0


def test_it_is_there_the_next_time(tmp_path):
    with outcome_cache(tmp_path) as cache:
        cache.store(JOB, KEYS, FRACTIONS)
    with outcome_cache(str(tmp_path)) as cache:
        np.testing.assert_array_equal(cache.look_up(JOB, KEYS), FRACTIONS)


def test_memory_forgets():
    with outcome_cache(None) as cache:
        cache.store(JOB, KEYS, FRACTIONS)
    with outcome_cache(None) as cache:
        assert np.isnan(cache.look_up(JOB, KEYS)).all()


def test_what_was_stored_first_stays(tmp_path):
    with outcome_cache(tmp_path) as cache, outcome_cache(tmp_path) as other:
        cache.store(JOB, KEYS[:2], FRACTIONS[:2])
        stored = other.store(JOB, KEYS, np.full(3, 0.5))
        np.testing.assert_array_equal(stored, [0.0, 0.25, 0.5])
        np.testing.assert_array_equal(cache.look_up(JOB, KEYS), stored)


def test_an_error_keeps_what_is_stored(tmp_path):
    with pytest.raises(KeyboardInterrupt), outcome_cache(tmp_path) as cache:
        cache.store(JOB, KEYS, FRACTIONS)
        raise KeyboardInterrupt
    with outcome_cache(tmp_path) as cache:
        np.testing.assert_array_equal(cache.look_up(JOB, KEYS), FRACTIONS)


WRITER = """
import sys
import numpy as np
from sklearn_kernelx.quantum._outcome_cache import outcome_cache

number = int(sys.argv[2])
for start in range(0, 60, 5):
    with outcome_cache(sys.argv[1]) as cache:
        keys = [(b"%d" % place, b"z") for place in range(start, start + 5)]
        cache.store(b"job", keys, np.full(5, number / 10))
"""


def test_processes_share_it(tmp_path):
    folder = tmp_path / "shared"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(folder), str(number)])
        for number in (1, 2, 3)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    with outcome_cache(folder) as cache:
        stored = cache.look_up(b"job", [(b"%d" % place, b"z") for place in range(60)])
    assert np.isin(stored, [0.1, 0.2, 0.3]).all()


def damaged(path):
    with outcome_cache(path.parent) as cache:
        keys = [(b"%d" % place, b"z") for place in range(2000)]
        cache.store(JOB, keys, np.zeros(2000))
    path.write_bytes(path.read_bytes()[:5000])


def of_another_program(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE outcomes (fraction)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (damaged, "malformed"),
        (of_another_program, "another program"),
        (lambda path: path.write_text("no database at all" * 100), "not a database"),
        (lambda path: path.mkdir(), "unable to open"),
    ],
)
def test_spoilt_files_are_named_and_left_alone(tmp_path, spoil, message):
    path = tmp_path / FILE_NAME
    spoil(path)
    content = path.is_file() and path.read_bytes()
    with (
        pytest.raises(ValueError, match=f"cache_dir='.*{message}.*delete the file"),
        outcome_cache(tmp_path) as cache,
    ):
        cache.look_up(JOB, [(b"%d" % place, b"z") for place in range(2000)])
    assert content == (path.is_file() and path.read_bytes())


def test_a_file_is_no_directory(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(ValueError, match=r"cache_dir='.*' is no directory"):
        outcome_cache(path).__enter__()
