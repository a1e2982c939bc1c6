"""YouTube's own transcripts, through youtube-transcript-api: paced, bounded, and a cause for each failure.

    youtube = YouTube()
    result = await youtube.fetch("dQw4w9WgXcQ", ["es", "en"])

The library is synchronous: each fetch runs in a thread of a pool of its own, with a session of that thread's
own. A fetch that nobody waits for any more ends at its next step. Use one object, on one event loop.
"""

from __future__ import annotations

import asyncio
import math
import random
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Final, Generic, TypeVar

import structlog
from youtube_transcript_api import (
    FetchedTranscript,
    FetchedTranscriptSnippet,
    RequestBlocked,
    Transcript,
    YouTubeTranscriptApi,
)
from youtube_transcript_api.proxies import ProxyConfig

from batuta.clients.bulkhead import Bulkhead
from batuta.clients.clock import SYSTEM_CLOCK, Clock
from batuta.clients.deadline import deadline, remaining
from batuta.clients.retry import RetryPolicy
from batuta.errors import DeadlineExceeded
from batuta.telemetry.metrics import retried, service_called
from batuta.transcripts.blockade import DEFAULT_PATIENCE, ROTATING_PATIENCE, Blockade, Call
from batuta.transcripts.browser import Browser, Limits, Visit
from batuta.transcripts.causes import TranscriptUnavailable
from batuta.transcripts.cleaning import clean
from batuta.transcripts.languages import choose, is_language, preferences
from batuta.transcripts.models import Cause, PlaylistVideos, Segment, Track, TranscriptResult
from batuta.transcripts.pacing import Pace
from batuta.transcripts.playlists import PLAYLIST_LIMITS, Playlists
from batuta.transcripts.verdicts import no_tracks, unavailable, verdict
from batuta.transcripts.video_ids import is_video_id

log = structlog.get_logger(__name__)
T = TypeVar("T")

_GRACE: Final = 0.5
"""Seconds after its end in which a fetch may tell by itself that it is over."""
_MOST_WAITING: Final = 1000
_ONCE_MORE: Final = RetryPolicy(max_retries=1, base=0.5)
"""For a connection that broke; anything else YouTube would answer in the same way."""


@dataclass(frozen=True, slots=True)
class _Question(Generic[T]):
    """What is asked about a video in a thread, with the library and the visit it is on."""

    video_id: str
    ask: Callable[[YouTubeTranscriptApi, Visit], T]


