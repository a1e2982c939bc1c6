"""An app in this process behaves like a server on another machine."""

# ruff: noqa: ARG001  # an ASGI app has three arguments, whether it uses them or not
# ruff: noqa: PT012  # reading a stream until it breaks takes a loop

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import LogCapture

from batuta.clients import AppTransport, deadline
from batuta.clients.deadline import remaining
from batuta.clients.in_process import HIGH_WATER_BYTES

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

KiB = 1024


def client_of(app: ASGIApp, **options: Any) -> httpx2.AsyncClient:
    """A plain httpx2 client: the transport has to satisfy anybody."""
    return httpx2.AsyncClient(transport=AppTransport(app, **options), base_url="http://app.example")


def app_of(endpoint: Any) -> Starlette:
    return Starlette(routes=[Route("/{rest:path}", endpoint, methods=["GET", "POST"])])


async def begin(send: Send, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(headers)})


async def part(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def settle() -> None:
    """Let every other task run until it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_request_reaches_the_app_as_it_was_sent():
    """Method, path, query, headers, body and both addresses are what a server would show."""

    async def endpoint(request: Request) -> JSONResponse:
        scope = request.scope
        return JSONResponse(
            {
                "method": request.method,
                "path": scope["path"],
                "raw_path": scope["raw_path"].decode(),
                "query": dict(request.query_params),
                "x": request.headers["x-a"],
                "body": (await request.body()).decode(),
                "client": scope["client"],
                "server": scope["server"],
            }
        )

    async with client_of(app_of(endpoint), client=("10.0.0.7", 4711)) as client:
        response = await client.post("/a%2Fb/ä?q=1", content="olá", headers={"X-A": "b"})
    assert response.json() == {
        "method": "POST",
        "path": "/a/b/ä",
        "raw_path": "/a%2Fb/%C3%A4",
        "query": {"q": "1"},
        "x": "b",
        "body": "olá",
        "client": ["10.0.0.7", 4711],
        "server": ["app.example", 80],
    }


async def test_the_answer_is_here_before_the_app_has_finished():
    """Status and first bytes arrive while the rest does not exist yet."""
    go_on = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await begin(send)
        await part(send, b"first")
        await go_on.wait()
        await part(send, b"second", more=False)

    async with client_of(app) as client, client.stream("GET", "/") as response:
        parts = response.aiter_raw()
        assert await anext(parts) == b"first"
        go_on.set()
        assert [part async for part in parts] == [b"second"]


async def test_the_app_is_here_before_the_request_has_been_sent():
    """The app reads each piece of an upload as it is made, and no piece before it is asked for."""
    made: list[int] = []
    seen: list[tuple[bytes, int]] = []

    async def upload() -> AsyncIterator[bytes]:
        for n in range(3):
            made.append(n)
            yield b"%d" % n

    async def endpoint(request: Request) -> PlainTextResponse:
        await settle()
        assert made == []
        async for piece in request.stream():
            seen.append((piece, len(made)))
            await settle()
        return PlainTextResponse("thanks")

    async with client_of(app_of(endpoint)) as client:
        assert (await client.post("/", content=upload())).text == "thanks"
    assert seen[:3] == [(b"0", 1), (b"1", 2), (b"2", 3)]


async def test_a_slow_reader_slows_the_app():
    """The app gets no further ahead than the high water mark and the piece that crosses it."""
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await begin(send)
        for _ in range(100):
            await part(send, bytes(16 * KiB))
            sent += 16 * KiB
        await part(send, b"", more=False)

    async with client_of(app) as client, client.stream("GET", "/") as response:
        await settle()
        assert sent == HIGH_WATER_BYTES
        read = 0
        async for chunk in response.aiter_raw():
            read += len(chunk)
            await settle()
            assert sent - read <= HIGH_WATER_BYTES
    assert read == 1600 * KiB


async def test_an_app_that_raises_has_answered_500(logged: LogCapture):
    """The caller gets the cause in an answer, the log gets the traceback, and nobody gets the exception."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("no such model")

    async with client_of(app) as client:
        response = await client.get("/here")
    assert (response.status_code, response.json()) == (500, {"detail": "LookupError: no such model"})
    (entry,) = logged.entries
    assert (entry["event"], entry["path"], type(entry["exc_info"])) == ("app_failed", "/here", LookupError)


async def test_a_frameworks_own_500_is_left_as_it_is(logged: LogCapture):
    """Starlette answers and then raises again for the server to log, which is what happens."""

    async def endpoint(_: Request) -> None:
        raise LookupError("no such model")

    async with client_of(app_of(endpoint)) as client:
        response = await client.get("/")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert [entry["event"] for entry in logged.entries] == ["app_failed"]


async def test_an_app_that_says_nothing_has_answered_500():
    """Returning without an answer is a failure too."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        return

    async with client_of(app) as client:
        response = await client.get("/")
    assert (response.status_code, response.json()["detail"]) == (500, "the app ended without a whole answer")


@pytest.mark.parametrize("how", ["raises", "ends", "sends too little"])
async def test_an_answer_cut_short_is_a_protocol_error(how: str, logged: LogCapture):
    """What has arrived may be read, but the end of it is not the end of a whole answer."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await begin(send, (b"Content-Length", b"10"))
        await part(send, b"12345")
        if how == "raises":
            raise LookupError("lost the thread")
        if how == "sends too little":
            await part(send, b"", more=False)

    received = b""
    async with client_of(app) as client, client.stream("GET", "/") as response:
        with pytest.raises(httpx2.RemoteProtocolError):
            async for chunk in response.aiter_raw():
                received += chunk
    assert received == b"12345"
    assert len(logged.entries) == (how == "raises")


async def test_an_answer_to_head_has_no_body():
    """Its Content-Length is the one a GET would have."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await begin(send, (b"content-length", b"5"))
        await part(send, b"12345", more=False)

    async with client_of(app) as client:
        response = await client.head("/")
    assert (response.headers["content-length"], response.content) == ("5", b"")


async def test_nothing_but_the_request_reaches_the_app():
    """A deadline or any other context variable of the caller stays with the caller, as it would remotely."""
    who: ContextVar[str] = ContextVar("who", default="nobody")

    async def endpoint(_: Request) -> JSONResponse:
        return JSONResponse([who.get(), remaining()])

    who.set("the caller")
    with deadline(5):
        async with client_of(app_of(endpoint)) as client:
            assert (await client.get("/")).json() == ["nobody", None]


class Leaver:
    """An app that tells what it noticed of its caller's leaving."""

    def __init__(self, *, stubborn: bool) -> None:
        self.stubborn = stubborn
        self.noticed: list[str] = []
        self.started = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while (await receive())["type"] != "http.disconnect":
                self.started.set()
            self.noticed.append("disconnect")
            while self.stubborn:
                await part(send, b"is anybody there?")
        except asyncio.CancelledError:
            self.noticed.append("cancelled")
            raise
        finally:
            self.ended.set()


@pytest.mark.parametrize(
    ("stubborn", "noticed"), [(False, ["disconnect"]), (True, ["disconnect", "cancelled"])]
)
async def test_a_caller_who_is_cancelled_is_noticed(stubborn: bool, noticed: list[str]):  # noqa: FBT001
    """The app hears of it first and may tidy up; if it goes on regardless it is cancelled."""
    app = Leaver(stubborn=stubborn)
    async with client_of(app, grace=0.01) as client:
        call = asyncio.create_task(client.get("/"))
        await app.started.wait()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await asyncio.wait_for(app.ended.wait(), 1)
    assert app.noticed == noticed


async def test_a_reader_who_has_read_enough_is_noticed():
    """A streaming response of the framework's ends by itself when nobody reads it any more."""
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * KiB

    async def endpoint(_: Request) -> StreamingResponse:
        return StreamingResponse(endless())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await app_of(endpoint)(scope, receive, send)
        ended.set()

    async with client_of(app) as client:
        async with client.stream("GET", "/") as response:
            await anext(response.aiter_raw())
        await asyncio.wait_for(ended.wait(), 0.5)  # before the grace is over


async def test_closing_the_transport_stops_what_is_left():
    """No request outlives the transport it came through."""
    app = Leaver(stubborn=True)
    client = client_of(app)
    call = asyncio.create_task(client.get("/"))
    await app.started.wait()
    await client.aclose()
    assert app.noticed == ["cancelled"]
    assert (await call).status_code == 500


async def test_work_after_the_answer_goes_on():
    """A background task belongs to the app, whose caller has had its answer and is gone."""
    go_on, done = asyncio.Event(), asyncio.Event()

    async def background() -> None:
        await go_on.wait()
        done.set()

    async def endpoint(_: Request) -> PlainTextResponse:
        return PlainTextResponse("accepted", background=BackgroundTask(background))

    async with client_of(app_of(endpoint), grace=0.0) as client:
        assert (await client.get("/")).text == "accepted"
        await settle()
        go_on.set()
        await asyncio.wait_for(done.wait(), 1)


async def test_a_silent_app_is_a_read_timeout():
    """Before the answer and within it; the app is told, and stopped (10 ms of real time each)."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/midway":
            await begin(send)
        await asyncio.Event().wait()

    async with client_of(app, grace=0.0) as client:
        for path in ("/", "/midway"):
            with pytest.raises(httpx2.ReadTimeout, match=r"silent for 0\.01 s"):
                await client.get(path, timeout=0.01)


async def test_an_app_that_reads_is_not_silent():
    """While it waits for the rest of a slow upload, the read timeout does not run (40 ms of real time)."""

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(2):
            await asyncio.sleep(0.02)
            yield b"x"

    async def endpoint(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async with client_of(app_of(endpoint)) as client:
        assert (await client.post("/", content=upload(), timeout=0.01)).text == "2"


async def test_a_body_that_fails_is_the_callers_failure():
    """If the file cannot be read the caller learns that, and the app sees its client go away."""
    seen: list[str] = []

    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise FileNotFoundError("the upload was deleted")

    async def endpoint(request: Request) -> None:
        try:
            await request.body()
        except ClientDisconnect:
            seen.append("gone")
            raise

    async with client_of(app_of(endpoint)) as client:
        with pytest.raises(FileNotFoundError, match="deleted"):
            await client.post("/", content=broken())
        await settle()
    assert seen == ["gone"]


async def test_an_upload_nobody_reads_is_closed():
    """An app that answers without reading leaves no half-read file behind."""
    closed = False

    async def upload() -> AsyncIterator[bytes]:
        nonlocal closed
        try:
            while True:
                yield b"x"
        finally:
            closed = True

    async def endpoint(request: Request) -> PlainTextResponse:
        await anext(request.stream())
        return PlainTextResponse("too large", status_code=413)

    async with client_of(app_of(endpoint)) as client:
        assert (await client.post("/", content=upload())).status_code == 413
    assert closed


async def test_large_bodies_do_not_stay_in_memory():
    """Of a stream that goes through the app and back only a few pieces are under way at a time."""
    made = read = most = 0

    async def upload() -> AsyncIterator[bytes]:
        nonlocal made, most
        for _ in range(200):
            made += 16 * KiB
            most = max(most, made - read)
            yield bytes(16 * KiB)

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await begin(send)
        while (message := await receive())["more_body"]:
            await part(send, message["body"])
        await part(send, b"", more=False)

    async with client_of(echo) as client, client.stream("POST", "/", content=upload()) as response:
        async for chunk in response.aiter_raw():
            read += len(chunk)
    assert read == 200 * 16 * KiB
    assert most <= HIGH_WATER_BYTES + 32 * KiB
