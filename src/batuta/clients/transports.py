"""How requests travel to another machine: a pool of connections that one client keeps for all its calls."""

from __future__ import annotations

import socket
import ssl
from functools import cache
from typing import Final

import httpx2

IDLE_SECONDS: Final = 4.0
"""How long an unused connection is kept: less than the 5 s after which uvicorn closes it under our hands."""
RECEIVE_BUFFER_BYTES: Final = 256 * 1024
"""What may have arrived before we read it; with the system's own, 20 downloads take 60 MB more."""


@cache
def _tls() -> ssl.SSLContext:
    """One for all clients, because loading the certificates takes 30 ms."""
    return httpx2.create_ssl_context()


class _NetworkTransport(httpx2.AsyncHTTPTransport):
    """httpx2's own, with a limit to the time for connecting that no request can exceed."""

    def __init__(self, limits: httpx2.Limits, connect_timeout: float) -> None:
        super().__init__(
            verify=_tls(),
            limits=limits,
            socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)],
        )
        self._connect_timeout = connect_timeout

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        timeouts: dict[str, float | None] = dict(request.extensions.get("timeout", {}))
        asked = timeouts.get("connect")
        timeouts["connect"] = self._connect_timeout if asked is None else min(asked, self._connect_timeout)
        request.extensions["timeout"] = timeouts
        return await super().handle_async_request(request)


def network_transport(
    *,
    max_connections: int = 100,
    max_idle_connections: int = 20,
    idle_seconds: float = IDLE_SECONDS,
    connect_timeout: float = 5.0,
) -> httpx2.AsyncBaseTransport:
    """HTTP/1.1 over TCP, with or without TLS, over at most `max_connections`; times are in seconds."""
    limits = httpx2.Limits(
        max_connections=max_connections,
        max_keepalive_connections=max_idle_connections,
        keepalive_expiry=idle_seconds,
    )
    return _NetworkTransport(limits, connect_timeout)
