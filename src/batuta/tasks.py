"""Ending tasks of our own."""

from __future__ import annotations

import asyncio


async def ended(task: asyncio.Task[None]) -> None:
    """Stop the task, and wait until it has stopped, however it ends."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
