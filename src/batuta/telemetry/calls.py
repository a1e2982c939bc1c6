"""One attempt to ask a service, as it is counted and traced: `with ServiceCall(name, method) as seen:`."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from time import perf_counter
from types import TracebackType
from typing import Self

from batuta.errors import (
    BatutaError,
    BreakerOpen,
    DeadlineExceeded,
    ServiceBusy,
    ServiceError,
    ServiceRefused,
    ServiceUnavailable,
)
from batuta.telemetry.metrics import service_called
from batuta.telemetry.traces import call_span, end_span, inject


class ServiceCall:
    """From the attempt's begin to its end; for a streamed answer, to where its body begins."""

    __slots__ = ("_answered", "_begun", "_service", "_span")

    def __init__(self, service: str, method: str) -> None:
        self._service = service
        self._answered: float | None = None
        self._span = call_span(service, method)
        self._begun = perf_counter()

    def sent(self, headers: MutableMapping[str, str]) -> None:
        """The request goes out: its headers carry the trace on."""
        if self._span is not None:
            inject(headers, self._span)

    def answered(self) -> None:
        """The answer began, and what remains of it is the caller's to read in his own time."""
        self._answered = perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._answered is not None and not isinstance(error, ServiceError):
            error = None  # the caller's own, from inside his block
        seconds = (self._answered or perf_counter()) - self._begun
        service_called(self._service, "ok" if error is None else outcome_of(error), seconds)
        if self._span is not None:
            end_span(self._span, error)


def outcome_of(error: BaseException) -> str:  # noqa: PLR0911  # a table
    """The word for an error, for metrics."""
    match error:
        case BreakerOpen():
            return "breaker_open"
        case ServiceBusy():
            return "busy"
        case DeadlineExceeded():
            return "out_of_time"
        case ServiceUnavailable():
            return "failed"
        case ServiceRefused():
            return "refused"
        case BatutaError() if not isinstance(error, ServiceError):
            return "refused"  # an error of ours that a service's answer named
        case asyncio.CancelledError() | GeneratorExit():
            return "cancelled"
        case _:
            return "failed"
