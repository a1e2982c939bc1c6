"""The stage journal: every piece of work that was begun, and the result of each that finished.

It is what makes a stage a lookup (docs/decisions.md, "A stage is a lookup"). An execution is known by its
key, the hash of everything that decides its result. A finished execution is a kept result, given to every
job that asks for the same; an unfinished one is a ticket that says where the work was submitted, so that a
job after a crash, or another job, waits for it instead of submitting it again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from batuta.jobs.records import JobRecord
from batuta.storage.database import Database, UtcDateTime, hold, metadata

executions_table = sa.Table(
    "stage_executions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("job_id", sa.String(64), nullable=False),
    sa.Column("stage", sa.String(64), nullable=False),
    sa.Column("work", sa.String(64), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("carrier", sa.String(128), nullable=False),
    sa.Column("placed_at", UtcDateTime),
    sa.Column("remote_id", sa.String(256)),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("result", sa.Text),
    sa.Index("executions_by_key", "key"),
    sa.Index("executions_by_job", "job_id"),
    sa.Index("executions_open", "finished_at", "work"),
)
"""`placed_at` is when the work got its place at the service; it belongs to `jobs.places`."""
JUST_NOW: Final = dt.timedelta(seconds=30)
"""Longer than clocks differ, shorter than any result's lifetime."""
_executions = executions_table
_finished = _executions.c.finished_at.is_not(None)


class Execution(BaseModel):
    """One execution of one piece of work; `job_id` began it, the process `carrier` handed it in."""

    model_config = ConfigDict(frozen=True)

    id: int
    key: str
    job_id: str
    stage: str
    work: str
    carrier: str = ""
    remote_id: str | None
    started_at: dt.datetime
    finished_at: dt.datetime | None
    result: dict[str, Any] | None


class Journal:
    """The executions, in the database."""

    def __init__(self, database: Database, carrier: str) -> None:
        """`carrier` names this process."""
        self._database = database
        self._carrier = carrier

    async def kept(self, key: str) -> Execution | None:
        """The newest finished execution with this key."""
        query = (
            sa.select(_executions)
            .where(_executions.c.key == key, _finished)
            .order_by(_executions.c.id.desc())
            .limit(1)
        )
        row = await self._database.read(lambda connection: connection.execute(query).mappings().one_or_none())
        return None if row is None else _execution(row)

    async def begin(self, key: str, *, job: JobRecord, stage: str, work: str) -> Execution:
        """The open execution with this key, a new one if there is none.

        One that finished a moment ago is given as it is: whoever asks may have looked for a kept result just
        before.
        """
        values = {
            "key": key,
            "job_id": job.job_id,
            "owner": job.owner,
            "priority": job.priority,
            "carrier": self._carrier,
            "stage": stage,
            "work": work,
        }

        def find_or_insert(connection: sa.Connection) -> sa.RowMapping:
            hold(connection, f"execution:{key}")
            open_one = sa.select(_executions).where(_executions.c.key == key, ~_finished).limit(1)
            row = connection.execute(open_one).mappings().one_or_none()
            if row is not None and row["remote_id"] is None:  # whoever began it may be gone
                ours = _executions.update().where(_executions.c.id == row["id"])
                connection.execute(ours.values(carrier=self._carrier))
            if row is None:
                moment_ago = dt.datetime.now(dt.UTC) - JUST_NOW
                recent = sa.and_(_executions.c.key == key, _executions.c.finished_at > moment_ago)
                newest = sa.select(_executions).where(recent).order_by(_executions.c.id.desc()).limit(1)
                row = connection.execute(newest).mappings().one_or_none()
            if row is not None:
                return row
            insert = _executions.insert().values(**values, started_at=dt.datetime.now(dt.UTC))
            return connection.execute(insert.returning(_executions)).mappings().one()

        return _execution(await self._database.write(find_or_insert))

    async def submitted(self, execution: Execution, remote_id: str) -> None:
        """Remember where the work was submitted, by this process."""
        await self._update(execution, remote_id=remote_id, carrier=self._carrier)

    async def finish(self, execution: Execution, result: dict[str, Any]) -> None:
        """Keep the result; an execution finishes once, whoever else waited for it."""
        await self._update(execution, finished_at=dt.datetime.now(dt.UTC), result=json.dumps(result))

    async def keep(self, key: str, result: dict[str, Any], *, job_id: str, stage: str, work: str) -> None:
        """Keep the result of work that was no stage of its own (`jobs.pieces`)."""
        now = dt.datetime.now(dt.UTC)
        values = {
            "key": key,
            "job_id": job_id,
            "owner": "",
            "priority": 0,
            "carrier": self._carrier,
            "stage": stage,
            "work": work,
            "started_at": now,
            "finished_at": now,
            "result": json.dumps(result),
        }
        await self._database.write(lambda connection: connection.execute(_executions.insert().values(values)))

    async def forget(self, execution: Execution) -> None:
        """Drop an execution whose result is of no use any more, or whose job is."""
        delete = _executions.delete().where(_executions.c.id == execution.id)
        await self._database.write(lambda connection: connection.execute(delete))

    async def drop(self, execution: Execution) -> None:
        """Drop an open execution: its work failed or was stopped; one that finished meanwhile is kept."""
        unfinished = sa.and_(_executions.c.id == execution.id, ~_finished)
        delete = _executions.delete().where(unfinished)
        await self._database.write(lambda connection: connection.execute(delete))

    async def withdraw(self, execution: Execution) -> None:
        """Drop an execution that nobody could hand in; one that somebody else handed in meanwhile stays."""
        alone = sa.and_(_executions.c.id == execution.id, _executions.c.remote_id.is_(None))
        delete = _executions.delete().where(alone)
        await self._database.write(lambda connection: connection.execute(delete))

    async def forget_results(self, before: dt.datetime, but: Collection[str]) -> None:
        """Drop results kept since before this, `but` those with a key of jobs that stand on them.

        Work under way is never dropped here, however long it takes.
        """
        old = sa.and_(_executions.c.finished_at < before, _executions.c.key.not_in(but))
        await self._database.write(lambda connection: connection.execute(_executions.delete().where(old)))

    async def of_job(self, job_id: str) -> list[Execution]:
        """What the job began, in order."""
        query = sa.select(_executions).where(_executions.c.job_id == job_id).order_by(_executions.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_execution(row) for row in rows]

    async def open(self) -> list[Execution]:
        """Every execution that has not finished."""
        query = sa.select(_executions).where(~_finished).order_by(_executions.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_execution(row) for row in rows]

    async def _update(self, execution: Execution, **values: object) -> None:
        unfinished = sa.and_(_executions.c.id == execution.id, ~_finished)
        update = _executions.update().where(unfinished).values(**values)
        await self._database.write(lambda connection: connection.execute(update))


def _execution(row: sa.RowMapping) -> Execution:
    text = row["result"]
    return Execution.model_validate({**row, "result": None if text is None else json.loads(text)})
