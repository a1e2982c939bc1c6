"""The SQL database: SQLite in the data folder, or Postgres for several machines."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final, TypeVar

import sqlalchemy as sa
import sqlalchemy.event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from batuta.errors import InvalidRequest, StorageError
from batuta.settings import Settings
from batuta.storage.group_commit import GroupCommit
from batuta.storage.migrations import migrate

T = TypeVar("T")

BUSY_TIMEOUT_MS: Final = 30_000
READERS: Final = 4
POSTGRES_WRITERS: Final = 4
STATEMENT_TIMEOUT_MS: Final = 30_000
PATIENCE_SECONDS: Final = 10.0
"""So long a transaction is tried again while Postgres is away; `patiently` is for those who can wait."""
IDLE_TRANSACTION_MS: Final = 3_000
"""A process that is stopped inside a transaction loses it: others wait for its locks."""
UNANSWERED_MS: Final = 10_000
"""A server that acknowledges nothing for so long is gone (tcp(7), TCP_USER_TIMEOUT)."""
MIGRATION_TIMEOUTS: Final = {"statement_timeout": 600_000, "idle_in_transaction_session_timeout": 30_000}
"""In milliseconds: a migration takes as long as its tables are large, and the program for it has to be loaded
within its transaction; other processes wait until it is done.
"""
RECONNECT_PAUSE: Final = 0.25

_PASSING: Final = frozenset({"57P01", "57P02", "57P03", "40P01", "40001", "25P03"})
"""Shut down, crashed, starting up, chosen in a deadlock, not to be serialised, idle for too long."""

_patience: ContextVar[float] = ContextVar("batuta_database_patience", default=PATIENCE_SECONDS)

metadata = sa.MetaData()
"""Every table of ours; a module that keeps something declares its tables here.

They are made by `batuta.storage.migrations`, where every change of one is a file; a test compares.
"""


@contextmanager
def patiently(seconds: float) -> Generator[None]:
    """Let transactions begun in the block wait so long for a database that is away."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


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
    cancelled does not stop a transaction that has begun. A transaction whose connection broke is done again,
    even if it was the answer that got lost: doing it twice must come to the same.
    """

    def __init__(
        self, engine: sa.Engine, *, writers: int = 1, readers: int = READERS, owns_engine: bool = True
    ) -> None:
        """So many writers (SQLite has one) and readers at a time; a lent engine is left open at the end."""
        self._engine = engine
        self._owns_engine = owns_engine
        self._group = GroupCommit(self._writing) if writers == 1 else None
        self._writer = ThreadPoolExecutor(writers, thread_name_prefix="database-writer")
        self._urgent = ThreadPoolExecutor(1, thread_name_prefix="database-urgent")
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

    @classmethod
    def at(cls, url: str) -> Database:
        """The Postgres database behind the URL, which several processes and machines may use."""
        try:
            address = sa.make_url(url).set(drivername="postgresql+psycopg")
        except ArgumentError as error:
            raise InvalidRequest(
                "DATABASE_URL is no database URL: write postgresql://user:password@host/name"
            ) from error
        engine = sa.create_engine(
            address,
            pool_size=POSTGRES_WRITERS + READERS + 1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 5,
                "tcp_user_timeout": UNANSWERED_MS,
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}"
                f" -c idle_in_transaction_session_timeout={IDLE_TRANSACTION_MS}",
            },
        )
        return cls(engine, writers=POSTGRES_WRITERS)

    @classmethod
    def opened(cls, folder: Path, url: str | None) -> Database:
        """The database of the URL, or of the folder where there is none."""
        return cls.in_folder(folder) if url is None else cls.at(url)

    @classmethod
    def of_settings(cls, settings: Settings) -> Database:
        """The database the settings name; nothing is asked of it yet."""
        make_folder(settings.batuta_data)
        return cls.opened(settings.batuta_data, settings.database_url)

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write while we do."""
        return self._engine.dialect.name == "postgresql"

    @property
    def engine(self) -> sa.Engine:
        """What opens the connections, for whoever wants a session on the same database."""
        return self._engine

    @property
    def url(self) -> str | None:
        """Where a shared database is, with its password; None for the folder's own."""
        return self._engine.url.render_as_string(hide_password=False) if self.is_shared else None

    async def create_tables(self) -> None:
        """Make the tables, or bring those of an older Batuta up to date; all of it happens or nothing.

        Raises `StorageError` for tables that are too old for that, or of a newer Batuta. While one process
        does it, others wait here.
        """

        def create(connection: sa.Connection) -> None:
            if self.is_shared:
                limits = (
                    sa.func.set_config(name, str(limit), sa.true())
                    for name, limit in MIGRATION_TIMEOUTS.items()
                )
                connection.execute(sa.select(*limits))  # until the transaction ends
            hold(connection, "tables")
            migrate(connection)

        await self.write(create)

    async def write(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` returns, once all it wrote is on the disk; when it raises, nothing was written."""
        if self._group is None:
            return await self._in(self._writer, work, writes=True)
        try:
            return await asyncio.wrap_future(self._group.submit(work))
        except DBAPIError as error:
            raise StorageError(f"the database cannot be used: {error.orig}") from error

    async def write_urgently(self, work: Callable[[sa.Connection], T]) -> T:
        """Likewise, in a thread and a connection that nobody else's locks can hold up."""
        return await self._in(self._urgent, work, writes=True)

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` returns; it sees one state of the database and writes nothing."""
        return await self._in(self._readers, work, writes=False)

    async def aclose(self) -> None:
        """Wait for what is under way, then close every connection.

        Here and now: at the end of a process there may be no pool of threads left to do it in.
        """
        if self._group is not None:
            self._group.shutdown()
        for pool in (self._writer, self._urgent, self._readers):
            pool.shutdown()
        if self._owns_engine:
            self._engine.dispose()

    @contextmanager
    def _writing(self) -> Generator[sa.Connection]:
        with self._engine.connect().execution_options(batuta_writes=True) as connection, connection.begin():
            yield connection

    async def _in(self, pool: ThreadPoolExecutor, work: Callable[[sa.Connection], T], *, writes: bool) -> T:
        patience = _patience.get()  # of the caller: threads have no context of ours
        return await asyncio.get_running_loop().run_in_executor(pool, self._do, work, writes, patience)

    def _do(self, work: Callable[[sa.Connection], T], writes: bool, patience: float) -> T:  # noqa: FBT001  # run_in_executor's way
        options = {"batuta_writes": writes}
        give_up = time.monotonic() + patience
        while True:
            try:
                with self._engine.connect().execution_options(**options) as connection, connection.begin():
                    return work(connection)
            except DBAPIError as error:
                if not self.is_shared or not _is_passing(error) or time.monotonic() > give_up:
                    raise StorageError(f"the database cannot be used: {error.orig}") from error
            time.sleep(RECONNECT_PAUSE)


def hold(connection: sa.Connection, name: str) -> None:
    """Keep every other transaction that holds the same name out, in any process, until this one is over."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def _is_passing(error: DBAPIError) -> bool:
    """Whether the server may answer soon: the connection broke, it restarts, or chose us in a deadlock."""
    if error.connection_invalidated:
        return True
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:
        return isinstance(error, OperationalError)  # no answer at all
    return state[:2] == "08" or state in _PASSING


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
