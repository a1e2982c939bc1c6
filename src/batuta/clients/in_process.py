"""Requests straight into an ASGI app of this process, indistinguishable from a server on another machine.

What holds over the network holds here. Bodies stream both ways, and whoever produces faster than the other
side consumes waits. Silence longer than the read timeout is a `ReadTimeout`, an answer cut short a
`RemoteProtocolError`, and an app that raises has answered 500. Nothing but the request reaches the app: it
runs in a task and in a context of its own, so that a deadline or a job id crosses in headers or not at all.

(httpx2's `ASGITransport` collects the whole answer before it returns, and raises what the app raises.)
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextvars import Context
from typing import Final

import httpx2
import structlog
from starlette.types import ASGIApp, Message, Scope

log = structlog.get_logger(__name__)

HIGH_WATER_BYTES: Final = 64 * 1024
"""An app waits while so much of its answer lies unread (uvicorn's own mark)."""
GRACE_SECONDS: Final = 1.0
"""An app whose caller has left may tidy up for so long before it is cancelled."""

_DEFAULT_PORT: Final = {"http": 80, "https": 443}
_BODILESS: Final = frozenset({204, 304})

_Head = tuple[int, list[tuple[bytes, bytes]]]


class AppTransport(httpx2.AsyncBaseTransport):
    """Calls an ASGI app in this process. Running the app's lifespan is its owner's business."""

    def __init__(
        self, app: ASGIApp, *, client: tuple[str, int] = ("127.0.0.1", 0), grace: float = GRACE_SECONDS
    ) -> None:
        """`client` is the address the app sees its caller at; `grace` is in seconds."""
        self._app = app
        self._client = client
        self._grace = grace
        self._running: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Start the app on the request; returns when its answer begins."""
        exchange = _Exchange(request, self._grace)
        task = exchange.start(self._app, self._scope(request))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        status, headers = await exchange.head()
        return httpx2.Response(status, headers=headers, stream=exchange)

    async def aclose(self) -> None:
        """Cancel the requests that are still running and wait until they have ended."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _scope(self, request: httpx2.Request) -> Scope:
        url = request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self._client,
            "server": (url.host, url.port or _DEFAULT_PORT.get(url.scheme)),
        }


