"""The fair order of those who wait: owners take turns; among one owner's, priority, then who came first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def in_fair_order(
    table: sa.Table,
    *,
    number: sa.Column[Any],
    since: sa.Column[Any],
    served_at: sa.Column[Any],
    waiting: sa.ColumnElement[bool],
    under_way: sa.ColumnElement[bool],
    counted: sa.ColumnElement[bool],
) -> sa.Select[tuple[Any]]:
    """The `number` of each waiting row, the next one first; the table has an `owner` and a `priority`.

    An owner's n-th waiting row stands behind n - 1 and those it has under way, so the next is always one of
    the owner with the fewest (max-min fairness; Bertsekas and Gallager, Data Networks, section 6.5.2). Of
    owners with equally many, the one is next who was served longest ago: with a single place they take
    turns. `served_at` is when a row stopped waiting; only `counted` rows are looked at.
    """
    owner, priority = table.c.owner, table.c.priority
    busy = sa.func.sum(sa.case((under_way, 1), else_=0)).label("busy")
    served = sa.func.max(served_at).label("served")
    owners = sa.select(owner, busy, served).where(counted).group_by(owner).subquery()
    turn = sa.func.row_number().over(partition_by=owner, order_by=(priority.desc(), since, number))
    line = (
        sa.select(
            number.label("number"),
            (turn + sa.func.coalesce(owners.c.busy, 0)).label("place"),
            sa.func.coalesce(owners.c.served, "").label("served"),
            priority,
            since.label("since"),
        )
        .select_from(table.outerjoin(owners, owners.c.owner == owner))
        .where(waiting)
        .subquery()
    )
    return sa.select(line.c.number).order_by(
        line.c.place, line.c.served, line.c.priority.desc(), line.c.since, line.c.number
    )
