"""The service, reached in this process and over the network, and a check that nothing is left running."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from callers import Attended, Caller, Reach
from controlled import House, open_house
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import capture_logs

from batuta.clients import AppTransport, network_transport


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module's tests, so that they can share a server."""
    return "asyncio"


class Switch:
    """An app that is whichever app a test wants served."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[tuple[str, Switch]]:
    """A real server on a port that this fixture has reserved: its URL, and what it serves."""
    switch = Switch()
    # Only of a socket that says it is TCP does asyncio know that it may switch off Nagle's algorithm, which
    # would cost 40 ms per request.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(switch, lifespan="off", log_config=None, ws="none")
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", switch
        server.should_exit = True
        await running


@pytest.fixture(autouse=True)
def _nothing_left_running(server: Any, nothing_left_running: None) -> None:
    """For all tests here, the server's own tasks excepted."""


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged, instead of its being written out in all its beauty."""
    with capture_logs() as events:
        yield events


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The service on an empty folder."""
    async with open_house(tmp_path) as opened:
        yield opened


@pytest.fixture(params=["in this process", "over the network"])
async def reach(request: pytest.FixtureRequest, server: tuple[str, Switch]) -> AsyncIterator[Reach]:
    """Gives a URL and a transport for an app; both ways must be the same to the caller."""
    url, switch = server
    transports: list[httpx2.AsyncBaseTransport] = []

    def to(app: ASGIApp) -> tuple[str, httpx2.AsyncBaseTransport]:
        switch.app = app
        in_process = request.param == "in this process"
        transports.append(AppTransport(app, grace=0.05) if in_process else network_transport())
        return ("http://service.example" if in_process else url), transports[-1]

    yield to
    for transport in transports:
        await transport.aclose()


@pytest.fixture
def caller(house: House, reach: Reach) -> Caller:
    """Somebody who speaks the protocol to the service."""
    app = Attended(house.app)
    url, transport = reach(app)
    http = httpx2.AsyncClient(base_url=url, transport=transport)
    return Caller(http, app, in_process=isinstance(transport, AppTransport))
