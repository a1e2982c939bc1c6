"""Who is alive: a row for each process that carries jobs, renewed all the time, by the database's clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

import sqlalchemy as sa

from batuta.storage.database import Database, metadata

_leases = sa.Table(
    "leases",
    metadata,
    sa.Column("carrier", sa.String(128), primary_key=True),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
)
RENEWALS: Final = 4
"""How often a lease is renewed within its time: a slow disk or a missed turn is not a death."""
_FORGOTTEN: Final = dt.timedelta(days=1)


class Leases:
    """The leases in the database that all carriers share."""

    def __init__(self, database: Database, carrier: str, seconds: float) -> None:
        """A carrier that has not renewed its lease for so many seconds is dead."""
        self._database = database
        self._carrier = carrier
        self._time = dt.timedelta(seconds=seconds)
        self.renew_every = seconds / RENEWALS

    async def renew(self) -> None:
        """Say that we are alive."""

        def renew(connection: sa.Connection) -> None:
            now = sa.func.clock_timestamp()
            ours = _leases.update().where(_leases.c.carrier == self._carrier).values(seen_at=now)
            if connection.execute(ours).rowcount == 0:
                connection.execute(_leases.insert().values(carrier=self._carrier, seen_at=now))

        await self._database.write_urgently(renew)

    async def end(self) -> None:
        """Say that we stop, so that others take over at once."""
        ours = _leases.delete().where(_leases.c.carrier == self._carrier)
        await self._database.write(lambda connection: connection.execute(ours))

    async def dead(self, carriers: Collection[str]) -> set[str]:
        """Those of the carriers that have no fresh lease."""

        def without_lease(connection: sa.Connection) -> set[str]:
            now = sa.func.clock_timestamp()
            fresh = sa.select(_leases.c.carrier).where(_leases.c.seen_at > now - self._time)
            alive = set(connection.execute(fresh).scalars())
            connection.execute(_leases.delete().where(_leases.c.seen_at < now - _FORGOTTEN))
            return set(carriers) - alive

        return await self._database.write(without_lease)
