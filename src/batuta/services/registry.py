"""The jobs of one service: accepted once, done once, remembered.

A job's id is the hash of its order and the service's version, so the same work asked for twice is the same
job, and nobody is ever handed another's result because two files had one name. Jobs outlive the process: what
was accepted and not finished is done again after a restart.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import structlog
from pydantic import BaseModel, ConfigDict, Field

from batuta.errors import BatutaError, DeadlineExceeded, ErrorDict, NotFound, from_dict
from batuta.jobs.orders import Order
from batuta.services.work import Made, Service
from batuta.storage.artefacts import Artefact, ArtefactStore, as_local_file
from batuta.storage.database import Database, UtcDateTime, metadata

ID_LENGTH: Final = 32

_jobs = sa.Table(
    "service_jobs",
    metadata,
    sa.Column("service", sa.String(64), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("job", sa.Text, nullable=False),
)

log = structlog.get_logger()


class ServiceStatus(StrEnum):
    """The words of the protocol."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether the job is over."""
        return self in {ServiceStatus.COMPLETED, ServiceStatus.FAILED}


class ServiceJob(BaseModel):
    """One order, from acceptance to its file."""

    model_config = ConfigDict(frozen=True)

    id: str
    order: dict[str, Any]
    status: ServiceStatus = ServiceStatus.QUEUED
    progress: float = 0.0
    runs: int = 0
    """How often the work was begun."""
    filename: str | None = None
    artefact: Artefact | None = None
    details: dict[str, Any] = Field(default_factory=dict)
    error: ErrorDict | None = None
    created_at: dt.datetime
    completed_at: dt.datetime | None = None


