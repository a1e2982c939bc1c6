"""One SQLite file of entries that processes share: every write is one transaction, whole or not at all.

    entries   id key body stamp rank expires check    ids only grow: what is new has an id above the last seen
    marks     name value                              the floor; which older files have been imported

A deleted entry stays for a day as a row without a body, so that other processes hear of it. Whoever has seen
less than the `floor` has missed deletions and reads everything again. `check` is a CRC-32: a row that a disk
changed is passed over, not believed.
"""

from __future__ import annotations

import sqlite3
import struct
import threading
import time
import zlib
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from batuta.albums.conflicts import Change, Row, stands
from batuta.errors import StorageError
from batuta.storage.database import make_folder
from batuta.storage.own_file import connect

DELETIONS_SECONDS: Final = 24 * 3600.0
"""So long the mark of a deletion is kept; who has not looked for longer reads everything again."""
VERSION: Final = 1
_NUMBERS: Final = struct.Struct("<dqd")
BREATH: Final = 50
BREATH_SECONDS: Final = 0.0001
"""After so many rows a long write lets other threads go on: the event loop is one of them."""
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_COLUMNS: Final = 'id, "key", body, stamp, rank, expires, "check"'
_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY AUTOINCREMENT, "key" TEXT NOT NULL UNIQUE,
    body TEXT, stamp REAL NOT NULL, rank INTEGER NOT NULL, expires REAL, "check" INTEGER NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS marks (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    f"PRAGMA user_version={VERSION}",
)


Line = tuple[int, str, str | None, float, int, float | None, int]
"""A row as SQLite gives it, by `_COLUMNS`: a plain tuple, which costs the garbage collector nothing."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """Everything was forgotten at a time."""

    when: float
    """Seconds since 1970."""
    seen: int
    """The last id that was known then: what is up to it goes, whatever its time."""

    def covers(self, number: int, stamp: float) -> bool:
        """Whether a row of that id and time was forgotten with the rest."""
        return number <= self.seen or stamp <= self.when


class Damaged(Exception):
    """The file is not a SQLite file, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to."""

    seen: int
    """Everything up to this id is known to the writer."""
    unseen: Sequence[Line] = ()
    """What others wrote before, and the writer had not seen."""
    refused: frozenset[str] = frozenset()
    """Keys of changes against which another process's row stands."""


