"""What a carrier waits for, and what it must not mistake for an end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from counting import CountingWorkers, Stored, open_jobs
from disturbed import finished

from batuta.errors import BreakerOpen, ServiceRefused
from batuta.jobs import JobStatus, LocalWorker, Order
from batuta.storage.artefacts import ObjectArtefacts

pytestmark = pytest.mark.anyio


class Refusing(LocalWorker):
    """A worker that takes no order before it has raised these."""

    def __init__(self, folder: Path, *refusals: Exception) -> None:
        ours = CountingWorkers(folder, ObjectArtefacts.in_folder(folder / "artefacts"))
        super().__init__(ours.upper, "refusing")
        self.refusals = list(refusals)

    async def submit(self, order: Order[Stored], key: str) -> str:
        if self.refusals:
            raise self.refusals.pop(0)
        return await super().submit(order, key)


async def test_a_breaker_that_others_opened_is_waited_for(tmp_path: Path) -> None:
    """It says nothing about this job's order."""
    worker = Refusing(tmp_path, BreakerOpen("open", 0.01), BreakerOpen("open", 0.01))
    async with open_jobs(tmp_path, upper=worker) as jobs:
        assert (await finished(jobs, "hello")).status is JobStatus.COMPLETED


async def test_work_that_could_not_be_handed_in_leaves_nothing_open(tmp_path: Path) -> None:
    """It would keep its place at the service for ever."""
    async with open_jobs(tmp_path, upper=Refusing(tmp_path, ServiceRefused("no"))) as jobs:
        record = await finished(jobs, "hello")
        assert record.status is JobStatus.FAILED
        assert await jobs.executions(record.job_id) == []


async def test_a_job_taken_on_while_the_cancelled_are_asked_for_is_not_one_of_them(tmp_path: Path) -> None:
    """The carrier asks about the jobs it has, and these change while the database answers."""
    async with open_jobs(tmp_path) as jobs:
        carried = {(await finished(jobs, "hello")).job_id: "its run"}
        asking = asyncio.create_task(jobs.store.cancelled(carried))
        await asyncio.sleep(0)  # the question is on its way
        carried["another"] = "its run"
        assert await asking == []
