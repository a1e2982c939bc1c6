"""What we concluded: the year of each album, with a confidence, for 30 days.

A row is the JSON text `[timestamp,confidence,year,artist,album]`: the first two are read without the rest.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from typing_extensions import TypedDict

from batuta.albums.config import ALBUM_YEAR_SECONDS, AppConfig
from batuta.albums.conflicts import Change, is_over
from batuta.albums.events import ALBUM_STALE, CacheEvent, CacheEventType, EventDrivenCacheManager
from batuta.albums.keys import UnifiedHashService
from batuta.albums.models import AlbumCacheEntry
from batuta.albums.older_formats import MOST_CONFIDENT, Skip, read_album_years, write_album_years
from batuta.albums.service import CacheService
from batuta.albums.views import View
from batuta.albums.years import PLAUSIBLE, SHOWN, parse_year, this_year
from batuta.errors import InvalidRequest


class AlbumStats(TypedDict):
    """Numbers of the album years in this process."""

    total_albums: int
    hits: int
    misses: int
    unsaved: int
    ttl_seconds: float
    cache_file: str


class AlbumCacheService(CacheService[str, str]):
    """Years by artist and album, however their names are written."""

    def __init__(
        self,
        config: AppConfig,
        logger: logging.Logger | None = None,
        *,
        now: Callable[[], float] | None = None,
    ) -> None:
        """`now` gives the seconds since 1970."""
        super().__init__(config, logger, now, config.album_years_cache_file, {})

    @property
    def album_years_cache(self) -> Mapping[str, AlbumCacheEntry]:
        """What is in memory, by `UnifiedHashService.hash_album_key`."""
        return View(lambda: self._mirror.rows, _entry)

    async def get_album_year(self, artist: str, album: str) -> str | None:
        """The year, None where none is known."""
        row = self._find(artist, album)
        return None if row is None else _entry(row).year

    async def get_album_year_entry(self, artist: str, album: str) -> AlbumCacheEntry | None:
        """The year with its confidence and age."""
        row = self._find(artist, album)
        return None if row is None else _entry(row)

    async def store_album_year(self, artist: str, album: str, year: str, confidence: int = 0) -> None:
        """Keep the year, unless a more confident one is still valid.

        Raises `InvalidRequest` for a text that is no year (`years.parse_year`), and for a confidence that is
        not between 0 and 100.
        """
        year, now = str(year).strip(), self._now()
        if parse_year(year, this_year(now)) is None:
            raise InvalidRequest(f"{year[:SHOWN]!r} is no year: {PLAUSIBLE}")
        if not 0 <= confidence <= MOST_CONFIDENT:
            raise InvalidRequest(f"a confidence goes from 0 to {MOST_CONFIDENT}, and is not {confidence}")
        key = UnifiedHashService.hash_album_key(artist, album)
        there = self._mirror.rows.get(key)
        if there is not None and _facts(there)[1] > confidence and not self._is_spent(there, now):
            return
        self._mirror.put(key, _row(AlbumCacheEntry(artist.strip(), album.strip(), year, now, confidence)))

    async def invalidate_album(self, artist: str, album: str) -> None:
        """Forget the album's year, in every process that shares the folder."""
        self.forget(artist, album)

    async def invalidate_all(self) -> None:
        """Forget every year."""
        self._mirror.clear(self._now())

    def forget(self, artist: str, album: str) -> bool:
        """As `invalidate_album`, at once; false where nothing was known here."""
        key = UnifiedHashService.hash_album_key(artist, album)
        self._tell(key)
        return self._mirror.delete(key, self._now())

    def follow(self, events: EventDrivenCacheManager) -> None:
        """Forget what events make stale."""
        for kind in (*ALBUM_STALE, CacheEventType.MANUAL_INVALIDATION):
            events.register_event_handler(kind, self._on_event)

    def get_stats(self) -> AlbumStats:
        """Numbers since the start of this process."""
        return AlbumStats(
            total_albums=len(self._mirror.rows),
            hits=self.hits,
            misses=self.misses,
            unsaved=self._mirror.unsaved,
            ttl_seconds=ALBUM_YEAR_SECONDS,
            cache_file=str(self._mirror.file.path),
        )

    def key(self, text: str) -> str:
        """The key again."""
        return text

    def change(self, text: str, row: str, deleted: float) -> Change:
        """The row for the disk."""
        stamp, confidence = _facts(row)
        return Change(text, row, stamp, confidence, stamp + ALBUM_YEAR_SECONDS, deleted)

    def row(self, body: str, stamp: float, expires: float | None) -> str:
        """The row again."""
        del stamp, expires
        return body

    def _find(self, artist: str, album: str) -> str | None:
        key = UnifiedHashService.hash_album_key(artist, album)
        row = self._mirror.rows.get(key)
        if row is None or self._is_spent(row, self._now()):
            self.misses += 1
            if row is not None:
                self._mirror.spend(key)
            return None
        self.hits += 1
        return row

    def _is_spent(self, row: str, now: float) -> bool:
        stamp = _facts(row)[0]
        return is_over(stamp, stamp + ALBUM_YEAR_SECONDS, now)

    def _on_event(self, event: CacheEvent) -> None:
        if event.artist and event.album:
            self.forget(event.artist, event.album)
        elif event.event_type is CacheEventType.MANUAL_INVALIDATION:
            self._mirror.clear(self._now())

    def _read_older(self, path: Path, skip: Skip) -> Iterator[Change]:
        for entry in read_album_years(path, self._now(), skip):
            yield self.change(UnifiedHashService.hash_album_key(entry.artist, entry.album), _row(entry), 0.0)

    def _write_older(self, path: Path, rows: Iterable[tuple[str, str]]) -> int:
        return write_album_years(path, (_entry(row) for _, row in rows))


def _row(entry: AlbumCacheEntry) -> str:
    parts = (float(entry.timestamp), int(entry.confidence), entry.year, entry.artist, entry.album)
    return json.dumps(parts, separators=(",", ":"))


def _facts(row: str) -> tuple[float, int]:
    """Timestamp and confidence."""
    timestamp, confidence, _ = row[1:].split(",", 2)
    return float(timestamp), int(confidence)


def _entry(row: str) -> AlbumCacheEntry:
    timestamp, confidence, year, artist, album = json.loads(row)
    return AlbumCacheEntry(artist, album, year, timestamp, confidence)
