"""What every store of sessions promises: SQLite, Postgres and DynamoDB do the same."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from typing import Any

import pytest
from session_talks import ANNA, LIFETIME, PATIENCE, Held, Opens, Time, ask, counting, never, same_json, saying

from batuta.errors import (
    BatutaError,
    Conflict,
    DeadlineExceeded,
    InvalidRequest,
    MediaError,
    NotFound,
    NotReady,
    ServiceUnavailable,
)
from batuta.sessions import Ask, Done, Session, Sessions, SessionStore, TurnStatus, Who
from batuta.sessions.deciding import Busy, Lease

pytestmark = pytest.mark.anyio

AWKWARD: dict[str, Any] = {
    "whole": [0, -1, 2**53, 2**64, -(10**45)],
    "floats": [1.0, -0.0, 0.1, -1e-7, 59.9, 1e300, 5e-324, 1e22, 123456789.123456789],
    "nothing": [None, True, False, "", [], {}],
    "text": "Não é 100 % — 🛒 \x00 \ud800 '",
    "": {"$json": "no text of ours", "a.b": {"$json": 1}},
    "deep": [[[[[[{"x": [[[[[[[[[[[[[[[[[[[[[[[[1.5]]]]]]]]]]]]]]]]]]]]]]]]}]]]]]],
}


def watched(store: SessionStore, name: str) -> asyncio.Queue[object]:
    """What the store's method gives from now on."""
    given: asyncio.Queue[object] = asyncio.Queue()
    method = getattr(store, name)

    async def watch(*arguments: object) -> object:
        found = await method(*arguments)
        given.put_nowait(found)
        return found

    setattr(store, name, watch)
    return given


async def test_a_turn_finds_the_session_as_the_turn_before_left_it(
    sessions: Sessions, opens: Opens, time: Time, new_id: str
) -> None:
    """New at first; then with the state, status and version that were kept, also for another process."""
    seen: list[Session] = []

    async def work(session: Session) -> Done:
        seen.append(session)
        return Done({"turn": session.turns + 1}, {"reply": "hello"}, "waiting")

    first = await sessions.converse(ask("hi", new_id, "r1"), work)
    opened = time.now()
    time.forward(60)
    second = await opens().converse(ask("again", new_id, "r2", request_type="clarify"), work)
    assert [(each.version, each.turns, each.status, each.state) for each in seen] == [
        (0, 0, "pending", {}),
        (1, 1, "waiting", {"turn": 1}),
    ]
    assert (first.number, first.status, first.outcome) == (1, TurnStatus.COMPLETED, {"reply": "hello"})
    assert (second.number, second.request_type, second.input) == (2, "clarify", {"message": "again"})
    session = await sessions.get(new_id, ANNA)
    assert session == Session(
        session_id=new_id,
        user_id="anna",
        owner="key-1",
        request_type="chat",
        status="waiting",
        state={"turn": 2},
        version=2,
        turns=2,
        created_at=opened,
        updated_at=time.now(),
        expires_at=(time.now() + LIFETIME).replace(microsecond=0) + dt.timedelta(seconds=1),
    )
    assert await sessions.history(new_id, ANNA) == [first, second]


async def test_json_comes_back_exactly_as_it_was(sessions: Sessions, new_id: str) -> None:
    """Input, outcome and state: kinds of numbers, empty things, any text, any depth."""
    turn = await sessions.converse(Ask(ANNA, "chat", AWKWARD, new_id, "r"), saying(AWKWARD, state=AWKWARD))
    again = await sessions.converse(Ask(ANNA, "chat", AWKWARD, new_id, "r"), never)
    (kept,) = await sessions.history(new_id, ANNA)
    assert same_json((await sessions.get(new_id, ANNA)).state, AWKWARD)
    for each in (turn, again, kept):
        assert same_json(each.input, AWKWARD)
        assert same_json(each.outcome, AWKWARD)


