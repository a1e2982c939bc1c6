"""Look a value up through tiers: one computation per key however many ask, stale rather than nothing.

memory ─▶ cache (Redis, if there is one) ─▶ database (if the app brings one) ─▶ origin
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import Final, Generic, Self, TypeVar, cast

import structlog

from batuta.cache.answers import Attempt, CacheStatistics, Failed, Found, Source
from batuta.cache.codec import Codec
from batuta.cache.entries import Entry, age
from batuta.cache.flight import Flight, Stale, Tiers, answer
from batuta.cache.limited import LimitedTier
from batuta.cache.looking import look
from batuta.cache.memory import MemoryTier
from batuta.cache.policy import CachePolicy, capped, usable_at_once
from batuta.cache.tally import TIERS, Tally, Watch
from batuta.cache.tiers import Invalidation, Load, SharedTier, Tier
from batuta.clients.deadline import remaining
from batuta.errors import BatutaError, DeadlineExceeded

log = structlog.get_logger(__name__)
T = TypeVar("T")

CANCELS: Final = 5
"""A load may lose one: `asyncio.wait_for` does, before Python 3.12, when its work ends at that moment."""
_HIT: Final = (Attempt("memory", "hit", 0.0),)
_STALE: Final = (Attempt("memory", "stale", 0.0),)


class TieredCache(Generic[T]):
    """The values of one kind; belongs to one event loop, and `aclose` ends whatever it started.

    Without tiers below it, it is a cache of this process. Values are shared by all who ask: let them be
    frozen. The load is called with neither the deadline nor the cancellation of whoever asked.
    """

    def __init__(  # noqa: PLR0913  # by name; all but two have a default
        self,
        codec: Codec[T],
        policy: CachePolicy,
        *,
        shared: SharedTier[T] | None = None,
        database: Tier[T] | None = None,
        max_entries: int = 10_000,
        max_bytes: int = 64 * 1024**2,
        watch: Watch | None = None,
        now: Callable[[], float] = time.time,
        roll: Callable[[], float] = random.random,
    ) -> None:
        """`policy` holds where `get` is given no other; the bounds are those of the memory."""
        memory = MemoryTier(codec.weigh, max_entries=max_entries, max_bytes=max_bytes, now=now)
        limited = None if database is None else LimitedTier(database, name="cache-database")
        self._tiers = Tiers(memory, shared, limited, now, roll, Tally(watch))
        self._memory = memory
        self._policy = policy
        self._now = now
        self._told = self._tiers.told
        self._flights: dict[str, Flight[T]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(
        self, key: str, load: Load[T], *, policy: CachePolicy | None = None, tags: tuple[str, ...] = ()
    ) -> Found[T]:
        """The key's value, computed by `load` where no tier has it.

        Raises what the origin raised, again while that is remembered; `DeadlineExceeded` at the policy's
        hard limit or the caller's own deadline.
        """
        found = self.peek(key)
        if found is not None:
            return found
        outcome = await self.look_up(key, load, policy=policy, tags=tags)
        if isinstance(outcome, Failed):
            raise outcome.error.with_traceback(None)  # one error for all who wait: tracebacks would pile up
        return outcome

    def peek(self, key: str) -> Found[T] | None:
        """The value if it is in memory and fresh; from any thread."""
        now = self._now()
        entry = self._memory.look(key, now)
        if entry is None or now >= entry.fresh_until or entry.absence is not None:
            return None
        self._told.memory_hits += 1
        return Found(cast("T", entry.value), "memory", False, age(entry, now), _HIT)

    async def look_up(
        self, key: str, load: Load[T], *, policy: CachePolicy | None = None, tags: tuple[str, ...] = ()
    ) -> Found[T] | Failed:
        """As `get`, with failures as values: they say what was tried."""
        policy = policy or self._policy
        now = self._now()
        entry = self._memory.look(key, now)
        if entry is not None and now < entry.fresh_until:
            self._told.memory_hits += 1
            return answer(entry, "memory", now, _HIT)
        self._told.tier("memory", "miss" if entry is None else "stale")
        if entry is not None and now < entry.rest_until:
            return self._given(Stale(entry, "memory"), _STALE)
        stale = None if entry is None else Stale(entry, "memory")
        flight = await self._flight(key, load, policy, tags, stale)
        if entry is not None and usable_at_once(entry, policy, now):
            return self._given(Stale(entry, "memory"), _STALE)
        return await self._wait(flight, key, policy)

    async def find(self, key: str, *, tags: tuple[str, ...] = (), stale: bool = False) -> Found[T] | None:
        """The value of the nearest tier that has a fresh one, or also a `stale` one; nothing is computed."""
        found = self.peek(key)
        if found is not None:
            return found
        await self._follow()
        stamp = self._memory.take_stamp()
        tried = [Attempt("memory", "miss", 0.0)]
        tiers: tuple[tuple[Source, Tier[T] | None], ...] = (
            ("cache", self._tiers.shared),
            ("database", self._tiers.database),
        )
        for source, tier in tiers:
            if tier is None:
                continue
            looked = await look(source, partial(tier.get, key, tags), self._now)
            tried.append(looked.attempt)
            self._told.tier(source, looked.attempt.outcome)
            entry = looked.entry
            if entry is None or entry.absence is not None:
                continue
            if looked.attempt.outcome == "stale" and stale:
                return Found(cast("T", entry.value), source, True, age(entry, self._now()), tuple(tried))
            if looked.attempt.outcome == "hit":
                if source == "database":
                    entry = capped(entry, self._policy, self._now(), self._tiers.roll())
                self._memory.keep(key, entry, stamp)
                return Found(cast("T", entry.value), source, False, age(entry, self._now()), tuple(tried))
        return None

    async def invalidate(self, key: str) -> bool:
        """Have the next `get`, in any process, compute the value anew.

        False when a tier could not be told: Redis is as soon as it is back, before it is read again; a
        database that failed still has its row.
        """
        return await self._forget(
            lambda: self._memory.drop(key), lambda tier: tier.delete(key), Invalidation("key", key)
        )

    async def invalidate_tag(self, tag: str) -> bool:
        """The same for every key whose value was computed with this tag; however many, the cost is one."""
        return await self._forget(
            lambda: self._memory.drop_tag(tag), lambda tier: tier.delete_tag(tag), Invalidation("tag", tag)
        )

    async def clear(self, *, database: bool = True) -> bool:
        """The same for every key of this cache; without `database` its rows stay and answer again."""
        return await self._forget(
            self._memory.empty, lambda tier: tier.clear(), Invalidation("all"), database=database
        )

    def statistics(self) -> CacheStatistics:
        """Since the start of this process."""
        tiers = {tier: self._told.of(tier) for tier in TIERS}
        return CacheStatistics(
            tiers=dict(tiers),
            loads=self._told.loads,
            load_errors=tiers["origin"].errors,
            joined=self._told.joined,
            entries=len(self._memory),
            bytes=self._memory.bytes,
            evictions=self._memory.evictions,
            under_way=len(self._tasks),
        )

    async def aclose(self) -> None:
        """End every computation (whoever waits is told `ServiceUnavailable`) and close the shared tier."""
        for _ in range(CANCELS):
            for task in self._tasks:
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=1)
        if self._tiers.shared is not None:
            await self._tiers.shared.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _flight(
        self, key: str, load: Load[T], policy: CachePolicy, tags: tuple[str, ...], stale: Stale[T] | None
    ) -> Flight[T]:
        """The flight under way, unless the key was invalidated after its start; otherwise a new one."""
        await self._follow()
        flight = self._flights.get(key)
        if flight is not None and flight.holds:
            self._told.joined += 1
            return flight
        flight = self._flights[key] = Flight(self._tiers, key, load, policy, tags, stale)
        self._tasks.add(flight.task)
        flight.task.add_done_callback(lambda task: self._landed(key, flight, task))
        return flight

    async def _follow(self) -> None:
        """Hear from now on what other processes invalidate."""
        if self._tiers.shared is not None:
            await self._tiers.shared.follow(self._hear)

    def _landed(self, key: str, flight: Flight[T], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _wait(self, flight: Flight[T], key: str, policy: CachePolicy) -> Found[T] | Failed:
        """The flight's end, or a stale value if that may be given before."""
        loop = asyncio.get_running_loop()
        limit = _earlier(policy.hard_seconds, remaining())
        end = None if limit is None else loop.time() + limit
        try:
            async with asyncio.timeout_at(end):
                await asyncio.shield(flight.looked)
        except TimeoutError:
            pass  # a tier is slow; the next wait tells
        if (
            not flight.landed.done()
            and flight.stale
            and usable_at_once(flight.stale.entry, policy, self._now())
        ):
            return self._given(flight.stale, flight.attempts)
        if flight.stale is not None and policy.soft_seconds is not None:
            soft = loop.time() + policy.soft_seconds
            end = soft if end is None else min(soft, end)
        try:
            async with asyncio.timeout_at(end):
                return await asyncio.shield(flight.landed)
        except TimeoutError:
            if flight.stale is not None:
                return self._given(flight.stale, (*flight.attempts, Attempt("origin", "out_of_time", 0.0)))
        late = DeadlineExceeded(f"{key}: no answer in {limit or 0:.3g} s; it is kept when it comes")
        return Failed(late, "origin", (*flight.attempts, Attempt("origin", "out_of_time", 0.0, late.code)))

    def _given(self, stale: Stale[T], attempts: tuple[Attempt, ...]) -> Found[T]:
        entry: Entry[T] = stale.entry
        return Found(cast("T", entry.value), stale.source, True, age(entry, self._now()), attempts)

    async def _forget(
        self,
        here: Callable[[], None],
        there: Callable[[Tier[T]], Awaitable[None]],
        what: Invalidation,
        *,
        database: bool = True,
    ) -> bool:
        """The database first: once the others are told, nobody may find the old row and spread it again.

        Memory before, so that it holds at once; and after, since somebody may have read the old row between.
        """
        await self._follow()  # who is never heard is never mended
        here()
        told = True
        for tier in (self._tiers.database if database else None, self._tiers.shared):
            if tier is None:
                continue
            try:
                await there(tier)
            except BatutaError as error:
                log.warning("cache_cannot_forget", kind=what.kind, name=what.name, error=error.message)
                told = False
        here()
        return told

    def _hear(self, what: Invalidation) -> None:
        """What another process invalidated."""
        match what.kind:
            case "key":
                self._memory.drop(what.name)
            case "tag":
                self._memory.drop_tag(what.name)
            case "all":
                self._memory.empty()


def _earlier(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else min(one, other)
