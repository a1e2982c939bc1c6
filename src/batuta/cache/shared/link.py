"""The way to a Redis that may fail or hang: one short delay, then it is left alone until it answers again.

Requests never find out whether it is back, since whoever tries would wait: `mend` does, in the background.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from batuta.clients.breaker import Breaker, BreakerPolicy, Call, Closed
from batuta.errors import BatutaError, BreakerOpen, ServiceRefused, ServiceUnavailable

R = TypeVar("R")

LIMIT_SECONDS: Final = 0.15
"""A Redis nearby answers in less than a millisecond."""
TICKS: Final = 10
"""In which the limit is counted, so that a busy loop of ours is not taken for a Redis that hangs."""
MEND_SECONDS: Final = 0.25
CONNECTIONS: Final = 16
_UNREACHABLE: Final = (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError)


class RedisLink:
    """Commands to one Redis, each within a time limit, none while it is down."""

    def __init__(self, url: str, *, name: str, limit_seconds: float = LIMIT_SECONDS) -> None:
        """`url` is `redis://`, `rediss://` or `unix://`; connects when first needed."""
        self._limit = limit_seconds
        self._name = f"redis-{name}"
        self._breaker = Breaker(self._name, BreakerPolicy(failures=1, cooldown=MEND_SECONDS))
        self._places = asyncio.Semaphore(CONNECTIONS)
        pool = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  # its **kwargs have no types
            url,
            max_connections=CONNECTIONS + 4,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,  # theirs is a `wait_for`, which loses cancellations in 3.11
        )
        self._redis = Redis(connection_pool=pool)

    @property
    def up(self) -> bool:
        """Whether commands are let through."""
        return type(self._breaker.state) is Closed

    async def ask(self, work: Callable[[Redis], Awaitable[R]]) -> R:
        """What the work gives, a command or a few in one go.

        Raises `BreakerOpen` at once while the Redis is down, `ServiceUnavailable` when it is found to be, and
        `ServiceRefused` for a command that it refuses (out of memory, read only).
        """
        self._check_up()
        async with self._places:
            self._check_up()  # while we waited for a place somebody may have found out
            with self._breaker.call() as call:
                return await self._judged(work, call)

    async def mend(self, work: Callable[[Redis], Awaitable[None]]) -> None:
        """Find out whether the Redis is back; it is once the work, all of it, has gone well.

        Raises like `ask`; `BreakerOpen` when the last failure was less than `MEND_SECONDS` ago.
        """
        with self._breaker.call() as call:
            try:
                await self._judged(work, call)
            except ServiceRefused as error:
                call.failed(error.message)
                raise

    def broken(self, cause: str) -> None:
        """Leave the Redis alone until `mend` has gone well: it must not be read before that."""
        if self.up:
            with self._breaker.call() as call:
                call.failed(cause)

    @asynccontextmanager
    async def listening(self, channel: str) -> AsyncGenerator[PubSub]:
        """A connection of its own that hears the channel."""
        ears = self._redis.pubsub(ignore_subscribe_messages=True)  # pyright: ignore[reportUnknownMemberType]  # its **kwargs have no types
        try:
            await self._subscribe(ears, channel)
            yield ears
        finally:
            await ears.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def _subscribe(self, ears: PubSub, channel: str) -> None:
        try:
            async with self._limited():
                await ears.subscribe(channel)  # pyright: ignore[reportUnknownMemberType]  # its **kwargs have no types
        except _UNREACHABLE as error:
            self.broken(f"{type(error).__name__} {error}".strip())
            raise ServiceUnavailable(f"{self._name} cannot be listened to: {error}") from error

    async def _judged(self, work: Callable[[Redis], Awaitable[R]], call: Call) -> R:
        try:
            async with self._limited():
                answer = await work(self._redis)
        except _UNREACHABLE as error:
            cause = f"{type(error).__name__} {error}".strip()
            call.failed(cause)
            raise ServiceUnavailable(f"{self._name}: {cause}") from error
        except RedisError as error:
            call.succeeded()
            raise ServiceRefused(f"{self._name}: {error}") from error
        except BatutaError:
            call.succeeded()
            raise
        call.succeeded()
        return answer

    @asynccontextmanager
    async def _limited(self) -> AsyncGenerator[None]:
        """The time limit, in ticks: a late one was our own doing, and counts for no more than one."""
        loop = asyncio.get_running_loop()
        left = TICKS

        def tick() -> None:
            nonlocal left, timer
            left -= 1
            if left:
                timer = loop.call_later(self._limit / TICKS, tick)
            else:
                scope.reschedule(loop.time())

        async with asyncio.timeout(None) as scope:
            timer = loop.call_later(self._limit / TICKS, tick)
            try:
                yield
            finally:
                timer.cancel()

    def _check_up(self) -> None:
        if not self.up:
            raise BreakerOpen(f"{self._name} is down and is not asked", retry_after=MEND_SECONDS)
