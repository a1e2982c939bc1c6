"""A Redis that is stopped, frozen or restarted costs one short delay, never an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from cache_parts import WORDS, Origin, Table
from redis.asyncio import Redis

from batuta.cache import CachePolicy, Found, TieredCache
from batuta.cache.shared import RedisLink, RedisTier
from batuta.cache.shared.link import MEND_SECONDS
from batuta.errors import BreakerOpen, ServiceUnavailable
from batuta.testing.redis import RedisServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

POLICY = CachePolicy(60)
CALLERS = 20


@pytest.fixture
def own_redis(redis: RedisServer) -> Iterator[RedisServer]:
    """The server, running again after a test that disturbed it."""
    yield redis
    redis.stop()
    redis.start()


def shared_tier(redis: RedisServer, name: str, limit_seconds: float = 0.15) -> RedisTier[str]:
    return RedisTier(RedisLink(redis.url, name=name, limit_seconds=limit_seconds), name, WORDS)


@pytest.fixture
async def cache(
    own_redis: RedisServer, cache_name: str, anyio_backend: str
) -> AsyncIterator[TieredCache[str]]:
    """One whose memory holds a single entry, so that it needs its Redis."""
    del anyio_backend
    tier = shared_tier(own_redis, cache_name)
    async with TieredCache(WORDS, POLICY, shared=tier, max_entries=1) as cache:
        yield cache


class Load:
    """Callers who ask for one key after another, without pause, and what they got."""

    def __init__(self, cache: TieredCache[str]) -> None:
        self.cache = cache
        self.found: list[Found[str]] = []
        self.seconds: list[float] = []
        self._callers = [asyncio.create_task(self._call(number)) for number in range(CALLERS)]

    async def until(self, enough: Callable[[list[Found[str]]], bool]) -> list[Found[str]]:
        """What is got from now on, once it is enough."""
        start = len(self.found)
        async with asyncio.timeout(30):
            while not enough(self.found[start:]):
                await asyncio.sleep(0.01)
                assert not any(caller.done() for caller in self._callers), "a get failed"
        return self.found[start:]

    async def end(self) -> None:
        for caller in self._callers:
            caller.cancel()
        outcomes = await asyncio.gather(*self._callers, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}

    async def _call(self, number: int) -> None:
        while True:
            for key in range(5):
                started = time.perf_counter()
                self.found.append(await self.cache.get(f"{number}-{key}", self._compute))
                self.seconds.append(time.perf_counter() - started)
                await asyncio.sleep(0.002)

    async def _compute(self) -> str:
        await asyncio.sleep(0.001)
        return "x"


def tried(found: list[Found[str]], outcome: str) -> int:
    return sum(each.outcome == outcome for one in found for each in one.attempts if each.tier == "cache")


def from_redis(found: list[Found[str]]) -> bool:
    return sum(each.source == "cache" for each in found) > 50


def without_redis(found: list[Found[str]]) -> bool:
    return tried(found, "skipped") > 200


@pytest.mark.parametrize("trouble", ["frozen", "stopped"])
async def test_under_load_a_redis_in_trouble_fails_no_get_and_is_used_again(
    cache: TieredCache[str], own_redis: RedisServer, trouble: str
) -> None:
    """Each caller waits for it once at most; when it is back it is used again, without a restart of ours."""
    load = Load(cache)
    await load.until(from_redis)
    begun = len(load.seconds)
    (own_redis.freeze if trouble == "frozen" else own_redis.stop)()
    meanwhile = await load.until(without_redis)
    assert tried(meanwhile, "error") <= 2 * CALLERS
    assert max(load.seconds[begun:]) < 1.5  # the limit is 0.15 s; the rest is for a busy machine
    (own_redis.thaw if trouble == "frozen" else own_redis.start)()
    await load.until(from_redis)
    await load.end()


async def test_a_frozen_redis_costs_one_delay(
    cache: TieredCache[str], own_redis: RedisServer, origin: Origin
) -> None:
    """The first get pays, all others, and all steps of the first, nothing."""
    await cache.get("warm", origin.load)
    own_redis.freeze()
    first = await cache.get("a", origin.load)
    others: list[Found[str]] = []
    end = time.monotonic() + 1  # for several of the probes that find out whether it is back
    while time.monotonic() < end:
        others.append(await cache.get(str(len(others)), origin.load))
        await asyncio.sleep(0.005)
    asked = [each for found in (first, *others) for each in found.attempts if each.tier == "cache"]
    assert {each.outcome for each in asked[1:]} == {"skipped"}
    assert sum(each.milliseconds for each in asked) < 1000
    own_redis.thaw()


async def test_a_request_never_has_to_find_out_whether_redis_is_back(own_redis: RedisServer) -> None:
    """Although it would be time to: only `mend` does, and then requests may pass."""
    link = RedisLink(own_redis.url, name="x")

    async def ping(redis: Redis) -> None:
        await redis.ping()

    own_redis.freeze()
    with pytest.raises(ServiceUnavailable, match="TimeoutError"):
        await link.ask(ping)
    own_redis.thaw()
    end = time.monotonic() + 2 * MEND_SECONDS
    while time.monotonic() < end:
        with pytest.raises(BreakerOpen):
            await link.ask(ping)
        await asyncio.sleep(0.01)
    await link.mend(ping)
    await link.ask(ping)
    await link.aclose()


async def test_without_a_redis_everything_works_in_the_process(
    own_redis: RedisServer, cache_name: str, origin: Origin
) -> None:
    """From the first get on; it is used as soon as it is there."""
    own_redis.stop()
    async with TieredCache(WORDS, POLICY, shared=shared_tier(own_redis, cache_name)) as cache:
        assert (await cache.get("k", origin.load)).source == "origin"
        assert (await cache.get("k", origin.load)).source == "memory"
        assert await cache.invalidate("k") is False
        assert (await cache.get("k", origin.load)).value == "2"
        own_redis.start()
        await used_again(cache)


async def until(true: Callable[[], bool]) -> None:
    """Return when it is; fail after 20 s."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110  # what we wait for happens in a Redis and in background tasks
            await asyncio.sleep(0.01)


