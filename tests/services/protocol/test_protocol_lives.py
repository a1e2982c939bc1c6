"""The lives of jobs: through restarts, kills, time-outs and bugs, and nothing left behind after them."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from controlled import SECONDS, Controlled, House, Say, open_house

from batuta.errors import NoAudio, NotFound
from batuta.services.records import ServiceJob, ServiceStatus

pytestmark = pytest.mark.anyio

VICTIM = """
import asyncio, sys
from pathlib import Path
from controlled import Controlled, Say, open_house

async def main():
    service = Controlled()
    service.gate("under way")
    async with open_house(Path(sys.argv[1]), service) as house:
        await house.done(Say(text="finished"))
        await house.jobs.accept(Say(text="under way"))
        await service.has_begun("under way")
        print("working", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


class Fleeting(Say):
    """An order whose result is stale at once."""

    lifetime: ClassVar[dt.timedelta | None] = dt.timedelta()


@pytest.fixture
def service() -> Controlled:
    return Controlled()


async def test_what_was_not_finished_is_done_after_a_restart(tmp_path: Path) -> None:
    """Whether it had been begun or was waiting in line; what was finished is not done again."""
    before, after = Controlled(), Controlled()
    before.gate("under way")
    async with open_house(tmp_path, before) as house:
        finished = await house.done(Say(text="finished"))
        for loud in (False, True):
            await house.jobs.accept(Say(text="under way", loud=loud))
        await before.has_begun("under way")
        waiting = await house.jobs.accept(Say(text="waiting"))
    async with open_house(tmp_path, after) as house:
        ended = [await house.jobs.wait(job.id, 5) for job in await house.jobs.records.newest(1000)]
        assert {job.status for job in ended} == {ServiceStatus.COMPLETED}
        assert (await house.done(Say(text="finished"))).runs == 1
        assert (await house.done(Say(text="under way"))).runs == 2
        assert (await house.jobs.get(waiting.id)).runs == 1
        assert (await house.jobs.get(finished.id)) == finished
    assert after.begun == ["under way", "under way", "waiting"]


async def test_a_failure_is_remembered_through_a_restart_and_not_tried_again(
    tmp_path: Path, service: Controlled
) -> None:
    """It failed, and says so, until somebody hands the order in again."""
    service.failures["hello"] = [NoAudio("silent")]
    async with open_house(tmp_path, service) as house:
        failed = await house.done(Say(text="hello"))
    async with open_house(tmp_path, service) as house:
        assert await house.jobs.get(failed.id) == failed
    assert service.begun == ["hello"]


async def test_what_was_deleted_is_not_done_after_a_restart(tmp_path: Path, service: Controlled) -> None:
    """Not even if the program ended while it was being stopped."""
    service.gate("hello")
    service.slow_to_stop = asyncio.Event()
    async with open_house(tmp_path, service) as house:
        job = await house.jobs.accept(Say(text="hello"))
        await service.has_begun("hello")
        impatient = asyncio.create_task(house.jobs.remove(job.id))
        await asyncio.wait_for(service.told_to_stop.wait(), SECONDS)
        impatient.cancel()
        service.slow_to_stop.set()
    async with open_house(tmp_path) as house:
        with pytest.raises(NotFound):
            await house.jobs.get(job.id)
        assert house.service.begun == []


async def test_a_kill_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """After SIGKILL in the middle of the work: the finished job is kept, the other done, the folder tidy."""
    here = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = (sys.executable, "-c", VICTIM, str(tmp_path))
    victim = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, env=here)
    assert victim.stdout is not None
    assert await asyncio.wait_for(victim.stdout.readline(), 20) == b"working\n"
    victim.send_signal(signal.SIGKILL)
    await victim.wait()
    async with open_house(tmp_path) as house:
        assert (await house.done(Say(text="under way"))).runs == 2
        assert (await house.done(Say(text="finished"))).runs == 1
        assert house.service.begun == ["under way"]
        assert house.workspaces() == []


