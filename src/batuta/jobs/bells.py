"""Waiting for an event, but not for ever."""

from __future__ import annotations

import asyncio


async def rung_within(bell: asyncio.Event, seconds: float) -> bool:
    """Whether the event came within the time.

    Not `asyncio.wait_for`: before Python 3.12 that swallows a cancellation which comes together with the
    event, and the task that should have ended waits again.
    """
    try:
        async with asyncio.timeout(seconds):
            await bell.wait()
    except TimeoutError:
        return False
    return True
