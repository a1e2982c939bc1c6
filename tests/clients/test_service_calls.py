"""What a caller of `ServiceClient` gets, whatever the service does."""

# ruff: noqa: PT012  # reading a stream until it breaks takes a loop

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest

from batuta import errors
from batuta.clients import BreakerPolicy, BytesFile, RetryPolicy, ServiceClient, deadline, remaining
from batuta.clients.breaker import Closed, HalfOpen, Open
from batuta.testing.clock import VirtualClock
from batuta.testing.faults import (
    Delay,
    Dropped,
    Fault,
    FaultTransport,
    Lost,
    Pass,
    Refused,
    Status,
    Truncated,
    chaos,
    script,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

MiB = 1024 * 1024


class Service:
    """Answers every request 200, with what it was asked; counts and remembers."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.transport = httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200, json={"asked": request.method})


@pytest.fixture
def echo() -> Service:
    return Service()


Make = Callable[..., ServiceClient]


@pytest.fixture
def make(clock: VirtualClock, echo: Service) -> Make:
    """A client to the echo behind a script of faults."""

    def make(*faults: Fault, **options: Any) -> ServiceClient:
        transport = FaultTransport(echo.transport, script(*faults), clock)
        return ServiceClient(
            "normalizer", "http://service/v1/", transport, clock=clock, jitter=lambda: 0.0, **options
        )

    return make


def answering(clock: VirtualClock, response: Callable[[], httpx2.Response], **options: Any) -> ServiceClient:
    transport = httpx2.MockTransport(lambda _: response())
    return ServiceClient("normalizer", "http://service", transport, clock=clock, **options)


async def test_an_answer_arrives_whole(make: Make, echo: Service):
    """The happy path: one request, its body read, at the path below the base URL."""
    response = await make().request("POST", "/jobs", json={"a": 1}, params={"wait": 3}, headers={"X-A": "b"})
    assert response.json() == {"asked": "POST"}
    (request,) = echo.requests
    assert str(request.url) == "http://service/v1/jobs?wait=3"
    assert (request.content, request.headers["x-a"]) == (b'{"a":1}', "b")
    assert request.headers["user-agent"].startswith("batuta/")


@pytest.mark.parametrize("fault", [Refused(), Lost(), Dropped(), Status(500), Status(503), Truncated(3)])
async def test_a_passing_fault_is_never_noticed(make: Make, clock: VirtualClock, fault: Fault):
    """Whatever happens three times in a row, the fourth answer is the answer."""
    response = await make(fault, fault, fault, timeout=9.0).request("GET", "/jobs/1")
    assert response.json() == {"asked": "GET"}
    assert [pause for pause in clock.slept if pause != 9.0] == [1.5, 3.0, 6.0]


async def test_enough_is_enough(make: Make, echo: Service):
    """After three retries the real cause is raised, in the service's words."""
    full = Status(503, body=b'{"error": {"message": "disk full"}}')
    with pytest.raises(errors.ServiceUnavailable, match="disk full") as caught:
        await make(full, full, full, full).request("GET", "/jobs/1")
    assert str(caught.value) == "normalizer GET /v1/jobs/1 answered 503: disk full"
    assert caught.value.__notes__ == ["after 4 attempts"]
    assert echo.requests == []


async def test_a_post_is_repeated_only_with_a_key(make: Make, echo: Service):
    """Without a key nobody could tell a repetition from a second job."""
    client = make(Dropped())
    with pytest.raises(errors.ServiceUnavailable):
        await client.request("POST", "/jobs", json={})
    assert len(echo.requests) == 1
    await make(Dropped()).request("POST", "/jobs", json={}, idempotency_key="k1")
    assert [request.headers.get("idempotency-key") for request in echo.requests] == [None, "k1", "k1"]


@pytest.mark.parametrize("status", [408, 425, 429, 503])
async def test_retry_after_is_obeyed(make: Make, clock: VirtualClock, status: int):
    """A service that says when to come back is not asked earlier, nor later."""
    await make(Status(status, {"Retry-After": "7"})).request("GET", "/x")
    assert clock.slept == [7]


@pytest.mark.parametrize(
    ("status", "expected"), [(429, errors.ServiceBusy), (503, errors.ServiceUnavailable)]
)
async def test_a_wait_beyond_the_deadline_is_not_begun(
    make: Make, clock: VirtualClock, status: int, expected: type[errors.ServiceUnavailable]
):
    """The caller hears at once that the service is busy, and for how long."""
    with deadline(5, now=clock.now), pytest.raises(expected) as caught:
        await make(Status(status, {"Retry-After": "60"})).request("GET", "/x")
    assert type(caught.value) is expected
    assert caught.value.retry_after == 60
    assert clock.slept == []


async def test_a_refusal_is_final(make: Make, clock: VirtualClock):
    """4xx says the same thing however often it is asked."""
    with pytest.raises(errors.ServiceRefused, match=r"answered 400: no url") as caught:
        await make(Status(400, body=b'{"detail": "no url"}')).request("GET", "/x")
    assert not caught.value.retryable
    assert clock.slept == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"detail": "no url"}', "no url"),
        (b'{"message": "no url"}', "no url"),
        (b'{"error": "no url", "code": "FILE_EMPTY"}', "no url"),
        (b'{"error_message": "no url"}', "no url"),
        (b'{"detail": {"message": "no url"}}', "no url"),
        (
            b'{"detail": [{"loc": ["body", "url"], "msg": "Field required", "type": "missing"}]}',
            "body.url: Field required",
        ),
        (b"<h1>Bad\n gateway</h1>", "<h1>Bad gateway</h1>"),
        (b"x" * 1000, "x" * 300),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"{}", "{}"),
        (b"", "Bad Request"),
    ],
)
async def test_the_services_own_words_are_kept(make: Make, body: bytes, why: str):
    """Wherever a service puts its explanation, the error has it."""
    with pytest.raises(errors.ServiceRefused) as caught:
        await make(Status(400, body=body)).request("GET", "/x")
    assert str(caught.value) == f"normalizer GET /v1/x answered 400: {why}"


