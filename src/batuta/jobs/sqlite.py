"""SQLite as the durable engine needs it: write-ahead log, two connections, a clock with milliseconds."""

from __future__ import annotations

import sqlite3
import sys
import time
from pathlib import Path

import sqlalchemy as sa
import sqlalchemy.event
from sqlalchemy.pool import ConnectionPoolEntry


def sqlite_engine(path: Path) -> sa.Engine:
    """A SQLAlchemy engine for the file, to be given to the durable engine."""
    engine = sa.create_engine(f"sqlite:///{path}", pool_size=2, max_overflow=0, pool_timeout=60)
    sqlalchemy.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    # DBOS asks SQLite for the time: 1 s resolution on Python 3.11; NULL on 3.12+ with SQLite before 3.42.
    if sys.version_info >= (3, 12):
        connection.create_function("unixepoch", 1, _unixepoch)
    else:
        connection.create_function("strftime", 2, _strftime)


def _unixepoch(modifier: str) -> float:
    return round(time.time(), 3) if modifier == "subsec" else int(time.time())


def _strftime(form: str, moment: str) -> float | None:
    return round(time.time(), 3) if (form, moment) == ("%s", "now") else None
