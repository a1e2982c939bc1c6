"""The first tier: this process's memory, bounded by entries and bytes, least recently used out first.

It also knows what was invalidated here and when, as a serial number, so that nothing computed from before an
invalidation is kept after it. Every operation takes constant time: invalidating a tag notes a number, and
entries from before it are found out when they are asked for. Any thread may ask.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from batuta.cache.entries import Entry
from batuta.cache.tiers import Stamp

T = TypeVar("T")

MAX_NOTED: Final = 100_000
"""Invalidations that are remembered, of tags and of keys; what is older than all of them is not believed."""
OVERHEAD_BYTES: Final = 512
"""Of an entry besides its value: the objects that carry it."""


class _Slot(NamedTuple, Generic[T]):
    entry: Entry[T]
    size: int
    fence: int
    """The serial number from before its value was computed."""


class MemoryTier(Generic[T]):
    """Entries of this process. What it gives is the very object that was put: values should be frozen."""

    def __init__(
        self,
        weigh: Callable[[Entry[T]], int],
        *,
        max_entries: int = 10_000,
        max_bytes: int = 64 * 1024**2,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`weigh` gives the bytes of an entry's value."""
        self._weigh = weigh
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._now = now
        self._slots: OrderedDict[str, _Slot[T]] = OrderedDict()
        self._serial = 0
        self._lock = threading.Lock()
        self._keys = _Noted()
        self._tags = _Noted()
        self.bytes = 0
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._slots)

    def look(self, key: str, now: float) -> Entry[T] | None:
        """The entry, unless it is dead or was invalidated."""
        with self._lock:
            slot = self._slots.get(key)
            if slot is None:
                return None
            entry = slot.entry
            outdated = entry.tags and self._tags.any_after(entry.tags, slot.fence)
            if outdated or slot.fence < self._tags.horizon or now >= entry.stale_until:
                self._remove(key)
                return None
            self._slots.move_to_end(key)
            return entry

    def keep(self, key: str, entry: Entry[T], stamp: Stamp) -> bool:
        """Keep the entry; False when it was invalidated since the stamp, or is larger than the memory."""
        size = self._weigh(entry) + OVERHEAD_BYTES
        with self._lock:
            if not self.allows(key, entry.tags, stamp):
                return False
            self._remove(key)
            if size > self._max_bytes:
                return False
            self._slots[key] = _Slot(entry, size, stamp.fence)
            self.bytes += size
            while len(self._slots) > self._max_entries or self.bytes > self._max_bytes:
                self._remove(next(iter(self._slots)))
                self.evictions += 1
            return True

    def take_stamp(self) -> Stamp:
        """What has been invalidated up to now."""
        return Stamp(self._serial)

    def allows(self, key: str, tags: tuple[str, ...], stamp: Stamp) -> bool:
        """Whether neither key nor tags were invalidated since; in doubt they were."""
        fence = stamp.fence
        if fence < self._keys.horizon or fence < self._tags.horizon:
            return False
        return not self._keys.any_after((key,), fence) and not self._tags.any_after(tags, fence)

    def drop(self, key: str) -> None:
        """Forget the key, and refuse what was computed for it before now."""
        with self._lock:
            self._remove(key)
            self._serial += 1
            self._keys.note(key, self._serial)

    def drop_tag(self, tag: str) -> None:
        """Forget what has the tag, and refuse what was computed before now."""
        with self._lock:
            self._serial += 1
            self._tags.note(tag, self._serial)

    def empty(self) -> None:
        """Forget everything, and refuse whatever was computed before now."""
        with self._lock:
            self._slots.clear()
            self.bytes = 0
            self._serial += 1
            self._keys.horizon = self._tags.horizon = self._serial

    async def get(self, key: str, tags: tuple[str, ...] = ()) -> Entry[T] | None:
        """As `Tier` says."""
        del tags
        return self.look(key, self._now())

    async def stamp(self, key: str, tags: tuple[str, ...]) -> Stamp:
        """As `Tier` says."""
        del key, tags
        return self.take_stamp()

    async def put(self, key: str, entry: Entry[T], stamp: Stamp) -> None:
        """As `Tier` says."""
        self.keep(key, entry, stamp)

    async def delete(self, key: str) -> None:
        """As `Tier` says."""
        self.drop(key)

    async def delete_tag(self, tag: str) -> None:
        """As `Tier` says."""
        self.drop_tag(tag)

    async def clear(self) -> None:
        """As `Tier` says."""
        self.empty()

    def _remove(self, key: str) -> None:
        slot = self._slots.pop(key, None)
        if slot is not None:
            self.bytes -= slot.size


class _Noted:
    """The serial numbers of the latest invalidations, by name."""

    def __init__(self) -> None:
        self._serials: OrderedDict[str, int] = OrderedDict()
        self.horizon = 0
        """What happened before this number has been forgotten."""

    def note(self, name: str, serial: int) -> None:
        self._serials[name] = serial
        self._serials.move_to_end(name)
        if len(self._serials) > MAX_NOTED:
            _, self.horizon = self._serials.popitem(last=False)

    def any_after(self, names: tuple[str, ...], serial: int) -> bool:
        """Whether one of the names was invalidated after the number."""
        noted = self._serials
        return any(noted.get(name, 0) > serial for name in names)
