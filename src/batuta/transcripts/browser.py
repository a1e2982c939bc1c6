"""What carries the library's requests to YouTube: each with time-outs, a pace, a largest size and a way out.

youtube-transcript-api asks through a `requests.Session` that it is given. The session here has an adapter of
ours, so that a fetch can be bounded and given up although the library knows nothing of either, and so that
what YouTube answered can be looked at when the library says no more than that it failed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from youtube_transcript_api import YouTubeTranscriptApi
from youtube_transcript_api.proxies import ProxyConfig

from batuta.clients.retry import retry_after
from batuta.transcripts.causes import YouTubeFailed, YouTubeTimeout
from batuta.transcripts.pacing import Pace
from batuta.transcripts.player import Player, read_player

_PLAYER: Final = "/youtubei/v1/player"
_CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things may take, in seconds, and how large they may be."""

    connect: float = 5.0
    read: float = 15.0
    """The longest silence inside an answer."""
    whole: float = 45.0
    """A fetch with all its requests and pauses, the wait for a free thread included."""
    bytes: int = 16 * 1024 * 1024
    """One answer: watch pages have 1 to 2 MB, the captions of ten hours of talk about 3 MB."""

    @property
    def patience(self) -> float:
        """A fetch that was given up before so many seconds had no time to be slow."""
        return min(self.connect, self.read)


@dataclass(slots=True)
class Answer:
    """The head of an answer, and how much of a body came with it."""

    host: str
    path: str
    status: int
    retry_after: float | None
    size: int = 0


class Visit:
    """One fetch on its way: until when, whether it is still wanted, and what YouTube answered last."""

    def __init__(self, limits: Limits, seconds: float) -> None:
        self.limits = limits
        self.last: Answer | None = None
        self.player: Player | None = None
        self._ends = time.monotonic() + seconds
        self._stopped = threading.Event()
        self._reading: BaseHTTPResponse | None = None
        self._lock = threading.Lock()

    @property
    def stopped(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End the fetch at its next step; a body that is being read is cut off. May be called often.

        A thread that waits for an answer to begin waits on, as long as `Limits.read` at most.
        """
        self._stopped.set()
        with self._lock, suppress(ValueError, RuntimeError, OSError):  # it has just been read to its end
            if self._reading is not None:
                self._reading.shutdown()

    def left(self) -> float:
        """The seconds that remain; raises `YouTubeTimeout` when there are none, or nobody waits any more."""
        left = self._ends - time.monotonic()
        if left <= 0 or self.stopped:
            raise YouTubeTimeout(f"YouTube did not give all that is needed within {self.limits.whole:g} s")
        return left

    def pause(self, seconds: float) -> None:
        """Wait, unless the fetch is stopped."""
        self._stopped.wait(min(seconds, self.left()))
        self.left()

    @contextmanager
    def reading(self, body: BaseHTTPResponse) -> Generator[None]:
        """While the block reads the body, `stop` cuts it off."""
        with self._lock:
            self._reading = body
        try:
            yield
        finally:
            with self._lock:
                self._reading = None


class _Body:
    """An answer's body that may be read for so long and so far; in all else the body that it wraps."""

    def __init__(self, body: BaseHTTPResponse, visit: Visit, answer: Answer) -> None:
        self._body = body
        self._visit = visit
        self._answer = answer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever requests looks for
        return getattr(self._body, name)

    def stream(self, amt: int = _CHUNK, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: FBT001 - urllib3's signature
        """What has arrived, as it arrives: a server that sends a byte now and then does not hold us."""
        kept = bytearray()
        with self._visit.reading(self._body):
            try:
                while chunk := self._body.read1(max(amt, _CHUNK), decode_content=decode_content):
                    self._count(len(chunk))
                    if self._answer.path == _PLAYER:
                        kept += chunk
                    yield chunk
                self._visit.left()  # a body that was cut off looks like one that ended
            except BaseException:
                self._body.close()  # what is left of it must not lead the next answer
                raise
        if kept:
            self._visit.player = read_player(bytes(kept))

    def _count(self, size: int) -> None:
        self._visit.left()
        self._answer.size += size
        if (limit := self._visit.limits.bytes) < self._answer.size:
            raise YouTubeFailed(f"{self._answer.host} sent more than {limit} bytes for one answer")


class BoundedAdapter(HTTPAdapter):
    """Sends the requests of one visit after the other, to YouTube or to `origin` in its place."""

    def __init__(self, pace: Pace, origin: str | None, proxy: ProxyConfig | None) -> None:
        self.visit: Visit | None = None
        told = None if proxy is None else proxy.to_requests_dict()
        self._our_proxies = None if told is None else {"http": told["http"], "https": told["https"]}
        self._afresh = proxy is not None and proxy.prevent_keeping_connections_alive
        self._pace = pace
        self._origin = origin
        super().__init__(pool_connections=4, pool_maxsize=2)

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - requests' signature
        timeout: Any = None,  # noqa: ANN401 - likewise
        verify: bool | str = True,  # noqa: FBT001, FBT002 - likewise
        cert: Any = None,  # noqa: ANN401 - likewise
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """One request in its turn; the time-outs are ours, since the library gives none.

        The operator's proxies come before those of the environment, which requests would prefer.
        """
        del stream, timeout
        visit, asked = self.visit, urlsplit(request.url or "")
        if visit is None:
            raise RuntimeError("a request outside of a visit")
        self._await_turn(visit, str(asked.hostname))
        left = visit.left()
        limits = (min(visit.limits.connect, left), min(visit.limits.read, left))
        if self._afresh:
            self.close()  # a proxy changes address with the connection, whether or not it closes the last one
        chosen = dict(self._our_proxies or proxies or {})
        sent = super().send(self._aimed(request), True, limits, verify, cert, chosen)
        wait = retry_after({name.lower(): value for name, value in sent.headers.items()}, time.time())
        visit.last = Answer(str(asked.hostname), asked.path, sent.status_code, wait)
        sent.raw = _Body(sent.raw, visit, visit.last)
        sent.url, sent.request = str(request.url), request
        return sent

    def _await_turn(self, visit: Visit, host: str) -> None:
        wait = self._pace.turn(host, visit.left())
        if wait is None:
            raise YouTubeTimeout(f"too many requests to {host} wait: its turn would come too late")
        visit.pause(wait)

    def _aimed(self, request: PreparedRequest) -> PreparedRequest:
        """The request as it is sent: cookies were chosen for the host that the library named."""
        if self._origin is None:
            return request
        aimed = request.copy()
        aimed.prepare_url(f"{self._origin}{request.path_url}", None)
        return aimed


class Browser:
    """A session of one thread, and the library that asks through it."""

    def __init__(self, pace: Pace, origin: str | None, proxy: ProxyConfig | None) -> None:
        self._session = Session()
        self.api = YouTubeTranscriptApi(proxy, self._session)
        self._adapter = BoundedAdapter(pace, origin, proxy)
        # After the library, which mounts adapters of its own, without time-outs, when proxies rotate.
        self._session.mount("https://", self._adapter)
        self._session.mount("http://", self._adapter)

    @contextmanager
    def on(self, visit: Visit) -> Generator[YouTubeTranscriptApi]:
        """The library, on this visit."""
        visit.left()
        self._adapter.visit = visit
        try:
            yield self.api
        finally:
            self._adapter.visit = None

    def close(self) -> None:
        """Close its connections."""
        self._session.close()


def is_read_timeout(error: BaseException) -> bool:
    """Whether requests calls a silence in the middle of a body a broken connection."""
    return bool(error.args) and isinstance(error.args[0], ReadTimeoutError)