class EntryFile:
    """The file; methods block, may be called from any thread, and raise `StorageError` or `Damaged`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.openings = 0
        """How many files have been opened under this name; another number means another file."""
        self.broken_rows = 0
        """Rows passed over since their check did not hold."""
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def page(self, after: int, limit: int) -> tuple[list[Line], int]:
        """The next so many rows by id, without those that do not hold, and the last id looked at."""
        query = f"SELECT {_COLUMNS} FROM entries WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608  # a constant
        with self._opened() as connection:
            found = connection.execute(query, (after, limit)).fetchall()
        return self._sound(found), found[-1][0] if found else after

    def floor(self) -> int:
        """Who has seen less has missed deletions."""
        return int(self.mark("floor") or 0)

    def version(self) -> int:
        """A number that changes when another process writes."""
        with self._opened() as connection:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

    def mark(self, name: str) -> str | None:
        """A note kept with the entries."""
        with self._opened() as connection:
            found = connection.execute("SELECT value FROM marks WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    def set_mark(self, name: str, value: str) -> None:
        """Keep a note."""
        with self._opened() as connection, _transaction(connection):
            connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))

    def write(
        self,
        changes: Iterable[Change],
        seen: int,
        now: float,
        *,
        cleared: Clearing | None = None,
        looking: bool = True,
        keep: int | None = None,
    ) -> Written:
        """Write the changes in one transaction, except those against which an unseen row stands.

        With `cleared`, what that covers goes first. `looking` gives what is unseen, `keep` leaves only the
        newest so many entries.
        """
        with self._opened() as connection, _transaction(connection):
            if cleared is not None:
                bounds = (cleared.seen, cleared.when)
                connection.execute("DELETE FROM entries WHERE id <= ? OR stamp <= ?", bounds)
            unseen = self._unseen(connection, seen) if looking else []
            if cleared is not None:
                _put(connection, Change("", None, cleared.when))
                self._raise_floor(connection)
            refused: set[str] = set()
            for number, change in enumerate(changes):
                if number % BREATH == BREATH - 1:
                    time.sleep(BREATH_SECONDS)
                row = self._row(connection, change.key)
                if row is not None and row.id > seen and stands(row, change, now):
                    refused.add(change.key)
                elif change.forgotten == "no":
                    _put(connection, change)
                elif row is not None and _may_go(row, change, now):
                    connection.execute("DELETE FROM entries WHERE id = ?", (row.id,))
            if keep is not None:
                _trim(connection, keep)
            last = connection.execute("SELECT max(id) FROM entries").fetchone()[0]
        return Written(max(int(last or 0), seen), unseen, frozenset(refused))

    def purge(self, now: float) -> None:
        """Forget deletions that everybody had time to hear of."""
        with self._opened() as connection, _transaction(connection):
            old = "body IS NULL AND \"key\" != '' AND stamp < ?"
            query = f"SELECT max(id) FROM entries WHERE {old}"  # noqa: S608  # a constant
            last = connection.execute(query, (now - DELETIONS_SECONDS,)).fetchone()[0]
            if last is not None:
                connection.execute(f"DELETE FROM entries WHERE {old}", (now - DELETIONS_SECONDS,))  # noqa: S608  # likewise
                self._raise_floor(connection, int(last))

    def rescued(self) -> Generator[Line]:
        """What can still be read of a damaged file, a few rows at a time."""
        query = f"SELECT {_COLUMNS} FROM entries WHERE id > ? AND id <= ?"  # noqa: S608  # a constant
        try:
            with self._opened() as connection:
                last = int(connection.execute("SELECT max(id) FROM entries").fetchone()[0] or 0)
        except Damaged:
            return
        step = 16
        for after in range(0, last, step):
            try:
                with self._opened() as connection:
                    found = connection.execute(query, (after, after + step)).fetchall()
            except Damaged:
                continue
            yield from self._sound(found)

    def set_aside(self, now: float) -> Path:
        """Rename the file, so that a new one takes its place; gives its new name."""
        with self._lock:
            self.close()
            there = self.path.with_name(f"{self.path.name}.damaged-{int(now * 1000)}")
            for suffix in ("", "-wal", "-shm"):
                file = self.path.with_name(self.path.name + suffix)
                try:
                    file.rename(there.with_name(there.name + suffix))
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise StorageError(
                        f"{file} is damaged and cannot be renamed: {error.strerror}"
                    ) from error
            return there

    def close(self) -> None:
        """Close it; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        """The connection, for one thread; opened anew where the file is no longer the one under the name."""
        with self._lock, _errors(self.path):
            if self._connection is not None and self._inode != _inode(self.path):
                self.close()
            if self._connection is None:
                self._connection = _connect(self.path)
                self._inode = _inode(self.path)
                self.openings += 1
            yield self._connection

    def _unseen(self, connection: sqlite3.Connection, seen: int) -> list[Line]:
        query = f"SELECT {_COLUMNS} FROM entries WHERE id > ? ORDER BY id"  # noqa: S608  # a constant
        return self._sound(connection.execute(query, (seen,)).fetchall())

    def _row(self, connection: sqlite3.Connection, key: str) -> Row | None:
        query = f'SELECT {_COLUMNS} FROM entries WHERE "key" = ?'  # noqa: S608  # a constant
        found = self._sound(connection.execute(query, (key,)).fetchall())
        return row_of(found[0]) if found else None

    def _sound(self, found: list[Line]) -> list[Line]:
        sound = [line for line in found if _holds(line)]
        self.broken_rows += len(found) - len(sound)
        return sound

    def _raise_floor(self, connection: sqlite3.Connection, floor: int | None = None) -> None:
        if floor is None:
            floor = int(connection.execute("SELECT max(id) FROM entries").fetchone()[0])
        connection.execute(
            "INSERT INTO marks VALUES ('floor', ?) ON CONFLICT (name) DO UPDATE SET value ="
            " max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))",
            (str(floor),),
        )


def _put(connection: sqlite3.Connection, change: Change) -> None:
    connection.execute(
        'INSERT OR REPLACE INTO entries ("key", body, stamp, rank, expires, "check")'
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            change.key,
            change.body,
            change.stamp,
            change.rank,
            change.expires,
            _check(change.key, change.body, change.stamp, change.rank, change.expires),
        ),
    )


def _may_go(row: Row, change: Change, now: float) -> bool:
    """A deletion stays, for others to hear of."""
    spent = row.expires is not None and row.expires <= now
    return row.body is not None and (spent or change.forgotten == "evicted")


def _trim(connection: sqlite3.Connection, keep: int) -> None:
    newest = "SELECT id FROM entries WHERE body IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?"
    connection.execute(f"DELETE FROM entries WHERE body IS NOT NULL AND id <= ({newest})", (keep,))  # noqa: S608  # a constant


def row_of(line: Line) -> Row:
    """The row with names for its columns."""
    return Row(*line[:6])


def _check(key: str, body: str | None, stamp: float, rank: int, expires: float | None) -> int:
    numbers = _NUMBERS.pack(stamp, rank, -1.0 if expires is None else expires)
    return zlib.crc32((body or "").encode(), zlib.crc32(key.encode(), zlib.crc32(numbers)))


def _holds(line: Line) -> bool:
    _, key, body, stamp, rank, expires, check = line
    try:
        return _check(key, body, stamp, rank, expires) == check
    except (struct.error, AttributeError, UnicodeError):  # a damaged column may have any type
        return False


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _connect(path: Path) -> sqlite3.Connection:
    make_folder(path.parent)
    connection = connect(path, VERSION, _TABLES, "logs_base_dir")
    connection.text_factory = partial(str, encoding="utf-8", errors="replace")  # damage fails its check
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _errors(path: Path) -> Generator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        code: int = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _DAMAGE:  # the extended codes have the code in their low byte
            raise Damaged(str(error)) from error
        raise StorageError(f"{path} cannot be used ({error}): see logs_base_dir") from error
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} cannot be used ({error}): see logs_base_dir") from error
