"""What dubbing keeps of its own: which job does which dub, and how far each segment is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import sqlalchemy as sa

from batuta.dubbing.models import Segment
from batuta.jobs.store import jobs_table
from batuta.storage.database import Database, hold, metadata

dub_runs = sa.Table(
    "dub_runs",
    metadata,
    sa.Column("dub_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("job_id", sa.String(64), nullable=False),
    sa.Column("told", sa.String(16), nullable=False),
    sa.Index("dub_runs_by_told", "told"),
)
"""`told` is the end of the job as the gateway was told of it, or `NOTHING`."""
dub_segments = sa.Table(
    "dub_segments",
    metadata,
    sa.Column("job_id", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("segment", sa.Text, nullable=False),
)
MENTIONS: Final = sa.select(dub_segments.c.segment)
"""Every text of these rows that may mention a file."""
NOTHING: Final = ""


class DubRun(NamedTuple):
    """The job that does a dub."""

    dub_id: int
    job_id: str


class DubRuns:
    """Which job does which dub: one, and it is the same however often it is done again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def job_of(self, dub_id: int) -> str | None:
        """The job's id."""
        query = sa.select(dub_runs.c.job_id).where(dub_runs.c.dub_id == dub_id)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def put(self, run: DubRun) -> None:
        """Remember the job, in the place of an earlier one; the gateway is told of it from now on."""

        def replace(connection: sa.Connection) -> None:
            hold(connection, f"dub:{run.dub_id}")
            connection.execute(dub_runs.delete().where(dub_runs.c.dub_id == run.dub_id))
            connection.execute(dub_runs.insert().values(**run._asdict(), told=NOTHING))

        await self._database.write(replace)

    async def untold(self) -> list[DubRun]:
        """Those whose end the gateway does not know yet."""
        query = sa.select(dub_runs.c.dub_id, dub_runs.c.job_id).where(dub_runs.c.told == NOTHING)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [DubRun(*row) for row in rows]

    async def told(self, run: DubRun, end: str) -> None:
        """The gateway knows the end of the job; `NOTHING`: it is to be told again, for the job goes on."""
        update = dub_runs.update().where(dub_runs.c.dub_id == run.dub_id, dub_runs.c.job_id == run.job_id)
        await self._database.write(lambda connection: connection.execute(update.values(told=end)))

    async def forget(self, run: DubRun) -> None:
        """Drop it, unless another job does the dub by now."""
        delete = dub_runs.delete().where(dub_runs.c.dub_id == run.dub_id, dub_runs.c.job_id == run.job_id)
        await self._database.write(lambda connection: connection.execute(delete))


class SegmentRows:
    """The newest state of each segment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, job_id: str, segments: Iterable[Segment]) -> None:
        """Keep these, in the place of earlier ones of their numbers."""
        rows = [
            {"job_id": job_id, "number": each.index, "segment": each.model_dump_json()} for each in segments
        ]

        def replace(connection: sa.Connection) -> None:
            numbers = [row["number"] for row in rows]
            ours = dub_segments.delete().where(_of(job_id), dub_segments.c.number.in_(numbers))
            connection.execute(ours)
            connection.execute(dub_segments.insert(), rows)

        if rows:
            await self._database.write(replace)

    async def of(self, job_id: str) -> list[Segment]:
        """All of a job, in order."""
        query = sa.select(dub_segments.c.segment).where(_of(job_id)).order_by(dub_segments.c.number)
        texts = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [Segment.model_validate_json(text) for text in texts]

    async def one(self, job_id: str, number: int) -> Segment | None:
        """One of a job, by its number."""
        query = sa.select(dub_segments.c.segment).where(_of(job_id), dub_segments.c.number == number)
        text = await self._database.read(lambda connection: connection.execute(query).scalar())
        return None if text is None else Segment.model_validate_json(text)

    async def forget_orphans(self) -> None:
        """Drop those of jobs that are no more."""
        there = sa.select(jobs_table.c.job_id).where(jobs_table.c.job_id == dub_segments.c.job_id)
        delete = dub_segments.delete().where(~there.exists())
        await self._database.write(lambda connection: connection.execute(delete))

    async def forget(self, job_id: str) -> None:
        """Drop them: the job begins again."""
        delete = dub_segments.delete().where(_of(job_id))
        await self._database.write(lambda connection: connection.execute(delete))


def _of(job_id: str) -> sa.ColumnElement[bool]:
    return dub_segments.c.job_id == job_id
