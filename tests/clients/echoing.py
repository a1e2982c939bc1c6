"""A service that answers with what it was asked, and clients for it behind scripted faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2

from batuta.clients import ServiceClient
from batuta.testing.clock import VirtualClock

Make = Callable[..., ServiceClient]
MiB = 1024 * 1024
Reach = tuple[str, httpx2.AsyncBaseTransport]
"""A base URL and the transport by which it is reached."""


class Service:
    """Answers every request 200, with what it was asked; counts and remembers."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.transport = httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, json={"asked": request.method})


def answering(clock: VirtualClock, response: Callable[[], httpx2.Response], **options: Any) -> ServiceClient:
    transport = httpx2.MockTransport(lambda _: response())
    return ServiceClient("normalizer", "http://service", transport, clock=clock, **options)
