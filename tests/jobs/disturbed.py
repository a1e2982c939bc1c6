"""Workers that fail, wait and lose work, and what the tests ask about jobs."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

from counting import CountingWorkers, Stored, Text, counting

from batuta.errors import NoAudio
from batuta.jobs import JobRecord, Jobs, LocalWorker, OnProgress, Order
from batuta.storage.artefacts import ObjectArtefacts


def executions(folder: Path) -> list[str]:
    """What was executed, in order."""
    log = folder / "executions.txt"
    return log.read_text().split() if log.exists() else []


async def finished(jobs: Jobs, text: str, **how: dt.timedelta) -> JobRecord:
    """The record of a job for the text, at its end."""
    record = await jobs.start(counting, Text(text=text), **how)
    return await jobs.wait(record.job_id, 10)


class Waiting(LocalWorker):
    """A worker that is told when it may go on, and tells when it has begun."""

    def __init__(self) -> None:
        super().__init__(self._nothing, "waiting")
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled: list[str] = []
        self.cancel_came = asyncio.Event()

    async def _nothing(self, order: Order[Stored], on_progress: OnProgress) -> Stored:
        raise NotImplementedError

    async def identity(self) -> str:
        return "waiting"

    async def result(self, order: Order[Stored], remote_id: str, on_progress: OnProgress) -> Stored:
        self.begun.set()
        await self.go_on.wait()
        raise NoAudio("let go")

    async def cancel(self, remote_id: str) -> None:
        self.cancelled.append(remote_id)
        self.cancel_came.set()


class Flaky(LocalWorker):
    """A worker whose first results fail as told, whose later ones are those of another worker."""

    def __init__(self, inner: LocalWorker, *failures: Exception) -> None:
        super().__init__(inner._function, "flaky")
        self.inner = inner
        self.failures = list(failures)
        self.submissions = 0

    async def identity(self) -> str:
        return "flaky"

    async def submit(self, order: Order[Stored], key: str) -> str:
        self.submissions += 1
        return f"{key}-{self.submissions}"

    async def result(self, order: Order[Stored], remote_id: str, on_progress: OnProgress) -> Stored:
        if self.failures:
            raise self.failures.pop(0)
        return await self.inner.result(order, remote_id, on_progress)


def flaky_upper(folder: Path, *failures: Exception) -> Flaky:
    """The first stage's worker with failures in front."""
    ours = CountingWorkers(folder, ObjectArtefacts.in_folder(folder / "artefacts"))
    return Flaky(LocalWorker(ours.upper, "1"), *failures)
