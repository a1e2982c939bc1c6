"""The fair order of those who wait: max-min between owners, then priority, then who came first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def in_fair_order(
    table: sa.Table,
    *,
    number: sa.Column[Any],
    since: sa.Column[Any],
    waiting: sa.ColumnElement[bool],
    under_way: sa.ColumnElement[bool],
) -> sa.Select[tuple[Any]]:
    """The `number` of each waiting row, the next one first; the table has an `owner` and a `priority`.

    An owner's n-th waiting row stands behind n - 1 and those it has under way, so the next is always one of
    the owner with the fewest (max-min fairness; Bertsekas and Gallager, Data Networks, section 6.5.2).
    """
    owner, priority = table.c.owner, table.c.priority
    busy = sa.select(owner, sa.func.count().label("rows")).where(under_way).group_by(owner).subquery()
    turn = sa.func.row_number().over(partition_by=owner, order_by=(priority.desc(), since, number))
    place = turn + sa.func.coalesce(busy.c.rows, 0)
    line = (
        sa.select(number.label("number"), place.label("place"), priority, since.label("since"))
        .select_from(table.outerjoin(busy, busy.c.owner == owner))
        .where(waiting)
        .subquery()
    )
    return sa.select(line.c.number).order_by(
        line.c.place, line.c.priority.desc(), line.c.since, line.c.number
    )
