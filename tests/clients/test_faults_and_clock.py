"""The tools for tests keep their own promises."""

# ruff: noqa: PT012  # reading a stream until it breaks takes a loop

from __future__ import annotations

import asyncio

import httpx2
import pytest

from batuta.testing.clock import VirtualClock
from batuta.testing.faults import (
    Delay,
    Dropped,
    FaultTransport,
    Lost,
    Pass,
    Plan,
    Refused,
    Status,
    Truncated,
    chaos,
    script,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


class Counter:
    """A service that counts how often it did what it was asked."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.done += 1
        return httpx2.Response(200, text="0123456789", request=request)


@pytest.fixture
def counter() -> Counter:
    return Counter()


def client_of(counter: Counter, plan: Plan, clock: VirtualClock) -> httpx2.AsyncClient:
    transport = FaultTransport(httpx2.MockTransport(counter), plan, clock)
    return httpx2.AsyncClient(transport=transport, base_url="http://s", timeout=5.0)


@pytest.mark.parametrize(
    ("fault", "error", "done"),
    [
        (Refused(), httpx2.ConnectError, 0),
        (Lost(), httpx2.ReadTimeout, 0),
        (Delay(6), httpx2.ReadTimeout, 0),
        (Dropped(), httpx2.ReadTimeout, 1),
        (Truncated(3), httpx2.RemoteProtocolError, 1),
    ],
)
async def test_faults_look_like_the_real_ones(
    counter: Counter, clock: VirtualClock, fault: Lost, error: type[Exception], done: int
):
    """The same exception as from a network, after the service did or did not do its work."""
    async with client_of(counter, script(fault), clock) as client:
        with pytest.raises(error):
            await client.post("/", json={})
    assert counter.done == done


async def test_a_script_is_followed_and_then_over(counter: Counter, clock: VirtualClock):
    """One fault for each request, in order, and fair weather after the last."""
    async with client_of(counter, script(Status(503), Pass(), Delay(2, Status(429))), clock) as client:
        assert [(await client.get("/")).status_code for _ in range(5)] == [503, 200, 429, 200, 200]
    assert clock.now() == 2


async def test_a_truncated_answer_begins(counter: Counter, clock: VirtualClock):
    """What was sent before the break arrives."""
    received = b""
    async with client_of(counter, script(Truncated(3)), clock) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            async with client.stream("GET", "/") as response:
                async for chunk in response.aiter_bytes():
                    received += chunk
    assert received == b"012"


async def test_chaos_can_be_repeated():
    """The same seed brings the same weather, another seed another."""
    request = httpx2.Request("GET", "http://s")
    plans = [chaos(seed, rate=0.5) for seed in (1, 1, 2)]
    first, same, other = ([plan(request) for _ in range(50)] for plan in plans)
    assert first == same != other


async def test_sleepers_wake_in_order(clock: VirtualClock):
    """Whoever sleeps shortest wakes first, at the time it slept until; real time does not pass."""
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.now()))

    await asyncio.gather(sleeper("a", 10, 10), sleeper("b", 3, 3600), sleeper("c", 12))
    assert woken == [("b", 3), ("a", 10), ("c", 12), ("a", 20), ("b", 3603)]


async def test_a_cancelled_sleeper_holds_up_nobody(clock: VirtualClock):
    """Its time is not waited for."""
    nap = asyncio.create_task(clock.sleep(1))
    other = asyncio.create_task(clock.sleep(5))
    await asyncio.sleep(0)
    nap.cancel()
    await asyncio.gather(nap, other, return_exceptions=True)
    assert clock.now() in {1, 5}
    assert nap.cancelled()


async def test_time_never_goes_back(clock: VirtualClock):
    """Somebody who overslept wakes now, not then."""
    nap = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    clock.advance(10)
    await nap
    assert clock.now() == 10
