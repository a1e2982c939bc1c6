"""Jobs: started once, watched to their end, each stage done once."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from counting import Text, Twice, Upper, counting, open_jobs
from disturbed import Waiting, executions, finished, flaky_upper

from batuta.errors import Conflict, EngineCrashed, NoAudio, NotFound, RemoteJobLost
from batuta.jobs import JobStatus, Listing, StageStatus

pytestmark = pytest.mark.anyio
HOUR = dt.timedelta(hours=1)


async def test_a_job_runs_its_stages_in_order_and_keeps_its_result(tmp_path: Path) -> None:
    """Two stages, one execution each, and the record says completed with everything filled in."""
    async with open_jobs(tmp_path) as jobs:
        record = await finished(jobs, "hello")
        assert record.status is JobStatus.COMPLETED
        assert record.progress == 100.0
        assert [stage.status for stage in record.stages.values()] == [StageStatus.COMPLETED] * 2
        assert record.result is not None
        assert record.completed_at is not None
    assert executions(tmp_path) == ["upper", "twice"]


async def test_a_stage_with_equal_inputs_is_never_computed_again(tmp_path: Path) -> None:
    """A second job for the same text is a new job whose stages are all lookups."""
    async with open_jobs(tmp_path) as jobs:
        first = await finished(jobs, "hello")
        second = await finished(jobs, "hello")
        assert second.job_id != first.job_id
        assert second.result == first.result
        assert all(stage.reused for stage in second.stages.values())
    assert executions(tmp_path) == ["upper", "twice"]


async def test_only_what_depends_on_a_change_is_computed(tmp_path: Path) -> None:
    """Texts that differ in case have one result from the first stage on, so the second stage is a lookup."""
    async with open_jobs(tmp_path) as jobs:
        await finished(jobs, "hello")
        await finished(jobs, "HELLO")
    assert executions(tmp_path) == ["upper", "twice", "upper"]


async def test_an_equal_request_within_its_lifetime_answers_with_the_same_job(tmp_path: Path) -> None:
    """`reuse_within` gives the kept job back; a failed one is not given back."""
    async with open_jobs(tmp_path) as jobs:
        first = await finished(jobs, "hello", reuse_within=HOUR)
        assert (await finished(jobs, "hello", reuse_within=HOUR)).job_id == first.job_id
    async with open_jobs(tmp_path, upper=flaky_upper(tmp_path, NoAudio("silent"))) as jobs:
        failed = await finished(jobs, "other", reuse_within=HOUR)
        assert failed.status is JobStatus.FAILED
        assert (await finished(jobs, "other", reuse_within=HOUR)).status is JobStatus.COMPLETED


async def test_a_kept_result_whose_file_is_gone_is_computed_again(tmp_path: Path) -> None:
    """Cleaning an artefact away costs time, never an error."""
    async with open_jobs(tmp_path) as jobs:
        first = await finished(jobs, "hello")
        for file in (tmp_path / "artefacts" / "sha256").rglob("*"):
            if file.is_file():
                file.unlink()
        assert (await finished(jobs, "hello")).result == first.result
    assert executions(tmp_path) == ["upper", "twice", "upper", "twice"]


async def test_events_are_numbered_without_gaps_and_replay_from_any_number(tmp_path: Path) -> None:
    """Following from the start or from the middle gives the same tail, in order, and ends."""
    async with open_jobs(tmp_path) as jobs:
        record = await jobs.start(counting, Text(text="hello"))
        events = [event async for event in jobs.follow(record.job_id)]
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert events[0].kind == "stage.started"
        assert events[-1].kind == "job.completed"
        assert [event async for event in jobs.follow(record.job_id, after=3)] == events[3:]


async def test_a_failed_stage_fails_the_job_with_the_real_cause(tmp_path: Path) -> None:
    """The worker's error, class and words, is the job's and the stage's."""
    async with open_jobs(tmp_path, upper=flaky_upper(tmp_path, NoAudio("no sound in it"))) as jobs:
        record = await finished(jobs, "hello")
    assert record.status is JobStatus.FAILED
    assert record.error == {"code": "no_audio", "message": "no sound in it", "retryable": False}
    assert record.stages["upper"].error == record.error
    assert record.stages["twice"].status is StageStatus.PENDING
    assert executions(tmp_path) == []


async def test_a_bug_in_a_worker_fails_the_job_and_says_what_it_was(tmp_path: Path) -> None:
    """An exception that is none of ours becomes an internal error with its type and text."""
    async with open_jobs(tmp_path, upper=flaky_upper(tmp_path, ZeroDivisionError("1/0"))) as jobs:
        record = await finished(jobs, "hello")
    assert record.error is not None
    assert record.error.get("code") == "internal_error"
    assert "ZeroDivisionError: 1/0" in record.error.get("message", "")


@pytest.mark.parametrize("loss", [RemoteJobLost("unknown job"), EngineCrashed("killed")])
async def test_lost_work_is_submitted_again(tmp_path: Path, loss: Exception) -> None:
    """A service that forgot the job, or whose engine died, gets it once more; the job completes."""
    worker = flaky_upper(tmp_path, loss)
    async with open_jobs(tmp_path, upper=worker) as jobs:
        record = await finished(jobs, "hello")
    assert record.status is JobStatus.COMPLETED
    assert worker.submissions == 2


async def test_work_that_keeps_getting_lost_is_given_up(tmp_path: Path) -> None:
    """After three more submissions the loss itself is the job's error."""
    worker = flaky_upper(tmp_path, *[RemoteJobLost("unknown job")] * 10)
    async with open_jobs(tmp_path, upper=worker) as jobs:
        record = await finished(jobs, "hello")
    assert record.error is not None
    assert record.error.get("code") == "remote_job_lost"
    assert worker.submissions == 4


