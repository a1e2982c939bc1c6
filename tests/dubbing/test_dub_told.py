"""What a dub tells others and takes from them: the gateway hears of every end, clips come from one place."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from batuta.clients import RetryPolicy, ServiceClient
from batuta.dubbing import telling
from batuta.dubbing.far import far_speech
from batuta.dubbing.models import DubRequest
from batuta.dubbing.store import DubRun, DubRuns, SegmentRows
from batuta.dubbing.telling import Telling
from batuta.errors import NotFound, ServiceError, ServiceUnavailable
from batuta.jobs import JobRecord, JobStatus
from batuta.jobs.records import StageRecord
from batuta.services.gateway.folder import FolderObjects
from batuta.services.gateway.gateway import OwnGateway
from batuta.services.gateway.keys import output_key
from batuta.services.gateway.models import Job, JobChange
from batuta.services.gateway.models import JobStatus as GatewayStatus
from batuta.services.gateway.store import DubJobs
from batuta.services.speech.orders import Clip, Synthesize
from batuta.storage.artefacts import ObjectArtefacts, once
from batuta.storage.database import Database
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio

ERROR = {"type": "about:blank", "title": "e", "status": 500, "code": "storage_error", "message": "disk full"}


class Records:
    """Jobs by their id."""

    def __init__(self, runs: DubRuns) -> None:
        self.records: dict[str, JobRecord] = {}
        self.successors: dict[str, DubRun] = {}
        """What a forgotten job is replaced by in the moment in which it is asked for."""
        self._runs = runs

    async def get(self, job_id: str) -> JobRecord:
        if (successor := self.successors.get(job_id)) is not None:
            await self._runs.put(successor)
        if job_id not in self.records:
            raise NotFound(f"there is no job {job_id!r}")
        return self.records[job_id]


class Moody(OwnGateway):
    """A gateway that does not take every change."""

    def __init__(self, jobs: DubJobs, objects: FolderObjects) -> None:
        super().__init__(jobs, objects)
        self.failures: dict[int, Exception] = {}
        self.refused: set[int] = set()

    async def patch(self, job_id: int, change: JobChange) -> Job:
        if (failure := self.failures.get(job_id)) is not None:
            self.refused.add(job_id)
            raise failure
        return await super().patch(job_id, change)


@dataclass
class Desk:
    """A gateway, the jobs, and who tells the one of the others."""

    jobs: DubJobs
    objects: FolderObjects
    gateway: Moody
    records: Records
    runs: DubRuns
    telling: Telling

    async def dub(self, status: JobStatus, **changes: object) -> int:
        """The number of a dub whose job is so far along, and of which nobody has told."""
        key = await self.jobs.reserve("talk.mp4")
        job = await self.jobs.create(key, owner="", target_language="pt", options_json="{}")
        now = dt.datetime.now(dt.UTC)
        request = DubRequest(dub_id=job.id, source_key=key, target_language="pt")
        self.records.records[f"job{job.id}"] = JobRecord.model_validate(
            {
                "job_id": f"job{job.id}",
                "pipeline": "dubbing",
                "request": request.model_dump(mode="json"),
                "status": status,
                "stages": {"merge": StageRecord(weight=1)},
                "created_at": now,
                "updated_at": now,
                **changes,
            }
        )
        await self.runs.put(DubRun(job.id, f"job{job.id}"))
        return job.id

    async def until(self, number: int, status: GatewayStatus) -> Job:
        """The gateway's job once it is told of that, while nothing but the telling goes on."""
        task = asyncio.create_task(self.telling.keep_telling())
        try:
            async with asyncio.timeout(10):
                while (job := await self.gateway.job(number)).status is not status:
                    assert not task.done()
                    await asyncio.sleep(0.001)
            return job
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Desk]:
    """A real gateway on a fresh database; whoever tells it does not pause."""
    monkeypatch.setattr(telling, "TELL_SECONDS", 0.001)
    database = Database.in_folder(tmp_path)
    await database.create_tables()
    jobs, objects, runs = DubJobs(database), FolderObjects.opened(tmp_path), DubRuns(database)
    gateway, records = Moody(jobs, objects), Records(runs)
    teller = Telling(records, gateway, runs, SegmentRows(database))  # type: ignore[arg-type]
    yield Desk(jobs, objects, gateway, records, runs, teller)
    await objects.aclose()
    await database.aclose()


