"""YouTube as youtube-transcript-api sees it, on loopback: watch page, player, captions, and all their moods.

The shapes are ours, written from what the library reads; no recording of YouTube is in them. It answers as a
proxy too: a request with a whole address in its first line gets what its path asks for.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API_KEY = "an-api-key_of-the-test"
CONSENT_PAGE = (
    '<html><form action="https://consent.youtube.com/s" method="POST">'
    '<input type="hidden" name="v" value="cb.20261101-00-p0.en+FX+123"></form></html>'
)
CONSENT_WITHOUT_VALUE = CONSENT_PAGE.replace('name="v"', 'name="w"')
CAPTCHA_PAGE = '<html><form><div class="g-recaptcha" data-sitekey="x"></div></form></html>'
LIMIT = 10.0
"""Seconds after which a server that hangs gives up, should a test forget it."""


@dataclass(frozen=True)
class Reply:
    """An answer in the place of the ordinary one; `mood` is how it is given."""

    status: int = 200
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    mood: str = "as usual"
    """or `hang`: nothing comes; `drip`: a byte now and then; `cut`: half of it; `stall`: likewise, and then
    silence; `reset`: not even a head."""


@dataclass(frozen=True)
class Caption:
    """A track: its lines are start, duration and text; a `body` is sent as it is."""

    language: str
    lines: tuple[tuple[float, float, str], ...] = ((0.0, 2.0, "hello"), (2.0, 1.5, "world"))
    auto: bool = False
    name: str = ""
    body: str | None = None
    extra: str = ""
    """Added to its address."""

    def xml(self) -> str:
        lines = "".join(
            f'<text start="{start}" dur="{duration}">{escape(text)}</text>'
            for start, duration, text in self.lines
        )
        return f'<?xml version="1.0" encoding="utf-8" ?><transcript>{lines}</transcript>'


@dataclass(frozen=True)
class Video:
    """What YouTube knows of a video; `replies` replace the answers to `watch`, `player` or `timedtext`."""

    captions: tuple[Caption, ...] | None = (Caption("en"),)
    status: str = "OK"
    reason: str | None = None
    subreason: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    tracklist: Mapping[str, object] = field(default_factory=dict)
    replies: Mapping[str, tuple[Reply, ...]] = field(default_factory=dict)
    """By turns; the last one for good, and `as_usual` for the ordinary answer."""

    def player(self, video_id: str) -> dict[str, Any]:
        told: dict[str, Any] = {"status": self.status}
        if self.reason is not None:
            told["reason"] = self.reason
        if self.subreason is not None:
            runs = {"runs": [{"text": self.subreason}]}
            told["errorScreen"] = {"playerErrorMessageRenderer": {"subreason": runs}}
        document: dict[str, Any] = {
            "playabilityStatus": told,
            "videoDetails": {"videoId": video_id, **self.details},
        }
        if self.captions is not None:
            tracks = [_track(video_id, index, caption) for index, caption in enumerate(self.captions)]
            document["captions"] = {
                "playerCaptionsTracklistRenderer": {"captionTracks": tracks, **self.tracklist}
            }
        return document


AS_USUAL = Reply(mood="ordinary")
UNKNOWN = Video(captions=None, status="ERROR", reason="This video is unavailable")


def _track(video_id: str, index: int, caption: Caption) -> dict[str, Any]:
    address = f"https://www.youtube.com/api/timedtext?v={video_id}&index={index}{caption.extra}&fmt=srv3"
    track: dict[str, Any] = {
        "baseUrl": address,
        "name": {"runs": [{"text": caption.name or caption.language}]},
        "vssId": f"{'a' if caption.auto else ''}.{caption.language}",
        "languageCode": caption.language,
        "isTranslatable": True,
    }
    return {**track, "kind": "asr"} if caption.auto else track


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    target: str
    headers: Message
    at: float
    connection: int
    """The port it came from."""

    @property
    def page(self) -> str:
        path = urlsplit(self.target).path
        return {"/watch": "watch", "/youtubei/v1/player": "player", "/api/timedtext": "timedtext"}.get(
            path, path
        )


class LoopbackYouTube:
    """`videos` by id; `everywhere` replaces pages of all of them; `asked` is what was asked, in order."""

    def __init__(self) -> None:
        self.videos: dict[str, Video] = {}
        self.everywhere: dict[str, tuple[Reply, ...]] = {}
        self.consent_wanted = False
        self.asked: list[Asked] = []
        self.hanging = threading.Event()
        """Set when a request has begun to hang."""
        self.most_at_once = 0
        self._at_once = 0
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def pages(self) -> list[str]:
        return [asked.page for asked in self.asked]

    @contextmanager
    def running(self) -> Iterator[LoopbackYouTube]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self._released.set()
            self._server.shutdown()
            thread.join()
            self._server.socket.close()

    def release(self) -> None:
        """Let go of the requests that hang."""
        self._released.set()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", "0"))
        body = handler.rfile.read(length)
        asked = Asked(
            handler.command, handler.path, handler.headers, time.monotonic(), handler.client_address[1]
        )
        handler.close_connection = False  # like a proxy that keeps connections whatever was asked
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            self._give(handler, self._reply(asked, body))
        finally:
            with self._lock:
                self._at_once -= 1

    def _reply(self, asked: Asked, body: bytes) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        page = asked.page
        video_id = json.loads(body)["videoId"] if page == "player" else query.get("v", [""])[0]
        video = self.videos.get(video_id, UNKNOWN)
        replies = self.everywhere.get(page) or video.replies.get(page, ())
        turn = sum(each.page == page for each in self.asked) - 1
        reply = replies[min(turn, len(replies) - 1)] if replies else AS_USUAL
        return reply if reply is not AS_USUAL else self._ordinary(asked, video, video_id, query)

    def _ordinary(self, asked: Asked, video: Video, video_id: str, query: dict[str, list[str]]) -> Reply:
        match asked.page:
            case "watch" if self.consent_wanted and "CONSENT=YES+" not in asked.headers.get("Cookie", ""):
                return Reply(body=CONSENT_PAGE)
            case "watch":
                return Reply(body=f'<html><script>{{"INNERTUBE_API_KEY":"{API_KEY}"}}</script></html>')
            case "player" if query.get("key") != [API_KEY]:
                return Reply(400, "no such key")
            case "player":
                return Reply(body=json.dumps(video.player(video_id)))
            case "timedtext":
                assert video.captions is not None
                caption = video.captions[int(query["index"][0])]
                return Reply(body=caption.xml() if caption.body is None else caption.body)
            case _:
                return Reply(404, "nothing here")

    def _give(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        if reply.mood == "hang":
            self.hanging.set()
            self._released.wait(LIMIT)
        if reply.mood in {"hang", "reset"}:
            handler.close_connection = True
            return
        handler.send_response(reply.status)
        for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if reply.mood == "drip":
            self.hanging.set()
            self._drip(handler, body)
        elif reply.mood in {"cut", "stall"}:
            handler.wfile.write(body[: len(body) // 2])
            handler.close_connection = True
            if reply.mood == "stall":
                self.hanging.set()
                self._released.wait(LIMIT)
        else:
            handler.wfile.write(body)

    def _drip(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """A byte every 20 ms, until the other side has had enough."""
        handler.close_connection = True
        for position in range(len(body)):
            handler.wfile.write(body[position : position + 1])
            handler.wfile.flush()
            if self._released.wait(0.02):
                return

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            timeout = LIMIT

            def do_GET(self) -> None:
                try:
                    server.answer(self)
                except ConnectionError:
                    self.close_connection = True

            do_POST = do_GET  # noqa: N815 - the base class's name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        return Handler
