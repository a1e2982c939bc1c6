"""The network transport's own limits."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from batuta.clients import network_transport

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("asked", "connect"),
    [({"connect": 30.0, "read": 30.0}, 5.0), ({"connect": 2.0}, 2.0), ({"connect": None}, 5.0), ({}, 5.0)],
)
async def test_connecting_has_a_limit_of_its_own(
    monkeypatch: pytest.MonkeyPatch, asked: dict[str, float | None], connect: float
):
    """A service that takes ten minutes to answer still has to be reachable within seconds."""
    seen: dict[str, Any] = {}

    async def sent(self: httpx2.AsyncHTTPTransport, request: httpx2.Request) -> httpx2.Response:
        del self
        seen.update(request.extensions["timeout"])
        return httpx2.Response(200)

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", sent)
    async with network_transport(connect_timeout=5.0) as transport:
        request = httpx2.Request("GET", "http://s", extensions={"timeout": asked})
        await transport.handle_async_request(request)
    assert seen == {**asked, "connect": connect}


async def test_nobody_listening_is_a_connect_error():
    """A closed port is told apart from a service that is silent."""
    async with network_transport() as transport:
        with pytest.raises(httpx2.ConnectError):
            await transport.handle_async_request(httpx2.Request("GET", "http://127.0.0.1:1"))
