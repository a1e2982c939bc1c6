"""Jobs: start one, watch it, cancel it, try it again. Carriers bring it to its end; the record says how."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from batuta.errors import Conflict, InvalidRequest
from batuta.ids import content_key, new_job_id
from batuta.jobs.carrier import Capacity, Carrier, Companion, carrier_name
from batuta.jobs.engine import Engine
from batuta.jobs.journal import Execution, Journal
from batuta.jobs.leases import Leases
from batuta.jobs.orders import LocalWorker, Worker
from batuta.jobs.pipelines import Pipeline
from batuta.jobs.places import Places
from batuta.jobs.queue import Queue
from batuta.jobs.records import Event, JobRecord, JobStatus, StageRecord
from batuta.jobs.stages import Stages
from batuta.jobs.store import JobStore, Listing, OnEnd
from batuta.storage.artefacts import ArtefactStore
from batuta.storage.database import Database
from batuta.telemetry.metrics import job_finished


@dataclass(frozen=True)
class Terms:
    """On what terms a job is taken on; none of it changes what the job gives."""

    owner: str = ""
    """The API key that asks; jobs are shared out fairly between owners."""
    priority: int = 0
    """Higher goes first among the owner's jobs."""
    callback_url: str | None = None
    reference: str | None = None
    idempotency_key: str | None = None
    traceparent: str | None = None


ANYBODY: Final = Terms()
DEFAULT_CAPACITY: Final = Capacity()


class Jobs:
    """The jobs of one database."""

    def __init__(
        self,
        *,
        folder: Path,
        database: Database,
        artefacts: ArtefactStore,
        workers: Mapping[str, Worker],
        pipelines: Sequence[Pipeline[Any, Any]],
        companions: Sequence[Companion] = (),
        capacity: Capacity = DEFAULT_CAPACITY,
        on_end: OnEnd | None = None,
    ) -> None:
        """`companions` are launched with the jobs, in the process that carries them.

        `on_end` is called in the transaction in which a job ends.
        """
        name = capacity.name or carrier_name(database)
        self.store = JobStore(database, on_end)
        self.queue = Queue(database, name)
        self.journal = Journal(database, name)
        self._places = Places(database, name, capacity.limits)
        self._stages = Stages(
            self.store, self.journal, artefacts, workers, self._places, capacity.stall_seconds, name
        )
        self._near = [worker for worker in workers.values() if isinstance(worker, LocalWorker)]
        self._pipelines = {line.name: line for line in pipelines}
        self._carrier = Carrier(
            Engine(folder, self._carry, url=database.url, carrier=name),
            self.store,
            self.queue,
            self._stages,
            pipelines,
            companions,
            capacity,
            Leases(database, name, capacity.lease_seconds) if database.is_shared else None,
        )

    async def launch(self, *, standby: bool = False) -> None:
        """Go on with every unfinished job.

        When another process has the folder this raises `Conflict`; on `standby` that process does the work,
        and this one takes over when it is gone.
        """
        await self._carrier.launch(standby=standby)

    async def aclose(self) -> None:
        """Stop at once; unfinished jobs go on at the next launch."""
        await self._carrier.aclose()
        await self._stages.aclose()
        await self._places.aclose()
        for worker in self._near:
            await worker.aclose()

    @property
    def carried(self) -> int:
        """How many jobs this process carries now."""
        return self._carrier.carried

    async def start(
        self,
        pipeline: Pipeline[Any, Any],
        request: BaseModel,
        *,
        terms: Terms = ANYBODY,
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
            owner=terms.owner,
            priority=terms.priority,
            callback_url=terms.callback_url,
            reference=terms.reference,
            traceparent=terms.traceparent,
            stages={name: StageRecord(weight=weight) for name, weight in pipeline.stages(request).items()},
            created_at=now,
            updated_at=now,
        )
        kept = await self.store.add(
            record,
            reuse_after=now - reuse_within if reuse_within else None,
            idempotency_key=terms.idempotency_key,
        )
        if kept.job_id == record.job_id:
            self._carrier.start(record.job_id)
        return kept

    async def get(self, job_id: str) -> JobRecord:
        """The record; raises `NotFound`."""
        return await self.store.get(job_id)

    async def newest(self, pipeline: Pipeline[Any, Any], listing: Listing) -> list[JobRecord]:
        """The newest records first."""
        return await self.store.newest(pipeline.name, listing)

    async def count(self, pipeline: Pipeline[Any, Any], owner: str | None = None) -> dict[JobStatus, int]:
        """How many jobs of the pipeline, or of one owner, are in each status."""
        return await self.store.count(pipeline.name, owner)

    def follow(self, job_id: str, after: int = 0) -> AsyncIterator[Event]:
        """The job's events above `after` in order, up to its end; `StorageError` if it cannot be written."""
        return self.store.follow(job_id, after, lambda: self._carrier.raise_if_stuck(job_id))

    async def wait(self, job_id: str, seconds: float | None = None) -> JobRecord:
        """The record once the job is over, or after so many seconds, as it then is."""
        try:
            async with asyncio.timeout(seconds):
                await self.store.ended(job_id, lambda: self._carrier.raise_if_stuck(job_id))
        except TimeoutError:
            pass
        return await self.store.get(job_id)

    async def cancel(self, job_id: str) -> JobRecord:
        """Stop the job and the work only it waits for; a finished job stays as it is."""
        record = await self.store.apply(job_id, Event(kind="job.cancelled"))
        if record.status is JobStatus.CANCELLED:
            job_finished("cancelled")
            await self._carrier.cancel(record)
        return record

    async def retry(
        self, job_id: str, request: BaseModel, *, stage: str | None = None, same: str | None = None
    ) -> JobRecord:
        """Set a finished job going again, with this request; what is not stale is a lookup.

        With `stage`, that one and all later ones are done again in any case. Raises `Conflict` for a job that
        is not over, `InvalidRequest` for an unknown stage.
        """
        record = await self.store.get(job_id)
        if not record.status.final:
            raise Conflict(f"job {job_id} is {record.status}: cancel it, or wait for its end")
        names = list(record.stages)
        if stage is not None and stage not in names:
            raise InvalidRequest(f"from: there is no stage {stage!r}; the stages are {', '.join(names)}")
        later = [] if stage is None else names[names.index(stage) :]
        body = request.model_dump(mode="json")
        data = {
            "request": body,
            "dedupe_key": same or content_key(record.pipeline, body),
            "stages": dict(self._pipelines[record.pipeline].stages(request)),
            "again": dict.fromkeys(later, f"{job_id}.{record.runs + 1}"),
        }
        event = Event(kind="job.retried", data=data, run=record.runs)
        retried = await self.store.apply(job_id, event)
        if retried.updated_at != event.at:
            raise Conflict(f"job {job_id} was taken up by another request at the same time")
        self._carrier.start(job_id)
        return retried

    async def delete(self, job_id: str) -> None:
        """Stop the job and forget it, and what it alone began; raises `NotFound`."""
        await self.cancel(job_id)
        await self.store.delete([job_id])
        await self._carrier.release()

    async def executions(self, job_id: str) -> list[Execution]:
        """The stage journal of a job: what it began, each once."""
        return await self.journal.of_job(job_id)

    async def _carry(self, run_id: str) -> None:
        await self._carrier.carry(run_id)