@pytest.mark.parametrize("failure", [ServiceUnavailable("gateway away"), ValueError("no such thing")])
async def test_a_dub_that_cannot_be_told_of_keeps_no_other_from_it(desk: Desk, failure: Exception) -> None:
    """The next one is told of in the same turn; the first at a later one, once the gateway is well."""
    first, second = [await desk.dub(JobStatus.RUNNING) for _ in range(2)]
    desk.gateway.failures[first] = failure
    await desk.until(second, GatewayStatus.PROCESSING)
    assert desk.gateway.refused == {first}
    assert (await desk.gateway.job(first)).status is GatewayStatus.QUEUED
    desk.gateway.failures.clear()
    await desk.until(first, GatewayStatus.PROCESSING)


async def test_a_failed_edit_of_a_completed_dub_is_told_as_failed(desk: Desk) -> None:
    """COMPLETED may not become FAILED; that it was taken up again in between is told, too."""
    number = await desk.dub(JobStatus.FAILED, error=ERROR, stages={"merge": {"weight": 1, "error": ERROR}})
    await desk.objects.put(output_key(number), once(b"film"), "video/mp4")
    done = JobChange(status=GatewayStatus.COMPLETED, output_object_key=output_key(number))
    await desk.gateway.patch(number, done)
    job = await desk.until(number, GatewayStatus.FAILED)
    assert job.error is not None
    assert (job.error.code, job.error.message, job.error.stage) == ("STORAGE_ERROR", "disk full", "merge")
    await desk.telling._tell_quietly(DubRun(number, f"job{number}"))
    assert await desk.runs.untold() == []


async def test_a_dub_that_begins_anew_while_its_old_job_is_missed_is_not_forgotten(desk: Desk) -> None:
    """Whoever finds that a job is gone drops what leads to that job, and nothing newer."""
    number = await desk.dub(JobStatus.RUNNING)
    del desk.records.records[f"job{number}"]
    old = DubRun(number, f"job{number}")
    desk.records.successors[old.job_id] = DubRun(number, "newer")
    await desk.telling._tell_quietly(old)
    assert await desk.runs.job_of(number) == "newer"
    await desk.telling._tell_quietly(DubRun(number, "newer"))
    assert await desk.runs.job_of(number) is None


@dataclass
class Voices:
    """Somebody's text-to-speech that names whatever address it likes for its clip."""

    audio_url: str
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Methods and targets of requests, as they came over the wire."""
    hosts: set[str] = field(default_factory=set[str])

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.answer, methods=["GET", "POST"])])

    async def answer(self, request: Request) -> Response:
        query = request.scope["query_string"].decode()
        target = request.scope["raw_path"].decode() + (f"?{query}" if query else "")
        self.asked.append((request.method, target))
        self.hosts.add(request.headers["host"])
        if request.method == "POST":
            return JSONResponse({"audio_url": self.audio_url, "duration": 1.0})
        return Response(b"clip", media_type="audio/flac")


async def _clip(voices: Voices, folder: Path) -> tuple[Clip, bytes]:
    async with (
        serving(voices.app()) as url,
        ServiceClient("tts", url, timeout=5, retry=RetryPolicy(max_retries=0)) as client,
    ):
        artefacts = ObjectArtefacts.in_folder(folder)
        worker = far_speech(client, artefacts)
        order = Synthesize(text="Oi.", language="pt")
        clip = Clip.model_validate(await worker.result(order, "key", lambda _: None))
        assert voices.hosts == {url.removeprefix("http://")}
        return clip, b"".join([chunk async for chunk in artefacts.read(clip.file)])


@pytest.mark.parametrize(
    ("audio_url", "fetched"),
    [
        ("@evil:1234/x", "/@evil:1234/x"),
        ("http://evil/x", "/x"),
        ("//evil/x", "/x"),
        ("http://evil:99//evil/x", "/evil/x"),
        ("audio/x.flac?sig=1&flag=", "/audio/x.flac?sig=1&flag="),
    ],
)
async def test_clips_are_fetched_from_the_service_itself_only(
    tmp_path: Path, audio_url: str, fetched: str
) -> None:
    """Whatever address it names; a signature in the query stays."""
    voices = Voices(audio_url)
    _, body = await _clip(voices, tmp_path)
    assert body == b"clip"
    assert voices.asked == [("POST", "/synthesize"), ("GET", fetched)]


async def test_an_address_that_is_none_is_an_error_of_the_service(tmp_path: Path) -> None:
    """One that a line can survive, as any other of the voices."""
    voices = Voices("http://[evil/x")
    with pytest.raises(ServiceError, match="audio_url is no address"):
        await _clip(voices, tmp_path)
    assert voices.asked == [("POST", "/synthesize")]
