"""Time as a port: what tells the time and waits, so that tests can do both at once."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol


class Clock(Protocol):
    """Something to read the time from and to sleep by."""

    def now(self) -> float:
        """Seconds on a clock that never goes back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` later by this clock."""
        ...


class SystemClock:
    """The machine's monotonic clock and the event loop's sleep."""

    def now(self) -> float:
        """`time.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """`asyncio.sleep`."""
        await asyncio.sleep(seconds)


SYSTEM_CLOCK: Final = SystemClock()
