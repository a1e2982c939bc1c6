"""What the tests of the albums' caches have in common."""

from __future__ import annotations

from pathlib import Path

from batuta.albums import AppConfig, CacheOrchestrator, TrackDict
from batuta.testing.clock import VirtualClock

START = 1_700_000_000.0
DAY = 24 * 3600


def config(folder: Path, **settings: object) -> AppConfig:
    """Saves when it is told to, unless a setting says otherwise."""
    caching = {"autosave_interval_seconds": 3600, **dict(settings.pop("caching", {}))}  # type: ignore[call-overload]
    return AppConfig.model_validate({"logs_base_dir": folder, "caching": caching, **settings})


def caches(folder: Path, clock: VirtualClock | None = None, **settings: object) -> CacheOrchestrator:
    """The caches of a folder."""
    return CacheOrchestrator(config(folder, **settings), now=None if clock is None else clock.now)


def track(artist: str = "Björk", album: str = "Debut", **other: object) -> TrackDict:
    """A track of the library."""
    return TrackDict.model_validate(
        {"id": "7", "name": "Human Behaviour", "artist": artist, "album": album} | other
    )
