"""The pieces of one stage: many small orders, each a lookup, each done once, that are no stages themselves.

A stage that is itself a flow (a dub's segments, heard and translated and spoken side by side) has hundreds of
them. They are kept in the same journal as stages are, so a stage that begins again after a crash finds what
was finished; the job is not told of each.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from batuta.errors import EngineCrashed, InvalidRequest, RemoteJobLost
from batuta.jobs.journal import Journal
from batuta.jobs.kept import kept_execution
from batuta.jobs.orders import OnProgress, Order, Worker
from batuta.storage.artefacts import ArtefactStore

R = TypeVar("R", bound=BaseModel)

RESUBMISSIONS: Final = 2
"""How often work that was lost (a restarted service, a crashed engine) is handed in again."""


class Pieces:
    """Does orders through their workers and keeps what they give."""

    def __init__(self, journal: Journal, artefacts: ArtefactStore, workers: Mapping[str, Worker]) -> None:
        """`workers` by the name of their work."""
        self._journal = journal
        self._artefacts = artefacts
        self._workers = workers
        self._under_way: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def do(self, job_id: str, stage: str, order: Order[R], on_progress: OnProgress | None = None) -> R:
        """The order's result, kept or made now; equal orders at a time are done once.

        Raises the work's own error. Cancelling the call stops the work.
        """
        worker = self._worker(order.work)
        key = order.key(await worker.identity())
        async with self._under_way.setdefault(key, asyncio.Lock()):
            kept = await kept_execution(self._journal, self._artefacts, key, order)
            if kept is not None and kept.result is not None:
                return order.result(kept.result)
            made = (await self._made(worker, order, key, on_progress or _nobody_listens)).model_dump(
                mode="json"
            )
            await self._journal.keep(key, made, job_id=job_id, stage=stage, work=order.work)
            return order.result(made)

    async def identity(self, work: str) -> str:
        """Who does this work now, and which version of them."""
        return await self._worker(work).identity()

    def _worker(self, work: str) -> Worker:
        worker = self._workers.get(work)
        if worker is None:
            raise InvalidRequest(f"nobody here does {work!r}; known work: {', '.join(self._workers)}")
        return worker

    async def _made(self, worker: Worker, order: Order[Any], key: str, on_progress: OnProgress) -> BaseModel:
        for attempt in range(RESUBMISSIONS + 1):
            remote_id = await worker.submit(order, key)
            try:
                return await worker.result(order, remote_id, on_progress)
            except asyncio.CancelledError:
                await worker.cancel(remote_id)
                raise
            except (RemoteJobLost, EngineCrashed):
                if attempt == RESUBMISSIONS:
                    raise
        raise AssertionError("the loop returns or raises")


def _nobody_listens(_percent: float) -> None:
    """Most pieces are too small for a bar of their own."""
