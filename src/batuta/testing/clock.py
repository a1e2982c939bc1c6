"""A clock for tests: hours of waiting pass at once, in the right order."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count


class VirtualClock:
    """Satisfies `batuta.clients.Clock`; time stands still except while somebody sleeps.

    When tasks sleep, the earliest to wake wakes next, and the time is then what it slept until. `slept` tells
    afterwards who waited for how long.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.slept: list[float] = []
        self._now = start
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody sleeping."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Return when it is `seconds` later, which is as soon as no other task has anything earlier to do."""
        self.slept.append(seconds)
        loop = asyncio.get_running_loop()
        wake: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._now + max(seconds, 0.0), next(self._order), wake))
        loop.call_soon(self._wake_earliest)
        await wake

    def _wake_earliest(self) -> None:
        while self._sleepers:
            at, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():  # else its task was cancelled
                self._now = max(self._now, at)
                wake.set_result(None)
                return
