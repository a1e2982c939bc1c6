"""What a store promises beneath the conversations: conditions of its writes, and when things expire."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from session_talks import ANNA, LIFETIME, Time, ask

from batuta.errors import Conflict, MediaError
from batuta.sessions import SessionStore, TurnStatus
from batuta.sessions.asking import asked
from batuta.sessions.deciding import Attempt, Begun, Busy, Lease, completed, failed
from batuta.sessions.models import Done
from batuta.sessions.store import Page

pytestmark = pytest.mark.anyio

MINUTE = dt.timedelta(minutes=1)
DONE = Done({"a": 1}, {"reply": "hello"}, "done")


def attempt(time: Time, session_id: str, request_id: str, token: str) -> Attempt:
    """To begin a turn, with a lease of a minute."""
    lease = Lease(token, time.now() + MINUTE)
    return Attempt(asked(ask("hi", session_id, request_id)), lease, time.now(), expiry(time))


def expiry(time: Time) -> dt.datetime:
    """A lifetime from now, in whole seconds."""
    return time.now().replace(microsecond=0) + LIFETIME


async def begun(store: SessionStore, time: Time, session_id: str, request_id: str, token: str) -> Begun:
    """A turn that has begun."""
    found = await store.begin(attempt(time, session_id, request_id, token))
    assert isinstance(found, Begun)
    return found


async def test_what_is_written_twice_is_written_once(store: SessionStore, time: Time, new_id: str) -> None:
    """An answer may get lost: then the same beginning, or end, comes again."""
    first = await begun(store, time, new_id, "r1", "token")
    again = await begun(store, time, new_id, "r1", "token")
    assert (again.turn, again.turns, again.opens) == (first.turn, 1, False)
    ended = completed(first, DONE, time.now(), expiry(time))
    for _ in range(2):
        await store.finish(ended)
    found = await store.find(new_id, time.now(), Page(9))
    assert found is not None
    assert (found.snapshot.session.version, found.snapshot.lease) == (1, None)
    assert [kept.turn for kept in found.turns] == [ended.turn]


async def test_only_the_holder_of_the_lease_writes(store: SessionStore, time: Time, new_id: str) -> None:
    """Whoever lost it neither ends his turn nor renews, even if nothing was changed since."""
    slow = await begun(store, time, new_id, "r1", "slow")
    assert await store.begin(attempt(time, new_id, "r2", "quick")) == Busy(same=False)
    assert await store.begin(attempt(time, new_id, "r1", "quick")) == Busy(same=True)
    time.forward(MINUTE + dt.timedelta(seconds=1))
    quick = await begun(store, time, new_id, "r2", "quick")
    longer = time.now() + MINUTE
    assert not await store.renew(new_id, Lease("slow", longer))
    for ended in (
        completed(slow, DONE, time.now(), expiry(time)),
        failed(slow, MediaError("no photo"), time.now(), expiry(time)),
    ):
        with pytest.raises(Conflict):
            await store.finish(ended)
    assert await store.renew(new_id, Lease("quick", longer))
    found = await store.find(new_id, time.now(), Page(9))
    assert found is not None
    assert (found.snapshot.session.state, found.snapshot.lease) == ({}, Lease("quick", longer))
    assert [kept.turn.status for kept in found.turns] == [TurnStatus.PROCESSING] * 2
    await store.finish(completed(quick, DONE, time.now(), expiry(time)))
    assert not await store.renew(new_id, Lease("quick", longer))


async def test_only_the_version_that_was_begun_from_is_ended(
    store: SessionStore, time: Time, new_id: str
) -> None:
    """Even with the right lease: what another wrote is never written over."""
    turn = await begun(store, time, new_id, "r1", "token")
    older = replace(turn, session=turn.session.model_copy(update={"version": 3}))
    with pytest.raises(Conflict):
        await store.finish(completed(older, DONE, time.now(), expiry(time)))
    await store.finish(completed(turn, DONE, time.now(), expiry(time)))


async def test_a_session_lives_from_its_last_beginning_and_its_last_end(
    store: SessionStore, time: Time, new_id: str
) -> None:
    """Each puts off when it is forgotten, and its turn with it; also an end that failed."""

    async def there_until(expected: dt.datetime) -> bool:
        before, after = [await store.find(new_id, expected + by, Page(9)) for by in (-MINUTE, MINUTE)]
        assert before is not None
        assert before.snapshot.session.expires_at == expected
        return after is None

    turn = await begun(store, time, new_id, "r1", "1")
    assert await there_until(expiry(time))
    time.forward(MINUTE / 2)
    await store.finish(completed(turn, DONE, time.now(), expiry(time)))
    assert await there_until(expiry(time))
    time.forward(LIFETIME / 2)
    second = await begun(store, time, new_id, "r2", "2")
    assert await there_until(expiry(time))
    time.forward(MINUTE / 2)
    await store.finish(failed(second, MediaError("no photo"), time.now(), expiry(time)))
    assert await there_until(expiry(time))
    found = await store.find(new_id, expiry(time) - MINUTE, Page(9))
    assert found is not None
    assert [kept.turn.number for kept in found.turns] == [2]
    assert await store.delete(new_id, ANNA, time.now())
