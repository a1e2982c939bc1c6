"""Time that does not pass, services near and far, and a check that nothing is left running."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import structlog
import uvicorn
from echoing import Make, Reach, Service
from job_service import JobService
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import LogCapture

from batuta.clients import AppTransport, ServiceClient, network_transport
from batuta.testing.clock import VirtualClock
from batuta.testing.faults import Fault, FaultTransport, script


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for a module's tests, so that they can share a server."""
    return "asyncio"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


class Server:
    """A real server on a loopback port; `app` is what it serves at the moment."""

    app: ASGIApp
    url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
async def server(anyio_backend: str) -> AsyncIterator[Server]:
    del anyio_backend
    served = Server()
    # Named as TCP: asyncio turns Nagle's algorithm off only then, and with it each answer would take 40 ms.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        served.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        running = uvicorn.Server(uvicorn.Config(served, lifespan="off", log_config=None, ws="none"))
        task = asyncio.create_task(running.serve(sockets=[listener]))
        yield served
        running.should_exit = True
        await task


@pytest.fixture
def service(clock: VirtualClock) -> JobService:
    return JobService(clock)


@pytest.fixture(params=["in process", "over the network"])
async def reach(request: pytest.FixtureRequest, service: JobService, server: Server) -> AsyncIterator[Reach]:
    """The job service, in both of the ways in which it can be reached."""
    if request.param == "in process":
        async with AppTransport(service.app) as transport:
            yield "http://jobs.example", transport
    else:
        server.app = service.app
        async with network_transport() as transport:
            yield server.url, transport


@pytest.fixture
def logged() -> Iterator[LogCapture]:
    """What is logged meanwhile."""
    before = structlog.get_config()["processors"]
    capture = LogCapture()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(processors=before)


@pytest.fixture
def echo() -> Service:
    return Service()


@pytest.fixture
def make(clock: VirtualClock, echo: Service) -> Make:
    """A client to the echo behind a script of faults."""

    def make(*faults: Fault, **options: Any) -> ServiceClient:
        transport = FaultTransport(echo.transport, script(*faults), clock)
        return ServiceClient(
            "normalizer", "http://service/v1/", transport, clock=clock, jitter=lambda: 0.0, **options
        )

    return make
