"""Carrying jobs to their end: the one process that holds the folder does it, the others stand by.

A job is only ever *asked for* in the record, by whichever process; the carrier sees it there and sets it
going, and sees there that it was cancelled. So a command line beside a running server needs no connection to
it, and takes over when the server is gone.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import structlog
from pydantic import BaseModel

from batuta.clients.deadline import deadline
from batuta.errors import BatutaError, Conflict, StorageError
from batuta.jobs.engine import Engine
from batuta.jobs.journal import Execution
from batuta.jobs.orders import Order
from batuta.jobs.pipelines import Pipeline
from batuta.jobs.records import Event, JobRecord
from batuta.jobs.stages import Stages
from batuta.jobs.store import JobStore

R = TypeVar("R", bound=BaseModel)

WATCH_SECONDS: Final = 0.5
"""How soon the carrier sees what another process asked for, and one on stand-by that it is needed."""

SILENCE: Final = dt.timedelta(seconds=30)
"""A job that says nothing for so long is looked up in the engine: its run may be dead."""
STUCK_SECONDS: Final = 5.0
"""So long may a database be locked or full before whoever waits for a job is told."""
LOOKS_PER_ROLL_CALL: Final = 20

log = structlog.get_logger()


class Companion(Protocol):
    """What must be at work where jobs are carried, and nowhere else: an embedded service."""

    async def launch(self) -> None:
        """Go on with what was left unfinished."""
        ...


class Carrier:
    """Runs pipelines on the engine."""

    def __init__(
        self,
        folder: Path,
        store: JobStore,
        stages: Stages,
        pipelines: Sequence[Pipeline[Any, Any]],
        companions: Sequence[Companion],
        timeout: dt.timedelta,
    ) -> None:
        self._engine = Engine(folder, self._carry)
        self._store = store
        self._stages = stages
        self._pipelines: Mapping[str, Pipeline[Any, Any]] = {line.name: line for line in pipelines}
        self._companions = companions
        self._timeout = timeout
        self._carried: set[str] = set()
        self._unwritten: dict[str, tuple[float, str]] = {}
        self._active = False
        self._background: asyncio.Task[None] | None = None

    async def launch(self, *, standby: bool) -> None:
        """Go on with every unfinished job.

        When another process has the folder: stand by until it is gone, or raise `Conflict`.
        """
        try:
            await self._take_over()
        except Conflict:
            if not standby:
                raise
            log.info("jobs.standing_by", reason="another process works in this data folder")
            self._background = asyncio.create_task(self._stand_by())

    async def aclose(self) -> None:
        """Stop at once; unfinished jobs go on at the next launch."""
        if self._background is not None:
            self._background.cancel()
            await asyncio.gather(self._background, return_exceptions=True)
        self._active = False
        await self._engine.aclose()

    async def start(self, job_id: str) -> None:
        """Set a stored job going; on stand-by that is left to the process which carries."""
        if self._active:
            await self._engine.start(job_id)
            self._carried.add(job_id)

    async def cancel(self, job_id: str) -> None:
        """Stop the work of a job whose record says cancelled; likewise."""
        if self._active:
            await self._stages.cancel(job_id)
            await self._engine.cancel(job_id)

    def raise_if_stuck(self, job_id: str) -> None:
        """Raise `StorageError` for a job that has been over for a while although its record cannot say so."""
        since, why = self._unwritten.get(job_id, (math.inf, ""))
        if time.monotonic() > since + STUCK_SECONDS:
            raise StorageError(why)

    async def _take_over(self) -> None:
        await self._engine.launch()
        for companion in self._companions:
            await companion.launch()
        self._active = True
        for record in await self._store.unfinished():
            await self._reconcile(record)
        self._background = asyncio.create_task(self._watch())

    async def _stand_by(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self._take_over()
            except Conflict:
                continue
            except Exception:
                log.exception("jobs.not_taken_over")
                await self._engine.aclose()  # half taken over, we would be in our own way
                continue
            return

    async def _watch(self) -> None:
        """Do what other processes asked for in the records."""
        for looks in itertools.count():
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self._look()
                if looks % LOOKS_PER_ROLL_CALL == 0:
                    await self._call_the_roll()
            except Exception:  # a database that is locked or full now may not be so later
                log.exception("jobs.not_watched")

    async def _look(self) -> None:
        """Start what is asked for, stop what was cancelled."""
        for job_id in await self._store.queued():
            if job_id not in self._carried:
                await self.start(job_id)
        for job_id in await self._store.cancelled(self._carried):
            await self.cancel(job_id)
            self._carried.discard(job_id)

    async def _call_the_roll(self) -> None:
        """Fail the jobs whose run died without a word; they would look alive for ever."""
        for record in await self._store.unfinished():
            silent = record.updated_at < dt.datetime.now(dt.UTC) - SILENCE
            if silent and await self._engine.state(record.job_id) in {"done", "dead"}:
                await self._give_up(record)

    async def _give_up(self, record: JobRecord) -> None:
        error = BatutaError("the job's run ended without a result: start it again")
        failed = Event(kind="job.failed", data={"error": error.to_dict()})
        await self._store.apply(record.job_id, failed)

    async def _reconcile(self, record: JobRecord) -> None:
        """Bring the record and the engine together after a crash between the two."""
        match await self._engine.state(record.job_id):
            case "unknown":
                await self.start(record.job_id)
            case "active":
                self._carried.add(record.job_id)
                log.info("job.resumed", job_id=record.job_id, stage=record.current_stage)
            case "done" | "dead":
                await self._give_up(record)

    async def _carry(self, job_id: str) -> None:
        """One run of the engine: the pipeline's function from start to end."""
        record = await self._store.get(job_id)
        if record.status.final:  # cancelled while nobody carried
            await self._stages.cancel(job_id)
            return
        with deadline(self._timeout.total_seconds()):
            end = await self._end_of(record)
        try:
            await self._engine.step("end", lambda: self._told(job_id, end))
        except Exception as error:
            self._cannot_write(job_id, error)
            raise
        self._carried.discard(job_id)

    async def _end_of(self, record: JobRecord) -> Event:
        """How the job ends: its result, or the error that stopped it."""
        pipeline = self._pipelines[record.pipeline]
        run = _Run(record.job_id, self._engine, self._stages)
        try:
            result = await pipeline.function(run, pipeline.request.model_validate(record.request))
        except BatutaError as error:
            return Event(kind="job.failed", data={"error": error.to_dict()})
        except Exception as error:
            log.exception("job.broken", job_id=record.job_id, pipeline=record.pipeline)
            broken = BatutaError(f"{type(error).__name__}: {error}")
            return Event(kind="job.failed", data={"error": broken.to_dict()})
        return Event(kind="job.completed", data={"result": result.model_dump(mode="json")})

    def _cannot_write(self, job_id: str, error: Exception) -> None:
        why = f"the end of the job cannot be written: {' '.join(str(error).split())}"
        self._unwritten.setdefault(job_id, (time.monotonic(), why))

    async def _told(self, job_id: str, event: Event) -> None:
        """Write how the job ended, as often as it takes: a run that is over is not looked at again."""
        while True:
            try:
                await self._store.apply(job_id, event)
            except StorageError as error:
                log.warning("job.end_not_written", job_id=job_id, cause=str(error))
                self._cannot_write(job_id, error)
                await asyncio.sleep(WATCH_SECONDS)
            else:
                self._unwritten.pop(job_id, None)
                return


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
