"""Which process carries which job: the waiting jobs in a fair order, and the claims on them.

Owners take turns (`jobs.fairness`). Of the jobs of one owner the higher priority goes first, then the older
job; so a key that sends a thousand jobs delays nobody but itself, whatever priority it gives them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from batuta.jobs.fairness import in_fair_order, served
from batuta.jobs.records import JobRecord, JobStatus
from batuta.jobs.store import ACTIVE, jobs_table
from batuta.storage.database import Database, hold

_jobs: Final = jobs_table.c
_ACTIVE: Final = _jobs.status.in_([str(status) for status in ACTIVE])
_WAITS: Final = sa.and_(_jobs.status == str(JobStatus.QUEUED), _jobs.carrier.is_(None))
_LINE: Final = "jobs"
_line = in_fair_order(
    jobs_table,
    line=_LINE,
    number=_jobs.job_id,
    since=_jobs.created_at,
    waiting=_WAITS,
    under_way=sa.and_(_ACTIVE, _jobs.carrier.is_not(None)),
)


class Queue:
    """The jobs of the database, as one carrier sees them."""

    def __init__(self, database: Database, carrier: str) -> None:
        """`carrier` names the process; no two live processes have the same name."""
        self._database = database
        self.carrier = carrier

    async def claim(
        self, at_once: int, begun: Collection[str] = (), only: Collection[str] | None = None
    ) -> list[JobRecord]:
        """Take on waiting jobs, the next ones in the fair order, until we have so many; `only` among these.

        Gives every job of ours that waits and is not among those `begun`, also one taken on before: the
        answer may have been lost.
        """
        ours = sa.and_(_ACTIVE, _jobs.carrier == self.carrier)
        queued = sa.and_(_jobs.status == str(JobStatus.QUEUED), _jobs.carrier == self.carrier)
        not_begun = sa.and_(queued, _jobs.job_id.not_in(tuple(begun)))

        def claim(connection: sa.Connection) -> list[JobRecord]:
            hold(connection, "claims")
            taken = connection.execute(sa.select(sa.func.count()).where(ours)).scalar_one()
            line = _line if only is None else _line.where(_line.selected_columns[0].in_(only))
            following = connection.execute(line.limit(max(0, at_once - taken))).all()
            served(connection, _LINE, (row.owner for row in following))
            take = jobs_table.update().where(_jobs.job_id.in_([row.number for row in following]), _WAITS)
            connection.execute(take.values(carrier=self.carrier))
            found = connection.execute(sa.select(_jobs.record).where(not_begun)).scalars()
            return [JobRecord.model_validate_json(text) for text in found]

        return await self._database.write(claim) if await self._anybody_waits(begun) else []

    async def take(self, job_id: str) -> None:
        """Carry this job from now on, whoever did before."""
        take = jobs_table.update().where(_jobs.job_id == job_id).values(carrier=self.carrier)
        await self._database.write(lambda connection: connection.execute(take))

    async def release(self, job_id: str, carrier: str) -> None:
        """Let anybody take on a job that this carrier left before it had begun."""
        release = jobs_table.update().where(_jobs.job_id == job_id, _jobs.carrier == carrier)
        await self._database.write(lambda connection: connection.execute(release.values(carrier=None)))

    async def carriers(self) -> set[str]:
        """Every process that has unfinished jobs."""
        query = sa.select(_jobs.carrier).where(_ACTIVE, _jobs.carrier.is_not(None)).distinct()
        return await self._database.read(lambda connection: set(connection.execute(query).scalars()))

    async def carried_by(self, carriers: Collection[str]) -> list[tuple[str, JobRecord]]:
        """The unfinished jobs of these processes, with who has them."""
        query = sa.select(_jobs.carrier, _jobs.record).where(_ACTIVE, _jobs.carrier.in_(carriers))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(row.carrier, JobRecord.model_validate_json(row.record)) for row in rows]

    async def beat(self) -> None:
        """Say that our jobs are being carried."""
        ours = jobs_table.update().where(_ACTIVE, _jobs.carrier == self.carrier)
        now = dt.datetime.now(dt.UTC)
        await self._database.write(lambda connection: connection.execute(ours.values(heartbeat_at=now)))

    async def waiting(self) -> tuple[int, dt.datetime | None]:
        """How many jobs wait to be taken on, and since when the oldest does."""
        query = sa.select(sa.func.count(), sa.func.min(_jobs.created_at)).where(_WAITS)
        row = await self._database.read(lambda connection: connection.execute(query).one())
        return row[0], row[1]

    async def _anybody_waits(self, begun: Collection[str]) -> bool:
        """Whether there is a job for us, or one of ours that has not begun."""
        lost = sa.and_(_jobs.carrier == self.carrier, _jobs.job_id.not_in(tuple(begun)))
        for_us = sa.or_(_jobs.carrier.is_(None), lost)
        query = sa.select(_jobs.job_id).where(_jobs.status == str(JobStatus.QUEUED), for_us).limit(1)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)
