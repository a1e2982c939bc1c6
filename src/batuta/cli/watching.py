"""Watching a job from a terminal, and stopping it with Ctrl-C."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final

from batuta.cli.screen import stage_bars
from batuta.errors import BatutaError
from batuta.jobs import Event

CANCEL_SECONDS: Final = 2.0


async def watch(events: AsyncIterator[Event], cancel: Callable[[], Awaitable[object]]) -> None:
    """Show the job's progress up to its end; whoever stops watching stops the job."""
    try:
        with stage_bars() as bars:
            async for event in events:
                bars.show(event)
    except asyncio.CancelledError:
        with suppress(BatutaError, TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await cancel()
        raise
