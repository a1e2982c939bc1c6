"""The second tier: a Redis in common, entries with their expiry, turns, and news of invalidations.

Every key it writes has an expiry. What could not be invalidated because Redis was down is owed: it is made
up for before Redis is read again.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from redis.asyncio import Redis

from batuta.cache.codec import EVERYTHING, Codec
from batuta.cache.entries import Entry
from batuta.cache.policy import LONGEST_LOAD_SECONDS
from batuta.cache.shared.link import RedisLink
from batuta.cache.shared.names import Names
from batuta.cache.shared.news import KEPT_MS, LONGEST, News
from batuta.cache.shared.scripts import BEGIN, INVALIDATE, RELEASE, RENEW, STORE
from batuta.cache.tiers import Invalidation, Stamp, Turn
from batuta.errors import BatutaError

T = TypeVar("T")

LEASE_SECONDS: Final = 3.0
LONGEST_OWED: Final = 500
"""More invalidations than these, and everything is invalidated instead."""
THREAD_FROM: Final = 64 * 1024
"""Bytes from which reading an entry would hold up the event loop."""
_FENCE_MS: Final = int((LONGEST_LOAD_SECONDS + 600) * 1000)
_SCAN: Final = 1_000


class RedisTier(Generic[T]):
    """As `SharedTier` says; raises `ServiceError` when Redis fails, `BreakerOpen` while it is known to."""

    def __init__(
        self,
        link: RedisLink,
        name: str,
        codec: Codec[T],
        *,
        longest_seconds: float = 60 * 24 * 3600.0,
        lease_seconds: float = LEASE_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`longest_seconds` is the longest life of an entry; no key is kept longer."""
        self._link = link
        self._names = Names(name)
        self._codec = codec
        self._longest_ms = int(longest_seconds * 1000)
        self._lease = lease_seconds
        self._now = now
        self._who = secrets.token_hex(8)
        self._owed: dict[Invalidation, None] = {}
        self._news = News(link, self._names, self._who, self._tell_owed)

    @property
    def lease_seconds(self) -> float:
        """As `SharedTier` says."""
        return self._lease

    @property
    def up(self) -> bool:
        """Whether Redis is asked at present."""
        return self._link.up

    async def get(self, key: str, tags: tuple[str, ...] = ()) -> Entry[T] | None:
        """The entry if none of its tags has been invalidated since it was computed."""
        asked = (EVERYTHING, *tags)
        names = [self._names.entry(key), *map(self._names.tag, asked)]
        data, *tokens = await self._many(names)
        if data is None:
            return None
        return await self._believed(data, dict(zip(asked, tokens, strict=True)))

    async def stamp(self, key: str, tags: tuple[str, ...]) -> Stamp:
        """As `Tier` says."""
        turn, _ = await self._begin(key, tags, "")
        return turn

    async def begin(self, key: str, tags: tuple[str, ...], who: str) -> tuple[Turn, Entry[T] | None]:
        """As `SharedTier` says."""
        turn, data = await self._begin(key, tags, who)
        tokens: dict[str, bytes | None] = {tag: b"%d" % token for tag, token in turn.tokens}
        return turn, None if data is None else await self._believed(data, tokens)

    async def put(self, key: str, entry: Entry[T], stamp: Stamp) -> None:
        """As `Tier` says; Redis itself compares the stamp and drops the entry when it is dead.

        An entry with tags the stamp was not taken for is not kept: nobody could invalidate it by them.
        """
        milliseconds = min(int((entry.stale_until - self._now()) * 1000), self._longest_ms)
        if milliseconds <= 0 or not set(entry.tags) <= {tag for tag, _ in stamp.tokens}:
            return
        data = await asyncio.to_thread(self._codec.encode, entry, dict(stamp.tokens))
        names = (self._names.fence(key), self._names.entry(key))
        await self._run(STORE, names, stamp.fence, data, milliseconds)

    async def renew(self, key: str, who: str) -> None:
        """As `SharedTier` says."""
        await self._run(RENEW, (self._names.lock(key),), who, int(self._lease * 1000))

    async def release(self, key: str, who: str) -> None:
        """As `SharedTier` says."""
        await self._run(RELEASE, (self._names.lock(key),), who)

    async def delete(self, key: str) -> None:
        """Forget the key, here and in every process; who is computing it now computes in vain."""
        await self._invalidate(Invalidation("key", key))

    async def delete_tag(self, tag: str) -> None:
        """Forget what has the tag, here and in every process; one step, however much it is."""
        await self._invalidate(Invalidation("tag", tag))

    async def clear(self) -> None:
        """Forget everything of this cache in one step, then make room, key by key."""
        await self._invalidate(Invalidation("all"))
        async for page in self._pages():
            await self._link.ask(partial(_unlink, page))

    async def count(self) -> int:
        """Entries in Redis, of this cache; walks over all keys."""
        return sum([len(page) async for page in self._pages()])

    async def follow(self, told: Callable[[Invalidation], None]) -> None:
        """As `SharedTier` says."""
        await self._news.follow(told)

    async def aclose(self) -> None:
        """As `SharedTier` says."""
        await self._news.aclose()
        await self._link.aclose()

    async def _believed(self, data: bytes, tokens: dict[str, bytes | None]) -> Entry[T] | None:
        """The entry of the bytes, if its tokens are the present ones, of which `tokens` are known already."""
        long = len(data) > THREAD_FROM
        read = await asyncio.to_thread(self._codec.decode, data) if long else self._codec.decode(data)
        if read is None:
            return None
        entry, written = read
        unknown = [tag for tag in written if tag not in tokens]
        if unknown:
            found = await self._many([self._names.tag(tag) for tag in unknown])
            tokens |= dict(zip(unknown, found, strict=True))
        current = all(tokens[tag] == b"%d" % token for tag, token in written.items())
        return entry if current and EVERYTHING in written and self._now() < entry.stale_until else None

    async def _begin(self, key: str, tags: tuple[str, ...], who: str) -> tuple[Turn, bytes | None]:
        asked = (EVERYTHING, *tags)
        names = (self._names.fence(key), self._names.lock(key), self._names.entry(key))
        answer = await self._run(
            BEGIN, (*names, *map(self._names.tag, asked)), who, int(self._lease * 1000), self._longest_ms
        )
        ours, fence, data, *tokens = cast("list[Any]", answer)
        stamped = tuple((tag, int(token)) for tag, token in zip(asked, tokens, strict=True))
        return Turn(int(fence), stamped, ours=bool(ours)), data

    async def _invalidate(self, what: Invalidation) -> None:
        """Now if possible, otherwise before Redis is read again."""
        try:
            await self._link.ask(lambda redis: self._tell(redis, what))
        except BatutaError as error:
            if len(self._owed) >= LONGEST_OWED:
                self._owed = {Invalidation("all"): None}
            self._owed[what] = None
            self._link.broken(error.message)
            raise

    async def _tell_owed(self, redis: Redis) -> None:
        while self._owed:
            what = next(iter(self._owed))
            await self._tell(redis, what)
            self._owed.pop(what, None)

    async def _tell(self, redis: Redis, what: Invalidation) -> None:
        if what.kind == "key":
            doomed = (self._names.entry(what.name), self._names.lock(what.name))
            names, milliseconds = (self._names.fence(what.name), *doomed), _FENCE_MS
        else:
            names, milliseconds = (self._names.tag(what.name),), self._longest_ms
        name = what.name.encode(errors="surrogatepass")
        script = redis.register_script(INVALIDATE)
        limits = (milliseconds, KEPT_MS, LONGEST, self._names.bell)
        await script(keys=(self._names.news, *names), args=(what.kind, name, self._who, *limits))

    async def _many(self, names: list[str]) -> list[bytes | None]:
        return cast("list[bytes | None]", await self._link.ask(lambda redis: redis.mget(names)))

    async def _run(self, script: str, names: tuple[str, ...], *arguments: str | bytes | float) -> object:
        return await self._link.ask(lambda redis: redis.register_script(script)(keys=names, args=arguments))

    async def _pages(self) -> AsyncGenerator[list[bytes | str]]:
        cursor = 0
        while True:
            cursor, page = await self._link.ask(partial(_scan, cursor, self._names.entries))
            if page:
                yield page
            if cursor == 0:
                return


def _unlink(page: list[bytes | str], redis: Redis) -> Awaitable[int]:
    return redis.unlink(*page)


def _scan(cursor: int, pattern: str, redis: Redis) -> Awaitable[tuple[int, list[bytes | str]]]:
    return redis.scan(cursor, match=pattern, count=_SCAN)  # pyright: ignore[reportUnknownMemberType]  # its **kwargs have no types
