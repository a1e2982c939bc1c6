"""Where job records and their events are kept; the only thing reads touch."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

import sqlalchemy as sa

from batuta.cache import Gathered
from batuta.errors import NotFound
from batuta.jobs.bells import rung_within
from batuta.jobs.journal import Execution
from batuta.jobs.promises import promise, promised_job, promises_table
from batuta.jobs.records import ENDS, Event, JobRecord, JobStatus, StageStatus, evolve
from batuta.jobs.webhooks.deliveries import forget_jobs
from batuta.storage.database import Database, UtcDateTime, hold, metadata

jobs_table = sa.Table(
    "jobs",
    metadata,
    sa.Column("job_id", sa.String(64), primary_key=True),
    sa.Column("pipeline", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("stage", sa.String(64)),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("carrier", sa.String(128)),
    sa.Column("dedupe_key", sa.String(64)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("completed_at", UtcDateTime),
    sa.Column("heartbeat_at", UtcDateTime),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("record", sa.Text, nullable=False),
    sa.Index("jobs_newest", "pipeline", "created_at"),
    sa.Index("jobs_same", "dedupe_key"),
    sa.Index("jobs_state", "status"),
    sa.Index("jobs_counted", "pipeline", "owner", "status"),
)
"""`carrier` is the process that has taken the job on; it belongs to `jobs.queue`."""
events_table = sa.Table(
    "job_events",
    metadata,
    sa.Column("job_id", sa.String(64), primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
)
_DELETED_AT_ONCE: Final = 500
_EVENTS_AT_ONCE: Final = 1000
LOOK_SECONDS: Final = 1.0
"""How soon a change made by another process is seen by whoever waits for it."""
WAITING: Final = "waiting"
ACTIVE: Final = (JobStatus.QUEUED, JobStatus.RUNNING)
_ACTIVE: Final = jobs_table.c.status.in_([str(status) for status in ACTIVE])
AT_AN_END: Final = tuple(str(status) for status in JobStatus if status.final)


class OnEnd(Protocol):
    """Whoever is to know that a job has ended."""

    def within(self, connection: sa.Connection, record: JobRecord) -> None:
        """Called in the transaction in which the job ends, in a thread; perhaps a second time."""
        ...

    def afterwards(self) -> None:
        """Called once that is written."""
        ...


@dataclass(frozen=True)
class Listing:
    """Which jobs to list, newest first: the `limit` first ones after the place `before`."""

    limit: int = 50
    statuses: tuple[JobStatus, ...] = ()
    stages: tuple[str | None, ...] = ()
    """Of a running job: the stage it is at, `waiting` for one, or None between two; empty means any."""
    owner: str | None = None
    """None means everybody's."""
    before: tuple[dt.datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which work unfinished jobs wait for."""

    jobs: frozenset[str]
    """Unfinished jobs that began something."""
    work: frozenset[tuple[str, str]]
    """Stages, and the ids their work got."""

    def wants(self, execution: Execution) -> bool:
        """Whether anybody waits for it."""
        return execution.job_id in self.jobs or (execution.stage, execution.remote_id) in self.work


@dataclass(frozen=True, slots=True)
class Head:
    """The number of the last event that changed a record, whose job it is, and whether it is over."""

    seq: int
    owner: str
    final: bool


class JobStore:
    """Job records in the database; whoever waits in this process is woken by every change."""

    def __init__(self, database: Database, on_end: OnEnd | None = None) -> None:
        self._database = database
        self._on_end = on_end
        self._waiters: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._waiters_for_the_end: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._heads = Gathered(self._read_heads)
        self.changes = 0
        """Grows with every change made through this object."""

    async def add(
        self,
        record: JobRecord,
        *,
        reuse_after: dt.datetime | None = None,
        idempotency_key: str | None = None,
    ) -> JobRecord:
        """Keep a new job and give it back.

        With `reuse_after`, a job with the same `dedupe_key` made since then that has not failed is given back
        instead and nothing is kept. An `idempotency_key` seen before gives the job it was seen with, and
        `InvalidRequest` when that was another request
        (draft-ietf-httpapi-idempotency-key-header-07, section 2.7).
        """

        def find_or_insert(connection: sa.Connection) -> JobRecord:
            if idempotency_key is not None:
                promised = promised_job(connection, record, idempotency_key)
                if promised is not None:
                    return _load(connection, promised)
            kept = record
            if reuse_after is not None and record.dedupe_key is not None:
                hold(connection, f"same:{record.dedupe_key}")
                kept = _newest_same(connection, record.dedupe_key, reuse_after) or record
            if kept is record and not _is_kept(connection, record.job_id):
                connection.execute(jobs_table.insert().values(**_row(record)))
            if idempotency_key is not None:
                promise(connection, record, kept.job_id, idempotency_key)
            return kept

        found = await self._database.write(find_or_insert)
        self.changes += 1
        return found

    async def get(self, job_id: str) -> JobRecord:
        """The record; raises `NotFound`."""
        return await self._database.read(lambda connection: _load(connection, job_id))

    async def head(self, job_id: str) -> Head:
        """What decides whether the record is still the one somebody has seen; raises `NotFound`."""
        found = await self._heads.get(job_id)
        if found is None:
            raise NotFound(f"there is no job {job_id!r}")
        return found

    async def heartbeat(self, job_id: str) -> dt.datetime | None:
        """When a process last said that it carries the job."""
        query = sa.select(jobs_table.c.heartbeat_at).where(jobs_table.c.job_id == job_id)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def newest(self, pipeline: str, listing: Listing) -> list[JobRecord]:
        """The records of the listing."""
        table = jobs_table.c
        query = sa.select(table.record).where(table.pipeline == pipeline)
        if listing.statuses:
            query = query.where(table.status.in_([str(status) for status in listing.statuses]))
        if listing.stages:
            named = [stage for stage in listing.stages if stage is not None]
            between = table.stage.is_(None) if None in listing.stages else sa.false()
            query = query.where(sa.or_(table.stage.in_(named), between))
        if listing.owner is not None:
            query = query.where(table.owner == listing.owner)
        if listing.before is not None:
            created_at, job_id = listing.before
            earlier = sa.and_(table.created_at == created_at, table.job_id < job_id)
            query = query.where(sa.or_(table.created_at < created_at, earlier))
        newest_first = query.order_by(table.created_at.desc(), table.job_id.desc())
        return await self._records(newest_first.limit(listing.limit))

    async def count(self, pipeline: str | None = None, owner: str | None = None) -> dict[JobStatus, int]:
        """How many jobs are in each status: those of the pipeline, and of the owner, if one is given."""
        query = sa.select(jobs_table.c.status, sa.func.count().label("jobs"))
        if pipeline is not None:
            query = query.where(jobs_table.c.pipeline == pipeline)
        if owner is not None:
            query = query.where(jobs_table.c.owner == owner)
        grouped = query.group_by(jobs_table.c.status)
        rows = await self._database.read(lambda connection: connection.execute(grouped).all())
        found = {row.status: row.jobs for row in rows}
        return {status: found.get(str(status), 0) for status in JobStatus}

    async def unfinished(self) -> list[JobRecord]:
        """Every job that is queued or running, oldest first."""
        active = jobs_table.c.status.in_([str(status) for status in ACTIVE])
        return await self._records(
            sa.select(jobs_table.c.record).where(active).order_by(jobs_table.c.created_at)
        )

    async def wanted(self, job_ids: Collection[str]) -> Wanted:
        """Which work is waited for: by those of these jobs that are not over, and by any other."""
        table = jobs_table.c
        active = sa.select(table.job_id).where(table.job_id.in_(job_ids), _ACTIVE)
        running = sa.select(table.record).where(table.status == str(JobStatus.RUNNING))

        def look(connection: sa.Connection) -> tuple[frozenset[str], list[str]]:
            alive = frozenset(connection.execute(active).scalars())
            return alive, list(connection.execute(running).scalars())

        alive, texts = await self._database.read(look)
        records = [JobRecord.model_validate_json(text) for text in texts]
        return Wanted(alive, frozenset(work for record in records for work in _waited_for(record)))

    async def stood_on(self) -> list[str]:
        """The keys of results that running jobs stand on."""
        running = sa.select(jobs_table.c.record).where(jobs_table.c.status == str(JobStatus.RUNNING))
        records = await self._records(running)
        return [stage.key for record in records for stage in record.stages.values() if stage.key]

    async def cancelled(self, job_ids: Collection[str]) -> list[str]:
        """Those of the jobs that are cancelled, or were deleted."""
        asked = tuple(job_ids)  # the caller may add to them while we ask
        if not asked:
            return []
        query = sa.select(jobs_table.c.job_id).where(
            jobs_table.c.status != str(JobStatus.CANCELLED), jobs_table.c.job_id.in_(asked)
        )
        alive = await self._database.read(lambda connection: set(connection.execute(query).scalars()))
        return [job_id for job_id in asked if job_id not in alive]

    async def apply(self, job_id: str, *events: Event) -> JobRecord:
        """Let the events happen to the job, in one transaction; those that change nothing are not kept."""

        def happen(connection: sa.Connection) -> JobRecord:
            record = _load(connection, job_id, to_change=True)
            kept: list[Event] = []
            for event in events:
                changed = evolve(record, event)
                if changed is not record:
                    kept.append(event.model_copy(update={"seq": changed.seq}))
                    if event.kind in ENDS and self._on_end is not None:
                        self._on_end.within(connection, changed)
                record = changed
            if kept:
                _save(connection, record, kept)
            return record

        record = await self._database.write(happen)
        self.changes += 1
        self._wake(job_id, ended=record.status.final)
        return record

    async def delete(self, job_ids: Collection[str]) -> int:
        """Forget jobs and all that happened to them; how many there were."""

        def forget(connection: sa.Connection) -> int:
            jobs = connection.execute(jobs_table.delete().where(jobs_table.c.job_id.in_(job_ids)))
            for table in (events_table, promises_table):  # after the job: nothing can happen to it any more
                connection.execute(table.delete().where(table.c.job_id.in_(job_ids)))
            forget_jobs(connection, job_ids)
            return jobs.rowcount

        count = await self._database.write(forget) if job_ids else 0
        self.changes += 1
        for job_id in job_ids:
            self._wake(job_id, ended=True)
        return count

    async def delete_all(self) -> int:
        """Forget every job; how many there were."""
        removed = 0
        while job_ids := await self._ids(sa.select(jobs_table.c.job_id).limit(_DELETED_AT_ONCE)):
            removed += await self.delete(job_ids)
        return removed

    async def ended_before(self, moment: dt.datetime, limit: int) -> list[str]:
        """Jobs that were over before this, oldest first."""
        table = jobs_table.c
        query = sa.select(table.job_id).where(table.status.in_(AT_AN_END), table.completed_at < moment)
        return await self._ids(query.order_by(table.completed_at).limit(limit))

    async def events(self, job_id: str, after: int = 0, limit: int = 1000) -> list[Event]:
        """The job's events with a sequence number above `after`, in order."""
        query = (
            sa.select(events_table.c.event)
            .where(events_table.c.job_id == job_id, events_table.c.seq > after)
            .order_by(events_table.c.seq)
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
        while True:
            waiter = _taken(self._waiters, job_id)
            events = await self.events(job_id, after, _EVENTS_AT_ONCE)
            for event in events:
                after = event.seq
                yield event
            if len(events) == _EVENTS_AT_ONCE:
                continue
            if not events or events[-1].kind in ENDS:  # otherwise there is more to come
                head = await self.head(job_id)
                if head.final and after >= head.seq:
                    return
            await rung_within(waiter, LOOK_SECONDS)
            if check is not None:
                check()

    async def ended(self, job_id: str, check: Callable[[], None] | None = None) -> None:
        """Return once the job is over; `check` is called as by `follow`. Raises `NotFound`."""
        while True:
            waiter = _taken(self._waiters_for_the_end, job_id)
            if (await self.head(job_id)).final:
                return
            await rung_within(waiter, LOOK_SECONDS)
            if check is not None:
                check()

    def _wake(self, job_id: str, *, ended: bool) -> None:
        for waiters in (self._waiters, self._waiters_for_the_end) if ended else (self._waiters,):
            waiter = waiters.pop(job_id, None)
            if waiter is not None:
                waiter.set()

    async def _read_heads(self, job_ids: Collection[str]) -> dict[str, Head]:
        table = jobs_table.c
        columns = (table.job_id, table.seq, table.owner, table.status)
        query = sa.select(*columns).where(table.job_id.in_(job_ids))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row.job_id: Head(row.seq, row.owner, row.status in AT_AN_END) for row in rows}

    async def _records(self, query: sa.Select[tuple[str]]) -> list[JobRecord]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [JobRecord.model_validate_json(row.record) for row in rows]

    async def _ids(self, query: sa.Select[tuple[str]]) -> list[str]:
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [row.job_id for row in rows]


def _taken(waiters: WeakValueDictionary[str, asyncio.Event], job_id: str) -> asyncio.Event:
    """What the next change sets; to be taken before reading, so that nothing slips by."""
    return waiters.setdefault(job_id, asyncio.Event())


def _load(connection: sa.Connection, job_id: str, *, to_change: bool = False) -> JobRecord:
    query = sa.select(jobs_table.c.record).where(jobs_table.c.job_id == job_id)
    text = connection.execute(query.with_for_update() if to_change else query).scalar_one_or_none()
    if text is None:
        raise NotFound(f"there is no job {job_id!r}")
    return JobRecord.model_validate_json(text)


def _is_kept(connection: sa.Connection, job_id: str) -> bool:
    """Whether an earlier try of this transaction got through although its answer was lost."""
    query = sa.select(jobs_table.c.job_id).where(jobs_table.c.job_id == job_id)
    return connection.execute(query).first() is not None


def _newest_same(connection: sa.Connection, key: str, since: dt.datetime) -> JobRecord | None:
    reusable = [str(status) for status in (*ACTIVE, JobStatus.COMPLETED)]
    query = (
        sa.select(jobs_table.c.record)
        .where(
            jobs_table.c.dedupe_key == key,
            jobs_table.c.created_at > since,
            jobs_table.c.status.in_(reusable),
        )
        .order_by(jobs_table.c.created_at.desc())
        .limit(1)
    )
    text = connection.execute(query).scalar_one_or_none()
    return None if text is None else JobRecord.model_validate_json(text)


def _save(connection: sa.Connection, record: JobRecord, events: Iterable[Event]) -> None:
    row = _row(record)
    if record.status is JobStatus.QUEUED:
        row["carrier"] = None  # set going anew: anybody may take it on
    connection.execute(jobs_table.update().where(jobs_table.c.job_id == record.job_id).values(**row))
    rows = [{"job_id": record.job_id, "seq": event.seq, "event": event.model_dump_json()} for event in events]
    connection.execute(events_table.insert(), rows)


def _row(record: JobRecord) -> dict[str, Any]:
    return {
        "job_id": record.job_id,
        "pipeline": record.pipeline,
        "status": str(record.status),
        "stage": _shown_stage(record),
        "owner": record.owner,
        "priority": record.priority,
        "dedupe_key": record.dedupe_key,
        "created_at": record.created_at,
        "completed_at": record.completed_at,
        "seq": record.seq,
        "record": record.model_dump_json(),
    }


def _shown_stage(record: JobRecord) -> str | None:
    """The stage under way, or `waiting` while it has no place at its service."""
    name = record.current_stage
    return WAITING if name is not None and record.stages[name].status is StageStatus.WAITING else name


def _waited_for(record: JobRecord) -> list[tuple[str, str]]:
    """The stages of a job and where their work was submitted."""
    return [(name, stage.remote_id) for name, stage in record.stages.items() if stage.remote_id]
