"""Transcripts for programs without an event loop, under the seed's names.

    session = next(get_session())
    orchestrator = TranscriptOrchestrator(session=session)
    result = orchestrator.get_transcript("dQw4w9WgXcQ", languages=["es", "en"])

All orchestrators of a process that have the same database, cache and fetcher share one asynchronous core, in
a thread of its own: so a thousand threads that want one transcript make one fetch.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from batuta.errors import BatutaError, StorageError
from batuta.settings import Settings
from batuta.storage.database import Database
from batuta.transcripts.cores import Basis, TranscriptCache, cores
from batuta.transcripts.lent import TranscriptFetcher
from batuta.transcripts.models import TranscriptResult
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.questions import Question

log = structlog.get_logger(__name__)


def get_session() -> Generator[Session]:
    """A session on the database of the settings: `DATABASE_URL`, or SQLite in the data folder."""
    settings = Settings()
    database = _house(settings)
    with Session(database.engine) as session:
        yield session


class TranscriptOrchestrator:
    """Transcripts through cache, database and YouTube; any thread may use it.

    A tier that fails is logged and passed over. Nothing but a wrong setting raises.
    """

    def __init__(
        self, session: Session, cache: TranscriptCache | None = None, fetcher: TranscriptFetcher | None = None
    ) -> None:
        """The session's database is used, in transactions of our own; the session itself is left alone.

        Without `cache` and `fetcher` they are what the settings say: Redis or this process's memory, YouTube.
        """
        bind = session.get_bind()
        self._basis = Basis(bind if isinstance(bind, sa.Engine) else bind.engine, cache, fetcher)

    def get_transcript(
        self, video_id: str, languages: Sequence[str] | None = None
    ) -> TranscriptResult | None:
        """The transcript in the language preferred most (None: any), or None when nothing answered.

        `video_id` may be any address of the video, too.
        """
        try:
            question = Question.of(video_id, languages)
        except BatutaError as error:
            log.warning("transcript_not_asked", video_id=str(video_id)[:80], error=error.message)
            return None
        kept = cores().peek(self._basis, question)
        if kept is not None:
            return kept.result
        with self._core as core:
            outcome = cores().run(core.get(question.video_id, question.wanted))
        if outcome.error is not None:
            log.warning(
                "no_transcript", video_id=question.video_id, cause=outcome.cause, error=outcome.error.message
            )
        return outcome.transcript

    def prefetch(self, video_id: str, languages: Sequence[str] | None = None) -> TranscriptResult | None:
        """Have the transcript in every tier before somebody asks for it; the same as asking for it now."""
        return self.get_transcript(video_id, languages)

    def invalidate_cache(self, video_id: str) -> bool:
        """Have the next request fetch the video anew; False for what is no video, or a tier that failed."""
        try:
            with self._core as core:
                return cores().run(core.invalidate(video_id))
        except BatutaError as error:
            log.warning("transcript_not_invalidated", video_id=str(video_id)[:80], error=error.message)
            return False

    def clear_cache(self) -> bool:
        """Forget what memory and Redis have, of ours alone; the database keeps its rows."""
        with self._core as core:
            return cores().run(core.clear_cache())

    def get_statistics(self) -> dict[str, Any]:
        """`cache_keys` in Redis (without one, in memory), `cache_memory` in bytes, `database_count` in rows.

        Counts are None where the tier did not answer. `hits`, `loads`, `joined` and `errors` are since the
        process began.
        """
        with self._core as core:
            found = cores().run(core.statistics())
            redis_up = core.surroundings.redis_up
        memory = found.memory
        return {
            "cache_keys": found.cached if redis_up is not None else memory.entries,
            "cache_memory": memory.bytes,
            "database_count": found.stored,
            "hits": {tier: numbers.hits for tier, numbers in memory.tiers.items() if tier != "origin"},
            "loads": memory.loads,
            "joined": memory.joined,
            "errors": {tier: numbers.errors for tier, numbers in memory.tiers.items()},
        }

    @property
    def _core(self) -> AbstractContextManager[Transcripts]:
        return cores().of(self._basis)


_houses: dict[tuple[Path, str | None, int], Database] = {}
_one_at_a_time = threading.Lock()


def _house(settings: Settings) -> Database:
    """One engine for each database and process; connections do not survive a fork."""
    key = (settings.batuta_data, settings.database_url, os.getpid())
    with _one_at_a_time:
        if key not in _houses:
            database = Database.of_settings(settings)
            try:
                cores().run(database.create_tables())
            except StorageError as error:  # a tier that fails is passed over
                log.warning("transcripts_database", error=error.message)
            _houses[key] = database
        return _houses[key]
