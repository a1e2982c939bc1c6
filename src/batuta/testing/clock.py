"""A clock for tests: hours of waiting pass at once, in the right order."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count
from typing import Final

_TURNS: Final = 20
"""Turns of the event loop that other tasks get, to go on or to fall asleep too, before time moves."""


class VirtualClock:
    """Satisfies `batuta.clients.Clock`; time stands still except while somebody sleeps.

    When several tasks sleep, the earliest to wake wakes first, and the time is then what it slept until.
    `slept` tells afterwards for how long somebody waited.
    """

    def __init__(self, start: float = 0.0) -> None:
        self.slept: list[float] = []
        self._now = start
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._moving = False

    def now(self) -> float:
        """Seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody sleeping."""
        self._now += seconds

    async def sleep(self, seconds: float) -> None:
        """Return when it is `seconds` later, as soon as the others have had their turn."""
        self.slept.append(seconds)
        loop = asyncio.get_running_loop()
        wake: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._now + max(seconds, 0.0), next(self._order), wake))
        if not self._moving:
            self._moving = True
            loop.call_soon(self._move, loop, _TURNS)
        await wake

    def _move(self, loop: asyncio.AbstractEventLoop, turns: int) -> None:
        """After so many turns, wake the earliest sleeper; go on while there are others."""
        if turns == 0:
            self._wake_earliest()
        self._moving = bool(self._sleepers)
        if self._moving:
            loop.call_soon(self._move, loop, turns - 1 if turns else _TURNS)

    def _wake_earliest(self) -> None:
        while self._sleepers:
            at, _, wake = heapq.heappop(self._sleepers)
            if not wake.done():  # else its task was cancelled
                self._now = max(self._now, at)
                wake.set_result(None)
                return
