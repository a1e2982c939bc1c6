"""Sessions in the SQL database: a row for each, and one for each turn with its JSON deflated."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from batuta.sessions.deciding import (
    Attempt,
    Beginning,
    Begun,
    Ended,
    KeptTurn,
    Lease,
    Snapshot,
    belongs,
    decide,
    lease_lost,
)
from batuta.sessions.models import Session, Turn, Who
from batuta.sessions.packing import deflated, inflated
from batuta.sessions.store import Found, Page
from batuta.storage.database import Database, UtcDateTime, hold, metadata

BATCH: Final = 200
"""Sessions that are swept in one transaction."""

sessions_table = sa.Table(
    "sessions",
    metadata,
    sa.Column("session_id", sa.String(128), primary_key=True),
    sa.Column("user_id", sa.String(256), nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("request_type", sa.String(64), nullable=False),
    sa.Column("status", sa.String(64), nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("turns", sa.Integer, nullable=False),
    sa.Column("lease_token", sa.String(32)),
    sa.Column("lease_until", UtcDateTime),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Index("sessions_by_expiry", "expires_at"),
)
turns_table = sa.Table(
    "session_turns",
    metadata,
    sa.Column("session_id", sa.String(128), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("request_id", sa.String(128), nullable=False),
    sa.Column("request_type", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("input", sa.LargeBinary, nullable=False),
    sa.Column("outcome", sa.LargeBinary),
    sa.Column("error", sa.Text),
    sa.Column("token", sa.String(32), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("completed_at", UtcDateTime),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Index("session_turns_by_request", "session_id", "request_id", unique=True),
    sa.Index("session_turns_by_expiry", "expires_at"),
)


class SqlSessions:
    """The sessions of one database; SQLite or Postgres."""

    def __init__(self, database: Database) -> None:
        """The database is the caller's, and stays open."""
        self._database = database
        self._write_soon = database.write_urgently if database.is_shared else database.write

    async def begin(self, attempt: Attempt) -> Beginning:
        """In one transaction: look, decide, write."""
        return await self._database.write(lambda connection: _begin(connection, attempt))

    async def renew(self, session_id: str, lease: Lease) -> bool:
        """Hold it longer; False once it is another's."""
        ours = (sessions_table.c.session_id == session_id) & (sessions_table.c.lease_token == lease.token)
        longer = sessions_table.update().where(ours).values(lease_until=lease.until)
        return await self._write_soon(lambda connection: connection.execute(longer).rowcount == 1)

    async def finish(self, ended: Ended) -> None:
        """In one transaction; raises `Conflict`."""
        await self._database.write(lambda connection: _finish(connection, ended))

    async def find(self, session_id: str, now: dt.datetime, page: Page | None = None) -> Found | None:
        """The session with the turns of the page."""

        def read(connection: sa.Connection) -> Found | None:
            snapshot = _snapshot(connection, session_id, now)
            if snapshot is None:
                return None
            return Found(snapshot, [] if page is None else _page(connection, session_id, now, page))

        return await self._database.read(read)

    async def delete(self, session_id: str, who: Who, now: dt.datetime) -> bool:
        """In one transaction; False when they have none of this id."""

        def forget(connection: sa.Connection) -> bool:
            hold(connection, _name(session_id))
            snapshot = _snapshot(connection, session_id, now)
            if snapshot is None or not belongs(snapshot.session, who):
                return False
            _forget(connection, session_id)
            return True

        return await self._database.write(forget)

    async def sweep(self, now: dt.datetime) -> int:
        """In batches, so that nobody waits long for the writer."""
        swept = 0
        while batch := await self._database.write(lambda connection: _sweep(connection, now)):
            swept += batch
        old = turns_table.delete().where(turns_table.c.expires_at <= now)
        await self._database.write(lambda connection: connection.execute(old))
        return swept

    async def ping(self) -> None:
        """Read a row."""
        query = sa.select(sessions_table.c.version).limit(1)
        await self._database.read(lambda connection: connection.execute(query).first())

    async def aclose(self) -> None:
        """Nothing here is ours."""


def _begin(connection: sa.Connection, attempt: Attempt) -> Beginning:
    asked = attempt.asked
    hold(connection, _name(asked.session_id))
    snapshot = _snapshot(connection, asked.session_id, attempt.now, lock=True)
    known = None if snapshot is None else _turn_of(connection, attempt)
    beginning = decide(attempt, snapshot, known)
    if isinstance(beginning, Begun):
        _write_beginning(connection, beginning)
    return beginning


