"""Videos' first bytes, a cable that can be cut, and the gateway behind the gate, as the tests need them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
from fastapi import FastAPI

from batuta.access.door import guard
from batuta.access.gate import Gate, OpenPaths
from batuta.access.keys import Keys
from batuta.errors import InvalidRequest
from batuta.services.gateway.desk import Desk, open_desk
from batuta.services.gateway.models import Job, JobChange, JobStatus, Options
from batuta.services.gateway.object_routes import objects_router
from batuta.services.gateway.objects import Objects
from batuta.services.gateway.routes import gateway_router
from batuta.services.problems import install_problems
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.testing.servers import serving

MEGABYTE = 1024 * 1024
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41"
VIDEO = MP4 + bytes(range(256)) * 400
"""100 kB whose every part differs from its neighbours."""
MAX_BYTES = 300_000

JSON = {"Content-Type": "application/json"}


async def chunks(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


class Source:
    """Megabytes, as many as are taken; then a failure, or a pause for ever."""

    def __init__(self, megabytes: int, end: Exception | None = None) -> None:
        self.megabytes, self.end = megabytes, end
        self.given = 0
        self.paused = asyncio.Event()
        self.closed = False

    async def stream(self) -> AsyncGenerator[bytes]:
        try:
            while self.given < self.megabytes:
                self.given += 1
                yield bytes([self.given % 251]) * MEGABYTE
            if self.end is not None:
                raise self.end
            self.paused.set()
            await asyncio.Event().wait()
        finally:
            self.closed = True


async def whole(objects: Objects, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in objects.read(key, start, end)])


class Cable:
    """The way to a server: whole, cut, or so that nothing comes through."""

    def __init__(self, endpoint: str) -> None:
        parts = urlsplit(endpoint)
        self._to = (parts.hostname, parts.port)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self.port = 0
        self.carried = asyncio.Event()
        """A part of an upload was on its way."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End every connection, and refuse new ones."""
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def clog(self) -> None:
        """Take what comes in, and hand on nothing."""
        self._open.clear()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            await self._open.wait()
            there, back = await asyncio.open_connection(*self._to)
            ends.append(back)
            await asyncio.gather(self._pipe(reader, back), self._pipe(there, writer))
        except OSError:
            pass
        finally:
            for end in ends:
                end.transport.abort()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._open.wait()
            if b"partNumber" in data:
                self.carried.set()
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()


@dataclass
class Told:
    """Whoever is told of new jobs."""

    jobs: list[int] = field(default_factory=list[int])
    deaf: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, job: Job, /) -> None:
        if self.deaf:
            raise ConnectionError("the broker is away")
        self.jobs.append(job.id)
        self.news.set()


def only_spanish(target: str, options: Options, /) -> None:
    del options
    if target != "es":
        raise InvalidRequest(f"targetLang: nobody here speaks {target!r}")


@dataclass
class House:
    """A gateway that is served, and keys to it."""

    desk: Desk
    told: Told
    client: httpx2.AsyncClient
    keys: dict[str, str]
    folder: Path
    app: FastAPI

    def as_(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[name]}"}

    async def upload(
        self, video: bytes = VIDEO, name: str = "talk.mp4", *, by: str = "anna", **fields: Any
    ) -> httpx2.Response:
        data = {"targetLang": "es", **fields}
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
        return await self.client.post(
            "/api/v1/upload", data=texts, files={"file": (name, video, "text/plain")}, headers=self.as_(by)
        )

    async def job(self, **about: Any) -> int:
        """The number of a new job."""
        answer = await self.upload(**about)
        assert answer.status_code == 201, answer.text
        return answer.json()["jobId"]

    async def completed(self, output: bytes = b"dubbed", **about: Any) -> int:
        """The number of a job with an output."""
        job_id = await self.job(**about)
        await self.desk.objects.put(f"dubbed_{job_id}.mp4", chunks(output), "video/mp4")
        done = JobChange(status=JobStatus.COMPLETED, output_object_key=f"dubbed_{job_id}.mp4")
        await self.desk.gateway.patch(job_id, done)
        return job_id

    def kept(self) -> list[str]:
        """The names of everything that lies in the folder of objects."""
        return sorted(path.name for path in (self.folder / "objects").iterdir())


@asynccontextmanager
async def open_house(folder: Path, objects: Objects, told: Told) -> AsyncIterator[House]:
    """The gateway over HTTP on another machine's address, so that everybody needs a key."""
    database = Database.in_folder(folder)
    await database.create_tables()
    keys = Keys(database)
    made = {
        "anna": (await keys.create("anna", ["submit", "read"])).clear,
        "bert": (await keys.create("bert", ["submit", "read"])).clear,
        "service": (await keys.create("service", ["admin"])).clear,
        "reader": (await keys.create("reader", ["read"])).clear,
    }
    app = FastAPI()
    app.include_router(gateway_router)
    app.include_router(objects_router)
    install_problems(app)
    unlimited = Settings(batuta_data=folder, rate_limit_per_minute=0, rate_limit_submits_per_minute=0)
    paths = OpenPaths(folders=("/static/", "/api/v1/objects/"))
    guard(app, Gate(keys, unlimited, bound_to="0.0.0.0", open_paths=paths))
    async with open_desk(database, objects, check=only_spanish, announce=told, max_bytes=MAX_BYTES) as desk:
        app.state.gateway = desk
        async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
            yield House(desk, told, client, made, folder, app)
    await keys.aclose()
    await database.aclose()


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The body of an answer that must be this problem, in the house's words and the seed's."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["error"]) == (code, body["detail"])
    return body