async def used_again(cache: TieredCache[str]) -> None:
    """Once a key that nobody knows is looked for in Redis."""

    async def nothing() -> str:
        return "x"

    async with asyncio.timeout(20):
        for number in range(100_000):
            found = await cache.get(f"nobody-knows-{number}", nothing)
            if found.attempts[1].outcome == "miss":
                return
            await asyncio.sleep(0.01)


async def test_what_could_not_be_invalidated_is_made_up_for(own_redis: RedisServer, cache_name: str) -> None:
    """Redis kept the old value while it could not be told; nobody is given it when it is back."""
    mine, theirs = Origin(), Origin()
    async with (
        TieredCache(WORDS, POLICY, shared=shared_tier(own_redis, cache_name)) as cache,
        TieredCache(WORDS, POLICY, shared=shared_tier(own_redis, cache_name)) as other,
    ):
        for key in ("k", "l", "m"):
            await cache.get(key, mine.load, tags=("t",) if key == "l" else ())
            assert (await other.get(key, theirs.load)).source == "cache"
        own_redis.freeze()
        assert await cache.invalidate("k") is False
        assert await cache.invalidate_tag("t") is False
        own_redis.thaw()
        await used_again(cache)
        assert (await cache.get("k", mine.load)).source == "origin"
        assert (await cache.get("l", mine.load, tags=("t",))).source == "origin"
        assert (await cache.get("m", mine.load)).source == "memory"
        await used_again(other)
        await until(lambda: other.peek("k") is None and other.peek("l") is None)
        assert (await other.get("k", theirs.load)).source == "cache"


async def test_a_redis_that_lost_its_data_makes_memories_forget(
    own_redis: RedisServer, cache_name: str
) -> None:
    """With the journal went invalidations nobody can know of; the database still has the values."""
    origin, table = Origin(), Table()
    tier = shared_tier(own_redis, cache_name, 2)
    async with TieredCache(WORDS, POLICY, shared=tier, database=table) as cache:
        await cache.get("k", origin.load)
        with own_redis.client() as client:
            client.flushall()
        await until(lambda: cache.peek("k") is None)
        assert (await cache.get("k", origin.load)).source == "database"
        assert (await cache.get("k", origin.load)).source == "memory"


async def test_a_burst_of_invalidations_reaches_everybody(own_redis: RedisServer, cache_name: str) -> None:
    """Thousands at once: none is lost."""
    number = 3000
    origin = Origin()
    async with (
        TieredCache(WORDS, POLICY, shared=shared_tier(own_redis, cache_name, 10)) as cache,
        TieredCache(WORDS, POLICY, shared=shared_tier(own_redis, cache_name, 10)) as other,
    ):
        await cache.get("start", origin.load)
        await other.get("start", origin.load)
        stamp = other._memory.take_stamp()
        entry = other._memory.look("start", time.time())
        assert entry is not None
        for key in range(number):
            other._memory.keep(str(key), entry, stamp)
        assert other.statistics().entries == number + 1
        assert all(await asyncio.gather(*[cache.invalidate(str(key)) for key in range(number)]))
        await until(lambda: other.statistics().entries == 1)


async def test_closing_at_any_moment_ends_everything(own_redis: RedisServer, cache_name: str) -> None:
    """Also while news is being read (where a library may lose a cancellation)."""
    for moment in range(60):
        async with TieredCache(WORDS, POLICY, shared=shared_tier(own_redis, cache_name, 2)) as cache:
            await cache.get("k", Origin().load)
            for _ in range(moment % 4):
                await cache.invalidate("k")
            for _ in range(moment % 7):
                await asyncio.sleep(0)
            closing = asyncio.create_task(cache.aclose())
            done, _ = await asyncio.wait({closing}, timeout=10)
            assert done


async def test_a_redis_that_refuses_to_write_is_still_read(own_redis: RedisServer, cache_name: str) -> None:
    """Out of memory: answers go on, from wherever they are."""
    origin = Origin()
    async with TieredCache(
        WORDS, POLICY, shared=shared_tier(own_redis, cache_name, 2), max_entries=1
    ) as cache:
        await cache.get("k", origin.load)
        await cache.get("l", origin.load)
        with own_redis.client() as client:
            client.config_set("maxmemory", "1")
        assert (await cache.get("k", origin.load)).source == "cache"
        assert (await cache.get("new", origin.load)).source == "origin"


@pytest.fixture
def origin() -> Origin:
    return Origin()
