"""A service under pressure: the breaker, the limit on calls at a time, chaos."""

# reading a stream until it breaks takes a loop

from __future__ import annotations

import asyncio

import httpx2
import pytest
from echoing import Make, Service

from batuta import errors
from batuta.clients import BreakerPolicy, RetryPolicy, ServiceClient, deadline
from batuta.clients.breaker import Closed, HalfOpen, Open
from batuta.testing.clock import VirtualClock
from batuta.testing.faults import (
    FaultTransport,
    Status,
    chaos,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


async def test_a_failing_service_is_left_alone(make: Make, clock: VirtualClock):
    """After five failures in a row nothing is sent for 30 s, and the caller learns why."""
    client = make(*[Status(503, body=b"disk full")] * 6, breaker=BreakerPolicy(failures=5, cooldown=30))
    with pytest.raises(errors.ServiceUnavailable):
        await client.request("GET", "/x")
    with pytest.raises(errors.BreakerOpen, match="disk full"):  # the fifth failure, then turned away
        await client.request("GET", "/x")
    slept = len(clock.slept)
    with pytest.raises(errors.BreakerOpen) as caught:
        await client.request("GET", "/x")
    assert len(clock.slept) == slept
    assert caught.value.retry_after is not None
    clock.advance(caught.value.retry_after)
    with pytest.raises(errors.BreakerOpen):  # the probe fails, and its retry is turned away
        await client.request("GET", "/x")
    clock.advance(30)
    assert (await client.request("GET", "/x")).status_code == 200
    assert client.breaker.state == Closed()


@pytest.mark.parametrize("status", [400, 404, 408, 425, 429, 501])
async def test_refusals_and_business_do_not_trip_the_breaker(make: Make, status: int):
    """A service that answers works, whether we like the answer or not."""
    client = make(*[Status(status)] * 50, breaker=BreakerPolicy(failures=2))
    for _ in range(8):
        with pytest.raises(errors.ServiceError):
            await client.request("GET", "/x")
    assert client.breaker.state == Closed()


async def test_a_refusal_ends_a_row_of_failures(make: Make):
    """Between two failures the service was well enough to say no."""
    client = make(Status(500), Status(404), Status(500), retry=RetryPolicy(max_retries=0))
    for _ in range(3):
        with pytest.raises(errors.ServiceError):
            await client.request("GET", "/x")
    assert isinstance(client.breaker.state, Closed)
    assert client.breaker.state.failures == 1


async def test_a_busy_service_keeps_its_failures(make: Make):
    """429 tells nothing: it neither adds to a row of failures nor ends it."""
    client = make(Status(500), Status(429), Status(500), retry=RetryPolicy(max_retries=0))
    for _ in range(3):
        with pytest.raises(errors.ServiceUnavailable):
            await client.request("GET", "/x")
    assert isinstance(client.breaker.state, Closed)
    assert client.breaker.state.failures == 2


async def test_a_cancelled_probe_wedges_nothing(clock: VirtualClock):
    """While the probe hangs others are turned away; when it is cancelled the next call probes."""
    hang, healthy = asyncio.Event(), False

    async def answer(_: httpx2.Request) -> httpx2.Response:
        if healthy:
            return httpx2.Response(200)
        if isinstance(client.breaker.state, HalfOpen):
            await hang.wait()
        return httpx2.Response(500)

    policy = BreakerPolicy(failures=1)
    client = ServiceClient("s", "http://s", httpx2.MockTransport(answer), breaker=policy, clock=clock)
    with pytest.raises(errors.BreakerOpen):
        await client.request("GET", "/x")
    clock.advance(30)
    probe = asyncio.create_task(client.request("GET", "/x"))
    await asyncio.sleep(0)
    assert client.breaker.state == HalfOpen()
    with pytest.raises(errors.BreakerOpen):
        await client.request("GET", "/x")
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    assert isinstance(client.breaker.state, Open)
    healthy = True
    assert (await client.request("GET", "/x")).status_code == 200
    assert client.breaker.state == Closed()


# Concurrency


async def test_no_more_calls_at_a_time_than_allowed(clock: VirtualClock):
    """Twenty callers, never more than three at the service, and all are served."""
    under_way = most = 0

    async def answer(_: httpx2.Request) -> httpx2.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx2.Response(200)

    client = ServiceClient("s", "http://s", httpx2.MockTransport(answer), max_concurrency=3, clock=clock)
    await asyncio.gather(*(client.request("GET", "/x") for _ in range(20)))
    assert most == 3


async def test_waiting_for_a_place_ends_with_the_deadline(clock: VirtualClock):
    """A full service costs a caller no more than its own time, and its place is not lost."""
    release = asyncio.Event()

    async def answer(_: httpx2.Request) -> httpx2.Response:
        await release.wait()
        return httpx2.Response(200)

    client = ServiceClient("s", "http://s", httpx2.MockTransport(answer), max_concurrency=1, clock=clock)
    first = asyncio.create_task(client.request("GET", "/x"))
    await asyncio.sleep(0)
    with deadline(0.01), pytest.raises(errors.DeadlineExceeded, match="all 1 places at s stayed taken"):
        await client.request("GET", "/x")
    release.set()
    assert (await first).status_code == 200
    assert (await client.request("GET", "/x")).status_code == 200


async def test_a_pause_before_a_retry_holds_no_place(make: Make, clock: VirtualClock):
    """While one call waits to be repeated, others pass."""
    client = make(Status(500), max_concurrency=1)
    order: list[str] = []

    async def ask(name: str) -> None:
        await client.request("GET", "/x")
        order.append(name)

    await asyncio.gather(ask("failed first"), ask("passed"))
    assert order == ["passed", "failed first"]
    assert clock.slept == [1.5]


@pytest.mark.parametrize("seed", range(5))
async def test_calls_survive_chaos(echo: Service, clock: VirtualClock, seed: int):
    """With a third of everything going wrong, every answer is right or an honest error, and nobody hangs."""
    transport = FaultTransport(echo.transport, chaos(seed, rate=0.33), clock)
    client = ServiceClient(
        "s", "http://s", transport, clock=clock, jitter=lambda: 0.0, breaker=BreakerPolicy(failures=100)
    )
    results = await asyncio.gather(*(client.request("GET", "/x") for _ in range(100)), return_exceptions=True)
    right = [r for r in results if isinstance(r, httpx2.Response) and r.content == b'{"asked":"GET"}']
    honest = [r for r in results if isinstance(r, errors.ServiceUnavailable)]
    assert len(right) > 90  # 0.33 to the fourth fail by chance: one in a hundred
    assert len(right) + len(honest) == 100
