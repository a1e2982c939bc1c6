"""One key's way past the tiers to its origin, made once for everybody who asks for it meanwhile.

    cache ─▶ turn ─▶ database ─▶ origin ─▶ kept in every tier

It is a task of its own, so it has neither the deadline nor the cancellation of whoever asked first, and it
goes on when nobody waits any more: what arrives late is kept all the same.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Generic, TypeVar, cast

import structlog

from batuta.cache.answers import Attempt, Failed, Found, Source, Tried
from batuta.cache.entries import Entry, Freshness, age, freshness
from batuta.cache.looking import attempt, look
from batuta.cache.memory import MemoryTier
from batuta.cache.policy import CachePolicy, after_failure, capped, kept_value
from batuta.cache.tally import Tally
from batuta.cache.tiers import Load, SharedTier, Stamp, Tier, Turn
from batuta.clients.deadline import deadline
from batuta.errors import BatutaError, BreakerOpen, DeadlineExceeded, ServiceUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")
R = TypeVar("R")

FIRST_LOOK_SECONDS: Final = 0.01
LONGEST_LOOK_SECONDS: Final = 0.2
"""Between two looks whether the process whose turn it is has stored the value."""


@dataclass(frozen=True)
class Tiers(Generic[T]):
    """What a flight passes; the last two are there or not."""

    memory: MemoryTier[T]
    shared: SharedTier[T] | None
    database: Tier[T] | None
    now: Callable[[], float]
    roll: Callable[[], float]
    """A random number in [0, 1)."""
    told: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Stale(Generic[T]):
    """An entry that is better than nothing, and the tier that had it."""

    entry: Entry[T]
    source: Source


class Flight(Generic[T]):
    """`stale` is known once `passed_tiers` is, at the latest; `landed` has the end of it. Neither raises."""

    def __init__(
        self,
        tiers: Tiers[T],
        key: str,
        load: Load[T],
        policy: CachePolicy,
        tags: tuple[str, ...],
        stale: Stale[T] | None,
    ) -> None:
        """Starts at once."""
        self._tiers = tiers
        self._key = key
        self._load = load
        self._policy = policy
        self._tags = tags
        self._attempts = [Attempt("memory", "stale" if stale else "miss", 0.0)]
        self._who = secrets.token_hex(8)
        self._turn: Turn | None = None
        loop = asyncio.get_running_loop()
        self.stale = stale
        self.stamp = tiers.memory.take_stamp()
        self.looked: asyncio.Future[None] = loop.create_future()
        self.landed: asyncio.Future[Found[T] | Failed] = loop.create_future()
        self.task = asyncio.create_task(self._fly(), context=Context())

    @property
    def holds(self) -> bool:
        """Whether nothing was invalidated since the start that would make the value outdated."""
        return self._tiers.memory.allows(self._key, self._tags, self.stamp)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What has been tried up to now."""
        return tuple(self._attempts)

    async def _fly(self) -> None:
        outcome: Found[T] | Failed = self._failed(ServiceUnavailable("the cache is being closed"))
        try:
            outcome = await self._answer()
        except Exception as error:  # a defect of ours; whoever waits must not wait for ever
            log.exception("cache_flight", entry=self._key)
            outcome = self._failed(error)
        finally:
            self._tell_stale()
            if not self.landed.done():  # else the loop is being closed and has cancelled it
                self.landed.set_result(outcome)

    async def _answer(self) -> Found[T] | Failed:
        renewing: asyncio.Task[None] | None = None
        try:
            found = await self._from_shared()
            if found is None and self._turn is not None and self._turn.ours:
                renewing = asyncio.create_task(self._renew())
            return found or await self._from_database() or await self._from_origin()
        finally:
            if renewing is not None:
                renewing.cancel()
            await self._give_turn()

    async def _from_shared(self) -> Found[T] | Failed | None:
        """The cache's answer; where there is none, it is our turn or nobody's."""
        shared = self._tiers.shared
        if shared is None:
            return None
        entry = await self._ask("cache", lambda: shared.get(self._key, self._tags))
        if entry is not None and self._is_fresh(entry):
            return self._from_tier(entry, "cache")
        self._remember_stale(entry, "cache")
        if self._attempts[-1].outcome in ("error", "skipped"):
            return None
        return await self._wait_for_turn(shared)

    async def _wait_for_turn(self, shared: SharedTier[T]) -> Found[T] | Failed | None:
        """Until the value is there, or it is our turn; bounded by the time that a load may take."""
        pause = FIRST_LOOK_SECONDS
        give_up = perf_counter() + self._policy.load_seconds
        while perf_counter() < give_up:
            try:
                turn, entry = await shared.begin(self._key, self._tags, self._who)
            except BatutaError as error:
                self._note("cache", "error", 0.0, error)
                return None
            self._turn = turn
            if entry is not None and self._is_fresh(entry):
                return self._from_tier(entry, "cache")
            if turn.ours:
                return None
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK_SECONDS)
        return None

    async def _from_database(self) -> Found[T] | Failed | None:
        database = self._tiers.database
        if database is None:
            return None
        entry = await self._ask("database", lambda: database.get(self._key, self._tags))
        if entry is None or not self._is_fresh(entry):
            self._remember_stale(entry, "database")
            return None
        upper = capped(entry, self._policy, self._tiers.now(), self._tiers.roll())
        await self._put_shared(upper)
        return self._from_tier(upper, "database")

    async def _from_origin(self) -> Found[T] | Failed:
        self._tell_stale()
        started = perf_counter()
        self._tiers.told.load()
        seconds = self._policy.load_seconds
        limit = asyncio.timeout(seconds)
        try:
            with deadline(seconds):
                async with limit:
                    value = await self._load()
        except Exception as error:  # noqa: BLE001  # whatever it is: it is told, or a stale value given
            if isinstance(error, TimeoutError) and limit.expired():
                error = DeadlineExceeded(f"{self._key}: no answer from its origin in {seconds:g} s")
            self._note("origin", "error", started, error)
            return await self._after(error)
        self._note("origin", "hit", started)
        now = self._tiers.now()
        await self._keep(kept_value(value, self._policy, now, self._tiers.roll(), self._tags))
        return Found(value, "origin", False, 0.0, self.attempts)

    async def _after(self, error: Exception) -> Found[T] | Failed:
        """What `after_failure` says, done."""
        now = self._tiers.now()
        stale = self.stale
        end = after_failure(error, stale and stale.entry, self._policy, now, self._tags)
        if end.stale is not None and stale is not None:
            log.warning("cache_gives_stale", entry=self._key, error=repr(error), age=age(end.stale, now))
            self._tiers.memory.keep(self._key, end.stale, self.stamp)
            value = cast("T", end.stale.value)
            return Found(value, stale.source, True, age(end.stale, now), self.attempts)
        if end.absence is not None:
            self._tiers.memory.keep(self._key, end.absence, self.stamp)
            await self._put_shared(end.absence)
        return Failed(error, "origin", self.attempts)

    async def _keep(self, entry: Entry[T]) -> None:
        """In every tier, in memory first; a tier that fails is passed over."""
        try:
            self._tiers.memory.keep(self._key, entry, self.stamp)
        except BatutaError as error:  # not of the cache's type: given, but kept nowhere
            log.warning("cache_cannot_keep", entry=self._key, error=error.message)
            return
        await asyncio.gather(self._put_shared(entry), self._put_database(entry))

    async def _put_shared(self, entry: Entry[T]) -> None:
        shared, turn = self._tiers.shared, self._turn
        if shared is not None and turn is not None:
            await self._put("cache", shared, entry, turn)

    async def _put_database(self, entry: Entry[T]) -> None:
        database = self._tiers.database
        if database is None or not self.holds:
            return
        await self._put("database", database, entry, Stamp())
        if not self.holds:  # invalidated while we wrote, perhaps before the row was there
            try:
                await database.delete(self._key)
            except BatutaError as error:
                log.warning("cache_cannot_forget", entry=self._key, error=error.message)

    async def _put(self, name: Source, tier: Tier[T], entry: Entry[T], stamp: Stamp) -> None:
        try:
            await tier.put(self._key, entry, stamp)
        except Exception as error:  # noqa: BLE001  # a tier's failure is never the caller's
            if not isinstance(error, BreakerOpen):
                self._tiers.told.tier(name, "error")
                log.warning("cache_cannot_put", tier=name, entry=self._key, error=repr(error))

    async def _ask(self, name: Source, work: Callable[[], Awaitable[Entry[T] | None]]) -> Entry[T] | None:
        """What the tier has; nothing where it fails."""
        looked = await look(name, work, self._tiers.now)
        self._tell(looked.attempt)
        return looked.entry

    async def _renew(self) -> None:
        shared = self._tiers.shared
        while shared is not None:
            await asyncio.sleep(shared.lease_seconds / 3)
            try:
                await shared.renew(self._key, self._who)
            except BatutaError:
                continue  # Redis is down: others load for themselves

    async def _give_turn(self) -> None:
        shared, turn = self._tiers.shared, self._turn
        if shared is not None and turn is not None and turn.ours:
            try:
                await shared.release(self._key, self._who)
            except BatutaError as error:
                log.info("cache_turn_kept", entry=self._key, error=error.message)  # until its lease ends

    def _from_tier(self, entry: Entry[T], source: Source) -> Found[T] | Failed:
        self._tiers.memory.keep(self._key, entry, self.stamp)
        return answer(entry, source, self._tiers.now(), self.attempts)

    def _is_fresh(self, entry: Entry[T]) -> bool:
        return freshness(entry, self._tiers.now()) is Freshness.FRESH

    def _remember_stale(self, entry: Entry[T] | None, source: Source) -> None:
        if entry is None or freshness(entry, self._tiers.now()) is not Freshness.STALE:
            return
        if self.stale is None or self.stale.entry.stored_at < entry.stored_at:
            self.stale = Stale(entry, source)
            self._tell_stale()

    def _tell_stale(self) -> None:
        if not self.looked.done():
            self.looked.set_result(None)

    def _note(self, tier: Source, outcome: Tried, started: float, error: Exception | None = None) -> None:
        self._tell(attempt(tier, outcome, started, error))

    def _tell(self, tried: Attempt) -> None:
        self._attempts.append(tried)
        self._tiers.told.tier(tried.tier, tried.outcome)

    def _failed(self, error: Exception) -> Failed:
        return Failed(error, "origin", self.attempts)


def answer(entry: Entry[T], source: Source, now: float, attempts: tuple[Attempt, ...]) -> Found[T] | Failed:
    """A fresh entry as an answer."""
    if entry.absence is not None:
        return Failed(entry.absence.to_error(max(entry.fresh_until - now, 0.0)), source, attempts)
    return Found(cast("T", entry.value), source, False, age(entry, now), attempts)
