"""The naive peer of the albums' caches: three dictionaries, JSON and CSV files written whole, scans.

What an ordinary implementation of the seed does: keys are SHA-256 of joined names, an album is invalidated by
looking at every answer, a save writes everything again, a load reads it at once.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import json
import time
from pathlib import Path
from typing import Any


def hashed(*parts: str) -> str:
    return hashlib.sha256("|".join(part.strip().lower() for part in parts).encode()).hexdigest()


class NaiveCaches:
    """The same operations under the seed's names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generic: dict[str, tuple[Any, float]] = {}
        self.albums: dict[str, dict[str, Any]] = {}
        self.api: dict[str, dict[str, Any]] = {}

    def get(self, key: str) -> object:
        hashed_key = hashlib.sha256(key.encode()).hexdigest()
        if hashed_key not in self.generic:
            return None
        value, expires = self.generic[hashed_key]
        if expires <= time.time():
            del self.generic[hashed_key]
            return None
        return value

    def set(self, key: str, value: object, ttl: int | None = None) -> None:
        hashed_key = hashlib.sha256(key.encode()).hexdigest()
        self.generic[hashed_key] = (value, time.time() + (900 if ttl is None else ttl))

    async def store_album_year(self, artist: str, album: str, year: str, confidence: int = 0) -> None:
        entry = {"artist": artist, "album": album, "year": year, "timestamp": time.time()}
        self.albums[hashed(artist, album)] = {**entry, "confidence": confidence}

    async def set_cached_api_result(self, artist: str, album: str, source: str, year: str | None) -> None:
        self.api[hashed(source, artist, album)] = {
            "artist": artist,
            "album": album,
            "year": year,
            "source": source,
            "timestamp": time.time(),
            "ttl": None,
            "metadata": {},
            "api_response": {"year": year},
        }

    async def invalidate_for_album(self, artist: str, album: str) -> None:
        wanted = (artist.strip().lower(), album.strip().lower())
        stale = [
            key
            for key, entry in self.api.items()
            if (entry["artist"].strip().lower(), entry["album"].strip().lower()) == wanted
        ]
        for key in stale:
            del self.api[key]
        self.albums.pop(hashed(artist, album), None)

    async def save(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(work) for work in (self._write_csv, self._write_json)))

    async def load(self) -> None:
        await asyncio.gather(*(asyncio.to_thread(work) for work in (self._read_csv, self._read_json)))

    def _write_csv(self) -> None:
        with (self.folder / "album_years.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ("artist", "album", "year", "timestamp", "confidence"))
            writer.writeheader()
            writer.writerows(list(self.albums.values()))

    def _write_json(self) -> None:
        with (self.folder / "cache.json").open("w", encoding="utf-8") as file:
            json.dump(dict(self.api), file, ensure_ascii=False)

    def _read_csv(self) -> None:
        with (self.folder / "album_years.csv").open(encoding="utf-8", newline="") as file:
            self.albums = {hashed(row["artist"], row["album"]): row for row in csv.DictReader(file)}

    def _read_json(self) -> None:
        with (self.folder / "cache.json").open(encoding="utf-8") as file:
            self.api = json.load(file)
