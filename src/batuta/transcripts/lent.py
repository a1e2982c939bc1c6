"""A fetcher of the caller's own, with no more than one method, in the place of YouTube."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from inspect import isawaitable, iscoroutinefunction
from typing import Protocol

from batuta.transcripts.models import Cause, PlaylistVideos, Track, TranscriptResult
from batuta.transcripts.verdicts import unavailable


class TranscriptFetcher(Protocol):
    """What `TranscriptOrchestrator` needs of a fetcher; synchronous ones are called in a thread."""

    def fetch(
        self, video_id: str, languages: Sequence[str] | None = None
    ) -> TranscriptResult | Awaitable[TranscriptResult | None] | None:
        """The transcript; None, or an error, where there is none."""
        ...


class Lent:
    """The caller's fetcher as the core's port wants it."""

    def __init__(self, fetcher: TranscriptFetcher) -> None:
        self._fetcher = fetcher

    async def fetch(self, video_id: str, languages: Iterable[str] | None = None) -> TranscriptResult:
        """As the port says."""
        wanted = None if languages is None else tuple(languages)
        if iscoroutinefunction(self._fetcher.fetch):
            answer = self._fetcher.fetch(video_id, wanted)
        else:
            answer = await asyncio.to_thread(self._fetcher.fetch, video_id, wanted)
        found = await answer if isawaitable(answer) else answer
        if found is None:
            raise unavailable(Cause.NOT_FOUND, video_id)
        return found

    async def tracks(self, video_id: str) -> tuple[Track, ...]:
        """Not known."""
        raise unavailable(Cause.UPSTREAM_ERROR, video_id, "this fetcher lists no tracks")

    async def videos(self, playlist_id: str, limit: int) -> PlaylistVideos:
        """Not known."""
        del limit
        raise unavailable(Cause.UPSTREAM_ERROR, playlist_id, "this fetcher reads no playlists")
