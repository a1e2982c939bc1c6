"""The table of jobs, on both databases: a number and a key for one only, and nobody's news gets lost."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from batuta.errors import Conflict, StorageError
from batuta.services.gateway.models import Job, JobChange, JobError, JobStatus
from batuta.services.gateway.refusals import JobNotFound
from batuta.services.gateway.store import DubJobs, jobs, uploads
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


class Clock:
    """A time that stands still."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> dt.datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(database: Database, clock: Clock) -> DubJobs:
    """No jobs yet."""
    return DubJobs(database, now=clock)


async def new(table: DubJobs, name: str = "talk.mp4", owner: str = "anna") -> Job:
    key = await table.reserve(name)
    return await table.create(key, owner=owner, target_language="es", options_json="{}")


def differences(connection: sa.Connection) -> list[Any]:
    """Between what the migration made and what the code says, of the two tables."""
    ours = {jobs.name, uploads.name}
    context = MigrationContext.configure(
        connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in ours}
    )
    found = sa.MetaData()
    for each in (jobs, uploads):
        each.to_metadata(found)
    return compare_metadata(context, found)


async def test_the_migration_makes_the_tables_of_the_code(database: Database) -> None:
    """Every column and index."""
    assert await database.read(differences) == []


async def test_a_new_job_is_queued_and_has_its_number(table: DubJobs) -> None:
    """And everything that was said about it, for its owner."""
    job = await new(table)
    assert job == await table.get(job.id)
    assert (job.status, job.progress, job.owner) == (JobStatus.QUEUED, 0, "anna")
    assert (job.created_at, job.updated_at) == (NOON, NOON)
    assert job.source_object_key == f"{int(NOON.timestamp() * 1000)}_talk.mp4"
    assert "owner" not in job.model_dump(by_alias=True)


async def test_uploads_of_one_name_at_one_time_have_keys_of_their_own(table: DubJobs) -> None:
    """Of uploads under way and of jobs there are; otherwise one would get the other's video."""
    first = await new(table)
    keys = await asyncio.gather(*(table.reserve("talk.mp4") for _ in range(5)))
    assert len({first.source_object_key, *keys}) == 6


async def test_a_number_is_never_given_twice(table: DubJobs) -> None:
    """Not even that of a deleted job: its output may still lie there, or be linked to."""
    first = await new(table)
    await table.delete(first.id)
    assert (await new(table)).id > first.id
    with pytest.raises(JobNotFound, match=str(first.id)):
        await table.get(first.id)


async def test_the_same_job_created_twice_is_one(table: DubJobs) -> None:
    """As when the answer of the database got lost and the transaction is done again."""
    key = await table.reserve("talk.mp4")
    about = {"owner": "anna", "target_language": "es", "options_json": "{}"}
    assert await table.create(key, **about) == await table.create(key, **about)
    assert await table.count() == 1


async def test_an_upload_becomes_a_job_or_is_given_up_never_both(table: DubJobs) -> None:
    """Whoever comes second learns of it; the object of a job is not deleted, that of no job has no record."""
    about = {"owner": "anna", "target_language": "es", "options_json": "{}"}
    kept = await table.reserve("kept.mp4")
    await table.create(kept, **about)
    assert not await table.give_up(kept)
    lost = await table.reserve("lost.mp4")
    assert await table.give_up(lost)
    with pytest.raises(StorageError, match="send it again"):
        await table.create(lost, **about)
    assert await table.abandoned() == [lost]
    await table.forget_upload(lost)
    assert await table.abandoned() == []


async def test_uploads_of_killed_processes_are_found_after_a_day(table: DubJobs, clock: Clock) -> None:
    """Not before: a large one may take its time."""
    key = await table.reserve("talk.mp4")
    clock.time += dt.timedelta(hours=23)
    assert await table.abandoned() == []
    clock.time += dt.timedelta(hours=2)
    assert await table.abandoned() == [key]


async def test_changes_are_kept(table: DubJobs, clock: Clock) -> None:
    """Every field, with the time of the change."""
    job = await new(table)
    clock.time += dt.timedelta(minutes=1)
    error = JobError(code="no_audio", message="there is no sound", stage="extraction")
    await table.patch(
        job.id, JobChange(status=JobStatus.PROCESSING, progress=41.6, estimated_time_remaining=9.7)
    )
    failed = await table.patch(job.id, JobChange(status=JobStatus.FAILED, error=error, activity="ended"))
    assert failed == await table.get(job.id)
    assert (failed.progress, failed.error, failed.activity) == (42, error, "ended")
    assert (failed.created_at, failed.updated_at) == (NOON, clock.time)


async def test_a_change_that_is_refused_changes_nothing(table: DubJobs) -> None:
    """The job is as it was."""
    job = await new(table)
    await table.patch(job.id, JobChange(status=JobStatus.PROCESSING))
    before = await table.get(job.id)
    with pytest.raises(Conflict):
        await table.patch(job.id, JobChange(status=JobStatus.QUEUED, progress=99))
    assert await table.get(job.id) == before


async def test_changes_at_once_do_not_undo_each_other(table: DubJobs) -> None:
    """Each is made to what the others left."""
    job = await new(table)
    await asyncio.gather(
        *(table.patch(job.id, JobChange(activity=f"step {number}")) for number in range(5)),
        table.patch(job.id, JobChange(progress=50)),
        table.patch(job.id, JobChange(estimated_time_remaining=7)),
    )
    after = await table.get(job.id)
    assert (after.progress, after.estimated_time_remaining) == (50, 7)
    assert str(after.activity).startswith("step ")


async def test_a_number_that_is_no_jobs_is_not_found(table: DubJobs) -> None:
    """Not even one larger than the column."""
    for job_id in (0, -1, 5, 2**31, 10**17):
        with pytest.raises(JobNotFound, match=str(job_id)):
            await table.get(job_id)
        with pytest.raises(JobNotFound, match=str(job_id)):
            await table.patch(job_id, JobChange(progress=1))


async def test_jobs_are_listed_by_owner_the_newest_first(table: DubJobs) -> None:
    """A page after the other, without gaps."""
    ids = [(await new(table, owner=owner)).id for owner in ("anna", "bert", "anna", "anna")]
    assert [job.id for job in await table.newest(10)] == ids[::-1]
    first = await table.newest(2, owner="anna")
    rest = await table.newest(2, owner="anna", before=first[-1].id)
    assert [job.id for job in [*first, *rest]] == [ids[3], ids[2], ids[0]]
    assert (await table.count(), await table.count(owner="anna")) == (4, 3)


async def test_a_job_waits_to_be_announced_until_somebody_was_told(table: DubJobs, clock: Clock) -> None:
    """Only while it is queued; the oldest comes first."""
    first, second, third = [await new(table) for _ in range(3)]
    assert [job.id for job in await table.unannounced()] == [first.id, second.id, third.id]
    await table.announced(first.id)
    await table.patch(third.id, JobChange(status=JobStatus.PROCESSING))
    assert [job.id for job in await table.unannounced()] == [second.id]
    assert await table.unannounced(older_than=dt.timedelta(seconds=10)) == []
    clock.time += dt.timedelta(seconds=10)
    assert [job.id for job in await table.unannounced(older_than=dt.timedelta(seconds=10))] == [second.id]
