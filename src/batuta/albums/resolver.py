"""From an album's names to its year: known → what each source said → asked now → concluded → kept."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import ValidationError

from batuta.albums.flights import Flights
from batuta.albums.keys import UnifiedHashService
from batuta.albums.models import AlbumCacheEntry
from batuta.albums.orchestrator import CacheOrchestrator
from batuta.albums.scoring import Conclusion, Said, Weight, conclude
from batuta.albums.sources.answers import ANSWERS, Failed, Source, SourceAnswer
from batuta.errors import InvalidRequest, ServiceUnavailable

SURE: Final = 70
"""A year of such a confidence is kept for its 30 days although a source did not answer; a less sure one is
concluded anew, from what the others said and that one may say by then."""
LONGEST_NAME: Final = 500


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


class AlbumYears:
    """Concludes years, and remembers them and what they were concluded from."""

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
        self._flights: Flights[str, Resolution] = Flights()

    @property
    def sources(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(source.name for source in self._sources)

    async def resolve(self, artist: str, album: str, *, refresh: bool = False) -> Resolution:
        """The year; with `refresh` the sources are asked although it is known.

        Raises `InvalidRequest` for a blank name, and `ServiceUnavailable` where nobody could say anything and
        a source that did not answer may do better later: an outage is never "no year".
        """
        artist, album = _name("artist", artist), _name("album", album)
        if refresh:
            await self._caches.api_service.invalidate_for_album(artist, album)
        else:
            entry = await self._caches.get_album_year_entry_from_cache(artist, album)
            if entry is not None:
                return await self._known(entry)
        key = UnifiedHashService.hash_album_key(artist, album)
        return await self._flights.join(key, lambda: self._resolved(artist, album), lambda _: None)

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

    async def _resolved(self, artist: str, album: str) -> Resolution:
        answers = await asyncio.gather(*(self._answer(source, artist, album) for source in self._sources))
        concluded = self._conclude(artist, album, answers)
        failed = [answer for answer in answers if isinstance(answer, Failed)]
        if concluded.year is None and (passing := [answer for answer in failed if answer.passing]):
            later = [answer.retry_after for answer in passing if answer.retry_after is not None]
            told = "; ".join(f"{answer.source}: {answer.message}" for answer in failed)
            raise ServiceUnavailable(
                f"no source could say when {album!r} came out: {told}", max(later, default=None)
            )
        year = None if concluded.year is None else str(concluded.year)
        if year is not None and (not failed or concluded.confidence >= SURE):
            await self._caches.store_album_year(artist, album, year, concluded.confidence)
        return Resolution(artist, album, year, concluded.confidence, "sources", concluded.said)

    async def _answer(self, source: Source, artist: str, album: str) -> SourceAnswer:
        """What the source said before, or says now; a failure is not kept."""
        kept = await self._kept(source.name, artist, album)
        if kept is not None:
            return kept
        answer = await source.look_up(artist, album)
        if isinstance(answer, Failed):
            return answer
        said = self._conclude(artist, album, [answer]).said[0]
        year = None if said.year is None else str(said.year)
        metadata = {"answer": ANSWERS.dump_python(answer, mode="json")}
        await self._caches.set_cached_api_result(
            artist, album, source.name, year, metadata=metadata, is_negative=said.weight in _NEGATIVE
        )
        return answer

    async def _kept(self, source: str, artist: str, album: str) -> SourceAnswer | None:
        result = await self._caches.get_cached_api_result(artist, album, source)
        if result is None:
            return None
        try:
            return ANSWERS.validate_python(result.metadata.get("answer"))
        except ValidationError:  # imported from an older file, or stored by hand: a year without its reasons
            return None

    def _conclude(self, artist: str, album: str, answers: Sequence[SourceAnswer]) -> Conclusion:
        return conclude(artist, album, answers, this_year=self._today().year)


_NEGATIVE: Final = frozenset({Weight.UNKNOWN, Weight.NO_MATCH, Weight.NO_YEAR})


def _name(what: str, given: str) -> str:
    name = given.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InvalidRequest(f"{what} needs 1 to {LONGEST_NAME} characters, and has {len(name)}")
    return name
