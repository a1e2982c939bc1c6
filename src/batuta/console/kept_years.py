"""The newest of hundreds of thousands of kept years, without stopping the event loop."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import Final

from batuta.albums.config import ALBUM_YEAR_SECONDS
from batuta.albums.keys import folded
from batuta.albums.models import AlbumCacheEntry
from batuta.console.albums_shown import Asked, certainty
from batuta.console.sentences import Tone

NEWEST: Final = 50
_BREATH: Final = 50
_BREATH_SECONDS: Final = 0.0001
"""After so many entries the walk lets other threads go on: the event loop is one of them."""


@dataclass(frozen=True, slots=True)
class KeptYear:
    """One line of the list."""

    artist: str
    album: str
    year: str
    confidence: int
    word: str
    tone: Tone
    kept_at: dt.datetime
    address: str
    """The album's page."""


@dataclass(frozen=True, slots=True)
class KeptYears:
    """The newest that fit, and how many fit."""

    newest: tuple[KeptYear, ...]
    fitting: int


class YearsWalk:
    """Looks through the years, one walk at a time: it is a thread's work for as long as a second."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)

    async def newest(self, years: Mapping[str, AlbumCacheEntry], prefix: str = "") -> KeptYears:
        """The newest years of artists whose names begin so, however that is written; all for ""."""
        async with self._turn:
            keys = list(years)  # in the loop, where nobody changes them meanwhile: milliseconds
            return await asyncio.to_thread(_newest, keys, years, folded(prefix))


def _newest(keys: list[str], years: Mapping[str, AlbumCacheEntry], prefix: str) -> KeptYears:
    fitting = 0

    def fit() -> Iterator[AlbumCacheEntry]:
        nonlocal fitting
        oldest = time.time() - ALBUM_YEAR_SECONDS
        for number, key in enumerate(keys, 1):
            if number % _BREATH == 0:
                time.sleep(_BREATH_SECONDS)
            entry = years.get(key)  # forgotten meanwhile: none
            if entry is not None and entry.timestamp > oldest and folded(entry.artist).startswith(prefix):
                fitting += 1
                yield entry

    newest = nlargest(NEWEST, fit(), key=lambda entry: entry.timestamp)
    return KeptYears(tuple(map(_line, newest)), fitting)


def _line(entry: AlbumCacheEntry) -> KeptYear:
    return KeptYear(
        entry.artist,
        entry.album,
        entry.year,
        entry.confidence,
        *certainty(entry.confidence),
        dt.datetime.fromtimestamp(entry.timestamp, dt.UTC),
        Asked(entry.artist, entry.album).address,
    )
