"""The job protocol, in this process and over the network: hand in, ask, fetch, stop."""

from __future__ import annotations

import asyncio
import time

import pytest
from callers import Caller, assert_problem
from controlled import House

from batuta.errors import NoAudio

pytestmark = pytest.mark.anyio


async def test_an_order_is_accepted_done_and_its_file_given(caller: Caller) -> None:
    """From 202 to the bytes; the job shows everything the protocol promises, and the service's own facts."""
    accepted = await caller.submit(text="hello")
    assert accepted["status"] == "queued"
    job = await caller.end(accepted)
    assert job["id"] == accepted["id"]
    assert job["status"] == "completed"
    assert job["progress"] == 100.0
    assert job["error_message"] is job["error_code"] is None
    assert (job["filename"], job["file_size"], job["length"]) == ("echo.txt", 5, 5)
    assert job["created_at"] < job["completed_at"]
    response = await caller.http.get(f"/jobs/{job['id']}/download")
    assert response.content == b"hello"
    assert response.headers["content-type"].partition(";")[0] == "text/plain"
    assert response.headers["content-length"] == "5"


async def test_a_file_can_be_sent_along(caller: Caller) -> None:
    """As multipart, with the other fields of the order as fields of the form."""
    job = await caller.end(await caller.upload(b"la" * 1_000_000, text="song", loud="true"))
    assert await caller.download(job) == b"la" * 1_000_000


async def test_json_and_form_say_the_same(caller: Caller, house: House) -> None:
    """The same order either way is the same job."""
    first = await caller.completed(text="hello", loud=True)
    response = await caller.http.post("/jobs", data={"text": "hello", "loud": "true"}, files={})
    assert response.status_code == 422  # a form without files is sent url-encoded, which is not spoken here
    response = await caller.form(
        b'Content-Disposition: form-data; name="text"\r\n\r\nhello',
        b'Content-Disposition: form-data; name="loud"\r\n\r\ntrue',
    )
    assert response.json()["id"] == first["id"]
    assert house.service.begun == ["hello"]


async def test_a_stored_file_can_be_referred_to(caller: Caller, house: House) -> None:
    """The job is the same as if the bytes had been sent."""
    sent = await caller.end(await caller.upload(b"la la la"))
    reference = sent["artefact"] | {"media_type": "audio/wav"}
    in_json = await caller.submit(file=reference)
    assert in_json["id"] == sent["id"]
    assert len(house.service.begun) == 1


async def test_the_same_order_is_the_same_job_and_done_once(caller: Caller, house: House) -> None:
    """Before it has begun, while it is under way, and when it is finished."""
    gate = house.service.gate("hello")
    first = await caller.submit(text="hello")
    await house.service.has_begun("hello")
    second = await caller.submit(text="hello")
    assert second["status"] == "processing"
    gate.set()
    await caller.end(first)
    third = await caller.submit(text="hello")
    assert third["status"] == "completed"
    assert {second["id"], third["id"]} == {first["id"]}
    assert house.service.begun == ["hello"]


async def test_the_same_order_handed_in_by_many_at_once_is_done_once(caller: Caller, house: House) -> None:
    """Work that takes no time at all must not be begun twice by two who ask in the same instant."""
    accepted = await asyncio.gather(*(caller.submit(text=f"{n % 3}") for n in range(30)))
    for job in accepted:
        ended = await caller.end(job)
        assert (ended["status"], ended["runs"]) == ("completed", 1)
    assert len({job["id"] for job in accepted}) == 3
    assert sorted(house.service.begun) == ["0", "1", "2"]


async def test_two_files_with_one_name_are_two_jobs(caller: Caller) -> None:
    """What counts is the content: each gets the result of its own file."""
    jobs = [await caller.upload(data, filename="audio.wav") for data in (b"mine", b"yours")]
    assert jobs[0]["id"] != jobs[1]["id"]
    assert [await caller.download(await caller.end(job)) for job in jobs] == [b"mine", b"yours"]


async def test_one_file_under_two_names_is_one_job(caller: Caller, house: House) -> None:
    """The name decides nothing."""
    first = await caller.upload(b"the same", filename="a.wav")
    second = await caller.upload(b"the same", filename="b.mp3")
    assert first["id"] == second["id"]
    await caller.end(second)
    assert house.service.begun == [""]


async def test_another_version_of_the_service_does_the_work_anew(caller: Caller, house: House) -> None:
    """A result of the engine as it was is not taken for one of the engine as it is."""
    first = await caller.completed(text="hello")
    house.service.version = "controlled-2"
    second = await caller.completed(text="hello")
    assert first["id"] != second["id"]
    assert house.service.begun == ["hello", "hello"]