async def test_unfinished_jobs_are_resumed_however_many_finished_after_them(tmp_path: Path) -> None:
    """In the order in which they were accepted, not the one in which they were last touched."""
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    async with open_house(tmp_path) as house:
        waiting = [_stored(Say(text=f"waiting {n}"), start + dt.timedelta(seconds=n)) for n in range(3)]
        for job in (waiting[0], waiting[2], waiting[1]):
            await house.jobs.records.insert(job)
        done = _stored(Say(text="done"), start).model_copy(update={"status": ServiceStatus.COMPLETED})
        rows = [
            {"service": "controlled", "id": f"{n:032}", "status": "completed", "job": done.model_dump_json()}
            for n in range(1500)
        ]
        late = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
        table = sa.table("service_jobs", *map(sa.column, ("service", "id", "status", "job", "updated_at")))
        stamped = [{**row, "updated_at": late.isoformat()} for row in rows]
        await house.database.write(lambda connection: connection.execute(table.insert(), stamped))
    service = Controlled()
    service.concurrency = 1
    async with open_house(tmp_path, service) as house:
        for job in waiting:
            assert (await house.jobs.wait(job.id, 5)).status is ServiceStatus.COMPLETED
    assert service.begun == ["waiting 0", "waiting 1", "waiting 2"]


def _stored(order: Say, created_at: dt.datetime) -> ServiceJob:
    job_id = order.key(Controlled.version)[:32]
    return ServiceJob(id=job_id, order=order.model_dump(mode="json"), created_at=created_at)


async def test_work_that_takes_too_long_is_stopped(tmp_path: Path, service: Controlled) -> None:
    """It ends as out of time, says which limit it was, and frees its place for the next."""
    service.gate("endless")
    service.concurrency = 1
    async with open_house(tmp_path, service, seconds=0.1) as house:
        job = await house.done(Say(text="endless"))
        assert job.error is not None
        assert job.error.get("code") == "deadline_exceeded"
        assert "0:00:00.1" in job.error.get("message", "")
        assert service.stopped == ["endless"]
        assert (await house.done(Say(text="next"))).status is ServiceStatus.COMPLETED


async def test_the_time_spent_in_line_does_not_count(tmp_path: Path, service: Controlled) -> None:
    """A job that has waited for longer than the work may take is done all the same."""
    service.concurrency = 1
    async with open_house(tmp_path, service, seconds=0.4) as house:
        async with house.jobs._places:
            job = await house.jobs.accept(Say(text="hello"))
            assert (await house.jobs.wait(job.id, 0.5)).status is ServiceStatus.QUEUED
        assert (await house.done(Say(text="hello"))).status is ServiceStatus.COMPLETED


@pytest.mark.parametrize(
    ("bug", "message"),
    [
        (TimeoutError("the engine's own"), "TimeoutError: the engine's own"),
        (asyncio.CancelledError("something else was stopped"), "CancelledError: something else was stopped"),
        (KeyError("name"), "KeyError: 'name'"),
    ],
)
async def test_a_bug_is_not_mistaken_for_a_limit_or_a_cancellation(
    tmp_path: Path, service: Controlled, bug: BaseException, message: str
) -> None:
    """A service's own `TimeoutError` or `CancelledError` ends the job as any other bug of its does."""
    service.failures["hello"] = [bug]
    async with open_house(tmp_path, service) as house:
        job = await house.done(Say(text="hello"))
    assert job.status is ServiceStatus.FAILED
    assert job.error is not None
    assert job.error.get("code") == "internal_error"
    assert job.error.get("message") == message


@pytest.mark.parametrize(
    "oddity",
    [
        {"filename": "v\udce9deo.mp4"},
        {"details": {"title": "v\udce9deo"}},
        {"failures": {"hello": [NoAudio("v\udce9deo.mp4 has no audio track")]}},
        {"failures": {"hello": [ValueError("v\udce9deo.mp4")]}},
        {"details": {"loudness": float("-inf")}},
        {"details": {"path": Path("not JSON")}},
        {"media_type": "nonsense\r\nX: y"},
    ],
    ids=["file name", "detail", "our error", "a bug", "infinite", "not JSON", "type"],
)
async def test_nothing_a_service_says_makes_a_job_unreadable(
    tmp_path: Path, service: Controlled, oddity: dict[str, Any]
) -> None:
    """File names that are no text, numbers that are none: the job ends, and can be shown, and restarts."""
    for name, value in oddity.items():
        setattr(service, name, value)
    async with open_house(tmp_path, service) as house:
        job = await house.done(Say(text="hello"))
        assert job.status.final
    async with open_house(tmp_path) as house:
        assert [found.id for found in await house.jobs.records.newest(1000)] == [job.id]


