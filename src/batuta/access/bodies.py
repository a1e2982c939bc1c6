"""How large a request body may be, for every route that does not stream its own, and how slow, for all.

What FastAPI parses it first reads whole into memory, whatever its size and whatever its type claims. And a
body that comes byte by byte, for ever, holds a connection and a file open at no cost to its sender.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batuta.access.answers import problem
from batuta.errors import BatutaError, InvalidRequest, PayloadTooLarge

GRACE_SECONDS: Final = 20.0
LEAST_RATE: Final = 500
"""Bytes a second. So long we wait for a body altogether, and a second more for so much of it that has come,
as Apache does with `RequestReadTimeout body=20,MinRate=500` (mod_reqtimeout). The time in which we are busy
with what has come is not counted."""

_BODY: Final = "batuta.body"


async def streams_body(request: Request) -> None:
    """A dependency that lifts the limit, for a route that streams its body and limits it itself.

    Such a route takes the `Request` and no parameter from the body: those are read before any dependency.
    """
    body = request.scope.get(_BODY)
    if isinstance(body, _Body):
        body.limit = None


class BodyLimit:
    """Answers 413 for a body of more than `max_bytes`, before reading it where its length is told.

    Without `max_bytes` the app limits the size itself; a body that comes too slowly is refused in any case.
    """

    def __init__(self, app: ASGIApp, max_bytes: int | None) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = scope[_BODY] = _Body(scope, receive, send, self._max_bytes)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if body.refusal is None:  # otherwise it is our own refusal, or what somebody made of it
                raise
        if body.refusal is not None:
            answer = problem(body.refusal)
            if not isinstance(body.refusal, PayloadTooLarge):
                # What is merely too large leaves the connection open: closed with bytes unread, TCP would
                # reset it, and our answer be lost.
                answer.headers["Connection"] = "close"
            await answer(scope, receive, send)


class _Body:
    """The body of one request on its way in, and the answer on its way out.

    Whoever reads too much gets `PayloadTooLarge`, who waits too long `InvalidRequest`. What he answers to
    that is not sent: FastAPI, for one, calls it a body that cannot be parsed.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int | None) -> None:
        self.limit = limit
        self.refusal: BatutaError | None = None
        self._declared = _declared(scope)
        self._receive = receive
        self._send = send
        self._read = 0
        self._waited = 0.0
        self._whole = False
        self._answered = False

    async def receive(self) -> Message:
        """The next piece; raises `PayloadTooLarge`, or `InvalidRequest` when it does not come."""
        self._check(self._declared)
        message = await (self._receive() if self._whole or self._answered else self._next_piece())
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            self._check(self._read)
        return message

    async def send(self, message: Message) -> None:
        """Hand on the answer, unless it is an answer to our refusal."""
        if self.refusal is not None:
            return
        self._answered = True
        await self._send(message)

    def _check(self, size: int) -> None:
        if self.limit is not None and size > self.limit:
            raise self._refused(PayloadTooLarge(f"a request body may have {self.limit} bytes here"))

    async def _next_piece(self) -> Message:
        """The next piece, waited for as long as the pace of those before it earns."""
        since = time.monotonic()
        try:
            async with asyncio.timeout(GRACE_SECONDS + self._read / LEAST_RATE - self._waited):
                return await self._receive()
        except TimeoutError:
            raise self._refused(
                InvalidRequest(
                    f"the request body comes too slowly: {self._read} bytes in {GRACE_SECONDS:g} s and more; "
                    f"send at least {LEAST_RATE} bytes a second"
                )
            ) from None
        finally:
            self._waited += time.monotonic() - since

    def _refused(self, error: BatutaError) -> BatutaError:
        """The error, which is also our answer unless another one has begun."""
        if not self._answered:
            self.refusal = error
        return error


def _declared(scope: Scope) -> int:
    """What `Content-Length` says; 0 where it says nothing of use, since the pieces are counted anyhow."""
    values = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return max((int(value) for value in values if value.isdigit() and len(value) < 20), default=0)  # noqa: PLR2004  # 64 bits