async def test_a_file_is_not_given_before_it_is_ready(caller: Caller, house: House) -> None:
    """425 while the order waits or is being done."""
    gate = house.service.gate("hello")
    job = await caller.submit(text="hello")
    await house.service.has_begun("hello")
    response = await caller.http.get(f"/jobs/{job['id']}/download")
    assert "processing" in assert_problem(response, 425, "not_ready")
    assert response.json()["retryable"]
    gate.set()
    await caller.end(job)


async def test_a_file_that_is_no_longer_kept_is_gone(caller: Caller, house: House) -> None:
    """410, and whoever hands the order in again gets it done again, under the same id."""
    job = await caller.completed(text="hello")
    for file in house.files():
        file.unlink()
    response = await caller.http.get(f"/jobs/{job['id']}/download")
    assert "submit the work again" in assert_problem(response, 410, "expired")
    again = await caller.completed(text="hello")
    assert again["id"] == job["id"]
    assert await caller.download(again) == b"hello"


@pytest.mark.parametrize("job_id", ["0" * 32, "nobody's", "%2e%2e%2f%2e%2e", "a%00b", "%ff", "x" * 4000])
async def test_an_unknown_job_is_not_found(caller: Caller, job_id: str) -> None:
    """404, whatever is asked of it and whatever stands in the place of the id."""
    for method, path in (("GET", ""), ("GET", "?wait=1"), ("GET", "/download"), ("DELETE", "")):
        assert_problem(await caller.http.request(method, f"/jobs/{job_id}{path}"), 404, "not_found")


async def test_a_failed_job_says_what_went_wrong(caller: Caller, house: House) -> None:
    """With the code of the error's class and its words, in the status and when the file is asked for."""
    house.service.failures["hello"] = [NoAudio("clip.mp4 has no audio track")]
    job = await caller.end(await caller.submit(text="hello"))
    assert job["status"] == "failed"
    assert (job["error_code"], job["error_message"]) == ("no_audio", "clip.mp4 has no audio track")
    assert job["artefact"] is job["file_size"] is job["filename"] is None
    assert job["completed_at"] is not None
    response = await caller.http.get(f"/jobs/{job['id']}/download")
    assert "no audio track" in assert_problem(response, 422, "invalid_request")


async def test_a_bug_in_the_service_is_an_internal_error(caller: Caller, house: House) -> None:
    """Its type and words are told, not where in the code it happened."""
    house.service.failures["hello"] = [ZeroDivisionError("division by zero")]
    job = await caller.end(await caller.submit(text="hello"))
    assert (job["error_code"], job["error_message"]) == (
        "internal_error",
        "ZeroDivisionError: division by zero",
    )
    assert "Traceback" not in str(job)


async def test_a_failed_job_can_be_submitted_again(caller: Caller, house: House) -> None:
    """The second attempt is a new one, with nothing of the first one's failure about it."""
    house.service.failures["hello"] = [NoAudio("not yet")]
    failed = await caller.end(await caller.submit(text="hello"))
    again = await caller.submit(text="hello")
    assert (again["id"], again["status"], again["error_code"]) == (failed["id"], "queued", None)
    assert (await caller.end(again))["status"] == "completed"
    assert house.service.begun == ["hello", "hello"]


async def test_waiting_ends_when_the_job_does(caller: Caller, house: House) -> None:
    """Long before the time is up that the caller would have waited."""
    gate = house.service.gate("hello")
    job = await caller.submit(text="hello")
    await house.service.has_begun("hello")
    waiting = asyncio.create_task(caller.http.get(f"/jobs/{job['id']}", params={"wait": 30}))
    began = time.monotonic()
    gate.set()
    found = (await waiting).json()
    assert time.monotonic() - began < 1
    assert found["status"] == "completed"


async def test_waiting_takes_no_longer_than_asked(caller: Caller, house: House) -> None:
    """Then the job is shown as it is."""
    gate = house.service.gate("hello")
    job = await caller.submit(text="hello")
    began = time.monotonic()
    found = (await caller.http.get(f"/jobs/{job['id']}", params={"wait": 0.2})).json()
    assert 0.19 <= time.monotonic() - began < 1
    assert found["status"] == "processing"
    gate.set()
    await caller.end(job)


async def test_waiting_for_a_finished_job_takes_no_time(caller: Caller) -> None:
    """It is shown at once."""
    job = await caller.completed(text="hello")
    began = time.monotonic()
    await caller.http.get(f"/jobs/{job['id']}", params={"wait": 30})
    assert time.monotonic() - began < 1


