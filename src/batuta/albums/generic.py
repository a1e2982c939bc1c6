"""Anything else for a while: lists of tracks, raw responses; the least recently used goes first.

`get` and `set` are the hot path: one dictionary, no hashing of names, no log lines.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from math import isnan
from pathlib import Path
from typing import Final, cast

from typing_extensions import TypedDict

from batuta.albums.config import AppConfig
from batuta.albums.conflicts import Change, is_over
from batuta.albums.events import ALBUM_STALE, CacheEvent, CacheEventType, EventDrivenCacheManager
from batuta.albums.flights import Flights
from batuta.albums.keys import SNAPSHOT, TRACKS, GenericKey, generic_key, key_of_text, key_text
from batuta.albums.lines import Few
from batuta.albums.mirror import STORED
from batuta.albums.models import CacheableKey, CacheableValue, TrackDict
from batuta.albums.older_formats import Skip, read_generic, write_object
from batuta.albums.service import CacheService
from batuta.albums.values import plain, read, written
from batuta.albums.views import View
from batuta.errors import InvalidRequest

_Row = tuple[CacheableValue, float, float]
"""Value, end of life, time of storing."""
_SPECIAL: Final = "tA"
"""Keys that begin so may be one of `tracks_…` and `ALL`; every other string is its own key."""


class GenericStats(TypedDict):
    """Numbers of the generic cache in this process."""

    total_entries: int
    max_entries: int
    hits: int
    misses: int
    evictions: int
    computing: int
    unsaved: int
    default_ttl: float
    cleanup_running: bool
    cache_file: str


class GenericCacheService(CacheService[GenericKey, _Row]):
    """Values by key; None is a value like any other."""

    def __init__(
        self,
        config: AppConfig,
        logger: logging.Logger | None = None,
        *,
        now: Callable[[], float] | None = None,
    ) -> None:
        """`now` gives the seconds since 1970."""
        rows: OrderedDict[GenericKey, _Row] = OrderedDict()
        self._rows = rows
        self.max_entries = config.max_generic_entries
        super().__init__(config, logger, now, config.generic_cache_file, rows, keep=self.max_entries)
        self.default_ttl = config.generic_ttl_seconds
        self.evictions = 0
        self._flights = Flights[GenericKey, CacheableValue]()

    @property
    def cache(self) -> Mapping[GenericKey, tuple[CacheableValue, float]]:
        """What is in memory: value and end of life (seconds since 1970)."""
        return View(lambda: self._rows, lambda row: (row[0], row[1]))

    def get(self, key_data: CacheableKey) -> CacheableValue | None:
        """The value, None where there is none; `holds` tells a stored None from a missing one."""
        row = self._find(key_data)
        return None if row is None else row[0]

    def holds(self, key_data: CacheableKey) -> bool:
        """Whether the key has a value, be it None; counts as no use of it."""
        row = self._rows.get(generic_key(key_data))
        return row is not None and row[1] > self._now()

    def set(self, key_data: CacheableKey, value: CacheableValue, ttl: float | None = None) -> None:
        """Keep the value for `ttl` seconds; raises `InvalidRequest` for a key that has no JSON form."""
        if ttl is not None and isnan(ttl):
            raise InvalidRequest(f"a lifetime of {ttl} s is none: give a number of seconds")
        if type(key_data) is str and key_data[:1] not in _SPECIAL:
            key: GenericKey = key_data
        else:
            key = generic_key(key_data)
        if self._flights:
            self._flights.forget(key)  # what is being computed is older than this
        self._keep(key, value, self.default_ttl if ttl is None else ttl)

    async def get_or_compute(
        self, key_data: CacheableKey, compute: Callable[[], Awaitable[CacheableValue]]
    ) -> CacheableValue:
        """The value, computed once however many ask meanwhile; raises what `compute` raised.

        A value whose key was invalidated or stored while it was being computed is given, but not kept. Where
        nobody waits for it any more, it is not computed to its end; one that needs itself is refused with
        `InvalidRequest`.
        """
        value = self.get(key_data)
        if value is not None or self.holds(key_data):
            return value

        async def computed(current: Callable[[], bool]) -> CacheableValue:
            value = await compute()
            if current():
                self.set(key_data, value)
            return value

        return await self._flights.join(generic_key(key_data), computed)

    def invalidate(self, key_data: CacheableKey) -> bool:
        """Forget the key, in every process that shares the folder; false where it was not known here."""
        key = generic_key(key_data)
        if key == SNAPSHOT:  # also the key of the tracks of an artist called All
            self._forget(("tracks", "all"))
        return self._forget(key)

    def invalidate_all(self) -> None:
        """Forget everything."""
        self._flights.forget_all()
        self._mirror.clear(self._now())

    def invalidate_track_lists(self) -> None:
        """Forget every list of tracks."""
        self._forget(SNAPSHOT)
        for key in [key for key in self._rows if type(key) is tuple and key[0] == "tracks"]:
            self._forget(key)

    def follow(self, events: EventDrivenCacheManager) -> None:
        """Forget what events make stale."""
        for kind in CacheEventType:
            events.register_event_handler(kind, self._on_event)

    def get_all_tracks(self) -> list[TrackDict]:
        """Every track in any list of tracks, once."""
        tracks: dict[str, TrackDict] = {}
        now = self._now()
        for value, expires, _ in self._rows.values():
            if expires > now and isinstance(value, list):
                found = (one for one in value if isinstance(one, TrackDict))  # pyright: ignore[reportUnknownVariableType]  # anything
                tracks.update((track.id, track) for track in found)
        return list(tracks.values())

    def get_stats(self) -> GenericStats:
        """Numbers since the start of this process."""
        return GenericStats(
            total_entries=len(self._rows),
            max_entries=self.max_entries,
            hits=self.hits,
            misses=self.misses,
            evictions=self.evictions,
            computing=len(self._flights),
            unsaved=self._mirror.unsaved,
            default_ttl=self.default_ttl,
            cleanup_running=self._sweeping.running,
            cache_file=str(self._mirror.file.path),
        )

    async def stop_cleanup_task(self) -> None:
        """End the sweeping for entries whose time is over."""
        await self._sweeping.stop()

    async def shutdown(self) -> None:
        """End computations and sweeping, save, close the file; raises `StorageError`."""
        await self._flights.aclose()
        await super().shutdown()

    def text(self, key: GenericKey) -> str:
        """The key for the disk."""
        return key_text(key)

    def key(self, text: str) -> GenericKey:
        """The key again."""
        return key_of_text(text)

    def change(self, text: str, row: _Row, deleted: float) -> Change:
        """The row for the disk."""
        value, expires, stored = row
        return Change(text, written(value), stored, 0, expires, deleted)

    def row(self, body: str, stamp: float, expires: float | None) -> _Row:
        """The row again."""
        return (read(body), expires or 0.0, stamp)

    def arrived(self, key: GenericKey, row: _Row) -> None:
        """Make room for what came from the disk."""
        del row
        self._flights.forget(key)
        self._rows.move_to_end(key)
        self._make_room()

    def emptied(self) -> None:
        """Nothing is in memory any more."""
        self._rows = cast("OrderedDict[GenericKey, _Row]", self._mirror.rows)
        super().emptied()

    def _find(self, key_data: CacheableKey) -> _Row | None:
        if type(key_data) is str and key_data[:1] not in _SPECIAL:
            key: GenericKey = key_data
        else:
            key = generic_key(key_data)
        row = self._rows.get(key)
        if row is None:
            self.misses += 1
            return None
        if row[1] <= self._now():
            self._mirror.spend(key)
            self.misses += 1
            return None
        try:  # noqa: SIM105  # a context manager would cost as much as the rest
            self._rows.move_to_end(key)
        except KeyError:  # another thread has evicted it meanwhile
            pass
        self.hits += 1
        return row

    def _keep(self, key: GenericKey, value: CacheableValue, ttl: float) -> None:
        now = self._now()
        rows = self._rows
        rows[key] = (value, now + ttl, now)
        try:  # noqa: SIM105  # likewise
            rows.move_to_end(key)
        except KeyError:
            pass
        self._mirror.noted.setdefault(key, STORED)
        if len(rows) > self.max_entries:
            self._make_room()

    def _make_room(self) -> None:
        while len(self._rows) > self.max_entries:
            with suppress(RuntimeError, StopIteration):  # another thread is making room as well
                self._mirror.evict(next(iter(self._rows)))
                self.evictions += 1

    def _forget(self, key: GenericKey) -> bool:
        self._flights.forget(key)
        return self._mirror.delete(key, self._now())

    def _is_spent(self, row: _Row, now: float) -> bool:
        return is_over(row[2], row[1], now)

    def _on_event(self, event: CacheEvent) -> None:
        if event.event_type is CacheEventType.LIBRARY_SYNC:
            self.invalidate_track_lists()
        elif event.event_type is CacheEventType.MANUAL_INVALIDATION and not event.artist:
            self.invalidate_all()
        elif event.event_type in ALBUM_STALE or event.artist:
            self.invalidate(SNAPSHOT)
            if event.artist:
                self.invalidate(f"{TRACKS}{event.artist}")

    def _read_older(self, path: Path, skip: Skip) -> Iterator[Change]:
        now = self._now()
        for key, value, expires in read_generic(path, skip):
            if expires > now:
                stored = min(now, expires - self.default_ttl)
                yield self.change(key_text(generic_key(key)), (value, expires, stored), 0.0)

    def _write_older(self, path: Path, rows: Iterable[tuple[GenericKey, _Row]]) -> int:
        return write_object(path, self._members(rows))

    def _members(self, rows: Iterable[tuple[GenericKey, _Row]]) -> Iterator[tuple[str, str]]:
        left_out = Few(self._log, "not exported: %s")
        for key, (value, expires, _) in rows:
            try:
                yield _older_key(key), json.dumps({"value": plain(value), "expires_at": expires})
            except (TypeError, ValueError, RecursionError) as error:
                left_out.add(f"an entry that has no form there ({error})")
        left_out.end()


def _older_key(key: GenericKey) -> str:
    """The key in an older file, which can hold texts only; raises `TypeError` for any other."""
    if isinstance(key, str):
        return key
    kind, name = key
    if kind != "tracks":
        raise TypeError(f"its key is no text: {name}")
    artist = f"{TRACKS}{name}"
    return f"{TRACKS}{name.upper()}" if artist == SNAPSHOT else artist  # an artist called All