class YouTube:
    """Fetches tracks and transcripts; one breaker, one pace and one set of threads for all of them."""

    def __init__(
        self,
        *,
        threads: int = 8,
        limits: Limits | None = None,
        pace: Pace | None = None,
        blockade: Blockade | None = None,
        proxy: ProxyConfig | None = None,
        origin: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """`origin` (`http://host:port`) answers in YouTube's place, whichever of its hosts is asked."""
        self._limits = limits or Limits()
        self._pace = pace or Pace()
        rotating = proxy is not None and proxy.retries_when_blocked > 0
        self._blockade = blockade or Blockade(ROTATING_PATIENCE if rotating else DEFAULT_PATIENCE, clock)
        self._proxy = proxy
        self._origin = origin
        self._clock = clock
        self._playlists = Playlists(
            self._pace,
            limits=replace(self._limits, bytes=PLAYLIST_LIMITS.bytes),
            proxy=proxy,
            origin=origin,
        )
        self._places = Bulkhead("YouTube", threads)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="youtube")
        self._own = threading.local()
        self._browsers: list[Browser] = []
        self._visits: set[Visit] = set()
        self._waiting = 0
        self._closed = False

    @property
    def blockade(self) -> Blockade:
        """The breaker, for health and statistics."""
        return self._blockade

    async def fetch(self, video_id: str, languages: Iterable[str] | None = None) -> TranscriptResult:
        """The transcript in the language preferred most, cleaned; None prefers the video's own.

        Raises the `TranscriptUnavailable` of its cause, and `InvalidRequest` for a language that is none.
        """
        wanted = preferences(languages)
        return await self._answer(
            _Question(video_id, lambda api, visit: self._transcript(api, visit, video_id, wanted))
        )

    async def tracks(self, video_id: str) -> tuple[Track, ...]:
        """What there is to choose from, manual tracks first; raises as `fetch` does, if there is nothing."""
        return await self._answer(
            _Question(video_id, lambda api, visit: tuple(_listed(api, visit, video_id)))
        )

    async def videos(self, playlist_id: str, limit: int) -> PlaylistVideos:
        """The first so many videos of a playlist; raises the `TranscriptUnavailable` of its cause."""
        with self._blockade.call() as call:
            begun = perf_counter()
            try:
                found = await self._playlists.videos(playlist_id, limit)
            except TranscriptUnavailable as error:
                self._judge(error, perf_counter() - begun, call)
                raise
            call.succeeded()
            return found

    async def aclose(self) -> None:
        """End what is under way, within the time-out of one request, and close all connections."""
        self._closed = True
        await self._playlists.aclose()
        for visit in tuple(self._visits):
            visit.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        for browser in self._browsers:
            browser.close()

    async def _answer(self, question: _Question[T]) -> T:
        """Ask, and once more if the connection broke; all of it within one deadline."""
        if not is_video_id(question.video_id):
            raise unavailable(Cause.INVALID_ID, repr(question.video_id[:80]))
        retries = 0
        with deadline(self._limits.whole):
            while True:
                try:
                    return await self._in_turn(question)
                except TranscriptUnavailable as error:
                    again = error.cause is Cause.NETWORK and self._blockade.standing.cause is None
                    wait = _ONCE_MORE.wait(retries, None, remaining(), random.random()) if again else None  # noqa: S311 - not a secret
                    if wait is None:
                        raise
                retries += 1
                retried("youtube")
                await self._clock.sleep(wait)

    async def _in_turn(self, question: _Question[T]) -> T:
        """Wait for a free thread, and ask if the breaker lets us."""
        if self._closed:
            raise unavailable(Cause.TIMEOUT, question.video_id, "the fetcher is closed")
        if self._waiting >= _MOST_WAITING:
            message = f"{self._waiting} fetches wait for YouTube already"
            raise unavailable(Cause.RATE_LIMITED, question.video_id, message, self._limits.whole)
        self._waiting += 1
        try:
            await self._places.__aenter__()
        except DeadlineExceeded as error:
            raise unavailable(Cause.TIMEOUT, question.video_id, error.message) from error
        finally:
            self._waiting -= 1
        try:
            return await self._guarded(question)
        finally:
            await self._places.__aexit__()

    async def _guarded(self, question: _Question[T]) -> T:
        with self._blockade.call() as call:
            begun = perf_counter()
            try:
                found = await self._in_thread(question)
            except TranscriptUnavailable as error:
                seconds = perf_counter() - begun
                self._judge(error, seconds, call)
                self._tell(question.video_id, error.cause, seconds)
                if error.retry_after is None and error.cause is self._blockade.standing.cause:
                    raise type(error)(error.message, self._blockade.left) from error
                raise
            call.succeeded()
            self._tell(question.video_id, None, perf_counter() - begun)
            return found

    async def _in_thread(self, question: _Question[T]) -> T:
        granted = remaining()
        left = self._limits.whole if granted is None else max(granted, 0.0)
        visit = Visit(self._limits, left)
        self._visits.add(visit)
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._run, question, visit)
        try:
            async with asyncio.timeout(left + _GRACE):
                return await running
        except TimeoutError as error:
            raise unavailable(Cause.TIMEOUT, question.video_id) from error
        finally:
            visit.stop()
            self._visits.discard(visit)

    def _run(self, question: _Question[T], visit: Visit) -> T:
        """In a thread: the library's answer, or the failure with its cause."""
        with self._browser().on(visit) as api:
            try:
                return question.ask(api, visit)
            except Exception as error:
                if visit.stopped:  # and so cut off, which looks like a connection that broke
                    raise unavailable(Cause.TIMEOUT, question.video_id) from error
                raise verdict(error, question.video_id, visit) from error

    def _browser(self) -> Browser:
        found: Browser | None = getattr(self._own, "browser", None)
        if found is None:
            found = self._own.browser = Browser(self._pace, self._origin, self._proxy)
            self._browsers.append(found)
        return found

    def _transcript(
        self, api: YouTubeTranscriptApi, visit: Visit, video_id: str, wanted: Sequence[str] | None
    ) -> TranscriptResult:
        listed = _listed(api, visit, video_id)
        own = visit.player.own_language if visit.player else None
        track = choose(tuple(listed), wanted, own)
        if track is None:
            offered = ", ".join(dict.fromkeys(each.language for each in listed))
            raise unavailable(Cause.LANGUAGE_NOT_AVAILABLE, video_id, f"it has: {offered}")
        found = self._fetched(listed[track])
        segments = clean(
            filter(None, map(_segment, found)),
            automatic=track.transcript_type == "auto",
        )
        if not segments:
            raise unavailable(Cause.DISABLED, video_id, f"its track {track.language} has no text")
        return TranscriptResult.of(video_id, track.language, track.transcript_type, segments)

    def _fetched(self, transcript: Transcript) -> FetchedTranscript:
        """Behind rotating proxies tried as often as the library tries the pages before it."""
        for _ in range(1, self._proxy.retries_when_blocked if self._proxy else 0):
            try:
                return transcript.fetch()
            except RequestBlocked:
                continue
        return transcript.fetch()

    def _judge(self, error: TranscriptUnavailable, seconds: float, call: Call) -> None:
        """A caller in a hurry says nothing about YouTube, which has not been silent for long."""
        if error.cause is not Cause.TIMEOUT or seconds >= self._limits.patience:
            call.failed(error)

    def _tell(self, video_id: str, cause: Cause | None, seconds: float) -> None:
        outcome = {None: "ok", Cause.RATE_LIMITED: "busy", Cause.TIMEOUT: "out_of_time"}.get(
            cause, "failed" if cause in DEFAULT_PATIENCE else "refused"
        )
        service_called("youtube", outcome, seconds)
        log.info("youtube_asked", video_id=video_id, cause=cause, seconds=round(seconds, 3))


def _listed(api: YouTubeTranscriptApi, visit: Visit, video_id: str) -> dict[Track, Transcript]:
    """The library's transcripts by what they are, manual ones first, in YouTube's order."""
    found = {
        _track(transcript): transcript
        for transcript in api.list(video_id)
        if is_language(transcript.language_code)  # it becomes part of file names and headers
    }
    if not found:
        raise unavailable(no_tracks(visit), video_id)
    return found


def _segment(snippet: FetchedTranscriptSnippet) -> Segment | None:
    """The segment; times before the beginning are moved there, and what has no time is left out."""
    start, duration = snippet.start, snippet.duration
    if not (math.isfinite(start) and math.isfinite(duration)):
        return None
    return Segment(text=snippet.text, start=max(start, 0.0), duration=max(duration, 0.0))


def _track(transcript: Transcript) -> Track:
    return Track(
        language=transcript.language_code,
        name=transcript.language,
        transcript_type="auto" if transcript.is_generated else "manual",
        translatable=transcript.is_translatable,
    )
