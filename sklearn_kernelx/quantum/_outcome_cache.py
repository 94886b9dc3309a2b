"""Measured entries of kernels on disk, so that an interrupted job goes on where it was."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Digests of two rows.
Key = tuple[bytes, bytes]

FILE_NAME = "sampler_kernel.sqlite3"
# Marks our files among those of SQLite: "kxqk".
_APPLICATION_ID = 0x6B78716B
_SECONDS_FOR_OTHER_WRITERS = 60.0
_TABLE = """
    CREATE TABLE outcomes (
        job BLOB NOT NULL, x BLOB NOT NULL, z BLOB NOT NULL,
        fraction REAL NOT NULL,
        PRIMARY KEY (job, x, z)
    ) WITHOUT ROWID
"""
_SELECT = "SELECT fraction FROM outcomes WHERE job = ? AND x = ? AND z = ?"
_INSERT = "INSERT INTO outcomes VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"


class OutcomeCache:
    """Fractions of shots under the digests of a job and of two rows."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection

    def look_up(self, job: bytes, keys: Sequence[Key]) -> NDArray[np.float64]:
        """Return the fractions, NaN where there is none yet."""
        with self._connection as connection:
            connection.execute("BEGIN")
            found = [connection.execute(_SELECT, (job, *key)).fetchone() for key in keys]
        return np.array([np.nan if row is None else row[0] for row in found], float)

    def store(
        self, job: bytes, keys: Sequence[Key], fractions: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Write at once, and return what is stored: another process may have been first."""
        rows = zip(keys, fractions.tolist(), strict=True)
        with self._connection as connection:
            connection.executemany(_INSERT, [(job, *key, value) for key, value in rows])
        return self.look_up(job, keys)


@contextmanager
def outcome_cache(cache_dir: str | PathLike | None) -> Iterator[OutcomeCache]:
    """Open the cache of a directory, or an empty one in memory.

    Raises
    ------
    ValueError
        If the file cannot be made, read or written, or is no cache.
    """
    try:
        with closing(_connect(cache_dir)) as connection:
            yield OutcomeCache(connection)
    except sqlite3.Error as error:
        raise ValueError(
            f"cache_dir={str(cache_dir)!r}: {FILE_NAME} in it cannot be used, {error}. "
            "Name another directory; or delete the file, if it is damaged, and what was "
            "measured will be measured again"
        ) from error


def _connect(cache_dir: str | PathLike | None) -> sqlite3.Connection:
    connection = sqlite3.connect(_path(cache_dir), timeout=_SECONDS_FOR_OTHER_WRITERS)
    try:
        if not _is_ours(connection):
            _make_table(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _path(cache_dir: str | PathLike | None) -> str | Path:
    if cache_dir is None:
        return ":memory:"
    try:
        Path(cache_dir).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"cache_dir={str(cache_dir)!r} is no directory and cannot be made one, "
            f"{error}: name another"
        ) from error
    return Path(cache_dir) / FILE_NAME


def _is_ours(connection: sqlite3.Connection) -> bool:
    return connection.execute("PRAGMA application_id").fetchone() == (_APPLICATION_ID,)


def _make_table(connection: sqlite3.Connection) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _is_ours(connection):
            return  # another process has been faster
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise sqlite3.DatabaseError("it is a database of another program")
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
