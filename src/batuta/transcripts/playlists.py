"""The videos of a playlist, in its order: yt-dlp reads YouTube's pages, and its requests are carried by us.

    playlists = Playlists(pace)
    found = await playlists.videos("PLtPgu7CB4gbY9oDN3drwC3cMbJggS7dKl", limit=500)

yt-dlp's own network has neither a pace nor an end, so each of its requests goes through the adapter that the
fetcher of transcripts has too (`browser.py`), in a thread. Its entries are taken flat, as its generator gives
them and before it would look at the videos: no page is asked for that the limit does not need.
"""

# ruff: noqa: PLC0415 - yt-dlp is imported where it runs: a second and 15 MB, for those who read playlists

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from io import BytesIO
from time import perf_counter
from typing import Any, Final, Protocol, cast

import requests
import structlog
from youtube_transcript_api.proxies import ProxyConfig

from batuta.clients.bulkhead import Bulkhead
from batuta.clients.deadline import deadline, remaining
from batuta.errors import DeadlineExceeded, InvalidRequest
from batuta.services.downloader.refusals import causes, one_line
from batuta.telemetry.metrics import service_called
from batuta.transcripts import video_ids
from batuta.transcripts.blockade import DEFAULT_PATIENCE
from batuta.transcripts.browser import BoundedAdapter, Limits, Visit
from batuta.transcripts.causes import (
    BY_CAUSE,
    InvalidVideoId,
    TranscriptUnavailable,
    VideoNotFound,
    VideoPrivate,
)
from batuta.transcripts.models import Cause, PlaylistVideos
from batuta.transcripts.pacing import Pace
from batuta.transcripts.verdicts import verdict

log = structlog.get_logger(__name__)

PLAYLIST_LIMITS: Final = Limits(bytes=6 * 1024 * 1024)
"""As for the fetcher, but for pages that are parsed whole; a hundred videos have about 1 MB."""
_GRACE: Final = 0.5
"""Seconds after its end in which an extraction may tell by itself that it is over."""
_MOST_WAITING: Final = 100
_MOST_REDIRECTS: Final = 5
_LONGEST_TITLE: Final = 500
_MOST_IN_VAIN: Final = 200
"""Entries in a row without a new video, after which no more are expected."""
_PAUSE: Final = 0.5
"""Seconds before yt-dlp asks once more, after a connection that broke or an answer without its data."""

_SEED: Final = re.compile(r"RD(?:MM|AMVM)?([A-Za-z0-9_-]{11})")
"""A mix, which YouTube shows only beside the video it was made from."""
_GONE: Final = frozenset({"[Deleted video]", "[Private video]", "[Unavailable video]"})
_CAPTCHA: Final = b'class="g-recaptcha"'
_TURNED_AWAY: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
_BY_STATUS: Final[Mapping[int, Cause]] = {
    HTTPStatus.FORBIDDEN: Cause.BLOCKED,
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: Cause.NETWORK,
    HTTPStatus.REQUEST_TIMEOUT: Cause.TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS: Cause.RATE_LIMITED,
    HTTPStatus.GATEWAY_TIMEOUT: Cause.TIMEOUT,
}
"""With these nothing more is asked; after others yt-dlp tries its other ways to the playlist."""
_BY_HOST: Final = {"consent.youtube.com": Cause.BLOCKED, "accounts.google.com": Cause.PRIVATE}
"""Where YouTube leads those whom it does not let in."""
_SAID: Final = "YouTube said: "
_HOME: Final = "redirected to youtube.com home page"
_REASONS: Final = tuple(
    (cause, re.compile(pattern, re.IGNORECASE))
    for cause, pattern in (
        (Cause.BLOCKED, r"not a bot|automated queries|unusual traffic"),
        (Cause.PRIVATE, r"\bprivate\b|\bsign(?:ed)? in\b"),
        (Cause.NOT_FOUND, r"playlist (?:type )?is (?:un|not |no longer )(?:available|viewable)"),
        (Cause.NOT_FOUND, r"(?:n.t|not) exist|removed|deleted|terminated"),
    )
)
"""The first that fits, in what YouTube says above the page; English, as yt-dlp asks for it."""
_MESSAGES: Final = {
    Cause.INVALID_ID: "{id} is no playlist id: send what stands after `list=` in the playlist's address",
    Cause.NOT_FOUND: "YouTube shows no playlist {id}; check the address, and that it is public or unlisted",
    Cause.PRIVATE: "the playlist {id} is private; its owner can make it public or unlisted",
    Cause.BLOCKED: "YouTube takes this server for a robot and does not show it the playlist {id};"
    " TRANSCRIPT_PROXY_* settings lead around a block",
    Cause.RATE_LIMITED: "YouTube has had too many requests from this server to show it the playlist {id};"
    " ask again later",
    Cause.TIMEOUT: "YouTube did not answer in time for the playlist {id}",
    Cause.NETWORK: "YouTube cannot be reached for the playlist {id}: no connection, or it broke;"
    " check network and proxy",
    Cause.UPSTREAM_ERROR: "YouTube's answer for the playlist {id} cannot be used",
}


