"""Looking after a service: how it is, what it keeps, and that what it says it removed is gone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from callers import Caller, assert_problem
from controlled import Controlled, House, Say, open_house

from batuta.errors import NoAudio
from batuta.services.records import ServiceStatus

pytestmark = pytest.mark.anyio


async def test_health_says_who_does_the_work(caller: Caller) -> None:
    """The service's name, our version and the engine's, and the time with its zone."""
    found = (await caller.http.get("/health")).json()
    assert found["status"] == "healthy"
    assert (found["service"], found["engine"]) == ("controlled", "controlled-1")
    assert found["version"]
    assert dt.datetime.fromisoformat(found["timestamp"]).utcoffset() == dt.timedelta()


async def test_stats_count_what_there_is(caller: Caller, house: House) -> None:
    """Jobs by status, and the bytes of what was sent and made; the same bytes count once."""
    empty = (await caller.http.get("/admin/stats")).json()
    assert empty == {
        "total": 0,
        "by_status": {"queued": 0, "processing": 0, "completed": 0, "failed": 0},
        "bytes_kept": 0,
    }
    house.service.failures["bad"] = [NoAudio("silent")]
    gate = house.service.gate("long")
    await caller.completed(text="12345")
    await caller.end(await caller.upload(b"1234567"))  # given back as it is
    await caller.end(await caller.submit(text="bad"))
    job = await caller.submit(text="long")
    await house.service.has_begun("long")
    found = (await caller.http.get("/admin/stats")).json()
    assert found["total"] == 4
    assert found["by_status"] == {"queued": 0, "processing": 1, "completed": 2, "failed": 1}
    assert found["bytes_kept"] == 12 == sum(file.stat().st_size for file in house.files())
    gate.set()
    await caller.end(job)


async def test_clearing_the_cache_removes_every_finished_job_and_its_files(
    caller: Caller, house: House
) -> None:
    """As many as it says, with what was uploaded for them; one that is under way goes on."""
    house.service.failures["bad"] = [NoAudio("silent")]
    gate = house.service.gate("long")
    jobs = [
        await caller.completed(text="done"),
        await caller.end(await caller.upload(b"la la la", text="song")),
    ]
    jobs.append(await caller.end(await caller.upload(b"noise", text="bad")))
    long = await caller.submit(text="long")
    await house.service.has_begun("long")
    assert house.files()
    assert (await caller.http.delete("/admin/cache")).json()["jobs_removed"] == 3
    assert house.files() == []
    for job in jobs:
        assert_problem(await caller.http.get(f"/jobs/{job['id']}"), 404, "not_found")
    assert (await caller.http.get("/jobs")).json()["total"] == 1
    gate.set()
    assert (await caller.end(long))["status"] == "completed"
    assert (await caller.http.delete("/admin/cache")).json()["jobs_removed"] == 1
    assert (await caller.http.delete("/admin/cache")).json()["jobs_removed"] == 0


async def test_what_was_cleared_is_done_again(caller: Caller, house: House) -> None:
    """The same order is then a new job."""
    await caller.completed(text="hello")
    await caller.http.delete("/admin/cache")
    assert await caller.download(await caller.completed(text="hello")) == b"hello"
    assert house.service.begun == ["hello", "hello"]


async def test_a_file_that_another_job_has_too_stays(caller: Caller) -> None:
    """Two orders with one result, one upload for two orders: deleting one job leaves the other whole."""
    for order in ({"text": "same"}, {"text": "same", "loud": True}):
        await caller.completed(**order)
    uploads = [await caller.end(await caller.upload(b"song", loud=loud)) for loud in ("false", "true")]
    kept = (await caller.http.get("/jobs")).json()["jobs"]
    await caller.http.delete(f"/jobs/{kept.pop()['id']}")
    await caller.http.delete(f"/jobs/{uploads[0]['id']}")
    assert sorted([await caller.download(job) for job in kept if job["id"] != uploads[0]["id"]]) == [
        b"same",
        b"song",
    ]


async def test_a_file_that_was_only_referred_to_stays(caller: Caller, house: House) -> None:
    """It belongs to whoever stored it."""
    file = await house.put(b"not the service's own")
    await caller.completed(file=file.model_dump())
    await caller.http.delete("/admin/cache")
    assert (await caller.http.get("/jobs")).json()["total"] == 0


async def test_cleanup_removes_what_was_finished_long_ago(caller: Caller, house: House) -> None:
    """How long ago it was accepted does not matter; 24 hours unless told otherwise."""
    job = await house.done(Say(text="old"))
    day = dt.timedelta(hours=25)
    await house.jobs.records.insert(
        job.model_copy(update={"created_at": job.created_at - day, "completed_at": job.created_at - day})
    )
    recent = await house.done(Say(text="accepted long ago, finished now"))
    await house.jobs.records.insert(recent.model_copy(update={"created_at": recent.created_at - day}))
    response = await caller.http.post("/admin/cleanup", params={"max_age_hours": 26})
    assert response.json() == {"jobs_removed": 0}
    assert (await caller.http.post("/admin/cleanup")).json() == {"jobs_removed": 1}
    assert [left["id"] for left in (await caller.http.get("/jobs")).json()["jobs"]] == [recent.id]
    assert [file.read_bytes() for file in house.files()] == [b"accepted long ago, finished now"]


@pytest.mark.parametrize("hours", ["-1", "nan", "inf", "1e300", "ever"])
async def test_an_age_that_is_none_is_refused(caller: Caller, hours: str) -> None:
    """422, and nothing is removed."""
    await caller.completed(text="hello")
    response = await caller.http.post("/admin/cleanup", params={"max_age_hours": hours})
    assert "max_age_hours" in assert_problem(response, 422, "invalid_request")
    assert (await caller.http.get("/jobs")).json()["total"] == 1


async def test_removal_survives_a_restart(tmp_path: Path) -> None:
    """What was removed does not come back."""
    async with open_house(tmp_path) as house:
        await house.done(Say(text="hello"))
        assert await house.jobs.clean(dt.timedelta()) == 1
    service = Controlled()
    async with open_house(tmp_path, service) as house:
        assert await house.jobs.records.count() == dict.fromkeys(ServiceStatus, 0)
    assert service.begun == []