async def test_cancel_stops_the_work_and_the_job_stays_cancelled(tmp_path: Path) -> None:
    """The worker is told to stop, the record is final, and nothing that comes later changes it."""
    worker = Waiting()
    async with open_jobs(tmp_path, upper=worker) as jobs:
        record = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(worker.begun.wait(), 5)
        cancelled = await jobs.cancel(record.job_id)
        assert cancelled.status is JobStatus.CANCELLED
        assert cancelled.stages["upper"].status is StageStatus.CANCELLED
        assert len(worker.cancelled) == 1
        worker.go_on.set()
        assert (await jobs.wait(record.job_id, 5)).seq == cancelled.seq
        assert await jobs.executions(record.job_id) == []


async def test_cancelling_one_job_leaves_the_work_another_job_waits_for(tmp_path: Path) -> None:
    """Two jobs wait for one execution; cancelling the first does not stop it."""
    worker = Waiting()
    async with open_jobs(tmp_path, upper=worker) as jobs:
        first = await jobs.start(counting, Text(text="hello"))
        second = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(worker.begun.wait(), 5)
        async for event in jobs.follow(second.job_id):
            if event.kind == "stage.submitted":
                break
        await jobs.cancel(first.job_id)
        assert worker.cancelled == []
        worker.go_on.set()
        assert (await jobs.wait(second.job_id, 5)).status is JobStatus.FAILED


async def test_a_finished_job_cannot_be_cancelled(tmp_path: Path) -> None:
    """It stays completed."""
    async with open_jobs(tmp_path) as jobs:
        record = await finished(jobs, "hello")
        assert (await jobs.cancel(record.job_id)).status is JobStatus.COMPLETED


async def test_closing_leaves_unfinished_jobs_to_the_next_launch(tmp_path: Path) -> None:
    """A job under way when we stop goes on, and completes, when we are back."""
    worker = Waiting()
    async with open_jobs(tmp_path, twice=worker) as jobs:
        record = await jobs.start(counting, Text(text="hello"))
        await asyncio.wait_for(worker.begun.wait(), 5)
    async with open_jobs(tmp_path) as jobs:
        assert (await jobs.wait(record.job_id, 10)).status is JobStatus.COMPLETED
    assert executions(tmp_path) == ["upper", "twice"]


async def test_a_second_process_is_refused_the_folder(tmp_path: Path) -> None:
    """Two engines on one folder would do everything twice."""
    async with open_jobs(tmp_path):
        with pytest.raises(Conflict, match="another Batuta process"):
            async with open_jobs(tmp_path):
                pass


async def test_a_job_asked_for_on_stand_by_is_done_by_the_process_that_carries(tmp_path: Path) -> None:
    """Both see the same record; only one works."""
    async with open_jobs(tmp_path), open_jobs(tmp_path, standby=True) as other:
        assert (await finished(other, "hello")).status is JobStatus.COMPLETED
    assert executions(tmp_path) == ["upper", "twice"]


async def test_a_cancel_asked_for_on_stand_by_stops_the_work(tmp_path: Path) -> None:
    """The carrying process sees it in the record."""
    worker = Waiting()
    async with open_jobs(tmp_path, upper=worker), open_jobs(tmp_path, standby=True) as other:
        record = await other.start(counting, Text(text="hello"))
        await asyncio.wait_for(worker.begun.wait(), 5)
        await other.cancel(record.job_id)
        await asyncio.wait_for(worker.cancel_came.wait(), 5)


async def test_stand_by_takes_over_when_the_carrying_process_is_gone(tmp_path: Path) -> None:
    """What it had begun goes on, without a restart."""
    worker = Waiting()
    async with open_jobs(tmp_path, twice=worker) as first:
        record = await first.start(counting, Text(text="hello"))
        await asyncio.wait_for(worker.begun.wait(), 5)
        taken_over = open_jobs(tmp_path, standby=True)
        other = await taken_over.__aenter__()
    try:
        assert (await other.wait(record.job_id, 10)).status is JobStatus.COMPLETED
    finally:
        await taken_over.__aexit__(None, None, None)
    assert executions(tmp_path) == ["upper", "twice"]


async def test_an_unknown_job_is_not_found(tmp_path: Path) -> None:
    """The error names the id."""
    async with open_jobs(tmp_path) as jobs:
        with pytest.raises(NotFound, match="0000"):
            await jobs.get("0000")


async def test_the_newest_jobs_come_first(tmp_path: Path) -> None:
    """Listing is by time of creation, limited, and can be narrowed to a status."""
    async with open_jobs(tmp_path) as jobs:
        ids = [(await finished(jobs, f"text {number}")).job_id for number in range(3)]
        newest = await jobs.newest(counting, Listing(limit=2))
        assert [record.job_id for record in newest] == ids[:0:-1]
        assert await jobs.newest(counting, Listing(statuses=(JobStatus.FAILED,))) == []
        assert (await jobs.count(counting))[JobStatus.COMPLETED] == 3


def test_an_order_s_key_depends_on_its_values_and_who_does_it() -> None:
    """Equal orders have equal keys; another value or another version has another."""
    assert Upper(text="a").key("1") == Upper(text="a").key("1")
    assert len({Upper(text="a").key("1"), Upper(text="b").key("1"), Upper(text="a").key("2")}) == 3
    assert Twice.work == "twice"
