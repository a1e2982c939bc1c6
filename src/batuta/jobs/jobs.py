"""Jobs: start one, watch it, cancel it. The engine carries it through crashes; the record says how it is."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from batuta.clients.deadline import deadline
from batuta.errors import BatutaError
from batuta.ids import content_key, new_job_id
from batuta.jobs.engine import Engine
from batuta.jobs.journal import Execution, Journal
from batuta.jobs.orders import Order, Worker
from batuta.jobs.pipelines import Pipeline
from batuta.jobs.records import Event, JobRecord, JobStatus, StageRecord
from batuta.jobs.stages import Stages
from batuta.jobs.store import JobStore
from batuta.storage.artefacts import ArtefactStore
from batuta.storage.database import Database

R = TypeVar("R", bound=BaseModel)

log = structlog.get_logger()


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
    ) -> None:
        """`timeout` is what a job may take from its start, or our restart: time we were off is free."""
        self._store = JobStore(database)
        self._journal = Journal(database)
        self._stages = Stages(self._store, self._journal, artefacts, workers)
        self._pipelines = {pipeline.name: pipeline for pipeline in pipelines}
        self._timeout = timeout
        self._engine = Engine(folder, self._carry)

    async def launch(self) -> None:
        """Go on with every unfinished job; raises `Conflict` when another process has the folder."""
        await self._engine.launch()
        for record in await self._store.unfinished():
            await self._reconcile(record)

    async def aclose(self) -> None:
        """Stop at once; unfinished jobs go on at the next launch."""
        await self._engine.aclose()

    async def start(
        self,
        pipeline: Pipeline[Any, Any],
        request: BaseModel,
        *,
        reuse_within: dt.timedelta | None = None,
    ) -> JobRecord:
        """Store a job and set it going.

        With `reuse_within`, an equal request that is under way, or that completed within that time, answers.
        """
        now = dt.datetime.now(dt.UTC)
        body = request.model_dump(mode="json")
        record = JobRecord(
            job_id=new_job_id(),
            pipeline=pipeline.name,
            request=body,
            dedupe_key=content_key(pipeline.name, body),
            stages={name: StageRecord(weight=weight) for name, weight in pipeline.stages.items()},
            created_at=now,
            updated_at=now,
        )
        kept = await self._store.add(record, reuse_after=now - reuse_within if reuse_within else None)
        if kept.job_id == record.job_id:
            await self._engine.start(record.job_id)
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
        """The job's events above `after` in order, up to its end."""
        return self._store.follow(job_id, after)

    async def wait(self, job_id: str, seconds: float | None = None) -> JobRecord:
        """The record once the job is over, or after so many seconds, as it then is."""
        try:
            async with asyncio.timeout(seconds):
                async for _ in self._store.follow(job_id):
                    pass
        except TimeoutError:
            pass
        return await self._store.get(job_id)

    async def cancel(self, job_id: str) -> JobRecord:
        """Stop the job and the work only it waits for; a finished job stays as it is."""
        record = await self._store.apply(job_id, Event(kind="job.cancelled"))
        if record.status is JobStatus.CANCELLED:
            await self._stages.cancel(job_id)
            await self._engine.cancel(job_id)
        return record

    async def executions(self, job_id: str) -> list[Execution]:
        """The stage journal of a job: what it began, each once."""
        return await self._journal.of_job(job_id)

    async def _carry(self, job_id: str) -> None:
        """One run of the engine: the pipeline's function from start to end."""
        record = await self._store.get(job_id)
        pipeline = self._pipelines[record.pipeline]
        run = _Run(job_id, self._engine, self._stages)
        with deadline(self._timeout.total_seconds()):
            end = await _end_of(pipeline, run, record)
        await self._engine.step("end", lambda: self._told(job_id, end))

    async def _told(self, job_id: str, event: Event) -> None:
        await self._store.apply(job_id, event)

    async def _reconcile(self, record: JobRecord) -> None:
        """Bring the record and the engine together after a crash between the two."""
        match await self._engine.state(record.job_id):
            case "unknown":
                await self._engine.start(record.job_id)
            case "active":
                log.info("job.resumed", job_id=record.job_id, stage=record.current_stage)
            case "done" | "dead":
                error = BatutaError("the job was given up: it took the process down too often")
                await self._store.apply(
                    record.job_id, Event(kind="job.failed", data={"error": error.to_dict()})
                )


class _Run:
    """One job's way through its pipeline, on the engine."""

    def __init__(self, job_id: str, engine: Engine, stages: Stages) -> None:
        self.job_id = job_id
        self._engine = engine
        self._stages = stages

    async def stage(self, name: str, order: Order[R]) -> R:
        """Submit and wait are two steps, so that a crash between them does not submit twice."""
        submitted = await self._engine.step(
            f"{name}:submit", lambda: self._stages.submit(self.job_id, name, order)
        )
        execution = Execution.model_validate(submitted)
        if execution.result is not None:
            return order.result(execution.result)
        result = await self._engine.step(
            f"{name}:await", lambda: self._stages.collect(self.job_id, name, order, execution)
        )
        return order.result(result)


async def _end_of(pipeline: Pipeline[Any, Any], run: _Run, record: JobRecord) -> Event:
    """How the job ends: its result, or the error that stopped it."""
    try:
        result = await pipeline.function(run, pipeline.request.model_validate(record.request))
    except BatutaError as error:
        return Event(kind="job.failed", data={"error": error.to_dict()})
    except Exception as error:
        log.exception("job.broken", job_id=record.job_id, pipeline=record.pipeline)
        broken = BatutaError(f"{type(error).__name__}: {error}")
        return Event(kind="job.failed", data={"error": broken.to_dict()})
    return Event(kind="job.completed", data={"result": result.model_dump(mode="json")})
