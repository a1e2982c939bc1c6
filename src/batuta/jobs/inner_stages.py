"""Stages that run inside another one, side by side: the job is told of each as of any stage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from batuta.errors import StorageError
from batuta.jobs.records import Event
from batuta.jobs.store import JobStore
from batuta.tasks import ended

TELL_SECONDS: Final = 0.5


class InnerStages:
    """How far each stage is, in percent; told now and then."""

    def __init__(self, names: Sequence[str]) -> None:
        self.percent = dict.fromkeys(names, 0.0)
        self._told = dict.fromkeys(names, 0.0)

    def news(self, run: int) -> list[Event]:
        """What has moved since the last time."""
        events: list[Event] = []
        for name, percent in self.percent.items():
            if percent <= self._told[name]:
                continue
            self._told[name] = percent
            data = {"progress": percent} if percent < 100 else {}  # noqa: PLR2004
            kind = "stage.progress" if data else "stage.completed"
            events.append(Event(kind=kind, stage=name, data=data, run=run))
        return events


@asynccontextmanager
async def inner_stages(store: JobStore, job_id: str, names: Sequence[str]) -> AsyncGenerator[InnerStages]:
    """Begin the stages and tell how they move; at the end of the block those at 100 are completed."""
    run = (await store.get(job_id)).runs
    stages = InnerStages(names)
    await store.apply(job_id, *(Event(kind="stage.started", stage=name, run=run) for name in names))

    async def tell() -> None:
        while True:
            await asyncio.sleep(TELL_SECONDS)
            with suppress(StorageError):  # told at the next turn
                await _tell(store, job_id, stages.news(run))

    teller = asyncio.create_task(tell())
    try:
        yield stages
    finally:
        await ended(teller)
    await _tell(store, job_id, stages.news(run))


async def _tell(store: JobStore, job_id: str, events: list[Event]) -> None:
    if events:
        await store.apply(job_id, *events)