async def test_a_result_past_its_lifetime_is_made_again(tmp_path: Path) -> None:
    """What lies behind a URL may have changed."""
    service = Controlled(Fleeting)
    async with open_house(tmp_path, service) as house:
        first = await house.done(Fleeting(text="hello"))
        second = await house.done(Fleeting(text="hello"))
    assert (first.id, first.created_at) != (second.id, second.created_at)
    assert service.begun == ["hello", "hello"]


async def test_an_acceptance_goes_through_though_the_caller_left(house: House) -> None:
    """Half of one would be a job that is known and never done."""
    caller = asyncio.create_task(house.jobs.accept(Say(text="hello")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    await house.service.has_begun("hello")
    assert (await house.done(Say(text="hello"))).runs == 1


async def test_a_job_handed_in_while_it_is_being_stopped_is_done(house: House) -> None:
    """The new one begins when the old one has ended, under the same id, and lives."""
    house.service.gate("hello")
    house.service.slow_to_stop = asyncio.Event()
    job = await house.jobs.accept(Say(text="hello"))
    await house.service.has_begun("hello")
    removal = asyncio.create_task(house.jobs.remove(job.id))
    await asyncio.wait_for(house.service.told_to_stop.wait(), SECONDS)
    again = asyncio.create_task(house.jobs.accept(Say(text="hello")))
    await asyncio.sleep(0)
    house.service.gate("hello").set()
    house.service.slow_to_stop.set()
    await removal
    assert (await again).id == job.id
    assert (await house.done(Say(text="hello"))).status is ServiceStatus.COMPLETED
    assert house.service.begun == ["hello", "hello"]


@pytest.mark.parametrize("end", ["success", "failure", "bug", "cancelled", "time-out", "closed"])
async def test_no_workspace_stays_behind(tmp_path: Path, service: Controlled, end: str) -> None:
    """However the work ends, its folder is gone; while it runs there is exactly one."""
    gate = service.gate("hello")
    if end in {"failure", "bug"}:
        service.failures["hello"] = [NoAudio("silent") if end == "failure" else KeyError("bug")]
    async with open_house(tmp_path, service, seconds=0.2 if end == "time-out" else 60) as house:
        job = await house.jobs.accept(Say(text="hello"))
        await service.has_begun("hello")
        assert len(house.workspaces()) == 1
        if end == "cancelled":
            await house.jobs.remove(job.id)
        elif end != "closed":
            if end != "time-out":
                gate.set()
            await house.jobs.wait(job.id, 5)
        assert end == "closed" or house.workspaces() == []
    assert house.workspaces() == []


async def test_an_uploaded_file_is_at_hand_and_only_read(house: House) -> None:
    """The service gets a path to the stored bytes; they are still there for the next order."""
    file = await house.put(b"la la la")
    first = await house.done(Say(file=file))
    second = await house.done(Say(file=file, loud=True))
    assert first.artefact == second.artefact
    assert await house.artefacts.has(file)


async def test_an_order_for_a_file_that_is_not_here_fails_and_says_so(house: House) -> None:
    """The error names the artefact; it is the caller's to bring it."""
    missing = (await house.put(b"here")).model_copy(update={"sha256": "ab" * 32})
    job = await house.done(Say(file=missing))
    assert job.error is not None
    assert job.error.get("code") == "not_found"
    assert "ab" * 32 in job.error.get("message", "")
    assert house.service.begun == []


async def test_services_side_by_side_keep_out_of_each_others_way(tmp_path: Path) -> None:
    """In one database and folder: neither sees the other's jobs, nor clears its workspace away."""
    one, other = Controlled(), Controlled()
    other.name = "other"
    gate = one.gate("hello")
    async with open_house(tmp_path, one) as house:
        job = await house.jobs.accept(Say(text="hello"))
        await one.has_begun("hello")
        async with open_house(tmp_path, other) as neighbour:
            assert await neighbour.jobs.records.newest(1000) == []
            assert len(house.workspaces()) == 1
            await neighbour.done(Say(text="hello"))
            assert await neighbour.jobs.clean(dt.timedelta()) == 1
        gate.set()
        assert (await house.jobs.wait(job.id, 5)).status is ServiceStatus.COMPLETED
