"""One client for a service that may fail: `ServiceClient.request` and `.stream`.

What happens to a call, from the outside in: retries (`retry`), a place among those under way (`bulkhead`),
the breaker (`breaker`), the time limit (`deadline`), the transport, and what the answer means (`answers`).
Each of these is a module of its own; this one only puts them in order.

It speaks to the transport directly rather than through `httpx2.AsyncClient`: a service needs no cookie jar,
no redirects and no authentication flow, and a call with all of the above then costs less CPU than one with
those (`benchmarks/client_overhead.py`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from types import TracebackType
from typing import Final, Self, Unpack

import httpx2
import structlog

from batuta.clients.answers import question, refusal, silence
from batuta.clients.bodies import beginning, whole
from batuta.clients.breaker import DEFAULT_BREAKER, Breaker, BreakerPolicy, Call
from batuta.clients.bulkhead import Bulkhead
from batuta.clients.clock import SYSTEM_CLOCK, Clock
from batuta.clients.deadline import remaining
from batuta.clients.requests import RequestParts, build, repeatable, streams
from batuta.clients.retry import Outcome, RetryPolicy, outcome_of_status
from batuta.clients.transports import network_transport
from batuta.errors import BreakerOpen, DeadlineExceeded, ServiceError, ServiceUnavailable
from batuta.telemetry.calls import ServiceCall
from batuta.telemetry.metrics import retried
from batuta.version import __version__

log = structlog.get_logger(__name__)

DEFAULT_RETRY: Final = RetryPolicy()
MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""The largest answer `request` reads; anything larger is for `stream`."""

_TIMER_SLACK: Final = 0.02
"""A timer may ring so many seconds early: uvloop reads the clock once per turn of the loop."""


