"""What an attempt to deliver means: delivered, once more after a while, or never. Pure.

| what came back                     | the delivery is                             |
|------------------------------------|---------------------------------------------|
| 2xx                                | delivered                                   |
| 408, 425, 429, 5xx, no answer      | tried again, until the delays are used up   |
| 3xx, other 4xx (410 among them)    | failed: the URL is wrong, or not wanted     |
| the URL may not be asked           | failed                                      |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import httpx2

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
DELAYS: Final = (
    5.0,
    30.0,
    2 * _MINUTE,
    10 * _MINUTE,
    _HOUR,
    3 * _HOUR,
    6 * _HOUR,
    12 * _HOUR,
    12 * _HOUR,
)
"""Seconds between the attempts: ten of them within about a day and a half."""
JITTER: Final = 0.1
"""Each delay is up to so much of itself longer: receivers that fell over are not met by all at once."""
LONGEST_WAIT: Final = 12 * _HOUR
"""A receiver that asks for more does not get it."""
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class State(StrEnum):
    """Where a delivery is; `failed` is final until somebody replays it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came back: a status, or none and why."""

    status: int | None = None
    error: str | None = None
    retry_after: float | None = None
    """Seconds the receiver asks us to wait."""
    hopeless: bool = False
    """Whether another attempt cannot fare better: the URL may not be asked."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state after the attempt and, if it is pending, the seconds until the next."""

    state: State
    wait: float = 0.0


def decide(attempt: Attempt, tries: int, jitter: float) -> Verdict:
    """What to do after the `tries`th attempt since the delivery was asked for; `jitter` is 0 to 1.

    A receiver's Retry-After makes the wait longer, never shorter: the attempts must last.
    """
    if attempt.status is not None and httpx2.codes.is_success(attempt.status):
        return Verdict(State.DELIVERED)
    if attempt.hopeless or not _may_change(attempt.status) or tries > len(DELAYS):
        return Verdict(State.FAILED)
    delay = DELAYS[max(tries, 1) - 1] * (1 + JITTER * jitter)
    return Verdict(State.PENDING, max(delay, min(attempt.retry_after or 0.0, LONGEST_WAIT)))


def _may_change(status: int | None) -> bool:
    return status is None or status in _LATER or httpx2.codes.is_server_error(status)
