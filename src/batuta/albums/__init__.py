"""Album years: the caches in front of slow sources, and what concludes a year from their answers.

`CacheOrchestrator` is the one interface over the three caches; start reading in `orchestrator.py`.
"""

from batuta.albums.album_years import AlbumCacheService
from batuta.albums.api_results import ApiCacheService
from batuta.albums.config import AppConfig, CachingConfig, LoggingConfig
from batuta.albums.events import CacheEvent, CacheEventType, EventDrivenCacheManager
from batuta.albums.generic import GenericCacheService
from batuta.albums.keys import UnifiedHashService
from batuta.albums.models import (
    AlbumCacheEntry,
    CacheableKey,
    CacheableValue,
    CachedApiResult,
    TrackDict,
)
from batuta.albums.orchestrator import CacheOrchestrator, CachesFailed
from batuta.albums.protocol import CacheServiceProtocol
from batuta.albums.runs import IncrementalRunTracker

__all__ = [
    "AlbumCacheEntry",
    "AlbumCacheService",
    "ApiCacheService",
    "AppConfig",
    "CacheEvent",
    "CacheEventType",
    "CacheOrchestrator",
    "CacheServiceProtocol",
    "CacheableKey",
    "CacheableValue",
    "CachedApiResult",
    "CachesFailed",
    "CachingConfig",
    "EventDrivenCacheManager",
    "GenericCacheService",
    "IncrementalRunTracker",
    "LoggingConfig",
    "TrackDict",
    "UnifiedHashService",
]
