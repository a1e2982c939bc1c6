"""The fair order of those who wait: owners take turns; among one owner's, priority, then who came first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from batuta.storage.database import UtcDateTime, metadata

_turns = sa.Table(
    "turns",
    metadata,
    sa.Column("line", sa.String(80), primary_key=True),
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("served_at", UtcDateTime, nullable=False),
)
"""When an owner last had its turn in a line; apart from what it had it for, which may be gone by now."""


def in_fair_order(
    table: sa.Table,
    *,
    line: str,
    number: sa.Column[Any],
    since: sa.Column[Any],
    waiting: sa.ColumnElement[bool],
    under_way: sa.ColumnElement[bool],
) -> sa.Select[Any, Any]:
    """The `number` and owner of each waiting row, the next one first; the table has a `priority`, too.

    An owner's n-th waiting row stands behind n - 1 and those it has under way, so the next is always one of
    the owner with the fewest (max-min fairness; Bertsekas and Gallager, Data Networks, section 6.5.2). Of
    owners with equally many, the one is next who was served longest ago: with a single place they take turns.
    """
    owner, priority = table.c.owner, table.c.priority
    busy = sa.select(owner, sa.func.count().label("rows")).where(under_way).group_by(owner).subquery()
    turn = sa.func.row_number().over(partition_by=owner, order_by=(priority.desc(), since, number))
    last = sa.and_(_turns.c.line == line, _turns.c.owner == owner)
    queue = (
        sa.select(
            number.label("number"),
            owner,
            (turn + sa.func.coalesce(busy.c.rows, 0)).label("place"),
            sa.func.coalesce(_turns.c.served_at, "").label("served"),
            priority,
            since.label("since"),
        )
        .select_from(table.outerjoin(busy, busy.c.owner == owner).outerjoin(_turns, last))
        .where(waiting)
        .subquery()
    )
    fair = queue.c.place, queue.c.served, queue.c.priority.desc(), queue.c.since, queue.c.number
    return sa.select(queue.c.number, queue.c.owner).order_by(*fair)


def served(connection: sa.Connection, line: str, owners: Iterable[str]) -> None:
    """Note that these owners have had their turn; under a lock that keeps others out of the line."""
    now = dt.datetime.now(dt.UTC)
    for owner in set(owners):
        this = sa.and_(_turns.c.line == line, _turns.c.owner == owner)
        if connection.execute(_turns.update().where(this).values(served_at=now)).rowcount == 0:
            connection.execute(_turns.insert().values(line=line, owner=owner, served_at=now))
