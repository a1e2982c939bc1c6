"""Jobs set going again, asked for twice, forgotten."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from counting import Text, counting, open_jobs
from disturbed import Waiting, executions, finished, flaky_upper

from batuta.errors import Conflict, InvalidRequest, NoAudio, NotFound
from batuta.jobs import Capacity, Event, JobStatus, StageStatus, Terms
from batuta.jobs.places import Limit

pytestmark = pytest.mark.anyio


async def test_a_failed_job_is_taken_up_where_it_failed(tmp_path: Path) -> None:
    """Under the same id; what had finished is not done again."""
    async with open_jobs(tmp_path, twice=flaky_upper(tmp_path, NoAudio("silent"))) as jobs:
        failed = await finished(jobs, "hello")
        assert failed.status is JobStatus.FAILED
    async with open_jobs(tmp_path) as jobs:
        again = await jobs.retry(failed.job_id, Text(text="hello"))
        assert (again.job_id, again.status, again.runs) == (failed.job_id, JobStatus.QUEUED, 2)
        assert {stage.status for stage in again.stages.values()} == {StageStatus.PENDING}
        end = await jobs.wait(failed.job_id, 10)
        assert end.status is JobStatus.COMPLETED
        assert end.error is None
        assert end.stages["upper"].reused
    assert executions(tmp_path) == ["upper", "twice"]


async def test_a_job_with_another_request_does_what_that_makes_stale(tmp_path: Path) -> None:
    """The first stage gives the same as before, so the second is a lookup."""
    async with open_jobs(tmp_path) as jobs:
        first = await finished(jobs, "hello")
        await jobs.retry(first.job_id, Text(text="HELLO"))
        assert (await jobs.wait(first.job_id, 10)).result == first.result
    assert executions(tmp_path) == ["upper", "twice", "upper"]


@pytest.mark.parametrize(("stage", "again"), [("upper", ["upper", "twice"]), ("twice", ["twice"])])
async def test_a_stage_named_is_done_again_with_all_later_ones(
    tmp_path: Path, stage: str, again: list[str]
) -> None:
    """Whether or not anything changed."""
    async with open_jobs(tmp_path) as jobs:
        first = await finished(jobs, "hello")
        await jobs.retry(first.job_id, Text(text="hello"), stage=stage)
        assert (await jobs.wait(first.job_id, 10)).result == first.result
    assert executions(tmp_path) == ["upper", "twice", *again]


async def test_a_result_of_another_job_is_done_again_when_named(tmp_path: Path) -> None:
    """The job's stages were lookups; naming one has it computed for this job all the same."""
    async with open_jobs(tmp_path) as jobs:
        await finished(jobs, "hello")
        second = await finished(jobs, "hello")
        await jobs.retry(second.job_id, Text(text="hello"), stage="twice")
        assert (await jobs.wait(second.job_id, 10)).status is JobStatus.COMPLETED
    assert executions(tmp_path) == ["upper", "twice", "twice"]


async def test_only_a_finished_job_can_be_retried(tmp_path: Path) -> None:
    """And only from a stage it has."""
    waiting = Waiting()
    async with open_jobs(tmp_path, upper=waiting) as jobs:
        running = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(waiting.begun.wait(), 5)
        with pytest.raises(Conflict, match="running"):
            await jobs.retry(running.job_id, Text(text="hello"))
        await jobs.cancel(running.job_id)
        with pytest.raises(InvalidRequest, match="upper, twice"):
            await jobs.retry(running.job_id, Text(text="hello"), stage="dinner")


async def test_whoever_follows_sees_both_runs(tmp_path: Path) -> None:
    """The numbers of the events go on; somebody who has seen the first end goes on from there."""
    async with open_jobs(tmp_path) as jobs:
        first = await finished(jobs, "hello")
        await jobs.retry(first.job_id, Text(text="hello"))
        await jobs.wait(first.job_id, 10)
        seen = [event async for event in jobs.follow(first.job_id, first.seq)]
        assert seen[0].kind == "job.retried"
        assert seen[-1].kind == "job.completed"
        everything = [event.seq async for event in jobs.follow(first.job_id)]
        assert everything == list(range(1, len(everything) + 1))


async def test_an_idempotency_key_means_one_job(tmp_path: Path) -> None:
    """Even when the job failed, and for each owner apart."""
    async with open_jobs(tmp_path, upper=flaky_upper(tmp_path, NoAudio("silent"))) as jobs:
        mine = Terms(owner="me", idempotency_key="order 66")
        first = await jobs.start(counting, Text(text="hello"), terms=mine)
        assert (await jobs.wait(first.job_id, 10)).status is JobStatus.FAILED
        again = await jobs.start(counting, Text(text="hello"), terms=mine)
        assert again.job_id == first.job_id
        yours = Terms(owner="you", idempotency_key="order 66")
        other = await jobs.start(counting, Text(text="hello"), terms=yours)
        assert other.job_id != first.job_id


