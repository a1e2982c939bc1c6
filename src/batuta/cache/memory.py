"""The first tier: this process's memory, bounded by entries and bytes, least recently used out first.

It also knows what was invalidated here, so that nothing computed from before an invalidation is kept after
it. Every operation takes constant time: invalidating a tag changes its token, and entries that were kept
under another token are found out when they are asked for.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from batuta.cache.entries import Entry
from batuta.cache.tiers import Stamp

T = TypeVar("T")

MAX_TAGS: Final = 100_000
MAX_DELETED: Final = 10_000
OVERHEAD_BYTES: Final = 512
"""Of an entry besides its value: the objects that carry it."""


class _Slot(NamedTuple, Generic[T]):
    entry: Entry[T]
    size: int
    tokens: tuple[tuple[str, int], ...]


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
        self._tokens: OrderedDict[str, int] = OrderedDict()
        self._deleted: OrderedDict[str, int] = OrderedDict()
        self._forgotten = 0
        self._serial = 1
        self.bytes = 0
        self.evictions = 0

    def __len__(self) -> int:
        return len(self._slots)

    def look(self, key: str, now: float) -> Entry[T] | None:
        """The entry, unless it is dead or was invalidated."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        entry = slot.entry
        if slot.tokens:
            tokens = self._tokens
            for tag, token in slot.tokens:
                if tokens.get(tag) != token:
                    self._remove(key)
                    return None
        if now >= entry.stale_until:
            self._remove(key)
            return None
        self._slots.move_to_end(key)
        return entry

    def keep(self, key: str, entry: Entry[T], stamp: Stamp) -> bool:
        """Keep the entry; False when it was invalidated since the stamp, or is larger than the memory."""
        if not self.allows(key, stamp):
            return False
        size = self._weigh(entry) + OVERHEAD_BYTES
        self._remove(key)
        if size > self._max_bytes:
            return False
        self._slots[key] = _Slot(entry, size, stamp.tokens)
        self.bytes += size
        while len(self._slots) > self._max_entries or self.bytes > self._max_bytes:
            self._remove(next(iter(self._slots)))
            self.evictions += 1
        return True

    def take_stamp(self, tags: tuple[str, ...]) -> Stamp:
        """What has been invalidated up to now."""
        return Stamp(self._serial, tuple((tag, self._token(tag)) for tag in tags))

    def allows(self, key: str, stamp: Stamp) -> bool:
        """Whether neither key nor tags were invalidated since; in doubt they were."""
        if stamp.fence < self._forgotten or self._deleted.get(key, 0) > stamp.fence:
            return False
        return all(self._tokens.get(tag) == token for tag, token in stamp.tokens)

    def drop(self, key: str) -> None:
        """Forget the key, and refuse what was computed for it before now."""
        self._remove(key)
        self._serial += 1
        self._deleted[key] = self._serial
        self._deleted.move_to_end(key)
        if len(self._deleted) > MAX_DELETED:
            _, self._forgotten = self._deleted.popitem(last=False)

    def drop_tag(self, tag: str) -> None:
        """Forget what has the tag."""
        self._tokens.pop(tag, None)
        self._token(tag)

    def empty(self) -> None:
        """Forget everything, and refuse whatever was computed before now."""
        self._slots.clear()
        self._tokens.clear()
        self._deleted.clear()
        self._serial += 1
        self._forgotten = self._serial
        self.bytes = 0

    async def get(self, key: str, tags: tuple[str, ...] = ()) -> Entry[T] | None:
        """As `Tier` says."""
        del tags
        return self.look(key, self._now())

    async def stamp(self, key: str, tags: tuple[str, ...]) -> Stamp:
        """As `Tier` says."""
        del key
        return self.take_stamp(tags)

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

    def _token(self, tag: str) -> int:
        """The tag's token; a new one where there is none, which no entry was kept under."""
        token = self._tokens.get(tag)
        if token is None:
            self._serial += 1
            token = self._tokens[tag] = self._serial
            if len(self._tokens) > MAX_TAGS:
                self._tokens.popitem(last=False)
        self._tokens.move_to_end(tag)
        return token

    def _remove(self, key: str) -> None:
        slot = self._slots.pop(key, None)
        if slot is not None:
            self.bytes -= slot.size
