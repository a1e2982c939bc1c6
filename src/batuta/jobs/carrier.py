"""Carrying jobs to their end.

A job is only ever *asked for* in the record, by whichever process; a carrier takes it on from there, as many
as it has places for, and sees there that it was cancelled. So a command line beside a running server needs no
connection to it. On SQLite one process carries the jobs of a folder and the others stand by; on Postgres
every process carries, and the jobs of one that died are taken over by the others.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import math
import os
import secrets
import socket
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import structlog
from pydantic import BaseModel

from batuta.clients.deadline import deadline
from batuta.errors import BatutaError, Conflict, NotFound, StorageError
from batuta.jobs.bells import rung_within
from batuta.jobs.engine import Engine
from batuta.jobs.journal import Execution
from batuta.jobs.leases import Leases
from batuta.jobs.orders import Order
from batuta.jobs.pipelines import Pipeline
from batuta.jobs.places import Limit
from batuta.jobs.queue import Queue
from batuta.jobs.records import Event, JobRecord, job_of
from batuta.jobs.stages import Stages
from batuta.jobs.store import JobStore
from batuta.storage.database import Database, patiently
from batuta.telemetry.metrics import job_finished, jobs_carried
from batuta.telemetry.traces import continue_trace, job_span, stage_span

R = TypeVar("R", bound=BaseModel)

WATCH_SECONDS: Final = 0.5
"""How soon a carrier sees what another process asked for, and one on stand-by that it is needed."""
BEAT_SECONDS: Final = 5.0
"""How often a carrier says of its jobs that they are being carried."""

SILENCE: Final = dt.timedelta(seconds=30)
"""A job that says nothing for so long is looked up in the engine: its run may be dead."""
PATIENCE_SECONDS: Final = 120.0
"""So long a job waits for a database that is away."""
STUCK_SECONDS: Final = 5.0
"""So long may a database be locked or full before whoever waits for a job is told."""
LOOKS_PER_ROLL_CALL: Final = 20

log = structlog.get_logger()


class Companion(Protocol):
    """What must be at work where jobs are carried, and nowhere else: an embedded service."""

    async def launch(self) -> None:
        """Go on with what was left unfinished."""
        ...

    async def clean(self, older_than: dt.timedelta) -> int:
        """Forget what was finished longer ago than this; how much."""
        ...


@dataclass(frozen=True)
class Capacity:
    """How a process carries."""

    name: str | None = None
    """What `carrier_name` gave, where others need to know it, too."""
    jobs_at_once: int = 64
    timeout: dt.timedelta = dt.timedelta(hours=1)
    """What a job may take from its start, or from our restart: time we were off is free."""
    lease_seconds: float = 6.0
    """On Postgres: a carrier silent for so long is dead."""
    stall_seconds: float = 120.0
    """A stage that does not move for so long is told of."""
    only_own: bool = False
    """Carry no jobs but those started through this process: a command, beside workers that carry."""
    limits: Mapping[str, Limit] = field(default_factory=dict[str, Limit])
    """The places at services, by the work they do."""


def carrier_name(database: Database) -> str:
    """A name for this process that no other ever has; on SQLite there is one carrier at a time."""
    if not database.is_shared:
        return "local"
    return f"{socket.gethostname()[:64]}-{os.getpid()}-{secrets.token_hex(4)}"


class Carrier:
    """Runs pipelines on the engine."""

    def __init__(
        self,
        engine: Engine,
        store: JobStore,
        queue: Queue,
        stages: Stages,
        pipelines: Sequence[Pipeline[Any, Any]],
        companions: Sequence[Companion],
        capacity: Capacity,
        leases: Leases | None,
    ) -> None:
        """`leases` where several processes carry at once."""
        self._engine = engine
        self._store = store
        self._queue = queue
        self._stages = stages
        self._pipelines: Mapping[str, Pipeline[Any, Any]] = {line.name: line for line in pipelines}
        self._companions = companions
        self._capacity = capacity
        self._leases = leases
        self._own: set[str] = set()
        """The jobs started through this process."""
        self._carried: dict[str, str] = {}
        """The run of each job we carry."""
        self._unwritten: dict[str, tuple[float, str]] = {}
        self._active = False
        self._bell = asyncio.Event()
        self._background: list[asyncio.Task[None]] = []

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
            self._in_background(self._stand_by())

    async def aclose(self) -> None:
        """Stop at once; unfinished jobs go on at the next launch, or in another carrier."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self._active = False
        await self._engine.aclose()
        if self._leases is not None:
            with suppress(StorageError):  # others will notice it all the same, a little later
                await self._leases.end()

    @property
    def carried(self) -> int:
        """How many jobs this process carries."""
        return len(self._carried)

    def start(self, job_id: str) -> None:
        """Take on a stored job when it is its turn, or leave it to another carrier."""
        if self._capacity.only_own:
            self._own.add(job_id)
        self._bell.set()

    async def release(self) -> None:
        """Stop work that nobody wants any more; on stand-by that is left to the carrier."""
        if self._active:
            await self._stages.release_unwanted()

    async def cancel(self, record: JobRecord) -> None:
        """Stop the work of a job whose record says cancelled; likewise."""
        if self._active:
            await self._stages.release_unwanted()
            await self._engine.cancel(record.run_id)

    def raise_if_stuck(self, job_id: str) -> None:
        """Raise `StorageError` for a job that has been over for a while although its record cannot say so."""
        since, why = self._unwritten.get(job_id, (math.inf, ""))
        if time.monotonic() > since + STUCK_SECONDS:
            raise StorageError(why)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self._background.append(asyncio.create_task(work))

    async def _take_over(self) -> None:
        if self._leases is not None:
            await self._leases.renew()  # before the launch: nobody sees runs of ours without a lease
        await self._engine.launch()
        for companion in self._companions:
            await companion.launch()
        self._active = True
        if self._leases is None:
            await self._reconcile(await self._queue.carriers())
        else:
            self._in_background(self._keep_alive(self._leases))
            self._in_background(self._inherit(self._leases))
        self._in_background(self._watch())
        self._in_background(self._beat())

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
        """Take on what waits and stop what was cancelled, when rung for and now and then."""
        for looks in itertools.count():
            self._bell.clear()
            try:
                await self._look()
                if looks % LOOKS_PER_ROLL_CALL == 0:
                    await self._call_the_roll()
            except Exception:  # a database that is locked or full now may not be so later
                log.exception("jobs.not_watched")
            await rung_within(self._bell, WATCH_SECONDS)

    async def _look(self) -> None:
        only = self._own if self._capacity.only_own else None
        begun = set(self._carried)
        for record in await self._queue.claim(self._capacity.jobs_at_once, begun, only):
            await self._begin(record)
        gone = await self._store.cancelled(self._carried)
        if gone:
            await self._stages.release_unwanted()  # once for all of them
        for job_id in gone:
            run_id = self._carried.pop(job_id, None)
            if run_id is not None:  # otherwise its run ended meanwhile
                await self._engine.cancel(run_id)

    async def _begin(self, record: JobRecord) -> None:
        log.info("job.started", job_id=record.job_id)
        self._carried[record.job_id] = record.run_id
        try:
            await self._engine.start(record.run_id)
        except BaseException:  # it is still ours, and is begun at the next look
            self._carried.pop(record.job_id, None)
            raise

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            jobs_carried(len(self._carried))
            with suppress(StorageError):  # the next beat tells it
                await self._queue.beat()

    async def _keep_alive(self, leases: Leases) -> None:
        """Renew our lease; nothing else is done here, so that nothing can hold it up."""
        while True:
            await asyncio.sleep(leases.renew_every)
            try:
                await leases.renew()
            except Exception:  # Postgres may be away for a while
                log.exception("jobs.lease_not_renewed")

    async def _inherit(self, leases: Leases) -> None:
        """Take over from carriers that did not renew their leases."""
        while True:
            await asyncio.sleep(leases.renew_every)
            try:
                dead = await leases.dead(await self._queue.carriers())
                if dead:
                    log.warning("jobs.taken_over", carriers=sorted(dead))
                    await self._engine.adopt(dead)
                    await self._reconcile(dead)
            except Exception:  # likewise
                log.exception("jobs.not_taken_over")

    async def _call_the_roll(self) -> None:
        """Fail our jobs whose run died without a word; stop work that nobody wants any more."""
        for _, record in await self._queue.carried_by([self._queue.carrier]):
            silent = record.updated_at < dt.datetime.now(dt.UTC) - SILENCE
            if silent and await self._engine.state(record.run_id) in {"done", "dead"}:
                await self._give_up(record)
        await self._stages.release_unwanted()

    async def _give_up(self, record: JobRecord) -> None:
        error = BatutaError("the job's run ended without a result: start it again")
        failed = Event(kind="job.failed", data={"error": error.to_dict()}, run=record.runs)
        await self._store.apply(record.job_id, failed)

    async def _reconcile(self, carriers: Collection[str]) -> None:
        """Bring records and engine together where carriers left them."""
        for carrier, record in await self._queue.carried_by(carriers):
            match await self._engine.state(record.run_id):
                case "unknown":  # taken on, but not begun
                    await self._queue.release(record.job_id, carrier)
                case "active":
                    log.info("job.resumed", job_id=record.job_id, stage=record.current_stage)
                case "done" | "dead":
                    await self._give_up(record)

    async def carry(self, run_id: str) -> None:
        """One run of the engine: the pipeline's function from start to end."""
        job_id, _ = job_of(run_id)
        self._carried[job_id] = run_id
        self._unwritten.pop(job_id, None)
        try:
            with patiently(PATIENCE_SECONDS):
                await self._carry(run_id, job_id)
        except NotFound:
            log.info("job.deleted", job_id=job_id)
        except Exception as error:
            self._cannot_write(job_id, error)
            raise
        finally:
            if self._carried.get(job_id) == run_id:
                del self._carried[job_id]
            self._bell.set()

    async def _carry(self, run_id: str, job_id: str) -> None:
        record = await self._store.get(job_id)
        if record.status.final or record.run_id != run_id:  # cancelled while nobody carried
            await self._stages.release_unwanted()
            return
        await self._queue.take(job_id)
        patience = self._pipelines[record.pipeline].patience
        with (
            deadline(self._capacity.timeout.total_seconds() * patience),
            continue_trace(record.traceparent),
            job_span(job_id, record.pipeline),
        ):
            end = await self._end_of(record)
        await self._engine.step("end", lambda: self._told(job_id, end))

    async def _end_of(self, record: JobRecord) -> Event:
        """How the job ends: its result, or the error that stopped it."""
        pipeline = self._pipelines[record.pipeline]
        run = _Run(record, self._engine, self._stages)
        try:
            result = await pipeline.function(run, pipeline.request.model_validate(record.request))
        except BatutaError as error:
            return Event(kind="job.failed", data={"error": error.to_dict()}, run=record.runs)
        except Exception as error:
            log.exception("job.broken", job_id=record.job_id, pipeline=record.pipeline)
            broken = BatutaError(f"{type(error).__name__}: {error}")
            return Event(kind="job.failed", data={"error": broken.to_dict()}, run=record.runs)
        told = {"result": result.model_dump(mode="json")}
        return Event(kind="job.completed", data=told, run=record.runs)

    def _cannot_write(self, job_id: str, error: Exception) -> None:
        why = f"the end of the job cannot be written: {' '.join(str(error).split())}"
        self._unwritten.setdefault(job_id, (time.monotonic(), why))

    async def _told(self, job_id: str, event: Event) -> None:
        """Write how the job ended, as often as it takes: a run that is over is not looked at again."""
        while True:
            try:
                record = await self._store.apply(job_id, event)
            except StorageError as error:
                log.warning("job.end_not_written", job_id=job_id, cause=str(error))
                self._cannot_write(job_id, error)
                await asyncio.sleep(WATCH_SECONDS)
            else:
                self._unwritten.pop(job_id, None)
                if event.kind == "job.failed":
                    await self._stages.release_unwanted()
                if record.updated_at == event.at:  # it was this that ended it
                    failure = {"error": event.data["error"]} if "error" in event.data else {}
                    log.info(event.kind, job_id=job_id, **failure)
                    job_finished(event.kind.removeprefix("job."))
                return


class _Run:
    """One job's way through its pipeline, on the engine."""

    def __init__(self, record: JobRecord, engine: Engine, stages: Stages) -> None:
        self.job_id = record.job_id
        self._run_id = record.run_id
        self.again = record.again
        self._engine = engine
        self._stages = stages

    async def stage(self, name: str, order: Order[R]) -> R:
        """Submit and wait are two steps, so that a crash between them does not submit twice."""
        if name in self.again:
            order = order.model_copy(
                update={"again": " ".join(filter(None, (order.again, self.again[name])))}
            )
        with stage_span(self.job_id, name, order.work):
            submitted = await self._engine.step(
                f"{name}:submit", lambda: self._stages.submit(self._run_id, name, order)
            )
            execution = Execution.model_validate(submitted)
            if execution.result is not None:
                return order.result(execution.result)
            result = await self._engine.step(
                f"{name}:await", lambda: self._stages.collect(self._run_id, name, order, execution)
            )
            return order.result(result)
