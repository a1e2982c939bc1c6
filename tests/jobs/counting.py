"""A pipeline that writes down what it executes, and a program that runs one job of it: `carry`.

It starts (or goes on with) the job and prints its result; the kill tests stop it anywhere.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from batuta.jobs import Capacity, Jobs, LocalWorker, OnProgress, Order, Run, pipeline
from batuta.storage.artefacts import Artefact, ObjectArtefacts
from batuta.storage.database import Database

MINUTE = Capacity(timeout=dt.timedelta(minutes=1))


class Text(BaseModel):
    """A request and a result."""

    text: str


class Stored(BaseModel):
    """A result with a file."""

    file: Artefact


class Upper(Order[Stored]):
    """Store the text in capitals."""

    work: ClassVar[str] = "upper"
    Result: ClassVar[type[BaseModel]] = Stored
    text: str


class Twice(Order[Stored]):
    """Store the file's text two times."""

    work: ClassVar[str] = "twice"
    Result: ClassVar[type[BaseModel]] = Stored
    file: Artefact


@pipeline("counting", request=Text, stages=lambda _: {"upper": 1, "twice": 3})
async def counting(run: Run, request: Text) -> Stored:
    """Capitals, then doubled."""
    upper = await run.stage("upper", Upper(text=request.text))
    return await run.stage("twice", Twice(file=upper.file))


class CountingWorkers:
    """Two workers that append each execution to `executions.txt` and take `seconds` a piece."""

    def __init__(self, folder: Path, artefacts: ObjectArtefacts, seconds: float = 0.0) -> None:
        self.artefacts = artefacts
        self.log = folder / "executions.txt"
        self.seconds = seconds

    async def upper(self, order: Upper, on_progress: OnProgress) -> Stored:
        return Stored(file=await self._store("upper", order.text.upper()))

    async def twice(self, order: Twice, on_progress: OnProgress) -> Stored:
        text = b"".join([chunk async for chunk in self.artefacts.read(order.file)]).decode()
        return Stored(file=await self._store("twice", text * 2))

    async def _store(self, name: str, text: str) -> Artefact:
        await asyncio.sleep(self.seconds)

        async def chunks() -> AsyncGenerator[bytes]:
            yield text.encode()

        artefact = await self.artefacts.put(chunks(), "text/plain")
        with self.log.open("a") as log:
            log.write(f"{name}\n")
            log.flush()
            os.fsync(log.fileno())
        return artefact


@asynccontextmanager
async def open_jobs(
    folder: Path,
    seconds: float = 0.0,
    *,
    standby: bool = False,
    capacity: Capacity = MINUTE,
    **workers: LocalWorker,
) -> AsyncGenerator[Jobs]:
    """Launched jobs on the folder, closed afterwards."""
    database = Database.in_folder(folder)
    await database.create_tables()
    artefacts = ObjectArtefacts.in_folder(folder / "artefacts")
    ours = CountingWorkers(folder, artefacts, seconds)
    jobs = Jobs(
        folder=folder,
        database=database,
        artefacts=artefacts,
        workers={"upper": LocalWorker(ours.upper, "1"), "twice": LocalWorker(ours.twice, "1"), **workers},
        pipelines=[counting],
        capacity=capacity,
    )
    try:
        await jobs.launch(standby=standby)
        yield jobs
    finally:
        await jobs.aclose()
        await database.aclose()


def carry(folder: Path, text: str, seconds: float) -> None:
    """Start the job, or go on with it, and print its id and end; what a process is begun with."""
    asyncio.run(_carry(folder, text, seconds))


async def _carry(folder: Path, text: str, seconds: float) -> None:
    async with open_jobs(folder, seconds) as jobs:
        record = await jobs.start(counting, Text(text=text), reuse_within=dt.timedelta(hours=1))
        print("started", record.job_id, flush=True)
        end = await jobs.wait(record.job_id)
        print(end.status, end.result["file"]["sha256"] if end.result else end.error, flush=True)