async def test_progress_only_grows(caller: Caller, house: House) -> None:
    """Whatever the service reports; and it is never over 100."""
    gate = house.service.gate("hello")
    job = await caller.submit(text="hello")
    await house.service.has_begun("hello")
    assert house.service.progress is not None
    seen: list[float] = []
    for reported in (-5.0, 12.34, 7.0, float("nan"), 60.0, 250.0):
        house.service.progress(reported)
        seen.append((await caller.http.get(f"/jobs/{job['id']}")).json()["progress"])
    assert seen == [0.0, 12.3, 12.3, 12.3, 60.0, 100.0]
    gate.set()
    assert (await caller.end(job))["progress"] == 100.0


async def test_deleting_stops_the_work_and_forgets_the_job(caller: Caller, house: House) -> None:
    """Within two seconds nothing is left of it, and whoever waited for it learns that it is gone."""
    house.service.gate("hello")
    job = await caller.submit(text="hello")
    await house.service.has_begun("hello")
    waiting = asyncio.create_task(caller.http.get(f"/jobs/{job['id']}", params={"wait": 30}))
    async with asyncio.timeout(2):
        response = await caller.http.delete(f"/jobs/{job['id']}")
        assert (response.status_code, response.content) == (204, b"")
        assert house.service.stopped == ["hello"]
        assert_problem(await waiting, 404, "not_found")
    assert_problem(await caller.http.get(f"/jobs/{job['id']}"), 404, "not_found")
    assert (await caller.http.get("/jobs")).json() == {"total": 0, "jobs": []}
    assert house.workspaces() == house.files() == []


async def test_a_job_that_has_not_begun_can_be_deleted(caller: Caller, house: House) -> None:
    """It never begins, and the one behind it takes its place."""
    gate = house.service.gate("long")
    long = [await caller.submit(text="long", loud=loud) for loud in (False, True)]
    waiting = await caller.submit(text="waiting")
    behind = await caller.submit(text="behind")
    assert (await caller.http.delete(f"/jobs/{waiting['id']}")).status_code == 204
    gate.set()
    for job in (*long, behind):
        await caller.end(job)
    assert house.service.begun == ["long", "long", "behind"]


async def test_a_deleted_job_can_be_submitted_again(caller: Caller, house: House) -> None:
    """As if it had never been."""
    house.service.gate("hello")
    job = await caller.submit(text="hello")
    await house.service.has_begun("hello")
    await caller.http.delete(f"/jobs/{job['id']}")
    house.service.gate("hello").set()
    again = await caller.completed(text="hello")
    assert (again["id"], again["runs"]) == (job["id"], 1)


async def test_no_more_are_done_at_once_than_the_service_can(caller: Caller, house: House) -> None:
    """Two at a time; the others wait in line and are begun in the order they came."""
    gates = {name: house.service.gate(name) for name in "abcdef"}
    jobs = [await caller.submit(text=name) for name in gates]
    for name in "ab":
        await house.service.has_begun(name)
    states = [(await caller.http.get(f"/jobs/{job['id']}")).json()["status"] for job in jobs]
    assert states == ["processing"] * 2 + ["queued"] * 4
    for name, next_but_one in zip("abcd", "cdef", strict=True):
        gates[name].set()
        await house.service.has_begun(next_but_one)
    for job, gate in zip(jobs, gates.values(), strict=True):
        gate.set()
        await caller.end(job)
    assert sorted(house.service.begun[:2]) == ["a", "b"]  # these begin at the same moment
    assert house.service.begun[2:] == list("cdef")
    assert house.service.most_at_once == 2


async def test_jobs_are_listed_newest_first(caller: Caller) -> None:
    """As many as asked for, and how many there are in all."""
    for name in "abc":
        await caller.completed(text=name)
    found = (await caller.http.get("/jobs", params={"limit": 2})).json()
    assert found["total"] == 3
    assert [await caller.download(job) for job in found["jobs"]] == [b"c", b"b"]


async def test_a_file_may_be_one_that_was_stored_already(caller: Caller, house: House) -> None:
    """A service that only looked at what it was given gives the reference back, and nothing is copied."""
    first = await caller.completed(text="hello")
    house.service.gives = await house.put(b"kept elsewhere")
    second = await caller.completed(text="other")
    assert await caller.download(second) == b"kept elsewhere"
    await caller.http.delete(f"/jobs/{second['id']}")
    assert await house.artefacts.has(house.service.gives)
    assert await caller.download(first) == b"hello"
