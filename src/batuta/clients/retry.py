"""Whether to ask again and when, decided from an answer's status and headers or a failure's class: no I/O.

| what came back                                | outcome   | again?                                        |
|-----------------------------------------------|-----------|-----------------------------------------------|
| 2xx, 304                                      | `OK`      |                                               |
| 408, 425, 429                                 | `BUSY`    | when `Retry-After` says, else with backoff    |
| other 5xx, no connection, no answer, cut off  | `FAILED`  | the same                                      |
| other 3xx and 4xx, 501, 505, a bad request    | `REFUSED` | no: the same question gets the same answer    |
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Final

import httpx2


class Outcome(Enum):
    """What an attempt came to."""

    OK = "ok"
    REFUSED = "refused"
    BUSY = "busy"
    FAILED = "failed"


IDEMPOTENT_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""May be repeated without asking (RFC 9110, section 9.2.2); any other method needs an idempotency key."""

LONGEST_ASKED: Final = 30 * 24 * 3600.0
"""Seconds; whoever asks for more, be it in 400 digits, is understood as asking for this."""

_BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""RFC 9110, section 15.5.9; RFC 8470, section 5.2; RFC 6585, section 4."""
_NEVER: Final = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})
"""These say what the server is, not how it feels today (RFC 9110, sections 15.6.2 and 15.6.6)."""
_TRANSIENT: Final = (
    httpx2.TimeoutException,
    httpx2.NetworkError,
    httpx2.RemoteProtocolError,
    httpx2.ProxyError,
)


def outcome_of_status(status: int) -> Outcome:
    """What an answer with this status means for the request it answers."""
    if httpx2.codes.is_success(status) or status == HTTPStatus.NOT_MODIFIED:
        return Outcome.OK
    if status in _BUSY:
        return Outcome.BUSY
    if httpx2.codes.is_server_error(status) and status not in _NEVER:
        return Outcome.FAILED
    return Outcome.REFUSED


def outcome_of_error(error: type[httpx2.RequestError]) -> Outcome:
    """What a transport's failure means: bad weather (`FAILED`), or a request that cannot work (`REFUSED`)."""
    return Outcome.FAILED if issubclass(error, _TRANSIENT) else Outcome.REFUSED


def retry_after(headers: Mapping[str, str], wall_clock: float) -> float | None:
    """Seconds the service asks us to wait (RFC 9110, section 10.2.3), or None when it does not say.

    No more than `LONGEST_ASKED`, whatever the service says.
    A date is measured against the answer's own `Date` when there is one, so that a wrong clock on either side
    does not matter; otherwise against `wall_clock`, in seconds since 1970.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_ASKED)
    until = _seconds_since_1970(value)
    if until is None:
        return None
    sent = _seconds_since_1970(headers.get("date", ""))
    return min(max(until - (wall_clock if sent is None else sent), 0.0), LONGEST_ASKED)


def _seconds_since_1970(http_date: str) -> float | None:
    try:
        return parsedate_to_datetime(http_date).timestamp()
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often to ask again, and after how long: by default 2, 4 and 8 s, each up to a quarter less."""

    max_retries: int = 3
    base: float = 1.5
    """The shortest first pause in seconds; jitter adds up to a third, and further pauses double it."""
    longest_wait: float = 120.0
    """A service that asks for more than this many seconds is not waited for."""

    def backoff(self, retries: int, jitter: float) -> float:
        """The pause after `retries` earlier retries; `jitter`, 0 to 1, parts clients that failed together."""
        return math.ldexp(self.base * (1 + jitter / 3), retries)

    def wait(self, retries: int, asked: float | None, remaining: float | None, jitter: float) -> float | None:
        """Seconds until the next attempt, or None to give up now.

        `retries` is how many there were, `asked` the wait the service asked for, `remaining` the time left
        until the deadline: a wait that would not end before it is not begun.
        """
        if retries >= self.max_retries:
            return None
        pause = self.backoff(retries, jitter) if asked is None else asked
        if asked is not None and asked > self.longest_wait:
            return None
        return pause if remaining is None or pause < remaining else None
