"""Looking up: one computation however many ask, stale rather than nothing, and where the answer came from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from cache_parts import WORDS, Origin, Table

from batuta.cache import CachePolicy, Failed, Found, TieredCache
from batuta.clients import deadline, remaining
from batuta.errors import DeadlineExceeded, NotFound, ServiceBusy, ServiceUnavailable
from batuta.testing.clock import VirtualClock

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

POLICY = CachePolicy(10, error_seconds=100, jitter=0, rest_seconds=5, negative={"not_found": 60})
AT_ONCE = CachePolicy(10, revalidate_seconds=20, error_seconds=100, jitter=0)
DOWN = ServiceUnavailable("the origin is down")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_000_000)


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
async def cache(clock: VirtualClock, anyio_backend: str) -> AsyncIterator[TieredCache[str]]:
    del anyio_backend
    async with TieredCache(WORDS, POLICY, now=clock.now) as cache:
        yield cache


@pytest.fixture
async def deep(clock: VirtualClock, table: Table, anyio_backend: str) -> AsyncIterator[TieredCache[str]]:
    """A cache with a database."""
    del anyio_backend
    async with TieredCache(WORDS, POLICY, database=table, now=clock.now) as cache:
        yield cache


def seen(found: Found[str]) -> tuple[str, str, bool]:
    return found.value, found.source, found.stale


async def turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_thousand_who_ask_cause_one_computation(cache: TieredCache[str], origin: Origin) -> None:
    """All get its value; the next finds it in memory."""
    found = await asyncio.gather(*[cache.get("k", origin.load) for _ in range(1000)])
    assert {seen(each) for each in found} == {("1", "origin", False)}
    assert seen(await cache.get("k", origin.load)) == ("1", "memory", False)
    assert origin.asked == 1
    told = cache.statistics()
    assert (told.loads, told.joined, told.tiers["memory"].hits, told.entries) == (1, 999, 1, 1)


@pytest.mark.parametrize("who", [0, 2, 4])
async def test_a_caller_that_leaves_takes_nothing_from_the_others(
    cache: TieredCache[str], origin: Origin, who: int
) -> None:
    """Neither the first, who caused the computation, nor a later one."""
    origin.may_answer.clear()
    callers = [asyncio.create_task(cache.get("k", origin.load)) for _ in range(5)]
    await origin.begun.wait()
    callers.pop(who).cancel()
    await turns()
    origin.may_answer.set()
    assert {(await caller).value for caller in callers} == {"1"}


async def test_a_value_nobody_waits_for_is_kept(cache: TieredCache[str], origin: Origin) -> None:
    """When all have left, the computation goes on."""
    origin.may_answer.clear()
    caller = asyncio.create_task(cache.get("k", origin.load))
    await origin.begun.wait()
    caller.cancel()
    await turns()
    origin.may_answer.set()
    await turns()
    assert seen(await cache.get("k", origin.load)) == ("1", "memory", False)


async def test_the_deadline_of_who_asks_first_is_not_the_loads(cache: TieredCache[str]) -> None:
    """The load has the policy's time; who asks has his own."""
    left: list[float | None] = []

    async def load() -> str:
        left.append(remaining())
        return "x"

    with deadline(1):
        await cache.get("k", load)
    assert left[0] is not None
    assert left[0] == pytest.approx(300, abs=1)


async def test_a_value_is_computed_anew_when_it_is_no_longer_fresh(
    cache: TieredCache[str], origin: Origin, clock: VirtualClock
) -> None:
    """Just before the end it is the old one; `age` says how old."""
    await cache.get("k", origin.load)
    clock.advance(9.9)
    found = await cache.get("k", origin.load)
    assert (found.value, round(found.age, 3)) == ("1", 9.9)
    clock.advance(0.1)
    assert seen(await cache.get("k", origin.load)) == ("2", "origin", False)


async def test_a_stale_value_is_given_where_the_origin_fails(
    cache: TieredCache[str], origin: Origin, clock: VirtualClock
) -> None:
    """Marked so; and the origin is then left alone for a while."""
    await cache.get("k", origin.load)
    clock.advance(50)
    origin.error = DOWN
    found = await cache.get("k", origin.load)
    assert (seen(found), found.age) == (("1", "memory", True), 50)
    assert [(each.tier, each.outcome, each.cause) for each in found.attempts] == [
        ("memory", "stale", ""),
        ("origin", "error", "service_unavailable"),
    ]
    origin.error = None
    clock.advance(4.9)
    assert seen(await cache.get("k", origin.load)) == ("1", "memory", True)
    assert origin.asked == 2
    clock.advance(0.1)
    assert seen(await cache.get("k", origin.load)) == ("3", "origin", False)


async def test_a_value_that_is_too_old_is_not_given_even_then(
    cache: TieredCache[str], origin: Origin, clock: VirtualClock
) -> None:
    """The error is."""
    await cache.get("k", origin.load)
    clock.advance(110)
    origin.error = DOWN
    with pytest.raises(ServiceUnavailable, match="the origin is down"):
        await cache.get("k", origin.load)


