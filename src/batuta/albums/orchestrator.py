"""The caches before the sources of album years: one interface, routed by operation. Read this file first.

    album years   what we concluded, with a confidence       30 days, or until a track of the album changes
    API results   what each source answered                  a year for good, a failure for an hour
    generic       lists of tracks, raw responses             15 minutes, 10,000 entries

    async with CacheOrchestrator(AppConfig(logs_base_dir="library")) as caches:
        await caches.store_album_year("Björk", "Debut", "1993", confidence=90)

Readers look into dictionaries; what changed is written every few seconds, on `save_cache`, and at the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from batuta.albums.album_years import AlbumCacheService
from batuta.albums.api_results import ApiCacheService
from batuta.albums.config import AppConfig
from batuta.albums.events import CacheEvent, CacheEventType
from batuta.albums.generic import GenericCacheService
from batuta.albums.keys import ALL, SNAPSHOT, TRACKS, GenericKey, UnifiedHashService
from batuta.albums.lines import Lines
from batuta.albums.models import (
    AlbumCacheEntry,
    CacheableKey,
    CacheableValue,
    CachedApiResult,
    TrackDict,
)
from batuta.albums.periodic import Periodic
from batuta.albums.protocol import CacheServiceProtocol, Compute
from batuta.albums.runs import IncrementalRunTracker
from batuta.albums.service import CacheService
from batuta.errors import StorageError

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_SAVED: Final = "Cache service save failed for"


class CachesFailed(StorageError, RuntimeError):
    """Some of the caches could not be loaded or saved; the message names them and says why."""

    code = "caches_failed"
    title = "A cache failed"


class CacheOrchestrator(CacheServiceProtocol):
    """The three caches and what keeps them; belongs to one event loop."""

    def __init__(
        self,
        config: AppConfig,
        logger: logging.Logger | None = None,
        *,
        now: Callable[[], float] | None = None,
    ) -> None:
        """`now` gives the seconds since 1970."""
        self.config = config
        self.logger = logger or logging.getLogger(__name__)
        self._log = Lines(self.logger, __name__)
        self.config_manager: object | None = None
        """A place of the seed's, for whoever has a manager of configurations; nothing here looks at it."""
        self.album_service = AlbumCacheService(config, logger, now=now)
        self.api_service = ApiCacheService(config, logger, now=now)
        self.generic_service = GenericCacheService(config, logger, now=now)
        self.album_service.follow(self.api_service.event_manager)
        self.generic_service.follow(self.api_service.event_manager)
        self._services: dict[str, CacheService[Any, Any]] = {
            "album": self.album_service,
            "api": self.api_service,
            "generic": self.generic_service,
        }
        seconds = config.caching.autosave_interval_seconds
        self._autosave = Periodic("saving the caches", seconds, self._save, self._log)

    async def __aenter__(self) -> Self:
        await self.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.shutdown()

    async def initialize(self) -> None:
        """Load the three caches side by side, and save what changes from now on.

        Raises `RuntimeError` that names every one that failed.
        """
        self._log.info("loading the caches")
        try:
            await self._told("Cache service initialization failed for", lambda service: service.initialize())
        except CachesFailed:
            ends = (service.shutdown() for service in self._services.values())
            await asyncio.gather(*ends, return_exceptions=True)  # what failed has been told
            raise
        self._autosave.start()
        self._log.info("the caches are loaded")

    async def shutdown(self) -> None:
        """Save everything, and end what runs in the background; raises as `save_all_to_disk`."""
        await self._autosave.stop()
        await self._told("Cache service shutdown failed for", lambda service: service.shutdown())

    # Album years

    @property
    def album_years_cache(self) -> Mapping[str, AlbumCacheEntry]:
        """The years in memory, by `generate_album_key`."""
        return self.album_service.album_years_cache

    async def get_album_year(self, artist: str, album: str) -> str | None:
        """The year of the album, None where none is known."""
        return await self.album_service.get_album_year(artist, album)

    async def get_album_year_entry_from_cache(self, artist: str, album: str) -> AlbumCacheEntry | None:
        """The same with its confidence and age."""
        return await self.album_service.get_album_year_entry(artist, album)

    async def store_album_year(self, artist: str, album: str, year: str, confidence: int = 0) -> None:
        """Keep the year, unless a more confident one (0-100) is still valid; raises `InvalidRequest`."""
        await self.album_service.store_album_year(artist, album, year, confidence)

    async def invalidate_album_cache(self, artist: str, album: str) -> None:
        """Forget the year of the album."""
        await self.album_service.invalidate_album(artist, album)

    async def invalidate_all_albums(self) -> None:
        """Forget the year of every album."""
        await self.album_service.invalidate_all()

    async def get_album_year_from_cache(self, artist: str, album: str) -> str | None:
        """As `get_album_year`."""
        return await self.get_album_year(artist, album)

    async def store_album_year_in_cache(
        self, artist: str, album: str, year: str, confidence: int = 0
    ) -> None:
        """As `store_album_year`."""
        await self.store_album_year(artist, album, year, confidence)

    # API results

    @property
    def api_cache(self) -> Mapping[str, CachedApiResult]:
        """The sources' answers in memory, by `UnifiedHashService.hash_api_key`."""
        return self.api_service.api_cache

    async def get_cached_api_result(self, artist: str, album: str, source: str) -> CachedApiResult | None:
        """What the source answered about the album, None where it is to be asked."""
        return await self.api_service.get_cached_result(artist, album, source)

    async def set_cached_api_result(
        self,
        artist: str,
        album: str,
        source: str,
        year: str | None,
        *,
        metadata: Mapping[str, Any] | None = None,
        is_negative: bool = False,
    ) -> None:
        """Keep what the source answered: a year for good, its word that there is none (`is_negative`) for
        `negative_result_ttl`, a failed lookup for an hour.
        """  # noqa: D205  # the three belong together
        success = year is not None and not is_negative
        data = {**(metadata or {}), "year": year}
        await self.api_service.set_cached_result(
            artist, album, source, success, data=data, metadata=metadata, is_negative=is_negative
        )

    # Generic

    @property
    def cache(self) -> Mapping[GenericKey, tuple[CacheableValue, float]]:
        """The generic values in memory, each with the end of its life."""
        return self.generic_service.cache

    def get(self, key_data: CacheableKey) -> CacheableValue | None:
        """The value, None where there is none."""
        return self.generic_service.get(key_data)

    def set(self, key_data: CacheableKey, value: CacheableValue, ttl: float | None = None) -> None:
        """Keep the value for `ttl` seconds."""
        self.generic_service.set(key_data, value, ttl)

    async def get_async(self, key_data: CacheableKey, compute_func: Compute | None = None) -> CacheableValue:
        """The value, computed once where there is none, however many ask meanwhile.

        A computation that raises is told to all of them and not kept; None is a value. Without
        `compute_func`, "ALL" gives every track of any list that is cached.
        """
        if compute_func is not None:
            return await self.generic_service.get_or_compute(key_data, compute_func)
        value = self.generic_service.get(key_data)
        return self.generic_service.get_all_tracks() if value is None and key_data == ALL else value

    async def set_async(
        self, key_data: CacheableKey, value: CacheableValue, ttl: float | None = None
    ) -> None:
        """As `set`."""
        self.generic_service.set(key_data, value, ttl)

    def invalidate(self, key_data: CacheableKey) -> None:
        """Forget the value."""
        self.generic_service.invalidate(key_data)

    # All three

    async def invalidate_for_track(self, track: TrackDict) -> None:
        """Forget exactly what the changed track makes stale, then tell TRACK_MODIFIED."""
        # A track that was made without validation may lack any of these.
        artist, album, number = ((text or "").strip() for text in (track.artist, track.album, track.id))
        self.generic_service.invalidate(SNAPSHOT)
        for name in {artist, (track.original_artist or "").strip()} - {""}:
            self.generic_service.invalidate(f"{TRACKS}{name}")
        if not (artist and album):
            return
        await self.album_service.invalidate_album(artist, album)
        await self.api_service.invalidate_for_album(artist, album)
        self._log.debug("forgotten for a track: %s - %s", artist, album)
        names = {"artist": artist, "album": album}
        event = CacheEvent(CacheEventType.TRACK_MODIFIED, number or None, metadata=names)
        self.api_service.event_manager.emit_event(event)

    async def invalidate_all(self) -> None:
        """Forget everything."""
        await self.album_service.invalidate_all()
        await self.api_service.invalidate_all()
        self.generic_service.invalidate_all()
        self._log.info("every cache entry was forgotten")

    async def clear(self) -> None:
        """As `invalidate_all`."""
        await self.invalidate_all()

    async def save_all_to_disk(self) -> None:
        """Save the three caches side by side, and take what other processes saved.

        Raises `CachesFailed` that names every one that failed; the others are saved, and what was not is
        tried again by the next save.
        """
        await self._told(_NOT_SAVED, lambda service: service.save_to_disk())
        self._log.info("the caches are saved")

    async def save_cache(self) -> None:
        """As `save_all_to_disk`."""
        await self.save_all_to_disk()

    async def sync_cache(self) -> None:
        """As `save_all_to_disk`."""
        await self.save_all_to_disk()

    async def load_cache(self) -> None:
        """Take what is on the disk; `initialize` has done so, and every save does."""
        await self._told("Cache service load failed for", lambda service: service.load_from_disk())

    async def import_files(self, folder: Path) -> dict[str, int]:
        """Take over those files of older versions that are in the folder; gives entries read, by file.

        Raises `StorageError` for a damaged one; `NotFound` where there is none.
        """
        files = self._older_files(folder)
        there = {path: service for path, service in files.items() if path.is_file()} or files
        return {path.name: await service.import_file(path) for path, service in there.items()}

    async def export_files(self, folder: Path) -> dict[str, int]:
        """Write the three files of older versions into the folder; gives entries written, by file."""
        files = self._older_files(folder)
        return {path.name: await service.export_file(path) for path, service in files.items()}

    async def get_last_run_timestamp(self) -> datetime:
        """When the library was last gone through, in UTC; 1970-01-01 if never."""
        return await IncrementalRunTracker(self.config, self.logger).get_last_run_timestamp() or NEVER

    @staticmethod
    def generate_album_key(artist: str, album: str) -> str:
        """The key of an album, the same however its names are written."""
        return UnifiedHashService.hash_album_key(artist, album)

    def _older_files(self, folder: Path) -> dict[Path, CacheService[Any, Any]]:
        return {
            folder / "album_years.csv": self.album_service,
            folder / "cache.json": self.api_service,
            folder / "generic_cache.json": self.generic_service,
        }

    async def _save(self) -> None:
        await self._all(_NOT_SAVED, lambda service: service.save_to_disk())

    async def _told(self, what: str, work: Callable[[CacheService[Any, Any]], Awaitable[None]]) -> None:
        """As `_all`; a failure is in the log, too."""
        try:
            await self._all(what, work)
        except CachesFailed as error:
            self._log.failure("the caches", error=error)
            raise

    async def _all(self, what: str, work: Callable[[CacheService[Any, Any]], Awaitable[None]]) -> None:
        """The work of every service side by side; one that fails does not stop the others.

        Raises `CachesFailed`, caused by what each of them raised.
        """
        services = tuple(self._services.values())
        ends = await asyncio.gather(*(work(service) for service in services), return_exceptions=True)
        failed: dict[str, Exception] = {}
        for service, end in zip(services, ends, strict=True):
            if isinstance(end, Exception):
                failed[type(service).__name__] = end
            elif isinstance(end, BaseException):
                raise end
        if failed:
            names = ", ".join(f"{name} ({error})" for name, error in failed.items())
            raise CachesFailed(f"{what}: {names}") from ExceptionGroup(what, list(failed.values()))
