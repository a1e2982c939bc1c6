"""Something done every so many seconds until it is stopped; that it failed once does not end it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from batuta.albums.lines import Lines


class Periodic:
    """Starts with `start`, in the loop that runs then."""

    def __init__(self, what: str, seconds: float, work: Callable[[], Awaitable[object]], log: Lines) -> None:
        self._what = what
        self._seconds = seconds
        self._work = work
        self._log = log
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Begin, unless it has begun."""
        if not self.running:
            self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """End it, and wait until it has."""
        task, self._task = self._task, None
        if task is not None and not task.get_loop().is_closed():
            task.cancel()
            await asyncio.wait([task])

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001  # the next time may go well
                self._log.failure(
                    "%s failed; it is tried again in %g s", self._what, self._seconds, error=error
                )
