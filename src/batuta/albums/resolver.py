"""From an album's names to its year: known → what each source said → asked now → concluded → kept."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import ValidationError

from batuta.albums.flights import Current, Flights
from batuta.albums.keys import UnifiedHashService
from batuta.albums.models import AlbumCacheEntry
from batuta.albums.orchestrator import CacheOrchestrator
from batuta.albums.scoring import Conclusion, Said, conclude
from batuta.albums.sources.answers import ANSWERS, Candidate, Failed, Found, Source, SourceAnswer
from batuta.albums.years import parse_year
from batuta.clients.deadline import deadline
from batuta.errors import InvalidRequest, ServiceUnavailable

SURE: Final = 70
"""A year of such a confidence is kept for its 30 days although a source did not answer; a less sure one is
concluded anew, from what the others said and that one may say by then."""
LONGEST_NAME: Final = 500
MOST_AT_ONCE: Final = 64
"""Questions under way; at the sources' paces more would only wait."""
_Question = tuple[str, bool]
"""The key of an album, and whether the sources are asked although it is known."""


@dataclass(frozen=True, slots=True)
class _Asked:
    artist: str
    album: str
    refresh: bool
    current: Current


@dataclass(frozen=True, slots=True)
class Resolution:
    """The year of an album's first release, as far as anybody knows."""

    artist: str
    album: str
    year: str | None
    confidence: int
    """0 to 100; 0 without a year."""
    origin: Literal["cache", "sources"]
    """Whether it was known, or has just been concluded."""
    said: tuple[Said, ...]
    """What each source said, as far as that is kept."""
    kept_at: dt.datetime | None = None
    """Since when it is known."""
    stays: AlbumCacheEntry | None = None
    """The other year that is kept nevertheless, and answers the next question, since it is surer."""


class AlbumYears:
    """Concludes years, and remembers them and what they were concluded from.

    What is forgotten while it is being concluded is told to who waits for it, and not kept.
    """

    def __init__(
        self,
        caches: CacheOrchestrator,
        sources: Sequence[Source],
        today: Callable[[], dt.date] = lambda: dt.datetime.now(dt.UTC).date(),
    ) -> None:
        """The sources are asked side by side; each keeps its own pace."""
        self._caches = caches
        self._sources = tuple(sources)
        self._today = today
        self._flights: Flights[_Question, Resolution] = Flights(MOST_AT_ONCE)
        caches.album_service.when_forgotten(self._forget)
        caches.api_service.when_forgotten(self._forget)

    @property
    def sources(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(source.name for source in self._sources)

    @property
    def asking(self) -> int:
        """Questions under way."""
        return len(self._flights)

    async def resolve(
        self, artist: str, album: str, *, refresh: bool = False, within: float | None = None
    ) -> Resolution:
        """The year; with `refresh` the sources are asked although it is known.

        A source that has not answered `within` so many seconds counts as one that failed. What a source said
        before is kept until it says something else. Raises `InvalidRequest` for a blank name, `ServiceBusy`
        where too many ask at once, and `ServiceUnavailable` where no year is known and a source that did not
        answer may do better later, or none answered at all: an outage is never "no year".
        """
        artist, album = checked_name("artist", artist), checked_name("album", album)
        if not refresh:
            entry = await self._caches.get_album_year_entry_from_cache(artist, album)
            if entry is not None:
                return await self._known(entry)
        key = UnifiedHashService.hash_album_key(artist, album)

        async def concluded(current: Current) -> Resolution:
            with deadline(within):
                return await self._resolved(_Asked(artist, album, refresh, current))

        return await self._flights.join((key, refresh), concluded)

    async def aclose(self) -> None:
        """End what is under way."""
        await self._flights.aclose()

    async def _known(self, entry: AlbumCacheEntry) -> Resolution:
        kept = [await self._kept(source.name, entry.artist, entry.album) for source in self._sources]
        answers = [answer for answer in kept if answer is not None]
        concluded = self._conclude(entry.artist, entry.album, answers)
        kept_at = dt.datetime.fromtimestamp(entry.timestamp, dt.UTC)
        return Resolution(
            entry.artist, entry.album, entry.year, entry.confidence, "cache", concluded.said, kept_at
        )

    async def _resolved(self, asked: _Asked) -> Resolution:
        artist, album = asked.artist, asked.album
        answers = await asyncio.gather(*(self._answer(source, asked) for source in self._sources))
        concluded = self._conclude(artist, album, answers)
        if concluded.year is None:
            _refuse_outage(album, answers)
            return Resolution(artist, album, None, 0, "sources", concluded.said)
        year = str(concluded.year)
        failed = any(isinstance(answer, Failed) and not answer.unasked for answer in answers)
        if asked.current() and (not failed or concluded.confidence >= SURE):
            await self._caches.store_album_year(artist, album, year, concluded.confidence)
        kept = await self._caches.get_album_year_entry_from_cache(artist, album)
        stays = None if kept is None or kept.year == year else kept
        return Resolution(artist, album, year, concluded.confidence, "sources", concluded.said, stays=stays)

    async def _answer(self, source: Source, asked: _Asked) -> SourceAnswer:
        """What the source said before, or says now; a failure is not kept."""
        artist, album = asked.artist, asked.album
        kept = None if asked.refresh else await self._kept(source.name, artist, album)
        if kept is not None:
            return kept
        answer = await source.look_up(artist, album)
        if isinstance(answer, Failed) or not asked.current():
            return answer
        said = self._conclude(artist, album, [answer]).said[0]
        year = None if said.year is None else str(said.year)
        metadata = {"answer": ANSWERS.dump_python(answer, mode="json")}
        await self._caches.set_cached_api_result(
            artist, album, source.name, year, metadata=metadata, is_negative=said.negative
        )
        return answer

    async def _kept(self, source: str, artist: str, album: str) -> SourceAnswer | None:
        result = await self._caches.get_cached_api_result(artist, album, source)
        if result is None:
            return None
        try:
            return ANSWERS.validate_python(result.metadata.get("answer"))
        except ValidationError:  # imported from an older file, or stored by hand: without its reasons
            year = parse_year(result.year or "", self._today().year)
            if year is None:  # nobody knows whether it was asked for this very album
                return None
            return Found(source, (Candidate(result.album, result.artist, year=year),))

    def _forget(self, key: str | None) -> None:
        if key is None:
            self._flights.forget_all()
            return
        for refresh in (False, True):
            self._flights.forget((key, refresh))

    def _conclude(self, artist: str, album: str, answers: Sequence[SourceAnswer]) -> Conclusion:
        return conclude(artist, album, answers, this_year=self._today().year)


def _refuse_outage(album: str, answers: Sequence[SourceAnswer]) -> None:
    """Raise `ServiceUnavailable` unless the answers are those of sources that know no year."""
    failed = [answer for answer in answers if isinstance(answer, Failed)]
    if not failed or (len(failed) < len(answers) and not any(answer.passing for answer in failed)):
        return
    soonest = min((one.retry_after for one in failed if one.retry_after is not None), default=None)
    told = "; ".join(f"{one.source}: {one.message}" for one in failed)
    raise ServiceUnavailable(f"no source could say when {album!r} came out: {told}", soonest)


def checked_name(what: str, given: str) -> str:
    """The name of an artist or album, trimmed; raises `InvalidRequest` for a blank or endless one."""
    name = given.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidRequest(f"{what} needs 1 to {LONGEST_NAME} characters, and has {len(name)}")
    return name
