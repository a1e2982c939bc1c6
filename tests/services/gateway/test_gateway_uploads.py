"""Uploads: the whole way into the object store and to whoever works on it, or nothing of it kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from gateway_parts import MAX_BYTES, MP4, VIDEO, House, Told, open_house, problem, whole

from batuta.errors import ServiceUnavailable
from batuta.services.gateway.folder import FolderObjects

pytestmark = pytest.mark.anyio


async def test_an_upload_is_a_queued_job(house: House) -> None:
    """Stored under the time and its name, with every option said, and announced."""
    answer = await house.upload(name="Olá talk.mp4", options={"voice": "ana", "loudness": "broadcast"})
    assert answer.status_code == 201
    said = answer.json()
    assert set(said) == {"status", "jobId", "message"}
    assert said["status"] == "QUEUED"
    assert answer.headers["location"] == f"/api/v1/job/{said['jobId']}"
    job = await house.desk.gateway.job(said["jobId"])
    assert job.source_object_key.endswith("_Olá talk.mp4")
    assert house.kept() == [job.source_object_key]
    assert await whole(house.desk.objects, job.source_object_key) == VIDEO
    assert json.loads(job.options_json) == {
        "source_language": "auto",
        "voice": "ana",
        "keep_background": True,
        "subtitles": "soft",
        "loudness": "broadcast",
    }
    assert house.told.jobs == [job.id]
    assert await house.desk.jobs.unannounced() == []


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"video": b""}, 400, "FILE_EMPTY"),
    ({"video": b"%PDF-1.7 " + VIDEO, "name": "talk.mp4"}, 400, "INVALID_FILE_TYPE"),
    ({"video": MP4 + bytes(MAX_BYTES)}, 413, "FILE_TOO_LARGE"),
    ({"targetLang": "tlh"}, 422, "invalid_request"),
    ({"targetLang": " "}, 422, "invalid_request"),
    ({"targetLang": "x" * 36}, 422, "invalid_request"),
    ({"options": {"voices": "ana"}}, 422, "invalid_request"),
    ({"options": "{"}, 422, "invalid_request"),
    ({"color": "red"}, 422, "invalid_request"),
]


async def test_what_cannot_be_dubbed_leaves_nothing(house: House) -> None:
    """Neither an object nor a row, and nobody is told."""
    for sent, status, code in REFUSED:
        body = problem(await house.upload(**sent), status, code)
        assert not body["retryable"]
        assert house.kept() == []
    assert await house.desk.jobs.count() == 0
    assert await house.desk.jobs.abandoned() == []
    assert house.told.jobs == []


async def test_a_video_that_is_too_large_is_told_both_sizes(house: House) -> None:
    """Whether its length is announced, which is enough, or not."""
    large = MP4 + bytes(2 * 1024 * 1024)
    body = problem(await house.upload(large), 413, "FILE_TOO_LARGE")
    assert body["maxSize"] == MAX_BYTES
    assert body["uploadedSize"] > 2 * 1024 * 1024

    async def unannounced() -> AsyncIterator[bytes]:
        yield b'--limes\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + MP4
        for _ in range(8):
            yield bytes(65536)
        yield b"\r\n--limes--\r\n"

    headers = {**house.as_("anna"), "Content-Type": "multipart/form-data; boundary=limes"}
    answer = await house.client.post("/api/v1/upload", content=unannounced(), headers=headers)
    assert problem(answer, 413, "FILE_TOO_LARGE")["uploadedSize"] > MAX_BYTES
    assert house.kept() == []


async def test_exactly_as_much_as_allowed_is_taken(house: House) -> None:
    """The limit is the largest size that fits."""
    job_id = await house.job(video=MP4 + bytes(MAX_BYTES - len(MP4)))
    job = await house.desk.gateway.job(job_id)
    assert await house.desk.objects.size(job.source_object_key) == MAX_BYTES


async def test_a_form_has_one_file(house: House) -> None:
    """In the field `file`, not another, and not two of them."""
    one, other = ("a.mp4", VIDEO), ("b.mp4", VIDEO)
    for files, status, code in (
        ([], 400, "FILE_EMPTY"),
        ([("video", one)], 400, "FILE_EMPTY"),
        ([("file", one), ("file", other)], 422, "invalid_request"),
        ([("file", one), ("video", other)], 422, "invalid_request"),
    ):
        form = [("other", (None, "x")), *files, ("targetLang", (None, "es"))]
        answer = await house.client.post("/api/v1/upload", files=form, headers=house.as_("anna"))
        problem(answer, status, code)
        assert house.kept() == []


async def test_what_is_no_form_is_refused(house: House) -> None:
    """With a sentence about what to send."""
    for kind in ("application/json", "multipart/form-data", "text/plain", "multipart/form-data; boundary=x"):
        headers = {**house.as_("anna"), "Content-Type": kind}
        answer = await house.client.post("/api/v1/upload", content=b"{}", headers=headers)
        problem(answer, 422, "invalid_request")


async def test_a_caller_who_leaves_leaves_nothing(house: House) -> None:
    """In the middle of the file; the key he had is free again."""
    begun = asyncio.Event()

    async def half() -> AsyncIterator[bytes]:
        yield b'--limes\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n' + VIDEO
        yield bytes(200_000)
        begun.set()
        await asyncio.Event().wait()

    headers = {**house.as_("anna"), "Content-Type": "multipart/form-data; boundary=limes"}
    sending = asyncio.create_task(house.client.post("/api/v1/upload", content=half(), headers=headers))
    async with asyncio.timeout(10):
        await begun.wait()
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
        while house.kept():  # noqa: ASYNC110  # the folder tells nobody
            await asyncio.sleep(0.01)
    assert await house.desk.jobs.count() == 0
    assert await house.desk.jobs.abandoned() == []


async def test_a_job_nobody_could_be_told_of_is_announced_later(house: House) -> None:
    """It is taken in all the same, and stays queued; nothing is lost between database and broker."""
    house.told.deaf = True
    job_id = await house.job()
    assert (await house.desk.gateway.job(job_id)).status == "QUEUED"
    assert await house.desk.uploads.announce_pending() == 1
    house.told.deaf = False
    assert await house.desk.uploads.announce_pending() == 1
    assert await house.desk.uploads.announce_pending() == 0
    assert house.told.jobs == [job_id]


async def test_what_was_left_is_taken_up_at_the_next_launch(
    tmp_path: Path, in_folder: FolderObjects, told: Told
) -> None:
    """Jobs are announced, and objects of uploads that broke off are deleted."""
    deaf = Told(deaf=True)
    async with open_house(tmp_path, in_folder, deaf) as house:
        job_id = await house.job()
        lost = await house.desk.jobs.reserve("lost.mp4")
        await house.desk.objects.put(lost, _once(), "video/mp4")
        assert await house.desk.jobs.give_up(lost)
        assert len(house.kept()) == 2
    async with open_house(tmp_path, in_folder, told) as house, asyncio.timeout(10):
        await told.news.wait()
        while len(house.kept()) > 1:  # noqa: ASYNC110  # likewise
            await asyncio.sleep(0.01)
        assert told.jobs == [job_id]


async def _once() -> AsyncIterator[bytes]:
    yield VIDEO


class Away(FolderObjects):
    """A store that takes half a video, then goes away."""

    async def put(self, key: str, chunks: object, media_type: str) -> int:
        raise ServiceUnavailable(f"object {key!r} could not be stored: the bucket is away")


async def test_a_store_that_is_away_is_told_as_such(tmp_path: Path, told: Told) -> None:
    """503, worth another try, and nothing is kept."""
    async with open_house(tmp_path, Away.opened(tmp_path), told) as house:
        body = problem(await house.upload(), 503, "service_unavailable")
        assert body["retryable"]
        assert await house.desk.jobs.count() == 0


async def test_uploads_need_a_key_that_may_submit(house: House) -> None:
    """Before a byte is read."""
    problem(await house.client.post("/api/v1/upload", content=b"x"), 401, "unauthorized")
    problem(await house.upload(by="reader"), 403, "forbidden")


async def test_videos_of_one_name_at_once_stay_apart(house: House) -> None:
    """Each job has its own."""
    videos = [VIDEO + bytes([number]) for number in range(4)]
    ids = await asyncio.gather(*(house.job(video=video, by="anna") for video in videos))
    for job_id, video in zip(ids, videos, strict=True):
        job = await house.desk.gateway.job(job_id)
        assert await whole(house.desk.objects, job.source_object_key) == video


async def test_options_may_come_after_or_before_the_file(house: House) -> None:
    """A form has no order."""
    fields = [("targetLang", (None, "es")), ("options", (None, '{"voice": "ana"}'))]
    for form in ([*fields, ("file", ("a.mp4", VIDEO))], [("file", ("a.mp4", VIDEO)), *fields]):
        answer = await house.client.post("/api/v1/upload", files=form, headers=house.as_("anna"))
        assert isinstance(answer, httpx2.Response)
        assert answer.status_code == 201, answer.text
        job = await house.desk.gateway.job(answer.json()["jobId"])
        assert '"ana"' in job.options_json
        assert job.source_object_key.endswith("_a.mp4")
