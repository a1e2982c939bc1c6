"""The short way for what is in memory: routes that match only then, before any other is looked at.

FastAPI takes 60 to 100 µs to find a route, its dependencies and parameters; a hit is a copy of bytes. What is
not in memory, or not plainly asked for, matches nothing here and goes the ordinary way, to the same answer.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Message, Receive, Scope, Send

from batuta.errors import BatutaError
from batuta.transcripts.kept import Kept
from batuta.transcripts.orchestrator import Transcripts
from batuta.transcripts.questions import Question
from batuta.transcripts.routes import LONGEST_LANGUAGE, TranscriptBody

_LOOKED: Final = "batuta.transcripts.looked"
_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"server-timing", b'memory;desc="hit";dur=0.0'),
)
_TAKEN: Final = ("route", "endpoint", "fastapi")
"""What routers leave in the scope, by which logs and metrics call the route."""
_LONGEST: Final = 2048
_MOST: Final = 20


class _ShortWay(BaseRoute):
    """A route beside the one that has the name."""

    quiet = True
    """Thousands a second are counted, and not told one by one above DEBUG."""

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        """Ask the other one."""
        raise NoMatchFound(name, path_params)


class Hits(_ShortWay):
    """`GET /api/transcript/{video_id}` where the transcript is in memory."""

    def __init__(self, prefix: str) -> None:
        """`prefix` is where the app is."""
        self._folder = f"{prefix}/api/transcript/"
        self.path_format = self._folder + "{video_id}"
        """As logs and metrics call it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is such a request."""
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self._folder):
            return Match.NONE, {}
        video_id = scope["path"][len(self._folder) :]
        kept = None if "/" in video_id else _in_memory(scope, video_id, scope["query_string"])
        if kept is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self, "route": self, "batuta.hit": kept}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what was found."""
        del receive
        await _send(scope["batuta.hit"], send)


class PostedHits(_ShortWay):
    """`POST /api/transcript` likewise, which is only known once its body is read."""

    def __init__(self, prefix: str) -> None:
        """`prefix` is where the app is."""
        self.path_format = f"{prefix}/api/transcript"
        """As logs and metrics call it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it may be."""
        if (
            scope["type"] != "http"
            or scope["path"] != self.path_format
            or scope["method"] != "POST"
            or _LOOKED in scope
        ):
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self, "route": self}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is in memory, or leave the request, its body included, to the route that can do more."""
        messages = [await receive()]
        body = messages[0].get("body", b"")
        if not messages[0].get("more_body") and (kept := _asked_for(scope, body)) is not None:
            await _send(kept, send)
            return

        async def again() -> Message:
            return messages.pop() if messages else await receive()

        inner = {name: value for name, value in scope.items() if name not in {"route", "endpoint"}}
        inner[_LOOKED] = True
        await scope["app"].router(inner, again, send)
        scope.update({name: inner[name] for name in _TAKEN if name in inner})


def _in_memory(scope: Scope, video_id: str, query: bytes) -> Kept | None:
    """The transcript, if the request asks for JSON in a way that leaves no doubt."""
    languages: list[str] | None = None
    if query:
        try:
            fields = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST)
        except ValueError:
            return None
        for name, value in fields:
            if name == "languages" and len(value) <= LONGEST_LANGUAGE:
                languages = [*(languages or ()), value]
            elif (name, value) != ("format", "json"):
                return None
    return _peek(scope, video_id, languages)


def _asked_for(scope: Scope, body: bytes) -> Kept | None:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if kind.partition(b";")[0].strip() != b"application/json":
        return None
    try:
        asked = TranscriptBody.model_validate_json(body)
    except ValidationError:
        return None
    return _peek(scope, asked.url, asked.languages)


def _peek(scope: Scope, video: str, languages: list[str] | None) -> Kept | None:
    transcripts: Transcripts | None = getattr(scope["app"].state, "transcripts", None)
    if transcripts is None or len(video) > _LONGEST:
        return None
    try:
        return transcripts.peek(Question.of(video, languages))
    except BatutaError:  # the ordinary way says what is wrong with it
        return None


async def _send(kept: Kept, send: Send) -> None:
    body = kept.answer("memory", stale=False)
    length = (b"content-length", str(len(body)).encode())
    start: dict[str, Any] = {"type": "http.response.start", "status": 200, "headers": [*_HEADERS, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
