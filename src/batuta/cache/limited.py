"""A tier that an app brings, made safe to ask: every call has a time limit, and failing calls a breaker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from batuta.cache.entries import Entry
from batuta.cache.tiers import Stamp, Tier
from batuta.clients.breaker import Breaker, BreakerPolicy
from batuta.errors import ServiceUnavailable, StorageError

T = TypeVar("T")
R = TypeVar("R")

LIMIT_SECONDS: Final = 2.0
_POLICY: Final = BreakerPolicy(failures=3, cooldown=5.0)


class LimitedTier(Generic[T]):
    """The same tier, within limits.

    Raises `StorageError` when it fails, `ServiceUnavailable` when it is slow, `BreakerOpen` after either.
    """

    def __init__(self, tier: Tier[T], *, name: str, limit_seconds: float = LIMIT_SECONDS) -> None:
        self._tier = tier
        self._name = name
        self._limit = limit_seconds
        self._breaker = Breaker(name, _POLICY)

    async def get(self, key: str, tags: tuple[str, ...]) -> Entry[T] | None:
        """As `Tier` says."""
        return await self._ask(lambda: self._tier.get(key, tags))

    async def stamp(self, key: str, tags: tuple[str, ...]) -> Stamp:
        """As `Tier` says."""
        return await self._ask(lambda: self._tier.stamp(key, tags))

    async def put(self, key: str, entry: Entry[T], stamp: Stamp) -> None:
        """As `Tier` says."""
        await self._ask(lambda: self._tier.put(key, entry, stamp))

    async def delete(self, key: str) -> None:
        """As `Tier` says."""
        await self._ask(lambda: self._tier.delete(key))

    async def delete_tag(self, tag: str) -> None:
        """As `Tier` says."""
        await self._ask(lambda: self._tier.delete_tag(tag))

    async def clear(self) -> None:
        """As `Tier` says."""
        await self._ask(self._tier.clear)

    async def _ask(self, work: Callable[[], Awaitable[R]]) -> R:
        with self._breaker.call() as call:
            try:
                async with asyncio.timeout(self._limit):
                    answer = await work()
            except TimeoutError as error:
                call.failed("no answer in time")
                raise ServiceUnavailable(f"{self._name}: no answer in {self._limit:g} s") from error
            except Exception as error:
                call.failed(repr(error))
                raise StorageError(f"{self._name}: {error}") from error
            call.succeeded()
            return answer