class ServiceJobs:
    """Accepts, does and remembers the jobs of one service."""

    def __init__(
        self,
        service: Service,
        database: Database,
        artefacts: ArtefactStore,
        workspaces: Path,
        timeout: dt.timedelta,
    ) -> None:
        """`workspaces` is a folder for files being made; `timeout` is what one order may take."""
        self.service = service
        self.artefacts = artefacts
        self._database = database
        self._workspaces = workspaces
        self._timeout = timeout
        self._running: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, float] = {}
        self._places = asyncio.Semaphore(service.concurrency)

    async def launch(self) -> None:
        """Go on with what an earlier process accepted and did not finish."""
        self._workspaces.mkdir(parents=True, exist_ok=True)
        for job in await self.all():
            if not job.status.final:
                self._set_going(job)

    async def aclose(self) -> None:
        """Stop at once; unfinished jobs are done again after the next launch."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.service.aclose()

    async def accept(self, order: Order[Any]) -> ServiceJob:
        """The job that does this order: a new one, the one under way, or the finished one."""
        job_id = order.key(self.service.version)[:ID_LENGTH]
        known = await self._find(job_id)
        if known is not None and await self._is_of_use(known):
            return known
        job = ServiceJob(id=job_id, order=order.model_dump(mode="json"), created_at=_now())
        await self._save(job)
        self._set_going(job)
        return job

    async def get(self, job_id: str) -> ServiceJob:
        """The job with its newest progress; raises `NotFound`."""
        job = await self._find(job_id)
        if job is None:
            raise NotFound(f"{self.service.name} has no job {job_id!r}")
        return job.model_copy(update={"progress": self._progress.get(job_id, job.progress)})

    async def wait(self, job_id: str, seconds: float) -> ServiceJob:
        """The job once it is over, or after so many seconds as it then is."""
        task = self._running.get(job_id)
        if task is not None:
            await asyncio.wait({task}, timeout=seconds)
        return await self.get(job_id)

    async def all(self, limit: int = 1000) -> list[ServiceJob]:
        """The newest jobs first."""
        query = (
            sa.select(_jobs.c.job)
            .where(_jobs.c.service == self.service.name)
            .order_by(_jobs.c.updated_at.desc())
            .limit(limit)
        )
        async with self._database.connect() as connection:
            rows = await connection.execute(query)
            return [ServiceJob.model_validate_json(row.job) for row in rows]

    async def remove(self, job_id: str) -> None:
        """Stop the job and forget it; raises `NotFound`."""
        job = await self.get(job_id)
        await self._stop(job_id)
        await self._forget(job)

    async def clean(self, older_than: dt.timedelta) -> int:
        """Forget finished jobs older than this, with their files; how many."""
        cutoff = _now() - older_than
        old = [job for job in await self.all(limit=100_000) if job.status.final and job.created_at <= cutoff]
        for job in old:
            await self._forget(job)
            if job.artefact is not None:
                await self.artefacts.delete(job.artefact)
        return len(old)

    def _set_going(self, job: ServiceJob) -> None:
        if job.id in self._running:
            return
        task = asyncio.create_task(self._do(job), name=f"{self.service.name}:{job.id}")
        self._running[job.id] = task
        task.add_done_callback(lambda _: self._running.pop(job.id, None))

    async def _do(self, job: ServiceJob) -> None:
        async with self._places:
            job = job.model_copy(update={"status": ServiceStatus.PROCESSING, "runs": job.runs + 1})
            await self._save(job)
            try:
                async with asyncio.timeout(self._timeout.total_seconds()):
                    end = await self._perform(job)
            except TimeoutError:
                late = DeadlineExceeded(f"{self.service.name} stopped the work after {self._timeout}")
                end = {"status": ServiceStatus.FAILED, "error": late.to_dict()}
            except BatutaError as error:
                end = {"status": ServiceStatus.FAILED, "error": error.to_dict()}
            except Exception as error:
                log.exception("service.broken", service=self.service.name, job_id=job.id)
                broken = BatutaError(f"{type(error).__name__}: {error}")
                end = {"status": ServiceStatus.FAILED, "error": broken.to_dict()}
            self._progress.pop(job.id, None)
            await self._save(job.model_copy(update={**end, "completed_at": _now()}))

    async def _perform(self, job: ServiceJob) -> dict[str, Any]:
        """Do the order in a folder of its own, which is gone afterwards."""
        order = self.service.order.model_validate(job.order)
        workspace = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._workspaces))
        try:
            async with AsyncExitStack() as stack:
                files = {
                    name: await stack.enter_async_context(as_local_file(self.artefacts, artefact, workspace))
                    for name, artefact in order.files.items()
                }
                made = await self.service.perform(order, files, workspace, self._teller(job.id))
            return await self._completed(made)
        finally:
            await asyncio.to_thread(shutil.rmtree, workspace, ignore_errors=True)

    async def _completed(self, made: Made) -> dict[str, Any]:
        artefact = (
            made.file
            if isinstance(made.file, Artefact)
            else await self.artefacts.put_file(made.file, made.media_type)
        )
        return {
            "status": ServiceStatus.COMPLETED,
            "progress": 100.0,
            "artefact": artefact,
            "filename": made.filename,
            "details": dict(made.details),
        }

    def _teller(self, job_id: str) -> Callable[[float], None]:
        def tell(percent: float) -> None:
            self._progress[job_id] = max(self._progress.get(job_id, 0.0), min(percent, 100.0))

        return tell

    async def _is_of_use(self, job: ServiceJob) -> bool:
        """Whether the job answers a new equal order: under way, or finished with its file still here."""
        if job.status is ServiceStatus.COMPLETED:
            expired = self._is_expired(job)
            return not expired and job.artefact is not None and await self.artefacts.has(job.artefact)
        return job.id in self._running

    def _is_expired(self, job: ServiceJob) -> bool:
        lifetime = self.service.order.lifetime
        return lifetime is not None and job.created_at < _now() - lifetime

    async def _stop(self, job_id: str) -> None:
        task = self._running.get(job_id)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._progress.pop(job_id, None)

    async def _find(self, job_id: str) -> ServiceJob | None:
        query = sa.select(_jobs.c.job).where(_jobs.c.service == self.service.name, _jobs.c.id == job_id)
        async with self._database.connect() as connection:
            text = (await connection.execute(query)).scalar_one_or_none()
        return None if text is None else ServiceJob.model_validate_json(text)

    async def _save(self, job: ServiceJob) -> None:
        values = {
            "status": str(job.status),
            "updated_at": _now(),
            "job": json.dumps(job.model_dump(mode="json"), separators=(",", ":")),
        }
        here = sa.and_(_jobs.c.service == self.service.name, _jobs.c.id == job.id)
        async with self._database.begin() as connection:
            updated = await connection.execute(_jobs.update().where(here).values(**values))
            if updated.rowcount == 0:
                await connection.execute(
                    _jobs.insert().values(service=self.service.name, id=job.id, **values)
                )

    async def _forget(self, job: ServiceJob) -> None:
        here = sa.and_(_jobs.c.service == self.service.name, _jobs.c.id == job.id)
        async with self._database.begin() as connection:
            await connection.execute(_jobs.delete().where(here))


def error_of(job: ServiceJob) -> BatutaError | None:
    """The job's error as the class it was."""
    return None if job.error is None else from_dict(job.error)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
