"""Watching a job from a terminal, and stopping it with Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Final

from batuta.captions.app import Captions
from batuta.cli.screen import stage_bars
from batuta.errors import BatutaError, Cancelled
from batuta.jobs import JobRecord

CANCEL_SECONDS: Final = 2.0
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@asynccontextmanager
async def stopped_by_signal() -> AsyncGenerator[None]:
    """A signal stops what the block does, which ends as `Cancelled`; further signals do not disturb that."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    asked = False

    def stop() -> None:
        nonlocal asked
        if not asked and task is not None:
            asked = True
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if asked:
            raise Cancelled("stopped; the same command goes on from the stages that are done") from None
        raise
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)


async def watch(captions: Captions, record: JobRecord) -> JobRecord:
    """Show the job's progress up to its end; whoever stops watching stops the job."""
    try:
        with stage_bars() as bars:
            async for event in captions.follow(record.job_id):
                bars.show(event)
    except asyncio.CancelledError:
        with suppress(BatutaError, TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await captions.cancel(record.job_id)
        raise
    return await captions.end_of(record.job_id)
