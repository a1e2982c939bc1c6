"""A limit on the size of request bodies, for every route that does not stream its own.

What FastAPI parses it first reads whole into memory, whatever its size and whatever its type claims.
"""

from __future__ import annotations

from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batuta.access.answers import problem
from batuta.errors import PayloadTooLarge

_BODY: Final = "batuta.body"


def streams_body(request: Request) -> None:
    """A dependency that lifts the limit, for a route that streams its body and limits it itself.

    Such a route takes the `Request` and no parameter from the body: those are read before any dependency.
    """
    body = request.scope.get(_BODY)
    if isinstance(body, _Body):
        body.limit = None


class BodyLimit:
    """Answers 413 for a body of more than `max_bytes`, before reading it where its length is told."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
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
            if not body.refused:  # otherwise it is our own refusal, or what somebody made of it
                raise
        if body.refused:
            # The connection stays open: closed with bytes unread, TCP would reset it, and our answer be lost.
            answer = problem(PayloadTooLarge(f"a request body may have {self._max_bytes} bytes here"))
            await answer(scope, receive, send)


class _Body:
    """The body of one request on its way in, and the answer on its way out.

    Whoever reads too much gets `PayloadTooLarge`. What he answers to that is not sent: FastAPI, for one,
    calls it a body that cannot be parsed.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self.limit: int | None = limit
        self.refused = False
        self._declared = _declared(scope)
        self._receive = receive
        self._send = send
        self._read = 0
        self._answered = False

    async def receive(self) -> Message:
        """The next piece; raises `PayloadTooLarge`."""
        self._check(self._declared)
        message = await self._receive()
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            self._check(self._read)
        return message

    async def send(self, message: Message) -> None:
        """Hand on the answer, unless it is an answer to our refusal."""
        if self.refused:
            return
        self._answered = True
        await self._send(message)

    def _check(self, size: int) -> None:
        if self.limit is not None and size > self.limit:
            self.refused = not self._answered
            raise PayloadTooLarge(f"a request body may have {self.limit} bytes here")


def _declared(scope: Scope) -> int:
    """What `Content-Length` says; 0 where it says nothing of use, since the pieces are counted anyhow."""
    values = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
    return max((int(value) for value in values if value.isdigit() and len(value) < 20), default=0)  # noqa: PLR2004  # 64 bits
