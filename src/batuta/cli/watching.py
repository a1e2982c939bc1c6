"""Watching a job from a terminal, and stopping it with Ctrl-C."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from batuta.captions.app import Captions
from batuta.cli.screen import stage_bars
from batuta.errors import BatutaError
from batuta.jobs import JobRecord

CANCEL_SECONDS: Final = 2.0


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
