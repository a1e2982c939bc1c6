"""Places at a service: never more under way than there are, and the fair next one comes in."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from batuta.errors import RemoteJobLost
from batuta.jobs.journal import Execution, Journal
from batuta.jobs.places import Limit, Places
from batuta.jobs.records import JobRecord, StageRecord
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


async def begun(database: Database, key: str, owner: str = "a", carrier: str = "w") -> Execution:
    """An execution that has no place yet."""
    job = JobRecord(
        job_id=f"job-{key}",
        pipeline="test",
        request={},
        owner=owner,
        stages={"only": StageRecord()},
        created_at=NOW,
        updated_at=NOW,
    )
    return await Journal(database, carrier).begin(key, job=job, stage="only", work="cook")


async def test_no_more_are_let_in_than_there_are_places(database: Database) -> None:
    """The third waits until one of the two is over."""
    places, journal = Places(database, "w", {"cook": Limit(2, shared=True)}), Journal(database, "w")
    first, second, third = [await begun(database, key) for key in "123"]
    assert [await places.try_enter(each) for each in (first, second, third)] == [True, True, False]
    waiting = asyncio.create_task(places.enter(third))
    await asyncio.wait({waiting}, timeout=0.1)
    assert not waiting.done()
    await journal.finish(first, {})
    places.given_back("cook")
    await asyncio.wait_for(waiting, 5)
    await places.aclose()


async def test_a_shared_limit_counts_every_process(database: Database) -> None:
    """One place for two workers: the second comes in when the first is out, without being told."""
    limits = {"cook": Limit(1, shared=True)}
    here, there = Places(database, "w1", limits), Places(database, "w2", limits)
    first, second = await begun(database, "1", carrier="w1"), await begun(database, "2", carrier="w2")
    assert await here.try_enter(first)
    waiting = asyncio.create_task(there.enter(second))
    await asyncio.wait({waiting}, timeout=0.1)
    assert not waiting.done()
    await Journal(database, "w1").finish(first, {})
    await asyncio.wait_for(waiting, 5)
    await there.aclose()


async def test_a_limit_of_each_process_counts_its_own_only(database: Database) -> None:
    """An embedded service works in its own process."""
    limits = {"cook": Limit(1, shared=False)}
    first, second = await begun(database, "1", carrier="w1"), await begun(database, "2", carrier="w2")
    assert await Places(database, "w1", limits).try_enter(first)
    assert await Places(database, "w2", limits).try_enter(second)


async def test_owners_take_turns_at_a_single_place(database: Database) -> None:
    """Who floods a service is overtaken by who sends one order."""
    places, journal = Places(database, "w", {"cook": Limit(1, shared=True)}), Journal(database, "w")
    flood = [await begun(database, f"a{number}") for number in range(3)]
    assert await places.try_enter(flood[0])
    late = await begun(database, "b0", owner="b")
    await journal.finish(flood[0], {})
    assert [await places.try_enter(each) for each in (flood[2], flood[1], late)] == [False, False, True]
    await journal.finish(late, {})
    assert [await places.try_enter(each) for each in (flood[2], flood[1])] == [False, True]


async def test_who_waits_for_a_dropped_order_is_told(database: Database) -> None:
    """The job that began it was cancelled: whoever shares it begins it again."""
    places, journal = Places(database, "w", {"cook": Limit(1, shared=True)}), Journal(database, "w")
    first, second = await begun(database, "1"), await begun(database, "2")
    await places.try_enter(first)
    waiting = asyncio.create_task(places.enter(second))
    await asyncio.sleep(0)
    await journal.forget(second)
    places.given_back("cook")
    with pytest.raises(RemoteJobLost):
        await asyncio.wait_for(waiting, 5)
    await places.aclose()


async def test_work_without_a_limit_needs_no_place(database: Database) -> None:
    """Nor work that was handed in before a restart."""
    places, journal = Places(database, "w", {"cook": Limit(1, shared=True)}), Journal(database, "w")
    execution = await begun(database, "1")
    assert places.needed(execution)
    await journal.submitted(execution, "remote")
    assert not places.needed(await begun(database, "1"))
    assert not Places(database, "w", {}).needed(execution)
