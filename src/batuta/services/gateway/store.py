"""The table of dubbing jobs, and of the uploads on their way to become one.

An upload is a row before its first byte is stored: it keeps its key from others, and whatever happens to the
upload somebody will find the object. The row turns into the job, or is given up, but never both.
A job is an outbox, too: `announced_at` says whether somebody has been told to work on it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from batuta.errors import StorageError
from batuta.services.gateway.keys import source_key
from batuta.services.gateway.models import Job, JobChange, JobError, JobStatus
from batuta.services.gateway.moves import changed
from batuta.services.gateway.refusals import JobNotFound
from batuta.storage.database import Database, UtcDateTime, metadata

MAX_ID: Final = 2**31 - 1
"""What the column holds; a larger number is no job's."""

_ABANDONED: Final = dt.timedelta(hours=24)
"""An upload that has not become a job for so long was left by a killed process."""
_TRIES: Final = 1000
_MILLISECOND: Final = dt.timedelta(milliseconds=1)

jobs = sa.Table(
    "dub_jobs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("source_object_key", sa.Text, nullable=False),
    sa.Column("output_object_key", sa.Text),
    sa.Column("target_language", sa.String(35), nullable=False),
    sa.Column("options_json", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("progress", sa.Integer, nullable=False),
    sa.Column("estimated_time_remaining", sa.Integer),
    sa.Column("activity", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("announced_at", UtcDateTime),
    sa.Index("dub_jobs_by_source", "source_object_key", unique=True),
    sa.Index("dub_jobs_by_owner", "owner", "id"),
    sa.Index("dub_jobs_unannounced", "announced_at", "id"),
    sqlite_autoincrement=True,  # a number is never given twice: outputs are named by it
)

uploads = sa.Table(
    "dub_uploads",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("given_up", sa.Boolean, nullable=False),
)

_SHOWN: Final = [column for column in jobs.c if column.name != "announced_at"]

Now = Callable[[], dt.datetime]


class DubJobs:
    """Every job of the gateway; methods raise `JobNotFound` for an id that is none."""

    def __init__(self, database: Database, *, now: Now = lambda: dt.datetime.now(dt.UTC)) -> None:
        self._database = database
        self._now = now

    async def reserve(self, filename: str) -> str:
        """A key for an upload that nobody else has, or had: the time, and what is left of the name."""
        began = self._now()

        def reserve(connection: sa.Connection) -> str:
            for later in range(_TRIES):
                moment = began + later * _MILLISECOND
                key = source_key(int(moment.timestamp() * 1000), filename)
                taken = sa.select(sa.literal(1)).where(jobs.c.source_object_key == key)
                row = {"key": key, "created_at": began, "given_up": False}
                if connection.scalar(taken) is None and _insert(connection, uploads, row):
                    return key
            raise StorageError(f"{_TRIES} videos of that name arrive at once: try again")

        return await self._database.write(reserve)

    async def create(self, key: str, *, owner: str, target_language: str, options_json: str) -> Job:
        """The job that the upload becomes; its number is larger than that of every job before.

        Raises `StorageError` for an upload that was given up meanwhile.
        """
        now = self._now()
        row = {
            "owner": owner,
            "source_object_key": key,
            "target_language": target_language,
            "options_json": options_json,
            "status": JobStatus.QUEUED.value,
            "progress": 0,
            "created_at": now,
            "updated_at": now,
        }

        def create(connection: sa.Connection) -> Job:
            open_upload = sa.and_(uploads.c.key == key, uploads.c.given_up == sa.false())
            if connection.execute(uploads.delete().where(open_upload)).rowcount:
                connection.execute(jobs.insert().values(row))
            query = sa.select(*_SHOWN).where(jobs.c.source_object_key == key)
            found = connection.execute(query).mappings().first()
            if found is None:
                raise StorageError(f"the upload {key!r} took too long and was given up: send it again")
            return _job(found)

        return await self._database.write(create)

    async def give_up(self, key: str) -> bool:
        """Whether the upload's object is nobody's now: False where it has become a job after all."""

        def give_up(connection: sa.Connection) -> bool:
            update = uploads.update().where(uploads.c.key == key).values(given_up=True)
            return connection.execute(update).rowcount > 0

        return await self._database.write(give_up)

    async def forget_upload(self, key: str) -> None:
        """The object of an upload that was given up is deleted."""
        row = sa.and_(uploads.c.key == key, uploads.c.given_up == sa.true())
        await self._database.write(lambda connection: connection.execute(uploads.delete().where(row)))

    async def abandoned(self, limit: int = 100) -> list[str]:
        """Keys of uploads that were given up, or left by killed processes."""
        old = uploads.c.created_at < self._now() - _ABANDONED
        query = sa.select(uploads.c.key).where(sa.or_(uploads.c.given_up == sa.true(), old)).limit(limit)
        return await self._database.read(lambda connection: list(connection.scalars(query)))

    async def get(self, job_id: int) -> Job:
        """The job."""
        return await self._database.read(lambda connection: _get(connection, job_id))

    async def patch(self, job_id: int, change: JobChange) -> Job:
        """The job after the change; raises as `moves.changed`, and then nothing has changed."""
        now = self._now()

        def patch(connection: sa.Connection) -> Job:
            job = changed(_get(connection, job_id, locked=True), change, now)
            connection.execute(jobs.update().where(jobs.c.id == job_id).values(_state(job)))
            return job

        return await self._database.write(patch)

    async def forget_output(self, job_id: int) -> Job:
        """The job without its output, whose object is deleted."""

        def forget(connection: sa.Connection) -> Job:
            values = {"output_object_key": None, "updated_at": self._now()}
            connection.execute(jobs.update().where(jobs.c.id == job_id).values(values))
            return _get(connection, job_id)

        return await self._database.write(forget)

    async def delete(self, job_id: int) -> None:
        """Forget the job, if there is one."""
        await self._database.write(
            lambda connection: connection.execute(jobs.delete().where(jobs.c.id == job_id))
        )

    async def newest(self, limit: int, *, owner: str | None = None, before: int | None = None) -> list[Job]:
        """The newest first, of one owner or of all, those before a number."""
        query = sa.select(*_SHOWN).order_by(jobs.c.id.desc()).limit(limit)
        query = query if owner is None else query.where(jobs.c.owner == owner)
        query = query if before is None else query.where(jobs.c.id < before)
        return await self._listed(query)

    async def count(self, *, owner: str | None = None) -> int:
        """How many there are."""
        query = sa.select(sa.func.count()).select_from(jobs)
        query = query if owner is None else query.where(jobs.c.owner == owner)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def unannounced(self, *, older_than: dt.timedelta = dt.timedelta(), limit: int = 100) -> list[Job]:
        """Jobs nobody has been told of, the oldest first."""
        query = (
            sa.select(*_SHOWN)
            .where(jobs.c.announced_at.is_(None), jobs.c.status == JobStatus.QUEUED.value)
            .where(jobs.c.created_at <= self._now() - older_than)
            .order_by(jobs.c.id)
            .limit(limit)
        )
        return await self._listed(query)

    async def announced(self, job_id: int) -> None:
        """Somebody has been told."""
        update = jobs.update().where(jobs.c.id == job_id).values(announced_at=self._now())
        await self._database.write(lambda connection: connection.execute(update))

    async def _listed(self, query: sa.Select[Any]) -> list[Job]:
        return await self._database.read(
            lambda connection: [_job(row) for row in connection.execute(query).mappings()]
        )


def _get(connection: sa.Connection, job_id: int, *, locked: bool = False) -> Job:
    query = sa.select(*_SHOWN).where(jobs.c.id == job_id)
    row = None
    if 0 < job_id <= MAX_ID:
        row = connection.execute(query.with_for_update() if locked else query).mappings().first()
    if row is None:
        raise JobNotFound(f"there is no job {job_id}")
    return _job(row)


def _job(row: sa.RowMapping) -> Job:
    error = row["error"]
    return Job.model_validate({**row, "error": error and JobError.model_validate_json(error)})


def _state(job: Job) -> dict[str, object]:
    """The columns that a change may have changed."""
    return {
        "status": job.status.value,
        "progress": job.progress,
        "output_object_key": job.output_object_key,
        "estimated_time_remaining": job.estimated_time_remaining,
        "activity": job.activity,
        "error": None if job.error is None else job.error.model_dump_json(),
        "updated_at": job.updated_at,
    }


def _insert(connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> bool:
    """Whether the row is new."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(table).values(row).on_conflict_do_nothing().returning(sa.literal(1))
    return connection.scalar(statement) is not None