class ServiceClient:
    """One service, asked over one pool of connections that all tasks of an event loop share.

    Raises, each with the service's own words in it: `ServiceRefused` (or the error of ours that a 4xx problem
    names), `ServiceUnavailable`, `ServiceBusy`, `BreakerOpen`, `DeadlineExceeded`, and `ServiceError` for
    answers that make no sense.
    """

    def __init__(  # noqa: PLR0913  # each has its default; an object of options would only hide them
        self,
        name: str,
        base_url: str,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        timeout: float = 30.0,
        retry: RetryPolicy = DEFAULT_RETRY,
        breaker: BreakerPolicy = DEFAULT_BREAKER,
        max_concurrency: int = 32,
        max_body_bytes: int = MAX_BODY_BYTES,
        headers: Mapping[str, str] | None = None,
        clock: Clock = SYSTEM_CLOCK,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`timeout` is in seconds: for one attempt, or for each silence while a body streams up or down.

        `transport` is the network unless given, and closed with the client; `headers` go with every request.
        """
        self.name = name
        self.timeout = timeout
        self.clock = clock
        self.base_url = base_url.rstrip("/")
        self._transport = transport or network_transport(max_connections=max_concurrency)
        self._retry = retry
        self._breaker = Breaker(name, breaker, clock)
        self._bulkhead = Bulkhead(name, max_concurrency)
        self._max_body_bytes = max_body_bytes
        self._jitter = jitter
        self._headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # so that a size is a size; media does not shrink further
            "User-Agent": f"batuta/{__version__}",
            **(headers or {}),
        }

    @property
    def breaker(self) -> Breaker:
        """The service's breaker, for those who report on its health."""
        return self._breaker

    async def request(self, method: str, path: str, **parts: Unpack[RequestParts]) -> httpx2.Response:
        """The service's answer with its body read, up to `max_body_bytes` of it."""
        retries = 0
        while True:
            try:
                async with self._attempt(method, path, parts) as response:
                    return await whole(self.name, response, self._max_body_bytes)
            except ServiceUnavailable as error:
                if (wait := self._wait_to_retry(error, retries, method, parts)) is None:
                    raise
                await self.clock.sleep(wait)
                retries += 1

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, **parts: Unpack[RequestParts]
    ) -> AsyncGenerator[httpx2.Response]:
        """The service's answer with its body still to be read, by `response.aiter_bytes()`.

        Retried until an answer begins. After that its failures surface inside the block, and its time is
        limited by the deadline as a whole and by `timeout` between two chunks.
        """
        retries = 0
        while True:
            answered = False
            try:
                async with self._attempt(method, path, parts, streaming=True) as response:
                    answered = True
                    yield response
                    return
            except ServiceUnavailable as error:
                if answered or (wait := self._wait_to_retry(error, retries, method, parts)) is None:
                    raise
                await self.clock.sleep(wait)
                retries += 1

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @asynccontextmanager
    async def _attempt(
        self, method: str, path: str, parts: RequestParts, *, streaming: bool = False
    ) -> AsyncGenerator[httpx2.Response]:
        """Ask once: a good answer with its body still to be read, or the error that says what went wrong."""
        async with self._bulkhead:
            seconds = self._time_limit(method, path, parts)
            with ServiceCall(self.name, method) as seen, self._breaker.call() as call:
                request = build(method, self.base_url + path, parts, self._headers, seconds)
                seen.sent(request.headers)
                timer = asyncio.timeout(remaining() if streams(parts) else seconds)
                try:
                    async with timer, aclosing(await self._answer(request, call, parts)) as response:
                        if streaming:
                            seen.answered()
                            timer.reschedule(_loop_time_of_deadline())
                        yield response
                except httpx2.RequestError as error:
                    raise self._unanswered(request, call, error) from error
                except TimeoutError as error:
                    if not timer.expired():
                        raise  # somebody else's, from inside the block of `stream`
                    late = httpx2.ReadTimeout(f"after {seconds:g} s")
                    raise self._unanswered(request, call, late) from error

    async def _answer(self, request: httpx2.Request, call: Call, parts: RequestParts) -> httpx2.Response:
        """What the service answers, if that is what the caller came for; tells the breaker either way."""
        response = await self._transport.handle_async_request(request)
        response.request = request
        outcome = outcome_of_status(response.status_code)
        if outcome is Outcome.OK or response.status_code in parts.get("expected", ()):
            call.succeeded()
            return response
        async with aclosing(response):
            error = refusal(self.name, response, await beginning(response))
        if outcome is Outcome.FAILED:
            call.failed(str(error))
        elif outcome is Outcome.REFUSED:
            call.succeeded()
        raise error

    def _unanswered(
        self, request: httpx2.Request, call: Call, error: httpx2.RequestError
    ) -> ServiceError | DeadlineExceeded:
        """Whose fault the silence is: ours, if we gave the service less time than it is usually given."""
        left = remaining()
        if isinstance(error, httpx2.TimeoutException) and left is not None and left <= _TIMER_SLACK:
            return DeadlineExceeded(
                f"no time left: {question(self.name, request)} was still without an answer"
            )
        failure = silence(self.name, request, error)
        if isinstance(failure, ServiceUnavailable):
            call.failed(str(failure))
        return failure

    def _time_limit(self, method: str, path: str, parts: RequestParts) -> float:
        """Seconds for this attempt; raises `DeadlineExceeded` when there are none."""
        seconds = parts.get("timeout", self.timeout)
        left = remaining()
        if left is None:
            return seconds
        if left <= 0:
            raise DeadlineExceeded(f"no time left to ask {self.name} {method} {path}")
        return min(seconds, left)

    def _wait_to_retry(
        self, error: ServiceUnavailable, retries: int, method: str, parts: RequestParts
    ) -> float | None:
        """Seconds until the next attempt, or None when there is to be none."""
        if not repeatable(method, parts) or isinstance(error, BreakerOpen):
            return None
        wait = self._retry.wait(retries, error.retry_after, remaining(), self._jitter())
        if wait is not None:
            retried(self.name)
            log.warning("retry", service=self.name, retry=retries + 1, wait_seconds=wait, cause=str(error))
        elif retries:
            error.add_note(f"after {retries + 1} attempts")
        return wait


def _loop_time_of_deadline() -> float | None:
    left = remaining()
    return None if left is None else asyncio.get_running_loop().time() + left
