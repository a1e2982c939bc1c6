"""How much and how long a download may be, enforced while it runs."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from batuta.errors import PayloadTooLarge


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """The most bytes a download may have."""

    max_bytes: int

    def check(self, size: float | None) -> None:
        """Raise `PayloadTooLarge` when this many bytes, announced or received, are too many."""
        if size is not None and size > self.max_bytes:
            raise PayloadTooLarge(
                f"The file is larger than the {self.max_bytes} bytes allowed. "
                "Choose a lower quality or a shorter piece."
            )


class TimeUp(BaseException):
    """The time is over. No `Exception`, or else a library would take it for an error of its own."""


@contextmanager
def time_limit(seconds: float) -> Generator[None]:
    """Raise `TimeUp` after this time, also out of a read that waits for a server which drips.

    By an alarm signal, hence in the main thread only, where a worker process does its tasks.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _ring)
    before, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        left = max(before - (time.monotonic() - started), 0.001) if before else 0.0
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, left)


def _ring(_signal: int, _frame: object) -> NoReturn:
    raise TimeUp
