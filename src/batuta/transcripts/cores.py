"""The asynchronous core behind synchronous callers: an event loop in a thread, a core for each database."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Generator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import sqlalchemy as sa
import structlog
from pydantic import SecretStr
from sqlalchemy.pool import SingletonThreadPool, StaticPool

from batuta.errors import StorageError
from batuta.logs import log_to_stderr
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.transcripts.app import open_transcripts
from batuta.transcripts.kept import Kept
from batuta.transcripts.lent import Lent, TranscriptFetcher
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.questions import Question
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


@dataclass(slots=True)
class Core:
    """An opened core, and how many callers are in it: it is closed only when there are none."""

    transcripts: Transcripts
    stack: AsyncExitStack
    inside: int = 0


class Cores:
    """The cores of this process."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._cores: OrderedDict[tuple[int, TranscriptCache | None, int], tuple[Basis, Core]] = OrderedDict()
        self._lock = threading.Lock()
        threading.Thread(target=self._loop.run_forever, name="transcripts", daemon=True).start()

    def peek(self, basis: Basis, question: Question) -> Kept | None:
        """What the basis's core has in memory, if it is open."""
        found = self._cores.get(_key(basis))
        return None if found is None else found[1].transcripts.peek(question)

    @contextmanager
    def of(self, basis: Basis) -> Generator[Transcripts]:
        """The core that stands on this, open for as long as the block lasts."""
        core = self._enter(basis)
        try:
            yield core.transcripts
        finally:
            with self._lock:
                core.inside -= 1
            self._make_room()

    def _enter(self, basis: Basis) -> Core:
        key = _key(basis)
        with self._lock:
            found = self._cores.get(key)
            if found is None:
                found = self._cores[key] = basis, self.run(_opened(basis))
            self._cores.move_to_end(key)
            found[1].inside += 1
            return found[1]

    def _make_room(self) -> None:
        """Close those that nobody is in, the longest unused first, as long as there are too many."""
        if len(self._cores) <= MOST:
            return
        with self._lock:
            idle = [key for key, (_, core) in self._cores.items() if not core.inside]
            for key in idle[: max(len(self._cores) - MOST, 0)]:
                _, core = self._cores.pop(key)
                self.run(core.stack.aclose())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work gives, done in the loop's thread and waited for here."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C here ends it there
            raise

    def leave_connections(self) -> None:
        """In a child: the parent's connections are not ours to use, nor to close."""
        for basis, _ in self._cores.values():
            basis.engine.dispose(close=False)

    def close(self) -> None:
        """Close every core; another is opened when somebody asks."""
        with self._lock:
            while self._cores:
                _, (_, core) = self._cores.popitem()
                self.run(core.stack.aclose())


def _key(basis: Basis) -> tuple[int, TranscriptCache | None, int]:
    return id(basis.engine), basis.cache, id(basis.fetcher)  # both are alive as long as the core is


_ours: Cores | None = None
_first = threading.Lock()
"""`functools.cache` calls the function once for each thread that asks at the same time."""


def cores() -> Cores:
    """Those of this process."""
    global _ours  # noqa: PLW0603
    if _ours is None:
        with _first:
            _ours = _ours or Cores()
    return _ours


def _forked() -> None:
    """The loop's thread stays in the parent, and so do its connections."""
    global _ours, _first
    if _ours is not None:
        _ours.leave_connections()
    _ours, _first = None, threading.Lock()


os.register_at_fork(after_in_child=_forked)


class _InMemory(Database):
    """A database in memory belongs to one thread: the one that writes."""

    async def read(self, work: Callable[[sa.Connection], T]) -> T:
        return await self.write(work)


def _database(engine: sa.Engine) -> Database:
    """The caller's database; one that is a single connection is his alone, so ours is then another in memory.

    Else our transactions would commit or roll back what he has begun.
    """
    if isinstance(engine.pool, SingletonThreadPool | StaticPool):
        return _InMemory(sa.create_engine("sqlite://"))
    return Database(engine, owns_engine=False)


async def _opened(basis: Basis) -> Core:
    settings = Settings()
    if basis.cache is not None:
        settings = basis.cache.applied(settings)
    if not structlog.is_configured():
        log_to_stderr(settings.log_level if "log_level" in settings.model_fields_set else "WARNING")
    database = _database(basis.engine)
    stack = AsyncExitStack()
    stack.push_async_callback(database.aclose)
    try:
        await database.write(lambda connection: table.create(connection, checkfirst=True))
    except StorageError as error:  # asked again with every transcript, and passed over
        log.warning("transcripts_database", error=error.message)
    fetcher = None if basis.fetcher is None else Lent(basis.fetcher)
    opened = open_transcripts(settings, database, fetcher=fetcher)
    return Core(await stack.enter_async_context(opened), stack)
