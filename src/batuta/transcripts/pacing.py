"""How fast we may ask one host: some requests at once, then a steady rate, whoever asks (GCRA, ITU-T I.371).

The requests of a fetch are made inside one call of the library, in a thread; so a turn is a number of seconds
to wait, which the thread waits in its own way, and the schedule is behind a lock.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Final

from batuta.clients.pace import Rate

_MOST_HOSTS: Final = 64


class Pace:
    """One schedule for each host, shared by all that ask it."""

    def __init__(
        self,
        per_second: float = 2.0,
        burst: int = 10,
        *,
        now: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`burst` requests may come at once after a quiet time; `chance` gives 0 to 1."""
        self._rate = Rate(1 / per_second, burst)
        self._now = now
        self._chance = chance
        self._due: dict[str, float] = {}
        self._lock = threading.Lock()

    def turn(self, host: str, longest: float) -> float | None:
        """Take a turn: the seconds until it comes; None, and no turn, if they are more than `longest`.

        A turn that has to be waited for comes up to half an interval later, so that no rhythm shows.
        """
        late = self._chance() * self._rate.interval / 2
        with self._lock:
            now = self._now()
            due = max(self._due.get(host, now), now)
            wait = self._rate.wait(due, now)
            wait = wait + late if wait > 0 else 0.0
            if wait > longest:
                return None
            self._due[host] = self._rate.after(due, now)
            if len(self._due) > _MOST_HOSTS:
                self._due = {name: at for name, at in self._due.items() if at > now}
            return wait