@pytest.mark.parametrize("other", [Who("bert", "key-1"), Who("anna", "key-2"), Who("anna")])
async def test_somebody_elses_session_is_as_one_that_is_not_there(
    sessions: Sessions, new_id: str, other: Who
) -> None:
    """The same words for a session nobody opened, also while a turn is under way, and nothing changes."""
    with pytest.raises(NotFound) as unknown:
        await sessions.get(new_id, other)
    work = Held(counting)
    turn = asyncio.create_task(sessions.converse(ask("hi", new_id, "r1"), work))
    await work.begun.wait()

    async def strangers() -> None:
        for attempt in (
            sessions.get(new_id, other),
            sessions.history(new_id, other),
            sessions.delete(new_id, other),
            sessions.converse(ask("hi", new_id, "r1", who=other), never),
            sessions.converse(ask("boo", new_id, who=other), never),
        ):
            with pytest.raises(NotFound) as refused:
                await attempt
            assert refused.value.to_dict() == unknown.value.to_dict()

    await strangers()
    work.go_on.set()
    expected = [await turn]
    before = await sessions.get(new_id, ANNA)
    await strangers()
    assert await sessions.get(new_id, ANNA) == before
    assert await sessions.history(new_id, ANNA) == expected


async def test_a_repeated_request_answers_the_first_outcome(
    sessions: Sessions, opens: Opens, new_id: str
) -> None:
    """Here and in another process, also after later turns; the work is not done."""
    first = await sessions.converse(ask("hi", new_id, "r1"), counting)
    await sessions.converse(ask("and?", new_id, "r2"), counting)
    for each in (sessions, opens()):
        assert await each.converse(ask("hi", new_id, "r1"), never) == first
    assert (await sessions.get(new_id, ANNA)).state == {"count": 2}


async def test_a_repeated_request_does_not_wait_for_the_turn_under_way(
    sessions: Sessions, new_id: str
) -> None:
    """What is answered is answered."""
    first = await sessions.converse(ask("hi", new_id, "r1"), counting)
    work = Held(counting)
    turn = asyncio.create_task(sessions.converse(ask("and?", new_id, "r2"), work))
    await work.begun.wait()
    async with asyncio.timeout(PATIENCE):
        assert await sessions.converse(ask("hi", new_id, "r1"), never) == first
    work.go_on.set()
    assert (await turn).outcome == {"count": 2}


async def test_the_same_first_request_opens_one_session(
    sessions: Sessions, opens: Opens, new_id: str
) -> None:
    """Its id follows from who asks and the request_id; without one each request opens another."""
    first = await sessions.converse(ask("hi", request_id=new_id), counting)
    again = await opens().converse(ask("hi", request_id=new_id), never)
    others = [
        await sessions.converse(ask("hi", request_id=new_id, who=Who("bert")), counting),
        await sessions.converse(ask("hi"), counting),
        await sessions.converse(ask("hi"), counting),
    ]
    assert again == first
    assert len({turn.session_id for turn in (first, *others)}) == 4


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("fails", [False, True])
async def test_a_request_that_is_under_way_is_joined(
    store: SessionStore, opens: Opens, new_id: str, *, elsewhere: bool, fails: bool
) -> None:
    """Whoever repeats it gets the outcome, or the error, of the one that works; it is done once."""

    async def failing(_: Session) -> Done:
        raise ServiceUnavailable("the catalogue is away")

    sessions = opens()
    looks = watched(store, "begin")
    work = Held(failing if fails else counting)
    first = asyncio.create_task(sessions.converse(ask("hi", new_id, "r1"), work))
    await work.begun.wait()
    other = opens() if elsewhere else sessions
    second = asyncio.create_task(other.converse(ask("hi", new_id, "r1"), never))
    while elsewhere and await looks.get() != Busy(same=True):
        """The other process has not seen the first at work yet."""
    await asyncio.sleep(0)
    assert not second.done()
    work.go_on.set()
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    if fails:
        assert [str(each) for each in outcomes] == ["the catalogue is away"] * 2
        assert {type(each) for each in outcomes} == {ServiceUnavailable}
    else:
        assert outcomes[0] == outcomes[1] == (await sessions.history(new_id, ANNA))[0]
    assert work.times == 1


