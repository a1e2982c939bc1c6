"""The asynchronous core behind synchronous callers: an event loop in a thread, a core for each database."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

import sqlalchemy as sa
import structlog
from pydantic import SecretStr
from sqlalchemy.pool import SingletonThreadPool

from batuta.errors import StorageError
from batuta.logs import log_to_stderr
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.transcripts.app import open_transcripts
from batuta.transcripts.lent import Lent, TranscriptFetcher
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.store import transcripts as table

T = TypeVar("T")

MOST: Final = 8
"""Cores at a time; the one that was not used for the longest time is closed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TranscriptCache:
    """Which cache a `TranscriptOrchestrator` uses; None is what the settings say."""

    redis_url: str | None = None
    ttl_hours: float | None = None

    def applied(self, settings: Settings) -> Settings:
        """The settings with this in them."""
        changed: dict[str, object] = {}
        if self.redis_url is not None:
            changed["redis_url"] = SecretStr(self.redis_url)
        if self.ttl_hours is not None:
            changed["transcript_ttl_hours"] = self.ttl_hours
        return settings.model_copy(update=changed)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a core stands on; equal ones share it."""

    engine: sa.Engine
    cache: TranscriptCache | None
    fetcher: TranscriptFetcher | None


@dataclass(frozen=True, slots=True)
class Core:
    """An opened core."""

    transcripts: Transcripts
    stack: AsyncExitStack


class Cores:
    """The cores of this process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._cores: OrderedDict[tuple[int, TranscriptCache | None, int], tuple[Basis, Core]] = OrderedDict()
        self._lock = threading.Lock()
        threading.Thread(target=self._loop.run_forever, name="transcripts", daemon=True).start()

    def of(self, basis: Basis) -> Transcripts:
        """The core that stands on this; opened when it is first asked for."""
        key = (id(basis.engine), basis.cache, id(basis.fetcher))  # both are alive as long as the core is
        found = self._cores.get(key)
        if found is not None:
            with suppress(KeyError):  # another thread has just closed it
                self._cores.move_to_end(key)
                return found[1].transcripts
        with self._lock:
            found = self._cores.get(key)
            if found is None:
                found = basis, self.run(_opened(basis))
                self._cores[key] = found
                while len(self._cores) > MOST:
                    _, (_, oldest) = self._cores.popitem(last=False)
                    self.run(oldest.stack.aclose())
            return found[1].transcripts

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives, done in the loop's thread and waited for here."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C here ends it there
            raise

    def close(self) -> None:
        """Close every core; another is opened when somebody asks."""
        with self._lock:
            while self._cores:
                _, (_, core) = self._cores.popitem()
                self.run(core.stack.aclose())


@cache
def cores() -> Cores:
    """Those of this process."""
    return Cores()


class _InMemory(Database):
    """A database in memory belongs to one thread: the one that writes."""

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        return await self.write(work)


async def _opened(basis: Basis) -> Core:
    settings = Settings()
    if basis.cache is not None:
        settings = basis.cache.applied(settings)
    if not structlog.is_configured():
        log_to_stderr(settings.log_level if "log_level" in settings.model_fields_set else "WARNING")
    in_memory = isinstance(basis.engine.pool, SingletonThreadPool)
    database = (_InMemory if in_memory else Database)(basis.engine, owns_engine=False)
    stack = AsyncExitStack()
    stack.push_async_callback(database.aclose)
    try:
        await database.write(lambda connection: table.create(connection, checkfirst=True))
    except StorageError as error:  # asked again with every transcript, and passed over
        log.warning("transcripts_database", error=error.message)
    fetcher = None if basis.fetcher is None else Lent(basis.fetcher)
    opened = open_transcripts(settings, database, fetcher=fetcher)
    return Core(await stack.enter_async_context(opened), stack)
