"""The SQL database: SQLite in the data folder."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa
import sqlalchemy.event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from batuta.errors import StorageError

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 30_000
READERS: Final = 4

metadata = sa.MetaData()
"""Every table of ours; a module that keeps something declares its tables here."""


class UtcDateTime(sa.TypeDecorator[dt.datetime]):
    """A moment in UTC that sorts as text in every database; naive values are refused."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        """ISO 8601 in UTC with microseconds: one width, so text order is time order."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> dt.datetime | None:  # noqa: ARG002
        """The moment, with its zone."""
        return None if value is None else dt.datetime.fromisoformat(value)


class Database:
    """Transactions on one database, each a function of its connection that is done in one go beside the loop.

    Nothing is awaited inside a transaction, so a lock is held for as long as the database needs and no
    longer, and a transaction costs one hop to a thread however many statements it has. A caller that is
    cancelled does not stop a transaction that has begun.
    """

    def __init__(self, engine: sa.Engine, *, readers: int = READERS) -> None:
        """One writer, since SQLite has one, and so many readers at a time."""
        self._engine = engine
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="database-writer")
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="database-reader")

    @classmethod
    def in_folder(cls, folder: Path) -> Database:
        """`batuta.sqlite` in the folder: write-ahead log, every commit fsynced."""
        make_folder(folder)
        address = sa.URL.create("sqlite", database=str(folder / "batuta.sqlite"))
        engine = sa.create_engine(address, pool_size=READERS + 1, max_overflow=0)
        sqlalchemy.event.listen(engine, "connect", _prepare_sqlite)
        sqlalchemy.event.listen(engine, "begin", _begin_sqlite)
        return cls(engine)

    async def create_tables(self) -> None:
        """Make the tables that are not there yet."""
        await self.write(metadata.create_all)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` returns, once all it wrote is on the disk; when it raises, nothing was written."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._do, work, True)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` returns; it sees one state of the database and writes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._do, work, False)

    async def aclose(self) -> None:
        """Wait for what is under way, then close every connection.

        Here and now: at the end of a process there may be no pool of threads left to do it in.
        """
        self._writer.shutdown()
        self._readers.shutdown()
        self._engine.dispose()

    def _do(self, work: Callable[[sa.Connection], T], writes: bool) -> T:  # noqa: FBT001  # run_in_executor's way
        options = {"batuta_writes": writes}
        try:
            with self._engine.connect().execution_options(**options) as connection, connection.begin():
                return work(connection)
        except DBAPIError as error:
            raise StorageError(f"the database cannot be used: {error.orig}") from error


def make_folder(folder: Path) -> None:
    """Make the folder if it is not there; raises `StorageError` where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be used as a folder ({error.strerror}): make room for it, or set BATUTA_DATA"
        ) from error


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # pyright: ignore[reportAttributeAccessIssue]  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """A writer takes the lock at once: two readers that upgrade would deadlock."""
    writes = connection.get_execution_options().get("batuta_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