async def test_a_turn_that_failed_for_a_passing_reason_is_done_again(
    sessions: Sessions, time: Time, new_id: str
) -> None:
    """Under its number, on the state as it is by then; the failure is seen meanwhile."""

    async def failing(_: Session) -> Done:
        raise ServiceUnavailable("the catalogue is away", 3)

    with pytest.raises(ServiceUnavailable, match="away"):
        await sessions.converse(ask("hi", new_id, "r1"), failing)
    (kept,) = await sessions.history(new_id, ANNA)
    assert (kept.status, kept.outcome) == (TurnStatus.FAILED, None)
    assert kept.error == {
        "code": "service_unavailable",
        "message": "the catalogue is away",
        "retryable": True,
        "retry_after": 3,
    }
    assert (await sessions.get(new_id, ANNA)).version == 0
    time.forward(60)
    await sessions.converse(ask("other", new_id, "r2"), counting)
    again = await sessions.converse(ask("hi", new_id, "r1"), counting)
    assert (again.number, again.status, again.error, again.outcome) == (
        1,
        TurnStatus.COMPLETED,
        None,
        {"count": 2},
    )
    assert (again.created_at, again.completed_at) == (kept.created_at, time.now())
    assert [turn.number for turn in await sessions.history(new_id, ANNA)] == [1, 2]


async def test_a_turn_that_failed_for_good_fails_again(sessions: Sessions, new_id: str) -> None:
    """With the same error, without being done; the state stays as it was and the next turn goes on."""

    async def failing(_: Session) -> Done:
        raise MediaError("that is no photo")

    await sessions.converse(ask("hi", new_id, "r1"), counting)
    for work in (failing, never):
        with pytest.raises(MediaError, match="that is no photo"):
            await sessions.converse(ask("look", new_id, "r2"), work)
    session = await sessions.get(new_id, ANNA)
    assert (session.state, session.version, session.status, session.turns) == ({"count": 1}, 1, "counted", 2)
    assert (await sessions.converse(ask("hm", new_id, "r3"), counting)).outcome == {"count": 2}


async def test_an_error_nobody_expected_is_an_internal_one(sessions: Sessions, new_id: str) -> None:
    """Its words stay in the log, and the session can go on."""

    async def failing(_: Session) -> Done:
        raise KeyError("secret")

    for work in (failing, never):
        with pytest.raises(BatutaError) as raised:
            await sessions.converse(ask("hi", new_id, "r1"), work)
        assert (raised.value.code, "secret" in str(raised.value)) == ("internal_error", False)
    assert (await sessions.converse(ask("hm", new_id), counting)).outcome == {"count": 1}


async def test_a_request_id_is_for_one_request(sessions: Sessions, opens: Opens, new_id: str) -> None:
    """Another input or type with it is refused, also while the first is under way, and changes nothing."""
    work = Held(counting)
    first = asyncio.create_task(sessions.converse(ask("hi", new_id, "r1"), work))
    await work.begun.wait()
    for each in (sessions, opens()):
        for other in (ask("ho", new_id, "r1"), ask("hi", new_id, "r1", request_type="search")):
            with pytest.raises(Conflict, match="'r1' was used before for another request"):
                await each.converse(other, never)
    work.go_on.set()
    expected = [await first]
    assert await sessions.history(new_id, ANNA) == expected


