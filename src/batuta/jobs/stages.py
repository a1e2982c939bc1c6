"""Doing an order once: look for a kept result, otherwise submit, wait, keep.

`submit` and `collect` are two steps of a run. A crash before `submit` ended submits again under the same key;
a crash after it waits again for the work already submitted; a crash after `collect` finds the result kept.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import structlog

from batuta.clients.deadline import remaining, time_out
from batuta.errors import (
    BatutaError,
    BreakerOpen,
    Cancelled,
    EngineCrashed,
    InvalidRequest,
    RemoteJobLost,
    StorageError,
)
from batuta.jobs.journal import Execution, Journal
from batuta.jobs.kept import kept_execution
from batuta.jobs.orders import OnProgress, Order, Worker
from batuta.jobs.places import Places
from batuta.jobs.records import Event, JobRecord, JobStatus, job_of
from batuta.jobs.store import JobStore
from batuta.storage.artefacts import ArtefactStore
from batuta.telemetry.stages import StageClock

T = TypeVar("T")

log = structlog.get_logger()

RESUBMISSIONS: Final = 3
"""How often work that was lost (a restarted service, a crashed engine) is submitted again."""
PATIENCE_SECONDS: Final = 120.0
"""So long a service that keeps failing is waited for, as one is whose job we wait for (`PollPolicy`)."""
CLOSE_SECONDS: Final = 2.0
"""So long work that is being handed in may take when we close."""
PROGRESS_SECONDS: Final = 0.5
"""Progress is stored at most this often."""


class Stages:
    """Does orders through their workers and keeps what they give."""

    def __init__(
        self,
        store: JobStore,
        journal: Journal,
        artefacts: ArtefactStore,
        workers: Mapping[str, Worker],
        places: Places,
        stall_seconds: float,
        carrier: str,
    ) -> None:
        """`workers` by the name of their work; one that does not move for `stall_seconds` is told of.

        `carrier` names this process.
        """
        self._store = store
        self._journal = journal
        self._artefacts = artefacts
        self._workers = workers
        self._places = places
        self._stall_seconds = stall_seconds
        self._carrier = carrier
        self._handing: dict[int, asyncio.Task[Execution]] = {}
        """Executions whose work is being handed in, by their number."""
        self._tidying: set[asyncio.Task[None]] = set()
        self._handed_in: set[int] = set()
        """Executions handed in by this process and not collected yet: no need to look for a kept result."""

    async def submit(self, run_id: str, stage: str, order: Order[Any]) -> Execution:
        """The order's finished execution if its result is kept, otherwise the one that is now under way."""
        job_id, run = job_of(run_id)
        job = await self._store.apply(job_id, Event(kind="stage.started", stage=stage, run=run))
        async with self._watched(run_id, stage, order.work) as clock:
            worker = self._worker(order)
            key = order.key(await _when_let(worker.identity))
            kept = await self._kept(key, order)
            if kept is not None:
                await self._completed(run_id, stage, key, reused=True)
                clock.finished("reused")
                return kept
            execution = await self._admitted(job, run, stage, order.work, key)
            if execution.result is not None:  # an equal job was faster
                await self._completed(run_id, stage, key, reused=True)
                clock.finished("reused")
                return execution
            if execution.remote_id is None:
                execution = await self._hand_in_whole(worker, order, execution)
            told = {"remote_id": execution.remote_id}
            submitted = Event(kind="stage.submitted", stage=stage, data=told, run=run)
            record = await self._store.apply(job_id, submitted)
            log.info("stage.submitted", job_id=job_id, stage=stage, remote_id=execution.remote_id)
            if record.status is JobStatus.CANCELLED:  # while it was being handed in
                await self.release_unwanted()
                raise Cancelled(f"job {job_id} was cancelled")
            return execution

    async def collect(
        self, run_id: str, stage: str, order: Order[Any], execution: Execution
    ) -> dict[str, Any]:
        """Wait for the work of an open execution, keep its result and return it in its JSON form."""
        async with self._watched(run_id, stage, order.work) as clock:
            kept = None if execution.id in self._handed_in else await self._kept(execution.key, order)
            if kept is not None and kept.result is not None:
                result = kept.result
            else:
                async with self._telling_progress(run_id, stage) as on_progress:
                    result = await self._outcome(job_of(run_id)[0], order, execution, on_progress)
            self._handed_in.discard(execution.id)
            await self._completed(run_id, stage, execution.key, reused=False)
            clock.finished("computed")
            return result

    async def release_unwanted(self) -> None:
        """Stop and drop the work under way that no unfinished job waits for, as far as this process can.

        The one place where work is stopped: a job that was cancelled or deleted, that failed or used up its
        time, no longer wants what it waited for, unless another job does. Work of a service embedded in
        another process is left to that process.
        """
        under_way = await self._journal.open()
        wanted = await self._store.wanted({execution.job_id for execution in under_way})
        for execution in under_way:
            worker = self._workers.get(execution.work)
            if worker is None or execution.id in self._handing or wanted.wants(execution):
                continue
            if worker.is_near and execution.carrier != self._carrier:
                continue
            if execution.remote_id is not None:
                await worker.cancel(execution.remote_id)
            await self._drop(execution)

    async def _admitted(self, job: JobRecord, run: int, stage: str, work: str, key: str) -> Execution:
        """The open execution with this key, once it has its place at the service, or one just finished.

        Time in line is not the job's: its deadline moves on.
        """
        while True:
            execution = await self._journal.begin(key, job=job, stage=stage, work=work)
            if execution.result is not None or not self._places.needed(execution):
                return execution
            if await self._places.try_enter(execution):
                return execution
            await self._store.apply(job.job_id, Event(kind="stage.waiting", stage=stage, run=run))
            try:
                with time_out():
                    await self._places.enter(execution)
            except RemoteJobLost:  # dropped by the end of the job that began it
                await self._raise_if_cancelled(job.job_id)
            # and once more: an equal job may have handed it in, or have its result already

    async def _drop(self, execution: Execution) -> None:
        self._handed_in.discard(execution.id)
        await self._journal.drop(execution)
        self._places.given_back(execution.work)

    async def _outcome(
        self, job_id: str, order: Order[Any], execution: Execution, on_progress: OnProgress
    ) -> dict[str, Any]:
        """The result of the work; lost work is submitted again, failed work is not remembered."""
        worker = self._worker(order)
        for attempt in range(RESUBMISSIONS + 1):
            try:
                if attempt > 0:
                    execution = await self._begun_again(execution)
                    if execution.result is not None:  # an equal job was faster
                        return execution.result
                    execution = await self._hand_in_whole(worker, order, execution)
                found = await worker.result(order, execution.remote_id or "", on_progress)
            except (RemoteJobLost, EngineCrashed):
                await self._raise_if_cancelled(job_id)
                if attempt == RESUBMISSIONS:
                    await self._drop(execution)
                    raise
            except BatutaError:
                await self._raise_if_cancelled(job_id)
                if (left := remaining()) is None or left > 0:  # else our time is over, not the work's
                    await self._drop(execution)
                raise
            else:
                result = found.model_dump(mode="json")
                await self._journal.finish(execution, result)
                self._places.given_back(execution.work)
                return result
        raise AssertionError("the loop returns or raises")

    async def _begun_again(self, lost: Execution) -> Execution:
        """The open execution in the place of a lost one, which another job's end may have dropped."""
        job = await self._store.get(lost.job_id)
        return await self._journal.begin(lost.key, job=job, stage=lost.stage, work=lost.work)

    async def _hand_in_whole(self, worker: Worker, order: Order[Any], execution: Execution) -> Execution:
        """Hand in and note it, even if the caller is stopped meanwhile: nobody else knows of the work."""
        task = self._handing.get(execution.id)
        if task is None:
            task = asyncio.create_task(self._hand_in(worker, order, execution))
            self._handing[execution.id] = task
            task.add_done_callback(lambda _: self._handing.pop(execution.id, None))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                task.add_done_callback(self._look_after)
            raise

    def _look_after(self, handed_in: asyncio.Task[Execution]) -> None:
        """Whoever handed this in is gone: see whether anybody wants it."""
        if handed_in.cancelled() or handed_in.exception() is not None:
            return
        task = asyncio.create_task(self._release_quietly())
        self._tidying.add(task)
        task.add_done_callback(self._tidying.discard)

    async def _release_quietly(self) -> None:
        try:
            await self.release_unwanted()
        except StorageError:  # done by the next call of the roll
            log.exception("stages.not_released")

    async def aclose(self) -> None:
        """Finish what is being handed in, then stop."""
        left: list[asyncio.Task[Any]] = [*self._handing.values(), *self._tidying]
        if left:
            await asyncio.wait(left, timeout=CLOSE_SECONDS)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _hand_in(self, worker: Worker, order: Order[Any], execution: Execution) -> Execution:
        try:
            remote_id = await _when_let(lambda: worker.submit(order, execution.key))
        except BatutaError:
            await self._journal.withdraw(execution)  # or it would keep its place for ever
            self._places.given_back(execution.work)
            raise
        await self._journal.submitted(execution, remote_id)
        self._handed_in.add(execution.id)
        return execution.model_copy(update={"remote_id": remote_id})

    async def _kept(self, key: str, order: Order[Any]) -> Execution | None:
        return await kept_execution(self._journal, self._artefacts, key, order)

    def _worker(self, order: Order[Any]) -> Worker:
        worker = self._workers.get(order.work)
        if worker is None:
            raise InvalidRequest(f"nobody here does {order.work!r}; known work: {', '.join(self._workers)}")
        return worker

    async def _completed(self, run_id: str, stage: str, key: str, *, reused: bool) -> None:
        job_id, run = job_of(run_id)
        data = {"reused": reused, "key": key}
        log.info("stage.completed", job_id=job_id, stage=stage, reused=reused)
        await self._store.apply(job_id, Event(kind="stage.completed", stage=stage, data=data, run=run))

    async def _raise_if_cancelled(self, job_id: str) -> None:
        if (await self._store.get(job_id)).status is JobStatus.CANCELLED:
            raise Cancelled(f"job {job_id} was cancelled")

    @asynccontextmanager
    async def _watched(self, run_id: str, stage: str, work: str) -> AsyncGenerator[StageClock]:
        """Count and time what happens in the block, and tell how it fails."""
        job_id, run = job_of(run_id)
        try:
            with StageClock(work) as clock:
                yield clock
        except BatutaError as error:
            log.info("stage.failed", job_id=job_id, stage=stage, error=error.message)
            failed = Event(kind="stage.failed", stage=stage, data={"error": error.to_dict()}, run=run)
            await self._store.apply(job_id, failed)
            raise

    @asynccontextmanager
    async def _telling_progress(self, run_id: str, stage: str) -> AsyncGenerator[OnProgress]:
        """Store the newest progress now and then while the block runs, and tell when there is none."""
        job_id, run = job_of(run_id)
        newest = 0.0

        def on_progress(percent: float) -> None:
            nonlocal newest
            newest = percent

        async def tell() -> None:
            told, moved_at = 0.0, time.monotonic()
            while True:
                await asyncio.sleep(PROGRESS_SECONDS)
                with suppress(StorageError):  # told at the next turn, or by the end of the stage
                    if newest > told:
                        told, moved_at = newest, time.monotonic()
                        moved = Event(kind="stage.progress", stage=stage, data={"progress": told}, run=run)
                        await self._store.apply(job_id, moved)
                    elif time.monotonic() > moved_at + self._stall_seconds:
                        moved_at = math.inf
                        await self._store.apply(job_id, Event(kind="stage.stalled", stage=stage, run=run))

        teller = asyncio.create_task(tell())
        try:
            yield on_progress
        finally:
            teller.cancel()
            await asyncio.gather(teller, return_exceptions=True)


async def _when_let(ask: Callable[[], Awaitable[T]]) -> T:
    """What a service answers, asked once its breaker lets us.

    A breaker that others opened says nothing about our order: while a service restarts, a queue that did not
    wait would fail from end to end within seconds. Raises `BreakerOpen` when it stays open too long.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except BreakerOpen as error:
            pause = (error.retry_after or 0.0) + random.uniform(0.05, 0.5)  # noqa: S311  # parts the crowd
            left = remaining()
            if time.monotonic() + pause > give_up or (left is not None and left <= pause):
                raise
        await asyncio.sleep(pause)
