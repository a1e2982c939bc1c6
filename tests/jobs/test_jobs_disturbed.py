"""What goes wrong around jobs, and what must come of it all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from counting import Text, counting, open_jobs
from disturbed import Waiting, executions, finished, flaky_upper

from batuta.errors import DeadlineExceeded, StorageError
from batuta.jobs import Event, JobRecord, JobStatus
from batuta.jobs.queue import Queue
from batuta.jobs.store import JobStore
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio


async def test_a_job_cancelled_while_nobody_carries_stays_cancelled(tmp_path: Path) -> None:
    """Its run is recovered at the next launch, sees the record, and does nothing."""
    worker = Waiting()
    async with open_jobs(tmp_path, upper=worker) as jobs:
        record = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(worker.begun.wait(), 5)
    database = Database.in_folder(tmp_path)
    await JobStore(database).apply(record.job_id, Event(kind="job.cancelled"))
    await database.aclose()
    async with open_jobs(tmp_path) as jobs:
        other = await finished(jobs, "something else")  # by then the recovered run has had its turn
        assert other.status is JobStatus.COMPLETED
        assert (await jobs.get(record.job_id)).status is JobStatus.CANCELLED
    assert executions(tmp_path) == ["upper", "twice"]


async def test_the_last_job_to_be_cancelled_stops_the_shared_work(tmp_path: Path) -> None:
    """Whoever began it: one cancel is not enough, the second is."""
    worker = Waiting()
    async with open_jobs(tmp_path, upper=worker) as jobs:
        first = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(worker.begun.wait(), 5)
        second = await jobs.start(counting, Text(text="hello"))
        async for event in jobs.follow(second.job_id):
            if event.kind == "stage.submitted":
                break
        await jobs.cancel(first.job_id)
        assert worker.cancelled == []
        await jobs.cancel(second.job_id)
        assert len(worker.cancelled) == 1
        assert await jobs.executions(first.job_id) == []


async def test_work_that_took_too_long_elsewhere_can_be_asked_for_again(tmp_path: Path) -> None:
    """A service's own time-out fails the job; the next job submits the work anew."""
    worker = flaky_upper(tmp_path, DeadlineExceeded("the service stopped the work"))
    async with open_jobs(tmp_path, upper=worker) as jobs:
        assert (await finished(jobs, "hello")).status is JobStatus.FAILED
        assert (await finished(jobs, "hello")).status is JobStatus.COMPLETED
    assert worker.submissions == 2


async def test_equal_jobs_at_the_same_time_are_computed_once(tmp_path: Path) -> None:
    """By our own functions as by services."""
    async with open_jobs(tmp_path, seconds=0.2) as jobs:
        records = await asyncio.gather(*(finished(jobs, "hello") for _ in range(5)))
    assert {record.status for record in records} == {JobStatus.COMPLETED}
    assert executions(tmp_path) == ["upper", "twice"]


async def test_a_database_that_fails_for_a_moment_stops_nothing_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The carrier looks again, and does what another process asked for."""
    failed = asyncio.Event()
    claim = Queue.claim

    async def fail_once(queue: Queue, *arguments: Any) -> list[JobRecord]:
        if failed.is_set():
            return await claim(queue, *arguments)
        failed.set()
        raise StorageError("locked")

    monkeypatch.setattr(Queue, "claim", fail_once)
    async with open_jobs(tmp_path), open_jobs(tmp_path, standby=True) as other:
        await asyncio.wait_for(failed.wait(), 5)
        assert (await finished(other, "hello")).status is JobStatus.COMPLETED


async def test_the_end_of_a_job_is_written_as_soon_as_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full for a moment leaves no job running for ever."""
    apply = JobStore.apply
    refused: list[str] = []

    async def refuse_the_end_twice(store: JobStore, job_id: str, *events: Event) -> object:
        if events[0].kind == "job.completed" and len(refused) < 2:
            refused.append(job_id)
            raise StorageError("disk full")
        return await apply(store, job_id, *events)

    monkeypatch.setattr(JobStore, "apply", refuse_the_end_twice)
    async with open_jobs(tmp_path) as jobs:
        assert (await finished(jobs, "hello")).status is JobStatus.COMPLETED
    assert len(refused) == 2
