"""Blocking work beside the event loop, never left running behind a cancelled caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns, computed in a thread; a cancelled caller waits until the thread is done.

    `asyncio.to_thread` alone would return at once, and its thread would go on writing to a file whose lock
    the caller has given up. Each step given to it is therefore short: a chunk, not a file.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
