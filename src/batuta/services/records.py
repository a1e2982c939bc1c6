"""The records of one service's jobs: what was asked, where it is, what came of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from batuta.errors import ErrorDict
from batuta.storage.artefacts import Artefact
from batuta.storage.database import Database, UtcDateTime, metadata

_HASH: Final = re.compile(r'"([0-9a-f]{64})"')

_jobs = sa.Table(
    "service_jobs",
    metadata,
    sa.Column("service", sa.String(200), primary_key=True),
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("job", sa.Text, nullable=False),
)


_select = sa.select(_jobs.c.job)
MENTIONS: Final = _select
"""Every text of these records that may mention a file."""


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
    owned: tuple[Artefact, ...] = ()
    """Files uploaded or made for this job: they go when it goes. A reference it was given is not its own."""
    error: ErrorDict | None = None
    created_at: dt.datetime
    completed_at: dt.datetime | None = None


class ServiceRecords:
    """The records of one service, in the database it may share with others."""

    def __init__(self, service: str, database: Database) -> None:
        self._service = service
        self._name = service.partition("@")[0]
        self._database = database
        self._ours = _jobs.c.service == service

    async def newest(self, limit: int) -> list[ServiceJob]:
        """The newest jobs first."""
        return await self._load(_select.where(self._ours).order_by(_jobs.c.updated_at.desc()).limit(limit))

    async def final(self, *, final: bool) -> list[ServiceJob]:
        """The jobs that are over, or those that are not."""
        statuses = [str(status) for status in ServiceStatus if status.final is final]
        return await self._load(_select.where(self._ours, _jobs.c.status.in_(statuses)))

    async def all(self) -> list[ServiceJob]:
        """Every job."""
        return await self._load(_select.where(self._ours))

    async def find(self, job_id: str) -> ServiceJob | None:
        """The job with this id."""
        found = await self._load(_select.where(self._ours, _jobs.c.id == job_id))
        return found[0] if found else None

    async def count(self) -> dict[ServiceStatus, int]:
        """How many jobs are in each status."""
        jobs = sa.func.count().label("jobs")
        query = sa.select(_jobs.c.status, jobs).where(self._ours).group_by(_jobs.c.status)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        found = {row.status: row.jobs for row in rows}
        return {status: found.get(str(status), 0) for status in ServiceStatus}

    async def bytes_kept(self) -> int:
        """How many bytes the files of the jobs take."""
        jobs = await self._load(_select.where(self._ours))
        return sum({file.sha256: file.size for job in jobs for file in job.owned}.values())

    async def insert(self, job: ServiceJob) -> None:
        """Keep a new job, in the place of an earlier one with its id."""
        values = {"service": self._service, "id": job.id, **_columns(job)}

        def replace(connection: sa.Connection) -> None:
            connection.execute(_jobs.delete().where(self._is(job)))
            connection.execute(_jobs.insert().values(**values))

        await self._database.write(replace)

    async def update(self, job: ServiceJob) -> bool:
        """Whether there still was such a job: one that was forgotten stays forgotten."""
        update = _jobs.update().where(self._is(job)).values(**_columns(job))
        return await self._database.write(lambda connection: connection.execute(update).rowcount > 0)

    async def delete(self, jobs: Iterable[ServiceJob]) -> None:
        """Forget the jobs, all or none."""

        def delete(connection: sa.Connection) -> None:
            for job in jobs:
                connection.execute(_jobs.delete().where(self._is(job)))

        await self._database.write(delete)

    async def forget_other_instances(self, before: dt.datetime) -> None:
        """Forget what processes that are gone by now have left, untouched since before this."""
        theirs = sa.and_(_jobs.c.service.startswith(f"{self._name}@", autoescape=True), ~self._ours)
        old = _jobs.delete().where(theirs, _jobs.c.updated_at < before)
        await self._database.write(lambda connection: connection.execute(old))

    async def unmentioned(self, files: Iterable[Artefact]) -> list[Artefact]:
        """Those of the files that no job of any service mentions."""
        unwanted = {file.sha256: file for file in files}

        def without_mentioned(connection: sa.Connection) -> list[Artefact]:
            for row in connection.execute(sa.select(_jobs.c.job)):
                for sha256 in _HASH.findall(row.job):
                    unwanted.pop(sha256, None)
            return list(unwanted.values())

        return await self._database.read(without_mentioned) if unwanted else []

    async def _load(self, query: sa.Select[tuple[str]]) -> list[ServiceJob]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [ServiceJob.model_validate_json(row.job) for row in rows]

    def _is(self, job: ServiceJob) -> sa.ColumnElement[bool]:
        return sa.and_(self._ours, _jobs.c.id == job.id)


def _columns(job: ServiceJob) -> dict[str, Any]:
    return {"status": str(job.status), "updated_at": dt.datetime.now(dt.UTC), "job": job.model_dump_json()}
