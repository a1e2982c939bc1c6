"""What each source answered about an album: a year for good, a failure for an hour, a no for a set time.

A row is the JSON text `[timestamp,ttl,year,artist,album,source,metadata,response]`: the first two are read
without the rest. An album is forgotten under its own key too, without a row: so a process that has an answer
of which the forgetting one knows nothing, be it from a source of its own, forgets it as well.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from typing_extensions import TypedDict

from batuta.albums.config import FAILED_LOOKUP_SECONDS, AppConfig
from batuta.albums.conflicts import Change, is_over
from batuta.albums.events import ALBUM_STALE, CacheEvent, CacheEventType, EventDrivenCacheManager
from batuta.albums.keys import UnifiedHashService
from batuta.albums.models import CachedApiResult
from batuta.albums.older_formats import Skip, read_api_results, write_object
from batuta.albums.service import CacheService
from batuta.albums.views import View
from batuta.albums.years import parse_year, this_year
from batuta.errors import InvalidRequest

_KEY: Final = 64
"""Characters of a key; an album's keys are one text, which costs the garbage collector nothing."""
_ALBUM: Final = "album "
"""Before the key of an album, where that is what was forgotten."""
MOST_FORGOTTEN: Final = 10_000
"""Albums of which it is known when they were forgotten, the latest."""


class ApiStats(TypedDict):
    """Numbers of the sources' answers in this process."""

    total_entries: int
    total_albums: int
    hits: int
    misses: int
    unsaved: int
    negative_ttl_seconds: int
    failed_ttl_seconds: int
    cache_file: str