async def test_turns_of_a_session_come_one_after_the_other(opens: Opens, new_id: str) -> None:
    """Asked by many at once in two processes: none is lost, none overlaps, here in the order of arrival."""
    at_work, most, order = 0, 0, list[str]()

    def work(name: str) -> Any:
        async def count(session: Session) -> Done:
            nonlocal at_work, most
            at_work += 1
            most = max(most, at_work)
            order.append(name)
            done = await counting(session)
            at_work -= 1
            return done

        return count

    processes = [opens(), opens()]
    async with asyncio.timeout(PATIENCE):
        turns = await asyncio.gather(
            *(
                each.converse(ask(f"{place}-{number}", new_id), work(f"{place}-{number}"))
                for number in range(4)
                for place, each in enumerate(processes)
            )
        )
    assert sorted(turn.outcome["count"] for turn in turns if turn.outcome) == list(range(1, 9))
    assert {turn.number for turn in turns} == set(range(1, 9))
    assert most == 1
    for place in ("0", "1"):
        assert [name for name in order if name[0] == place] == [f"{place}-{number}" for number in range(4)]


async def test_two_first_turns_under_one_new_id_open_one_session(opens: Opens, new_id: str) -> None:
    """The one opens it, the other waits its turn; somebody else gets nothing."""
    asks = [ask("a", new_id), ask("b", new_id), ask("c", new_id, who=Who("bert"))]
    found = await asyncio.gather(*(opens().converse(each, counting) for each in asks), return_exceptions=True)
    refused = [each for each in found if isinstance(each, NotFound)]
    turns = [each.number for each in found if not isinstance(each, BaseException)]
    assert (len(refused), sorted(turns)) in [(1, [1, 2]), (2, [1])]  # whoever came first has it


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_session_that_stays_busy_is_not_waited_for_for_ever(
    opens: Opens, new_id: str, *, elsewhere: bool
) -> None:
    """After `wait_seconds` the caller is told to come again; the turn under way goes on."""
    sessions = opens(wait_seconds=0.15)
    work = Held(counting)
    turn = asyncio.create_task(sessions.converse(ask("hi", new_id, "r1"), work))
    await work.begun.wait()
    other = opens(wait_seconds=0.15) if elsewhere else sessions
    for request_id in ("r1", "r2"):
        with pytest.raises(NotReady, match="busy with another turn") as raised:
            await other.converse(ask("hi", new_id, request_id), never)
        assert raised.value.retry_after
    work.go_on.set()
    assert (await turn).outcome == {"count": 1}


async def test_whoever_lost_the_lease_writes_nothing(opens: Opens, time: Time, new_id: str) -> None:
    """Another process went on meanwhile; the late one is told, and may ask again."""
    slow, quick = opens(), opens()
    work = Held(counting)
    late = asyncio.create_task(slow.converse(ask("slow", new_id, "r1"), work))
    await work.begun.wait()
    time.forward(11)
    assert (await quick.converse(ask("quick", new_id, "r2"), counting)).outcome == {"count": 1}
    before = await quick.get(new_id, ANNA)
    work.go_on.set()
    with pytest.raises(Conflict, match="nothing of it was kept"):
        await late
    assert await quick.get(new_id, ANNA) == before
    unfinished, second = await quick.history(new_id, ANNA)
    assert (unfinished.status, second.status) == (TurnStatus.FAILED, TurnStatus.COMPLETED)
    again = await slow.converse(ask("slow", new_id, "r1"), counting)
    assert (again.number, again.outcome) == (1, {"count": 2})


async def test_a_lease_is_renewed_while_the_work_goes_on(
    store: SessionStore, opens: Opens, time: Time, new_id: str
) -> None:
    """So that a turn may take longer than a lease; nobody else begins meanwhile."""
    sessions = opens(lease_seconds=0.15)
    renewals = watched(store, "renew")
    work = Held(counting)
    turn = asyncio.create_task(sessions.converse(ask("long", new_id, "r1"), work))
    await work.begun.wait()
    for _ in range(3):
        time.forward(0.1)
        while not renewals.empty():
            renewals.get_nowait()
        for _ in range(2):  # one under way may have looked at the time before
            assert await renewals.get()
        with pytest.raises(NotReady):
            await opens(wait_seconds=0).converse(ask("other", new_id), never)
    work.go_on.set()
    assert (await turn).outcome == {"count": 1}


