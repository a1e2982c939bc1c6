"""What a caller of `ServiceClient` gets, whatever the service does."""

# reading a stream until it breaks takes a loop

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from echoing import Make, Service, answering

from batuta import errors
from batuta.clients import RetryPolicy, ServiceClient, deadline
from batuta.clients.breaker import Closed
from batuta.testing.clock import VirtualClock
from batuta.testing.faults import (
    Delay,
    Dropped,
    Fault,
    Lost,
    Refused,
    Status,
    Truncated,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]


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
