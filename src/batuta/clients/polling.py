"""How often to ask about a job, whether the service waits with its answer or not: no I/O.

Every question says `wait=SECONDS`. A service that honours it answers late, and is asked again at once. One
that does not know it answers at once, and is asked again after a pause that grows from question to question.
So one rule serves both, and a service that does the one now and the other then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """All times in seconds."""

    interval: float = 3.0
    """The longest pause (`POLL_INTERVAL`)."""
    max_attempts: int = 600
    """So many questions without a final answer are enough (`MAX_POLL_ATTEMPTS`)."""
    first: float = 0.05
    """The shortest pause."""
    growth: float = 1.6
    """How much longer every further pause is."""
    longest_wait: float = 25.0
    """The most to ask a service to wait: proxies tend to cut a silent connection after 30 s."""
    at_once: float = 1.0
    """An answer that took less did not wait for the job."""
    patience: float = 120.0
    """A service that does not answer at all, being restarted perhaps, is asked again for so long."""

    def wait(self, remaining: float | None) -> int:
        """Whole seconds to ask the service to wait, not beyond the deadline."""
        most = self.longest_wait if remaining is None else min(self.longest_wait, remaining)
        return max(math.floor(most), 0)

    def pause(self, before: float, took: float) -> float:
        """Seconds until the next question, after an answer that took so long; `before` is the last pause."""
        if took >= self.at_once:
            return 0.0
        return min(max(before * self.growth, self.first), self.interval)
