"""Invalidations travel as news: a short journal in Redis, with a bell that rings when something is added.

The journal is the truth, the bell (pub/sub) only makes it quick: it is read from where one had got to, when
the bell rings, every second, and after every reconnection, so a lost message costs a second. Where one had
got to may be gone (Redis lost its data, or there was too much news): then everything in memory is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, Final, Literal, cast

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from batuta.cache.shared.link import MEND_SECONDS, RedisLink
from batuta.cache.shared.names import Names
from batuta.cache.shared.scripts import ANCHOR
from batuta.cache.tiers import Invalidation
from batuta.errors import BatutaError

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.5
"""Between two looks at the journal, whether the bell rang or not."""
KEPT_MS: Final = 24 * 3600 * 1000
LONGEST: Final = 20_000
_PAGE: Final = 1_000
_Item = tuple[bytes, dict[bytes, bytes]]
_KINDS: Final[dict[bytes, Literal["key", "tag", "all"]]] = {b"key": "key", b"tag": "tag", b"all": "all"}


class News:
    """Reads the journal for as long as it is followed."""

    def __init__(
        self, link: RedisLink, names: Names, sender: str, tell_owed: Callable[[Redis], Awaitable[None]]
    ) -> None:
        """`tell_owed` is done before a Redis that was down may be read again."""
        self._link = link
        self._names = names
        self._sender = sender
        self._tell_owed = tell_owed
        self._last: bytes | None = None
        self._told: Callable[[Invalidation], None] = lambda _: None
        self._begun = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def follow(self, told: Callable[[Invalidation], None]) -> None:
        """Return once the place in the journal is known, or that Redis is down."""
        if self._following is None:
            self._told = told
            self._following = asyncio.create_task(self._follow(), context=Context())
        if not self._begun.is_set():
            await self._begun.wait()

    async def aclose(self) -> None:
        """Follow no longer."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._begun.set()

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
            except (BatutaError, RedisError, OSError, TimeoutError) as error:
                log.info("cache_news_interrupted", bell=self._names.bell, error=str(error))
            except Exception:  # a follower that is gone would leave stale values behind
                log.exception("cache_news_failed", bell=self._names.bell)
            self._begun.set()
            await asyncio.sleep(MEND_SECONDS * 1.01)

    async def _listen(self) -> None:
        if not self._link.up:
            await self._link.mend(self._mended)
        async with self._link.listening(self._names.bell) as ears:
            while True:
                while await self._link.ask(self._read_page):
                    pass
                self._begun.set()
                await _rings(ears)

    async def _mended(self, redis: Redis) -> None:
        await redis.ping()  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]  # typed for both kinds of client
        await self._tell_owed(redis)

    async def _read_page(self, redis: Redis) -> bool:
        """Tell the next news, and whether there may be more.

        The last that was told is read again, as the proof that nothing is missing after it.
        """
        if self._last is None:
            self._last = cast("bytes", await redis.eval(ANCHOR, 1, self._names.news, KEPT_MS))  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]  # likewise
            return True
        pipeline = redis.pipeline(transaction=False)
        pipeline.xrange(self._names.news, min=self._last, count=_PAGE)
        pipeline.pexpire(self._names.news, KEPT_MS)
        found, _ = cast("tuple[list[_Item], Any]", await pipeline.execute())
        if not found or found[0][0] != self._last:
            log.warning("cache_news_lost", journal=self._names.news)
            self._last = None
            self._told(Invalidation("all"))
            return True
        for _, fields in found[1:]:
            self._tell(fields)
        self._last = found[-1][0]
        return len(found) == _PAGE

    def _tell(self, fields: dict[bytes, bytes]) -> None:
        kind = _KINDS.get(fields.get(b"kind", b""))
        if kind is not None and fields.get(b"from", b"").decode() != self._sender:
            name = fields.get(b"name", b"").decode(errors="surrogatepass")
            self._told(Invalidation(kind, name))


async def _rings(ears: PubSub) -> None:
    """Return when the bell has rung, or after a while; rings that came together count as one."""
    timeout: float = LOOK_SECONDS
    while await ears.get_message(timeout=timeout):  # pyright: ignore[reportUnknownMemberType]  # gives a dict
        timeout = 0.0
