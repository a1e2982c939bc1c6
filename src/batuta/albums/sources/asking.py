"""One question to one source: a turn at its pace, one attempt, and another when that may help.

    a place → a turn (all callers, first come first served) → breaker → time limit → transport
       ▲         ▲ Retry-After holds everybody back                          │
       └─────────┴──────────────────── again ◀───────────────────────────────┘

A repetition takes a turn like any other request: a retry with a timer of its own would exceed the rate. The
decision whether and when is `RetryPolicy`'s, the attempt `ServiceClient`'s.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import httpx2
import structlog

from batuta.albums.sources.answers import Failed
from batuta.albums.sources.failures import Shape, failure_of_error, failure_of_status, read
from batuta.clients import BreakerPolicy, Clock, RetryPolicy, ServiceClient
from batuta.clients.breaker import HalfOpen, Open
from batuta.clients.bulkhead import Bulkhead
from batuta.clients.clock import SYSTEM_CLOCK
from batuta.clients.deadline import remaining
from batuta.clients.pace import Pace, Rate
from batuta.clients.transports import network_transport
from batuta.errors import (
    BatutaError,
    BreakerOpen,
    InvalidRequest,
    ServiceBusy,
    ServiceUnavailable,
)
from batuta.version import __version__

log = structlog.get_logger(__name__)

_BUSY: Final = frozenset({408, 425, 429})
_OUR_FAULT: Final = frozenset(range(400, 500)) - _BUSY
"""Answers the source means for us: they are read, not retried."""
_BUSY_SECONDS: Final = 60.0
"""A source that has had too much, without saying for how long, counts its rate in minutes: all keep away."""
_LONGEST_HOLD: Final = 3600.0
"""Seconds a source may keep all of us waiting by one `Retry-After`."""
_CONTACT: Final = re.compile(r"[!-'*-~]{3,200}")
"""Printable ASCII without parentheses, which end a comment in a header (RFC 9110, section 5.6.5)."""
_AT_ONCE: Final = 4
"""Requests under way: fewer than the rate would allow when a source is slow."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a source is treated; times are in seconds."""

    timeout: float = 10.0
    """For one attempt, without its turn in the queue."""
    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(max_retries=2, longest_wait=30.0))
    breaker: BreakerPolicy = field(default_factory=lambda: BreakerPolicy(failures=5, cooldown=60.0))
    max_body_bytes: int = 2 * 1024 * 1024
    clock: Clock = SYSTEM_CLOCK
    jitter: Callable[[], float] = random.random


DEFAULT: Final = Manners()


class Asker:
    """Asks one source over one client, at one pace, for all tasks of an event loop."""

    def __init__(
        self,
        name: str,
        base_url: str,
        rate: Rate,
        *,
        user_agent: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        busy_status: int | None = None,
        masked: Callable[[str], str] = str,
        manners: Manners = DEFAULT,
    ) -> None:
        """`busy_status` is a 4xx by which this source says what others say with 429.

        `masked` takes out of a message what nobody may read. Raises `InvalidRequest` for a URL or a contact
        that makes no sense.
        """
        self.name = name
        self._masked = masked
        self._manners = manners
        self._busy_status = busy_status
        self._places = Bulkhead(name, _AT_ONCE)
        self._pace = Pace(name, rate, manners.clock)
        self._client = ServiceClient(
            name,
            _checked(name, base_url),
            transport or source_transport(),
            timeout=manners.timeout,
            retry=RetryPolicy(max_retries=0),
            breaker=manners.breaker,
            max_body_bytes=manners.max_body_bytes,
            headers={"User-Agent": user_agent, "Accept": "application/json"},
            clock=manners.clock,
        )

    async def ask(self, path: str, params: Mapping[str, str | int], shape: type[Shape]) -> Shape | Failed:
        """What the source answers, read as `shape`, or why there is no answer. Raises nothing."""
        try:
            response = await self._response(path, params)
            answer = failure_of_status(self.name, response) or read(self.name, response, shape)
        except (BatutaError, RecursionError) as error:
            answer = failure_of_error(self.name, error)
        if isinstance(answer, Failed):
            return replace(answer, message=self._masked(answer.message))
        return answer

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _response(self, path: str, params: Mapping[str, str | int]) -> httpx2.Response:
        retries = 0
        while True:
            try:
                return await self._attempt(path, params)
            except ServiceUnavailable as error:
                wait = self._wait_to_retry(error, retries)
                self._hold(error)
                if wait is None:
                    raise
                if error.retry_after is None:
                    await self._manners.clock.sleep(wait)
                retries += 1

    async def _attempt(self, path: str, params: Mapping[str, str | int]) -> httpx2.Response:
        # A place before a turn: whoever had a turn and then waited for a place would go together with others.
        async with self._places:
            await self._pace.turn(longest=self._manners.retry.longest_wait, check=self._turn_away)
            try:
                response = await self._client.request("GET", path, params=params, expected=_OUR_FAULT)
            except ServiceBusy as error:
                if error.retry_after is None:
                    raise ServiceBusy(error.message, _BUSY_SECONDS) from error
                raise
        if response.status_code == self._busy_status:
            raise ServiceBusy(f"{self.name} answered {self._busy_status}: too many requests", _BUSY_SECONDS)
        return response

    def _turn_away(self) -> None:
        """Nobody waits for a turn at a source that is not asked anyway."""
        state = self._client.breaker.state
        now = self._manners.clock.now()
        if isinstance(state, HalfOpen) or (isinstance(state, Open) and now < state.until):
            wait = state.until - now if isinstance(state, Open) else self._manners.breaker.cooldown
            raise BreakerOpen(f"{self.name} keeps failing and is not asked for up to {wait:.0f} s", wait)

    def _wait_to_retry(self, error: ServiceUnavailable, retries: int) -> float | None:
        """Seconds until another attempt, or None when there is to be none."""
        if isinstance(error, BreakerOpen):
            return None
        manners = self._manners
        wait = manners.retry.wait(retries, error.retry_after, remaining(), manners.jitter())
        if wait is not None:
            log.info("source_retry", source=self.name, retry=retries + 1, wait_seconds=wait, cause=str(error))
        return wait

    def _hold(self, error: ServiceUnavailable) -> None:
        """What the source asks of one of us it asks of all (MusicBrainz blocks whoever goes on asking)."""
        if error.retry_after is not None and not isinstance(error, BreakerOpen):
            self._pace.hold(min(error.retry_after, _LONGEST_HOLD))


def source_transport() -> httpx2.AsyncBaseTransport:
    """The way to a source over the network."""
    return network_transport(max_connections=_AT_ONCE, max_idle_connections=_AT_ONCE)


def _checked(name: str, base_url: str) -> str:
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidRequest(
            f"the URL of {name} is not one that can be asked: give one of http:// or https://."
        )
    return base_url


def user_agent(contact: str = "") -> str:
    """`batuta/1.2.3 ( contact )`, the form MusicBrainz asks for; `contact` is a URL or an e-mail address.

    Raises `InvalidRequest` for a contact that cannot stand in a header.
    """
    contact = contact.strip()
    if not contact:
        return f"batuta/{__version__}"
    if _CONTACT.fullmatch(contact) is None:
        raise InvalidRequest(f"{contact!r} is no contact: give a URL or an e-mail address (ALBUMS_CONTACT).")
    return f"batuta/{__version__} ( {contact} )"
