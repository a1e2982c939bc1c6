"""How long things are kept: old jobs and results are forgotten, then files that nobody mentions are deleted.

A file is never deleted with the thing that made it, only when nothing mentions its hash any more: several
jobs may share it. One sweep does that for jobs, kept results and the jobs of embedded services alike.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
import structlog

from batuta.jobs.carrier import Companion
from batuta.jobs.journal import Journal, executions_table
from batuta.jobs.promises import forget_promises_before
from batuta.jobs.store import JobStore, jobs_table
from batuta.jobs.webhooks.deliveries import forget_before
from batuta.storage.artefacts import FRESH_SECONDS, ArtefactStore, Swept
from batuta.storage.database import Database

EVERY_SECONDS: Final = 3600.0
BATCH: Final = 200
FRESH: Final = dt.timedelta(seconds=FRESH_SECONDS)
_HASH: Final = re.compile(r'"([0-9a-f]{64})"')

Mention = sa.Select[tuple[Any]]
"""A query for texts in which files may be mentioned by their hash."""
OURS: Final[tuple[Mention, ...]] = (
    sa.select(jobs_table.c.record),
    sa.select(executions_table.c.result).where(executions_table.c.result.is_not(None)),
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Lifetimes:
    """How long things are kept after they are over."""

    jobs: dt.timedelta
    results: dt.timedelta
    """Results between the stages, and idempotency keys."""


@dataclass(frozen=True)
class Cleaned:
    """What a cleaning removed."""

    jobs: int
    service_jobs: int
    files: int
    bytes: int


class Retention:
    """Cleans up after jobs."""

    def __init__(
        self,
        database: Database,
        artefacts: ArtefactStore,
        store: JobStore,
        journal: Journal,
        companions: Sequence[Companion],
        mentions: Sequence[Mention],
    ) -> None:
        """`mentions` are further texts that mention files, beside those of jobs and kept results."""
        self._database = database
        self._artefacts = artefacts
        self._store = store
        self._journal = journal
        self._companions = companions
        self._mentions = (*OURS, *mentions)

    async def keep_clean(self, lifetimes: Lifetimes) -> None:
        """Clean once an hour, for ever; not at once, so that a short command never does."""
        while True:
            await asyncio.sleep(random.uniform(0.5, 1.0) * EVERY_SECONDS)  # noqa: S311  # parts the processes
            try:
                cleaned = await self.clean(lifetimes)
                log.info("retention.cleaned", jobs=cleaned.jobs, files=cleaned.files, bytes=cleaned.bytes)
            except Exception:  # what is locked or away now may not be so in an hour
                log.exception("retention.failed")

    async def clean(self, lifetimes: Lifetimes, *, fresh: dt.timedelta = FRESH) -> Cleaned:
        """Forget what is older than its lifetime, and delete files that nobody mentions.

        `fresh` protects files whose mention may be about to be written; only when nothing runs may it be 0.
        """
        now = dt.datetime.now(dt.UTC)
        jobs = 0
        while old := await self._store.ended_before(now - lifetimes.jobs, BATCH):
            jobs += await self._store.delete(old)
        await self._journal.forget_results(now - lifetimes.results, but=await self._store.stood_on())
        await self._database.write(lambda connection: _forget_more(connection, now, lifetimes))
        forgotten = [await companion.clean(lifetimes.results) for companion in self._companions]
        swept = await self.sweep(fresh)
        return Cleaned(jobs, sum(forgotten), swept.files, swept.bytes)

    async def sweep(self, older_than: dt.timedelta = FRESH) -> Swept:
        """Delete files that nobody mentions."""
        return await self._artefacts.sweep(self._wanted, older_than)

    async def _wanted(self, hashes: set[str]) -> set[str]:
        def mentioned(connection: sa.Connection) -> set[str]:
            found: set[str] = set()
            for query in self._mentions:
                for text in connection.execute(query.execution_options(yield_per=BATCH)).scalars():
                    found.update(hashes.intersection(_HASH.findall(text)))
            return found

        return await self._database.read(mentioned)


def _forget_more(connection: sa.Connection, now: dt.datetime, lifetimes: Lifetimes) -> None:
    forget_promises_before(connection, now - lifetimes.results)
    forget_before(connection, now - lifetimes.jobs)
