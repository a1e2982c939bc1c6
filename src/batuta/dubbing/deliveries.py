"""The first and the last steps of a dub: the video out of the object store, the result into it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final, TypeVar

import structlog

from batuta.clients import RetryPolicy
from batuta.dubbing.models import DubbingReport, Published
from batuta.dubbing.orders import Fetch, Fetched, Publish, Told, Update
from batuta.dubbing.report import report_of
from batuta.dubbing.scripts import Scripts, placements_of
from batuta.errors import BatutaError, Conflict
from batuta.jobs import LocalWorker, OnProgress, Worker
from batuta.services.gateway.gateway import Gateway
from batuta.services.gateway.keys import output_key
from batuta.services.gateway.models import JobChange, JobStatus
from batuta.services.gateway.objects import Objects
from batuta.storage.artefacts import Artefact, ArtefactStore, once

VERSION: Final = "1"
PATIENCE_SECONDS: Final = 120.0
"""So long an object store or a gateway that is away is waited for, as a service is (`jobs.stages`)."""
_RETRY: Final = RetryPolicy(base=0.5)
_LONGEST_PAUSE: Final = 5.0
_STEEPEST: Final = 8
R = TypeVar("R")

log = structlog.get_logger()
_VIDEO: Final = "video/mp4"


class Deliveries:
    """Does the orders that touch the object store and the gateway."""

    def __init__(self, gateway: Gateway, objects: Objects, artefacts: ArtefactStore, max_bytes: int) -> None:
        """A source larger than `max_bytes` is refused."""
        self._gateway = gateway
        self._objects = objects
        self._artefacts = artefacts
        self._scripts = Scripts(artefacts)
        self._max_bytes = max_bytes

    def workers(self) -> dict[str, Worker]:
        """Who does which work."""
        return {
            Fetch.work: LocalWorker(self.fetch, VERSION),
            Publish.work: LocalWorker(self.publish, VERSION),
            Update.work: LocalWorker(self.update, VERSION),
        }

    async def fetch(self, order: Fetch, on_progress: OnProgress) -> Fetched:
        """Stream the video into our own store; raises `NotFound`, `PayloadTooLarge`."""
        del on_progress

        async def fetched() -> Artefact:
            chunks = self._objects.read(order.object_key)
            return await self._artefacts.put(chunks, _VIDEO, max_bytes=self._max_bytes)

        return Fetched(file=await _patiently(fetched))

    async def publish(self, order: Publish, on_progress: OnProgress) -> Published:
        """Stream the result into the object store under the job's own key, and write the report."""
        del on_progress
        key = output_key(order.dub_id, order.suffix)
        await _patiently(
            lambda: self._objects.put(key, self._artefacts.read(order.video), order.video.media_type)
        )
        report = await self._report(order)
        body = await asyncio.to_thread(lambda: report.model_dump_json(indent=2).encode())
        return Published(output_key=key, report=await self._artefacts.put(once(body), "application/json"))

    async def update(self, order: Update, on_progress: OnProgress) -> Told:
        """Tell the gateway that the result is there."""
        del on_progress
        done = JobChange(status=JobStatus.COMPLETED, progress=100, output_object_key=order.output_key)

        async def told() -> Told:
            try:
                await self._gateway.patch(order.dub_id, done)
            except Conflict:  # it had failed, and was taken up again so lately that nobody has told of it
                await self._gateway.patch(order.dub_id, JobChange(status=JobStatus.PROCESSING))
                await self._gateway.patch(order.dub_id, done)
            return Told(dub_id=order.dub_id)

        return await _patiently(told)

    async def _report(self, order: Publish) -> DubbingReport:
        script = await self._scripts.read(order.script)
        return await asyncio.to_thread(
            report_of,
            script,
            placements_of(script),
            order.actual_starts,
            loudness=order.loudness,
            true_peak=order.true_peak,
            warnings=order.warnings,
        )


async def _patiently(function: Callable[[], Awaitable[R]]) -> R:
    """What the function gives, tried again while an object store or a gateway is being restarted."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    for tries in count():
        try:
            return await function()
        except BatutaError as error:
            pause = min(_RETRY.backoff(min(tries, _STEEPEST), random.random()), _LONGEST_PAUSE)  # noqa: S311  # parts the crowd
            if not error.retryable or time.monotonic() + pause > give_up:
                raise
            log.warning("dubbing.waits", cause=error.message, pause_seconds=round(pause, 2))
        await asyncio.sleep(pause)
    raise AssertionError("the loop returns or raises")
