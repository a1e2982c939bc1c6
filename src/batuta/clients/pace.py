"""How fast one host may be asked: its published rate, kept by all callers together, in the order they came.

The schedule is one number (GCRA, the generic cell rate algorithm, ITU-T I.371, annex A): the moment at which
the host will have recovered from all it was asked. `Rate` is the arithmetic, pure; `Pace` is the queue before
one host, for tasks of an event loop.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from batuta.clients.clock import SYSTEM_CLOCK, Clock
from batuta.clients.deadline import remaining
from batuta.errors import DeadlineExceeded, InvalidRequest, ServiceBusy

_NOTHING: Final = 1e-6
"""Seconds that are no wait: sums of floats are off by less."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once after a quiet time, then one every `interval` seconds."""

    interval: float
    burst: int = 1

    def __post_init__(self) -> None:
        if not (self.interval > 0 and math.isfinite(self.interval) and self.burst >= 1):
            raise InvalidRequest(
                f"a rate of {self.burst} at once and one every {self.interval} s cannot be kept: "
                "give a positive interval and a burst of at least 1."
            )

    @classmethod
    def per_minute(cls, requests: float) -> Rate:
        """So many, evenly spread: no stretch of 60 s ever has more of them."""
        return cls(60 / requests)

    def wait(self, due: float, now: float) -> float:
        """Seconds until a request may go; `due` is when the host will have recovered from those before."""
        return max(due - (self.burst - 1) * self.interval - now, 0.0)

    def after(self, due: float, now: float) -> float:
        """When the host will have recovered from one request more."""
        return max(due, now) + self.interval


def _nobody_objects() -> None: ...


class Pace:
    """The queue before one host; `name` is the host's, for messages."""

    def __init__(self, name: str, rate: Rate, clock: Clock = SYSTEM_CLOCK) -> None:
        self.rate = rate
        self._name = name
        self._clock = clock
        self._due = -math.inf
        self._held_until = -math.inf
        self._queue = asyncio.Lock()  # first come, first served

    async def turn(self, *, longest: float = math.inf, check: Callable[[], None] = _nobody_objects) -> None:
        """Return when the caller may send one request.

        Whoever waits has a place in the queue and no appointment: a caller that is cancelled delays nobody.
        `check` is called when the caller is the first in the queue, and may raise, so that a queue before a
        host that has failed meanwhile dissolves at once. Raises `ServiceBusy` if the first in the queue would
        wait for more than `longest` seconds, and `DeadlineExceeded` when there is no time for the turn.
        """
        try:
            async with asyncio.timeout(remaining()):
                async with self._queue:
                    await self._first_in_the_queue(longest, check)
        except TimeoutError as error:
            raise DeadlineExceeded(f"no time left: the turn to ask {self._name} did not come") from error

    def hold(self, seconds: float) -> None:
        """Let nobody go for so long: the host asked for it, of one caller for all."""
        self._held_until = max(self._held_until, self._clock.now() + seconds)

    async def _first_in_the_queue(self, longest: float, check: Callable[[], None]) -> None:
        while True:
            check()
            now = self._clock.now()
            wait = max(self.rate.wait(self._due, now), self._held_until - now)
            if wait < _NOTHING:
                self._due = self.rate.after(self._due, now)
                return
            if wait > longest:
                raise ServiceBusy(f"{self._name} asked not to be asked for another {wait:.0f} s", wait)
            left = remaining()
            if left is not None and wait >= left:
                raise DeadlineExceeded(f"no time left: the turn to ask {self._name} comes in {wait:.1f} s")
            await self._clock.sleep(wait)
