"""The database: moments in UTC, every commit on the disk, writers one after the other."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from batuta.storage.database import BUSY_TIMEOUT_MS, READERS, Database, UtcDateTime

pytestmark = pytest.mark.anyio

FOLDER = "Dados #1 100%20? mode=memory&x"
"""Whatever people call their folders."""

_tables = sa.MetaData()
moments = sa.Table(
    "moments", _tables, sa.Column("number", sa.Integer, primary_key=True), sa.Column("at", UtcDateTime)
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.in_folder(tmp_path / FOLDER)
    await opened.write(_tables.create_all)
    yield opened
    await opened.aclose()


async def add(database: Database, *rows: dict[str, object]) -> None:
    """Store rows."""
    await database.write(lambda connection: connection.execute(moments.insert(), list(rows)))


async def numbers(database: Database) -> list[int]:
    """What is stored."""
    return await database.read(
        lambda connection: list(connection.execute(sa.select(moments.c.number)).scalars())
    )


async def stored_moments(database: Database) -> list[dt.datetime | None]:
    """The moments that are stored, in order."""
    query = sa.select(moments.c.at).order_by(moments.c.at)
    return await database.read(lambda connection: list(connection.execute(query).scalars()))


@pytest.mark.parametrize("hours", [-11, 0, 5.5, 14])
async def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Database, hours: float) -> None:
    """Whatever zone it was written in, down to the microsecond."""
    zone = dt.timezone(dt.timedelta(hours=hours))
    moment = dt.datetime(2026, 2, 28, 23, 59, 59, 1, tzinfo=zone)
    await add(database, {"at": moment})
    (found,) = await stored_moments(database)
    assert found == moment
    assert found is not None
    assert found.utcoffset() == dt.timedelta()


async def test_no_moment_comes_back_as_none(database: Database) -> None:
    """An empty column stays empty."""
    await add(database, {"at": None})
    assert await stored_moments(database) == [None]


async def test_moments_sort_and_compare_in_the_order_of_time(database: Database) -> None:
    """With and without a fraction of a second, and from both sides of the date line."""
    base = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    east = base.astimezone(dt.timezone(dt.timedelta(hours=14)))
    west = (base + dt.timedelta(microseconds=1)).astimezone(dt.timezone(dt.timedelta(hours=-11)))
    late = base + dt.timedelta(seconds=1)
    await add(database, *({"at": moment} for moment in (late, west, east)))
    later = sa.select(sa.func.count()).where(moments.c.at > east)
    assert await stored_moments(database) == [base, west, late]
    assert await database.read(lambda connection: connection.execute(later).scalar_one()) == 2


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    """Nobody could say when it was."""
    with pytest.raises(StatementError, match="without a zone"):
        await add(database, {"at": dt.datetime(2026, 1, 1)})  # noqa: DTZ001
    assert await numbers(database) == []


async def test_every_connection_logs_ahead_and_syncs_every_commit(database: Database) -> None:
    """Not only the first of the pool: all readers at the same time have all the settings."""
    all_open = threading.Barrier(READERS)

    def settings(connection: sa.Connection) -> tuple[object, ...]:
        all_open.wait(5)
        names = ("journal_mode", "synchronous", "busy_timeout")
        return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names)

    full = 2
    found = await asyncio.gather(*(database.read(settings) for _ in range(READERS)))
    assert found == [("wal", full, BUSY_TIMEOUT_MS)] * READERS
    assert await database.write(lambda c: c.exec_driver_sql("PRAGMA synchronous").scalar_one()) == full


async def test_writers_that_read_first_lose_nothing_in_two_processes(
    database: Database, tmp_path: Path
) -> None:
    """Two databases on one file, as two processes have them, count up from what they read."""
    other = Database.in_folder(tmp_path / FOLDER)

    def count_up(connection: sa.Connection) -> None:
        highest = connection.execute(sa.select(sa.func.max(moments.c.number))).scalar_one()
        connection.execute(moments.insert().values(number=(highest or 0) + 1))

    writers = [each.write(count_up) for each in (database, other) for _ in range(20)]
    await asyncio.wait_for(asyncio.gather(*writers), 20)
    await other.aclose()
    assert await numbers(database) == list(range(1, 41))


async def test_a_writer_holds_the_lock_from_its_first_statement(database: Database, tmp_path: Path) -> None:
    """Even while it has only read: nobody can come in between."""

    def look_then_be_disturbed(connection: sa.Connection) -> None:
        connection.execute(sa.select(moments))
        other = sqlite3.connect(tmp_path / FOLDER / "batuta.sqlite", timeout=0)
        with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO moments (number) VALUES (1)")

    await database.write(look_then_be_disturbed)


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    """They see what was there before, until it commits."""
    written, read = threading.Event(), threading.Event()

    def write_slowly(connection: sa.Connection) -> None:
        connection.execute(moments.insert().values(number=1))
        written.set()
        assert read.wait(5)

    writer = asyncio.create_task(database.write(write_slowly))
    await asyncio.to_thread(written.wait, 5)
    assert await asyncio.wait_for(numbers(database), 2) == []
    read.set()
    await writer
    assert await numbers(database) == [1]


async def test_a_transaction_that_fails_changes_nothing(database: Database) -> None:
    """Its error reaches the caller, and the lock is free."""

    def fail_halfway(connection: sa.Connection) -> None:
        connection.execute(moments.insert().values(number=1))
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await database.write(fail_halfway)
    await add(database, {"number": 2})
    assert await numbers(database) == [2]


async def test_the_event_loop_goes_on_during_a_transaction(database: Database) -> None:
    """However long the database takes."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: sa.Connection) -> bool:
        begun.set()
        return go_on.wait(5)

    writer = asyncio.create_task(database.write(wait))
    await asyncio.to_thread(begun.wait, 5)
    go_on.set()  # only a loop that still turns gets here
    assert await writer


async def test_a_caller_who_leaves_does_not_stop_a_transaction(database: Database) -> None:
    """Begun is done: the next writer comes after it and finds what it wrote."""
    begun, go_on = threading.Event(), threading.Event()

    def write_slowly(connection: sa.Connection) -> None:
        begun.set()
        assert go_on.wait(5)
        connection.execute(moments.insert().values(number=1))

    caller = asyncio.create_task(database.write(write_slowly))
    await asyncio.to_thread(begun.wait, 5)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    go_on.set()
    await add(database, {"number": 2})
    assert await numbers(database) == [1, 2]


async def test_what_was_written_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    """Making the tables once more changes nothing."""
    for expected in ([], [1]):
        database = Database.in_folder(tmp_path / "kept")
        await database.create_tables()
        await database.write(_tables.create_all)
        assert await numbers(database) == expected
        if not expected:
            await add(database, {"number": 1})
        await database.aclose()