async def test_the_work_is_stopped_once_the_lease_is_lost(
    store: SessionStore, opens: Opens, time: Time, new_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its end: what it does would be for nothing."""
    taken = asyncio.Event()
    renew = store.renew

    async def late_renewal(session_id: str, lease: Lease) -> bool:
        await taken.wait()
        return await renew(session_id, lease)

    monkeypatch.setattr(store, "renew", late_renewal)
    work = Held(never)
    late = asyncio.create_task(opens(lease_seconds=0.15).converse(ask("slow", new_id), work))
    await work.begun.wait()
    time.forward(0.2)
    await opens().converse(ask("quick", new_id), counting)
    taken.set()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(Conflict):
            await late


async def test_the_turn_is_kept_when_whoever_asked_has_left(sessions: Sessions, new_id: str) -> None:
    """The work goes on, and its outcome answers when the request comes again."""
    work = Held(counting)
    caller = asyncio.create_task(sessions.converse(ask("hi", new_id, "r1"), work))
    await work.begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    work.go_on.set()
    assert (await sessions.converse(ask("hi", new_id, "r1"), never)).outcome == {"count": 1}
    assert work.times == 1


async def test_a_turn_has_a_time_limit(opens: Opens, new_id: str) -> None:
    """Then it has failed, for a reason that may pass, and the session is free."""
    sessions = opens(turn_seconds=0.1)
    with pytest.raises(DeadlineExceeded, match=r"not done after 0\.1 s"):
        await sessions.converse(ask("hi", new_id, "r1"), Held(never))
    (turn,) = await sessions.history(new_id, ANNA)
    assert (turn.status, turn.error and turn.error.get("retryable")) == (TurnStatus.FAILED, True)
    assert (await opens().converse(ask("hi", new_id, "r1"), counting)).number == 1


async def test_closing_ends_the_turn_so_that_it_can_be_done_again_at_once(opens: Opens, new_id: str) -> None:
    """Its lease is given back: nobody has to wait for it to run out."""
    stopping = opens()
    work = Held(never)
    turn = asyncio.create_task(stopping.converse(ask("hi", new_id, "r1"), work))
    await work.begun.wait()
    flight = next(iter(stopping._flights.values()))
    flight.stop(ServiceUnavailable("the program is being stopped"))  # what aclose does, with the store open
    with pytest.raises(ServiceUnavailable, match="being stopped"):
        await turn
    again = await opens(wait_seconds=0).converse(ask("hi", new_id, "r1"), counting)
    assert (again.number, again.outcome) == (1, {"count": 1})
    await stopping.aclose()
    with pytest.raises(ServiceUnavailable, match="being stopped"):
        await stopping.converse(ask("hi", new_id), never)


@pytest.mark.parametrize(
    "bad",
    [
        Ask(ANNA, "chat", {}, session_id="a b"),
        Ask(ANNA, "chat", {}, session_id=""),
        Ask(ANNA, "chat", {}, session_id="x" * 129),
        Ask(ANNA, "chat", {}, request_id=""),
        Ask(ANNA, "chat", {}, request_id="x" * 129),
        Ask(ANNA, "chat", {}, request_id="a\x00"),
        Ask(Who(""), "chat", {}),
        Ask(Who("\ud800"), "chat", {}),
        Ask(Who("x" * 257), "chat", {}),
        Ask(ANNA, "", {}),
        Ask(ANNA, "chat", {"x": {1, 2}}),
        Ask(ANNA, "chat", {"x": float("inf")}),
    ],
    ids=lambda bad: re.sub(r"\W+", "-", ascii(bad))[-60:],
)
async def test_a_request_that_cannot_be_used_is_refused(bad: Ask) -> None:
    """Before any store is asked."""
    unused: Any = None
    with pytest.raises(InvalidRequest):
        await Sessions(unused, lifetime=LIFETIME).converse(bad, never)


async def test_a_store_that_works_answers(sessions: Sessions) -> None:
    """For health reports; an id that nobody can have is one that nobody has."""
    await sessions.ping()
    with pytest.raises(NotFound):
        await sessions.get("no id\x00", ANNA)
