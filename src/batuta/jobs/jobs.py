"""Jobs: start one, watch it, cancel it. The carrier brings it to its end; the record says how it is."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from batuta.ids import content_key, new_job_id
from batuta.jobs.carrier import Carrier, Companion
from batuta.jobs.journal import Execution, Journal
from batuta.jobs.orders import Worker
from batuta.jobs.pipelines import Pipeline
from batuta.jobs.records import Event, JobRecord, JobStatus, StageRecord
from batuta.jobs.stages import Stages
from batuta.jobs.store import JobStore
from batuta.storage.artefacts import ArtefactStore
from batuta.storage.database import Database


class Jobs:
    """The jobs of one data folder."""

    def __init__(
        self,
        *,
        folder: Path,
        database: Database,
        artefacts: ArtefactStore,
        workers: Mapping[str, Worker],
        pipelines: Sequence[Pipeline[Any, Any]],
        timeout: dt.timedelta,
        companions: Sequence[Companion] = (),
    ) -> None:
        """`companions` are launched with the jobs, in the process that carries them.

        `timeout` is what a job may take from its start, or from our restart: time we were off is free.
        """
        self._store = JobStore(database)
        self._journal = Journal(database)
        stages = Stages(self._store, self._journal, artefacts, workers)
        self._carrier = Carrier(folder, self._store, stages, pipelines, companions, timeout)

    async def launch(self, *, standby: bool = False) -> None:
        """Go on with every unfinished job.

        When another process has the folder this raises `Conflict`; on `standby` that process does the work,
        and this one takes over when it is gone.
        """
        await self._carrier.launch(standby=standby)

    async def aclose(self) -> None:
        """Stop at once; unfinished jobs go on at the next launch."""
        await self._carrier.aclose()

    async def start(
        self,
        pipeline: Pipeline[Any, Any],
        request: BaseModel,
        *,
        reuse_within: dt.timedelta | None = None,
        same: str | None = None,
    ) -> JobRecord:
        """Store a job and set it going.

        With `reuse_within`, an equal request that is under way, or that completed within that time, answers;
        requests are equal when their `same` is, by default a hash of everything in them.
        """
        now = dt.datetime.now(dt.UTC)
        body = request.model_dump(mode="json")
        record = JobRecord(
            job_id=new_job_id(),
            pipeline=pipeline.name,
            request=body,
            dedupe_key=same or content_key(pipeline.name, body),
            stages={name: StageRecord(weight=weight) for name, weight in pipeline.stages.items()},
            created_at=now,
            updated_at=now,
        )
        kept = await self._store.add(record, reuse_after=now - reuse_within if reuse_within else None)
        if kept.job_id == record.job_id:
            await self._carrier.start(record.job_id)
        return kept

    async def get(self, job_id: str) -> JobRecord:
        """The record; raises `NotFound`."""
        return await self._store.get(job_id)

    async def newest(
        self, pipeline: Pipeline[Any, Any], *, limit: int = 50, statuses: Sequence[JobStatus] = ()
    ) -> list[JobRecord]:
        """The newest records first."""
        return await self._store.newest(pipeline.name, limit=limit, statuses=statuses)

    async def count(self, pipeline: Pipeline[Any, Any]) -> int:
        """How many jobs of the pipeline there are."""
        return await self._store.count(pipeline.name)

    def follow(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The job's events above `after` in order, up to its end; `StorageError` if it cannot be written."""
        return self._store.follow(job_id, after, lambda: self._carrier.raise_if_stuck(job_id))

    async def wait(self, job_id: str, seconds: float | None = None) -> JobRecord:
        """The record once the job is over, or after so many seconds, as it then is."""
        try:
            async with asyncio.timeout(seconds):
                async for _ in self.follow(job_id):
                    pass
        except TimeoutError:
            pass
        return await self._store.get(job_id)

    async def cancel(self, job_id: str) -> JobRecord:
        """Stop the job and the work only it waits for; a finished job stays as it is."""
        record = await self._store.apply(job_id, Event(kind="job.cancelled"))
        if record.status is JobStatus.CANCELLED:
            await self._carrier.cancel(job_id)
        return record

    async def executions(self, job_id: str) -> list[Execution]:
        """The stage journal of a job: what it began, each once."""
        return await self._journal.of_job(job_id)
