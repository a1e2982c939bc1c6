"""One owner at a time, across tasks and processes; a killed owner's lock is free at once."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.1


class Busy(Exception):
    """Somebody else held the lock all the time we were ready to wait."""


@asynccontextmanager
async def locked(path: Path, wait: timedelta) -> AsyncGenerator[None]:
    """Hold the lock file `path`; raises `Busy` when somebody else holds it for longer than `wait`.

    `flock` belongs to the open file, so it separates two tasks of one process as well, and the kernel drops
    it when the process dies. The file stays: were it deleted, two owners could lock two files of one name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        await _take(descriptor, wait)
        yield
    finally:
        os.close(descriptor)


async def _take(descriptor: int, wait: timedelta) -> None:
    give_up_at = asyncio.get_running_loop().time() + wait.total_seconds()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if asyncio.get_running_loop().time() >= give_up_at:
                raise Busy from None
            # Polling, because a blocking flock in a thread could not be cancelled.
            await asyncio.sleep(_POLL_SECONDS)
        else:
            return
