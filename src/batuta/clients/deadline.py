"""One deadline flows through every call: set once around a job or request, obeyed by whatever runs inside.

    with deadline(3600):
        ...
        with deadline(30):      # the earlier of the two holds
            remaining()         # → 29.99

Inside a process it travels as a context variable, between processes as seconds in a header: two machines
seldom agree on the time of day, but they agree on how long a second is (as gRPC does with `grpc-timeout`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from batuta.errors import DeadlineExceeded

DEADLINE_HEADER: Final = "Batuta-Deadline"
"""Carries the seconds that remain, as a decimal number."""


@dataclass(slots=True)
class _Deadline:
    at: float
    now: Callable[[], float]


_current: ContextVar[_Deadline | None] = ContextVar("batuta_deadline", default=None)


@contextmanager
def deadline(
    seconds: float | None, *, inherit: bool = True, now: Callable[[], float] = time.monotonic
) -> Generator[None]:
    """Give the block `seconds` from now on; inside another deadline the earlier holds, None adds none.

    `inherit=False` is for tidying up after the outer deadline has passed: only the new one holds.
    """
    outer = remaining() if inherit else None
    if seconds is None or (outer is not None and outer <= seconds):
        yield
        return
    token = _current.set(_Deadline(now() + seconds, now))
    try:
        yield
    finally:
        _current.reset(token)


def remaining() -> float | None:
    """Seconds until the deadline, negative once it has passed; None when there is none."""
    current = _current.get()
    return None if current is None else current.at - current.now()


@contextmanager
def time_out() -> Generator[None]:
    """Stop the clock of the innermost deadline for the block: time in which nothing could be done.

    The deadline moves on by what the block took, for everybody who works under it.
    """
    current = _current.get()
    begun = current.now() if current is not None else 0.0
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)
        if current is not None:
            current.at += current.now() - begun


def check(doing: str = "the work") -> None:
    """Raise `DeadlineExceeded` if the deadline has passed; `doing` says what there is no time for."""
    left = remaining()
    if left is not None and left <= 0:
        raise DeadlineExceeded(f"no time left for {doing}: the deadline passed {-left:.1f} s ago")


def deadline_to_header(seconds: float) -> str:
    """The header's value for so many remaining seconds."""
    return f"{max(seconds, 0.0):.3f}"


def deadline_from_header(value: str | None) -> float | None:
    """The seconds a caller grants, for `deadline()`; None when the header is absent or makes no sense."""
    try:
        seconds = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None
