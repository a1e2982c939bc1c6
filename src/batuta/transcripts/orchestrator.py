"""The flow of transcripts, top to bottom: memory → cache → database → YouTube → made by ourselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from batuta.cache import CachePolicy, CacheStatistics, Failed, TieredCache
from batuta.transcripts.kept import Kept
from batuta.transcripts.models import Cause, PlaylistVideos, Track, Tracks, TranscriptResult
from batuta.transcripts.outcomes import Outcome, given, made, named, not_made, refused
from batuta.transcripts.questions import Question, video_of

BEYOND_MAKING: Final = frozenset(
    {Cause.NOT_FOUND, Cause.PRIVATE, Cause.AGE_RESTRICTED, Cause.REGION_BLOCKED, Cause.LIVE_NOT_ENDED}
)
"""Who may not see the video cannot download it either."""


class Fetcher(Protocol):
    """Where transcripts come from: YouTube, or whatever stands in its place."""

    async def fetch(self, video_id: str, languages: Iterable[str] | None = None) -> TranscriptResult:
        """The transcript in the language preferred most; raises the `TranscriptUnavailable` of its cause."""
        ...

    async def tracks(self, video_id: str) -> tuple[Track, ...]:
        """What there is to choose from."""
        ...

    async def videos(self, playlist_id: str, limit: int) -> PlaylistVideos:
        """The first so many videos of a playlist."""
        ...


class Generator(Protocol):
    """Who makes a transcript where there is none."""

    async def generate(self, video_id: str, wanted: tuple[str, ...] | None, owner: str) -> TranscriptResult:
        """The transcript of what is said in the video, in one of the languages; raises what went wrong.

        `owner` is the key that asked first, under which the work is accounted.
        """
        ...


class Surroundings(Protocol):
    """What can be known of that which the transcripts stand on."""

    @property
    def redis_up(self) -> bool | None:
        """Whether Redis is asked at present; None where there is none."""
        ...

    @property
    def youtube_up(self) -> bool:
        """Whether YouTube is asked at present."""
        ...

    async def cached(self) -> int | None:
        """Entries in Redis; None where that cannot be known."""
        ...

    async def stored(self) -> int | None:
        """Rows in the database; None where that cannot be known."""
        ...


@dataclass(frozen=True, slots=True)
class Statistics:
    """How much there is, and how well it serves."""

    memory: CacheStatistics
    cached: int | None
    """Entries in Redis."""
    stored: int | None
    """Rows in the database."""


class Transcripts:
    """Transcripts from the nearest tier that has them; every tier that had none has it afterwards."""

    def __init__(
        self,
        cache: TieredCache[Kept],
        tracks: TieredCache[Tracks],
        fetcher: Fetcher,
        *,
        making: CachePolicy,
        surroundings: Surroundings,
        generator: Generator | None = None,
    ) -> None:
        """The caches' policies say for how long answers and failures hold; `making` is that of our own."""
        self._cache = cache
        self._tracks = tracks
        self._fetcher = fetcher
        self._making = making
        self.surroundings = surroundings
        self.generator = generator

    async def get(
        self,
        video: str,
        languages: Iterable[str] | None = None,
        *,
        generate: bool = False,
        owner: str = "",
    ) -> Outcome:
        """The transcript of a video (its id or any address) in the language preferred most; None is any.

        With `generate` the captions app makes one where YouTube has none to give, for `owner`. Raises
        `InvalidVideoId`, and `InvalidRequest` for a language that is none; any other failure is the
        outcome's `cause`.
        """
        question = Question.of(video, languages)
        looked = await self._cache.look_up(question.key, lambda: self._fetch(question), tags=question.tags)
        if not isinstance(looked, Failed):
            return given(looked)
        outcome = refused(looked)
        if outcome.cause in BEYOND_MAKING:
            return outcome
        return await self._made(question, outcome, owner if generate else None)

    def peek(self, question: Question) -> Kept | None:
        """The transcript if it is in memory and fresh; from any thread, in a microsecond or two."""
        found = self._cache.peek(question.key)
        return None if found is None else found.value

    async def languages(self, video: str) -> tuple[Track, ...]:
        """The tracks that YouTube offers, manual ones first; raises the `TranscriptUnavailable`."""
        video_id = video_of(video)

        async def load() -> Tracks:
            return Tracks(tracks=await self._fetcher.tracks(video_id))

        looked = await self._tracks.look_up(video_id, load, tags=(video_id,))
        if isinstance(looked, Failed):
            raise named(looked.error)
        return looked.value.tracks

    async def videos(self, playlist_id: str, limit: int) -> PlaylistVideos:
        """The first so many videos of a playlist, asked of YouTube; raises the `TranscriptUnavailable`."""
        return await self._fetcher.videos(playlist_id, limit)

    async def invalidate(self, video: str) -> bool:
        """Have the next request fetch the video's transcripts anew; False when a tier could not be told."""
        tag = video_of(video)
        told = [await cache.invalidate_tag(tag) for cache in (self._cache, self._tracks)]
        return all(told)

    async def clear_cache(self) -> bool:
        """Forget what memory and cache have, of ours alone; the database keeps its rows."""
        told = [await cache.clear(database=False) for cache in (self._cache, self._tracks)]
        return all(told)

    async def statistics(self) -> Statistics:
        """How much there is in each tier, and what they were asked and had since this process began."""
        return Statistics(
            memory=self._cache.statistics(),
            cached=await self.surroundings.cached(),
            stored=await self.surroundings.stored(),
        )

    async def _fetch(self, question: Question) -> Kept:
        found = await self._fetcher.fetch(question.video_id, question.wanted)
        return await asyncio.to_thread(Kept.of, found)

    async def _made(self, question: Question, before: Outcome, owner: str | None) -> Outcome:
        """One made earlier, whoever asks and however old; a new one only for an owner who asked for that."""
        kept = await self._cache.find(question.made_key, tags=question.tags, stale=True)
        if kept is not None:
            return made(kept, before)
        generator = self.generator
        if generator is None or owner is None:
            return before

        async def load() -> Kept:
            found = await generator.generate(question.video_id, question.wanted, owner)
            return await asyncio.to_thread(Kept.of, found)

        looked = await self._cache.look_up(question.made_key, load, policy=self._making, tags=question.tags)
        return not_made(looked, before) if isinstance(looked, Failed) else made(looked, before)
