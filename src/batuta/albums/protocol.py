"""What a program that uses these caches may rely on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from batuta.albums.models import (
    AlbumCacheEntry,
    CacheableKey,
    CacheableValue,
    CachedApiResult,
    TrackDict,
)

Compute = Callable[[], Awaitable[CacheableValue]]


@runtime_checkable
class CacheServiceProtocol(Protocol):
    """One interface over the album years, the sources' answers and the generic cache."""

    async def initialize(self) -> None:
        """Load what is on the disk."""
        ...

    async def load_cache(self) -> None:
        """Take what other processes saved."""
        ...

    async def save_cache(self) -> None:
        """Save everything."""
        ...

    async def sync_cache(self) -> None:
        """Save everything, and take what other processes saved."""
        ...

    async def shutdown(self) -> None:
        """Save, and end what runs in the background."""
        ...

    def get(self, key_data: CacheableKey) -> CacheableValue | None:
        """A generic value."""
        ...

    def set(self, key_data: CacheableKey, value: CacheableValue, ttl: int | None = None) -> None:
        """Keep a generic value."""
        ...

    async def get_async(self, key_data: CacheableKey, compute_func: Compute | None = None) -> CacheableValue:
        """A generic value, computed where there is none."""
        ...

    async def set_async(self, key_data: CacheableKey, value: CacheableValue, ttl: int | None = None) -> None:
        """Keep a generic value."""
        ...

    def invalidate(self, key_data: CacheableKey) -> None:
        """Forget a generic value."""
        ...

    async def invalidate_all(self) -> None:
        """Forget everything."""
        ...

    async def clear(self) -> None:
        """Forget everything."""
        ...

    async def invalidate_for_track(self, track: TrackDict) -> None:
        """Forget what a changed track makes stale."""
        ...

    async def get_album_year_from_cache(self, artist: str, album: str) -> str | None:
        """The year of an album."""
        ...

    async def get_album_year_entry_from_cache(self, artist: str, album: str) -> AlbumCacheEntry | None:
        """The year of an album, with its confidence."""
        ...

    async def store_album_year_in_cache(
        self, artist: str, album: str, year: str, confidence: int = 0
    ) -> None:
        """Keep the year of an album."""
        ...

    async def invalidate_album_cache(self, artist: str, album: str) -> None:
        """Forget the year of an album."""
        ...

    async def invalidate_all_albums(self) -> None:
        """Forget the year of every album."""
        ...

    async def get_cached_api_result(self, artist: str, album: str, source: str) -> CachedApiResult | None:
        """What a source answered."""
        ...

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
        """Keep what a source answered."""
        ...

    async def get_last_run_timestamp(self) -> datetime:
        """When the library was last gone through."""
        ...

    @staticmethod
    def generate_album_key(artist: str, album: str) -> str:
        """The key of an album."""
        ...