class InvalidPlaylistId(InvalidVideoId):
    """Not the id of a playlist."""

    code = "playlist_invalid_id"
    title = "Not a YouTube playlist"


class PlaylistNotFound(VideoNotFound):
    """There is no such playlist, or YouTube does not show it to strangers."""

    code = "playlist_not_found"
    title = "No such playlist"


class PlaylistPrivate(VideoPrivate):
    """Only its owner may see the playlist."""

    code = "playlist_private"
    title = "A private playlist"


_CLASSES: Final[Mapping[Cause, type[TranscriptUnavailable]]] = {
    **BY_CAUSE,
    Cause.INVALID_ID: InvalidPlaylistId,
    Cause.NOT_FOUND: PlaylistNotFound,
    Cause.PRIVATE: PlaylistPrivate,
}


class Playlists:
    """Reads playlists, some at a time; the pace is the one of whoever else asks YouTube."""

    def __init__(
        self,
        pace: Pace,
        *,
        threads: int = 2,
        limits: Limits = PLAYLIST_LIMITS,
        proxy: ProxyConfig | None = None,
        origin: str | None = None,
    ) -> None:
        """`origin` (`http://host:port`) answers in YouTube's place, whichever of its hosts is asked."""
        self._pace = pace
        self._limits = limits
        self._proxy = proxy
        self._origin = origin
        self._places = Bulkhead("YouTube's playlists", threads)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="playlists")
        self._visits: set[Visit] = set()
        self._waiting = 0
        self._closed = False

    async def videos(self, playlist_id: str, limit: int = 500) -> PlaylistVideos:
        """The first `limit` videos; a mix, which has no end, is asked beside the video it was made from.

        Raises the `TranscriptUnavailable` of its cause, and `InvalidRequest` for a limit below 1.
        """
        if limit < 1:
            raise InvalidRequest(f"a playlist cannot be read up to {limit} videos: the limit is 1 or more")
        if video_ids.playlist_id(playlist_id) != playlist_id:
            raise _unavailable(Cause.INVALID_ID, repr(playlist_id[:80]))
        begun = perf_counter()
        try:
            with deadline(self._limits.whole):
                found = await self._in_turn(playlist_id, limit)
        except TranscriptUnavailable as error:
            _tell(playlist_id, error.cause, perf_counter() - begun)
            raise
        _tell(playlist_id, None, perf_counter() - begun, len(found.video_ids))
        return found

    async def aclose(self) -> None:
        """End what is under way, within the time-out of one request."""
        self._closed = True
        for visit in tuple(self._visits):
            visit.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)

    async def _in_turn(self, playlist_id: str, limit: int) -> PlaylistVideos:
        """Wait for a free thread, and read."""
        if self._closed:
            raise _unavailable(Cause.TIMEOUT, playlist_id, "the reader of playlists is closed")
        if self._waiting >= _MOST_WAITING:
            message = f"{self._waiting} playlists wait for YouTube already"
            raise _unavailable(Cause.RATE_LIMITED, playlist_id, message, self._limits.whole)
        self._waiting += 1
        try:
            await self._places.__aenter__()
        except DeadlineExceeded as error:
            raise _unavailable(Cause.TIMEOUT, playlist_id, error.message) from error
        finally:
            self._waiting -= 1
        try:
            return await self._in_thread(playlist_id, limit)
        finally:
            await self._places.__aexit__()

    async def _in_thread(self, playlist_id: str, limit: int) -> PlaylistVideos:
        granted = remaining()
        left = self._limits.whole if granted is None else max(granted, 0.0)
        visit = Visit(self._limits, left)
        self._visits.add(visit)
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, self._run, playlist_id, limit, visit)
        try:
            async with asyncio.timeout(left + _GRACE):
                return await running
        except TimeoutError as error:
            raise _unavailable(Cause.TIMEOUT, playlist_id) from error
        finally:
            visit.stop()
            self._visits.discard(visit)

    def _run(self, playlist_id: str, limit: int, visit: Visit) -> PlaylistVideos:
        """In a thread: what yt-dlp finds, or the failure with its cause."""
        reading = _Reading(visit)
        carrier = _Carrier(visit, self._pace, self._origin, self._proxy)
        try:
            visit.left()
            return reading.videos(playlist_id, limit, carrier)
        except Exception as error:
            cause, detail = _reason(error, visit)
            if cause is Cause.NOT_FOUND and reading.found:  # a page of it is missing, the playlist is there
                cause = Cause.UPSTREAM_ERROR
            wait = visit.last.retry_after if visit.last else None
            raise _unavailable(cause, playlist_id, detail, wait) from error
        finally:
            carrier.close()


