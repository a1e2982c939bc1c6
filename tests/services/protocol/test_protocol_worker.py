"""The caller's side: orders done by a service near or far, with our store or its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from callers import Attended, Reach
from controlled import SECONDS, Controlled, House, Say, open_house
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from batuta.clients import PollPolicy, RemoteJobs, RetryPolicy, ServiceClient, deadline
from batuta.errors import (
    BatutaError,
    DeadlineExceeded,
    NoAudio,
    PayloadTooLarge,
    RemoteJobFailed,
    RemoteJobLost,
    ServiceError,
    ServiceUnavailable,
)
from batuta.services import remote
from batuta.services.remote import ServiceWorker
from batuta.storage.artefacts import Artefact, ObjectArtefacts
from batuta.testing.faults import FaultTransport, Plan, Truncated, script
from batuta.testing.stubs import instant_service

pytestmark = pytest.mark.anyio

MEGABYTE = 1024 * 1024


class Counting(ObjectArtefacts):
    """A store that counts what goes through the caller's hands."""

    copied = 0

    async def put(
        self, chunks: AsyncIterable[bytes], media_type: str, *, max_bytes: int | None = None
    ) -> Artefact:
        artefact = await super().put(chunks, media_type, max_bytes=max_bytes)
        self.copied += artefact.size
        return artefact

    async def read(self, artefact: Artefact, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        async for chunk in super().read(artefact, start, end):
            self.copied += len(chunk)
            yield chunk


@dataclass
class Ours:
    """A worker, its store, and what it was told."""

    worker: ServiceWorker
    artefacts: ObjectArtefacts
    app: Attended
    progress: list[float] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once there is progress."""

    async def do(self, order: Say) -> Any:
        """The result of an order, from handing it in to having its file."""
        remote_id = await self.worker.submit(order, order.key("test"))
        return await self.end(order, remote_id)

    async def end(self, order: Say, remote_id: str) -> Any:
        """The result of what was handed in."""
        return await self.worker.result(order, remote_id, self.hear)

    def hear(self, percent: float) -> None:
        """Write the progress down."""
        self.progress.append(percent)
        self.told.set()

    async def put(self, data: bytes) -> Artefact:
        """A file of ours."""

        async def once() -> AsyncGenerator[bytes]:
            yield data

        return await self.artefacts.put(once(), "audio/wav")

    async def read(self, artefact: Artefact) -> bytes:
        """What is in a file of ours."""
        return b"".join([chunk async for chunk in self.artefacts.read(artefact)])


@asynccontextmanager
async def calling(
    app: ASGIApp, reach: Reach, artefacts: ObjectArtefacts, *, shares_store: bool, plan: Plan | None = None
) -> AsyncGenerator[Ours]:
    """A worker that calls the app."""
    attended = Attended(app)
    url, transport = reach(attended)
    if plan is not None:
        transport = FaultTransport(transport, plan)
    client = ServiceClient("controlled", url, transport, timeout=SECONDS, retry=RetryPolicy(max_retries=0))
    polling = PollPolicy(interval=0.05, first=0.01, longest_wait=1, at_once=0.5)
    async with client:
        worker = ServiceWorker(client, RemoteJobs(client, polling), artefacts, shares_store=shares_store)
        yield Ours(worker, artefacts, attended)


@pytest.fixture(params=["one store", "two stores"])
async def ours(
    request: pytest.FixtureRequest, house: House, reach: Reach, tmp_path: Path
) -> AsyncIterator[Ours]:
    """A worker that shares the service's store, and one that has its own."""
    shares_store = request.param == "one store"
    store = Counting.in_folder(house.folder / "artefacts" if shares_store else tmp_path / "ours")
    async with calling(house.app, reach, store, shares_store=shares_store) as opened:
        yield opened


async def test_an_order_comes_back_as_its_result(ours: Ours) -> None:
    """With the service's facts, and the file in our store."""
    echo = await ours.do(Say(text="hello"))
    assert (echo.filename, echo.length) == ("echo.txt", 5)
    assert await ours.read(echo.file) == b"hello"
    assert ours.progress[-1] == 100


async def test_an_order_with_a_file_gets_it_to_the_service(ours: Ours) -> None:
    """Whichever way it travels, the bytes and the options arrive."""
    file = await ours.put(b"la" * MEGABYTE)
    echo = await ours.do(Say(file=file, text="song", loud=True))
    assert await ours.read(echo.file) == b"la" * MEGABYTE


async def test_either_way_the_job_is_the_same(ours: Ours, house: House) -> None:
    """A reference and the bytes make the same order, so two callers of both kinds share one run."""
    file = await ours.put(b"la la la")
    job = await house.jobs.accept(Say(file=file))
    assert await ours.worker.submit(Say(file=file), "key") == job.id
    assert len(house.service.begun) <= 1


async def test_no_byte_is_copied_where_the_store_is_one(ours: Ours) -> None:
    """References go both ways; with two stores the file goes up once and down once."""
    size = 3 * MEGABYTE
    file = await ours.put(b"x" * size)
    assert isinstance(ours.artefacts, Counting)
    ours.artefacts.copied = 0
    await ours.do(Say(file=file))
    assert ours.artefacts.copied == (0 if ours.worker._shares_store else 2 * size)


async def test_large_files_pass_through_in_little_memory(
    ours: Ours, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up and down, caller and service together: far less than the file."""
    size, process, peak = 40 * MEGABYTE, psutil.Process(), 0
    house.app.state.max_upload_bytes = size

    async def chunks() -> AsyncGenerator[bytes]:
        for number in range(40):
            yield bytes([number, 7]) * (MEGABYTE // 2)

    def watch(cls: type[ObjectArtefacts]) -> None:
        read = cls.read

        async def watched(self: Any, *args: Any) -> AsyncIterator[bytes]:
            nonlocal peak
            async for chunk in read(self, *args):
                peak = max(peak, process.memory_info().rss)
                yield chunk

        monkeypatch.setattr(cls, "read", watched)

    file = await ours.artefacts.put(chunks(), "audio/wav")
    house.service.gives = file  # so that the service itself holds nothing of it in memory
    house.service.reads = False
    watch(ObjectArtefacts)
    before = peak = process.memory_info().rss
    echo = await ours.do(Say(file=file))
    assert echo.file.size == size
    assert (peak - before) / MEGABYTE < 24


async def test_the_error_of_a_failed_job_is_the_error_it_was(ours: Ours, house: House) -> None:
    """The same class with the same words, on the other side of HTTP."""
    house.service.failures["hello"] = [NoAudio("clip.mp4 has no audio track")]
    with pytest.raises(NoAudio) as caught:
        await ours.do(Say(text="hello"))
    assert caught.value.message == "clip.mp4 has no audio track"


async def test_a_bug_in_the_service_is_the_services_failure(ours: Ours, house: House) -> None:
    """Not a bug of ours; its words are told."""
    house.service.failures["hello"] = [ZeroDivisionError("division by zero")]
    with pytest.raises(RemoteJobFailed, match="ZeroDivisionError: division by zero"):
        await ours.do(Say(text="hello"))


async def test_progress_is_passed_on(ours: Ours, house: House) -> None:
    """What the service reports while it works, growing, and 100 at the end."""
    gate = house.service.gate("hello")
    ours.worker._remote._poll = PollPolicy(first=0.01, interval=0.01, longest_wait=0)
    doing = asyncio.create_task(ours.do(Say(text="hello")))
    await house.service.has_begun("hello")
    assert house.service.progress is not None
    house.service.progress(42.0)
    await asyncio.wait_for(ours.told.wait(), SECONDS)
    gate.set()
    await doing
    assert ours.progress == [42.0, 100.0]


async def test_cancelling_stops_the_work(ours: Ours, house: House) -> None:
    """Within two seconds, and whoever still waits for it learns that it is lost."""
    house.service.gate("hello")
    order = Say(text="hello")
    remote_id = await ours.worker.submit(order, "key")
    await house.service.has_begun("hello")
    waiting = asyncio.create_task(ours.end(order, remote_id))
    async with asyncio.timeout(2):
        await ours.worker.cancel(remote_id)
        assert house.service.stopped == ["hello"]
        with pytest.raises(RemoteJobLost):
            await waiting


async def test_cancelling_what_is_not_there_is_no_error(ours: Ours) -> None:
    """There is nothing left to do about it."""
    await ours.worker.cancel("0" * 32)


async def test_the_deadline_ends_the_waiting(ours: Ours, house: House) -> None:
    """The service goes on; that is for the caller to decide."""
    gate = house.service.gate("hello")
    with deadline(0.2), pytest.raises(DeadlineExceeded):
        await ours.do(Say(text="hello"))
    gate.set()
    assert (await ours.do(Say(text="hello"))).length == 5
    assert house.service.begun == ["hello"]


async def test_a_caller_that_comes_back_waits_for_the_same_work(ours: Ours, house: House) -> None:
    """All it needs is the id: after its own crash nothing is submitted twice."""
    gate = house.service.gate("hello")
    order = Say(text="hello")
    remote_id = await ours.worker.submit(order, "key")
    waiting = asyncio.create_task(ours.end(order, remote_id))
    await house.service.has_begun("hello")
    waiting.cancel()
    gate.set()
    assert (await ours.end(order, remote_id)).length == 5
    assert house.service.begun == ["hello"]


async def test_a_result_that_was_cleared_away_is_lost(ours: Ours, house: House) -> None:
    """The job is asked to be submitted again, and is then done again."""
    order = Say(text="hello")
    remote_id = await ours.worker.submit(order, "key")
    await house.done(order)
    for file in house.files():
        file.unlink()
    with pytest.raises(RemoteJobLost):
        await ours.end(order, remote_id)
    assert (await ours.do(order)).length == 5


async def test_the_identity_is_the_engine_that_does_the_work(ours: Ours, house: House) -> None:
    """Asked once, so that results of another engine are never mistaken for its own."""
    assert await ours.worker.identity() == "controlled-1"
    house.service.version = "controlled-2"
    assert await ours.worker.identity() == "controlled-1"
    await ours.worker.ping()


async def test_a_service_that_restarts_while_somebody_waits_goes_on(tmp_path: Path, reach: Reach) -> None:
    """The caller notices nothing but the time it takes."""
    before, after = Controlled(), Controlled()
    before.gate("hello")
    order = Say(text="hello")
    ours = ObjectArtefacts.in_folder(tmp_path / "ours")
    async with open_house(tmp_path / "theirs", before) as house:
        async with calling(house.app, reach, ours, shares_store=False) as caller:
            remote_id = await caller.worker.submit(order, "key")
        await before.has_begun("hello")
    async with (
        open_house(tmp_path / "theirs", after) as house,
        calling(house.app, reach, ours, shares_store=False) as caller,
    ):
        assert (await caller.end(order, remote_id)).length == 5
    assert (before.begun, after.begun) == (["hello"], ["hello"])


async def test_an_upload_larger_than_the_service_takes_is_refused(
    house: House, reach: Reach, tmp_path: Path
) -> None:
    """As the error it is, in the service's words."""
    house.app.state.max_upload_bytes = 1000
    ours = ObjectArtefacts.in_folder(tmp_path / "ours")
    async with calling(house.app, reach, ours, shares_store=False) as caller:
        file = await caller.put(b"x" * 3 * MEGABYTE)
        with pytest.raises(PayloadTooLarge, match="1000"):
            await caller.do(Say(file=file))
    assert house.files() == []


@pytest.mark.parametrize("after", [0, 1, 1_500_000])
async def test_a_result_that_breaks_off_is_not_kept(
    house: House, reach: Reach, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file is no file; it is fetched again, and after some tries the service is unavailable."""
    monkeypatch.setattr(remote, "FETCH_PAUSE", 0.0)
    plan = script(*[Truncated(after)] * (remote.FETCHES + 1))
    (job,) = [await house.done(Say(file=await house.put(b"x" * 3 * MEGABYTE)))]
    ours = ObjectArtefacts.in_folder(tmp_path / "ours")

    def only_downloads(request: httpx2.Request) -> Any:
        return plan(request) if request.url.path.endswith("/download") else script()(request)

    async with calling(house.app, reach, ours, shares_store=False, plan=only_downloads) as caller:
        order = Say.model_validate(job.order)
        with pytest.raises(ServiceUnavailable):
            await caller.end(order, job.id)
        assert [file for file in (tmp_path / "ours").rglob("*") if file.is_file()] == []
        assert (await caller.end(order, job.id)).length == 3 * MEGABYTE
        await caller.app.idle.wait()


async def test_a_plain_service_of_somebody_elses_does_orders_too(reach: Reach, tmp_path: Path) -> None:
    """One that knows neither waiting nor references nor versions: the file goes up, the result comes down."""
    ours = ObjectArtefacts.in_folder(tmp_path / "ours")
    async with calling(instant_service(media=b"made"), reach, ours, shares_store=False) as caller:
        assert (await caller.worker.identity()).startswith("http")
        await caller.worker.ping()
        echo = await caller.do(Say(file=await caller.put(b"la la la"), text="song"))
        assert (echo.filename, echo.length) == ("made.bin", None)
        assert await caller.read(echo.file) == b"made"
        assert (await caller.do(Say(text="no file"))).file == echo.file
        await caller.worker.cancel("unknown")
        with pytest.raises(RemoteJobLost):
            await caller.end(Say(), "unknown")


@pytest.mark.parametrize("health", ["OK", '"OK"', "[]", '{"engine": null}', '{"engine": ""}', ""])
async def test_a_service_that_does_not_say_its_version_goes_by_its_address(
    reach: Reach, tmp_path: Path, health: str
) -> None:
    """Whatever it answers, JSON or not."""

    async def answer(_: Request) -> Response:
        return PlainTextResponse(health)

    app = Starlette(routes=[Route("/health", answer)])
    async with calling(app, reach, ObjectArtefacts.in_folder(tmp_path), shares_store=False) as caller:
        assert (await caller.worker.identity()).startswith("http")


async def test_a_completed_job_that_makes_no_sense_is_the_services_error(
    reach: Reach, tmp_path: Path
) -> None:
    """It names the service, the job and the field."""

    async def show(_: Request) -> Response:
        return JSONResponse({"id": "1", "status": "done", "length": "very long"})

    async def download(_: Request) -> Response:
        return PlainTextResponse("x")

    app = Starlette(routes=[Route("/jobs/1", show), Route("/jobs/1/download", download)])
    async with calling(app, reach, ObjectArtefacts.in_folder(tmp_path), shares_store=False) as caller:
        with pytest.raises(ServiceError, match=r"controlled job 1 .*length") as caught:
            await caller.end(Say(), "1")
    assert isinstance(caught.value, BatutaError)
