"""Ctrl-C and its like, in a command that has something to clean up."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from batuta.errors import Cancelled

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
