"""The SQL database: SQLite in the data folder, or the Postgres that `DATABASE_URL` names."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
import sqlalchemy.event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_MS: Final = 30_000

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
    """Connections to one database; `begin()` writes, `connect()` reads."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    def in_folder(cls, folder: Path) -> Database:
        """`batuta.sqlite` in the folder: write-ahead log, every commit fsynced."""
        folder.mkdir(parents=True, exist_ok=True)
        address = sa.URL.create("sqlite+aiosqlite", database=str(folder / "batuta.sqlite"))
        engine = create_async_engine(address, pool_size=4)
        sqlalchemy.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        sqlalchemy.event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return cls(engine)

    async def create_tables(self) -> None:
        """Make the tables that are not there yet."""
        async with self._engine.begin() as connection:
            await connection.run_sync(metadata.create_all)

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that may write; committed when the block ends well."""
        async with self._engine.connect() as connection:
            await connection.execution_options(batuta_writes=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that only reads."""
        async with self._engine.connect() as connection:
            yield connection

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


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
