"""Whatever is done in whatever order, kills and restarts among it, the caches agree with a model."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from albums_parts import DAY, START, caches, track
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from batuta.albums import CacheOrchestrator
from batuta.albums.keys import generic_key
from batuta.testing.clock import VirtualClock

T = TypeVar("T")
ALBUMS = st.sampled_from([("Björk", "Debut"), ("Björk", "Post"), ("a|b", "c")])
SOURCES = ("itunes", "discogs")
KEYS = st.sampled_from(["raw", "tracks_all", "tracks_Björk", ("t", 1)])
ROOM = 3


class Caches(RuleBasedStateMachine):
    """One process that is restarted and killed at will; what is not saved before a kill is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="batuta-albums-")
        self.clock = VirtualClock(START)
        self.years: dict[tuple[str, str], tuple[str, int, float]] = {}
        self.results: dict[tuple[str, str, str], tuple[str | None, float]] = {}
        self.values: dict[object, tuple[object, float]] = {}
        self.saved = self.copy()

    def run(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self.loop.run_until_complete(done())

    def opened(self) -> CacheOrchestrator:
        orchestrator = caches(Path(self.folder.name), self.clock, max_generic_entries=ROOM)
        self.run(orchestrator.initialize())
        return orchestrator

    def copy(self) -> tuple[dict, dict, dict]:  # type: ignore[type-arg]
        return dict(self.years), dict(self.results), dict(self.values)

    @initialize()
    def begin(self) -> None:
        self.caches = self.opened()

    @rule(album=ALBUMS, year=st.sampled_from(["1993", "2001"]), confidence=st.sampled_from([0, 50, 100]))
    def store_year(self, album: tuple[str, str], year: str, confidence: int) -> None:
        self.run(self.caches.store_album_year(*album, year, confidence))
        there = self.years.get(album)
        if there is None or there[1] <= confidence or self.clock.now() >= there[2]:
            self.years[album] = (year, confidence, self.clock.now() + 30 * DAY)

    @rule(album=ALBUMS, source=st.sampled_from(SOURCES), kind=st.sampled_from(["year", "failed", "negative"]))
    def store_result(self, album: tuple[str, str], source: str, kind: str) -> None:
        year = "1993" if kind == "year" else None
        self.run(self.caches.set_cached_api_result(*album, source, year, is_negative=kind == "negative"))
        life = {"year": float("inf"), "failed": 3600.0, "negative": 30 * DAY}[kind]
        self.results[*album, source] = (year, self.clock.now() + life)

    @rule(key=KEYS, value=st.sampled_from([None, 1, ["x"]]), ttl=st.sampled_from([None, 10, 5000]))
    def store_value(self, key: object, value: object, ttl: int | None) -> None:
        self.caches.set(key, value, ttl)
        self.values.pop(key, None)
        self.values[key] = (value, self.clock.now() + (900 if ttl is None else ttl))
        if len(self.values) > ROOM:
            self.values.pop(next(iter(self.values)))

    @rule(key=KEYS)
    def get_value(self, key: object) -> None:
        value = self.caches.get(key)
        there = self.values.get(key)
        if there is None or there[1] <= self.clock.now():
            self.values.pop(key, None)
            assert value is None
        else:
            assert value == there[0]
            self.values[key] = self.values.pop(key)

    @rule(album=ALBUMS)
    def change_track(self, album: tuple[str, str]) -> None:
        self.run(self.caches.invalidate_for_track(track(*album)))
        self.years.pop(album, None)
        for source in SOURCES:
            self.results.pop((*album, source), None)
        self.values.pop("tracks_all", None)
        if album[0] == "Björk":
            self.values.pop("tracks_Björk", None)

    @rule(key=KEYS)
    def invalidate(self, key: object) -> None:
        self.caches.invalidate(key)
        self.values.pop(key, None)

    @rule()
    def clear(self) -> None:
        self.run(self.caches.clear())
        self.years, self.results, self.values = {}, {}, {}

    @rule(seconds=st.sampled_from([1, 10, 900, 3600, DAY, 30 * DAY]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def sweep(self) -> None:
        for service in (self.caches.album_service, self.caches.api_service, self.caches.generic_service):
            self.run(service.cleanup_expired())
        self.values = {key: one for key, one in self.values.items() if one[1] > self.clock.now()}

    @rule()
    def save(self) -> None:
        self.run(self.caches.save_all_to_disk())
        self.saved = self.copy()

    @rule()
    def restart(self) -> None:
        self.run(self.caches.shutdown())
        self.saved = self.copy()
        self.come_back()

    @rule()
    def die(self) -> None:
        """What happened since the last save is forgotten, as by a kill."""
        for service in (self.caches.album_service, self.caches.api_service, self.caches.generic_service):
            self.run(service._sweeping.stop())
            service._mirror.file.close()
        self.run(self.caches._autosave.stop())
        self.come_back()

    def come_back(self) -> None:
        self.years, self.results, self.values = (dict(one) for one in self.saved)
        self.caches = self.opened()
        alive = {generic_key(key): key for key, one in self.values.items() if one[1] > self.clock.now()}
        there = list(self.caches.cache)
        assert set(there) == set(alive)
        self.values = {alive[key]: self.values[alive[key]] for key in there}  # the order of use is not kept

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "caches"):
            return
        now = self.clock.now()
        for album in (("Björk", "Debut"), ("Björk", "Post"), ("a|b", "c")):
            year = self.years.get(album)
            wanted = None if year is None or now >= year[2] else year[0]
            assert self.run(self.caches.get_album_year(*album)) == wanted
            for source in SOURCES:
                result = self.run(self.caches.get_cached_api_result(*album, source))
                there = self.results.get((*album, source))
                alive = there is not None and now < there[1]
                assert (result is not None) is alive
                assert result is None or there is None or result.year == there[0]

    def teardown(self) -> None:
        if hasattr(self, "caches"):
            self.run(self.caches.shutdown())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()


TestCaches = Caches.TestCase
TestCaches.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
