"""What happened in the library, told to whoever keeps something that it makes stale.

| event | makes stale |
|---|---|
| TRACK_ADDED | lists of tracks: all, and the artist's |
| TRACK_REMOVED, TRACK_MODIFIED, FINGERPRINT_CHANGED | those, the album's year, every source's answer |
| LIBRARY_SYNC | every list of tracks |
| MANUAL_INVALIDATION | the album that is named; everything where none is |

Handlers are called one after the other, at once: there is no queue, so there is none to overflow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from batuta.albums.lines import Lines
from batuta.albums.models import Names


class CacheEventType(Enum):
    """What happened."""

    TRACK_ADDED = "track_added"
    TRACK_REMOVED = "track_removed"
    TRACK_MODIFIED = "track_modified"
    FINGERPRINT_CHANGED = "fingerprint_changed"
    LIBRARY_SYNC = "library_sync"
    MANUAL_INVALIDATION = "manual_invalidation"


ALBUM_STALE = frozenset(
    {CacheEventType.TRACK_REMOVED, CacheEventType.TRACK_MODIFIED, CacheEventType.FINGERPRINT_CHANGED}
)
"""Events after which what is known of the album is not to be believed."""


@dataclass(frozen=True)
class CacheEvent:
    """One thing that happened; `metadata` may name the track's `artist` and `album`."""

    event_type: CacheEventType
    track_id: str | None = None
    fingerprint: str | None = None
    metadata: Names | None = None

    @property
    def artist(self) -> str:
        """The artist, trimmed; empty where the event names none."""
        return self._name("artist")

    @property
    def album(self) -> str:
        """The album, likewise."""
        return self._name("album")

    def _name(self, what: str) -> str:
        return str((self.metadata or {}).get(what) or "").strip()


Handler = Callable[[CacheEvent], None]


class EventDrivenCacheManager:
    """Tells events to handlers; every handler hears every event of its type, whatever the others do."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._log = Lines(logger, __name__)
        self._handlers: dict[CacheEventType, list[Handler]] = {}

    def register_event_handler(self, event_type: CacheEventType, handler: Handler) -> None:
        """Have the handler called for each event of the type, from now on."""
        self._handlers.setdefault(event_type, []).append(handler)

    def emit_event(self, event: CacheEvent) -> None:
        """Call every handler before returning; one that raises is logged, and the others are called."""
        for handler in tuple(self._handlers.get(event.event_type, ())):
            try:
                handler(event)
            except Exception as error:  # noqa: BLE001  # whoever emits has nothing to do with it
                self._log.failure("a handler of %s failed", event.event_type.value, error=error)
