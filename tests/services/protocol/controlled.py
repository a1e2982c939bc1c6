"""A service that does what a test tells it, when the test tells it, and the house around it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from batuta.jobs.orders import OnProgress, Order
from batuta.services.app import service_app
from batuta.services.records import ServiceJob
from batuta.services.registry import ServiceJobs
from batuta.services.work import Made
from batuta.storage.artefacts import Artefact, ObjectArtefacts
from batuta.storage.database import Database

LIMIT = 10_000_000
"""Bytes an upload may have."""
SECONDS = 5.0
"""Long enough for anything that is not broken."""


class Echo(BaseModel):
    """What comes back."""

    file: Artefact
    filename: str | None = None
    length: int | None = None


class Say(Order[Echo]):
    """Give the text back, or the file if there is one."""

    work: ClassVar[str] = "controlled"
    Result: ClassVar[type[BaseModel]] = Echo

    text: str = ""
    file: Artefact | None = None
    loud: bool = False


class Controlled:
    """Finishes at once, unless told to wait at a gate or to fail."""

    name = "controlled"
    version = "controlled-1"
    concurrency = 2

    def __init__(self, order: type[Order[Any]] = Say) -> None:
        self.order = order
        self.gates: dict[str, asyncio.Event] = {}
        self.failures: dict[str, list[BaseException]] = {}
        self.filename = "echo.txt"
        self.media_type = "text/plain"
        self.details: dict[str, Any] = {}
        self.gives: Artefact | None = None
        """An artefact to give instead of a file that was made."""
        self.reads = True
        self.slow_to_stop: asyncio.Event | None = None
        """When set, work that is told to stop goes on until this is."""
        self.told_to_stop = asyncio.Event()
        self.progress: OnProgress | None = None
        self.begun: list[str] = []
        self.stopped: list[str] = []
        self.most_at_once = 0
        self._at_once = 0
        self._beginnings: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def gate(self, text: str) -> asyncio.Event:
        """From now on the orders with this text wait until the gate is set."""
        return self.gates.setdefault(text, asyncio.Event())

    async def has_begun(self, text: str) -> None:
        """Return once the work on this text has begun."""
        async with asyncio.timeout(SECONDS):
            await self._beginnings[text].wait()

    async def perform(
        self, order: Say, files: Mapping[str, Path], workspace: Path, on_progress: OnProgress
    ) -> Made:
        self.begun.append(order.text)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        self.progress = on_progress
        output = workspace / "output"
        given = files["file"] if self.reads and "file" in files else None
        output.write_bytes(order.text.encode() if given is None else given.read_bytes())
        self._beginnings[order.text].set()
        try:
            if order.text in self.gates:
                await self.gates[order.text].wait()
            if failures := self.failures.get(order.text):
                raise failures.pop(0)
        except asyncio.CancelledError:
            self.told_to_stop.set()
            if self.slow_to_stop is not None:
                await self.slow_to_stop.wait()
            self.stopped.append(order.text)
            raise
        finally:
            self._at_once -= 1
        details = {"length": output.stat().st_size, **self.details}
        return Made(self.gives or output, self.media_type, self.filename, details)

    async def aclose(self) -> None:
        """Nothing to stop."""


@dataclass
class House:
    """The service with everything behind it."""

    folder: Path
    service: Controlled
    database: Database
    artefacts: ObjectArtefacts
    jobs: ServiceJobs
    app: FastAPI

    def workspaces(self) -> list[Path]:
        """Folders that somebody works in, or has left behind."""
        return [folder for folder in (self.folder / "workspaces").glob("*/*") if folder.is_dir()]

    def files(self) -> list[Path]:
        """Every file the store keeps, of whatever kind."""
        return [file for file in (self.folder / "artefacts").rglob("*") if file.is_file()]

    async def put(self, data: bytes, media_type: str = "audio/wav") -> Artefact:
        """An artefact in the service's store."""

        async def once() -> AsyncGenerator[bytes]:
            yield data

        return await self.artefacts.put(once(), media_type)

    async def done(self, order: Order[Any]) -> ServiceJob:
        """The order's job, accepted if need be, once it is over."""
        job = await self.jobs.accept(order)
        async with asyncio.timeout(SECONDS):
            return await self.jobs.wait(job.id, SECONDS)


broken_routes = APIRouter()


@broken_routes.get("/broken")
async def broken() -> None:
    raise RuntimeError("the password is swordfish")


@asynccontextmanager
async def open_house(
    folder: Path, service: Controlled | None = None, *, seconds: float = 60.0
) -> AsyncGenerator[House]:
    """The service at work on the folder until the block ends, as after a start of the program."""
    service = service or Controlled()
    database = Database.in_folder(folder)
    await database.create_tables()
    artefacts = ObjectArtefacts.in_folder(folder / "artefacts")
    jobs = ServiceJobs(service, database, artefacts, folder / "workspaces", dt.timedelta(seconds=seconds))
    app = service_app(jobs, max_upload_bytes=LIMIT, routes=broken_routes)
    async with app.router.lifespan_context(app):
        yield House(folder, service, database, artefacts, jobs, app)
    await database.aclose()
