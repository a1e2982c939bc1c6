"""Bodies and streams, both ways: whole, anew for every attempt, never larger than allowed."""

# ruff: noqa: PT012  # reading a stream until it breaks takes a loop

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx2
import pytest
from echoing import Make, MiB, Service, answering

from batuta import errors
from batuta.clients import BytesFile, RetryPolicy, ServiceClient, deadline, remaining
from batuta.clients.breaker import Closed
from batuta.testing.clock import VirtualClock
from batuta.testing.faults import (
    Dropped,
    Pass,
    Refused,
    Status,
    Truncated,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


async def test_an_answer_too_large_is_refused(clock: VirtualClock):
    """Neither an endless answer nor one that had already been read may fill the memory."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += MiB
            yield bytes(MiB)

    streamed = answering(clock, lambda: httpx2.Response(200, content=endless()), max_body_bytes=3 * MiB)
    with pytest.raises(errors.ServiceError, match="more than 3145728 bytes; use `stream`"):
        await streamed.request("GET", "/x")
    assert sent == 4 * MiB
    loaded = answering(clock, lambda: httpx2.Response(200, content=b"1234"), max_body_bytes=3)
    with pytest.raises(errors.ServiceError, match="more than 3 bytes"):
        await loaded.request("GET", "/x")


async def test_the_limit_holds_for_what_unpacks(clock: VirtualClock):
    """A small compressed answer that unpacks to a large one is a large one."""
    packed = gzip.compress(bytes(10 * MiB))

    def answer() -> httpx2.Response:
        async def chunks() -> AsyncIterator[bytes]:
            yield packed

        return httpx2.Response(200, headers={"content-encoding": "gzip"}, content=chunks())

    with pytest.raises(errors.ServiceError, match="more than"):
        await answering(clock, answer, max_body_bytes=MiB).request("GET", "/x")
    response = await answering(clock, answer).request("GET", "/x")
    assert response.content == bytes(10 * MiB)
    assert "content-encoding" not in response.headers


async def test_streamed_bodies_are_sent_anew_each_time(make: Make, echo: Service):
    """A retry sends the whole body again, not the rest of an exhausted iterator."""

    async def content() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    await make(Dropped()).request("PUT", "/x", content=content)
    assert [request.content for request in echo.requests] == [b"onetwo", b"onetwo"]


async def test_files_are_sent_anew_each_time(make: Make, echo: Service):
    """The same key gives the same bytes, so that the service can tell a repetition."""
    files = {"file": BytesFile("a.wav", b"RIFF")}
    await make(Dropped()).request("POST", "/x", data={"a": True}, files=files, idempotency_key="k")
    first, second = echo.requests
    assert first.content == second.content
    assert int(first.headers["content-length"]) == len(first.content)
    assert "transfer-encoding" not in first.headers
    assert b'name="a"\r\n\r\ntrue\r\n' in first.content


async def test_a_form_without_files_is_urlencoded(make: Make, echo: Service):
    """`data` alone is an ordinary form."""
    await make().request("POST", "/x", data={"a": True, "b": None, "c": "é"})
    assert echo.requests[0].content == b"a=true&c=%C3%A9"


async def test_an_upload_may_take_longer_than_an_answer(make: Make, echo: Service):
    """The timeout is for silence; what limits a body that moves is the deadline (20 ms of real time here)."""

    async def content() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0.005)
            yield b"x"

    client = make(retry=RetryPolicy(max_retries=0), timeout=0.01)
    await client.request("PUT", "/x", content=content)
    with deadline(0.01), pytest.raises(errors.DeadlineExceeded):
        await client.request("PUT", "/x", content=content)
    assert [request.content for request in echo.requests] == [b"xxxx"]


# Streams


async def test_a_download_streams(clock: VirtualClock):
    """The first chunk is here before the last one has been made."""
    made = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(100):
            made += 1
            yield b"x"

    client = answering(clock, lambda: httpx2.Response(200, content=chunks()))
    async with client.stream("GET", "/x") as response:
        async for chunk in response.aiter_bytes():
            assert (chunk, made) == (b"x", 1)
            break


async def test_a_download_is_retried_until_it_begins(make: Make):
    """Faults before the answer are nobody's business; after it they are the reader's."""
    async with make(Refused(), Status(500)).stream("GET", "/x") as response:
        assert await response.aread() == b'{"asked":"GET"}'
    client = make(Truncated(4))
    received = b""
    with pytest.raises(errors.ServiceUnavailable, match="RemoteProtocolError the connection broke"):
        async with client.stream("GET", "/x") as response:
            async for chunk in response.aiter_bytes():
                received += chunk
    assert received == b'{"as'
    assert client.breaker.state == Closed(failures=1, last_failure=clock_of(client))


def clock_of(client: ServiceClient) -> float:
    return client.clock.now()


async def test_the_readers_own_trouble_is_left_alone(make: Make):
    """What the block raises is not the service's failure, and the request is not repeated for it."""
    client = make(Pass(), Status(500))
    for trouble in (errors.ServiceUnavailable("another service"), TimeoutError("mine"), KeyError("x")):
        with pytest.raises(type(trouble)) as caught:
            async with make().stream("GET", "/x"):
                raise trouble
        assert caught.value is trouble
    assert client.breaker.state == Closed()


async def test_a_download_lasts_as_long_as_the_deadline(clock: VirtualClock):
    """The timeout is for silence, not for size; the deadline is for all (80 ms of real time here)."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"."

    client = answering(clock, lambda: httpx2.Response(200, content=endless()), timeout=0.001)
    seen = 0
    with deadline(0.08), pytest.raises(errors.DeadlineExceeded):
        async with client.stream("GET", "/x", timeout=0.01) as response:
            async for _ in response.aiter_bytes():
                left = remaining()
                assert left is not None
                seen += left < 0.04
    assert seen