class _Ytdlp(Protocol):
    """What is used of `yt_dlp.YoutubeDL`."""

    cookiejar: Any
    params: Mapping[str, Any]
    urlopen: Any

    def extract_info(
        self, url: str, *, download: bool, ie_key: str, process: bool
    ) -> dict[str, Any] | None: ...


class _Request(Protocol):
    """What is used of `yt_dlp.networking.Request`."""

    url: str
    method: str
    data: bytes | None
    headers: Mapping[str, str]


class _Reading:
    """One playlist on its way: the ids `found` up to now, and whether YouTube stopped in the middle."""

    def __init__(self, visit: Visit) -> None:
        self.found: dict[str, None] = {}
        self._visit = visit
        self._broken_off = False

    def videos(self, playlist_id: str, limit: int, carrier: _Carrier) -> PlaylistVideos:
        """As `Playlists.videos`; raises whatever goes wrong."""
        ytdlp = self._ytdlp(carrier)
        address = _address(playlist_id)
        for _ in range(_MOST_REDIRECTS):
            info = ytdlp.extract_info(address, download=False, ie_key="YoutubeTab", process=False) or {}
            if info.get("_type") != "url":
                break
            address = info["url"]
        else:
            raise ValueError("it leads from one playlist to the next")
        title = info.get("title")
        more = self._collect(info["entries"], limit)
        return PlaylistVideos(
            playlist_id=playlist_id,
            title=title[:_LONGEST_TITLE] if title and title != playlist_id else None,
            video_ids=tuple(self.found),
            truncated=more or self._broken_off,
        )

    def _collect(self, entries: Iterable[Mapping[str, Any]], limit: int) -> bool:
        """Find up to so many videos; whether there are more, or the list may go round in circles."""
        in_vain = 0
        for entry in entries:
            video_id = _video(entry)
            if video_id is None or video_id in self.found:
                in_vain += 1
                if in_vain > _MOST_IN_VAIN:
                    return True
            elif len(self.found) == limit:
                return True
            else:
                self.found[video_id] = None
                in_vain = 0
        return False

    def _ytdlp(self, carrier: _Carrier) -> _Ytdlp:
        """yt-dlp with one extractor, without configuration, cookies on disk, plugins, cache or helpers."""
        from yt_dlp import YoutubeDL
        from yt_dlp.extractor.youtube import YoutubeTabIE
        from yt_dlp.globals import plugin_dirs

        plugin_dirs.value = []
        options: dict[str, Any] = {
            "compat_opts": {"no-youtube-unavailable-videos"},  # which it would ask for with one more request
            "extractor_retries": 1,
            "retry_sleep_functions": {"extractor": self._pause},
            "cachedir": False,
            "js_runtimes": {},
            "geo_bypass": False,
            "quiet": True,
            "noprogress": True,
            "logger": self,
        }
        library: Any = YoutubeDL(cast("Any", options), auto_init=False)
        library.add_info_extractor(YoutubeTabIE(library))
        found = cast("_Ytdlp", library)
        carrier.serve(found)
        return found

    def _pause(self, n: int) -> None:  # noqa: ARG002 - yt-dlp's signature: how often it has tried
        self._visit.pause(_PAUSE)

    def debug(self, message: str) -> None:
        """As yt-dlp's logger."""

    def warning(self, message: str, **_: object) -> None:
        """As yt-dlp's logger: after a page without its data it ends the playlist, and only says so here."""
        self._broken_off = self._broken_off or "Incomplete data received" in message

    def error(self, message: str) -> None:
        """As yt-dlp's logger; what goes wrong is raised as well."""


