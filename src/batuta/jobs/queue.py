"""Which process carries which job: the waiting jobs in a fair order, and the claims on them.

Owners take turns (`jobs.fairness`). Of the jobs of one owner the higher priority goes first, then the older
job; so a key that sends a thousand jobs delays nobody but itself, whatever priority it gives them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from batuta.jobs.fairness import in_fair_order
from batuta.jobs.records import JobRecord, JobStatus
from batuta.jobs.store import ACTIVE, jobs_table
from batuta.storage.database import Database, hold

_jobs: Final = jobs_table.c
_ACTIVE: Final = _jobs.status.in_([str(status) for status in ACTIVE])
_WAITS: Final = sa.and_(_jobs.status == str(JobStatus.QUEUED), _jobs.carrier.is_(None))
_line = in_fair_order(
    jobs_table,
    number=_jobs.job_id,
    since=_jobs.created_at,
    served_at=_jobs.taken_at,
    waiting=_WAITS,
    under_way=sa.and_(_ACTIVE, _jobs.carrier.is_not(None)),
    counted=sa.true(),
)


class Queue:
    """The jobs of the database, as one carrier sees them."""

    def __init__(self, database: Database, carrier: str) -> None:
        """`carrier` names the process; no two live processes have the same name."""
        self._database = database
        self._carrier = carrier

    async def claim(self, places: int) -> list[JobRecord]:
        """Take on so many of the waiting jobs at most, the next ones in the fair order."""

        def claim(connection: sa.Connection) -> list[JobRecord]:
            hold(connection, "claims")
            job_ids = list(connection.execute(_line.limit(places)).scalars())
            taken = jobs_table.update().where(_jobs.job_id.in_(job_ids), _WAITS)
            connection.execute(taken.values(carrier=self._carrier, taken_at=dt.datetime.now(dt.UTC)))
            ours = sa.select(_jobs.record).where(_jobs.job_id.in_(job_ids), _jobs.carrier == self._carrier)
            return [JobRecord.model_validate_json(text) for text in connection.execute(ours).scalars()]

        return await self._database.write(claim) if await self._anybody_waits() else []

    async def take(self, job_id: str) -> None:
        """Carry this job from now on, whoever did before."""
        take = jobs_table.update().where(_jobs.job_id == job_id).values(carrier=self._carrier)
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
        ours = jobs_table.update().where(_ACTIVE, _jobs.carrier == self._carrier)
        now = dt.datetime.now(dt.UTC)
        await self._database.write(lambda connection: connection.execute(ours.values(heartbeat_at=now)))

    async def waiting(self) -> tuple[int, dt.datetime | None]:
        """How many jobs wait to be taken on, and since when the oldest does."""
        query = sa.select(sa.func.count(), sa.func.min(_jobs.created_at)).where(_WAITS)
        row = await self._database.read(lambda connection: connection.execute(query).one())
        return row[0], row[1]

    async def _anybody_waits(self) -> bool:
        query = sa.select(_jobs.job_id).where(_WAITS).limit(1)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)
