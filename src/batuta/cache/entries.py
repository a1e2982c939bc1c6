"""What a tier keeps of one key: a value, or that there is none and why; and how fresh that is at a time.

    stored_at ───── fresh ─────▶ fresh_until ───── stale ─────▶ stale_until ───── dead ─────▶

A fresh entry is an answer. A stale one is an answer where the origin is slow or fails (RFC 5861). A dead one
is none. Times are seconds of the wall clock (`time.time`), since processes share entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from batuta.errors import BatutaError, from_dict

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Absence:
    """The origin's word that there is no value: the code and message of its error."""

    code: str
    message: str

    def to_error(self, retry_after: float | None) -> BatutaError:
        """The error again, of the class it had; worth asking again in so many seconds."""
        return from_dict({"code": self.code, "message": self.message, "retry_after": retry_after})


@dataclass(frozen=True)
class Entry(Generic[T]):
    """What is kept; `value` means nothing where there is an `absence`.

    No slots: on Python 3.11 a frozen generic class with slots cannot be called as `Entry[str](…)`.
    """

    value: T | None
    stored_at: float
    fresh_until: float
    stale_until: float
    tags: tuple[str, ...] = ()
    absence: Absence | None = None
    rest_until: float = 0.0
    """The origin failed and is left alone until then; known to this process only."""


class Freshness(Enum):
    """What an entry is good for."""

    FRESH = "fresh"
    STALE = "stale"
    DEAD = "dead"


def freshness(entry: Entry[T], now: float) -> Freshness:
    """What the entry is good for now; one with senseless times is dead."""
    if not entry.stored_at <= entry.fresh_until <= entry.stale_until:
        return Freshness.DEAD
    if now < entry.fresh_until:
        return Freshness.FRESH
    return Freshness.STALE if now < entry.stale_until and entry.absence is None else Freshness.DEAD


def age(entry: Entry[T], now: float) -> float:
    """Seconds since the value was computed; never negative, though clocks differ between machines."""
    return max(now - entry.stored_at, 0.0)