class ApiCacheService(CacheService[str, str]):
    """Answers by artist, album and source."""

    def __init__(
        self,
        config: AppConfig,
        logger: logging.Logger | None = None,
        *,
        now: Callable[[], float] | None = None,
    ) -> None:
        """`now` gives the seconds since 1970."""
        super().__init__(config, logger, now, config.api_cache_file, {})
        self._negative_ttl = config.caching.negative_result_ttl
        self._of_album: dict[str, str] = {}
        """The keys of each album's answers, so that forgetting an album looks at nothing else."""
        self._forgotten: dict[str, float] = {}
        """When each of the albums was forgotten: an answer that is older may still come from the disk."""
        self.event_manager = EventDrivenCacheManager(self.logger)
        for kind in (*ALBUM_STALE, CacheEventType.MANUAL_INVALIDATION):
            self.event_manager.register_event_handler(kind, self._on_event)

    @property
    def api_cache(self) -> Mapping[str, CachedApiResult]:
        """What is in memory, by `UnifiedHashService.hash_api_key`."""
        return View(lambda: self._mirror.rows, _result)

    async def get_cached_result(self, artist: str, album: str, source: str) -> CachedApiResult | None:
        """What the source answered, None where it is to be asked."""
        key = UnifiedHashService.hash_api_key(artist, album, source)
        row = self._mirror.rows.get(key)
        if row is None or self._is_spent(row, self._now()):
            self.misses += 1
            if row is not None:
                self._mirror.spend(key)
            return None
        self.hits += 1
        return _result(row)

    async def set_cached_result(
        self,
        artist: str,
        album: str,
        source: str,
        success: bool,  # noqa: FBT001  # the seed's signature
        data: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        is_negative: bool = False,
    ) -> None:
        """Keep an answer: for good if it has a year; for `negative_result_ttl` if the source says that there
        is none; for an hour if the lookup failed, or said what is no year. Raises `InvalidRequest` for what
        JSON cannot hold.
        """  # noqa: D205  # the three belong together
        now = self._now()
        said = None if data is None or data.get("year") is None else str(data["year"]).strip()
        if not success or is_negative or said is None or parse_year(said, this_year(now)) is None:
            said = None
        ttl = None if said else self._negative_ttl if is_negative else FAILED_LOOKUP_SECONDS
        response = None if data is None else dict(data)
        result = CachedApiResult(
            artist.strip(),
            album.strip(),
            said,
            source.strip(),
            now,
            ttl,
            dict(metadata or {}),
            response,
        )
        key = UnifiedHashService.hash_api_key(artist, album, source)
        self._mirror.put(key, _row(result))
        self._join(key, UnifiedHashService.hash_album_key(artist, album))

    async def invalidate_for_album(self, artist: str, album: str) -> None:
        """Forget what every source said about the album."""
        self.forget(artist, album)

    async def invalidate_all(self) -> None:
        """Forget every answer."""
        self._mirror.clear(self._now())

    def forget(self, artist: str, album: str) -> int:
        """As `invalidate_for_album`, at once; gives how many answers were known here."""
        album_key, now = UnifiedHashService.hash_album_key(artist, album), self._now()
        known = _keys(self._of_album.get(album_key, ""))
        for key in known:
            self._mirror.delete(key, now)
        self._mirror.delete(f"{_ALBUM}{album_key}", now)
        self._note_forgotten(album_key, now)
        return len(known)

    def get_stats(self) -> ApiStats:
        """Numbers since the start of this process."""
        return ApiStats(
            total_entries=len(self._mirror.rows),
            total_albums=len(self._of_album),
            hits=self.hits,
            misses=self.misses,
            unsaved=self._mirror.unsaved,
            negative_ttl_seconds=self._negative_ttl,
            failed_ttl_seconds=FAILED_LOOKUP_SECONDS,
            cache_file=str(self._mirror.file.path),
        )

    def key(self, text: str) -> str:
        """The key again."""
        return text

    def change(self, text: str, row: str, deleted: float) -> Change:
        """The row for the disk."""
        stamp, ttl = _facts(row)
        return Change(text, row, stamp, 0, None if ttl is None else stamp + ttl, deleted)

    def row(self, body: str, stamp: float, expires: float | None) -> str:
        """The row again."""
        del stamp, expires
        return body

    def arrived(self, key: str, row: str) -> None:
        """Have the album know of its answer; one from before it was forgotten is forgotten, too."""
        album = _album_key(row)
        self._join(key, album)
        when = self._forgotten.get(album)
        if when is not None and _facts(row)[0] < when:
            self._mirror.delete(key, when)

    def left(self, key: str, row: str) -> None:
        """Have the album forget its answer."""
        album = _album_key(row)
        keys = "".join(one for one in _keys(self._of_album.get(album, "")) if one != key)
        if keys:
            self._of_album[album] = keys
        else:
            self._of_album.pop(album, None)

    def deleted(self, key: str, when: float) -> None:
        """Where an album was forgotten, forget those of its answers that are older than that."""
        if not key.startswith(_ALBUM):
            return
        album = key.removeprefix(_ALBUM)
        self._note_forgotten(album, when)
        for one in _keys(self._of_album.get(album, "")):
            if _facts(self._mirror.rows[one])[0] < when:
                self._mirror.delete(one, when)

    def emptied(self) -> None:
        """Have every album forget its answers."""
        self._of_album = {}
        self._forgotten = {}
        super().emptied()

    def _note_forgotten(self, album: str, when: float) -> None:
        self._tell(album)
        self._forgotten.pop(album, None)
        self._forgotten[album] = when
        if len(self._forgotten) > MOST_FORGOTTEN:
            del self._forgotten[next(iter(self._forgotten))]

    def _join(self, key: str, album: str) -> None:
        keys = self._of_album.get(album, "")
        if key not in _keys(keys):
            self._of_album[album] = keys + key

    def _is_spent(self, row: str, now: float) -> bool:
        stamp, ttl = _facts(row)
        return is_over(stamp, None if ttl is None else stamp + ttl, now)

    def _on_event(self, event: CacheEvent) -> None:
        if event.artist and event.album:
            self.forget(event.artist, event.album)
        elif event.event_type is CacheEventType.MANUAL_INVALIDATION:
            self._mirror.clear(self._now())

    def _read_older(self, path: Path, skip: Skip) -> Iterator[Change]:
        for result in read_api_results(path, self._now(), skip):
            key = UnifiedHashService.hash_api_key(result.artist, result.album, result.source)
            yield self.change(key, _row(result), 0.0)

    def _write_older(self, path: Path, rows: Iterable[tuple[str, str]]) -> int:
        return write_object(path, ((key, json.dumps(_result(row).model_dump())) for key, row in rows))


def _row(result: CachedApiResult) -> str:
    names = (result.year, result.artist, result.album, result.source)
    parts = (float(result.timestamp), result.ttl, *names, result.metadata, result.api_response)
    try:
        return json.dumps(parts, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"the answer about {result.artist} - {result.album} has no JSON form: {error}"
        ) from error


def _facts(row: str) -> tuple[float, int | None]:
    """Timestamp and lifetime."""
    timestamp, ttl, _ = row[1:].split(",", 2)
    return float(timestamp), None if ttl == "null" else int(ttl)


def _result(row: str) -> CachedApiResult:
    timestamp, ttl, year, artist, album, source, metadata, response = json.loads(row)
    return CachedApiResult(artist, album, year, source, timestamp, ttl, metadata, response)


def _album_key(row: str) -> str:
    result = _result(row)
    return UnifiedHashService.hash_album_key(result.artist, result.album)


def _keys(text: str) -> tuple[str, ...]:
    return tuple(text[at : at + _KEY] for at in range(0, len(text), _KEY))
