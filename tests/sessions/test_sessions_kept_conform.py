"""What every store keeps of a conversation, how much and how long; what is deleted is gone."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from session_talks import ANNA, LIFETIME, PATIENCE, Held, Opens, Time, ask, counting, never, same_json, saying

from batuta.errors import BatutaError, InvalidRequest, NotFound, PayloadTooLarge, StorageError
from batuta.sessions import Sessions, SessionStore, Who

pytestmark = pytest.mark.anyio


async def test_a_session_expires_a_lifetime_after_its_last_turn(
    sessions: Sessions, time: Time, new_id: str
) -> None:
    """Every turn puts it off; then it is gone, and its id is a new session's, even another's."""
    almost = LIFETIME - dt.timedelta(seconds=2)
    await sessions.converse(ask("a", new_id, "r1"), counting)
    time.forward(almost)
    assert (await sessions.converse(ask("b", new_id, "r2"), counting)).outcome == {"count": 2}
    time.forward(almost)
    assert (await sessions.get(new_id, ANNA)).version == 2
    assert [turn.number for turn in await sessions.history(new_id, ANNA)] == [2]
    time.forward(4)
    for attempt in (sessions.get, sessions.history, sessions.delete):
        with pytest.raises(NotFound):
            await attempt(new_id, ANNA)
    bert = Who("bert")
    turn = await sessions.converse(ask("c", new_id, "r2", who=bert), counting)
    assert (turn.number, turn.outcome) == (1, {"count": 1})
    assert await sessions.history(new_id, bert) == [turn]
    with pytest.raises(NotFound):
        await sessions.get(new_id, ANNA)


async def test_what_has_expired_is_swept(
    sessions: Sessions, store: SessionStore, time: Time, new_id: str
) -> None:
    """And nothing else; DynamoDB does that by itself."""
    time.forward(dt.timedelta(days=1000))
    await sessions.sweep()
    await sessions.converse(ask("a", new_id), counting)
    await sessions.converse(ask("a", f"{new_id}-2"), counting)
    time.forward(LIFETIME / 2)
    await sessions.converse(ask("b", new_id), counting)
    time.forward(LIFETIME / 2 + dt.timedelta(seconds=2))
    assert await sessions.sweep() == (0 if type(store).__name__ == "DynamoSessions" else 1)
    assert (await sessions.get(new_id, ANNA)).version == 2
    assert [turn.number for turn in await sessions.history(new_id, ANNA)] == [2]
    assert await sessions.sweep() == 0


async def test_a_deleted_session_leaves_nothing(sessions: Sessions, new_id: str) -> None:
    """A new one under its id, even somebody else's, begins with nothing."""
    for number in range(3):
        await sessions.converse(ask("a", new_id, f"r{number}"), counting)
    await sessions.delete(new_id, ANNA)
    for attempt in (sessions.get, sessions.history, sessions.delete):
        with pytest.raises(NotFound):
            await attempt(new_id, ANNA)
    bert = Who("bert")
    turn = await sessions.converse(ask("other", new_id, "r2", who=bert), counting)
    assert (turn.number, turn.outcome) == (1, {"count": 1})
    assert await sessions.history(new_id, bert) == [turn]


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_deleting_a_session_ends_its_turn(opens: Opens, new_id: str, *, elsewhere: bool) -> None:
    """Here at once, in another process when it renews its lease; the session does not come back."""
    sessions = opens(lease_seconds=0.15)
    work = Held(never)
    turn = asyncio.create_task(sessions.converse(ask("a", new_id), work))
    await work.begun.wait()
    await (opens() if elsewhere else sessions).delete(new_id, ANNA)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(BatutaError, match="was deleted"):
            await turn
    with pytest.raises(NotFound):
        await sessions.get(new_id, ANNA)


async def test_the_history_is_read_in_pages(sessions: Sessions, new_id: str) -> None:
    """The newest turns, or those before a number, newest last."""
    for _ in range(5):
        await sessions.converse(ask("a", new_id), counting)

    async def page(limit: int, before: int | None = None) -> list[int]:
        turns = await sessions.history(new_id, ANNA, limit=limit, before=before)
        assert [turn.outcome for turn in turns] == [{"count": turn.number} for turn in turns]
        return [turn.number for turn in turns]

    assert await page(2) == [4, 5]
    assert await page(2, 4) == [2, 3]
    assert await page(2, 2) == [1]
    assert await page(2, 1) == await page(2, -5) == []
    assert await page(50) == await page(50, 10**9) == [1, 2, 3, 4, 5]
    for limit in (0, 201):
        with pytest.raises(InvalidRequest, match="limit"):
            await sessions.history(new_id, ANNA, limit=limit)


async def test_what_is_too_large_is_refused_with_its_size(sessions: Sessions, new_id: str) -> None:
    """Input before anything is kept; a state or an outcome fails the turn, and the session goes on."""
    with pytest.raises(PayloadTooLarge, match="32782 bytes of JSON; at most 32768"):
        await sessions.converse(ask("x" * (32768), new_id), never)
    with pytest.raises(NotFound):
        await sessions.get(new_id, ANNA)
    large = {"x": "y" * 256 * 1024}
    for work in (saying(large), saying({}, state={"x": "y" * 65 * 1024}), saying({"x": float("nan")})):
        with pytest.raises(StorageError, match="of this turn"):
            await sessions.converse(ask("hi", new_id), work)
    most = {"x": "y" * (256 * 1024 - 8)}
    state = {str(number): 1.0 for number in range(1500)}
    turn = await sessions.converse(ask("x" * (32768 - 14), new_id), saying(most, state=state))
    assert (turn.number, turn.outcome) == (4, most)
    assert same_json((await sessions.get(new_id, ANNA)).state, state)