async def test_a_failure_reaches_all_who_wait_and_is_not_remembered(
    cache: TieredCache[str], origin: Origin
) -> None:
    """Unless the policy says so; whoever asks next gets a new attempt."""
    origin.error = OSError("no route")
    outcomes = await asyncio.gather(*[cache.get("k", origin.load) for _ in range(5)], return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["no route"] * 5
    assert origin.asked == 1
    origin.error = None
    assert (await cache.get("k", origin.load)).value == "2"


async def test_a_failure_of_a_cause_that_lasts_is_remembered(
    cache: TieredCache[str], origin: Origin, clock: VirtualClock
) -> None:
    """As the same class of error, with the time that is left, for as long as the cause is worth."""
    origin.error = NotFound("no such video")
    with pytest.raises(NotFound):
        await cache.get("k", origin.load)
    clock.advance(20)
    with pytest.raises(NotFound, match="no such video") as caught:
        await cache.get("k", origin.load)
    assert caught.value.retry_after == 40
    outcome = await cache.look_up("k", origin.load)
    assert isinstance(outcome, Failed)
    assert (outcome.source, origin.asked) == ("memory", 1)
    clock.advance(40)
    origin.error = None
    assert (await cache.get("k", origin.load)).value == "2"


async def test_an_origin_that_says_when_is_not_asked_before(
    cache: TieredCache[str], origin: Origin, clock: VirtualClock
) -> None:
    """`Retry-After` is obeyed, without a value and with a stale one."""
    origin.error = ServiceBusy("slow down", retry_after=30)
    for wait in (0, 29):
        clock.advance(wait)
        with pytest.raises(ServiceBusy, match="slow down"):
            await cache.get("k", origin.load)
    assert origin.asked == 1
    clock.advance(1)
    origin.error = None
    assert (await cache.get("k", origin.load)).value == "2"
    clock.advance(15)
    origin.error = ServiceBusy("slow down", retry_after=30)
    for wait in (0, 29):
        clock.advance(wait)
        assert seen(await cache.get("k", origin.load)) == ("2", "memory", True)
    assert origin.asked == 3


async def test_a_stale_value_is_given_at_once_and_renewed_behind_it(
    cache: TieredCache[str], origin: Origin, clock: VirtualClock
) -> None:
    """However many ask meanwhile, it is renewed once."""
    await cache.get("k", origin.load, policy=AT_ONCE)
    clock.advance(29)
    origin.may_answer.clear()
    for _ in range(3):
        assert seen(await cache.get("k", origin.load, policy=AT_ONCE)) == ("1", "memory", True)
    origin.may_answer.set()
    await turns()
    assert seen(await cache.get("k", origin.load)) == ("2", "memory", False)


async def test_a_slow_origin_is_not_waited_for_where_a_stale_value_is(
    cache: TieredCache[str], origin: Origin, clock: VirtualClock
) -> None:
    """At the soft limit the stale one is given; what comes late is kept."""
    soft = CachePolicy(10, error_seconds=100, soft_seconds=0.02, hard_seconds=60)
    await cache.get("k", origin.load, policy=soft)
    clock.advance(50)
    origin.may_answer.clear()
    found = await asyncio.wait_for(cache.get("k", origin.load, policy=soft), 10)
    assert seen(found) == ("1", "memory", True)
    assert found.attempts[-1].outcome == "out_of_time"
    origin.may_answer.set()
    await turns()
    assert seen(await cache.get("k", origin.load)) == ("2", "memory", False)


async def test_the_hard_limit_is_told_and_the_late_value_kept(
    cache: TieredCache[str], origin: Origin
) -> None:
    """With nothing to give, `DeadlineExceeded`; who asks later finds the value, without another load."""
    hard = CachePolicy(10, soft_seconds=0.001, hard_seconds=0.02)
    origin.may_answer.clear()
    with pytest.raises(DeadlineExceeded, match="k: no answer in"):
        await cache.get("k", origin.load, policy=hard)
    origin.may_answer.set()
    await turns()
    assert seen(await cache.get("k", origin.load)) == ("1", "memory", False)
    assert origin.asked == 1


async def test_the_callers_own_deadline_holds_too(cache: TieredCache[str], origin: Origin) -> None:
    """It is the earlier of the two that does."""
    origin.may_answer.clear()
    with deadline(0.02), pytest.raises(DeadlineExceeded):
        await cache.get("k", origin.load)


async def test_an_origin_that_never_answers_is_stopped(cache: TieredCache[str], origin: Origin) -> None:
    """After the policy's time, whoever waits."""
    origin.may_answer.clear()
    with pytest.raises(DeadlineExceeded, match="from its origin"):
        await cache.get("k", origin.load, policy=CachePolicy(10, load_seconds=0.02))
    assert cache.statistics().under_way == 0


async def test_invalidating_makes_the_next_read_compute_anew(deep: TieredCache[str], origin: Origin) -> None:
    """By key, by tag, and all; in every tier."""
    await deep.get("k", origin.load, tags=("t",))
    assert await deep.invalidate("k")
    assert (await deep.get("k", origin.load, tags=("t",))).value == "2"
    assert await deep.invalidate_tag("other")
    assert (await deep.get("k", origin.load, tags=("t",))).value == "2"
    assert await deep.invalidate_tag("t")
    assert (await deep.get("k", origin.load, tags=("t",))).value == "3"
    assert await deep.clear()
    assert (await deep.get("k", origin.load, tags=("t",))).value == "4"


@pytest.mark.parametrize("forget", ["key", "tag", "all"])
async def test_what_is_under_way_when_it_is_invalidated_is_not_kept(
    deep: TieredCache[str], origin: Origin, table: Table, forget: str
) -> None:
    """Who asked before gets it; who asks after does not join, and finds a new value."""
    origin.may_answer.clear()
    before = asyncio.create_task(deep.get("k", origin.load, tags=("t",)))
    await origin.begun.wait()
    await {"key": lambda: deep.invalidate("k"), "tag": lambda: deep.invalidate_tag("t"), "all": deep.clear}[
        forget
    ]()
    after = asyncio.create_task(deep.get("k", origin.load, tags=("t",)))
    await turns()
    origin.may_answer.set()
    assert (await before).value == "1"
    assert (await after).value == "2"
    assert seen(await deep.get("k", origin.load)) == ("2", "memory", False)
    assert table.rows["k"].value == "2"


async def test_every_tier_that_missed_is_filled(
    deep: TieredCache[str], origin: Origin, table: Table, clock: VirtualClock
) -> None:
    """From the origin the database and the memory, from the database the memory."""
    await deep.get("k", origin.load)
    assert table.rows["k"].value == "1"
    async with TieredCache(WORDS, POLICY, database=table, now=clock.now) as another:
        assert seen(await another.get("k", origin.load)) == ("1", "database", False)
        assert seen(await another.get("k", origin.load)) == ("1", "memory", False)
    assert origin.asked == 1


async def test_a_database_decides_its_own_freshness(origin: Origin, clock: VirtualClock) -> None:
    """Its row is fresh for longer than the memory's copy, which is renewed from it."""
    async with TieredCache(WORDS, POLICY, database=Table(1000), now=clock.now) as cache:
        await cache.get("k", origin.load)
        clock.advance(500)
        found = await cache.get("k", origin.load)
        assert (seen(found), found.age) == (("1", "database", False), 500)
        assert seen(await cache.get("k", origin.load)) == ("1", "memory", False)
        clock.advance(600)
        origin.error = DOWN
        assert seen(await cache.get("k", origin.load)) == ("1", "database", True)


async def test_a_database_that_fails_or_hangs_is_passed_over(
    deep: TieredCache[str], origin: Origin, table: Table
) -> None:
    """The answer says so; once it has failed three times it is not asked for a while."""
    table.broken = True
    found = await deep.get("k", origin.load)
    assert [(each.tier, each.outcome) for each in found.attempts] == [
        ("memory", "miss"),
        ("database", "error"),
        ("origin", "hit"),
    ]
    assert await deep.invalidate("k") is False
    found = await deep.get("k", origin.load)
    asked = table.asked
    assert (await deep.get("k2", origin.load)).attempts[1].outcome == "skipped"
    assert table.asked == asked
    assert deep.statistics().tiers["database"].errors > 0


async def test_a_value_not_of_the_caches_type_is_given_and_kept_nowhere(
    deep: TieredCache[str], table: Table
) -> None:
    """A defect of the app shows at its own place, not in another process."""

    async def load() -> str:
        return 7  # pyright: ignore[reportReturnType]  # the point of the test

    assert (await deep.get("k", load)).value == 7
    assert (table.rows, deep.statistics().entries) == ({}, 0)


async def test_closing_ends_what_is_under_way(origin: Origin, clock: VirtualClock) -> None:
    """Whoever waits is told; no task is left."""
    cache = TieredCache(WORDS, POLICY, now=clock.now)
    origin.may_answer.clear()
    caller = asyncio.create_task(cache.get("k", origin.load))
    await origin.begun.wait()
    await cache.aclose()
    with pytest.raises(ServiceUnavailable, match="being closed"):
        await caller


async def test_who_watches_is_told_of_every_tier(clock: VirtualClock, origin: Origin) -> None:
    """A hook for metrics."""
    told: list[tuple[str, str]] = []
    async with TieredCache(WORDS, POLICY, now=clock.now, watch=lambda *each: told.append(each)) as cache:
        await cache.get("k", origin.load)
    assert told == [("memory", "miss"), ("origin", "hit")]
