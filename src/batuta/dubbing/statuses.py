"""States of jobs that are to be published: the newest of each, in the order in which they changed."""

from __future__ import annotations

import asyncio
from typing import Final

from batuta.services.gateway.models import Job

MOST: Final = 1000
"""Jobs whose state is kept; of more, the one that has waited longest is dropped: it can be asked for."""


class Statuses:
    """A letter box, emptied by one."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    def put(self, job: Job) -> None:
        """Keep the state, in the place of an older one of the job."""
        self._jobs.pop(job.id, None)
        self._jobs[job.id] = job
        if len(self._jobs) > MOST:
            del self._jobs[next(iter(self._jobs))]
        self._told()

    async def next(self) -> Job:
        """The state that has waited longest; it stays until it is `published`."""
        await self._filled.wait()
        return next(iter(self._jobs.values()))

    def published(self, job: Job) -> None:
        """Forget the state, unless there is a newer one by now."""
        if self._jobs.get(job.id) is job:
            del self._jobs[job.id]
        self._told()

    async def emptied(self) -> None:
        """Return when there is none left."""
        await self._empty.wait()

    def _told(self) -> None:
        for event, holds in ((self._filled, bool(self._jobs)), (self._empty, not self._jobs)):
            if holds:
                event.set()
            else:
                event.clear()
