"""Something done every so many seconds until it is stopped; that it failed once does not end it.

What goes on failing is tried at longer and longer intervals, and said once: a full disk must not be filled by
what is written about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from batuta.albums.lines import Lines

_RARELY_SECONDS: Final = 60.0
"""Between two attempts after many failures, unless the work is rarer than that anyway."""


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
        pause, said = self._seconds, ""
        while True:
            await asyncio.sleep(pause)
            try:
                await self._work()
            except Exception as error:  # noqa: BLE001  # the next time may go well
                pause = max(self._seconds, min(2 * pause, _RARELY_SECONDS))
                words = f"{type(error).__name__}: {error}"
                if not said:
                    self._log.failure("%s failed; it is tried again and again", self._what, error=error)
                elif said != words:
                    self._log.error("%s still fails: %s", self._what, words)
                said = words
            else:
                if said:
                    self._log.info("%s works again", self._what)
                pause, said = self._seconds, ""