async def test_an_idempotency_key_is_for_one_request(tmp_path: Path) -> None:
    """Another request under the same key is a mistake, and is told so."""
    async with open_jobs(tmp_path) as jobs:
        terms = Terms(idempotency_key="key")
        await jobs.start(counting, Text(text="hello"), terms=terms)
        with pytest.raises(InvalidRequest, match="key"):
            await jobs.start(counting, Text(text="goodbye"), terms=terms)


async def test_equal_requests_at_once_with_one_key_are_one_job(tmp_path: Path) -> None:
    """A client that sends twice because it is impatient gets one job."""
    async with open_jobs(tmp_path) as jobs:
        terms = Terms(idempotency_key="key")
        asked = [jobs.start(counting, Text(text="hello"), terms=terms) for _ in range(8)]
        assert len({record.job_id for record in await asyncio.gather(*asked)}) == 1


async def test_a_deleted_job_is_stopped_and_gone(tmp_path: Path) -> None:
    """Its events, too; what it had under way is stopped."""
    waiting = Waiting()
    async with open_jobs(tmp_path, upper=waiting) as jobs:
        running = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(waiting.begun.wait(), 5)
        await jobs.delete(running.job_id)
        await asyncio.wait_for(waiting.cancel_came.wait(), 5)
        with pytest.raises(NotFound):
            await jobs.get(running.job_id)
        assert await jobs.store.events(running.job_id) == []
        assert await jobs.executions(running.job_id) == []
        with pytest.raises(NotFound):
            await jobs.delete(running.job_id)


async def test_a_job_that_waits_for_its_turn_can_be_cancelled(tmp_path: Path) -> None:
    """Before any process has taken it on."""
    async with open_jobs(tmp_path) as jobs:
        record = await jobs.start(counting, Text(text="hello"))
        cancelled = await jobs.cancel(record.job_id)
        assert cancelled.status in {JobStatus.CANCELLED, JobStatus.COMPLETED}
        assert (await jobs.wait(record.job_id, 5)).status is cancelled.status


async def test_a_record_is_as_old_as_its_last_change(tmp_path: Path) -> None:
    """Which is what conditional requests compare."""
    async with open_jobs(tmp_path) as jobs:
        record = await finished(jobs, "hello")
        head = await jobs.store.head(record.job_id)
        assert (head.seq, head.owner) == (record.seq, "")
        assert record.updated_at <= dt.datetime.now(dt.UTC)


async def test_what_an_earlier_run_has_still_to_say_changes_nothing(tmp_path: Path) -> None:
    """A worker that was stopped and woken speaks of a run that is over."""
    async with open_jobs(tmp_path, upper=flaky_upper(tmp_path, NoAudio("silent"))) as jobs:
        failed = await finished(jobs, "hello")
    async with open_jobs(tmp_path) as jobs:
        await jobs.retry(failed.job_id, Text(text="hello"))
        await jobs.wait(failed.job_id, 10)
        late = Event(kind="job.failed", data={"error": NoAudio("late").to_dict()}, run=1)
        assert (await jobs.store.apply(failed.job_id, late)).status is JobStatus.COMPLETED
        await jobs.retry(failed.job_id, Text(text="hello"))
        started = Event(kind="stage.failed", stage="upper", data={"error": NoAudio("late").to_dict()}, run=1)
        assert (await jobs.store.apply(failed.job_id, started)).stages["upper"].error is None
        assert (await jobs.wait(failed.job_id, 10)).status is JobStatus.COMPLETED


async def test_shared_work_goes_on_for_the_job_that_is_left(tmp_path: Path) -> None:
    """Deleting the one that began it stops nothing; cancelling the last one does."""
    waiting = Waiting()
    async with open_jobs(tmp_path, upper=waiting) as jobs:
        first = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(waiting.begun.wait(), 5)
        second = await jobs.start(counting, Text(text="hello"))
        async for event in jobs.follow(second.job_id):
            if event.kind == "stage.submitted":
                break
        await jobs.delete(first.job_id)
        assert waiting.cancelled == []
        await jobs.cancel(second.job_id)
        assert len(waiting.cancelled) == 1


async def test_time_in_line_is_not_the_job_s(tmp_path: Path) -> None:
    """One place, four jobs, and a limit that one of them needs for itself."""
    capacity = Capacity(timeout=dt.timedelta(seconds=2), limits={"upper": Limit(1, shared=True)})
    async with open_jobs(tmp_path, 0.8, capacity=capacity) as jobs:
        started = [await jobs.start(counting, Text(text=f"text {number}")) for number in range(4)]
        ends = [await jobs.wait(record.job_id, 30) for record in started]
    assert {end.status for end in ends} == {JobStatus.COMPLETED}
