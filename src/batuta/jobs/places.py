"""Places at a service: so many orders of one work are under way at a time, and the fair next one comes in.

An order waits as a row of the stage journal until it is placed, in the order of `jobs.fairness`. A limit
counts over all processes (a service that they share) or within this one (a service embedded in it).
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
import structlog

from batuta.errors import RemoteJobLost
from batuta.jobs.bells import rung_within
from batuta.jobs.fairness import in_fair_order, served
from batuta.jobs.journal import Execution, executions_table
from batuta.storage.database import Database, hold

LOOK_SECONDS: Final = 0.5
"""How soon a place that another process gave back is seen."""

log = structlog.get_logger()

_rows: Final = executions_table.c


@dataclass(frozen=True)
class Limit:
    """How many orders of one work may be under way."""

    places: int
    shared: bool
    """Whether all processes share them; otherwise each has so many."""


@dataclass
class _Line:
    """Those of this process who wait for one work."""

    waiting: dict[int, asyncio.Future[bool]] = field(default_factory=dict[int, "asyncio.Future[bool]"])
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    usher: asyncio.Task[None] | None = None


class Places:
    """Lets executions in, one line for each work."""

    def __init__(self, database: Database, carrier: str, limits: Mapping[str, Limit]) -> None:
        """`limits` by the name of the work; work without one is let in at once."""
        self._database = database
        self._carrier = carrier
        self._limits = limits
        self._lines: dict[str, _Line] = {work: _Line() for work in limits}

    def needed(self, execution: Execution) -> bool:
        """Whether this work has places to wait for."""
        return execution.work in self._limits and execution.remote_id is None

    async def enter(self, execution: Execution) -> None:
        """Wait until the execution has its place; raises `RemoteJobLost` when it was dropped meanwhile."""
        line = self._lines[execution.work]
        place = line.waiting.setdefault(execution.id, asyncio.get_running_loop().create_future())
        line.bell.set()
        if line.usher is None or line.usher.done():
            line.usher = asyncio.create_task(self._usher(execution.work, line))
        if not await asyncio.shield(place):
            raise RemoteJobLost("the work was dropped before it had its place")

    async def try_enter(self, execution: Execution) -> bool:
        """Take a place that is free now; whether there was one."""
        return execution.id in await self._placed(execution.work, {execution.id})

    def given_back(self, work: str) -> None:
        """Say that an execution is over, so that the next one comes in at once."""
        if work in self._lines:
            self._lines[work].bell.set()

    async def aclose(self) -> None:
        """Nobody waits any more."""
        ushers = [line.usher for line in self._lines.values() if line.usher is not None]
        for usher in ushers:
            usher.cancel()
        await asyncio.gather(*ushers, return_exceptions=True)

    async def _usher(self, work: str, line: _Line) -> None:
        """Let them in for as long as somebody waits."""
        while line.waiting:
            line.bell.clear()
            try:
                placed = await self._placed(work, set(line.waiting))
                dropped = set(line.waiting) - await self._known(set(line.waiting))
            except Exception:  # it may be better at the next look; who waits has a limit of his own
                log.exception("places.not_looked_at", work=work)
                placed, dropped = set[int](), set[int]()
            for number in placed | dropped:
                line.waiting.pop(number).set_result(number in placed)
            if line.waiting:
                await rung_within(line.bell, LOOK_SECONDS)

    async def _placed(self, work: str, wanted: set[int]) -> set[int]:
        """Let the next ones in, whosever they are; those of ours that have a place."""
        limit = self._limits[work]
        open_here = sa.and_(_rows.work == work, _rows.finished_at.is_(None))
        if not limit.shared:
            open_here = sa.and_(open_here, _rows.carrier == self._carrier)

        def place(connection: sa.Connection) -> set[int]:
            hold(connection, f"places:{work}")
            inside = sa.and_(open_here, _rows.placed_at.is_not(None))
            taken = connection.execute(sa.select(sa.func.count()).where(inside)).scalar_one()
            if taken < limit.places:
                waiting = sa.and_(open_here, _rows.placed_at.is_(None))
                line = in_fair_order(
                    executions_table,
                    line=f"work:{work}",
                    number=_rows.id,
                    since=_rows.started_at,
                    waiting=waiting,
                    under_way=inside,
                )
                following = connection.execute(line.limit(limit.places - taken)).all()
                served(connection, f"work:{work}", (row.owner for row in following))
                let_in = executions_table.update().where(_rows.id.in_([row.number for row in following]))
                connection.execute(let_in.values(placed_at=dt.datetime.now(dt.UTC)))
            placed = sa.select(_rows.id).where(_rows.id.in_(wanted), _rows.placed_at.is_not(None))
            return set(connection.execute(placed).scalars())

        return await self._database.write(place)

    async def _known(self, numbers: set[int]) -> set[int]:
        query = sa.select(_rows.id).where(_rows.id.in_(numbers))
        return await self._database.read(lambda connection: set(connection.execute(query).scalars()))
