"""Where job records and their events are kept; the only thing reads touch."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from typing import Any, Final
from weakref import WeakValueDictionary

import sqlalchemy as sa

from batuta.errors import NotFound
from batuta.jobs.records import ENDS, Event, JobRecord, JobStatus, evolve
from batuta.storage.database import Database, UtcDateTime, metadata

_jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("job_id", sa.String(64), primary_key=True),
    sa.Column("pipeline", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("dedupe_key", sa.String(64)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Index("jobs_newest", "pipeline", "created_at"),
    sa.Index("jobs_same", "dedupe_key"),
    sa.Index("jobs_state", "status"),
)
_events = sa.Table(
    "job_events",
    metadata,
    sa.Column("job_id", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
)

QUEUE_LOOK: Final = 100
"""How many waiting jobs are looked at in one go."""
ACTIVE: Final = (JobStatus.QUEUED, JobStatus.RUNNING)


class JobStore:
    """Job records in the database; whoever waits in this process is woken by every change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiters: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    async def add(self, record: JobRecord, *, reuse_after: dt.datetime | None = None) -> JobRecord:
        """Keep a new job and give it back.

        With `reuse_after`, a job with the same `dedupe_key` made since then that has not failed is given back
        instead and nothing is kept.
        """

        def find_or_insert(connection: sa.Connection) -> JobRecord:
            if reuse_after is not None and record.dedupe_key is not None:
                same = _newest_same(connection, record.dedupe_key, reuse_after)
                if same is not None:
                    return same
            connection.execute(_jobs.insert().values(**_row(record)))
            return record

        return await self._database.write(find_or_insert)

    async def get(self, job_id: str) -> JobRecord:
        """The record; raises `NotFound`."""
        return await self._database.read(lambda connection: _load(connection, job_id))

    async def newest(
        self, pipeline: str, *, limit: int = 50, statuses: Sequence[JobStatus] = ()
    ) -> list[JobRecord]:
        """The newest records first."""
        query = sa.select(_jobs.c.record).where(_jobs.c.pipeline == pipeline)
        if statuses:
            query = query.where(_jobs.c.status.in_([str(status) for status in statuses]))
        return await self._records(query.order_by(_jobs.c.created_at.desc(), _jobs.c.job_id).limit(limit))

    async def count(self, pipeline: str) -> int:
        """How many jobs of the pipeline are kept."""
        query = sa.select(sa.func.count()).select_from(_jobs).where(_jobs.c.pipeline == pipeline)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())

    async def unfinished(self) -> list[JobRecord]:
        """Every job that is queued or running, oldest first."""
        active = [str(status) for status in ACTIVE]
        return await self._records(
            sa.select(_jobs.c.record).where(_jobs.c.status.in_(active)).order_by(_jobs.c.created_at)
        )

    async def queued(self) -> list[str]:
        """The ids of the jobs that wait to be set going, oldest first."""
        waiting = _jobs.c.status == str(JobStatus.QUEUED)
        return await self._ids(
            sa.select(_jobs.c.job_id).where(waiting).order_by(_jobs.c.created_at).limit(QUEUE_LOOK)
        )

    async def cancelled(self, job_ids: Collection[str]) -> list[str]:
        """Those of the jobs that are cancelled."""
        if not job_ids:
            return []
        cancelled = _jobs.c.status == str(JobStatus.CANCELLED)
        return await self._ids(sa.select(_jobs.c.job_id).where(cancelled, _jobs.c.job_id.in_(job_ids)))

    async def apply(self, job_id: str, *events: Event) -> JobRecord:
        """Let the events happen to the job, in one transaction; those that change nothing are not kept."""

        def happen(connection: sa.Connection) -> JobRecord:
            record = _load(connection, job_id)
            kept: list[Event] = []
            for event in events:
                changed = evolve(record, event)
                if changed is not record:
                    kept.append(event.model_copy(update={"seq": changed.seq}))
                record = changed
            if kept:
                _save(connection, record, kept)
            return record

        record = await self._database.write(happen)
        self._wake(job_id)
        return record

    async def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """The job's events with a sequence number above `after`, in order."""
        query = (
            sa.select(_events.c.event)
            .where(_events.c.job_id == job_id, _events.c.seq > after)
            .order_by(_events.c.seq)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Event.model_validate_json(row.event) for row in rows]

    async def follow(
        self, job_id: str, after: int = 0, check: Callable[[], None] | None = None
    ) -> AsyncIterator[Event]:
        """The job's events above `after`, kept ones first, then as they happen, up to the job's end.

        While nothing happens `check` is called now and then, and may raise.
        """
        record = await self.get(job_id)
        ended = record.status.final and after >= record.seq
        while not ended:
            waiter = self._waiters.setdefault(
                job_id, asyncio.Event()
            )  # before reading: nothing slips between
            events = await self.events(job_id, after)
            for event in events:
                after = event.seq
                ended = event.kind in ENDS
                yield event
            if not events:
                await _wait_a_while(waiter)
                if check is not None:
                    check()

    def _wake(self, job_id: str) -> None:
        waiter = self._waiters.pop(job_id, None)
        if waiter is not None:
            waiter.set()

    async def _records(self, query: sa.Select[tuple[str]]) -> list[JobRecord]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [JobRecord.model_validate_json(row.record) for row in rows]

    async def _ids(self, query: sa.Select[tuple[str]]) -> list[str]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [row.job_id for row in rows]


async def _wait_a_while(waiter: asyncio.Event) -> None:
    """Until woken, or for a second: another process may have changed the record."""
    try:
        await asyncio.wait_for(waiter.wait(), 1.0)
    except TimeoutError:
        return


def _load(connection: sa.Connection, job_id: str) -> JobRecord:
    query = sa.select(_jobs.c.record).where(_jobs.c.job_id == job_id)
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"there is no job {job_id!r}")
    return JobRecord.model_validate_json(text)


def _newest_same(connection: sa.Connection, key: str, since: dt.datetime) -> JobRecord | None:
    reusable = [str(status) for status in (*ACTIVE, JobStatus.COMPLETED)]
    query = (
        sa.select(_jobs.c.record)
        .where(_jobs.c.dedupe_key == key, _jobs.c.created_at > since, _jobs.c.status.in_(reusable))
        .order_by(_jobs.c.created_at.desc())
        .limit(1)
    )
    text = connection.execute(query).scalar_one_or_none()
    return None if text is None else JobRecord.model_validate_json(text)


def _save(connection: sa.Connection, record: JobRecord, events: Iterable[Event]) -> None:
    connection.execute(_jobs.update().where(_jobs.c.job_id == record.job_id).values(**_row(record)))
    rows = [{"job_id": record.job_id, "seq": event.seq, "event": event.model_dump_json()} for event in events]
    connection.execute(_events.insert(), rows)


def _row(record: JobRecord) -> dict[str, Any]:
    return {
        "job_id": record.job_id,
        "pipeline": record.pipeline,
        "status": str(record.status),
        "dedupe_key": record.dedupe_key,
        "created_at": record.created_at,
        "record": json.dumps(record.model_dump(mode="json"), separators=(",", ":")),
    }