class _Carrier:
    """Carries yt-dlp's requests of one visit to YouTube: in their turn, in time, and not too large."""

    def __init__(self, visit: Visit, pace: Pace, origin: str | None, proxy: ProxyConfig | None) -> None:
        self._visit = visit
        self._tries = max(proxy.retries_when_blocked, 1) if proxy else 1
        self._session = requests.Session()
        self._session.max_redirects = _MOST_REDIRECTS
        adapter = BoundedAdapter(pace, origin, proxy)
        adapter.visit = visit
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def serve(self, ytdlp: _Ytdlp) -> None:
        """Take the place of its network, with its cookies and its headers."""
        ytdlp.urlopen = self.send
        self._session.cookies = ytdlp.cookiejar
        self._session.headers.update(ytdlp.params["http_headers"])

    def send(self, request: _Request) -> Any:  # noqa: ANN401 - a class of the library's
        """As `YoutubeDL.urlopen`; its own errors are for what it can try again, all others end the visit."""
        from yt_dlp.networking import Response
        from yt_dlp.networking.exceptions import HTTPError, TransportError

        try:
            answer = self._answer(request)
        except requests.RequestException as error:
            if verdict(error, "", self._visit).cause is not Cause.NETWORK:
                raise
            raise TransportError(cause=error) from error
        body = BytesIO(answer.content)
        response: Any = Response(cast("Any", body), answer.url, dict(answer.headers), answer.status_code)
        self._check(answer)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise HTTPError(response)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _answer(self, request: _Request) -> requests.Response:
        """Behind rotating proxies asked again when turned away: the next address may be welcome."""
        for left in reversed(range(self._tries)):
            answer = self._session.request(
                request.method, request.url, data=request.data, headers=dict(request.headers)
            )
            if answer.status_code not in _TURNED_AWAY or not left:
                return answer
        raise RuntimeError("there is at least one try")

    def _check(self, answer: requests.Response) -> None:
        """Raise for an answer after which there is no use in asking on."""
        last = self._visit.last
        host = last.host if last else ""
        cause = _BY_HOST.get(host) or _BY_STATUS.get(answer.status_code)
        if cause is None and _CAPTCHA in answer.content:
            cause = Cause.BLOCKED
        if cause is not None:
            raise BY_CAUSE[cause](f"{answer.status_code} from {host}{last.path if last else ''}")


def _address(playlist_id: str) -> str:
    seed = _SEED.fullmatch(playlist_id)
    if seed and video_ids.is_video_id(seed[1]):
        return f"https://www.youtube.com/watch?v={seed[1]}&list={playlist_id}"
    return f"https://www.youtube.com/playlist?list={playlist_id}"


def _video(entry: Mapping[str, Any]) -> str | None:
    """The entry's id; None for what is no video, or one that nobody can see."""
    video_id = entry.get("id")
    if entry.get("ie_key") != "Youtube" or not isinstance(video_id, str):
        return None
    gone = entry.get("title") in _GONE and entry.get("duration") is None  # a title anybody may give
    return video_id if video_ids.is_video_id(video_id) and not gone else None


def _reason(error: Exception, visit: Visit) -> tuple[Cause, str]:
    """The cause and its details; never a text of requests, which may name a proxy."""
    told = ""
    for each in causes(error):
        if isinstance(each, TranscriptUnavailable):
            return each.cause, each.message
        if isinstance(each, requests.RequestException):
            return verdict(each, "", visit).cause, type(each).__name__
        told = told or str(getattr(each, "orig_msg", ""))  # yt-dlp's words, without those of the cause
    told = one_line(told) or type(error).__name__
    if told.startswith(_SAID) or _HOME in told:
        return next(
            (cause for cause, pattern in _REASONS if pattern.search(told)), Cause.UPSTREAM_ERROR
        ), told
    last = visit.last
    if last is None:
        return Cause.UPSTREAM_ERROR, told
    missing = last.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
    cause = Cause.NOT_FOUND if missing else Cause.UPSTREAM_ERROR
    return cause, f"{told}, after {last.status} from {last.host}{last.path}"


def _unavailable(
    cause: Cause, playlist_id: str, detail: str = "", retry_after: float | None = None
) -> TranscriptUnavailable:
    """The error of that cause, in words."""
    kind = _CLASSES[cause]
    message = _MESSAGES[cause].format(id=playlist_id)
    return kind(f"{message} ({detail})" if detail else message, retry_after if kind.retryable else None)


def _tell(playlist_id: str, cause: Cause | None, seconds: float, videos: int | None = None) -> None:
    outcome = {None: "ok", Cause.RATE_LIMITED: "busy", Cause.TIMEOUT: "out_of_time"}.get(
        cause, "failed" if cause in DEFAULT_PATIENCE else "refused"
    )
    service_called("youtube", outcome, seconds)
    log.info("playlist_read", playlist_id=playlist_id, cause=cause, videos=videos, seconds=round(seconds, 3))
