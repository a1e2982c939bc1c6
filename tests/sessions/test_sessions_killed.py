"""kill -9 in the middle of a turn: another process goes on from the last snapshot, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import session_talks
from session_talks import ANNA, LIFETIME, ask

from batuta.sessions import Done, Session, Sessions, SqlSessions, TurnStatus
from batuta.storage.database import Database
from forked import Forked, wait_for_text

pytestmark = pytest.mark.anyio

SECONDS = 20


@pytest.fixture
async def database(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Database]:
    """A new one in a folder."""
    del anyio_backend
    opened = Database.in_folder(tmp_path)
    await opened.create_tables()
    yield opened
    await opened.aclose()


async def killed_in_mid_turn(folder: Path, message: str, request_id: str) -> None:
    """A process that was killed while it worked at this."""
    output = folder / "printed"
    process = Forked(session_talks.talk, [folder, "s1", message, request_id, True], output=output)
    await asyncio.to_thread(wait_for_text, output, "working", SECONDS)
    process.kill()
    await asyncio.to_thread(process.wait, SECONDS)


async def test_another_process_goes_on_after_a_kill(database: Database, tmp_path: Path) -> None:
    """Once the lease has run out: with the state of the last turn, and the killed one can be repeated."""
    sessions = Sessions(SqlSessions(database), lifetime=LIFETIME, lease_seconds=0.6)

    async def answer(session: Session) -> Done:
        said = [*session.state.get("said", []), "here"]
        return Done({"said": said}, {"reply": len(said)}, "completed")

    await sessions.converse(ask("question", "s1", "r1"), answer)
    before = await sessions.get("s1", ANNA)
    await killed_in_mid_turn(tmp_path, "answer", "r2")
    after = await sessions.get("s1", ANNA)
    assert (after.state, after.version, after.status) == (before.state, 1, "completed")
    async with asyncio.timeout(SECONDS):
        other = await sessions.converse(ask("another", "s1", "r3"), answer)
        assert (other.number, other.outcome) == (3, {"reply": 2})
        first, unfinished, third = await sessions.history("s1", ANNA)
        assert [first.status, third.status] == [TurnStatus.COMPLETED] * 2
        assert (unfinished.status, unfinished.input) == (TurnStatus.FAILED, {"message": "answer"})
        assert unfinished.error
        assert "stopped in the middle" in unfinished.error.get("message", "")
        again = await sessions.converse(ask("answer", "s1", "r2"), answer)
    assert (again.number, again.outcome) == (2, {"reply": 3})
    await sessions.aclose()


async def test_the_repeated_request_of_a_killed_process_is_done_by_the_next(
    database: Database, tmp_path: Path
) -> None:
    """The very first turn, too; asked for again by a program that starts anew."""
    await killed_in_mid_turn(tmp_path, "hi", "r1")
    output = tmp_path / "again"
    process = Forked(session_talks.talk, [tmp_path, "s1", "hi", "r1", False], output=output)
    assert await asyncio.to_thread(process.wait, SECONDS) == 0
    assert output.read_text().splitlines() == ["working 0", "outcome 1 {'reply': 1}"]
    sessions = Sessions(SqlSessions(database), lifetime=LIFETIME)
    assert (await sessions.get("s1", ANNA)).state == {"said": ["hi"]}
    await sessions.aclose()
