"""Who is next: the owner with the fewest jobs under way or served longest ago, then priority, then age."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.jobs.queue import Queue
from batuta.jobs.records import Event, JobRecord, StageRecord
from batuta.jobs.store import JobStore
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


async def add(database: Database, *jobs: tuple[str, str, int]) -> None:
    """Store jobs of (id, owner, priority), a second apart."""
    for number, (job_id, owner, priority) in enumerate(jobs):
        moment = START + dt.timedelta(seconds=number)
        record = JobRecord(
            job_id=job_id,
            pipeline="test",
            request={},
            owner=owner,
            priority=priority,
            stages={"only": StageRecord()},
            created_at=moment,
            updated_at=moment,
        )
        await JobStore(database).add(record)


async def claimed(queue: Queue, places: int) -> set[str]:
    """The ids of the jobs taken on now, beside those the process has."""
    before = {record.job_id for _, record in await queue.carried_by([queue.carrier])}
    taken = {record.job_id for record in await queue.claim(len(before) + places)}
    assert before <= taken  # none of which has begun
    return taken - before


async def test_owners_take_turns_whatever_they_sent(database: Database) -> None:
    """Three jobs of one owner do not go before the one of another who came later."""
    await add(database, ("a1", "a", 0), ("a2", "a", 0), ("a3", "a", 0), ("b1", "b", 0))
    assert await claimed(Queue(database, "w"), 2) == {"a1", "b1"}
    assert await claimed(Queue(database, "w"), 5) == {"a2", "a3"}


async def test_jobs_under_way_count_against_their_owner(database: Database) -> None:
    """Who has two under way waits until the other has had as many."""
    await add(database, *((f"a{number}", "a", 0) for number in range(4)))
    queue = Queue(database, "w")
    assert len(await claimed(queue, 2)) == 2
    await add(database, ("b1", "b", 0), ("b2", "b", 0), ("b3", "b", 0))
    assert await claimed(queue, 2) == {"b1", "b2"}


async def test_priority_orders_the_jobs_of_one_owner_only(database: Database) -> None:
    """A hundred urgent jobs of one owner do not hold up another's ordinary one."""
    await add(database, ("a1", "a", 0), ("a2", "a", 100), ("a3", "a", 100), ("b1", "b", -5))
    queue = Queue(database, "w")
    assert [await claimed(queue, 1) for _ in range(4)] == [{"a2"}, {"b1"}, {"a3"}, {"a1"}]


async def test_with_one_place_owners_take_turns(database: Database) -> None:
    """Who was served longest ago is next, although nothing is under way when it is decided."""
    await add(database, ("a1", "a", 0), ("a2", "a", 0), ("a3", "a", 0), ("b1", "b", 0), ("b2", "b", 0))
    queue, turns = Queue(database, "w"), list[str]()
    while taken := await claimed(queue, 1):
        turns += taken
        await JobStore(database).apply(*taken, Event(kind="job.cancelled"))
    assert turns == ["a1", "b1", "a2", "b2", "a3"]


async def test_a_job_whose_taking_on_was_not_heard_of_is_given_again(database: Database) -> None:
    """Until it has begun: the answer of the database may have been lost."""
    await add(database, ("a1", "a", 0), ("a2", "a", 0))
    queue = Queue(database, "w")
    for _ in range(2):
        assert [record.job_id for record in await queue.claim(1)] == ["a1"]
    await JobStore(database).apply("a1", Event(kind="stage.started", stage="only"))
    assert await queue.claim(1) == []


async def test_a_command_takes_on_its_own_jobs_only(database: Database) -> None:
    """Others' wait for a worker."""
    await add(database, ("a1", "a", 0), ("a2", "a", 0))
    assert [record.job_id for record in await Queue(database, "w").claim(5, only={"a2"})] == ["a2"]


async def test_a_job_is_taken_on_by_one_process(database: Database) -> None:
    """Two that ask at the same time share the jobs out between them."""
    await add(database, *((f"j{number}", "a", 0) for number in range(6)))
    first, second = await claimed(Queue(database, "w1"), 4), await claimed(Queue(database, "w2"), 4)
    assert (len(first), len(second)) == (4, 2)
    assert not first & second
    assert await Queue(database, "w3").carriers() == {"w1", "w2"}


async def test_a_released_job_waits_again(database: Database) -> None:
    """Only the one who has it can give it back."""
    await add(database, ("j", "a", 0))
    queue = Queue(database, "w1")
    await claimed(queue, 1)
    await queue.release("j", "somebody else")
    assert await claimed(Queue(database, "w2"), 1) == set()
    await queue.release("j", "w1")
    assert await claimed(Queue(database, "w2"), 1) == {"j"}


async def test_a_finished_job_is_not_taken_on(database: Database) -> None:
    """Nor one that was cancelled while it waited."""
    await add(database, ("j", "a", 0))
    await JobStore(database).apply("j", Event(kind="job.cancelled"))
    assert await Queue(database, "w").waiting() == (0, None)
    assert await claimed(Queue(database, "w"), 1) == set()


@settings(deadline=None)
@given(
    sent=st.lists(st.tuples(st.sampled_from("abc"), st.integers(-2, 2)), max_size=12),
    places=st.integers(1, 4),
)
def test_no_owner_ever_waits_behind_one_with_more_under_way(sent: list[tuple[str, int]], places: int) -> None:
    """The order agrees with a plain model that picks one job at a time."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            database = Database.in_folder(Path(folder))
            await database.create_tables()
            try:
                jobs = [(f"{number:02}", owner, priority) for number, (owner, priority) in enumerate(sent)]
                await add(database, *jobs)
                queue, waiting = Queue(database, "w"), list(jobs)
                busy, served = dict.fromkeys("abc", 0), dict.fromkeys("abc", 0)
                for claim in range(1, len(jobs) + 1):
                    before, expected = dict(served), set[str]()
                    for _ in range(min(places, len(waiting))):
                        following = min(
                            waiting, key=lambda job: (busy[job[1]], before[job[1]], -job[2], job[0])
                        )
                        waiting.remove(following)
                        busy[following[1]] += 1
                        served[following[1]] = claim
                        expected.add(following[0])
                    assert await claimed(queue, places) == expected
            finally:
                await database.aclose()

    asyncio.run(run())
