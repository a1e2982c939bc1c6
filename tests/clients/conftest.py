"""Time that does not pass, services near and far, and a check that nothing is left running."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn
from job_service import JobService
from starlette.types import ASGIApp

from batuta.clients import AppTransport, network_transport
from batuta.testing.clock import VirtualClock


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def nothing_left_running() -> AsyncIterator[None]:
    """Every task a test causes has ended when the test has."""
    before = asyncio.all_tasks()
    yield
    for _ in range(3):  # a task that is about to end may need a turn of the loop or two
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before
    assert not [task for task in left if not task.get_coro().__qualname__.startswith("TestRunner.")]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """A real server on a port that this function has reserved; gives its URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, ws="none"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


Reach = tuple[str, httpx2.AsyncBaseTransport]
"""A base URL and the transport by which it is reached."""


@pytest.fixture
def service(clock: VirtualClock) -> JobService:
    return JobService(clock)


@pytest.fixture(params=["in process", "over the network"])
async def reach(request: pytest.FixtureRequest, service: JobService) -> AsyncIterator[Reach]:
    """The job service, in both of the ways in which it can be reached."""
    if request.param == "in process":
        transport = AppTransport(service.app)
        yield "http://jobs.example", transport
        await transport.aclose()
    else:
        async with serving(service.app) as url, network_transport() as transport:
            yield url, transport


Handler = Callable[[httpx2.Request], httpx2.Response]
