"""A SQLite file of one part's own, beside the house's database: shared by processes, every commit kept."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from batuta.errors import StorageError

BUSY_SECONDS: Final = 30.0


def connect(path: Path, version: int, tables: Sequence[str], setting: str) -> sqlite3.Connection:
    """A connection in autocommit mode, write-ahead log, fsynced; the tables are made where they are not yet.

    The last of `tables` sets `user_version` to `version`. Raises `StorageError` for a file of a later
    version, naming the `setting` that chooses another, and what sqlite3 does.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA synchronous=FULL")
        found = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if found > version:
            raise StorageError(
                f"{path} is of version {found}, and this Batuta knows {version}: use the Batuta that made it,"
                f" or another {setting}"
            )
        if found < version:
            connection.execute("BEGIN IMMEDIATE")
            for statement in tables:
                connection.execute(statement)
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Two processes that open a new file at once disturb each other here, whatever the timeout."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return