async def test_a_redirect_says_where_the_service_went(make: Make):
    """Redirects are not followed: a service's URL is the operator's decision."""
    moved = Status(308, {"Location": "https://elsewhere/x"})
    with pytest.raises(errors.ServiceRefused, match="moved to https://elsewhere/x"):
        await make(moved).request("GET", "/x")


def problem(error: errors.BatutaError, status: int | None = None) -> Status:
    body = json.dumps(error.to_problem()).encode()
    return Status(status or error.status, {"Content-Type": "application/problem+json"}, body)


@pytest.mark.parametrize(
    "cls", [errors.NoAudio, errors.UnreadableMedia, errors.InvalidRequest, errors.NotFound]
)
async def test_our_own_errors_come_back_as_themselves(make: Make, cls: type[errors.BatutaError]):
    """A service of ours raises `NoAudio` on its machine, and the caller catches `NoAudio` on this one."""
    with pytest.raises(cls) as caught:
        await make(problem(cls("talk.mp4 is silent"))).request("GET", "/x")
    assert type(caught.value) is cls
    assert str(caught.value) == "talk.mp4 is silent"
    assert caught.value.__notes__ == [f"normalizer GET /v1/x answered {cls.status}"]


@pytest.mark.parametrize(
    "answer",
    [
        Status(422, {"Content-Type": "application/problem+json"}, b'{"code": "no_such_code", "detail": "x"}'),
        Status(422, {"Content-Type": "application/json"}, b'{"code": "no_audio", "detail": "x"}'),
        problem(errors.ServiceUnavailable("x"), status=422),
        problem(errors.EngineCrashed("x"), status=422),
    ],
)
async def test_a_foreign_code_is_a_plain_refusal(make: Make, answer: Status):
    """Only a 4xx error of ours, said in the problem format, is taken at its word."""
    with pytest.raises(errors.ServiceRefused, match="answered 422: x"):
        await make(answer).request("GET", "/x")


async def test_expected_statuses_are_answers(make: Make):
    """A caller that knows what 404 means gets to decide."""
    response = await make(Status(404)).request("GET", "/x", expected={404})
    assert response.status_code == 404


async def test_silence_is_an_error_with_a_name(make: Make, clock: VirtualClock):
    """No answer in time counts as unavailable, after as many attempts as any other failure."""
    client = make(*[Delay(100)] * 4, timeout=20.0)
    with pytest.raises(errors.ServiceUnavailable, match="got no answer: ReadTimeout"):
        await client.request("GET", "/x")
    assert clock.slept == [20, 1.5, 20, 3, 20, 6, 20]


async def test_a_request_that_breaks_the_protocol_is_not_repeated(clock: VirtualClock):
    """Our own mistake is not the service's weakness: no retry, and nothing for the breaker to count."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.LocalProtocolError("illegal header", request=request)

    client = ServiceClient("s", "http://s", httpx2.MockTransport(answer), clock=clock)
    with pytest.raises(errors.ServiceError, match="illegal header") as caught:
        await client.request("GET", "/x")
    assert type(caught.value) is errors.ServiceError
    assert client.breaker.state == Closed()


# Deadlines


async def test_the_service_learns_how_much_time_is_left(make: Make, echo: Service, clock: VirtualClock):
    """Every attempt carries what remains at that moment; without a deadline nothing is said."""
    await make().request("GET", "/x")
    with deadline(100, now=clock.now):
        await make(Status(500), Status(500)).request("GET", "/x")
        clock.advance(10)
        await make().request("GET", "/x")
    headers = [request.headers.get("batuta-deadline") for request in echo.requests]
    assert headers == [None, "95.500", "85.500"]


async def test_no_attempt_outlasts_the_deadline(make: Make, clock: VirtualClock):
    """A hanging service costs the time that was left, and then it was the deadline's doing."""
    client = make(Lost(), timeout=30.0)
    with deadline(4, now=clock.now), pytest.raises(errors.DeadlineExceeded, match="normalizer GET /v1/x"):
        await client.request("GET", "/x")
    assert clock.now() == 4
    assert client.breaker.state == Closed()


async def test_nothing_is_asked_after_the_deadline(make: Make, echo: Service, clock: VirtualClock):
    """There is no point in an answer for which there is no time."""
    with deadline(1, now=clock.now):
        clock.advance(2)
        with pytest.raises(errors.DeadlineExceeded, match="no time left to ask normalizer GET /x"):
            await make().request("GET", "/x")
    assert echo.requests == []


async def test_a_service_that_drips_is_cut_off(clock: VirtualClock):
    """An answer that never ends and never pauses is still over when its time is (20 ms of real time here)."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"."

    client = answering(clock, lambda: httpx2.Response(200, content=drip()), retry=RetryPolicy(max_retries=0))
    with pytest.raises(errors.ServiceUnavailable, match=r"ReadTimeout after 0\.02 s"):
        await client.request("GET", "/x", timeout=0.02)


# Bodies


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


# The breaker


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
