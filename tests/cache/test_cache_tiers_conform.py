"""Every tier keeps the same promises: memory, a real Redis, and a database as an app writes it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from cache_parts import WORDS, Table

from batuta.cache import Absence, Entry, Tier
from batuta.cache.memory import MemoryTier
from batuta.cache.shared import RedisLink, RedisTier
from batuta.testing.redis import RedisServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


def entry(value: str = "x", *tags: str, seconds: float = 60) -> Entry[str]:
    now = round(time.time(), 3)
    return Entry(value, now, now + seconds, now + 2 * seconds, tags)


async def kept(tier: Tier[str], key: str, it: Entry[str]) -> None:
    await tier.put(key, it, await tier.stamp(key, it.tags))


@pytest.fixture(params=["memory", "redis", "table"])
async def tier(
    request: pytest.FixtureRequest, redis: RedisServer, cache_name: str, anyio_backend: str
) -> AsyncIterator[Tier[str]]:
    del anyio_backend
    match request.param:
        case "memory":
            yield MemoryTier(WORDS.weigh)
        case "table":
            yield Table()
        case _:
            shared = RedisTier(RedisLink(redis.url, name=cache_name, limit_seconds=2), cache_name, WORDS)
            yield shared
            await shared.aclose()


async def test_what_is_put_is_got(tier: Tier[str]) -> None:
    """With its times and tags; another key has nothing."""
    it = entry("one", "a", "b")
    await kept(tier, "k", it)
    assert await tier.get("k", ("a",)) == it
    assert await tier.get("k", ()) == it
    assert await tier.get("other", ()) is None


@pytest.mark.parametrize("key", ["", "ü b:c*", "line\nbreak", "x" * 5000, "sha256-x", "a|b", "[k]", "\ud800"])
async def test_any_text_is_a_key(tier: Tier[str], key: str) -> None:
    """And stays apart from all others."""
    it = entry(key[:20].encode(errors="replace").decode())
    await kept(tier, key, it)
    await kept(tier, key + " ", entry("neighbour"))
    assert await tier.get(key, ()) == it
    await tier.delete(key)
    assert await tier.get(key, ()) is None
    assert await tier.get(key + " ", ()) is not None


async def test_the_last_put_holds(tier: Tier[str]) -> None:
    """An entry takes the place of the one before."""
    await kept(tier, "k", entry("one"))
    it = entry("two")
    await kept(tier, "k", it)
    assert await tier.get("k", ()) == it


async def test_stale_entries_are_given_still(tier: Tier[str]) -> None:
    """They are better than nothing."""
    now = round(time.time(), 3)
    it = Entry("old", now - 10, now - 5, now + 60)
    await kept(tier, "k", it)
    assert await tier.get("k", ()) == it


async def test_an_absence_is_kept_like_a_value(tier: Tier[str]) -> None:
    """With its cause."""
    now = round(time.time(), 3)
    it: Entry[str] = Entry(None, now, now + 60, now + 60, (), Absence("not_found", "gone"))
    await kept(tier, "k", it)
    assert await tier.get("k", ()) == it


async def test_deleting_forgets_one(tier: Tier[str]) -> None:
    """The others stay; deleting what is not there is no error."""
    await kept(tier, "k", entry())
    await kept(tier, "other", entry())
    await tier.delete("k")
    await tier.delete("never was")
    assert await tier.get("k", ()) is None
    assert await tier.get("other", ()) is not None


async def test_deleting_a_tag_forgets_all_that_have_it(tier: Tier[str]) -> None:
    """Whichever of several; what is put afterwards stays."""
    await kept(tier, "one", entry("1", "a", "b"))
    await kept(tier, "two", entry("2", "b"))
    await kept(tier, "three", entry("3", "c"))
    await kept(tier, "four", entry("4"))
    await tier.delete_tag("b")
    assert [await tier.get(key, ()) is None for key in ("one", "two", "three", "four")] == [
        True,
        True,
        False,
        False,
    ]
    await kept(tier, "one", entry("5", "a", "b"))
    assert await tier.get("one", ()) is not None


async def test_clearing_forgets_all(tier: Tier[str]) -> None:
    """What is put afterwards stays."""
    for number in range(20):
        await kept(tier, str(number), entry("x", "t"))
    await tier.clear()
    assert {await tier.get(str(number), ()) for number in range(20)} == {None}
    await kept(tier, "k", entry("x", "t"))
    assert await tier.get("k", ()) is not None


@pytest.mark.parametrize("tier", ["memory", "redis"], indirect=True)
@pytest.mark.parametrize("forget", ["key", "tag", "all"])
async def test_what_was_begun_before_an_invalidation_is_not_kept_after_it(
    tier: Tier[str], forget: str
) -> None:
    """It may have been computed from what has changed."""
    before = await tier.stamp("k", ("t",))
    match forget:
        case "key":
            await tier.delete("k")
        case "tag":
            await tier.delete_tag("t")
        case _:
            await tier.clear()
    await tier.put("k", entry("outdated", "t"), before)
    assert await tier.get("k", ("t",)) is None
    await kept(tier, "k", entry("new", "t"))
    assert await tier.get("k", ("t",)) is not None


@pytest.mark.parametrize("tier", ["memory", "redis"], indirect=True)
async def test_dead_entries_are_not_given(tier: Tier[str]) -> None:
    """An hour ago is too old."""
    now = time.time()
    await kept(tier, "k", Entry("x", now - 20, now - 15, now - 10))
    assert await tier.get("k", ()) is None


async def test_the_memory_keeps_to_its_bounds() -> None:
    """By entries and by bytes; the least recently used goes first; what is larger than all is not kept."""
    memory = MemoryTier(WORDS.weigh, max_entries=3, max_bytes=4000)
    for key in "abc":
        await kept(memory, key, entry(key))
    assert await memory.get("a") is not None
    await kept(memory, "d", entry("d"))
    assert [await memory.get(key) is not None for key in "abcd"] == [True, False, True, True]
    await kept(memory, "big", entry("x" * 2500))
    assert [await memory.get(key) is not None for key in ("a", "c", "d", "big")] == [False, False, True, True]
    assert (memory.bytes <= 4000, memory.evictions) == (True, 3)
    await kept(memory, "too big", entry("x" * 5000))
    assert await memory.get("too big") is None
    assert len(memory) == 2


async def test_a_memory_that_cannot_remember_an_invalidation_forgets_rather(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What might have been invalidated is not given, and not kept."""
    monkeypatch.setattr("batuta.cache.memory.MAX_NOTED", 2)
    memory = MemoryTier(WORDS.weigh)
    await kept(memory, "k", entry("x", "t"))
    before = memory.take_stamp()
    for tag in ("t", "u", "v"):
        memory.drop_tag(tag)
    assert await memory.get("k") is None
    assert memory.keep("k", entry("outdated", "t"), before) is False
    for key in ("1", "2", "3"):
        memory.drop(key)
    assert memory.keep("1", entry(), before) is False
    await kept(memory, "1", entry())
    assert await memory.get("1") is not None


async def test_clearing_a_redis_leaves_what_is_not_ours(redis: RedisServer, cache_name: str) -> None:
    """Other caches and other apps share it."""
    mine = RedisTier(RedisLink(redis.url, name="a", limit_seconds=2), cache_name, WORDS)
    theirs = RedisTier(RedisLink(redis.url, name="b", limit_seconds=2), cache_name + "-b", WORDS)
    with redis.client() as client:
        client.set(f"app:{cache_name}", "x", ex=60)
        for number in range(50):
            await kept(mine, str(number), entry())
        await kept(theirs, "k", entry())
        assert await mine.count() == 50
        await mine.clear()
        assert await mine.count() == 0
        assert client.get(f"app:{cache_name}") == b"x"
        assert await theirs.get("k") is not None
    await mine.aclose()
    await theirs.aclose()
