"""What the caches hold: a year we concluded, a source's answer, a track of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

CacheableKey = object
"""A string, or what JSON has names for (numbers, lists, objects), tuples included."""
CacheableValue = Any
"""Anything; what JSON cannot hold is kept in memory only."""


@dataclass(frozen=True, slots=True)
class AlbumCacheEntry:
    """The year we concluded for an album, and how sure we were (0-100); `timestamp` is seconds since 1970."""

    artist: str
    album: str
    year: str
    timestamp: float
    confidence: int = 0


@dataclass(frozen=True, slots=True)
class CachedApiResult:
    """What one source answered about an album.

    `year` is None for a failed lookup and for a negative answer. `ttl` is in seconds from `timestamp`, None
    for an answer that does not expire.
    """

    artist: str
    album: str
    year: str | None
    source: str
    timestamp: float
    ttl: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    api_response: dict[str, Any] | None = None

    def model_dump(self) -> dict[str, Any]:
        """As a dictionary for JSON."""
        return asdict(self)


class TrackDict(BaseModel):
    """A track of the library; other fields (genre, year, …) are kept as they are."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    id: str
    name: str
    artist: str
    album: str
    original_artist: str | None = None
    """The artist before it was renamed here."""


Names = Mapping[str, Any]
"""What an event says about a track: `artist`, `album`."""
