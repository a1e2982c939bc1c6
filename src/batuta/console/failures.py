"""What a browser asked for under /console/ and did not get, as a page; the API keeps its problems as JSON."""

from __future__ import annotations

import json
from typing import Any, Final, TypedDict
from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from batuta.access.answers import PROBLEM_TYPE
from batuta.access.headers import CONTENT_SECURITY_POLICY
from batuta.console.front import DOCS, LOGIN
from batuta.console.pages import NOT_KEPT, Pages
from batuta.errors import BatutaError

_FOLDER: Final = "/console/"
_UNAUTHORIZED: Final = 401
_REPLACED: Final = frozenset({b"content-type", b"content-length", b"cache-control"})
_FOR_PAGES: Final = {
    **NOT_KEPT,
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",
}
_NEXT_MAX: Final = 1000


class Problem(TypedDict, total=False):
    """The members of a problem (RFC 9457) that a page shows."""

    title: str
    status: int
    detail: str
    code: str


class ErrorPages:
    """Stands before the door, turns problems into pages, and sends who needs a key to the login page."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if not _wants_page(scope):
            await self._app(scope, receive, send)
            return
        caught = _Caught(send)
        try:
            await self._app(scope, receive, caught.send)
        except Exception:
            if not caught.begun:
                problem = BatutaError("something went wrong here that nobody expected: the log has more")
                await self._page(scope, problem.to_problem())(scope, receive, send)
            raise  # for the log
        if caught.start is not None:
            answer = self._answer(scope, caught.start, bytes(caught.body))
            await answer(scope, receive, send)

    def _answer(self, scope: Scope, start: Message, body: bytes) -> Response:
        if start["status"] == _UNAUTHORIZED and scope["method"] in {"GET", "HEAD"}:
            return RedirectResponse(f"{LOGIN}?next={quote(_target(scope), safe='/')}", 303)
        answer = self._page(scope, _problem(start["status"], body))
        kept = [pair for pair in start.get("headers", ()) if pair[0].lower() not in _REPLACED]
        given = {name.lower() for name, _ in answer.raw_headers}
        answer.raw_headers.extend(pair for pair in kept if pair[0].lower() not in given)
        return answer

    def _page(self, scope: Scope, problem: Any) -> Response:  # noqa: ANN401  # JSON
        status = int(problem.get("status", 500))
        page = self._pages.render("error", scope["path"], None, problem=problem)
        return HTMLResponse(page, status, _FOR_PAGES)


class _Caught:
    """An answer on its way out, held back while it is a problem."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.start: Message | None = None
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        self.begun = True
        if message["type"] == "http.response.start":
            kinds = {name.lower(): value for name, value in message.get("headers", ())}
            if kinds.get(b"content-type", b"").startswith(PROBLEM_TYPE.encode()):
                self.start = message
                return
        if self.start is None:
            await self._send(message)
        else:
            self.body += message.get("body", b"")


def _wants_page(scope: Scope) -> bool:
    """Whether a browser asks for one of our pages; our own scripts do not accept HTML."""
    if scope["type"] != "http" or not (scope["path"].startswith(_FOLDER) or scope["path"] == DOCS):
        return False
    accepted = [value for name, value in scope["headers"] if name.lower() == b"accept"]
    return b"text/html" in b",".join(accepted)


def _target(scope: Scope) -> str:
    """Where to go on after the login: our own path, as it was asked for."""
    query = scope.get("query_string", b"").decode("latin-1")
    return (scope["path"] + (f"?{query}" if query else ""))[:_NEXT_MAX]


def _problem(status: int, body: bytes) -> Problem:
    try:
        found = json.loads(body)
    except ValueError:
        return {"status": status, "title": "Something went wrong", "detail": "", "code": ""}
    return {
        "status": status,
        "title": str(found.get("title", "Something went wrong")),
        "detail": str(found.get("detail", "")),
        "code": str(found.get("code", "")),
    }
