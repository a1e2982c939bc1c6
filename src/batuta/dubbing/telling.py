"""The gateway is told how each dub is: now and then while it goes on, and of its end until it knows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from batuta.dubbing.store import NOTHING, DubRun, DubRuns, SegmentRows
from batuta.dubbing.views import change_of
from batuta.errors import BatutaError, Conflict, InvalidRequest, NotFound
from batuta.jobs import JobRecord, Jobs, StageStatus
from batuta.services.gateway.gateway import Gateway
from batuta.services.gateway.models import Job, JobChange, JobStatus

log = structlog.get_logger()

COMPLETES: Final = "update"
"""The stage that tells the gateway that the dub is there."""
CLEAN_SECONDS: Final = 3600.0
ROUND_SECONDS: Final = 60.0
TELL_SECONDS: Final = 1.0
"""How often progress is told; a gateway on another machine is no event log."""
Publish = Callable[[Job], Awaitable[None]]
"""Also told of every change: whoever listens at the broker."""


class Telling:
    """Compares, once a second, what the gateway was told with how the jobs are: nothing can be forgotten."""

    def __init__(
        self,
        jobs: Jobs,
        gateway: Gateway,
        runs: DubRuns,
        rows: SegmentRows,
        publish: Publish | None = None,
    ) -> None:
        self._jobs = jobs
        self._gateway = gateway
        self._runs = runs
        self._rows = rows
        self._publish = publish
        self._said: dict[int, JobChange] = {}

    async def keep_telling(self) -> None:
        """For ever; what fails is told at a later turn. Once an hour segments of forgotten jobs go."""
        cleaned = time.monotonic()
        while True:
            try:
                if time.monotonic() > cleaned + CLEAN_SECONDS:
                    cleaned = time.monotonic()
                    await self._rows.forget_orphans()
            except BatutaError as error:
                log.warning("dubbing.not_told", cause=error.message)
            await self.tell()
            await asyncio.sleep(TELL_SECONDS)

    async def tell(self) -> None:
        """Once; also when the house closes, or what ended last would be told at the next opening only."""
        try:
            async with asyncio.timeout(ROUND_SECONDS):
                for run in await self._runs.untold():
                    await self._tell_quietly(run)
        except (BatutaError, TimeoutError) as error:
            log.warning("dubbing.not_told", cause=str(error))

    async def _tell_quietly(self, run: DubRun) -> None:
        try:
            await self._tell(run)
        except BatutaError as error:
            log.warning("dubbing.not_told", dub_id=run.dub_id, cause=error.message)
        except Exception:  # one that cannot be read must not keep the others from being told of
            log.exception("dubbing.not_told", dub_id=run.dub_id)

    async def _tell(self, run: DubRun) -> None:
        try:
            record = await self._jobs.get(run.job_id)
        except NotFound:
            await self._runs.forget(run)
            return
        change = change_of(record)
        try:
            if change != self._said.get(run.dub_id):
                await self._told(run, change)
        except (NotFound, Conflict, InvalidRequest) as error:  # the gateway has dropped it, or knows better
            log.info("dubbing.gateway_refuses", dub_id=run.dub_id, cause=error.message)
        if record.status.final:
            await self._ended(run, record)
        elif (await self._jobs.get(run.job_id)).status.final:
            await self._runs.told(run, NOTHING)  # another process may have told its end before we told this

    async def _told(self, run: DubRun, change: JobChange) -> None:
        try:
            job = await self._gateway.patch(run.dub_id, change)
        except Conflict:  # it was completed
            if not await self._is_taken_up_again(run):
                return  # in this very moment, by the job's last stage
            await self._gateway.patch(run.dub_id, JobChange(status=JobStatus.PROCESSING))
            job = await self._gateway.patch(run.dub_id, change)
        self._said[run.dub_id] = change
        if self._publish is not None:
            await self._publish(job)

    async def _is_taken_up_again(self, run: DubRun) -> bool:
        """Whether it was completed before, rather than by the last stage of this very run."""
        last = (await self._jobs.get(run.job_id)).stages.get(COMPLETES)
        return last is None or last.status not in {StageStatus.PROCESSING, StageStatus.COMPLETED}

    async def _ended(self, run: DubRun, record: JobRecord) -> None:
        self._said.pop(run.dub_id, None)
        await self._runs.told(run, str(record.status))
