"""Turns under way in one process: who waits, whose time it is, and work that does not stop."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from session_talks import ANNA, LIFETIME, PATIENCE, Held, ask, counting, never

from batuta.clients import deadline, remaining
from batuta.errors import Cancelled, DeadlineExceeded, InvalidRequest, NotReady, ServiceUnavailable
from batuta.sessions import Done, Session, Sessions, SqlSessions, TurnStatus, working
from batuta.sessions.deciding import Attempt, Beginning
from batuta.sessions.lines import LONGEST
from batuta.sessions.store import Found, Page
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sessions(in_sqlite: Database, anyio_backend: str) -> AsyncIterator[Sessions]:
    """The conversations of one process."""
    del anyio_backend
    opened = Sessions(SqlSessions(in_sqlite), lifetime=LIFETIME)
    yield opened
    await opened.aclose()


async def test_a_line_has_an_end(sessions: Sessions, new_id: str) -> None:
    """Whoever finds too many there is told at once; those who stand there are served."""
    work = Held(counting)
    first = asyncio.create_task(sessions.converse(ask("0", new_id), work))
    await work.begun.wait()
    others = [asyncio.create_task(sessions.converse(ask("1", new_id), counting)) for _ in range(LONGEST - 1)]
    await asyncio.sleep(0)
    with pytest.raises(NotReady):
        await sessions.converse(ask("2", new_id), never)
    work.go_on.set()
    async with asyncio.timeout(PATIENCE):
        turns = await asyncio.gather(first, *others)
    assert [turn.outcome for turn in turns] == [{"count": number} for number in range(1, LONGEST + 1)]


async def test_the_callers_deadline_is_not_the_turns(sessions: Sessions, new_id: str) -> None:
    """He may leave, and the turn has its own time."""
    left: list[float | None] = []

    async def work(session: Session) -> Done:
        left.append(remaining())
        return await counting(session)

    with deadline(0.5):
        await sessions.converse(ask("hi", new_id), work)
    assert left[0] is not None
    assert 50 < left[0] <= 60


async def test_work_that_does_not_stop_is_left_to_itself(
    in_sqlite: Database, new_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn is over all the same, and what the work gives late is nobody's."""
    monkeypatch.setattr(working, "GRACE_SECONDS", 0.05)
    sessions = Sessions(SqlSessions(in_sqlite), lifetime=LIFETIME, turn_seconds=0.05)
    release = asyncio.Event()
    over = asyncio.Event()

    async def stubborn(session: Session) -> Done:
        try:
            await release.wait()
        except asyncio.CancelledError:
            await release.wait()
        over.set()
        return await counting(session)

    async with asyncio.timeout(PATIENCE):
        with pytest.raises(DeadlineExceeded):
            await sessions.converse(ask("hi", new_id), stubborn)
        release.set()
        await over.wait()
        assert (await sessions.converse(ask("hi", new_id), counting)).outcome == {"count": 1}
    await sessions.aclose()


async def test_closing_ends_all_turns_within_moments(in_sqlite: Database, new_id: str) -> None:
    """Those at work and those in line; their requests can be sent again."""
    sessions = Sessions(SqlSessions(in_sqlite), lifetime=LIFETIME)
    work = Held(never)
    turns = [asyncio.create_task(sessions.converse(ask("hi", new_id, f"r{n}"), work)) for n in range(3)]
    await work.begun.wait()
    async with asyncio.timeout(2):
        await sessions.aclose()
        outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ServiceUnavailable] * 3
    after = Sessions(SqlSessions(in_sqlite), lifetime=LIFETIME, wait_seconds=0)
    (kept,) = await after.history(new_id, ANNA)
    assert (kept.status, kept.error and kept.error.get("retryable")) == (TurnStatus.FAILED, True)
    assert (await after.converse(ask("hi", new_id, "r0"), counting)).outcome == {"count": 1}


class Watched(SqlSessions):
    """A store whose beginnings, and first look, can be held up."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.written = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.before: Found | None = None

    async def begin(self, attempt: Attempt) -> Beginning:
        beginning = await super().begin(attempt)
        self.written.set()
        await self.go_on.wait()
        return beginning

    async def find(self, session_id: str, now: dt.datetime, page: Page | None = None) -> Found | None:
        before, self.before = self.before, None
        return before or await super().find(session_id, now, page)


async def test_a_turn_that_is_stopped_while_it_begins_is_not_worked_at(
    in_sqlite: Database, new_id: str
) -> None:
    """What was written of it is ended, so that nobody waits for its lease."""
    store = Watched(in_sqlite)
    store.go_on.clear()
    sessions = Sessions(store, lifetime=LIFETIME, wait_seconds=0)
    turn = asyncio.create_task(sessions.converse(ask("hi", new_id, "r1"), never))
    await store.written.wait()
    closing = asyncio.create_task(sessions.aclose())
    await asyncio.sleep(0)
    store.go_on.set()
    await closing
    with pytest.raises(ServiceUnavailable, match="being stopped"):
        await turn
    after = Sessions(store, lifetime=LIFETIME, wait_seconds=0)
    assert (await after.converse(ask("hi", new_id, "r1"), counting)).number == 1


async def test_a_turn_that_ends_while_the_history_is_read_is_not_called_unfinished(
    in_sqlite: Database, new_id: str
) -> None:
    """A session and its turns may be read one after the other: then both are read again."""
    store = Watched(in_sqlite)
    sessions = Sessions(store, lifetime=LIFETIME)
    work = Held(counting)
    turn = asyncio.create_task(sessions.converse(ask("hi", new_id), work))
    await work.begun.wait()
    found = await store.find(new_id, dt.datetime.now(dt.UTC), Page(9))
    assert found is not None
    work.go_on.set()
    expected = [await turn]
    store.before = replace(found, snapshot=replace(found.snapshot, lease=None))
    assert await sessions.history(new_id, ANNA) == expected
    await sessions.aclose()


async def test_whoever_stands_in_the_line_of_a_deleted_session_is_told(
    sessions: Sessions, new_id: str
) -> None:
    """The session does not come back by that."""
    work = Held(never)
    turns = [asyncio.create_task(sessions.converse(ask("hi", new_id), work)) for _ in range(3)]
    await work.begun.wait()
    await sessions.delete(new_id, ANNA)
    outcomes = await asyncio.gather(*turns, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Cancelled] * 3
    assert work.times == 1


def test_sessions_live_longer_than_a_turn() -> None:
    """Otherwise one would be forgotten while somebody works at it."""
    unused = SqlSessions.__new__(SqlSessions)
    with pytest.raises(InvalidRequest, match="let them live longer"):
        Sessions(unused, lifetime=dt.timedelta(seconds=60))