class _Exchange(httpx2.AsyncByteStream):
    """One request on its way through the app: ASGI's `receive` and `send` here, a stream of bytes there."""

    def __init__(self, request: httpx2.Request, grace: float) -> None:
        if not isinstance(request.stream, httpx2.AsyncByteStream):
            raise TypeError("the request's body must be an asynchronous stream")
        self._loop = asyncio.get_running_loop()
        self._question: AsyncIterator[bytes] | None = aiter(request.stream)
        self._silence: float | None = request.extensions.get("timeout", {}).get("read")
        self._patience = asyncio.timeout(self._silence)
        self._grace = grace
        self._wants_body = request.method != "HEAD"
        self._head: asyncio.Future[_Head] = self._loop.create_future()
        self._declared: int | None = None
        self._answer = _Pipe(self._silence)

    # The caller's side

    def start(self, app: ASGIApp, scope: Scope) -> asyncio.Task[None]:
        """The task in which the app runs."""
        self._path = scope["path"]
        self._task = self._loop.create_task(self._run(app, scope), context=Context())
        self._task.add_done_callback(self._ended)
        return self._task

    async def head(self) -> _Head:
        """The status and headers of the answer, as soon as the app sends them."""
        try:
            async with self._patience:
                return await self._head
        except TimeoutError as error:
            self._leave()
            raise httpx2.ReadTimeout(f"the app was silent for {self._silence} s") from error
        except BaseException:
            self._leave()
            raise

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The body of the answer; raises what cut it short."""
        return self._answer.read()

    async def aclose(self) -> None:
        """The caller has read enough."""
        self._leave()

    def _leave(self) -> None:
        """Unless the answer is complete: tell the app, and cancel it if it does not end soon."""
        if not self._answer.over.is_set():
            self._answer.abandon()
            stop = self._loop.call_later(self._grace, self._task.cancel)
            self._task.add_done_callback(lambda _: stop.cancel())

    # The app's side

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        question = self._question
        try:
            await app(scope, self._receive, self._send)
        finally:
            if isinstance(question, AsyncGenerator):
                await question.aclose()

    async def _receive(self) -> Message:
        """The next piece of the request; once it has all been read, the news that the caller is gone."""
        if self._question is None or self._answer.over.is_set():
            await self._answer.over.wait()
            return {"type": "http.disconnect"}
        try:
            self._expect_within(None)  # while the app waits for the caller, it is not the silent one
            piece = await anext(self._question)
        except StopAsyncIteration:
            self._question = None
            return {"type": "http.request", "body": b"", "more_body": False}
        except Exception as error:  # noqa: BLE001  # the caller's own body failed, so the caller gets this back
            self._fail(error)
            return {"type": "http.disconnect"}
        finally:
            self._expect_within(self._silence)
        return {"type": "http.request", "body": piece, "more_body": True}

    def _expect_within(self, seconds: float | None) -> None:
        """Limit the time until the head of the answer, unless it is already there or given up."""
        if not self._head.done():
            self._patience.reschedule(None if seconds is None else self._loop.time() + seconds)

    async def _send(self, message: Message) -> None:
        """Hand on the next piece of the answer, once the caller has read enough of those before."""
        if message["type"] == "http.response.start":
            headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
            self._wants_body = self._wants_body and message["status"] not in _BODILESS
            self._declared = next((int(v) for n, v in headers if n.lower() == b"content-length"), None)
            if not self._head.done():
                self._head.set_result((message["status"], headers))
        elif message["type"] == "http.response.body":
            await self._answer.write(message.get("body", b"") if self._wants_body else b"")
            if not message.get("more_body", False):
                self._answer.finish(self._shortfall())

    def _shortfall(self) -> httpx2.RemoteProtocolError | None:
        written = self._answer.written
        if not self._wants_body or self._declared is None or written == self._declared:
            return None
        return httpx2.RemoteProtocolError(f"the app sent {written} of {self._declared} bytes")

    def _ended(self, task: asyncio.Task[None]) -> None:
        """The app is done; see to it that the caller does not wait for more."""
        error = None if task.cancelled() else task.exception()
        if self._answer.abandoned:
            return  # whatever it says now, it says because nobody listens
        if error is not None:
            log.error("app_failed", path=self._path, exc_info=error)
        if self._answer.over.is_set():
            return
        why = f"{type(error).__name__}: {error}" if error else "the app ended without a whole answer"
        if self._head.done():
            self._answer.finish(httpx2.RemoteProtocolError(why))
        else:
            self._answer.put(json.dumps({"detail": why}).encode())
            self._answer.finish(None)
            self._head.set_result((500, [(b"content-type", b"application/json")]))

    def _fail(self, error: Exception) -> None:
        self._leave()
        self._answer.finish(error)
        if not self._head.done():
            self._head.set_exception(error)


class _Pipe:
    """Bytes from the app to its caller; the app waits while too many of them lie unread."""

    def __init__(self, silence: float | None) -> None:
        self._silence = silence
        self._parts: deque[bytes] = deque()
        self._unread = 0
        self._failure: Exception | None = None
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self.written = 0
        self.abandoned = False
        self.over = asyncio.Event()
        """Set when all has been written, or nobody will read the rest."""

    async def write(self, part: bytes) -> None:
        """What nobody will read is dropped, as the specification wants (ASGI, HTTP 2.3, "Disconnect")."""
        while self._unread >= HIGH_WATER_BYTES and not self.over.is_set():
            self._taken.clear()
            await self._taken.wait()
        if self.over.is_set():
            await asyncio.sleep(0)  # an app that never listens must still be possible to cancel
        else:
            self.put(part)

    def put(self, part: bytes) -> None:
        """Write without waiting."""
        if part:
            self._parts.append(part)
            self._unread += len(part)
            self.written += len(part)
            self._arrived.set()

    def finish(self, failure: Exception | None) -> None:
        """There is no more to come, because of the failure if there is one."""
        self._failure = failure
        self.over.set()
        self._arrived.set()

    def abandon(self) -> None:
        """There is nobody to read."""
        self.abandoned = True
        self.over.set()
        self._taken.set()

    async def read(self) -> AsyncGenerator[bytes]:
        """All of it, as it comes."""
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._unread -= len(part)
                self._taken.set()
                yield part
            if self._failure is not None:
                raise self._failure
            if self.over.is_set():
                return
            self._arrived.clear()
            try:
                async with asyncio.timeout(self._silence):
                    await self._arrived.wait()
            except TimeoutError as error:
                raise httpx2.ReadTimeout(f"the app was silent for {self._silence} s") from error