def _write_beginning(connection: sa.Connection, begun: Begun) -> None:
    session, turn = begun.session, begun.turn
    held = {
        "turns": begun.turns,
        "expires_at": session.expires_at,
        "lease_token": begun.lease.token,
        "lease_until": begun.lease.until,
    }
    if begun.opens:
        _forget(connection, session.session_id)
        row = {**session.model_dump(exclude={"state"}), **held, "state": deflated(b"{}")}
        connection.execute(sessions_table.insert().values(row))
    else:
        ours = sessions_table.c.session_id == session.session_id
        connection.execute(sessions_table.update().where(ours).values(held))
    same = sa.or_(turns_table.c.number == turn.number, turns_table.c.request_id == turn.request_id)
    connection.execute(turns_table.delete().where(turns_table.c.session_id == turn.session_id, same))
    row = {
        **turn.model_dump(exclude={"input", "outcome", "error"}),
        "input": deflated(begun.input_text),
        "token": begun.lease.token,
        "expires_at": session.expires_at,
    }
    connection.execute(turns_table.insert().values(row))


def _finish(connection: sa.Connection, ended: Ended) -> None:
    session, turn = ended.session, ended.turn
    kept = {"status", "version", "updated_at", "expires_at"}
    changed: dict[str, object] = {
        **session.model_dump(include=kept),
        "lease_token": None,
        "lease_until": None,
    }
    if ended.state_text is not None:
        changed["state"] = deflated(ended.state_text)
    ours = sessions_table.update().where(
        sessions_table.c.session_id == session.session_id,
        sessions_table.c.lease_token == ended.token,
        sessions_table.c.version == ended.version,
    )
    hold(connection, _name(session.session_id))
    same = turns_table.c.session_id == turn.session_id, turns_table.c.number == turn.number
    if connection.execute(ours.values(changed)).rowcount == 0:
        done = sa.select(turns_table.c.number).where(
            *same, turns_table.c.token == ended.token, turns_table.c.status == turn.status
        )
        if connection.execute(done).first() is None:
            raise lease_lost(session.session_id)
        return  # this is the second time: the answer to the first was lost
    end = {
        "status": turn.status,
        "outcome": None if ended.outcome_text is None else deflated(ended.outcome_text),
        "error": None if turn.error is None else json.dumps(turn.error),
        "completed_at": turn.completed_at,
        "expires_at": session.expires_at,
    }
    connection.execute(turns_table.update().where(*same).values(end))


def _snapshot(
    connection: sa.Connection, session_id: str, now: dt.datetime, *, lock: bool = False
) -> Snapshot | None:
    query = sa.select(sessions_table).where(
        sessions_table.c.session_id == session_id, sessions_table.c.expires_at > now
    )
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        return None
    found = dict(row)
    token, until = found.pop("lease_token"), found.pop("lease_until")
    session = Session.model_validate({**found, "state": inflated(found["state"])})
    return Snapshot(session, None if token is None else Lease(token, until))


def _turn_of(connection: sa.Connection, attempt: Attempt) -> KeptTurn | None:
    query = sa.select(turns_table).where(
        turns_table.c.session_id == attempt.asked.session_id,
        turns_table.c.request_id == attempt.asked.request_id,
        turns_table.c.expires_at > attempt.now,
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _kept_turn(row)


def _page(connection: sa.Connection, session_id: str, now: dt.datetime, page: Page) -> list[KeptTurn]:
    query = sa.select(turns_table).where(
        turns_table.c.session_id == session_id, turns_table.c.expires_at > now
    )
    if page.before is not None:
        query = query.where(turns_table.c.number < page.before)
    newest = query.order_by(turns_table.c.number.desc()).limit(page.limit)
    return [_kept_turn(row) for row in reversed(connection.execute(newest).mappings().all())]


def _kept_turn(row: Mapping[Any, Any]) -> KeptTurn:
    outcome, error = row["outcome"], row["error"]
    values = {
        **row,
        "input": inflated(row["input"]),
        "outcome": None if outcome is None else inflated(outcome),
        "error": None if error is None else json.loads(error),
    }
    return KeptTurn(Turn.model_validate(values), row["token"])


def _forget(connection: sa.Connection, session_id: str) -> None:
    """The session first, as everybody does: two who delete wait for each other in one order."""
    connection.execute(sessions_table.delete().where(sessions_table.c.session_id == session_id))
    connection.execute(turns_table.delete().where(turns_table.c.session_id == session_id))


def _sweep(connection: sa.Connection, now: dt.datetime) -> int:
    expired = sa.select(sessions_table.c.session_id).where(sessions_table.c.expires_at <= now)
    locked = expired.order_by(sessions_table.c.expires_at).limit(BATCH).with_for_update(skip_locked=True)
    ids = list(connection.execute(locked).scalars())
    connection.execute(sessions_table.delete().where(sessions_table.c.session_id.in_(ids)))
    connection.execute(turns_table.delete().where(turns_table.c.session_id.in_(ids)))
    return len(ids)


def _name(session_id: str) -> str:
    return f"session:{session_id}"
