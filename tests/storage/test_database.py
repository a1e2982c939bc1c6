"""The database: moments in UTC, every commit on the disk, writers one after the other."""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from batuta.storage.database import BUSY_TIMEOUT_MS, Database, UtcDateTime

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
    async with opened.begin() as connection:
        await connection.run_sync(_tables.create_all)
    yield opened
    await opened.aclose()


async def numbers(database: Database) -> list[int]:
    """What is stored."""
    async with database.connect() as connection:
        return list((await connection.execute(sa.select(moments.c.number))).scalars())


@pytest.mark.parametrize("hours", [-11, 0, 5.5, 14])
async def test_a_moment_comes_back_as_the_same_moment_in_utc(database: Database, hours: float) -> None:
    """Whatever zone it was written in, down to the microsecond."""
    zone = dt.timezone(dt.timedelta(hours=hours))
    moment = dt.datetime(2026, 2, 28, 23, 59, 59, 1, tzinfo=zone)
    async with database.begin() as connection:
        await connection.execute(moments.insert().values(at=moment))
    async with database.connect() as connection:
        found = (await connection.execute(sa.select(moments.c.at))).scalar_one()
    assert found == moment
    assert found.utcoffset() == dt.timedelta()


async def test_no_moment_comes_back_as_none(database: Database) -> None:
    """An empty column stays empty."""
    async with database.begin() as connection:
        await connection.execute(moments.insert().values(at=None))
    async with database.connect() as connection:
        assert (await connection.execute(sa.select(moments.c.at))).scalar_one() is None


async def test_moments_sort_and_compare_in_the_order_of_time(database: Database) -> None:
    """With and without a fraction of a second, and from both sides of the date line."""
    base = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    east = base.astimezone(dt.timezone(dt.timedelta(hours=14)))
    west = (base + dt.timedelta(microseconds=1)).astimezone(dt.timezone(dt.timedelta(hours=-11)))
    late = base + dt.timedelta(seconds=1)
    async with database.begin() as connection:
        await connection.execute(moments.insert(), [{"at": moment} for moment in (late, west, east)])
    async with database.connect() as connection:
        found = (await connection.execute(sa.select(moments.c.at).order_by(moments.c.at))).scalars().all()
        later = await connection.execute(sa.select(sa.func.count()).where(moments.c.at > east))
    assert found == [base, west, late]
    assert later.scalar_one() == 2


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    """Nobody could say when it was."""
    with pytest.raises(StatementError, match="without a zone"):
        async with database.begin() as connection:
            await connection.execute(moments.insert().values(at=dt.datetime(2026, 1, 1)))  # noqa: DTZ001
    assert await numbers(database) == []


async def test_every_connection_logs_ahead_and_syncs_every_commit(database: Database) -> None:
    """Not only the first of the pool: four at the same time have all the settings."""
    all_open = asyncio.Barrier(4)

    async def settings() -> tuple[object, ...]:
        async with database.connect() as connection:
            await all_open.wait()
            found = [
                (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "busy_timeout")
            ]
        return tuple(found)

    full = 2
    found = await asyncio.wait_for(asyncio.gather(*(settings() for _ in range(4))), 5)
    assert found == [("wal", full, BUSY_TIMEOUT_MS)] * 4


async def test_writers_that_read_first_neither_deadlock_nor_lose_anything(database: Database) -> None:
    """Twenty at once count one up from what they read; SQLite's own `BEGIN` would fail most of them."""

    async def count_up() -> None:
        async with database.begin() as connection:
            highest = (await connection.execute(sa.select(sa.func.max(moments.c.number)))).scalar_one()
            await connection.execute(moments.insert().values(number=(highest or 0) + 1))

    await asyncio.wait_for(asyncio.gather(*(count_up() for _ in range(20))), 10)
    assert await numbers(database) == list(range(1, 21))


async def test_a_writer_holds_the_lock_from_its_first_statement(database: Database, tmp_path: Path) -> None:
    """Even while it has only read: nobody can come in between."""
    other = sqlite3.connect(tmp_path / FOLDER / "batuta.sqlite", timeout=0)
    try:
        async with database.begin() as connection:
            await connection.execute(sa.select(moments))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("INSERT INTO moments (number) VALUES (1)")
        other.execute("INSERT INTO moments (number) VALUES (1)")
        other.commit()
    finally:
        other.close()
    assert await numbers(database) == [1]


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    """They see what was there before, until it commits."""
    async with database.begin() as connection:
        await connection.execute(moments.insert().values(number=1))
        assert await asyncio.wait_for(numbers(database), 2) == []
    assert await numbers(database) == [1]


async def test_a_block_that_fails_changes_nothing(database: Database) -> None:
    """Its error reaches the caller, and the lock is free."""

    async def fail_halfway() -> None:
        async with database.begin() as connection:
            await connection.execute(moments.insert().values(number=1))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail_halfway()
    async with database.begin() as connection:
        await connection.execute(moments.insert().values(number=2))
    assert await numbers(database) == [2]


async def test_a_writer_that_is_cancelled_sets_the_lock_free(database: Database) -> None:
    """Both one that holds it and one that waits for it; the next writes at once."""
    holds = asyncio.Event()

    async def write(number: int, *, for_ever: bool) -> None:
        async with database.begin() as connection:
            await connection.execute(moments.insert().values(number=number))
            holds.set()
            if for_ever:
                await asyncio.Event().wait()

    holder = asyncio.create_task(write(1, for_ever=True))
    await asyncio.wait_for(holds.wait(), 2)
    waiter = asyncio.create_task(write(2, for_ever=False))
    await asyncio.sleep(0)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    await asyncio.wait_for(write(3, for_ever=False), 2)
    assert 3 in await numbers(database)
    assert 1 not in await numbers(database)


async def test_what_was_written_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    """Making the tables once more changes nothing."""
    for expected in ([], [1]):
        database = Database.in_folder(tmp_path / "kept")
        await database.create_tables()
        async with database.begin() as connection:
            await connection.run_sync(_tables.create_all)
        assert await numbers(database) == expected
        async with database.begin() as connection:
            await connection.execute(moments.insert())
        await database.aclose()
